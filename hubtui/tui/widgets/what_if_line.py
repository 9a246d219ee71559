"""Asks for another timeout of the culler; enter takes it, and nothing typed ends the question."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message
from textual.widgets import Input

from hubtui.tui import keys
from hubtui.tui.widgets.typed_line import TypedLine


class _Field(Input):
    BINDINGS = keys.bindings("what-if")

    def action_ask_timeout(self) -> None:
        self.post_message(WhatIfLine.Asked(self.value))

    def action_drop_timeout(self) -> None:
        self.post_message(WhatIfLine.Dropped())


class WhatIfLine(TypedLine):
    """The pane answers `Asked` by telling what that timeout would do now."""

    PROMPT = "What if the timeout were"
    PLACEHOLDER = "30m; empty: as it is"
    FIELD = _Field

    @dataclass
    class Asked(Message):
        """Enter: this timeout, or none."""

        text: str

    @dataclass
    class Dropped(Message):
        """Escape: all stays as it is."""

    def on_what_if_line_asked(self) -> None:
        self.close()

    def on_what_if_line_dropped(self) -> None:
        self.close()
