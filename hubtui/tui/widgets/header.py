"""The line of titles of a live table, and which columns stand where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.style import Style
from textual.strip import Strip

from hubtui.tui.widgets.strips import strip
from hubtui.views import lines
from hubtui.views.cells import Cell, Tone
from hubtui.views.table import Column, fit

LEAST = 4
"""A column with less room than this says nothing and is left out."""

UP = "↑"
DOWN = "↓"


@dataclass(frozen=True, slots=True)
class Sort:
    """By which column the rows are sorted."""

    column: str
    descending: bool = False


class Header:
    """Titles, widths and the sort arrow; `version` grows whenever rows must be drawn anew."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.version = 0
        self._columns: tuple[Column, ...] = ()
        self._width = 1
        self._sort: Sort | None = None
        self.fitted: list[tuple[int, int]] = []
        self.aligns: list[lines.Align] = []
        self.update(columns)

    @property
    def height(self) -> int:
        """One line, or none where no column has a title."""
        return 1 if any(column.title for column in self._columns) else 0

    def update(self, columns: Sequence[Column]) -> bool:
        """Takes the columns; True if they are others than before."""
        if tuple(columns) == self._columns:
            return False
        self._columns = tuple(columns)
        self._fit()
        return True

    def resize(self, width: int) -> None:
        """Rows are `width` cells wide now."""
        if width != self._width:
            self._width = width
            self._fit()

    def sort_by(self, sort: Sort | None) -> bool:
        """Takes the order to show; True if it is another one than before."""
        changed = sort != self._sort
        self._sort = sort
        return changed

    def column_at(self, x: int) -> str | None:
        """The id of the column at a cell of the line, if rows can be sorted by it."""
        start = 0
        for index, width in self.fitted:
            if start <= x < start + width:
                column = self._columns[index]
                return column.id if column.sortable else None
            start += width + 1
        return None

    def strip(self, styles: Mapping[Tone, Style], *, ascii_only: bool) -> Strip:
        """The line of titles, one cell wider on each side than a row."""
        cell = self.titles()
        if ascii_only:
            cell = lines.cell_to_ascii(cell)
        return strip(lines.pad(cell, self._width + 2), styles)

    def titles(self) -> Cell:
        """The titles in their columns; the arrow stands beside its title, never in its place."""
        text, arrow_at = " ", None
        for index, width in self.fitted:
            column = self._columns[index]
            title = lines.clip(column.title, width)
            if self._sort is not None and column.id == self._sort.column:
                # The gap beside the column takes the arrow where the title fills its place.
                right = len(text) + width - len(title) - 1
                arrow_at = right if column.align == "right" else len(text) + len(title)
            text += (title.rjust(width) if column.align == "right" else title.ljust(width)) + " "
        if self._sort is None or arrow_at is None:
            return ((text, Tone.MUTED),)
        arrow = DOWN if self._sort.descending else UP
        return lines.merged(
            [
                (text[:arrow_at], Tone.MUTED),
                (arrow, Tone.ACCENT),
                (text[arrow_at + 1 :], Tone.MUTED),
            ]
        )

    def _fit(self) -> None:
        self.version += 1
        self.fitted = _shrunk(fit(self._columns, self._width), self._width)
        self.aligns = [column.align for column in self._columns]


def _shrunk(fitted: Sequence[tuple[int, int]], room: int) -> list[tuple[int, int]]:
    """The columns within `room` cells, where even those that are never dropped are too wide."""
    shrunk: list[tuple[int, int]] = []
    for index, width in fitted:
        if room < min(width, LEAST):
            break
        shrunk.append((index, min(width, room)))
        room -= width + 1
    return shrunk
