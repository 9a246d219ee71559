"""Queries over a time, remembered: asked again, only what is new is asked for.

Plots, dashboards and the PromQL line all ask here, so that one query on two screens costs once.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from hubtui.clients.prometheus import Instant, QueryError
from hubtui.errors import HubtuiError
from hubtui.model.points import Point
from hubtui.model.prometheus import Labels, Sample, Series
from hubtui.model.query_steps import Window, aligned, step_for
from hubtui.services.store import utc_now

if TYPE_CHECKING:
    from hubtui.services.prometheus import PrometheusLink

MOST_SERIES: Final = 500
"""Series of one answer over a time that are kept: a terminal cannot tell even these apart."""

MOST_DECODED: Final = 2 * MOST_SERIES
"""Series of an answer that are read: it has them in order, so that of those that are kept some stay
readable when others come before them."""

MOST_SAMPLES: Final = 5_000
"""Samples of an instant answer that are kept."""

SKEW: Final = timedelta(seconds=5)
"""From here on its clock counts: HTTP tells the time in whole seconds, and answers take some."""

REMEMBERED: Final = 256
"""Queries whose answers are kept: those of some dashboards."""

LEAST_STEP: Final = timedelta(seconds=15)
"""Below it Prometheus has seldom more samples."""


@dataclass(frozen=True, slots=True)
class RangeAnswer:
    """The series of a query at each step of a window; `notes` tell what is missing."""

    series: tuple[Series, ...]
    window: Window
    step: timedelta
    as_of: datetime
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InstantAnswer:
    """What a query gives now."""

    samples: tuple[Sample, ...]
    as_of: datetime
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a query of any kind gives at `at`, a moment of Prometheus' own clock; `notes` tell what
    is missing."""

    answer: Instant
    at: datetime
    as_of: datetime
    notes: tuple[str, ...] = ()


_Key = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Kept:
    """What is known of one query at one step, from `start` to `end` in unix seconds."""

    start: float = 0.0
    end: float = 0.0
    lines: dict[_Key, list[Point]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    as_of: datetime | None = None
    answer: RangeAnswer | None = None
    refused: QueryError | None = None
    refused_at: float = 0.0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Ranges:
    """The queries of one session. Errors are those of `clients.prometheus` and of the way there."""

    def __init__(self, link: PrometheusLink, now: Callable[[], datetime] = utc_now) -> None:
        self._link = link
        self._now = now
        self._kept: OrderedDict[tuple[str, float], _Kept] = OrderedDict()

    async def now(self) -> datetime:
        """The time of the Prometheus, whose clock may be another than this machine's. Raises as
        `instant`, but for QueryError."""
        skew = (await self._link.open()).skew
        ours = self._now()
        return ours + skew if skew is not None and abs(skew) >= SKEW else ours

    async def instant(self, promql: str, at: datetime | None = None) -> InstantAnswer:
        """What the query gives now, or at a moment. Raises QueryError, ConfigError where there is
        no Prometheus, DeniedError, UnreachableError, DecodeError."""
        answer = await (await self._link.open()).vector(promql, at)
        samples, notes = answer.samples, list(answer.warnings)
        if len(samples) > MOST_SAMPLES:
            notes.append(f"the first {MOST_SAMPLES:,} of {len(samples):,} series")
        return InstantAnswer(tuple(samples[:MOST_SAMPLES]), self._now(), tuple(notes))

    async def evaluate(self, promql: str, at: datetime | None = None) -> Evaluation:
        """A query of whatever kind, now or at a moment: `up[5m]` and `"a text"` too. Raises as
        `instant`."""
        answer = await (await self._link.open()).instant(promql, at, MOST_SAMPLES)
        notes = list(answer.warnings)
        if answer.left_out:
            count = MOST_SAMPLES + answer.left_out
            notes.append(f"the first {MOST_SAMPLES:,} of {count:,} series: narrow the query")
        return Evaluation(answer, at or await self.now(), self._now(), tuple(notes))

    async def over(
        self,
        promql: str,
        window: Window | timedelta,
        columns: int,
        *,
        least: timedelta = LEAST_STEP,
        step: timedelta | None = None,
    ) -> RangeAnswer:
        """The query over a window, or over the time up to its now, in steps fitted to `columns`
        unless a `step` is given.

        Nothing is asked before a step has passed since the last time; then only for what is new.
        Raises as `instant`; for a step, what was wrong with the query is raised again.
        """
        if isinstance(window, Window):
            whole = window
        else:
            now = await self.now()
            whole = Window(now - window, now)
        step = step or step_for(whole.length, columns, least)
        fitted = aligned(whole, step)
        kept = self._of(promql, step)
        async with kept.asking:
            await self._ask(promql, await self._begun(fitted, step), step, kept)
        if kept.answer is None or kept.answer.window != fitted:
            series, as_of = tuple(_within(kept, fitted)), kept.as_of or self._now()
            kept.answer = RangeAnswer(series, fitted, step, as_of, kept.notes)
        return kept.answer

    async def _begun(self, window: Window, step: timedelta) -> Window:
        """As much of a window as is over: what is to come is asked for when it has."""
        if window.end <= self._now():
            return window
        now = await self.now()
        if now >= window.end or now <= window.start:
            return window
        return aligned(Window(window.start, now), step)

    def forget(self) -> None:
        """The next time everything is asked for anew."""
        self._kept.clear()

    def _of(self, promql: str, step: timedelta) -> _Kept:
        key = (promql, step.total_seconds())
        kept = self._kept.setdefault(key, _Kept())
        self._kept.move_to_end(key)
        while len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)
        return kept

    async def _ask(self, promql: str, window: Window, step: timedelta, kept: _Kept) -> None:
        start, end = window.start.timestamp(), window.end.timestamp()
        if kept.as_of is not None and kept.start <= start and end <= kept.end:
            return
        if kept.refused is not None and kept.refused_at == end:
            raise kept.refused.with_traceback(None)
        follows = kept.as_of is not None and kept.start <= start <= kept.end < end
        client = await self._link.open()
        # The newest sample may have been computed before its scrape was whole: it is asked again.
        since = datetime.fromtimestamp(kept.end, UTC) if follows else None
        try:
            answer = await client.matrix(
                promql, since or window.start, window.end, step, MOST_DECODED
            )
        except QueryError as error:
            kept.refused, kept.refused_at = error, end
            raise
        if not follows:
            kept.start, kept.lines = start, {}
        _take(kept, answer.series, since.timestamp() if since is not None else start)
        for key, line in list(kept.lines.items()):
            _drop_before(line, start)
            if not line:
                del kept.lines[key]
        kept.refused = kept.answer = None
        kept.start, kept.end, kept.as_of = start, end, self._now()
        kept.notes = (*answer.warnings, *_cut(kept, len(answer.series) + answer.left_out))


def position_of(error: HubtuiError) -> int | None:
    """Where in a query its fault is, counted from 0; None where that is not told, or where the
    query is not at fault."""
    return error.position if isinstance(error, QueryError) else None


def is_of_query(error: HubtuiError) -> bool:
    """Whether another query would be answered: this one is wrong, or cannot be computed."""
    wrong = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)
    return isinstance(error, QueryError) and error.status in wrong


def _take(kept: _Kept, series: Sequence[Series], since: float) -> None:
    for each in series:
        key = tuple(sorted(each.labels.items()))
        line = kept.lines.get(key)
        if line is None:
            if len(kept.lines) >= MOST_SERIES:
                continue
            line = kept.lines[key] = []
        while line and line[-1][0] >= since:
            line.pop()
        line.extend(each.points)


def _drop_before(line: list[Point], start: float) -> None:
    gone = next((index for index, (at, _) in enumerate(line) if at >= start), len(line))
    del line[:gone]


def _cut(kept: _Kept, asked: int) -> tuple[str, ...]:
    if asked <= MOST_SERIES:
        return ()
    return (f"{len(kept.lines):,} of {asked:,} series: narrow the query to see the others",)


def _within(kept: _Kept, window: Window) -> list[Series]:
    start, end = window.start.timestamp(), window.end.timestamp()
    found = []
    for key, line in kept.lines.items():
        points = tuple(point for point in line if start <= point[0] <= end)
        if points:
            labels: Labels = dict(key)
            found.append(Series(labels, points))
    return found
