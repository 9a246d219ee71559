"""Asks for the value of a dashboard's variable that can be any text."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message
from textual.widgets import Input

from hubtui.tui import keys
from hubtui.tui.widgets.typed_line import TypedLine


class _Field(Input):
    BINDINGS = keys.bindings("value")

    def action_keep_value(self) -> None:
        self.post_message(ValueLine.Given(self.value))

    def action_drop_value(self) -> None:
        self.post_message(ValueLine.Dropped())


class ValueLine(TypedLine):
    """The screen answers `Given` by choosing it."""

    PROMPT = "Value"
    FIELD = _Field

    @dataclass
    class Given(Message):
        """Enter: this value."""

        value: str

    @dataclass
    class Dropped(Message):
        """Escape: it stays as it is."""

    def on_value_line_given(self) -> None:
        self.close()

    def on_value_line_dropped(self) -> None:
        self.close()
