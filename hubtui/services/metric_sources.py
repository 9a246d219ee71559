"""Which sources of numbers there are, what each gives, and the cure for what is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from hubtui.clients.prometheus import PrometheusClient
from hubtui.errors import HubtuiError
from hubtui.model.age import short
from hubtui.model.hub_scopes import Use, lacking, values_for_service
from hubtui.model.metric_source import (
    EXPORTERS,
    HUB,
    HUB_PAGE,
    PROMETHEUS,
    RULES,
    USAGE,
    Exporter,
    SourceState,
    is_of_the_hub,
)
from hubtui.model.promql import Matcher
from hubtui.services.doctor_finding import SKIPPED
from hubtui.services.prometheus_places import SET_IT
from hubtui.services.store import utc_now

if TYPE_CHECKING:
    from hubtui.services.session import Session

__all__ = ["MetricSources", "SourceState"]

SKEW: Final = timedelta(seconds=30)
"""From here on ages are wrong by what an operator sees."""

_FIRST: Final = SKIPPED.format("a Prometheus that answers")

_PROMETHEUS: Final = SourceState(PROMETHEUS, "Prometheus", "the past of every number, and alerts")
_PAGE: Final = SourceState(
    HUB_PAGE,
    "the hub's metrics page",
    "running servers, active users, spawns, requests: from now on, without Prometheus",
)
_USAGE: Final = SourceState(USAGE, "metrics.k8s.io", "memory and CPU of pods and nodes, now")
_RULES: Final = SourceState(RULES, "rules of Prometheus", "alerts")


class MetricSources:
    """The sources of one session; nothing is asked but by `read`."""

    def __init__(self, session: Session, now: Callable[[], datetime] = utc_now) -> None:
        self._session = session
        self._now = now
        exporters = (SourceState(each.id, each.title, each.gives) for each in EXPORTERS)
        order = (_PROMETHEUS, _PAGE, _USAGE, *exporters, _RULES)
        self._states = {state.id: state for state in order}
        self.as_of: datetime | None = None
        """When they were asked last."""

    def sources(self) -> tuple[SourceState, ...]:
        """All sources, as far as they are known by now."""
        return tuple(self._states.values())

    async def read(self) -> tuple[SourceState, ...]:
        """Asks all of them; what goes wrong is told by each."""
        await asyncio.gather(
            self._one(_PAGE, self._hub_page()),
            self._one(_USAGE, self._usage()),
            self._of_prometheus(),
        )
        self.as_of = self._now()
        return self.sources()

    async def _one(self, state: SourceState, look: Coroutine[Any, Any, SourceState]) -> None:
        """What a look found; an error is told."""
        try:
            found = await look
        except HubtuiError as error:
            found = replace(state, answers=False, missing=error.what, cure=error.remedy)
        self._states[state.id] = found

    # -- beside Prometheus

    async def _hub_page(self) -> SourceState:
        link = self._session.hub_link
        await link.open()
        scopes = link.caller.scopes if link.caller is not None else ()
        if lack := lacking((Use("metrics", ("read:metrics",)),), scopes):
            return replace(
                _PAGE,
                answers=False,
                missing=f"the hub's token lacks the scope {lack[0]}",
                cure="Add it to the role of the service hubtui, and upgrade.",
                lines=await link.placed(values_for_service()),
            )
        return replace(_PAGE, answers=True, facts=(link.where,))

    async def _usage(self) -> SourceState:
        usage = self._session.usage
        await usage.fill()
        if usage.missing:
            cure = "Install metrics-server; most clouds bring it."
            return replace(_USAGE, answers=False, missing=usage.missing, cure=cure)
        return replace(_USAGE, answers=True)

    # -- what Prometheus has

    async def _of_prometheus(self) -> None:
        link = self._session.prometheus
        try:
            client = await link.open()
        except HubtuiError as error:
            self._states[PROMETHEUS] = replace(
                _PROMETHEUS, answers=False, missing=error.what, cure=error.remedy or SET_IT
            )
            for name in (*(each.id for each in EXPORTERS), RULES):
                self._states[name] = replace(self._states[name], answers=None, missing=_FIRST)
            return
        exporters = (
            self._one(self._states[each.id], self._exporter(client, each)) for each in EXPORTERS
        )
        await asyncio.gather(
            self._one(_PROMETHEUS, self._prometheus(client)),
            self._one(_RULES, self._rules(client)),
            *exporters,
        )
        for each in EXPORTERS:
            state = self._states[each.id]
            if each.after and not state.answers and not self._states[each.after].answers:
                first = SKIPPED.format(self._states[each.after].title)
                self._states[each.id] = replace(
                    state, answers=None, missing=first, cure="", lines=()
                )

    async def _prometheus(self, client: PrometheusClient) -> SourceState:
        link = self._session.prometheus
        facts = [link.where, f"version {link.version or 'that it does not tell'}"]
        facts += [words for words in (await _reach(client, self._now()),) if words]
        state = replace(_PROMETHEUS, answers=True, facts=tuple(facts))
        if client.skew is None or abs(client.skew) < SKEW:
            return state
        way = "ahead of" if client.skew > timedelta() else "behind"
        seconds = abs(client.skew).total_seconds()
        return replace(
            state,
            missing=f"its clock is {short(seconds)} {way} that of this machine",
            cure="Set the clock of one of both; until then its own time counts in plots.",
        )

    async def _exporter(self, client: PrometheusClient, wanted: Exporter) -> SourceState:
        state = SourceState(wanted.id, wanted.title, wanted.gives)
        where = {} if wanted.of_cluster else {"namespace": self._session.namespace}
        count = await self._count(client, wanted, where)
        if count:
            return replace(state, answers=True, facts=(f"{count:,} series of {wanted.metric}",))
        labels = " and ".join(wanted.matchers)
        why = f"Prometheus has no {wanted.metric}" + (f" with {labels}" if labels else "")
        if where:
            elsewhere = await self._count(client, wanted, {})
            why += f" of namespace {self._session.namespace}" + (
                ", but of others" if elsewhere else ""
            )
        if wanted.id == HUB and (error := await self._why_no_hub(client)):
            why = f"Prometheus asks the hub in vain: {error}"
        lines = wanted.lines
        if wanted.id == HUB:
            lines = await self._session.hub_link.placed(lines)
        return replace(state, answers=False, missing=why, cure=wanted.cure, lines=lines)

    async def _count(
        self, client: PrometheusClient, wanted: Exporter, where: dict[str, str]
    ) -> int:
        matchers: dict[str, str | Matcher] = {**where, **wanted.matchers}
        selector = self._session.prometheus.selector(wanted.metric, **matchers)
        found = await client.query(f"count({selector})")
        return round(found[0].value) if found else 0

    async def _why_no_hub(self, client: PrometheusClient) -> str:
        """Why what is scraped of the hub fails; "" where that is not so, or is not told."""
        namespace = self._session.namespace
        try:
            targets = await client.targets()
        except HubtuiError:
            return ""  # Thanos and Mimir have no targets
        failed = (
            each.error
            for each in targets
            if not each.up
            and each.labels.get("namespace") == namespace
            and is_of_the_hub(each.labels)
        )
        return next((error for error in failed if error), "")

    async def _rules(self, client: PrometheusClient) -> SourceState:
        rules = await client.rules()
        if rules:
            return replace(_RULES, answers=True, facts=(f"{len(rules):,} of alerts",))
        cure = "kube-prometheus-stack brings the community's; others are yours to write."
        return replace(_RULES, answers=False, missing="it has no rules of alerts", cure=cure)


async def _reach(client: PrometheusClient, now: datetime) -> str:
    """How far back it remembers, where it scrapes itself."""
    told = await client.query(
        'label_replace(min(prometheus_tsdb_retention_limit_seconds), "what", "kept", "", "")'
        ' or label_replace(min(prometheus_tsdb_lowest_timestamp_seconds) > 0, "what", "since",'
        ' "", "")'
    )
    found = {each.labels.get("what", ""): each.value for each in told}
    if found.get("kept"):
        return f"keeps {short(found['kept'])}"
    if "since" in found:
        return f"remembers {short(now.timestamp() - found['since'])}"
    return ""
