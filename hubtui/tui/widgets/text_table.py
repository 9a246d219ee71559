"""A text to read: a live table of one column, with the keys of reading instead of those of rows."""

from __future__ import annotations

from datetime import datetime

from hubtui.tui import keys
from hubtui.tui.widgets.live_table import SIDES, LiveTable
from hubtui.views.document import Document


class TextTable(LiveTable, inherit_bindings=False):
    """Draws a diff or a document."""

    BINDINGS = keys.bindings("text")


class DocumentTable(TextTable):
    """Draws a document, wrapped to its own width."""

    def __init__(self, document: Document, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(document, id=id)
        self.document = document

    def beat(self, now: datetime) -> None:
        self.document.at(now)
        super().beat(now)

    def on_resize(self) -> None:
        self.document.resize(max(1, self.size.width - SIDES))
        super().on_resize()
