"""A table whose rows are set as a whole: pickers, the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from hubtui.views.cells import Cell, plain
from hubtui.views.filters import Filter
from hubtui.views.table import Column, Dirty, Freshness


class Rows:
    """Rows by key, in the order in which they were set."""

    def __init__(self, columns: Sequence[Column], *, empty: str) -> None:
        self._columns = tuple(columns)
        self._rows: dict[str, Sequence[Cell]] = {}
        self._shown: list[str] = []
        self._dirty = Dirty(order=True)
        self._filter = Filter()
        self.sentence = empty

    @property
    def columns(self) -> Sequence[Column]:
        return self._columns

    def set(self, rows: Mapping[str, Sequence[Cell]]) -> None:
        """These are the rows from now on."""
        self._rows = dict(rows)
        self._arrange()

    def set_filter(self, text: str) -> None:
        """Shows only the rows whose words match."""
        self._filter = Filter.parse(text)
        self._arrange()

    def _arrange(self) -> None:
        self._shown = [
            key
            for key, cells in self._rows.items()
            if self._filter.matches({"": " ".join(plain(cell) for cell in cells)})
        ]
        self._dirty = Dirty(frozenset(self._rows), order=True)

    def keys(self) -> Sequence[str]:
        return self._shown

    def cells(self, key: str, now: datetime) -> Sequence[Cell]:
        return self._rows.get(key, ((),) * len(self._columns))

    def drain(self) -> Dirty:
        dirty, self._dirty = self._dirty, Dirty()
        return dirty

    def ticking(self, key: str) -> Literal["never", "minute", "second"]:
        return "never"

    def freshness(self, now: datetime) -> Freshness:
        return Freshness("")

    def empty(self) -> str:
        return self.sentence
