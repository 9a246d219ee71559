"""A Prometheus that remembers what a test tells it, for the selectors that hubtui asks; it is a
fake, and knows nothing of functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from hubtui.errors import ConfigError, HubtuiError
from hubtui.model.prometheus import Sample, Series
from hubtui.model.promql import Matcher, selector

_LOOKBACK = 300.0
_MATCHER = re.compile(r'(\w+)(=~|=)"((?:[^"\\]|\\.)*)"')


class Past:
    """The way to it, and itself. `failing` says what a query raises."""

    def __init__(self) -> None:
        self.series: list[Series] = []
        self.absent: HubtuiError | None = None
        self.failing: Callable[[str], HubtuiError | None] = lambda _: None
        self.ranges: list[tuple[str, timedelta, timedelta]] = []
        self.queries: list[str] = []

    def tell(self, metric: str, points: Sequence[tuple[float, float]], **labels: str) -> None:
        """One more series, its points in the order of time."""
        self.series.append(Series({"__name__": metric, **labels}, tuple(points)))

    def selector(self, metric: str, /, **matchers: str | Matcher) -> str:
        return selector(metric, **matchers)

    async def open(self) -> Past:
        if self.absent is not None:
            raise self.absent
        return self

    async def query(self, promql: str, at: datetime | None = None) -> list[Sample]:
        self._ask(promql)
        end = at.timestamp() if at is not None else float("inf")
        found = []
        for series in self._matching(promql):
            known = [point for point in series.points if point[0] <= end]
            if known and (at is None or known[-1][0] > end - _LOOKBACK):
                found.append(Sample(series.labels, *known[-1]))
        return found

    async def query_range(
        self, promql: str, start: datetime, end: datetime, step: timedelta
    ) -> list[Series]:
        self._ask(promql)
        self.ranges.append((promql, end - start, step))
        times = [
            start.timestamp() + number * step.total_seconds()
            for number in range(int((end - start) / step) + 1)
        ]
        found = [Series(each.labels, _at(each, times)) for each in self._matching(promql)]
        return [series for series in found if series.points]

    def _ask(self, promql: str) -> None:
        self.queries.append(promql)
        error = self.failing(promql)
        if error is not None:
            raise error

    def _matching(self, promql: str) -> list[Series]:
        metric, _, asked = promql.partition("{")
        matchers = _MATCHER.findall(asked)
        return [
            series
            for series in self.series
            if series.labels["__name__"] == metric
            and all(_fits(series.labels, *each) for each in matchers)
        ]


def _fits(labels: Mapping[str, str], name: str, operator: str, value: str) -> bool:
    found, wanted = labels.get(name, ""), re.sub(r"\\(.)", r"\1", value)
    return bool(re.fullmatch(wanted, found)) if operator == "=~" else found == wanted


def _at(series: Series, times: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """The newest sample of the five minutes before each time."""
    found, points, index = [], series.points, 0
    for time in times:
        while index < len(points) and points[index][0] <= time:
            index += 1
        if index and points[index - 1][0] > time - _LOOKBACK:
            found.append((time, points[index - 1][1]))
    return tuple(found)


NO_PROMETHEUS = ConfigError("No Prometheus found: looked in the namespace")
