"""The contract between a pane's view model and the widget that draws it.

A view holds the order of its rows as keys and computes cells on demand, for the rows on the screen
only. It never calls the widget: the widget asks at each beat what has become dirty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from hubtui.views.cells import Cell, Tone


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `width` in terminal cells; `grow` takes what is left, or a share of it; `rank`
    says which is dropped first when the width does not suffice (the highest first, 0 never)."""

    id: str
    title: str
    width: int
    align: Literal["left", "right"] = "left"
    grow: bool = False
    rank: int = 0
    sortable: bool = True


@dataclass(frozen=True, slots=True)
class Dirty:
    """What changed since the last look: `keys` of rows to repaint, `order` when rows came, went
    or moved."""

    keys: frozenset[str] = frozenset()
    order: bool = False

    def __bool__(self) -> bool:
        return self.order or bool(self.keys)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh a pane is, in words for its border, and whether its rows are dimmed."""

    words: str
    tone: Tone = Tone.MUTED
    stale: bool = False


class TableSource(Protocol):
    """What a live table draws."""

    @property
    def columns(self) -> Sequence[Column]:
        """All columns in their order; the widget drops those that do not fit."""

    def keys(self) -> Sequence[str]:
        """The keys of the rows that are shown, in order, after filter and folding."""

    def cells(self, key: str, now: datetime) -> Sequence[Cell]:
        """The cells of one row, one for each of `columns`; blank ones for a row that has gone."""

    def drain(self) -> Dirty:
        """What became dirty since the last call; computes the new order if needed."""

    def ticking(self, key: str) -> Literal["never", "minute", "second"]:
        """How often the row changes by the clock alone."""

    def freshness(self, now: datetime) -> Freshness:
        """How fresh the rows are."""

    def empty(self) -> str:
        """The sentence that stands where no row is."""


def fit(columns: Sequence[Column], width: int) -> list[tuple[int, int]]:
    """Which columns fit into `width` terminal cells: pairs of column index and width.

    Columns are one space apart. The highest rank is dropped first; what is left over is shared by
    the columns that grow.
    """
    shown = list(range(len(columns)))

    def needed() -> int:
        return sum(columns[i].width for i in shown) + max(0, len(shown) - 1)

    while needed() > width:
        droppable = [i for i in shown if columns[i].rank > 0]
        if not droppable:
            break
        shown.remove(max(droppable, key=lambda i: (columns[i].rank, i)))
    spare = max(0, width - needed())
    growing = [i for i in shown if columns[i].grow]
    share, rest = divmod(spare, max(1, len(growing)))
    more = dict.fromkeys(growing, share)
    if growing:
        more[growing[-1]] += rest
    return [(i, columns[i].width + more.get(i, 0)) for i in shown]
