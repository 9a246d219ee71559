"""The status line on top of every screen."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style

from hubtui.tui import theme
from hubtui.tui.widgets.line import Line
from hubtui.views.cells import Tone
from hubtui.views.status import Badge, StatusFacts, status_pieces


class StatusLine(Line):
    """Shows `StatusFacts`; a fact that is as before repaints nothing."""

    DEFAULT_CSS = "StatusLine { dock: top; }"

    facts = StatusFacts()

    def show(self, facts: StatusFacts) -> None:
        """Takes what is known now."""
        if facts != self.facts:
            self.facts = facts
            self.redraw()

    def draw(self, width: int) -> list[Segment]:
        palette = theme.palette(self.app)

        def style(look: Tone | Badge) -> Style:
            match look:
                case Badge.CONTEXT:
                    return palette.context(self.facts.context)
                case Badge.READ_ONLY:
                    return palette.read_only
                case Badge.DEMO:
                    return palette.demo
                case Tone.ACCENT:
                    return palette.focus
                case _:
                    return palette.tones[look]

        return [Segment(text, style(look)) for text, look in status_pieces(self.facts, width)]
