"""What a Prometheus of the tests scrapes, labelled as the community chart's jobs label it.

The exporters are real (`tests.testbed.exporters`, the hub's own /hub/metrics) but for one: kubelets
here are KWOK's and mount nothing, so `Kubelets` stands in for what they would measure of claims.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from tests.testbed.history import quoted
from tests.testbed.kubelet_figures import PodUse, VolumeUse, volume_metrics
from tests.webserver import serving

if TYPE_CHECKING:
    from tests.testbed.prometheus import Prometheus

EVERY = "1s"
"""How often all of it is scraped."""

ENDPOINTS = "kubernetes-service-endpoints"
"""The community chart's job of what is behind Services."""

OPEN, WITH_TOKEN = "json", "yml"
"""Endings of the files of targets, by what they ask for: nothing, or the hub's token."""

_TOLD = "testbed_kubelets_told"
_numbers = itertools.count()


@dataclass(frozen=True)
class Target:
    """One address that tells metrics, and the labels that all of its series get."""

    address: str
    """Host and port."""
    job: str
    instance: str
    labels: Mapping[str, str] = field(default_factory=dict)
    path: str = "/metrics"
    kind: str = OPEN

    @property
    def selector(self) -> str:
        """Label matchers that only this one has."""
        told = {"job": self.job, "instance": self.instance, **self.labels}
        return "{" + ",".join(f'{key}="{quoted(value)}"' for key, value in told.items()) + "}"

    def group(self) -> dict[str, object]:
        """As a file of `file_sd_configs` has it."""
        given = {"job": self.job, "instance": self.instance, "__metrics_path__": self.path}
        return {"targets": [self.address], "labels": {**given, **self.labels}}


def add(file: Path, targets: Sequence[Target]) -> None:
    """Writes a file of targets in one step, for Prometheus reads it as soon as it is there."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps([target.group() for target in targets]))
    new.rename(file)


@contextmanager
def scraped(folder: Path, targets: Sequence[Target]) -> Iterator[None]:
    """Adds targets to those that a Prometheus reads from a folder, until the block ends."""
    files = []
    try:
        for kind in sorted({target.kind for target in targets}):
            file = folder / f"{os.getpid()}-{next(_numbers)}.{kind}"
            add(file, [target for target in targets if target.kind == kind])
            files.append(file)
        yield
    finally:
        for file in files:
            file.unlink()


class Kubelets:
    """A stand-in for kubelets: tells `kubelet_volume_stats_*` of what a test says they mount.

    Use `kubelets`. Nodes and claims are the test's own to name, and so is the namespace where
    another test shares the Prometheus.
    """

    def __init__(self, prometheus: Prometheus, address: str) -> None:
        self._prometheus = prometheus
        self._address = address
        self._name = f"{os.getpid()}-{next(_numbers)}"
        self._told = 0
        self._pods: dict[str, dict[str, PodUse]] = {}
        self._open = ExitStack()

    def clear(self) -> None:
        """No node mounts anything."""
        self._pods = {node: {} for node in self._pods}
        self._wait()

    def tell(self, node: str, *volumes: VolumeUse, namespace: str = "hub") -> None:
        """These are the claims of a namespace that a node mounts from now on, and no others;
        returns when Prometheus has them."""
        self.tell_all({node: volumes}, namespace=namespace)

    def tell_all(self, nodes: Mapping[str, Sequence[VolumeUse]], *, namespace: str = "hub") -> None:
        """`tell` of many nodes at once."""
        new = nodes.keys() - self._pods.keys()
        for node, volumes in nodes.items():
            pod = PodUse("pod", namespace=namespace, volumes=tuple(volumes))
            self._pods.setdefault(node, {})[namespace] = pod
        if new:
            self._scrape()
        self._wait()

    def lose(self, node: str) -> None:
        """The node is no more: its series end."""
        del self._pods[node]
        self._scrape()
        self._wait()

    def metrics(self, node: str) -> str:
        """What the node's kubelet answers."""
        lines = [
            f"# HELP {_TOLD} How often a test told this stand-in for kubelets what they mount.",
            f'{_TOLD}{{by="{self._name}"}} {self._told}',
        ]
        for name, namespace, claim, value in volume_metrics(self._pods.get(node, {}).values()):
            labels = f'namespace="{quoted(namespace)}",persistentvolumeclaim="{quoted(claim)}"'
            lines.append(f"{name}{{{labels}}} {value}")
        return "\n".join([*lines, ""])

    def close(self) -> None:
        """Its series end."""
        self._open.close()

    def _wait(self) -> None:
        """Until Prometheus has the last word of exactly these nodes."""
        self._told += 1
        by = f'{_TOLD}{{by="{self._name}"}}'
        nodes = len(self._pods)
        self._prometheus.until(f"{by} == {self._told}", lambda found: len(found) == nodes)
        self._prometheus.until(by, lambda found: len(found) == nodes)

    def _scrape(self) -> None:
        """As the job `kubernetes-nodes` of the community chart: the instance is the node's name."""
        targets = [
            Target(
                self._address,
                "kubernetes-nodes",
                node,
                {"kubernetes_io_hostname": node},
                f"/nodes/{quote(node)}/metrics",
            )
            for node in self._pods
        ]
        before, self._open = self._open, ExitStack()
        self._open.enter_context(scraped(self._prometheus.targets, targets))
        before.close()


@contextmanager
def kubelets(prometheus: Prometheus, *nodes: str) -> Iterator[Kubelets]:
    """Kubelets for a Prometheus to scrape, until the block ends; these nodes mount nothing yet."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=found.metrics(request.match_info["node"]))

    app = web.Application()
    app.router.add_get("/nodes/{node}/metrics", answer)
    with serving(app) as url:
        found = Kubelets(prometheus, url.removeprefix("http://"))
        try:
            if nodes:
                found.tell_all(dict.fromkeys(nodes, ()))
            yield found
        finally:
            found.close()
