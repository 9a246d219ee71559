"""Asks where a dashboard is; enter opens it, escape does not."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message
from textual.widgets import Input

from hubtui.tui import keys
from hubtui.tui.widgets.typed_line import TypedLine


class _Field(Input):
    BINDINGS = keys.bindings("import")

    def action_keep_place(self) -> None:
        self.post_message(ImportLine.Named(self.value))

    def action_drop_place(self) -> None:
        self.post_message(ImportLine.Dropped())


class ImportLine(TypedLine):
    """The screen answers `Named` by opening what is there."""

    PROMPT = "Open"
    PLACEHOLDER = "a file with a dashboard's JSON, or its https:// address"
    FIELD = _Field

    @dataclass
    class Named(Message):
        """Enter: this file or address."""

        place: str

    @dataclass
    class Dropped(Message):
        """Escape: nothing is opened."""

    def on_import_line_named(self) -> None:
        self.close()

    def on_import_line_dropped(self) -> None:
        self.close()
