"""A table of live rows that repaints the lines that changed, and nothing else.

It draws any `views.table.TableSource`. The app calls `beat(now)` four times a second on the tables
that can be seen; a hidden table costs nothing. Cells are computed for the rows in the window only,
columns keep their width whatever is in them, and nothing is wider than the window.

It scrolls by itself: Textual's own scrolling sets `virtual_size`, which lays out and repaints the
whole screen whenever a row comes or goes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Self

from rich.segment import Segment
from textual import events
from textual.cache import LRUCache
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from hubtui.services.store import utc_now
from hubtui.tui import keys, theme
from hubtui.tui.widgets.header import Header, Sort
from hubtui.tui.widgets.strips import segments, strip
from hubtui.tui.widgets.viewport import Viewport
from hubtui.views import lines
from hubtui.views.cells import Cell, Tone
from hubtui.views.table import TableSource

MARK = "▌"
SIDES = 2
"""One cell for the mark on the left, one free on the right."""
WHEEL_LINES = 3
CACHED_STRIPS = 512


@dataclass
class _Told(Message):
    """What a table tells its parents."""

    table: LiveTable

    @property
    def control(self) -> LiveTable:
        """For `@on` with a selector."""
        return self.table


class LiveTable(Widget, can_focus=True):
    """Rows of a source, with a cursor that stays on its object and marks that stay; without
    `marking` there are no marks, where nothing is done with several rows."""

    ALLOW_SELECT = False
    BINDINGS = keys.bindings("table")
    DEFAULT_CSS = "LiveTable { width: 1fr; height: 1fr; }"

    @dataclass
    class Selected(_Told):
        """Enter or a double click on a row."""

        key: str

    @dataclass
    class Highlighted(_Told):
        """The cursor is on another row, or on none."""

        key: str | None

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, LiveTable.Highlighted) and message.table is self.table

    @dataclass
    class Marked(_Told):
        """The marks changed."""

        marks: frozenset[str]

    @dataclass
    class TitlePressed(_Told):
        """A click on the title of a column."""

        column: str

    def __init__(
        self,
        source: TableSource,
        *,
        clock: Callable[[], datetime] = utc_now,
        marking: bool = True,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._source = source
        self._marking = marking
        self._clock = clock
        self._now = clock()
        self._view = Viewport()
        self._marks: frozenset[str] = frozenset()
        self._header = Header(source.columns)
        self._rows: dict[str, tuple[Cell, ...]] = {}
        self._painted: list[tuple[str, bool, bool]] = []
        self._strips: LRUCache[object, Strip] = LRUCache(CACHED_STRIPS)
        self._stale = False
        self._sentence = ""

    @property
    def cursor(self) -> str | None:
        """The key of the row under the cursor."""
        return self._view.cursor

    @property
    def marks(self) -> frozenset[str]:
        """The marked keys, also those that a filter hides; the pane drops what is gone."""
        return self._marks

    @property
    def position(self) -> tuple[int, int, int]:
        """The first and the last row in the window, counted from 1, and how many there are."""
        shown = len(self._view.visible)
        return (self._view.top + 1 if shown else 0, self._view.top + shown, len(self._view.keys))

    def beat(self, now: datetime) -> None:
        """Takes what became dirty in the source and repaints the lines that changed by it."""
        before, self._now = self._now, now
        dirty = self._source.drain()
        if self._header.update(self._source.columns):
            self._rows.clear()
            self._resize()
            self.refresh()
        if (stale := self._source.freshness(now).stale) is not self._stale:
            self._stale = stale
            self.refresh()
        if dirty.order or not self._view.keys:
            cursor = self._view.cursor
            self._view.reorder(list(self._source.keys()))
            self._tell(cursor)
        touched = dirty.keys | self._ticked(before, now)
        changed = {key for key in self._rows.keys() & touched if self._recompute(key)}
        self._repaint(changed)

    def show_source(self, source: TableSource) -> None:
        """Draws another source, from its first row, without marks."""
        cursor = self._view.cursor
        self._source = source
        self._view = Viewport()
        self._header.update(source.columns)
        self._resize()
        self._rows.clear()
        self.set_marks(())
        self._view.reorder(list(source.keys()))
        self._tell(cursor)
        self.refresh()

    def show_sort(self, column: str | None, *, descending: bool = False) -> None:
        """The arrow in the titles: by which column the source has sorted."""
        if self._header.sort_by(Sort(column, descending) if column else None):
            self.refresh(Region(0, 0, self.size.width, 1))

    def set_marks(self, marks: Collection[str]) -> None:
        """These keys are marked, and no others."""
        if self._marks != (new := frozenset(marks)):
            self._marks = new
            self._repaint()
            self.post_message(self.Marked(self, new))

    def move_to(self, key: str) -> bool:
        """The cursor goes to this key; False if it has no row."""
        return self._moved(lambda: self._view.move_to_key(key))

    def render_line(self, y: int) -> Strip:
        if not self._view.keys:
            return self._sentence_line(y)
        palette = theme.palette(self.app)
        if y < self._header.height:
            return self._header.strip(palette.tones, ascii_only=theme.ascii_only(self.app))
        index = self._row_at(y)
        if index is None:
            return Strip.blank(self.size.width, palette.blank)
        return self._row(self._view.keys[index], palette)

    def _row_at(self, y: int) -> int | None:
        index = self._view.top + y - self._header.height
        return index if y < self.size.height and index < len(self._view.keys) else None

    def _resize(self) -> None:
        self._header.resize(self._inner)
        self._view.resize(self.size.height - self._header.height)

    def _row(self, key: str, palette: theme.Palette) -> Strip:
        if key not in self._rows:
            self._rows[key] = tuple(self._source.cells(key, self._now))
        cursor, mark = self._is_cursor(key), key in self._marks
        look = (self._rows[key], cursor, mark, self._stale, palette, self._header.version)
        drawn = self._strips.get(look)
        if drawn is None:
            drawn = self._draw(self._rows[key], palette, cursor=cursor, mark=mark)
            self._strips[look] = drawn
        return drawn

    def _draw(
        self, cells: tuple[Cell, ...], palette: theme.Palette, *, cursor: bool, mark: bool
    ) -> Strip:
        ascii_only = theme.ascii_only(self.app)
        if ascii_only:
            cells = tuple(lines.cell_to_ascii(cell) for cell in cells)
        line = lines.pad(lines.row(cells, self._header.fitted, self._header.aligns), self._inner)
        if ascii_only:
            line = lines.cell_to_ascii(line)  # the signs of what was cut
        sign = (lines.to_ascii(MARK) if ascii_only else MARK) if mark else " "
        sides = ((sign, Tone.ACCENT),), ((" ", Tone.PLAIN),)
        styles = palette.row(cursor=cursor, stale=self._stale)
        if cursor:
            # The bar covers what is in the columns; marks and the rim stay as they are.
            left, right = (segments(side, palette.tones) for side in sides)
            return Strip([*left, *segments(line, styles), *right], self.size.width)
        return strip(lines.merged([*sides[0], *line, *sides[1]]), styles)

    def _sentence_line(self, y: int) -> Strip:
        palette = theme.palette(self.app)
        wrapped = lines.wrap(self._sentence, self._inner)
        text = wrapped[y] if y < len(wrapped) else ""
        if theme.ascii_only(self.app):
            text = lines.to_ascii(text)
        line = Strip([Segment(f" {text}", palette.tones[Tone.MUTED])])
        return line.adjust_cell_length(self.size.width, palette.blank)

    @property
    def _inner(self) -> int:
        return max(1, self.size.width - SIDES)

    def _is_cursor(self, key: str) -> bool:
        return key == self._view.cursor and self.has_focus

    def _recompute(self, key: str) -> bool:
        cells = tuple(self._source.cells(key, self._now))
        if self._rows[key] == cells:
            return False
        self._rows[key] = cells
        return True

    def _ticked(self, before: datetime, now: datetime) -> set[str]:
        """The rows in the window whose text may change by the clock alone since the last beat."""
        if int(before.timestamp()) == int(now.timestamp()):
            return set()
        minute = before.timestamp() // 60 != now.timestamp() // 60
        due = ("second", "minute") if minute else ("second",)
        return {key for key in self._view.visible if self._source.ticking(key) in due}

    def _repaint(self, changed: Collection[str] = ()) -> None:
        """Repaints the lines that show something else than before."""
        if not self._view.keys:
            self._repaint_sentence()
            return
        visible = self._view.visible
        shown = [(key, self._is_cursor(key), key in self._marks) for key in visible]
        if shown and not self._painted:
            self.refresh()
        elif regions := [
            Region(0, y + self._header.height, self.size.width, 1)
            for y, (old, new) in enumerate(zip_longest(self._painted, shown))
            if old != new or new[0] in changed
        ]:
            self.refresh(*regions)
        self._painted = shown
        if len(self._rows) > len(visible):
            kept = set(visible)
            self._rows = {key: row for key, row in self._rows.items() if key in kept}

    def _repaint_sentence(self) -> None:
        sentence = self._source.empty()
        if sentence != self._sentence or self._painted:
            self._sentence = sentence
            self._painted = []
            self._rows.clear()
            self.refresh()

    def _moved(self, move: Callable[[], bool | None]) -> bool:
        before = self._view.cursor
        done = move() is not False
        self._tell(before)
        self._repaint()
        return done

    def _tell(self, before: str | None) -> None:
        if self._view.cursor != before:
            self.post_message(self.Highlighted(self, self._view.cursor))

    def _by(self, rows: int) -> None:
        self._moved(lambda: self._view.move_to(self._view.index + rows))

    def action_up(self) -> None:
        self._by(-1)

    def action_down(self) -> None:
        self._by(1)

    def action_top(self) -> None:
        self._moved(lambda: self._view.move_to(0))

    def action_bottom(self) -> None:
        self._moved(lambda: self._view.move_to(len(self._view.keys) - 1))

    def action_half_down(self) -> None:
        self._by(max(1, self._view.height // 2))

    def action_half_up(self) -> None:
        self._by(-max(1, self._view.height // 2))

    def action_page_down(self) -> None:
        self._by(max(1, self._view.height - 1))

    def action_page_up(self) -> None:
        self._by(-max(1, self._view.height - 1))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Marks are made where something is done with them."""
        return self._marking if action == "mark" else True

    def action_mark(self) -> None:
        if self.cursor is not None:
            self.set_marks(self._marks ^ {self.cursor})

    def action_open(self) -> None:
        if self.cursor is not None:
            self.post_message(self.Selected(self, self.cursor))

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.refresh())

    def on_unmount(self) -> None:
        # The signal would keep it, and its screen with it, for as long as the program runs.
        self.app.theme_changed_signal.unsubscribe(self)

    def on_show(self) -> None:
        self.beat(self._clock())

    def on_resize(self) -> None:
        self._resize()
        self._repaint()
        self.refresh()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self._repaint()

    def focus(self, scroll_visible: bool = True) -> Self:
        # Textual's own repaints the whole widget first.
        def take() -> None:
            if self.is_attached:
                self.screen.set_focus(self, scroll_visible=scroll_visible)

        self.app.call_later(take)
        return self

    def on_focus(self, event: events.Focus) -> None:
        self._take_focus(event, True, events.DescendantFocus)

    def on_blur(self, event: events.Blur) -> None:
        self._take_focus(event, False, events.DescendantBlur)

    def _take_focus(
        self,
        event: events.Event,
        has_focus: bool,
        told: type[events.DescendantFocus | events.DescendantBlur],
    ) -> None:
        # In place of Textual's own handler, which repaints all rows for one cursor.
        event.prevent_default()
        self.has_focus = has_focus
        if isinstance(self.parent, Widget):
            self.parent.post_message(told(self))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if event.y < self._header.height:
            if (column := self._header.column_at(event.x - 1)) is not None:
                self.post_message(self.TitlePressed(self, column))
            return
        index = self._row_at(event.y)
        if index is None:
            return
        self._moved(lambda: self._view.move_to(index))
        if event.chain > 1:
            self.action_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._moved(lambda: self._view.scroll(WHEEL_LINES))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._moved(lambda: self._view.scroll(-WHEEL_LINES))


def visible_tables(root: Widget) -> list[LiveTable]:
    """The tables below a widget that can be seen: those that want a beat."""
    return [table for table in root.query(LiveTable) if table.is_on_screen]
