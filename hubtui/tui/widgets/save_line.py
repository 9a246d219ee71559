"""Asks for the name of a file to save to; enter saves, escape does not."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from hubtui.tui import keys


class _Field(Input):
    BINDINGS = keys.bindings("save")

    def action_keep_name(self) -> None:
        self.post_message(SaveLine.Named(self.value))

    def action_drop_name(self) -> None:
        self.post_message(SaveLine.Dropped())


class SaveLine(Horizontal):
    """One line with a field; hidden until it is opened.

    The screen answers `Named` by writing, and both messages by taking the focus back.
    """

    DEFAULT_CSS = """
    SaveLine { height: 1; display: none; padding: 0 1; }
    SaveLine.-open { display: block; }
    SaveLine > Label { color: $accent; text-style: bold; width: auto; }
    SaveLine > _Field, SaveLine > _Field:focus {
        border: none; height: 1; padding: 0; background: transparent; width: 1fr;
    }
    """

    @dataclass
    class Named(Message):
        """Enter: save under this name."""

        name: str

    @dataclass
    class Dropped(Message):
        """Escape: nothing is saved."""

    def __init__(self) -> None:
        super().__init__()
        self._field = _Field(placeholder="the name of a new file", select_on_focus=False)
        self._field.cursor_blink = False

    def compose(self) -> ComposeResult:
        yield Label("Save to ", markup=False)
        yield self._field

    def open(self, name: str) -> None:
        """Shows the line with a name to start from, and takes the focus."""
        self._field.value = name
        self._field.cursor_position = len(name)
        self.add_class("-open")
        self._field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()

    def on_save_line_named(self) -> None:
        self.remove_class("-open")

    def on_save_line_dropped(self) -> None:
        self.remove_class("-open")
