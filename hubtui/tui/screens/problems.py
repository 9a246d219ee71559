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
from hubtui.tui import export, keys
from hubtui.tui.screens.base import BaseScreen
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
from hubtui.views.export import About
from hubtui.views.freshness import freshness
from hubtui.views.problems import ProblemsView, problem_lines


class ProblemsScreen(FromProblem, BaseScreen[None]):
    """The problems of the hub; enter opens the runbook, the verbs' keys start the fix."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "problems")]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.view = ProblemsView(session.problems)
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

    @property
    def table(self) -> LiveTable:
        """The list."""
        return self.query_one("#problems-table", LiveTable)

    def on_mount(self) -> None:
        self.table.focus()
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

    def action_next_part(self) -> None:
        """To the evidence, or back to the list."""
        self.focus_next()

    def action_previous_part(self) -> None:
        """To the list, or back to the evidence."""
        self.focus_previous()

    def action_copy(self) -> None:
        """Copies the problem under the cursor with its evidence."""
        if self._shown is not None:
            self.app.copy_to_clipboard(self._details.text)
            self.app.notify("Copied.", timeout=2)

    def action_save(self) -> None:
        """Asks for a name, and writes the list to a new file."""
        self.query_one(SaveLine).open(export.proposed("problems", "csv"))

    def on_save_line_named(self, message: SaveLine.Named) -> None:
        message.stop()
        self.table.focus()
        session = self._session
        about = About(
            kind="problems",
            context=session.context.name,
            namespace=session.namespace,
            release=session.release,
            as_of=utc_now(),
        )
        export.save_table(self.app, message.name, self.view, about)

    def on_save_line_dropped(self, message: SaveLine.Dropped) -> None:
        message.stop()
        self.table.focus()
