"""The line in which a query is typed: enter asks, tab takes a word that fits, up brings earlier
ones back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from hubtui.tui import keys

Key = Literal["take", "next", "older", "newer", "leave", "keep", "queries"]

PLACEHOLDER: Final = "jupyterhub_running_servers, rate(…[5m]); $namespace is the hub's"


class _Field(Input):
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("promql-line")

    def action_ask_query(self) -> None:
        self.post_message(PromqlLine.Asked(self.value))

    def action_take_offer(self) -> None:
        self.post_message(PromqlLine.Pressed("take"))

    def action_next_offer(self) -> None:
        self.post_message(PromqlLine.Pressed("next"))

    def action_older_query(self) -> None:
        self.post_message(PromqlLine.Pressed("older"))

    def action_newer_query(self) -> None:
        self.post_message(PromqlLine.Pressed("newer"))

    def action_leave_query(self) -> None:
        self.post_message(PromqlLine.Pressed("leave"))

    def action_keep_query(self) -> None:
        self.post_message(PromqlLine.Pressed("keep"))

    def action_queries(self) -> None:
        self.post_message(PromqlLine.Pressed("queries"))


class PromqlLine(Horizontal):
    """A field with a prompt; its screen answers the messages."""

    DEFAULT_CSS = """
    PromqlLine { height: 1; padding: 0 1; }
    PromqlLine > Label { color: $accent; text-style: bold; width: auto; }
    PromqlLine > _Field, PromqlLine > _Field:focus {
        border: none; height: 1; padding: 0; background: transparent; width: 1fr;
    }
    """

    @dataclass
    class Asked(Message):
        """Enter: this query is to be asked."""

        text: str

    @dataclass
    class Changed(Message):
        """Something else is typed."""

        text: str

    @dataclass
    class Pressed(Message):
        """One of the line's other keys."""

        key: Key

    def __init__(self) -> None:
        super().__init__()
        self._field = _Field(placeholder=PLACEHOLDER, select_on_focus=False)
        # A blinking cursor is traffic without a message.
        self._field.cursor_blink = False

    def compose(self) -> ComposeResult:
        yield Label("> ", markup=False)
        yield self._field

    @property
    def text(self) -> str:
        """What is typed."""
        return self._field.value

    @property
    def cursor(self) -> int:
        """How many characters are in front of the cursor."""
        return self._field.cursor_position

    @property
    def is_typed_in(self) -> bool:
        """Whether keys go there."""
        return self._field.has_focus

    def write(self, text: str, cursor: int | None = None) -> None:
        """Puts a query there, with the cursor at a place, by default at its end."""
        self._field.value = text
        self._field.cursor_position = len(text) if cursor is None else cursor

    def point(self, cursor: int) -> None:
        """Puts the cursor at a place."""
        self._field.cursor_position = cursor

    def take_focus(self) -> None:
        """Keys go there from now on."""
        self._field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))
