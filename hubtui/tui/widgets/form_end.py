"""The end of a form: what is wrong with what was typed, and the button that goes on."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Label


class FormEnd(Vertical):
    """The button is dim until it is made `ready`. A form's `name` is in the ids of its parts:
    `NAME-words` and `NAME-plan`."""

    DEFAULT_CSS = """
    FormEnd { height: auto; }
    FormEnd Label {
        width: 1fr; height: auto; max-height: 3; padding: 0 1; color: $tone-now; display: none;
    }
    FormEnd Label.-said { display: block; }
    FormEnd Horizontal { height: 1; padding: 0 1; }
    FormEnd Button {
        height: 1; min-width: 17; border: none; background: $field; text-style: none;
    }
    FormEnd Button:focus { text-style: bold; background: $accent; color: $background; }
    FormEnd Button:disabled { color: $tone-muted; text-opacity: 100%; }
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._words = Label("", id=f"{name}-words", markup=False)
        self.button = Button("Show the plan", id=f"{name}-plan", disabled=True, compact=True)

    def compose(self) -> ComposeResult:
        yield self._words
        with Horizontal():
            yield self.button

    def say(self, words: str) -> None:
        """What is wrong; empty when nothing is."""
        self._words.update(words)
        self._words.set_class(bool(words), "-said")

    def ready(self, ready: bool) -> None:
        """Whether there is enough to go on with."""
        self.button.disabled = not ready
