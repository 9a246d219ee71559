"""How a number of the metrics pane is told: its arrow, its past, its source."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from math import isfinite
from typing import Final

from hubtui.model.age import seconds_between, short
from hubtui.model.metric import Metric
from hubtui.model.podstate import Severity
from hubtui.model.units import text_of
from hubtui.services.metric_prometheus import NOT_ASKED
from hubtui.services.metric_rows import MetricRow
from hubtui.views import bars
from hubtui.views.cells import EMPTY, SIGN_UNKNOWN, Cell, Tone, cell
from hubtui.views.signs import sign_of, tone_of

STEADY: Final = 0.05
"""The part of a number by which it may change without being told as a change."""

WORSE: Final = 0.2
"""The part by which it becomes worse, where it is on the way to its limit."""

NEAR: Final = 0.5
"""The part of the way to its limit from which on getting worse is worth a word."""

LITTLE: Final = 0.25
"""The part of a number by which it has to change to use the whole height of a sparkline."""

STEP: Final = 10
"""Seconds in whose steps an age is told: each step repaints a line."""

OLD: Final = 180.0
"""Seconds after which the age of a number is told as something to heed."""


class Change(Enum):
    """How a number is against an hour before."""

    UNKNOWN = " "
    STEADY = "·"
    UP = "↑"
    DOWN = "↓"


def change_of(row: MetricRow) -> Change:
    """How it changed; small changes are none."""
    if row.value is None or row.before is None:
        return Change.UNKNOWN
    size = max(abs(row.value), abs(row.before))
    if not isfinite(size) or abs(row.value - row.before) <= STEADY * size:
        return Change.STEADY
    return Change.UP if row.value > row.before else Change.DOWN


def gets_worse(row: MetricRow) -> bool:
    """Whether it went the bad way in the last hour by more than a little, and has come half the way
    to its limit, or beyond."""
    metric = row.metric
    if row.value is None or row.before is None or not metric.worse:
        return False
    if not (isfinite(row.value) and isfinite(row.before)):
        return False
    if metric.rank(row.value) <= metric.rank(row.before):
        return False
    size = max(abs(row.value), abs(row.before))
    return abs(row.value - row.before) > WORSE * size and _is_near(row)


def _is_near(row: MetricRow) -> bool:
    limit = row.metric.soon if row.metric.soon is not None else row.metric.now
    if row.severity > Severity.FINE or limit is None or row.value is None:
        return True
    if row.metric.worse == "less":
        return row.value <= limit / NEAR
    return row.value >= limit * NEAR


def sign_cell(row: MetricRow) -> Cell:
    """What state it is in; one without limits has none."""
    if is_awaited(row):
        return EMPTY
    if row.value is None:
        return EMPTY if row.source else cell(SIGN_UNKNOWN, Tone.MUTED)
    if row.severity:
        return sign_of(row.severity)
    if row.metric.soon is None and row.metric.now is None:
        return EMPTY
    return sign_of(Severity.FINE)


def is_awaited(row: MetricRow) -> bool:
    """Whether it is being asked for the first time."""
    return not row.source and row.missing.startswith(NOT_ASKED)


def text(value: float, metric: Metric) -> str:
    """A value in the metric's unit."""
    return text_of(value, metric.unit)


def value_text(row: MetricRow) -> str:
    """The number in its unit, `-` where there was nothing to measure, `?` where it is unknown;
    nothing while it is asked for."""
    if row.value is None:
        return "" if is_awaited(row) else "-" if row.source else SIGN_UNKNOWN
    return text_of(row.value, row.metric.unit)


def value_cell(row: MetricRow) -> Cell:
    """The same with its tone."""
    if row.value is None:
        return cell(value_text(row), Tone.MUTED)
    return cell(value_text(row), tone_of(row.severity) if row.severity else Tone.STRONG)


def arrow_cell(row: MetricRow) -> Cell:
    """Up or down against an hour before; amber where that is the bad way."""
    change = change_of(row)
    if change in (Change.UNKNOWN, Change.STEADY):
        return EMPTY
    return cell(change.value, Tone.SOON if gets_worse(row) else Tone.MUTED)


def before_cell(row: MetricRow) -> Cell:
    """The number an hour before."""
    return cell(text_of(row.before, row.metric.unit) if row.before is not None else "", Tone.MUTED)


def spark_cell(row: MetricRow, width: int, window: float, now: float) -> Cell:
    """Its past, the newest on the right; a gap is told, what was before the first sample is not."""
    tone = tone_of(row.severity) if row.severity else Tone.TOOL
    columns = in_columns(row, width, window, now)
    first = next((at for at, value in enumerate(columns) if value is not None), len(columns))
    low, span = _scale(columns)
    above = [None if value is None else value - low for value in columns[first:]]
    return bars.sparkline(above, width, tone, top=span)


def _scale(columns: Sequence[float | None]) -> tuple[float, float]:
    """What the lowest block is worth, and by how much the highest is more: so much of the number
    that what stays the same is a low line, and little changes are little."""
    known = [value for value in columns if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    return low, max(high - low, LITTLE * abs(high))


def in_columns(row: MetricRow, width: int, window: float, now: float) -> list[float | None]:
    """The highest sample of each column of a time that ends now. Where samples are rarer than
    columns, one counts until the next is due."""
    found: list[float | None] = [None] * max(0, width)
    if width <= 0 or not row.points:
        return []
    start, each = now - window, window / width
    until = max(1, round(row.step / each))
    for at, value in row.points:
        if not isfinite(value):
            continue
        first = int((at - start) / each)
        for column in range(max(0, first), min(width, first + until)):
            known = found[column]
            found[column] = value if known is None else max(known, value)
    return found


def source_cell(row: MetricRow) -> Cell:
    """Who told it."""
    return cell(row.source, Tone.MUTED)


def age_text(then: datetime | None, now: datetime) -> str:
    """How old it is, in steps of some seconds."""
    if then is None:
        return ""
    passed = seconds_between(then, now)
    return short(passed // STEP * STEP if passed < 60 else passed)


def age_cell(row: MetricRow, now: datetime) -> Cell:
    """The same with its tone: a number that is minutes old is no live one."""
    old = row.as_of is not None and seconds_between(row.as_of, now) > OLD
    return cell(age_text(row.as_of, now), Tone.SOON if old else Tone.MUTED)


def of_cell(row: MetricRow) -> Cell:
    """Which of several it is, and how many there are."""
    if not row.of:
        return EMPTY
    others = len(row.parts) - 1
    return cell(f"{row.of} and {others} more" if others > 0 else row.of, Tone.MUTED)
