"""What one panel of a dashboard shows: its queries asked, joined and transformed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from hubtui.errors import DecodeError, HubtuiError, TooLargeError
from hubtui.model.dashboard import Format, Kind, Panel, Target
from hubtui.model.dashboard_words import Values, filled, legend_of, unknown
from hubtui.model.frames import Frame, frame_of_samples, frame_of_series
from hubtui.model.panel_lines import PanelLine, buckets_of, highest, lines_of, samples_of
from hubtui.model.prometheus import Sample, Series
from hubtui.model.query_steps import (
    Window,
    aligned,
    highest_of,
    length_of,
    macros,
    moment,
    step_for,
)
from hubtui.model.repeats import PlacedPanel
from hubtui.model.transformations import transformed
from hubtui.services.ranges import LEAST_STEP, RangeAnswer, Ranges

MOST_LINES: Final = 100
"""Series of a panel that are kept, the highest: no terminal tells more of them apart."""

MOST_ROWS: Final = 2_000
"""Rows of a table that are kept."""

MOST_FACTOR: Final = 100
"""By how much a query's step is made longer at most: Grafana offers 10."""


@dataclass(frozen=True, slots=True)
class PanelError:
    """Why a query has no answer; `query` is what was sent, to which an error's position belongs."""

    ref: str
    query: str
    error: HubtuiError


@dataclass(frozen=True, slots=True)
class PanelState:
    """A panel and what is known for it. `lines` are its series over time, `frames` the same as
    tables after its transformations. `asked` is false until it was asked for the first time;
    `queries` are those that were sent, by their letters."""

    placed: PlacedPanel
    frames: tuple[Frame, ...] = ()
    lines: tuple[PanelLine, ...] = ()
    errors: tuple[PanelError, ...] = ()
    notes: tuple[str, ...] = ()
    window: Window | None = None
    step: timedelta | None = None
    as_of: datetime | None = None
    asked: bool = False
    queries: tuple[tuple[str, str], ...] = ()

    @property
    def panel(self) -> Panel:
        """The panel with its texts filled in."""
        return self.placed.panel

    @property
    def error(self) -> HubtuiError | None:
        """The first of its errors."""
        return self.errors[0].error if self.errors else None

    @property
    def empty(self) -> bool:
        """Whether it was answered, with nothing."""
        return self.asked and not self.errors and not self.lines and not _rows(self.frames)


def _rows(frames: Iterable[Frame]) -> int:
    return sum(frame.length for frame in frames)


@dataclass(frozen=True, slots=True)
class Question:
    """A panel with everything that its queries depend on."""

    placed: PlacedPanel
    values: Values
    window: Window
    columns: int
    now: datetime
    relative: bool = True
    """Whether the window ends now and goes on with it."""
    own_time: bool = True
    """Whether a panel that has a time of its own keeps to it."""


@dataclass(slots=True)
class _Answers:
    """The answers of all queries, as they come to be shown."""

    frames: list[Frame] = field(default_factory=list)
    lines: list[PanelLine] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    errors: list[PanelError] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    queries: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Answer:
    """One query's: samples of now, or series at each step."""

    target: Target
    query: str
    as_of: datetime
    notes: tuple[str, ...]
    samples: Sequence[Sample] = ()
    series: Sequence[Series] = ()


def window_of(question: Question) -> tuple[Window, list[str]]:
    """The time that a panel shows: the dashboard's, or its own, and what is to be said of it."""
    panel, window, notes = question.placed.panel, question.window, []
    if panel.from_time and question.relative and question.own_time:
        try:
            window = _own_time(panel.from_time, question.now)
            notes.append(f"last {panel.from_time.removeprefix('now-')}")
        except ValueError as error:
            notes.append(f"its own time is left out: {error}")
    if panel.shift:
        try:
            back = length_of(panel.shift.removeprefix("-").removeprefix("now-"))
            window = Window(window.start - back, window.end - back)
            notes.append(f"{panel.shift.removeprefix('-')} earlier")
        except ValueError as error:
            notes.append(f"its shift is left out: {error}")
    return window, notes


def _own_time(written: str, now: datetime) -> Window:
    if written.startswith("now"):
        return Window(moment(written, now), moment("now", now))
    return Window(now - length_of(written), now)


def step_of(
    panel: Panel, target: Target, window: Window, columns: int, values: Values
) -> timedelta:
    """The step of a query: some samples a column, not below what it or its panel says, nor for
    more points than the panel wants."""
    least = LEAST_STEP
    for written in (target.interval, panel.interval):
        if written:
            try:
                least = max(LEAST_STEP, length_of(filled(written, values)))
            except ValueError:
                continue
            break
    if panel.most_points:
        least = max(least, window.length / panel.most_points)
    step = step_for(window.length, columns, least)
    factor = min(target.factor, MOST_FACTOR)
    return step_for(window.length, columns, step * factor) if factor > 1 else step


class Asking:
    """Asks the queries of panels, at most some at a time."""

    def __init__(self, ranges: Ranges, at_once: int) -> None:
        self._ranges = ranges
        self._places = asyncio.Semaphore(at_once)
        self._too_large: set[str] = set()

    async def ask(self, question: Question) -> PanelState:
        """A panel's answers. What goes wrong is told by the state."""
        panel = question.placed.panel
        window, notes = window_of(question)
        values = {**question.values, **question.placed.own}
        targets = [each for each in panel.targets if not each.hidden]
        steps = [step_of(panel, each, window, question.columns, values) for each in targets]
        found = _Answers(notes=notes)
        answers = await asyncio.gather(
            *(
                self._target(each, values, window, step, question)
                for each, step in zip(targets, steps, strict=True)
            )
        )
        for target, answer in zip(targets, answers, strict=True):
            if isinstance(answer, PanelError):
                found.errors.append(answer)
            else:
                _take(found, answer, panel, values, several=len(targets) > 1)
            found.queries.append((target.ref, answer.query))
        return _shown(found, question.placed, window, min(steps, default=None))

    async def _target(
        self, target: Target, values: Values, window: Window, step: timedelta, question: Question
    ) -> _Answer | PanelError:
        words = macros(aligned(window, step), step)
        query = filled(target.expr, values, words)
        if absent := unknown(target.expr, values, words):
            names = ", ".join(f"${name}" for name in absent)
            error = DecodeError(
                f"Query {target.ref} uses {names}, which the dashboard does not have",
                remedy="A variable of that name is missing in its templating.",
            )
            return PanelError(target.ref, query, error)
        try:
            async with self._places:
                return await self._answer(target, query, window, step, question)
        except HubtuiError as error:
            return PanelError(target.ref, query, error)

    async def _answer(
        self, target: Target, query: str, window: Window, step: timedelta, question: Question
    ) -> _Answer:
        if target.instant:
            panel = question.placed.panel
            alone = sum(not each.hidden for each in panel.targets) == 1
            at: datetime | None = window.end
            if question.relative and not panel.shift:
                # Several are joined by their times too, so all are asked for one moment.
                at = None if alone else question.now
            now = await self._ranges.instant(query, at)
            return _Answer(target, query, now.as_of, now.notes, samples=now.samples)
        over = await self._over(query, window, question.columns, step)
        return _Answer(target, query, over.as_of, over.notes, series=over.series)

    async def _over(self, query: str, window: Window, columns: int, step: timedelta) -> RangeAnswer:
        """The answer; of one that is too large to be read, the highest series."""
        if query not in self._too_large:
            try:
                return await self._ranges.over(query, window, columns, least=step)
            except TooLargeError:
                self._too_large.add(query)
        over = await self._ranges.over(
            highest_of(query, step, MOST_LINES), window, columns, least=step
        )
        words = f"the {MOST_LINES} series that are highest at its end: all are too many to be read"
        return replace(over, notes=(*over.notes, words))


def _take(found: _Answers, answer: _Answer, panel: Panel, values: Values, *, several: bool) -> None:
    """One query's answer as lines and tables, as its format and its panel want it."""
    target = answer.target
    found.times.append(answer.as_of)
    found.notes += answer.notes
    is_table = target.format is Format.TABLE
    if panel.kind is Kind.TABLE and not panel.transformations and not is_table:
        latest = [Sample(each.labels, *each.points[-1]) for each in answer.series if each.points]
        if latest:
            found.notes.append(f"query {target.ref}: each series by its latest value")
        _add_table(found, [*answer.samples, *latest], target.ref, several=several)
        return
    if is_table:
        _add_table(found, samples_of(answer.samples, answer.series), target.ref, several=several)
        return
    series = list(answer.series) or [
        Series(each.labels, ((each.at, each.value),)) for each in answer.samples
    ]
    if target.format is Format.HEATMAP:
        series = buckets_of(series)
    elif len(series) > MOST_LINES:
        found.notes.append(f"the highest {MOST_LINES} of {len(series):,} series")
        series = highest(series, MOST_LINES)
    for each in series:
        name = legend_of(target.legend, each.labels, values, answer.query)
        if target.format is Format.HEATMAP and not target.legend:
            name = each.labels.get("le", name)
        found.lines.append(PanelLine(name, each.labels, target.ref, each.points))
        found.frames.append(frame_of_series(each, name, target.ref))


def _add_table(found: _Answers, samples: Sequence[Sample], ref: str, *, several: bool) -> None:
    if len(samples) > MOST_ROWS:
        found.notes.append(f"query {ref}: the last {MOST_ROWS:,} of {len(samples):,} rows")
        samples = samples[-MOST_ROWS:]
    if samples:
        found.frames.append(frame_of_samples(samples, ref, several))


def _shown(
    found: _Answers, placed: PlacedPanel, window: Window, step: timedelta | None
) -> PanelState:
    frames, notes = transformed(found.frames, placed.panel.transformations)
    lines = found.lines
    if placed.panel.transformations:
        lines = lines_of(frames) if placed.panel.kind is not Kind.TABLE else []
    return PanelState(
        placed,
        tuple(frames),
        tuple(lines),
        tuple(found.errors),
        tuple(dict.fromkeys([*found.notes, *notes])),
        window,
        step,
        min(found.times, default=None),
        asked=True,
        queries=tuple(found.queries),
    )
