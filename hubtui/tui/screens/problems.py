"""What is wrong: a list, worst first, with the evidence of the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.model.problem import Problem
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui import keys
from hubtui.tui.screens.listing import ListScreen
from hubtui.tui.screens.starting import FromProblem
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.save_line import SaveLine
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.text_table import DocumentTable
from hubtui.views.cells import Cell
from hubtui.views.document import Document, Hung
from hubtui.views.evidence import missing_lines
from hubtui.views.freshness import freshness
from hubtui.views.problems import ProblemsView, problem_lines


class ProblemsScreen(FromProblem, ListScreen):
    """The problems of the hub; enter opens the runbook, the verbs' keys start the fix."""

    KIND = "problems"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "problems")]

    def __init__(self, session: Session) -> None:
        self.view = ProblemsView(session.problems)
        super().__init__(session, self.view)
        self._details = Document(self._detail_lines)
        self._shown: Problem | None = None

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame("Problems", id="problems"):
            yield LiveTable(self.view, marking=False, id="problems-table")
            yield SaveLine()
        with PaneFrame("Evidence", id="problem"):
            yield DocumentTable(self._details, id="problem-text")
        yield KeyFooter(self.refused())

    def on_mount(self) -> None:
        self.call_after_refresh(self._show_at_once)

    def _show_at_once(self) -> None:
        if self.is_current:
            self.beat(utc_now())

    def problem(self) -> Problem | None:
        return self.view.problem(self.table.cursor) if self.is_mounted else None

    def _detail_lines(self, now: datetime) -> Iterable[Cell | Hung]:
        if self._shown is not None:
            yield from problem_lines(self._shown, now, self.key_of)
        else:
            missing = list(missing_lines(self._session.problems.missing))
            yield from missing[1:]

    def beat(self, now: datetime) -> None:
        super().beat(now)
        self._follow_cursor()
        frame = self.query_one("#problems", PaneFrame)
        frame.show_headline(self.view.headline)
        frame.show_freshness(freshness(self._session.pods.stores.pods.health, now))

    def on_live_table_highlighted(self, message: LiveTable.Highlighted) -> None:
        message.stop()
        self._follow_cursor()

    def _follow_cursor(self) -> None:
        """Shows the evidence of the problem under the cursor, and the keys that help there."""
        problem = self.problem()
        if problem == self._shown and self._shown is not None:
            return
        before, self._shown = self._shown, problem
        self._details.touch()
        fixes = problem.fixes if problem else ()
        if fixes != (before.fixes if before else ()):
            self.refresh_bindings()

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        problem = self.view.problem(message.key) if message.table is self.table else self._shown
        if problem is not None:
            from hubtui.tui.screens.runbook import RunbookScreen

            self.app.push_screen(RunbookScreen(self._session, problem))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what helps with the problem under the cursor."""
        return self.offers(action)

    def copied(self) -> str:
        return self._details.text if self._shown is not None else ""
