"""What of a dashboard is not shown as Grafana shows it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hubtui.services.board import Board
from hubtui.services.import_report import Line, report
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.views.cells import Cell
from hubtui.views.dashboard import report_lines
from hubtui.views.document import Hung


class ImportReportScreen(ReadingScreen):
    """The import report; it grows as more panels are looked at."""

    def __init__(self, board: Board) -> None:
        super().__init__(f"Import report of {board.dashboard.title}")
        self._board = board
        self._known: list[Line] | None = None

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        yield from report_lines(self._known or [])

    def beat(self, now: datetime) -> None:
        known = report(self._board)
        if known != self._known:
            self._known = known
            self.document.touch()
        super().beat(now)
