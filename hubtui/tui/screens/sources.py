"""The sources of numbers: a list, and the one under the cursor in full with its cure."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.model.metric_source import SourceState
from hubtui.services.session import Session
from hubtui.tui import keys
from hubtui.tui.screens.base import BaseScreen
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.text_table import DocumentTable
from hubtui.views import metric_sources as views
from hubtui.views.cells import Cell
from hubtui.views.document import Document, Hung
from hubtui.views.rows import Rows
from hubtui.views.table import Freshness


class SourcesScreen(BaseScreen[None]):
    """Asks all sources when it comes, and again on a key."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "sources")]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._rows = Rows(views.COLUMNS, empty=views.LOOKING)
        self._details = Document(self._detail_lines)
        self._states: dict[str, SourceState] = {}
        self._work: asyncio.Task[None] | None = None
        self._shown: SourceState | None = None

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame("Sources of numbers", id="sources"):
            yield LiveTable(self._rows, marking=False, id="sources-table")
        with PaneFrame("What it gives, and the cure", id="problem"):
            yield DocumentTable(self._details, id="problem-text")
        yield KeyFooter(self.refused())

    @property
    def table(self) -> LiveTable:
        """The list."""
        return self.query_one("#sources-table", LiveTable)

    def on_mount(self) -> None:
        self.table.focus()
        self._take(asked=self._session.metric_sources.as_of is not None)
        self._look()

    # -- what is shown

    def _look(self) -> None:
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._read(), name="sources")

    async def _read(self) -> None:
        await self._session.metric_sources.read()
        self._take(asked=True)

    def _take(self, *, asked: bool) -> None:
        states = self._session.metric_sources.sources()
        self._states = {state.id: state for state in states}
        self._rows.set(views.rows(states, asked=asked))
        self._follow_cursor()
        if asked:
            self.query_one("#sources", PaneFrame).show_headline(views.headline(states))

    def _detail_lines(self, now: datetime) -> Iterable[Cell | Hung]:
        del now
        if self._shown is not None:
            yield from views.lines(self._shown)

    def beat(self, now: datetime) -> None:
        super().beat(now)
        self._follow_cursor()
        reads = self._work is not None and not self._work.done()
        as_of = self._session.metric_sources.as_of
        fresh = Freshness("asking") if reads else views.freshness(as_of, now)
        self.query_one("#sources", PaneFrame).show_freshness(fresh)

    def on_live_table_highlighted(self, message: LiveTable.Highlighted) -> None:
        message.stop()
        self._follow_cursor()

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        """Enter goes to the text."""
        message.stop()
        self.focus_next()

    def _follow_cursor(self) -> None:
        state = self._states.get(self.table.cursor or "")
        if state != self._shown:
            self._shown = state
            self._details.touch()

    # -- what is done

    def action_read_anew(self) -> None:
        """Asks again."""
        self._session.prometheus.retry()
        self._look()

    def action_copy(self) -> None:
        """Copies the lines that mend the source under the cursor."""
        if self._shown is not None:
            self.app.copy_to_clipboard(views.copied(self._shown))
            self.app.notify("Copied.", timeout=2)

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()
