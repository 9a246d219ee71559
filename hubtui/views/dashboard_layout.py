"""Where the panels of a dashboard stand on a terminal: Grafana's grid of 24 columns, fitted.

Panels of one row of the grid stand side by side as far as each has the cells that it needs to be
read; below `SIDE_BY_SIDE` columns they stand below one another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hubtui.model.dashboard import COLUMNS, Kind
from hubtui.model.repeats import PlacedPanel, PlacedSection

SIDE_BY_SIDE: Final = 100
"""Columns of a terminal from which on two panels can stand side by side."""

GAP: Final = 2
"""Columns between two panels."""

LEAST_HEIGHT: Final = 6
USUAL_HEIGHT: Final = 12
"""Lines of a panel that has the height Grafana gives it at first."""

TALLEST: Final = 18

_USUAL: Final = 8
_NEEDED: Final = {Kind.STAT: 20, Kind.GAUGE: 24, Kind.TEXT: 30, Kind.UNSUPPORTED: 30}
_NEEDED_OTHERWISE: Final = 46


@dataclass(frozen=True, slots=True)
class Place:
    """Where a panel stands, in cells and lines from the upper left corner of the dashboard."""

    key: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Title:
    """The line of a row, which folds it."""

    key: str
    y: int
    words: str
    folded: bool
    panels: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrangement:
    """All that stands on a dashboard, in the order from top to bottom."""

    titles: tuple[Title, ...]
    places: tuple[Place, ...]
    height: int

    def within(self, top: int, bottom: int) -> list[Place]:
        """The panels of which anything is between two lines."""
        return [each for each in self.places if each.y < bottom and each.y + each.height > top]


def arranged(
    sections: Sequence[PlacedSection],
    width: int,
    folded: Collection[str] = (),
    tallest: int = TALLEST,
) -> Arrangement:
    """The rows with their panels; of a folded one only the title stands. A first row without a
    title has none to stand. No panel is higher than `tallest`."""
    titles: list[Title] = []
    places: list[Place] = []
    y = 0
    for section in sections:
        is_folded = section.key in folded
        if section.title or section is not sections[0]:
            words = section.title or "without a title"
            titles.append(
                Title(section.key, y, words, is_folded, len(section.panels), section.notes)
            )
            y += 1
        else:
            is_folded = False
        if is_folded:
            continue
        for row in _rows(section.panels, width):
            height = max(height_of(each, tallest) for each in row)
            places += _side_by_side(row, width, y, height)
            y += height + 1
    return Arrangement(tuple(titles), tuple(places), y)


def height_of(placed: PlacedPanel, tallest: int = TALLEST) -> int:
    """Lines of a panel, its title being one of them."""
    asked = placed.panel.grid.height
    height = round(asked * USUAL_HEIGHT / _USUAL)
    if placed.panel.kind in (Kind.STAT, Kind.GAUGE, Kind.BARGAUGE):
        height = min(height, USUAL_HEIGHT)
    return max(LEAST_HEIGHT, min(height, max(LEAST_HEIGHT, tallest)))


def _rows(panels: Sequence[PlacedPanel], width: int) -> Iterator[list[PlacedPanel]]:
    """The panels that stand side by side: those that begin on the same line of the grid."""
    row: list[PlacedPanel] = []
    for each in sorted(panels, key=lambda each: (each.panel.grid.y, each.panel.grid.x)):
        if row and not _joins(row, each, width):
            yield row
            row = []
        row.append(each)
    if row:
        yield row


def _joins(row: Sequence[PlacedPanel], other: PlacedPanel, width: int) -> bool:
    if other.panel.grid.y != row[0].panel.grid.y:
        return False
    both = [*row, other]
    if width < SIDE_BY_SIDE and any(each.panel.kind not in _NEEDED for each in both):
        return False
    return sum(_needed(each) for each in both) + GAP * len(row) <= width


def _needed(placed: PlacedPanel) -> int:
    return _NEEDED.get(placed.panel.kind, _NEEDED_OTHERWISE)


def _side_by_side(row: Sequence[PlacedPanel], width: int, y: int, height: int) -> Iterator[Place]:
    """The whole width shared out as in the grid; nobody gets less than is needed."""
    room = width - GAP * (len(row) - 1)
    shares = [min(COLUMNS, each.panel.grid.width) for each in row]
    cells = [max(1, room * share // sum(shares)) for share in shares]
    for index, each in enumerate(row):
        lacking = min(_needed(each), room // len(row)) - cells[index]
        if lacking > 0:
            widest = max(range(len(row)), key=lambda place: cells[place])
            cells[index] += lacking
            cells[widest] -= lacking
    cells[-1] += room - sum(cells)
    x = 0
    for each, size in zip(row, cells, strict=True):
        yield Place(each.key, x, y, size, height)
        x += size + GAP
