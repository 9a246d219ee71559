"""The runs of the workflow that deploys the hub."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hubtui.services.session import Session
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.views import workflow_runs
from hubtui.views.cells import Cell
from hubtui.views.document import Hung


class WorkflowRunsScreen(ReadingScreen):
    """All runs that are known; it goes on as they do."""

    def __init__(self, session: Session) -> None:
        self._runs = session.workflow_runs
        super().__init__(f"Runs of {self._runs.workflow}")
        self._drawn: object = None

    def beat(self, now: datetime) -> None:
        self._runs.look(now)
        state = self._runs.version, now.replace(second=0, microsecond=0)
        if state != self._drawn:
            self._drawn = state
            self.document.at(now)
            self.document.touch()
        super().beat(now)

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        return workflow_runs.lines(self._runs, now)
