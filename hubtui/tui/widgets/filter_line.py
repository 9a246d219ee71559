"""The filter: typed after `/`, applied at every key, kept with enter, cleared with escape."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from hubtui.tui import keys

WORDS = "text, or role: node: user: status:"


class _Field(Input):
    BINDINGS = keys.bindings("filter")

    def action_keep_filter(self) -> None:
        self.post_message(FilterLine.Kept(self.value))

    def action_clear_filter(self) -> None:
        self.value = ""
        self.post_message(FilterLine.Cleared())


class FilterLine(Horizontal):
    """One line with a field; hidden until it is opened.

    The pane answers `Changed` by filtering, `Kept` and `Cleared` by taking the focus back; what is
    kept must be said in the frame's note, so that nobody takes a part for the whole.
    """

    DEFAULT_CSS = """
    FilterLine { height: 1; display: none; padding: 0 1; }
    FilterLine.-open { display: block; }
    FilterLine > Label { color: $accent; text-style: bold; width: 2; }
    FilterLine > _Field, FilterLine > _Field:focus {
        border: none; height: 1; padding: 0; background: transparent; width: 1fr;
    }
    """

    @dataclass
    class Changed(Message):
        """Something else is typed."""

        text: str

    @dataclass
    class Kept(Message):
        """Enter: the filter stays."""

        text: str

    @dataclass
    class Cleared(Message):
        """Escape: there is no filter."""

    def __init__(self, *, words: str = WORDS, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._field = _Field(placeholder=words, select_on_focus=False)
        # A blinking cursor is traffic without a message.
        self._field.cursor_blink = False

    def compose(self) -> ComposeResult:
        yield Label("/", markup=False)
        yield self._field

    @property
    def text(self) -> str:
        """What is typed."""
        return self._field.value

    def open(self) -> None:
        """Shows the line and takes the focus; what is typed replaces the filter that is there."""
        self.add_class("-open")
        self._field.focus()
        self._field.action_select_all()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))

    def on_filter_line_kept(self) -> None:
        self.set_class(bool(self.text), "-open")

    def on_filter_line_cleared(self) -> None:
        self.remove_class("-open")
