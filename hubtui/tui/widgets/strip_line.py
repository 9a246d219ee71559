"""The strip of the panes' headlines above the one pane that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.message import Message

from hubtui.tui import theme
from hubtui.tui.widgets.line import Line
from hubtui.views.cells import Tone
from hubtui.views.headlines import Headline, strip_line


class StripLine(Line):
    """All panes in a few words each; a click goes to one."""

    @dataclass
    class Pressed(Message):
        """A click on a pane's headline."""

        number: int

    headlines: Sequence[Headline] = ()
    shown = 0

    def show(self, headlines: Sequence[Headline], shown: int) -> None:
        """Takes the headlines, and the number of the pane that is shown."""
        self.headlines, self.shown = tuple(headlines), shown
        self.redraw()

    def draw(self, width: int) -> list[Segment]:
        palette = theme.palette(self.app)
        cell, _ = strip_line(self.headlines, self.shown, width)
        return [
            Segment(text, palette.focus if tone is Tone.ACCENT else palette.tones[tone])
            for text, tone in cell
        ]

    def on_click(self, event: events.Click) -> None:
        _, placed = strip_line(self.headlines, self.shown, self.size.width)
        for place in placed:
            if place.start <= event.x < place.end:
                self.post_message(self.Pressed(place.number))
