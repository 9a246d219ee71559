"""A dashboard on a screen: which lines of it are seen, and which panels are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hubtui.services.board import LAYOUT, Board
from hubtui.services.board_panels import PanelState
from hubtui.views.cells import Cell
from hubtui.views.dashboard import lines_between
from hubtui.views.dashboard_layout import LEAST_HEIGHT, Arrangement, Place, arranged
from hubtui.views.dashboard_panel import panel_lines

ROW: Final = "row/"
"""Before the key of a row, which can be that of a panel, too."""

STEP_OF_WIDTH: Final = 10
"""Columns by which a panel has to change until it is asked again for other samples."""

_KEPT: Final = 64
"""Drawn panels that are kept."""


@dataclass(frozen=True, slots=True)
class Item:
    """What can be chosen: a panel, or the title of a row."""

    key: str
    x: int
    y: int
    width: int
    height: int
    is_row: bool = False


class BoardView:
    """The lines of a board at one width. `update` takes what has changed; `lines` draws."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self._folded: set[str] = set()
        self._known: set[str] = set()
        self._size = (0, 0)
        self._plan = Arrangement((), (), 0)
        self._laid: object = None
        self._drawn: dict[tuple[str, bool], tuple[PanelState, Place, list[Cell]]] = {}

    @property
    def height(self) -> int:
        """Lines of the whole dashboard."""
        return self._plan.height

    @property
    def items(self) -> list[Item]:
        """What can be chosen, from the top, and from the left where it is as high."""
        found = [
            Item(each.key, each.x, each.y, each.width, each.height) for each in self._plan.places
        ]
        width = self._size[0]
        found += [
            Item(f"{ROW}{each.key}", 0, each.y, width, 1, is_row=True) for each in self._plan.titles
        ]
        return sorted(found, key=lambda each: (each.y, each.x))

    def resize(self, width: int, height: int) -> None:
        """The window has so many cells and lines now."""
        if (width, height) != self._size:
            self._size = (width, height)
            self._arrange()

    def update(self) -> bool:
        """Takes what changed since the last time; whether anything did."""
        changed = self.board.update()
        if LAYOUT in changed:
            self._arrange()
        return bool(changed)

    def toggle(self, row: str) -> None:
        """Folds a row, or unfolds it."""
        self._folded ^= {row.removeprefix(ROW)}
        self._arrange()

    def look_at(self, top: int, height: int) -> None:
        """These lines are seen: their panels are asked, fitted to their width."""
        self._keep_up()
        seen = self._plan.within(top, top + height)
        for place in seen:
            self.board.panel(place.key, _columns(place.width))
        self.board.wanted(place.key for place in seen)

    def lines(self, top: int, height: int, chosen: str, now: datetime) -> list[Cell]:
        """The lines in the window; of `chosen` the title is marked."""
        self._keep_up()

        def draw(place: Place) -> Sequence[Cell]:
            return self._panel(place, place.key == chosen, now)

        return lines_between(
            self._plan,
            self._size[0],
            top,
            top + height,
            draw,
            chosen.removeprefix(ROW) if chosen.startswith(ROW) else "",
        )

    def state(self, key: str) -> PanelState | None:
        """What is known for a panel; None for a row, or for what is not there any more."""
        self._keep_up()
        if not any(place.key == key for place in self._plan.places):
            return None
        return self.board.panel(key)

    def _keep_up(self) -> None:
        """Other values of a variable have other panels, from one moment to the next."""
        if self._laid is not self.board.sections:
            self._arrange()

    def _arrange(self) -> None:
        self._laid = self.board.sections
        for section in self.board.sections:
            if section.key not in self._known:
                self._known.add(section.key)
                if section.collapsed:
                    self._folded.add(section.key)
        width, height = self._size
        tallest = max(LEAST_HEIGHT, height - 1)
        self._plan = arranged(self.board.sections, max(1, width), self._folded, tallest)

    def _panel(self, place: Place, chosen: bool, now: datetime) -> list[Cell]:
        state = self.board.panel(place.key)
        kept = self._drawn.get((place.key, chosen))
        if kept is not None and kept[0] is state and kept[1] == place:
            return kept[2]
        lines = panel_lines(state, place.width, place.height, now, chosen=chosen)
        while len(self._drawn) >= _KEPT:
            del self._drawn[next(iter(self._drawn))]
        self._drawn[place.key, chosen] = (state, place, lines)
        return lines


def _columns(width: int) -> int:
    return max(STEP_OF_WIDTH, width // STEP_OF_WIDTH * STEP_OF_WIDTH)
