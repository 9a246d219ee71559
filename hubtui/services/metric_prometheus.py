"""What Prometheus says of the metrics pane: each number, and its past."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from hubtui.errors import HubtuiError
from hubtui.model.metric import Metric, filled
from hubtui.model.query_steps import Window, step_for
from hubtui.services.metric_rows import Answer, Told, label_of, told_of
from hubtui.services.ranges import LEAST_STEP, InstantAnswer, RangeAnswer, Ranges
from hubtui.services.store import utc_now

COLUMNS: Final = 30
"""Columns of a sparkline, with two samples each."""

HOUR: Final = timedelta(hours=1)

WIDE: Final = timedelta(minutes=30)
"""Where samples are further apart than this, the number of an hour before is asked for itself,"""

BEFORE_EVERY: Final = timedelta(minutes=10)
"""so often."""

NOT_ASKED: Final = "Prometheus was not asked yet"

Names = Callable[[], Mapping[str, str]]
"""The values of `$namespace`, `$release`, `$hub` and `$proxy`."""


class FromPrometheus:
    """What Prometheus says of each metric; `why` is why it says nothing, or nothing new."""

    def __init__(
        self,
        ranges: Ranges,
        names: Names,
        matchers: Mapping[str, str],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._ranges = ranges
        self._names = names
        self._matchers = matchers
        self._answers: dict[str, Answer] = {}
        self._why: dict[str, str] = {}
        self._asked: dict[str, datetime] = {}
        self._earlier: dict[str, tuple[datetime, Told]] = {}
        self._now = now
        self.missing = ""
        """Why it could not be asked at all; "" while it answers."""

    def of(self, metric: str) -> Answer | None:
        """What it said last."""
        return self._answers.get(metric)

    def why(self, metric: str) -> str:
        """Why it says nothing of a metric; "" while it does."""
        return self._why.get(metric, self.missing or NOT_ASKED)

    def has_answered(self, metric: str) -> bool:
        """Whether it was asked, with whatever result."""
        return metric in self._why

    def question(self, metric: Metric, step: timedelta = timedelta()) -> str:
        """The query of a metric for samples so far apart."""
        span = max(metric.span, step)
        return filled(metric.promql, self._names(), span, self._matchers)

    async def over(self, metric: Metric, window: timedelta | Window, columns: int) -> RangeAnswer:
        """A metric over a time. Raises as `Ranges.over`."""
        length = window.length if isinstance(window, Window) else window
        question = self.question(metric, step_for(length, columns, LEAST_STEP))
        return await self._ranges.over(question, window, columns)

    async def read(
        self, metrics: Iterable[Metric], window: timedelta, tell: Callable[[str], None]
    ) -> None:
        """Asks for all metrics, first for their numbers; `tell` is called with each that came."""
        wanted = list(metrics)
        await self.numbers(wanted, tell)
        told = [metric for metric in wanted if metric.id in self._answers]
        if not self.missing:
            await asyncio.gather(*(self._past(metric, window, tell) for metric in told))

    async def numbers(self, metrics: Iterable[Metric], tell: Callable[[str], None]) -> None:
        """Asks for numbers alone, for none more often than there is a new one."""
        wanted = list(metrics)
        try:
            await self._ranges.now()
        except HubtuiError as error:
            self.missing = error.what
            for metric in wanted:
                self._why[metric.id] = error.what
                tell(metric.id)
            return
        self.missing = ""
        now = self._now()
        due = [each for each in wanted if now - self._asked.get(each.id, _NEVER) >= LEAST_STEP]
        await asyncio.gather(*(self._number(metric, tell) for metric in due))

    async def _number(self, metric: Metric, tell: Callable[[str], None]) -> None:
        try:
            answer = await self._ranges.instant(self.question(metric))
        except HubtuiError as error:
            self._why[metric.id] = error.what
            tell(metric.id)
            return
        self._asked[metric.id] = answer.as_of
        told = _told(metric, answer)
        if told:
            known = self._answers.get(metric.id, Answer({}, answer.as_of, 0.0))
            self._answers[metric.id] = replace(
                known, told=told, as_of=answer.as_of, now=answer.samples[0].at
            )
            self._why[metric.id] = ""
        else:
            self._answers.pop(metric.id, None)
            self._why[metric.id] = "Prometheus has no such series"
        tell(metric.id)

    async def _past(self, metric: Metric, window: timedelta, tell: Callable[[str], None]) -> None:
        try:
            answer = await self.over(metric, window, COLUMNS)
            before = await self._before(metric) if answer.step > WIDE else None
        except HubtuiError as error:
            self._why[metric.id] = error.what
            return
        known = self._answers.get(metric.id)
        if known is None:  # another round has found it gone
            return
        lines = {label_of(metric, each.labels): each.points for each in answer.series}
        self._answers[metric.id] = replace(
            known,
            lines=lines,
            step=answer.step.total_seconds(),
            before=before,
        )
        tell(metric.id)

    async def _before(self, metric: Metric) -> Told:
        """The numbers of an hour before, where the points of the past are further apart."""
        asked, told = self._earlier.get(metric.id, (_NEVER, {}))
        if self._now() - asked >= BEFORE_EVERY:
            at = await self._ranges.now() - HOUR
            told = _told(metric, await self._ranges.instant(self.question(metric), at))
            self._earlier[metric.id] = (self._now(), told)
        return told


_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def _told(metric: Metric, answer: InstantAnswer) -> Told:
    return told_of(metric, ((sample.labels, sample.value) for sample in answer.samples))
