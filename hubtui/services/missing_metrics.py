"""Why a query gives nothing: which of its metrics and labels Prometheus does not have."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from hubtui.errors import HubtuiError
from hubtui.model.metric_cures import family_of, why_no_label, why_no_match, why_no_metric
from hubtui.model.promql_selectors import Selector, compares, selectors_of

if TYPE_CHECKING:
    from hubtui.services.prometheus import PrometheusLink

REMEMBERED: Final = 300.0
"""Seconds for which what is there is taken to be there, and what is not, not."""

MOST_SELECTORS: Final = 12
"""Selectors of one panel that are looked at."""

_SHOWN: Final = 90
"""Characters of a selector that are shown."""

NOTHING_MEETS: Final = "its metrics are there, and nothing meets its conditions"
NONE_NOW: Final = "its series are there, but none at these times"


class MissingMetrics:
    """What one Prometheus does not have; each metric and selector is asked for once in a while."""

    def __init__(self, link: PrometheusLink) -> None:
        self._link = link
        self._kept: dict[tuple[str, ...], tuple[float, frozenset[str]]] = {}

    async def of(self, queries: Iterable[str]) -> list[str]:
        """Why these queries gave nothing, in words."""
        asked = list(queries)
        selectors = list(dict.fromkeys(each for query in asked for each in selectors_of(query)))
        if not selectors:
            return []
        otherwise = NOTHING_MEETS if any(map(compares, asked)) else NONE_NOW
        try:
            return await self._reasons(selectors[:MOST_SELECTORS]) or [otherwise]
        except HubtuiError as error:
            return [f"why it is empty is not known: {error.what}"]

    async def _reasons(self, selectors: Sequence[Selector]) -> list[str]:
        metrics = list(dict.fromkeys(each.metric for each in selectors if each.metric))
        known = await self._names(metrics)
        found = await self._absent([each for each in metrics if each not in known])
        for selector in selectors:
            if selector.metric and selector.metric not in known:
                continue
            absent = await self._absent_labels(selector)
            for label in absent:
                why = why_no_label(selector.metric, label)
                found.append(_told(f"{selector.metric} has no label {label}", why))
            if not absent and selector.matchers and not await self._matches(selector):
                equal = {m.label: m.value for m in selector.matchers if m.operator == "="}
                why = why_no_match(selector.metric, equal)
                found.append(_told(f"nothing matches {_short(selector.written)}", why))
        return list(dict.fromkeys(found))

    async def _absent(self, metrics: Sequence[str]) -> list[str]:
        """Why metrics are not there, those together that have the same reason."""
        by_reason: dict[str, list[str]] = {}
        for metric in metrics:
            family = family_of(metric)
            others = bool(family and await self._names([f'{{__name__=~"{family}.+"}}']))
            by_reason.setdefault(why_no_metric(metric, others=others), []).append(metric)
        return [
            _told(f"Prometheus has no {', '.join(names)}", why) for why, names in by_reason.items()
        ]

    async def _names(self, metrics: Sequence[str]) -> frozenset[str]:
        """Which metrics there are of these, names or selectors."""
        if not metrics:
            return frozenset()

        async def ask() -> Iterable[str]:
            client = await self._link.open()
            return await client.label_values("__name__", metrics)

        return await self._once(("names", *metrics), ask)

    async def _absent_labels(self, selector: Selector) -> list[str]:
        """Labels that it needs and that no series of its metric has."""
        needed = dict.fromkeys(m.label for m in selector.matchers if m.needs_label)
        if not selector.metric or not needed:
            return []

        async def ask() -> Iterable[str]:
            return await (await self._link.open()).labels([selector.metric])

        labels = await self._once(("labels", selector.metric), ask)
        return [label for label in needed if label not in labels]

    async def _matches(self, selector: Selector) -> bool:
        async def ask() -> Iterable[str]:
            return await (await self._link.open()).label_values("__name__", [selector.written])

        return bool(await self._once(("matches", selector.written), ask))

    async def _once(
        self, key: tuple[str, ...], ask: Callable[[], Awaitable[Iterable[str]]]
    ) -> frozenset[str]:
        asked, found = self._kept.get(key, (0.0, frozenset[str]()))
        if key not in self._kept or time.monotonic() - asked > REMEMBERED:
            found = frozenset(await ask())
            self._kept[key] = time.monotonic(), found
        return found


def _told(what: str, why: str) -> str:
    return f"{what}: {why}" if why else what


def _short(written: str) -> str:
    bare = " ".join(written.split())
    return bare if len(bare) <= _SHOWN else bare[: _SHOWN - 1] + "…"
