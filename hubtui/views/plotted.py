"""What a plot shows of the answers to its questions: lines, marks of revisions, words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from math import isfinite
from typing import Final

from hubtui.model.age import precise
from hubtui.model.metric import Metric
from hubtui.model.panel_lines import highest
from hubtui.model.points import finite
from hubtui.model.prometheus import Labels
from hubtui.model.release import RevisionHead
from hubtui.services.metric_rows import MetricRow, label_of
from hubtui.services.ranges import RangeAnswer
from hubtui.views import metric_cells as told
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung, fact, heading
from hubtui.views.plot import Frame, Limit, Line, Mark
from hubtui.views.plot_axes import when

MOST: Final = 6
"""Lines of a plot: more have no colour and sign of their own."""

FAR: Final = 20.0
"""How many times larger a second series may be before it has its own axis."""

Naming = Callable[[Labels], str]


def lines_of(
    answer: RangeAnswer, title: str, unit: str, naming: Naming, most: int = MOST
) -> tuple[list[Line], str]:
    """The series as lines, those that reach highest where there are too many, which is told."""
    kept = highest(answer.series, most)
    step = answer.step.total_seconds()
    lines = []
    for each in kept:
        name = naming(each.labels)
        words = title if not name else name if len(kept) > 1 else f"{title} {name}"
        lines.append(Line(words, each.points, unit, step))
    cut = len(answer.series) - len(kept)
    return lines, f"the {len(kept)} highest of {len(answer.series):,}" if cut else ""


def with_second(first: Sequence[Line], second: Sequence[Line]) -> list[Line]:
    """Both on one plot; the second has an axis of its own where units or sizes differ."""
    if not _apart(first, second):
        return [*first, *second]
    moved = (
        Line(each.name, each.points, each.unit, each.step, right=True, decimals=each.decimals)
        for each in second
    )
    return [*first, *moved]


def _apart(first: Sequence[Line], second: Sequence[Line]) -> bool:
    if {each.unit for each in first} != {each.unit for each in second}:
        return True
    sizes = [_size(lines) for lines in (first, second)]
    return min(sizes) > 0 and max(sizes) > FAR * min(sizes)


def _size(lines: Iterable[Line]) -> float:
    return max((abs(value) for line in lines for value in finite(line.points)), default=0.0)


def marks_of(heads: Iterable[RevisionHead], start: float, end: float) -> tuple[Mark, ...]:
    """The revisions that came in the time that is looked at."""
    return tuple(
        Mark(head.created.timestamp(), f"r{head.revision}")
        for head in heads
        if head.created is not None and start <= head.created.timestamp() <= end
    )


def limits_of(metric: Metric | None) -> tuple[Limit, ...]:
    """From which values on it is amber and red."""
    if metric is None or not metric.worse:
        return ()
    pairs = ((metric.soon, Tone.SOON), (metric.now, Tone.NOW))
    return tuple(Limit(value, tone) for value, tone in pairs if value is not None)


def naming_of(metric: Metric) -> Naming:
    """What tells its series apart."""
    return lambda labels: label_of(metric, labels)


def headline(window: timedelta, frame: Frame, *, live: bool) -> Cell:
    """Which time is looked at, and where the cursor stands."""
    length = frame.end - frame.start
    if live:
        words = f"last {precise(window.total_seconds())}"
    else:
        ends = (when(each, max(length, 1000.0), frame.zone) for each in (frame.start, frame.end))
        words = " to ".join(ends)
    spans: Cell = cell(words, Tone.MUTED)
    if frame.cursor is not None:
        spans = (*spans, (f"  at {when(frame.cursor, length, frame.zone)}", Tone.STRONG))
    return spans


def about(row: MetricRow, question: str, now: datetime) -> Iterable[Cell | Hung]:
    """A metric in full: what it is, how it is now, where it is from, what is missing."""
    metric = row.metric
    yield heading(metric.title)
    if metric.meaning:
        yield cell(metric.meaning)
    yield ()
    yield fact("Now", _now(row))
    if row.before is not None:
        yield fact("An hour ago", told.before_cell(row))
    if limits := _limits(metric):
        yield fact("Limits", cell(limits))
    if row.source:
        yield fact("Source", cell(f"{row.source}, {told.age_text(row.as_of, now)} ago"))
    if row.missing:
        yield fact("Missing" if not row.source else "No number", cell(row.missing, Tone.SOON))
    if row.value is None and row.cure:
        yield fact("Cure", cell(row.cure))
    if metric.needs:
        yield fact("Needs", cell(metric.needs, Tone.MUTED))
    yield fact("PromQL", cell(question, Tone.MUTED))
    if len(row.parts) > 1:
        yield ()
        yield heading(f"All {len(row.parts)}, the worst first")
        for part in row.parts:
            yield fact(told.text(part.value, metric), cell(part.label))


def _now(row: MetricRow) -> Cell:
    spans = (*told.sign_cell(row), (" ", Tone.PLAIN), *told.value_cell(row))
    if told.arrow_cell(row):
        spans = (*spans, (" ", Tone.PLAIN), *told.arrow_cell(row))
    return (*spans, ("  ", Tone.PLAIN), *cell(row.of, Tone.MUTED)) if row.of else spans


def _limits(metric: Metric) -> str:
    way = "from" if metric.worse == "more" else "at or below"
    pairs = ((metric.soon, "amber"), (metric.now, "red"))
    return ", ".join(
        f"{tone} {way} {told.text(value, metric)}"
        for value, tone in pairs
        if value is not None and isfinite(value) and metric.worse
    )
