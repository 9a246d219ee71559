"""Asks for the name of a file to save to; enter saves, escape does not."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message
from textual.widgets import Input

from hubtui.tui import keys
from hubtui.tui.widgets.typed_line import TypedLine


class _Field(Input):
    BINDINGS = keys.bindings("save")

    def action_keep_name(self) -> None:
        self.post_message(SaveLine.Named(self.value))

    def action_drop_name(self) -> None:
        self.post_message(SaveLine.Dropped())


class SaveLine(TypedLine):
    """The screen answers `Named` by writing."""

    PROMPT = "Save to"
    PLACEHOLDER = "the name of a new file"
    FIELD = _Field

    @dataclass
    class Named(Message):
        """Enter: save under this name."""

        name: str

    @dataclass
    class Dropped(Message):
        """Escape: nothing is saved."""

    def on_save_line_named(self) -> None:
        self.close()

    def on_save_line_dropped(self) -> None:
        self.close()
