"""Lines over time with their axes, as lines of cells.

A series is told from the others by its colour and by a sign that stands on its line here and there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Final

from rich.cells import cell_len

from hubtui.model.points import Point, at, finite, segments, thinned
from hubtui.model.text import one_line
from hubtui.model.units import text_of
from hubtui.views import plot_axes
from hubtui.views.cells import Cell, Span, Tone
from hubtui.views.lines import clip, clip_cell, merged, pad
from hubtui.views.plot_axes import Axis
from hubtui.views.plot_raster import NOBODY, Raster

SIGNS: Final = "■◆+×◇□"
TONES: Final = (Tone.TOOL, Tone.LINE_2, Tone.LINE_3, Tone.LINE_4, Tone.WAITING, Tone.PLAIN)
"""What tells a series from others, by its place; after the last one they begin anew."""

SIGN_EACH: Final = 24
"""Columns from one sign on a line to the next."""

BLANK: Final[Span] = (" ", Tone.MUTED)
CURSOR, MARK, LIMIT = "│", "┊", "╌"
LEAST_WIDTH, LEAST_HEIGHT = 24, 5
"""Below it there is no room for a plot."""

REACH: Final = 2.0
"""How many times the highest value a limit may be to have a place on the axis."""

RIGHT: Final = " (right)"

_NEAR: Final = 1.5
"""Steps from the cursor within which a sample is the value there."""


@dataclass(frozen=True, slots=True)
class Line:
    """A series: its samples are `step` seconds apart, and it goes on over `bridged` seconds without
    one. One that is on the `right` has its own unit and axis there."""

    name: str
    points: tuple[Point, ...]
    unit: str = ""
    step: float = 60.0
    right: bool = False
    decimals: int | None = None
    tone: Tone | None = None
    bridged: float = 0.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment at which something happened, such as a new revision."""

    at: float
    label: str
    tone: Tone = Tone.ACCENT


@dataclass(frozen=True, slots=True)
class Limit:
    """A value from which on it is bad, on the left axis."""

    value: float
    tone: Tone = Tone.SOON


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a plot shows beside its lines: from when to when in unix seconds, and the rest.

    `low` and `high` bind the left axis. `zone` None is the zone of this machine. A drawing that is
    not `signed` has no signs on its lines.
    """

    start: float
    end: float
    marks: tuple[Mark, ...] = ()
    limits: tuple[Limit, ...] = ()
    cursor: float | None = None
    low: float | None = None
    high: float | None = None
    zone: tzinfo | None = None
    signed: bool = True


def tone_of(lines: Sequence[Line], index: int) -> Tone:
    """The colour of a line."""
    return lines[index].tone or TONES[index % len(TONES)]


def sign_of(index: int) -> str:
    """The sign of a line."""
    return SIGNS[index % len(SIGNS)]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the field of a plot lies in its drawing, and which time a column of it is."""

    left: int
    width: int
    start: float
    end: float

    def moment(self, column: float) -> float:
        """The time in the middle of a column of the field."""
        return self.start + (self.end - self.start) * (column + 0.5) / max(1, self.width)

    def column(self, moment: float) -> int | None:
        """The column of the field that a moment falls into, if it is there."""
        if not self.start <= moment <= self.end or self.width <= 0:
            return None
        share = (moment - self.start) / (self.end - self.start)
        return min(self.width - 1, int(share * self.width))


@dataclass(frozen=True, slots=True)
class Drawing:
    """A plot as lines of cells, each as wide as was asked for."""

    rows: tuple[Cell, ...]
    place: Place


def drawn(lines: Sequence[Line], frame: Frame, width: int, height: int) -> Drawing:
    """The plot in so many cells. Where nothing has a number it says so in the field."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT or frame.end <= frame.start:
        short = tuple(pad((("no room for a plot", Tone.MUTED),), width) for _ in range(height))
        return Drawing(short, Place(0, 0, frame.start, frame.end))
    rows = height - 2 - bool(frame.marks)
    left = _axis([line for line in lines if not line.right], frame, rows)
    right = _axis([line for line in lines if line.right], None, rows)
    labels, right_labels = _labels(left, rows), _labels(right, rows)
    before = max((len(label) for label in labels.values()), default=0)
    after = max((len(label) for label in right_labels.values()), default=0)
    field = max(1, width - before - 1 - (after + 1 if right is not None else 0))
    place = Place(before + 1, field, frame.start, frame.end)
    inside = _Field(lines, frame, place, rows, left, right).cells()
    found = [_marks_row(frame, place, width)] if frame.marks else []
    for row, cells in enumerate(inside):
        label = labels.get(row, "")
        spans: list[Span] = [
            (f"{label:>{before}}", Tone.MUTED),
            ("┤" if label else "│", Tone.MUTED),
            *cells,
        ]
        if right is not None:
            label = right_labels.get(row, "")
            spans += [("├" if label else "│", Tone.MUTED), (f"{label:<{after}}", Tone.MUTED)]
        found.append(pad(merged(spans), width))
    found += time_rows(place, width, frame.zone, right=right is not None)
    return Drawing(tuple(found), place)


def _axis(lines: Sequence[Line], frame: Frame | None, rows: int) -> Axis | None:
    """The axis of one side; with `frame` that of the left, which is there without lines too."""
    if not lines and frame is None:
        return None
    values = [value for line in lines for value in finite(line.points)]
    unit, decimals = (lines[0].unit, lines[0].decimals) if lines else ("", None)
    if frame is not None:
        values += _near(frame.limits, max(values, default=0.0))
    if frame is None:
        return plot_axes.axis_of(values, rows, unit, decimals=decimals)
    return plot_axes.axis_of(values, rows, unit, low=frame.low, high=frame.high, decimals=decimals)


def _near(limits: Sequence[Limit], most: float) -> list[float]:
    """The limits that have a place on the axis: those in reach, and all while there is nothing."""
    return [limit.value for limit in limits if most <= 0 or limit.value <= REACH * most]


def _labels(axis: Axis | None, rows: int) -> dict[int, str]:
    """The label of each row that has a tick."""
    found: dict[int, str] = {}
    if axis is None:
        return found
    if len({axis.label(tick) for tick in axis.ticks}) < len(axis.ticks):
        axis = replace(axis, decimals=None)  # so few places would say the same of several
    for tick in axis.ticks:
        row = round((1 - axis.share(tick)) * (rows - 1))
        if 0 <= row < rows and row not in found:
            found[row] = clip(axis.label(tick), 12)
    return found


class _Field:
    """The field between the axes."""

    def __init__(
        self,
        lines: Sequence[Line],
        frame: Frame,
        place: Place,
        rows: int,
        left: Axis | None,
        right: Axis | None,
    ) -> None:
        self._lines, self._frame, self._place, self._rows = lines, frame, place, rows
        self._left, self._right = left, right
        self._raster = Raster(place.width, rows)
        self._over: dict[int, list[tuple[int, Span]]] = {}

    def cells(self) -> list[list[Span]]:
        """The rows from the top."""
        # The first line lies on top: it is the one that was asked for.
        for index in reversed(range(len(self._lines))):
            self._draw(index)
        if self._frame.signed and len(self._lines) > 1:
            for index in range(len(self._lines)):
                self._sign(index)
        columns, limits = self._columns(), self._limits()
        tones = [tone_of(self._lines, index) for index in range(len(self._lines))]
        found = []
        for row in range(self._rows):
            blank = limits.get(row, BLANK)
            spans = [
                (sign, tones[owner]) if owner != NOBODY else columns.get(column, blank)
                for column, (sign, owner) in enumerate(self._raster.row(row))
            ]
            for column, sign in self._over.get(row, ()):
                spans[column] = sign
            found.append(spans)
        return found

    def _draw(self, index: int) -> None:
        line, frame = self._lines[index], self._frame
        axis = self._right if line.right else self._left
        if axis is None:
            return
        length = frame.end - frame.start
        inside = [point for point in line.points if frame.start <= point[0] <= frame.end]
        for segment in segments(inside, line.step, line.bridged):
            points = thinned(segment, frame.start, frame.end, self._place.width)
            places = [((when - frame.start) / length, axis.share(value)) for when, value in points]
            self._raster.line(places, index)

    def _sign(self, index: int) -> None:
        """A sign on the line at places where no other line covers it."""
        width, count = self._place.width, len(self._lines)
        at_column = width - 1 - index * SIGN_EACH // count
        while at_column >= 0:
            for column in range(at_column, max(-1, at_column - SIGN_EACH // 2), -1):
                rows = self._raster.rows_of(index, column)
                if rows:
                    row = rows[len(rows) // 2]
                    sign = (sign_of(index), tone_of(self._lines, index))
                    self._over.setdefault(row, []).append((column, sign))
                    break
            at_column -= SIGN_EACH

    def _columns(self) -> dict[int, Span]:
        """What stands below the lines in a whole column."""
        found: dict[int, Span] = {}
        for mark in self._frame.marks:
            if (column := self._place.column(mark.at)) is not None:
                found[column] = (MARK, mark.tone)
        if self._frame.cursor is not None:
            column = self._place.column(self._frame.cursor)
            if column is not None:
                found[column] = (CURSOR, Tone.STRONG)
        return found

    def _limits(self) -> dict[int, Span]:
        """What stands below the lines in a whole row."""
        found: dict[int, Span] = {}
        for limit in self._frame.limits:
            share = self._left.share(limit.value) if self._left is not None else -1.0
            if 0 <= share <= 1:
                found[round((1 - share) * (self._rows - 1))] = (LIMIT, limit.tone)
        return found


def _marks_row(frame: Frame, place: Place, width: int) -> Cell:
    """The names of the marks, above them; of two that would touch the later one is kept."""
    words = [(" ", Tone.PLAIN)] * width
    free = width
    for mark in sorted(frame.marks, key=lambda each: -each.at):
        column = place.column(mark.at)
        label = clip(one_line(mark.label), 16)
        if column is None:
            continue
        start = min(place.left + column, free - len(label) - 1)
        if start >= place.left and start + len(label) > place.left + column:
            words[start : start + len(label)] = [(letter, mark.tone) for letter in label]
            free = start
    return merged(words[:width])


def time_rows(
    place: Place, width: int, zone: tzinfo | None = None, *, right: bool = False
) -> list[Cell]:
    """The time axis and what stands below it."""
    line = ["─"] * place.width
    words = [" "] * width
    free = 0
    for moment in plot_axes.moments(place.start, place.end, place.width, zone):
        column = place.column(moment.at)
        if column is None:
            continue
        line[column] = "┴"
        start = min(place.left + column - len(moment.label) // 2, width - len(moment.label))
        if start >= free:
            words[start : start + len(moment.label)] = moment.label
            free = start + len(moment.label) + 1
    ends = "┘" if right else ""
    axis = f"{'└':>{place.left}}{''.join(line)}{ends}"
    return [
        pad(((axis, Tone.MUTED),), width),
        (("".join(words), Tone.MUTED),),
    ]


# -- the legend


def legend(lines: Sequence[Line], frame: Frame, width: int, most: int) -> list[Cell]:
    """One line for each series: its value at the cursor or its last one, and its extremes; what
    finds no room in `most` lines is counted."""
    shown = list(range(len(lines)))
    if len(shown) > most:
        shown = shown[: max(0, most - 1)]
    told = [_told(lines[index], frame) for index in shown]
    sizes = [max((len(each[place]) for each in told), default=0) for place in range(3)]
    room = max(8, width - sum(sizes) - 20)
    names = [one_line(lines[index].name) + RIGHT * lines[index].right for index in shown]
    name_width = min(room, max((cell_len(name) for name in names), default=0))
    found = []
    for index, name, (value, least, greatest) in zip(shown, names, told, strict=True):
        found.append(
            clip_cell(
                (
                    (f"{sign_of(index)} ", tone_of(lines, index)),
                    *pad(((name, Tone.PLAIN),), name_width),
                    (f"  {value:>{sizes[0]}}", Tone.STRONG),
                    (f"   min {least:>{sizes[1]}}  max {greatest:>{sizes[2]}}", Tone.MUTED),
                ),
                width,
            )
        )
    if len(shown) < len(lines) and most > 0:
        found.append(clip_cell(((f"  and {len(lines) - len(shown)} more", Tone.MUTED),), width))
    return found


def value_at(line: Line, moment: float) -> float | None:
    """The value of a line at a moment; None in a gap."""
    return at(line.points, moment, _NEAR * line.step)


def _told(line: Line, frame: Frame) -> tuple[str, str, str]:
    values = finite(point for point in line.points if frame.start <= point[0] <= frame.end)
    if frame.cursor is not None:
        value = value_at(line, frame.cursor)
    else:
        value = values[-1] if values else None

    def text(number: float | None) -> str:
        return text_of(number, line.unit, line.decimals)

    return text(value), text(min(values, default=None)), text(max(values, default=None))


def moved(frame: Frame, place: Place, by: int, lines: Iterable[Line]) -> float:
    """Where the cursor is `by` columns further; the first move begins at the last sample."""
    if frame.cursor is None:
        ends = [line.points[-1][0] for line in lines if line.points]
        return min(max(ends, default=frame.end), frame.end)
    column = place.column(frame.cursor)
    start = column if column is not None else place.width - 1
    return place.moment(min(max(0, start + by), place.width - 1))
