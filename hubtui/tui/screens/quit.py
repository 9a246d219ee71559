"""Asks before quitting while an operation runs."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Button, Label

from hubtui.model.plan import Plan
from hubtui.tui.widgets.pane_frame import PaneFrame


class QuitScreen(ModalScreen[bool]):
    """Gives True when hubtui is to end although something runs."""

    BINDINGS = [("escape,n", "stay", "Stay"), ("y", "leave", "Quit")]  # noqa: RUF012
    DEFAULT_CSS = """
    QuitScreen Label { height: auto; padding: 0 1; }
    QuitScreen Horizontal { height: 1; margin: 1 1 0 1; }
    QuitScreen Button { height: 1; border: none; min-width: 12; margin-right: 2; }
    """

    def __init__(self, running: Plan, *, demo: bool = False) -> None:
        super().__init__()
        self._plan = running
        self._demo = demo

    def compose(self) -> ComposeResult:
        with PaneFrame("Quit?", id="dialog"):
            yield Label(f"{self._plan.title} is under way. {self._what_follows()}", markup=False)
            with Horizontal():
                yield Button("Stay (esc)", id="stay", compact=True)
                yield Button("Quit (y)", id="leave", compact=True)

    def _what_follows(self) -> str:
        if self._demo:
            return "The demo ends with hubtui, and this with it."
        if self._plan.interruptible:
            return (
                "Without hubtui nothing more of it is begun, and what the hub has begun goes on; "
                "the next start says what is left."
            )
        return "It goes on without hubtui; the next start says how it ended."

    def on_mount(self) -> None:
        self.query_one("#stay", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "leave")

    def action_stay(self) -> None:
        """Back."""
        self.dismiss(False)

    def action_leave(self) -> None:
        """Quits."""
        self.dismiss(True)
