"""One panel of a dashboard in full: its numbers, what it asks, what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from hubtui.services.board import Board
from hubtui.services.board_panels import PanelState
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.tui.widgets.live_table import SIDES
from hubtui.views.cells import Cell
from hubtui.views.dashboard_details import panel_details
from hubtui.views.document import Hung

WHO = "panel"


class DashboardPanelScreen(ReadingScreen):
    """A document about one panel, as live as the board."""

    def __init__(self, board: Board, key: str) -> None:
        self._board = board
        self._key = key
        self._state: PanelState | None = None
        super().__init__(board.panel(key).panel.title or "Panel")

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        if self._state is None:
            return
        width = max(20, self.app.size.width - SIDES - 2)
        yield from panel_details(self._state, width, now)

    def on_mount(self) -> None:
        super().on_mount()
        self._board.start(WHO)
        self._board.wanted((self._key,))

    def on_resize(self) -> None:
        super().on_resize()
        self.document.touch()

    def beat(self, now: datetime) -> None:
        with suppress(KeyError):  # a variable has changed, and with it what is repeated
            state = self._board.panel(self._key)
            if state is not self._state:
                self._state = state
                self.document.touch()
        super().beat(now)

    def on_unmount(self) -> None:
        self._board.pause(WHO)
