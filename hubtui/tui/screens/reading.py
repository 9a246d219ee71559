"""A screen with one document to read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.tui import export, keys
from hubtui.tui.screens.base import BaseScreen
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.save_line import SaveLine
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.text_table import DocumentTable
from hubtui.views.cells import Cell
from hubtui.views.document import Document, Hung


class ReadingScreen(BaseScreen[None]):
    """Shows `lines`, built anew whenever `document.touch` was called."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "text", "details")]

    def __init__(self, heading: str) -> None:
        super().__init__()
        self._heading = heading
        self.document = Document(self.lines)

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        """The lines as they are now."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame(self._heading, id="reading"):
            yield DocumentTable(self.document)
            yield SaveLine()
        yield KeyFooter(self.refused())

    @property
    def frame(self) -> PaneFrame:
        """The frame around the document."""
        return self.query_one(PaneFrame)

    def on_mount(self) -> None:
        self.query_one(DocumentTable).focus()

    def action_save(self) -> None:
        """Asks for a name, and writes the whole document to a new file."""
        words = "".join(c if c.isalnum() else "-" for c in self._heading.lower()).strip("-")
        self.query_one(SaveLine).open(export.proposed(words[:40], "txt"))

    def on_save_line_named(self, message: SaveLine.Named) -> None:
        message.stop()
        self.query_one(DocumentTable).focus()
        export.save_lines(self.app, message.name, self.document.text.split("\n"))

    def on_save_line_dropped(self, message: SaveLine.Dropped) -> None:
        message.stop()
        self.query_one(DocumentTable).focus()

    def action_copy(self) -> None:
        """Copies the whole document."""
        self.app.copy_to_clipboard(self.document.text)
        self.app.notify("Copied.", timeout=2)
