"""One problem and the runbooks for it: hubtui's, and the operator's own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual.binding import BindingType

from hubtui.model.problem import Problem
from hubtui.services.problems.books import Shelf, shelf_of
from hubtui.services.session import Session
from hubtui.tui import keys
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.tui.screens.starting import FromProblem
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.problems import problem_lines
from hubtui.views.runbook import runbook_lines


class RunbookScreen(FromProblem, ReadingScreen):
    """The problem as it is now, and below it what to do, step by step."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("runbook")]

    def __init__(self, session: Session, problem: Problem) -> None:
        super().__init__(f"Runbook: {problem.incident}")
        self._session = session
        self._problem = problem
        self._shelf: Shelf | None = None
        self._gone = False
        self._work: asyncio.Task[None] | None = None

    def problem(self) -> Problem | None:
        return self._problem

    def on_mount(self) -> None:
        super().on_mount()
        self._work = asyncio.create_task(self._open(), name="runbook")

    async def _open(self) -> None:
        folder = self._session.settings.runbooks
        self._shelf = await asyncio.to_thread(shelf_of, self._problem.incident, folder)
        self.document.touch()

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        if self._gone:
            yield cell("This problem is not seen any more; this is how it was.", Tone.FINE)
            yield ()
        yield from problem_lines(self._problem, now, self.key_of)
        yield ()
        if self._shelf is None:
            yield cell("Opening the runbook …", Tone.MUTED)
        else:
            yield from runbook_lines(self._shelf)

    def beat(self, now: datetime) -> None:
        """Takes what is known of the problem now."""
        known = {each.key: each for each in self._session.problems.found}
        problem = known.get(self._problem.key, self._problem)
        gone = self._problem.key not in known
        if gone is not self._gone or problem != self._problem:
            fixes = self._problem.fixes
            self._gone, self._problem = gone, problem
            self.document.touch()
            if fixes != problem.fixes:
                self.refresh_bindings()
        super().beat(now)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what helps with the problem."""
        return self.offers(action)

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()
