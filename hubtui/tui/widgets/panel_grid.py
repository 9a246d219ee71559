"""The panels of a dashboard, scrolled: one is chosen, and only lines that changed are repainted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from hubtui.services.store import utc_now
from hubtui.tui import keys, theme
from hubtui.tui.widgets.strips import joined, segments
from hubtui.views.board import BoardView, Item
from hubtui.views.cells import Cell, Tone
from hubtui.views.lines import to_ascii

SIDES = 2
"""One free cell on the left and one on the right."""
WHEEL_LINES = 3


class PanelGrid(Widget, can_focus=True):
    """Draws a board. It scrolls by itself, as a live table does."""

    ALLOW_SELECT = False
    BINDINGS = keys.bindings("grid")
    DEFAULT_CSS = "PanelGrid { width: 1fr; height: 1fr; }"

    @dataclass
    class Opened(Message):
        """Enter or a double click on a panel."""

        key: str

    def __init__(self, view: BoardView) -> None:
        super().__init__()
        self._view = view
        self._top = 0
        self._chosen = ""
        self._lines: list[Cell] = []
        self._now = utc_now()

    @property
    def chosen(self) -> str:
        """The key of the panel or row that is chosen."""
        return self._chosen

    @property
    def position(self) -> tuple[int, int]:
        """The last line in the window, and how many there are."""
        return min(self._top + self.size.height, self._view.height), self._view.height

    def beat(self, now: datetime) -> bool:
        """Takes what changed, and repaints the lines that are others now; whether anything did."""
        self._now = now
        if not self.size.width or not (self._view.update() or not self._lines):
            return False
        self._choose_first()
        self._shown()
        return True

    def look(self) -> None:
        """Has the panels in the window asked, whoever was looked at before."""
        self._view.look_at(self._top, self.size.height)

    def _choose_first(self) -> None:
        items = self._view.items
        if items and all(each.key != self._chosen for each in items):
            near = [each for each in items if each.y >= self._top] or items
            panels = [each for each in near if not each.is_row] or near
            self._chosen = panels[0].key

    def _repaint(self) -> None:
        self._top = max(0, min(self._top, self._view.height - self.size.height))
        before = self._lines
        self._lines = self._view.lines(self._top, self.size.height, self._chosen, self._now)
        width = self.size.width
        if changed := [
            Region(0, y, width, 1)
            for y, line in enumerate(self._lines)
            if y >= len(before) or before[y] != line
        ]:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        palette = theme.palette(self.app)
        if y >= len(self._lines):
            return Strip.blank(self.size.width, palette.blank)
        line = segments(((" ", Tone.PLAIN), *self._lines[y]), palette.tones)
        if theme.ascii_only(self.app):
            line = [Segment(to_ascii(text), style) for text, style, _ in line]
        return Strip(joined(line)).adjust_cell_length(self.size.width, palette.blank)

    # -- moving

    def _item(self) -> Item | None:
        return next((each for each in self._view.items if each.key == self._chosen), None)

    def _go(self, item: Item | None) -> None:
        if item is None:
            return
        self._chosen = item.key
        height = self.size.height
        if item.y + item.height > self._top + height:
            self._top = item.y + item.height - height
        if item.y < self._top:
            self._top = item.y
        self._shown()

    def _shown(self) -> None:
        self._repaint()
        self._view.look_at(self._top, self.size.height)

    def _scroll(self, lines: int) -> None:
        self._top += lines
        self._top = max(0, min(self._top, self._view.height - self.size.height))
        item = self._item()
        bottom = self._top + self.size.height
        if item is None or item.y + item.height <= self._top or item.y >= bottom:
            inside = [each for each in self._view.items if self._top <= each.y < bottom]
            if inside:
                self._chosen = inside[0 if lines > 0 else -1].key
        self._shown()

    def _step(self, down: bool) -> None:
        """To the nearest row of panels above or below, in the same column."""
        at = self._item()
        if at is None:
            return
        others = [each for each in self._view.items if (each.y > at.y if down else each.y < at.y)]
        if not others:
            self._scroll(self._view.height if down else -self._view.height)
            return
        y = min(each.y for each in others) if down else max(each.y for each in others)
        middle = at.x + at.width // 2
        row = [each for each in others if each.y == y]
        self._go(min(row, key=lambda each: abs(each.x + each.width // 2 - middle)))

    def action_up(self) -> None:
        self._step(down=False)

    def action_down(self) -> None:
        self._step(down=True)

    def action_side(self, by: int) -> None:
        """To the panel beside."""
        at = self._item()
        if at is not None:
            row = [each for each in self._view.items if each.y == at.y]
            place = row.index(at) + by
            self._go(row[place] if 0 <= place < len(row) else None)

    def action_top(self) -> None:
        self._go(next(iter(self._view.items), None))

    def action_bottom(self) -> None:
        self._go(next(reversed(self._view.items), None))

    def action_half_down(self) -> None:
        self._scroll(max(1, self.size.height // 2))

    def action_half_up(self) -> None:
        self._scroll(-max(1, self.size.height // 2))

    def action_page_down(self) -> None:
        self._scroll(max(1, self.size.height - 1))

    def action_page_up(self) -> None:
        self._scroll(-max(1, self.size.height - 1))

    def action_zoom_panel(self) -> None:
        """Folds the row, or shows the panel in full."""
        item = self._item()
        if item is None:
            return
        if item.is_row:
            self._view.toggle(item.key)
            self._shown()
        else:
            self.post_message(self.Opened(item.key))

    # -- the rest

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.refresh())

    def on_unmount(self) -> None:
        # The signal would keep it, and its screen with it, for as long as the program runs.
        self.app.theme_changed_signal.unsubscribe(self)

    def on_resize(self) -> None:
        self._view.resize(max(1, self.size.width - SIDES), self.size.height)
        self._lines = []
        self.refresh()
        self._choose_first()
        self._repaint()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        x, y = event.x - 1, event.y + self._top
        for item in self._view.items:
            if item.y <= y < item.y + item.height and item.x <= x < item.x + item.width:
                again = item.key == self._chosen
                self._go(item)
                if event.chain > 1 or (item.is_row and again):
                    self.action_zoom_panel()
                return

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._scroll(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._scroll(-WHEEL_LINES)
