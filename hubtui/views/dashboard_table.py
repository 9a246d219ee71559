"""A table of a dashboard: columns as wide as they need, numbers in their units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich.cells import cell_len

from hubtui.model.dashboard import Look, Panel
from hubtui.model.frames import Field, Frame, Value
from hubtui.model.text import one_line
from hubtui.model.transformations import ordered
from hubtui.model.units import text_of
from hubtui.services.board_panels import PanelState
from hubtui.views.cells import Cell, Span, Tone, cell
from hubtui.views.dashboard_numbers import name_of
from hubtui.views.dashboard_tones import words_of
from hubtui.views.lines import clip, clip_cell, merged, pad

GAP: Final = "  "
LEAST_TEXT: Final = 12
"""Cells that a column of text keeps where the table has to be made narrower."""

_TIME_UNIT: Final = "dateTimeAsIso"


@dataclass(frozen=True, slots=True)
class Column:
    """A column with its cells as words."""

    title: str
    words: tuple[str, ...]
    is_number: bool
    is_firm: bool = False
    """Whether it is of no use when it is cut: a number, a time."""

    @property
    def width(self) -> int:
        """What it needs."""
        return max(cell_len(self.title), max((cell_len(each) for each in self.words), default=0))


def columns_of(state: PanelState, now: datetime) -> list[Column]:
    """The columns of the table that a panel shows, its rows sorted as the panel says: the first
    one of several tables."""
    frame = next((each for each in state.frames if each.length), None)
    if frame is None:
        return []
    panel = state.panel
    for written, falls in reversed(panel.sort):
        name = _sorted_by(frame, panel, written)
        frame = ordered(frame, name, falls=falls) if name else frame
    return [
        Column(
            one_line(name_of(look, each.name, each.labels)),
            _words(each, look, now),
            each.is_number,
            each.is_number or each.is_time,
        )
        for each in frame.fields
        if not (look := panel.look_of(each.name, each.ref)).hidden
    ]


def others_of(state: PanelState) -> int:
    """How many tables a panel has beside the one that is shown."""
    return max(0, sum(bool(each.length) for each in state.frames) - 1)


def _sorted_by(frame: Frame, panel: Panel, written: str) -> str:
    """The field that a sort names: by its shown name, in old tables by its number."""
    for each in frame.fields:
        if written in (each.name, name_of(panel.look_of(each.name, each.ref), each.name, {})):
            return each.name
    if written.isdecimal() and int(written) < len(frame.fields):
        return frame.fields[int(written)].name
    return ""


def _words(field: Field, look: Look, now: datetime) -> tuple[str, ...]:
    return tuple(_word(value, field, look, now) for value in field.values)


def _word(value: Value, field: Field, look: Look, now: datetime) -> str:
    if isinstance(value, str):
        return one_line(value)
    if value is None:
        return look.mapped(None)
    if field.is_time and not look.unit:
        return text_of(value, _TIME_UNIT)
    return words_of(value, look, now)


def table_lines(state: PanelState, width: int, height: int, now: datetime) -> list[Cell]:
    """The table in at most `height` lines; columns and rows that have no room are counted."""
    columns = columns_of(state, now)
    if not columns:
        return []
    fitted = fitted_columns(columns, width)
    rows = len(columns[0].words)
    told = _told(columns, fitted, state)
    room = height - 1 - bool(told)
    if rows > room:
        room = height - 2
        told = [f"{rows - max(0, room):,} more rows", *told]
    lines = [_line([(each.title, each, size) for each, size in fitted], Tone.MUTED)]
    for row in range(min(rows, max(0, room))):
        lines.append(_line([(each.words[row], each, size) for each, size in fitted], Tone.PLAIN))
    if told:
        lines.append(clip_cell(cell(", ".join(told), Tone.MUTED), width))
    return lines[: max(0, height)]


def _told(
    columns: Sequence[Column], fitted: Sequence[tuple[Column, int]], state: PanelState
) -> list[str]:
    found = []
    if left := len(columns) - len(fitted):
        found.append(f"{left} more columns" if left > 1 else "1 more column")
    if others := others_of(state):
        found.append(f"the first of {others + 1} tables")
    return found


def fitted_columns(columns: Sequence[Column], width: int) -> list[tuple[Column, int]]:
    """The columns that have room, with their widths: texts are made narrower first, the longest
    most, then columns at the end are left out. With `width` 0 nothing is cut."""
    shown = list(columns)
    if not width:
        return [(each, each.width) for each in shown]
    while shown:
        sizes = [each.width for each in shown]
        room = width - len(GAP) * (len(shown) - 1)
        texts = [index for index, each in enumerate(shown) if not each.is_firm]
        while sum(sizes) > room and texts:
            longest = max(texts, key=lambda index: sizes[index])
            if sizes[longest] <= LEAST_TEXT:
                break
            second = max((sizes[i] for i in texts if sizes[i] < sizes[longest]), default=LEAST_TEXT)
            sizes[longest] = max(LEAST_TEXT, second, sizes[longest] - (sum(sizes) - room))
            if sizes[longest] == second:
                sizes[longest] = max(LEAST_TEXT, second - 1)
        if sum(sizes) <= room or len(shown) == 1:
            return list(zip(shown, [min(size, width) for size in sizes], strict=True))
        shown.pop()
    return []


def _line(cells: Sequence[tuple[str, Column, int]], tone: Tone) -> Cell:
    spans: list[Span] = []
    for place, (words, column, width) in enumerate(cells):
        if place:
            spans.append((GAP, Tone.PLAIN))
        padded: Cell = ((clip(words, width), tone),) if words else ()
        spans += pad(padded, width, "right" if column.is_number else "left")
    return merged(spans)
