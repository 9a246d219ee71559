"""The frame of a pane: what it is on its upper edge, how fresh it is on the lower one.

It draws its own edges: setting the title of a border in Textual repaints the whole widget and all
that is in it, and a colour that depends on the focus applies the styles of every widget anew.
"""

from __future__ import annotations

from typing import Literal

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.containers import Horizontal, Vertical
from textual.strip import Strip
from textual.widget import Widget

from hubtui.tui import theme
from hubtui.tui.widgets.line import Line
from hubtui.tui.widgets.strips import segments
from hubtui.views.cells import EMPTY, Cell, Tone, cell
from hubtui.views.lines import clip_cell, to_ascii, width_of
from hubtui.views.table import Freshness

CORNERS = {"top": "╭╮", "bottom": "╰╯"}
LEVEL = "─"
UPRIGHT = "│"
LEAST_LINE = 1
"""Cells of plain line between a corner and a label."""


class Edge(Line):
    """The upper or the lower edge, with a label on the left and one on the right."""

    def __init__(self, side: Literal["top", "bottom"]) -> None:
        super().__init__()
        self._corners = CORNERS[side]
        self._left: Cell = EMPTY
        self._right: Cell = EMPTY
        self.lit = False

    def show(self, *, left: Cell | None = None, right: Cell | None = None) -> None:
        """Takes labels; None leaves one as it is."""
        self._left = self._left if left is None else left
        self._right = self._right if right is None else right
        self.redraw()

    def draw(self, width: int) -> list[Segment]:
        palette = theme.palette(self.app)
        line = palette.focus if self.lit else palette.border
        line = Style(color=line.color, bgcolor=line.bgcolor)
        room = max(0, width - 2 - 2 * LEAST_LINE)
        right = _label(self._right, room)
        left = _label(self._left, room - width_of(right))
        rest = room - width_of(left) - width_of(right)
        styles = dict(palette.tones)
        styles[Tone.ACCENT] = palette.focus if self.lit else palette.tones[Tone.STRONG]
        return [
            Segment(self._corners[0] + LEVEL * LEAST_LINE, line),
            *segments(left, styles),
            Segment(LEVEL * rest, line),
            *segments(right, styles),
            Segment(LEVEL * LEAST_LINE + self._corners[1], line),
        ]


def _label(label: Cell, room: int) -> Cell:
    if not label or room < 3:
        return EMPTY
    return ((" ", Tone.PLAIN), *clip_cell(label, room - 2), (" ", Tone.PLAIN))


class Upright(Widget):
    """The left or the right edge."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Upright { width: 1; height: 1fr; }"
    lit = False

    def render_line(self, y: int) -> Strip:
        palette = theme.palette(self.app)
        line = palette.focus if self.lit else palette.border
        sign = to_ascii(UPRIGHT) if theme.ascii_only(self.app) else UPRIGHT
        return Strip([Segment(sign, Style(color=line.color, bgcolor=line.bgcolor))], 1)


class PaneFrame(Vertical):
    """A pane's content in its frame; the frame is lit while the focus is inside.

    The number and the title stand in the upper edge, followed by the headline; the lower edge has
    a note on the left (a filter, which rows are seen) and the freshness on the right. The content
    comes as of any container: by `with`, or from the `compose` of a subclass.
    """

    DEFAULT_CSS = """
    PaneFrame { width: 1fr; height: 1fr; }
    PaneFrame > Horizontal { height: 1fr; }
    """

    def __init__(
        self,
        title: str,
        *,
        number: int = 0,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.number = number
        self.title = title
        self._top = Edge("top")
        self._bottom = Edge("bottom")
        self._sides = (Upright(), Upright())
        self._freshness: Freshness | None = None
        self.show_headline(EMPTY)

    async def mount_composed_widgets(self, widgets: list[Widget]) -> None:
        """Puts the content between the edges."""
        left, right = self._sides
        await self.mount_all([self._top, Horizontal(left, Vertical(*widgets), right), self._bottom])

    def show_headline(self, words: Cell) -> None:
        """The words after the title: counts, the worst state."""
        name = f"{self.number} {self.title}" if self.number else self.title
        gap: Cell = (("  ", Tone.PLAIN), *words) if words else EMPTY
        self._top.show(left=((name, Tone.ACCENT), *gap))

    def show_freshness(self, freshness: Freshness) -> None:
        """How fresh the pane is, on the right of the lower edge."""
        if freshness != self._freshness:
            self._freshness = freshness
            self._bottom.show(right=cell(freshness.words, freshness.tone))

    def show_note(self, note: Cell) -> None:
        """A few words on the left of the lower edge."""
        self._bottom.show(left=note)

    def _light(self, lit: bool) -> None:
        for edge in (self._top, self._bottom, *self._sides):
            if edge.lit is not lit:
                edge.lit = lit
                edge.refresh()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        del event
        self._light(True)

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        del event
        self._light(self.has_focus_within)

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(
            self, lambda _: [side.refresh() for side in self._sides]
        )

    def on_unmount(self) -> None:
        # The signal would keep it, and its screen with it, for as long as the program runs.
        self.app.theme_changed_signal.unsubscribe(self)

    def on_click(self, event: events.Click) -> None:
        if event.widget in (self._top, self._bottom, *self._sides):
            for widget in self.query("*"):
                if widget.focusable:
                    widget.focus()
                    return
