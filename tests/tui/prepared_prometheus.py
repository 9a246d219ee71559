"""A fake Prometheus: it answers a query with the measures of a World that its first selector names,
and computes nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from hubtui.clients.gate import Gate
from hubtui.clients.http import Http
from hubtui.clients.prometheus import PrometheusClient, Vector
from hubtui.clients.prometheus_answers import Instant, Matrix, QueryError
from hubtui.clients.prometheus_wire import AddressWire
from hubtui.model.alerts import Alert, AlertRule
from hubtui.model.prometheus import Sample, Series
from tests.tui.world import NOW, Measure, World

_MATCHER = re.compile(r'(\w+)(=~|=)"((?:[^"\\]|\\.)*)"')
_BY = re.compile(r"\bby \(([^)]*)\)")
_NAME = re.compile(r"[\w:]+")
_DAY = timedelta(days=1)


class PreparedPrometheus(PrometheusClient):
    """In the place of the client: what a measure was before follows from what it changes a day."""

    def __init__(self, known: World) -> None:
        gate = Gate()
        super().__init__(gate, AddressWire(Http(gate), "http://127.0.0.1:1"))
        self._known = known
        self.asked: list[str] = []
        """The queries of any kind that were put to it."""
        self.answers = asyncio.Event()
        """While it is not set, those have no answer."""
        self.answers.set()

    async def vector(self, promql: str, at: datetime | None = None) -> Vector:
        when = at or NOW
        samples = [
            Sample(_told(promql, each), when.timestamp(), _value(each, when))
            for each in self._matching(promql)
        ]
        return Vector(samples)

    async def matrix(
        self,
        promql: str,
        start: datetime,
        end: datetime,
        step: timedelta,
        most: int | None = None,
    ) -> Matrix:
        moments = [start + step * n for n in range((end - start) // step + 1)]
        found = [
            Series(_told(promql, each), tuple((at.timestamp(), _value(each, at)) for at in moments))
            for each in self._matching(promql)
        ]
        return Matrix(found)

    async def instant(
        self, promql: str, at: datetime | None = None, most: int | None = None
    ) -> Instant:
        self.asked.append(promql)
        await self.answers.wait()
        if "foo" in promql:
            position = promql.index("foo")
            raise QueryError("parse error: unexpected foo", status=400, position=position)
        return Instant("vector", (await self.vector(promql, at)).samples)

    async def label_values(
        self, label: str, matches: Sequence[str] = (), window: object = None
    ) -> list[str]:
        found = [each for each in self._known.measures if not matches or each.metric in matches[0]]
        if label == "__name__":
            return [each.metric for each in found]
        return [each.labels[label] for each in found if label in each.labels]

    async def labels(self, matches: Sequence[str] = (), window: object = None) -> list[str]:
        found = [each for each in self._known.measures if not matches or each.metric in matches]
        return list(dict.fromkeys(name for each in found for name in each.labels))

    async def alerts(self) -> list[Alert]:
        return []

    async def rules(self) -> list[AlertRule]:
        return []

    def _matching(self, promql: str) -> Iterator[Measure]:
        before, _, rest = promql.partition("{")
        metric = _NAME.findall(before)[-1]
        wanted = [(label, _pattern(how, value)) for label, how, value in _MATCHER.findall(rest)]
        for each in self._known.measures:
            labels = each.labels
            right = all(re.fullmatch(value, labels.get(label, "")) for label, value in wanted)
            if each.metric == metric and right:
                yield each


def _told(promql: str, measure: Measure) -> dict[str, str]:
    """The labels that are left: those of the first `by`, all of them where nothing is summed up."""
    by = _BY.search(promql)
    kept = set(re.findall(r"\w+", by[1])) if by else set()
    plain = promql.startswith(measure.metric)
    return {name: value for name, value in measure.labels.items() if plain or name in kept}


def _pattern(how: str, value: str) -> str:
    bare = value.replace("\\\\", "\\")
    return bare if how == "=~" else re.escape(bare)


def _value(measure: Measure, at: datetime) -> float:
    return max(0.0, measure.value + measure.per_day * ((at - NOW) / _DAY))
