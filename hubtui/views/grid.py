"""Tables as lines: as wide as their content, cut only where a terminal is narrower."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hubtui.views.cells import Cell, Tone
from hubtui.views.lines import clip_cell, merged, pad, width_of
from hubtui.views.table import Column, fit

GAP = "  "
"""Two spaces, since one may stand within a cell."""


def table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int) -> list[Cell]:
    """A header and the rows; `width` 0 leaves nothing out and cuts nothing.

    The last cell of a row with fewer cells than columns spans the others.
    """
    title = tuple(((column.title, Tone.MUTED),) for column in columns)
    every = [title, *rows]
    last = len(columns) - 1
    wide = [
        max(width_of(row[index]) for row in every if index < len(row) - (len(row) <= last))
        for index in range(len(columns))
    ]
    fitted = _fitted(columns, wide, width)
    aligns = [column.align for column in columns]
    lines = [_line(row, fitted, aligns, width) for row in every]
    return [clip_cell(line, width) for line in lines] if width else lines


def _fitted(columns: Sequence[Column], wide: Sequence[int], width: int) -> list[tuple[int, int]]:
    if not width or sum(wide) + len(GAP) * (len(wide) - 1) <= width:
        return list(enumerate(wide))
    # `fit` counts one space between columns, so the other one belongs to the column.
    asked = [
        replace(column, width=1 + (min(column.width, size) if column.grow else size))
        for column, size in zip(columns, wide, strict=True)
    ]
    return [(index, size - 1) for index, size in fit(asked, width + 1)]


def _line(
    row: Sequence[Cell], fitted: Sequence[tuple[int, int]], aligns: Sequence[str], room: int
) -> Cell:
    spans: list[tuple[str, Tone]] = []
    spanning = len(row) - 1 if len(row) < len(aligns) else len(aligns)
    for position, (index, width) in enumerate(fitted):
        if position:
            spans.append((GAP, Tone.PLAIN))
        if index >= spanning:
            rest = row[spanning]
            spans.extend(clip_cell(rest, room - width_of(spans)) if room else rest)
            break
        spans.extend(pad(row[index], width, "right" if aligns[index] == "right" else "left"))
    return _stripped(merged(spans))


def _stripped(line: Cell) -> Cell:
    """The line without blanks at its end: they wrap where a terminal is just as wide."""
    if not line:
        return line
    text, tone = line[-1]
    return (*line[:-1], (text.rstrip(), tone)) if text.rstrip() else _stripped(line[:-1])
