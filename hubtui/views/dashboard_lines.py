"""A panel of lines over time: the plot, and below it a legend with what it calculates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from math import inf, isfinite
from typing import Final

from rich.cells import cell_len

from hubtui.model.frames import TITLES, reduced
from hubtui.model.panel_lines import PanelLine
from hubtui.model.points import finite
from hubtui.model.text import one_line
from hubtui.services.board_panels import PanelState
from hubtui.views.cells import Cell, Span, Tone
from hubtui.views.dashboard_numbers import name_of
from hubtui.views.dashboard_tones import tone_of_colour, words_of
from hubtui.views.lines import clip, merged, width_of
from hubtui.views.plot import LEAST_HEIGHT, Frame, Limit, Line, drawn, sign_of, tone_of

LEGEND_SHARE: Final = 3
"""A legend has at most one line in so many."""

MOST_DRAWN: Final = 24
"""Lines of one plot; the others are counted in the legend."""

_GAP: Final[Span] = ("  ", Tone.PLAIN)
_LAST: Final = ("lastNotNull",)
_LEAST_NAME: Final = 8


def shown_lines(state: PanelState) -> list[tuple[PanelLine, Line]]:
    """The series of a panel as they are drawn: named, in their units, those of a stacked panel on
    top of each other; hidden ones are left out. What has another unit than the first has its axis
    on the right, as in Grafana."""
    panel = state.panel
    step = state.step.total_seconds() if state.step is not None else 60.0
    looks = [(each, panel.look_of(each.name, each.ref)) for each in state.lines]
    looks = [(each, look) for each, look in looks if not look.hidden]
    unit = next((look.unit for _, look in looks if not look.right), None)
    found = []
    for each, look in looks:
        name = one_line(name_of(look, each.name, each.labels))
        right = unit is not None and (look.right or look.unit != unit)
        line = Line(name, each.points, look.unit, step, right, look.decimals, bridged=look.bridged)
        found.append((each, line))
    if not panel.stacked:
        return found
    return _stacked(found, [look.apart for _, look in looks])


def _stacked(
    lines: Sequence[tuple[PanelLine, Line]], apart: Sequence[bool]
) -> list[tuple[PanelLine, Line]]:
    """Each on top of the ones before on its side, at the times that it has samples of; those that
    stand `apart` as they are."""
    sums: dict[tuple[bool, float], float] = {}
    found = []
    for (own, line), alone in zip(lines, apart, strict=True):
        if alone:
            found.append((own, line))
            continue
        points = []
        for at, value in line.points:
            if isfinite(value):
                sums[line.right, at] = sums.get((line.right, at), 0.0) + value
                points.append((at, sums[line.right, at]))
            else:
                points.append((at, value))
        found.append((own, replace(line, points=tuple(points))))
    return found


def highest_of(
    shown: Sequence[tuple[PanelLine, Line]], most: int = MOST_DRAWN
) -> list[tuple[PanelLine, Line]]:
    """Those that reach highest, in their order: no terminal tells more of them apart."""
    peaks = [max(finite(line.points), default=-inf) for _, line in shown]
    order = sorted(range(len(shown)), key=lambda place: peaks[place], reverse=True)
    return [shown[place] for place in sorted(order[:most])]


def frame_of(state: PanelState, lines: Sequence[Line]) -> Frame:
    """The time and the limits of a panel's plot. An end of the axis that would hide numbers gives
    way."""
    window, look = state.window, state.panel.look
    start = window.start.timestamp() if window else 0.0
    end = window.end.timestamp() if window else 1.0
    values = [value for line in lines if not line.right for value in finite(line.points)]
    low = look.least if look.least is not None and look.least <= min(values, default=0) else None
    high = look.most if look.most is not None and look.most >= max(values, default=0) else None
    limits = tuple(
        Limit(each.value, tone_of_colour(each.colour))
        for each in (look.limits if look.limited else ())
        if each.value is not None
    )
    return Frame(start=start, end=end, limits=limits, low=low, high=high)


def plot_panel(state: PanelState, width: int, height: int, now: datetime) -> list[Cell]:
    """The plot and its legend in at most `height` lines."""
    shown = shown_lines(state)
    lines = [line for _, line in shown]
    if not any(finite(line.points) for line in lines):
        return []
    count = len(shown)
    if count > MOST_DRAWN:
        shown = highest_of(shown)
        lines = [line for _, line in shown]
    most = max(1, height // LEGEND_SHARE) if height > LEAST_HEIGHT else 0
    told = legend_lines(state, shown, width, most, now, of=count) if most else []
    frame = frame_of(state, lines)
    return [*drawn(lines, frame, width, height - len(told)).rows, *told]


def legend_lines(
    state: PanelState,
    shown: Sequence[tuple[PanelLine, Line]],
    width: int,
    most: int,
    now: datetime,
    *,
    of: int = 0,
) -> list[Cell]:
    """Each series with its sign and what the panel calculates of it, else its last value; how many
    have no room, of all that there are, is told."""
    reducers = state.panel.legend_calculations or _LAST
    lines = [line for _, line in shown]
    entries: list[Cell] = []
    for index, (own, line) in enumerate(shown):
        look = state.panel.look_of(own.name, own.ref)
        numbers = [(each, words_of(reduced(own.points, each), look, now)) for each in reducers]
        if reducers == _LAST:
            words = numbers[0][1]
        else:
            words = " ".join(f"{_short(name)} {value}" for name, value in numbers)
        name = clip(line.name, max(_LEAST_NAME, width - cell_len(words) - 3))
        entries.append(
            (
                (f"{sign_of(index)} ", tone_of(lines, index)),
                (f"{name} ", Tone.PLAIN),
                (words, Tone.STRONG),
            )
        )
    return flowed(entries, width, most, more=max(0, of - len(entries)))


def _short(reducer: str) -> str:
    return TITLES.get(reducer, reducer).rstrip(" *").lower()


def flowed(entries: Sequence[Cell], width: int, most: int, more: int = 0) -> list[Cell]:
    """Entries beside each other, in at most `most` lines; the last one ends with how many are left
    out, `more` of them before."""
    rows: list[list[Cell]] = [[]]
    for place, entry in enumerate(entries):
        if rows[-1] and _width([*rows[-1], entry]) > width:
            if len(rows) == most:
                return _with_rest(rows, len(entries) - place + more, width)
            rows.append([])
        rows[-1].append(entry)
    return _with_rest(rows, more, width) if more else [_spaced(row) for row in rows if row]


def _with_rest(rows: list[list[Cell]], left: int, width: int) -> list[Cell]:
    while True:
        rest: Cell = ((f"+ {left:,} more", Tone.MUTED),)
        if len(rows[-1]) <= 1 or _width([*rows[-1], rest]) <= width:
            break
        rows[-1].pop()
        left += 1
    return [_spaced(row) for row in [*rows[:-1], [*rows[-1], rest]]]


def _width(row: Sequence[Cell]) -> int:
    return width_of(_spaced(row))


def _spaced(row: Sequence[Cell]) -> Cell:
    spans: list[Span] = []
    for place, entry in enumerate(row):
        spans += [_GAP, *entry] if place else entry
    return merged(spans)
