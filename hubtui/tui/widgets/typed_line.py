"""One line with a field, hidden until it is opened: enter takes what is typed, escape does not."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Label


class TypedLine(Horizontal):
    """Asks for one thing. A subclass says what, binds the keys of its field, and tells by messages
    of its own what was typed, which its screen answers by taking the focus back too."""

    PROMPT: ClassVar = ""
    PLACEHOLDER: ClassVar = ""
    FIELD: ClassVar[type[Input]] = Input
    DEFAULT_CSS = """
    TypedLine { height: 1; display: none; padding: 0 1; }
    TypedLine.-open { display: block; }
    TypedLine > Label { color: $accent; text-style: bold; width: auto; }
    TypedLine > Input, TypedLine > Input:focus {
        border: none; height: 1; padding: 0; background: transparent; width: 1fr;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._field = self.FIELD(placeholder=self.PLACEHOLDER, select_on_focus=False)
        # A blinking cursor is traffic without a message.
        self._field.cursor_blink = False

    def compose(self) -> ComposeResult:
        yield Label(f"{self.PROMPT} ", markup=False)
        yield self._field

    def open(self, text: str) -> None:
        """Shows the line with a text to start from, and takes the focus."""
        self._field.value = text
        self._field.cursor_position = len(text)
        self.add_class("-open")
        self._field.focus()

    def close(self) -> None:
        """Hides the line."""
        self.remove_class("-open")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
