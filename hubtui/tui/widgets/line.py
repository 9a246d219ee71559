"""One line that knows its own text and repaints only when it has become another."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from hubtui.tui import theme
from hubtui.tui.widgets.strips import joined
from hubtui.views.lines import to_ascii


class Line(Widget):
    """A line of segments; what is in it says `draw`."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Line { width: 1fr; height: 1; }"

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._drawn: list[Segment] = []

    def draw(self, width: int) -> list[Segment]:
        """The line in `width` terminal cells."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Repaints the line if it says something else now."""
        if self.is_attached and self.draw(self.size.width) != self._drawn:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y:
            return Strip.blank(width, theme.palette(self.app).blank)
        self._drawn = self.draw(width)
        shown = self._drawn
        if theme.ascii_only(self.app):
            shown = [Segment(to_ascii(text), style) for text, style, _ in shown]
        return Strip(joined(shown)).adjust_cell_length(width, theme.palette(self.app).blank)

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.refresh())

    def on_unmount(self) -> None:
        # The signal would keep it, and its screen with it, for as long as the program runs.
        self.app.theme_changed_signal.unsubscribe(self)
