"""Saved queries, hubtui's own questions and what was asked before: one is chosen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.model.metric import Metric
from hubtui.services.queries_kept import KeptQueries
from hubtui.tui import keys
from hubtui.tui.screens.listing import FilterScreen
from hubtui.tui.widgets.filter_line import FilterLine
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.views import queries as views
from hubtui.views.cells import Tone, cell
from hubtui.views.rows import Rows


class QueriesScreen(FilterScreen[str | None]):
    """Gives the query that was chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "queries")]
    rows: Rows

    def __init__(self, kept: KeptQueries, metrics: Sequence[Metric]) -> None:
        super().__init__()
        self._kept = kept
        self._metrics = metrics
        self.rows = Rows(views.COLUMNS, empty=views.NONE)
        self._queries: dict[str, tuple[str, str, str]] = {}
        self._forgets: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame("Queries", id="queries"):
            yield LiveTable(self.rows, marking=False, id="queries-table")
            yield FilterLine(words="text")
        yield KeyFooter(self.refused())

    def on_mount(self) -> None:
        self._show()
        self.table.focus()

    def _show(self) -> None:
        self._queries = views.found(self._kept.saved, self._metrics, self._kept.asked)
        self.rows.set(views.rows(self._queries))
        words = f"{len(self._kept.saved):,} saved"
        self.query_one(PaneFrame).show_headline(cell(words, Tone.MUTED))

    def beat(self, now: datetime) -> None:
        super().beat(now)
        self.query_one(PaneFrame).show_note(self.filter_note())

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        _, _, promql = self._queries[message.key]
        self.dismiss(promql)

    def action_forget_query(self) -> None:
        """Forgets the saved query under the cursor."""
        key = self.table.cursor or ""
        if not key.startswith(views.SAVED):
            self.app.notify("Only a saved query can be forgotten.", timeout=3)
        elif self._forgets is None or self._forgets.done():
            self._forgets = asyncio.create_task(self._forget(key.removeprefix(views.SAVED)))

    async def _forget(self, name: str) -> None:
        await asyncio.to_thread(self._kept.forget, name)
        if self.is_mounted:
            self._show()

    def action_back(self) -> None:
        self.dismiss(None)
