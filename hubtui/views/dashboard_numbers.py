"""Panels of single numbers: stat, gauge and bar gauge."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf, isfinite
from typing import Final

from rich.cells import cell_len

from hubtui.model.dashboard import Kind, Look, Panel
from hubtui.model.frames import REDUCERS, Field, Frame, reduced
from hubtui.model.points import Point, finite
from hubtui.model.prometheus import Labels
from hubtui.model.units import PART, PERCENT
from hubtui.services.board_panels import PanelState
from hubtui.views.bars import bar, sparkline
from hubtui.views.big_numbers import HEIGHT as BIG_HEIGHT
from hubtui.views.big_numbers import big
from hubtui.views.cells import Cell, Tone, cell, join
from hubtui.views.dashboard_tones import sign_of_tone, tone_of_value, words_of
from hubtui.views.lines import clip, clip_cell, merged, pad, width_of

_LABEL: Final = re.compile(r"\$\{__field\.labels\.(\w+)\}")
_NAME: Final = re.compile(r"\$\{__(?:series|field)\.name\}")
_LAST: Final = "lastNotNull"
_NAME_SHARE: Final = 0.45
_LEAST_BAR: Final = 8
_LONGEST_SPARKLINE: Final = 60
_NEAR_ZERO: Final = 0.5
_WHOLE: Final = {PART: 1.0, PERCENT: 100.0}


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a panel, and the line that it is the end of."""

    name: str
    value: float | None
    look: Look
    points: tuple[Point, ...] = ()


def name_of(look: Look, name: str, labels: Labels) -> str:
    """What a field is called: by its override, in which its labels may be used."""
    if not look.name:
        return name
    named = _LABEL.sub(lambda found: labels.get(found[1], ""), look.name)
    return _NAME.sub(lambda _: name, named) or name


def numbers_of(state: PanelState) -> list[Number]:
    """The numbers that a panel shows: one for each line, or for each row of a table."""
    panel = state.panel
    reducer = panel.calculations[0] if panel.calculations else _LAST
    if state.lines:
        return list(_of_lines(state, reducer))
    return [number for frame in state.frames for number in _of_table(frame, panel, reducer)]


def _of_lines(state: PanelState, reducer: str) -> Iterator[Number]:
    for line in state.lines:
        look = state.panel.look_of(line.name, line.ref)
        name = name_of(look, line.name, line.labels)
        if not look.hidden and state.panel.shows(name, line.name):
            yield Number(name, reduced(line.points, reducer), look, line.points)


def _of_table(frame: Frame, panel: Panel, reducer: str) -> Iterator[Number]:
    numbers = [each for each in frame.fields if each.is_number]
    texts = [each for each in frame.fields if not each.is_number and not each.is_time]
    if len(numbers) == 1 and texts and frame.length > 1 and not panel.fields:
        yield from _of_rows(numbers[0], texts, panel)
        return
    for each in [*numbers, *texts] if panel.fields else numbers:
        look = panel.look_of(each.name, each.ref)
        name = name_of(look, each.name, each.labels)
        if look.hidden or not panel.shows(name, each.name):
            continue
        known = [value for value in each.values if isinstance(value, (int, float))]
        if known or each.is_number:
            reduce = REDUCERS.get(reducer, REDUCERS[_LAST])
            yield Number(name, reduce(known), look)
        elif words := [str(value) for value in each.values if value]:
            yield Number(name, None, replace(look, no_value=words[-1]))


def _of_rows(number: Field, texts: Sequence[Field], panel: Panel) -> Iterator[Number]:
    look = panel.look_of(number.name, number.ref)
    for row, value in enumerate(number.values):
        name = " ".join(str(each.values[row]) for each in texts if each.values[row])
        yield Number(name, float(value) if isinstance(value, (int, float)) else None, look)


def number_lines(state: PanelState, width: int, height: int, now: datetime) -> list[Cell]:
    """A stat, a gauge or a bar gauge in at most `height` lines."""
    numbers = numbers_of(state)
    if state.panel.kind is Kind.STAT:
        if len(numbers) == 1:
            return _large(numbers[0], width, height, now)
        return _listed(numbers, width, height, lambda each: _small(each, width, now))
    scale = _scale(numbers, state.panel.kind)
    words = max((len(words_of(each.value, each.look, now)) for each in numbers), default=0)
    alone = len(numbers) == 1 and state.panel.kind is Kind.GAUGE
    names = 0 if alone else _name_width(numbers, width)

    def row(each: Number) -> Cell:
        return _bar(each, scale, (names, words), width, now)

    return _listed(numbers, width, height, row)


def _shown(tone: Tone) -> Tone:
    """The tone of a number that no threshold gives one."""
    return Tone.STRONG if tone is Tone.PLAIN else tone


def _listed(
    numbers: Sequence[Number], width: int, height: int, row: Callable[[Number], Cell]
) -> list[Cell]:
    """One line for each number; where they are too many the highest ones, in their order."""
    if len(numbers) <= height:
        return [row(each) for each in numbers]
    most = max(1, height - 1)
    order = sorted(range(len(numbers)), key=lambda place: _height(numbers[place]), reverse=True)
    kept = sorted(order[:most])
    more = f"the highest {most} of {len(numbers):,}"
    lines = [row(numbers[place]) for place in kept]
    return [*lines, ((clip(more, width), Tone.MUTED),)][:height]


def _height(number: Number) -> float:
    return number.value if number.value is not None and isfinite(number.value) else -inf


def _large(number: Number, width: int, height: int, now: datetime) -> list[Cell]:
    """The number as large as there is room, with its line below."""
    words = words_of(number.value, number.look, now)
    tone = tone_of_value(number.look, number.value)
    shown = _shown(tone)
    sign = sign_of_tone(tone)
    room = width - (2 if sign else 0)
    drawn = big(words, room) if height >= BIG_HEIGHT else None
    lines: list[Cell]
    if drawn is None:
        lines = [clip_cell(join(cell(sign, tone), cell(words, shown)), width)]
    else:
        before = [" "] * (BIG_HEIGHT - 1) + [sign or " "] if sign else [""] * BIG_HEIGHT
        lines = [
            merged([(f"{start} " if sign else "", shown), (line, shown)])
            for start, line in zip(before, drawn, strict=True)
        ]
    if len(number.points) > 1 and height > len(lines):
        lines.append(_sparkline(number.points, min(width, _LONGEST_SPARKLINE), tone))
    return lines


def _small(number: Number, width: int, now: datetime) -> Cell:
    """A number of several, with its name and its line."""
    tone = tone_of_value(number.look, number.value)
    words = words_of(number.value, number.look, now)
    names = max(1, int(width * _NAME_SHARE))
    value = join(cell(sign_of_tone(tone), tone), cell(words, _shown(tone)))
    line: Cell = (*pad(cell(number.name), names), (" ", Tone.PLAIN), *value)
    room = width - width_of(line) - 2
    if room >= _LEAST_BAR and len(number.points) > 1:
        drawn = _sparkline(number.points, min(room, _LONGEST_SPARKLINE), tone)
        line = (*line, ("  ", Tone.PLAIN), *drawn)
    return clip_cell(line, width)


def _sparkline(points: Sequence[Point], width: int, tone: Tone) -> Cell:
    shown = Tone.TOOL if tone is Tone.PLAIN else tone
    known = finite(points)
    low, high = min(known, default=0.0), max(known, default=0.0)
    # A number that never comes near zero is shown by how it changes.
    least = 0.0 if 0 <= low < _NEAR_ZERO * high or 0 < low == high else low
    values = [value - least if isfinite(value) else None for _, value in points]
    return sparkline(values, width, shown)


def _scale(numbers: Sequence[Number], kind: Kind) -> tuple[float, float]:
    """From where to where bars go: as the panel says, else shares to the whole, a gauge to 100 and
    others to the highest value."""
    looks = [each.look for each in numbers]
    low = min((each.least for each in looks if each.least is not None), default=0.0)
    most = [each.most for each in looks if each.most is not None]
    values = [each.value for each in numbers if each.value is not None and isfinite(each.value)]
    if most:
        high = max(most)
    elif looks and looks[0].unit in _WHOLE:
        high = max(_WHOLE[looks[0].unit], *values) if values else 1.0
    elif kind is Kind.GAUGE:
        high = 100.0
    else:
        high = max(values, default=1.0)
    return (low, high) if high > low else (low, low + 1)


def _name_width(numbers: Sequence[Number], width: int) -> int:
    longest = max((cell_len(each.name) for each in numbers), default=0)
    return min(longest, max(4, int(width * _NAME_SHARE)))


def _bar(
    number: Number,
    scale: tuple[float, float],
    sizes: tuple[int, int],
    width: int,
    now: datetime,
) -> Cell:
    """Its name, the bar and the value."""
    names, values = sizes
    tone = tone_of_value(number.look, number.value)
    words = words_of(number.value, number.look, now)
    sign = sign_of_tone(tone)
    end = pad(join(cell(words, _shown(tone)), cell(sign, tone)), values + 2, "left")
    start = (*pad(cell(number.name), names), (" ", Tone.PLAIN)) if names else ()
    room = width - width_of(start) - values - 3
    if room < _LEAST_BAR:
        return clip_cell((*start, *end), width)
    low, high = scale
    known = number.value is not None and isfinite(number.value)
    amount = min(max(0.0, (number.value or 0.0) - low), high - low) if known else 0.0
    shown = Tone.TOOL if tone is Tone.PLAIN else tone
    return clip_cell((*start, *bar([(amount, shown)], high - low, room), (" ", shown), *end), width)
