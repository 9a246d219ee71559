"""What runs, and the journal of what ran."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.errors import HubtuiError
from hubtui.services.journal import Entry
from hubtui.services.operation import Operation
from hubtui.services.operations import plan_of
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui import export, keys
from hubtui.tui.kept import Kept
from hubtui.tui.screens.base import BaseScreen
from hubtui.tui.screens.progress import ProgressScreen
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.save_line import SaveLine
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.views.cells import Tone, cell
from hubtui.views.journal import COLUMNS, entry_rows
from hubtui.views.rows import Rows


class OperationsScreen(BaseScreen[None]):
    """Operations of this session and of hubs that were left on top, the journal of this user
    below."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "operations")]

    def __init__(self, session: Session, kept: Kept) -> None:
        super().__init__()
        self._session = session
        self._kept = kept
        self._entries: tuple[Entry, ...] = ()
        self._rows = Rows(COLUMNS, empty="Reading the journal …")
        self._work: asyncio.Task[None] | None = None
        self._seen: tuple[tuple[str, int], ...] | None = None

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame("Operations", id="operations"):
            yield LiveTable(self._rows, marking=False)
            yield SaveLine()
        yield KeyFooter(self.refused())

    def on_mount(self) -> None:
        self._show_rows(utc_now())  # what runs can be opened before the journal is read
        self.query_one(LiveTable).focus()
        self._work = asyncio.create_task(self._read(), name="journal")

    async def _read(self) -> None:
        try:
            record = await asyncio.to_thread(self._session.operations.journal.read)
        except HubtuiError as error:
            self._rows.sentence = str(error)
            return
        self._rows.sentence = "Nothing was changed with hubtui on this machine."
        self._entries = record.entries
        self._seen = None
        if record.broken:
            note = cell(f"{record.broken} lines of the journal cannot be read", Tone.SOON)
            self.query_one(PaneFrame).show_note(note)

    def beat(self, now: datetime) -> None:
        self._show_rows(now)
        super().beat(now)

    def _show_rows(self, now: datetime) -> None:
        operations = self._all
        seen = tuple((operation.id, operation.version) for operation in operations)
        if seen != self._seen:
            self._seen = seen
            self._rows.set(entry_rows(operations, self._entries, now))

    @property
    def _all(self) -> list[Operation]:
        return [*self._session.operations.all, *self._kept.operations]

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        operation = self._operation(message.key)
        if operation is not None:
            self.app.push_screen(ProgressScreen(operation))

    def _operation(self, key: str) -> Operation | None:
        for operation in self._all:
            if operation.id == key:
                return operation
        for entry in self._entries:
            if entry.id == key:
                past = Operation(entry.id, plan_of(entry))
                past.said = entry.said
                if entry.outcome is not None:
                    past.end(entry.outcome)
                return past
        return None

    def action_copy(self) -> None:
        """Copies the id of the operation under the cursor."""
        if (key := self.query_one(LiveTable).cursor) is not None:
            self.app.copy_to_clipboard(key)
            self.app.notify("Copied the id of the operation.", timeout=2)

    def action_save(self) -> None:
        """Asks for a name, and writes all operations to a new file."""
        self.query_one(SaveLine).open(export.proposed("operations", "csv"))

    def on_save_line_named(self, message: SaveLine.Named) -> None:
        message.stop()
        self.query_one(LiveTable).focus()
        about = export.about(self._session, "operations")
        export.save_table(self.app, message.name, self._rows, about)

    def on_save_line_dropped(self, message: SaveLine.Dropped) -> None:
        message.stop()
        self.query_one(LiveTable).focus()

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()
