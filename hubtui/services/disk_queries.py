"""What Prometheus is asked of disks: how full they are, and how full they were when last mounted.

Plain selectors, one query for each metric; the reckoning is in `model.volume_stats`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

from hubtui.errors import HubtuiError
from hubtui.model.claims import Export
from hubtui.model.disk import Figures
from hubtui.model.prometheus import Labels, Sample, Series
from hubtui.model.volume_stats import (
    IN_THE_PAST,
    OF_CLAIMS,
    OF_FILESYSTEMS,
    SHARED_VOLUME,
    Reckoning,
    last_of,
    of_claims,
    of_filesystems,
)

SERVERS_MOST: Final = 8
"""Exports that node exporters are asked for."""

BACK: Final = timedelta(days=7)
STEP: Final = timedelta(hours=1)
COARSE: Final = timedelta(hours=6)
"""How far back and how closely it is looked for what nobody mounts now, where many are mounted less
closely: a claim has a point for each step at which it was."""


class Asked(Protocol):
    """Who answers queries of PromQL."""

    async def query(self, promql: str, at: datetime | None = None) -> list[Sample]:
        """The instant vector of a query."""

    async def query_range(
        self, promql: str, start: datetime, end: datetime, step: timedelta
    ) -> list[Series]:
        """A query at each step of a range."""


class Link(Protocol):
    """The way to it."""

    def selector(self, metric: str, /, **matchers: str) -> str:
        """A metric with matchers, those of the configuration among them."""

    async def open(self) -> Asked:
        """Raises HubtuiError where there is none."""


class DiskQueries:
    """The queries of one namespace. All raise what `PrometheusClient.query` raises where no metric
    could be had; one that fails costs its own numbers, where others answer."""

    def __init__(self, link: Link, asked: Asked, namespace: str) -> None:
        self._link = link
        self._asked = asked
        self._namespace = namespace

    async def of_claims(self) -> dict[str, Figures]:
        """What kubelets measure of mounted claims, by claim."""

        def ask(metric: str) -> Awaitable[list[Sample]]:
            return self._asked.query(self._link.selector(metric, namespace=self._namespace))

        return await _reckoned(of_claims(), await _each(OF_CLAIMS, ask))

    async def of_the_past(self, now: datetime, step: timedelta) -> dict[str, Figures]:
        """What they measured last of claims that were mounted within `BACK`, by claim."""

        async def ask(metric: str) -> list[Sample]:
            selector = self._link.selector(metric, namespace=self._namespace)
            return last_of(await self._asked.query_range(selector, now - BACK, now, step))

        return await _reckoned(of_claims(), await _each(IN_THE_PAST, ask))

    async def of_servers(
        self, untold: Mapping[str, Export], known: Iterable[Export]
    ) -> dict[str, Figures]:
        """What node exporters tell of the servers behind claims that no kubelet tells of, by
        claim; `known` are the exports of all claims."""
        exports = {untold[claim].disk: untold[claim] for claim in sorted(untold)}
        found: dict[str, Figures] = {}
        only = self._only(known)
        if only in exports:
            found = await self._filesystems(
                lambda _: only, namespace=self._namespace, mountpoint=SHARED_VOLUME
            )
        for disk, export in list(exports.items())[:SERVERS_MOST]:
            if disk not in found and export.server and export.path:
                on_it = _on_server(export.server, disk)
                found |= await self._filesystems(on_it, mountpoint=export.path)
        return {claim: found[each.disk] for claim, each in untold.items() if each.disk in found}

    def _only(self, known: Iterable[Export]) -> str:
        """The disk that an exporter of jupyterhub-home-nfs tells of: nothing in it names the
        export, but where there is one alone, it can be no other. "" where there are several."""
        served = {each.disk: each.server for each in known}
        ours = [disk for disk, server in served.items() if f".{self._namespace}.svc" in server]
        found = ours or list(served)
        return found[0] if len(found) == 1 else ""

    async def _filesystems(
        self, name_of: Callable[[Labels], str], **matchers: str
    ) -> dict[str, Figures]:
        def ask(metric: str) -> Awaitable[list[Sample]]:
            return self._asked.query(self._link.selector(metric, **matchers))

        return await _reckoned(of_filesystems(name_of), await _each(OF_FILESYSTEMS, ask))


async def _reckoned(
    reckoning: Reckoning, measured: Mapping[str, list[Sample]]
) -> dict[str, Figures]:
    """Metric by metric: thousands of samples hold up whoever looks."""
    for metric, samples in measured.items():
        reckoning.take(metric, samples)
        await asyncio.sleep(0)
    return reckoning.figures()


async def _each(
    metrics: Collection[str], ask: Callable[[str], Awaitable[list[Sample]]]
) -> dict[str, list[Sample]]:
    answers = await asyncio.gather(*(ask(name) for name in metrics), return_exceptions=True)
    found: dict[str, list[Sample]] = {}
    failed: list[HubtuiError] = []
    for name, answer in zip(metrics, answers, strict=True):
        if isinstance(answer, HubtuiError):
            failed.append(answer)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            found[name] = answer
    if failed and not any(found.values()):
        raise failed[0]
    return found


def _on_server(server: str, disk: str) -> Callable[[Labels], str]:
    """Names a series of a node exporter on a server; it listens on a port of that host."""

    def name_of(labels: Labels) -> str:
        instance = labels.get("instance", "")
        host = instance.rpartition(":")[0] or instance
        return disk if host.lower() == server else ""

    return name_of
