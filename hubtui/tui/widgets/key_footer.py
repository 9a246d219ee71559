"""The line of keys that apply where the focus is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.segment import Segment
from textual import events
from textual.screen import Screen

from hubtui.tui import keys, theme
from hubtui.tui.keys import FooterEntry
from hubtui.tui.widgets.line import Line
from hubtui.views.cells import Tone

BETWEEN = 2


def _always(command: str) -> str:
    """No command is refused."""
    del command
    return ""


class KeyFooter(Line):
    """Keys in the accent, words muted, all dim where a command may not run.

    `refused` says for a command's id why it may not run now, "" when it may: the gate's answer.
    """

    DEFAULT_CSS = "KeyFooter { dock: bottom; }"

    def __init__(self, refused: Callable[[str], str] = _always, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._refused = refused
        self._entries: list[FooterEntry] = []

    def show_active(self) -> None:
        """Reads anew which commands apply; to be called when the gate's answer may have changed."""
        self._entries = keys.footer_entries(keys.active_commands(self.screen))
        self.redraw()

    def draw(self, width: int) -> list[Segment]:
        palette = theme.palette(self.app)
        line = [Segment(" ", palette.blank)]
        for entry in keys.fit_footer(self._entries, width - 1, BETWEEN):
            may = self._may(entry)
            key = palette.focus if may else palette.off
            words = palette.tones[Tone.MUTED] if may else palette.off
            line += [
                Segment(entry.keys, key),
                Segment(f" {entry.words}" + " " * BETWEEN, words),
            ]
        return line

    def on_mount(self) -> None:
        super().on_mount()
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)
        self.call_after_refresh(self.show_active)

    def _bindings_changed(self, screen: Screen[Any]) -> None:
        if self.is_attached and screen is self.screen:
            self.show_active()

    def _may(self, entry: FooterEntry) -> bool:
        return entry.enabled and not any(self._refused(command) for command in entry.ids)

    def on_click(self, event: events.Click) -> None:
        at = 1
        for entry in keys.fit_footer(self._entries, self.size.width - 1, BETWEEN):
            if at <= event.x < at + entry.width:
                self._press(entry)
            at += entry.width + BETWEEN

    def _press(self, entry: FooterEntry) -> None:
        reasons = [reason for command in entry.ids if (reason := self._refused(command))]
        if reasons:
            self.app.notify(reasons[0], severity="warning", markup=False)
        elif len(entry.presses) == 1:
            self.app.simulate_key(entry.presses[0])
