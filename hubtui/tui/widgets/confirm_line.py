"""The field in which a name is typed before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.message import Message
from textual.widgets import Button, Input, Label

from hubtui.views.lines import clip


class ConfirmLine(Vertical):
    """Asks for a name; the button stays dim, and enter does nothing, until it is right."""

    DEFAULT_CSS = """
    ConfirmLine { height: auto; padding: 0 1; }
    ConfirmLine Label { width: 1fr; height: auto; max-height: 5; }
    ConfirmLine Horizontal { height: 1; margin-top: 1; }
    ConfirmLine Horizontal > Label { width: auto; margin-right: 1; }
    ConfirmLine Input, ConfirmLine Input:focus {
        width: 22; height: 1; border: none; padding: 0 1; background: $field;
    }
    ConfirmLine Button {
        height: 1; min-width: 10; border: none; margin-left: 2; background: $field;
        text-style: none;
    }
    ConfirmLine Button:focus { text-style: bold; background: $accent; color: $background; }
    ConfirmLine Button:disabled { color: $tone-muted; text-opacity: 100%; }
    .-narrow ConfirmLine Input { width: 16; }
    """

    @dataclass
    class Confirmed(Message):
        """The right name was typed and the button pressed, or enter."""

        name: str

    @dataclass
    class Cancelled(Message):
        """The other button."""

    @dataclass
    class Fitted(Message):
        """How many lines it takes, once the words are wrapped."""

        lines: int

    def __init__(self, words: Sequence[str], asked: str, button: str) -> None:
        super().__init__()
        self._words = words
        self._asked = asked
        self._button = button
        self._allowed = ""

    def compose(self) -> ComposeResult:
        for words in self._words:
            yield Label(words, markup=False)
        with Horizontal():
            yield Label(f"Type {clip(self._asked, 40)}", markup=False)
            field = Input(id="confirm-name", select_on_focus=False)
            field.cursor_blink = False
            yield field
            yield Button("Cancel", id="confirm-cancel", compact=True)
            yield Button(self._button, id="confirm-go", disabled=True, compact=True)

    def on_resize(self, event: Resize) -> None:
        self.post_message(self.Fitted(event.size.height))

    def allow(self, reason: str) -> None:
        """Lets the button be pressed once the name is right; a reason keeps it dim."""
        self._allowed = reason
        self._update()

    def focus_field(self) -> None:
        """Puts the focus where the name is typed."""
        self.query_one(Input).focus()

    @property
    def _right(self) -> bool:
        return not self._allowed and self.query_one(Input).value == self._asked

    def _update(self) -> None:
        self.query_one("#confirm-go", Button).disabled = not self._right

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._update()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._go()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "confirm-cancel":
            self.post_message(self.Cancelled())
        else:
            self._go()

    def _go(self) -> None:
        if self._right:
            self.post_message(self.Confirmed(self._asked))
