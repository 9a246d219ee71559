"""What screens with a list share: its table, copying, saving, and a filter where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui import export
from hubtui.tui.screens.base import BaseScreen, Result
from hubtui.tui.widgets.filter_line import FilterLine
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.save_line import SaveLine
from hubtui.views.cells import EMPTY, Cell, Tone, cell
from hubtui.views.table import TableSource


class Filtered(TableSource, Protocol):
    """A table of which some rows can be shown."""

    def set_filter(self, text: str) -> None:
        """Shows only what matches."""


class ListScreen(BaseScreen[None]):
    """A list that can be copied from and saved; its table is `#KIND-table`, with a SaveLine."""

    KIND: ClassVar[str] = ""
    """What the list is called in a file and in its name."""

    def __init__(self, session: Session, rows: TableSource) -> None:
        super().__init__()
        self._session = session
        self.rows = rows

    @property
    def table(self) -> LiveTable:
        """The list."""
        return self.query_one(f"#{self.KIND}-table", LiveTable)

    def on_mount(self) -> None:
        self.table.focus()

    def copied(self) -> str:
        """What `c` copies; empty where there is nothing under the cursor."""
        raise NotImplementedError

    def saved_notes(self) -> Sequence[str]:
        """What a file says in front of the rows."""
        return ()

    def action_copy(self) -> None:
        """Copies what is under the cursor."""
        if words := self.copied():
            self.app.copy_to_clipboard(words)
            self.app.notify("Copied.", timeout=2)

    def action_save(self) -> None:
        """Asks for a name, and writes the list to a new file."""
        self.query_one(SaveLine).open(export.proposed(self.KIND, "csv"))

    def on_save_line_named(self, message: SaveLine.Named) -> None:
        message.stop()
        self.table.focus()
        about = export.about(self._session, self.KIND, self.saved_notes())
        export.save_table(self.app, message.name, self.rows, about)

    def on_save_line_dropped(self, message: SaveLine.Dropped) -> None:
        message.stop()
        self.table.focus()


class FilterScreen(BaseScreen[Result]):
    """A screen with rows of which a FilterLine shows some."""

    rows: Filtered

    @property
    def table(self) -> LiveTable:
        """The list."""
        return self.query_one(LiveTable)

    def action_filter(self) -> None:
        """Opens the filter line."""
        self.query_one(FilterLine).open()

    def filter_note(self) -> Cell:
        """What is filtered, for a frame."""
        text = self.query_one(FilterLine).text
        return cell(f"filter: {text}", Tone.ACCENT) if text else EMPTY

    def on_filter_line_changed(self, message: FilterLine.Changed) -> None:
        message.stop()
        self.rows.set_filter(message.text)

    def on_filter_line_kept(self, message: FilterLine.Kept) -> None:
        message.stop()
        self._to_rows()

    def on_filter_line_cleared(self, message: FilterLine.Cleared) -> None:
        message.stop()
        self.rows.set_filter("")
        self._to_rows()

    def _to_rows(self) -> None:
        """To the rows that the filter leaves: a key that is typed behind it means those."""
        self.table.beat(utc_now())
        self.table.focus()


class FilteredScreen(ListScreen, FilterScreen[None]):
    """A list with a FilterLine."""

    rows: Filtered
