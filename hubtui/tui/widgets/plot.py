"""Lines over time with their legend, drawn when they are looked at and not before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from hubtui.tui import theme
from hubtui.tui.widgets.strips import joined, segments
from hubtui.views import plot as views
from hubtui.views.cells import Cell, Tone, cell, plain
from hubtui.views.lines import to_ascii, wrap
from hubtui.views.plot import Drawing, Frame, Line

EMPTY: Final = Frame(start=0.0, end=0.0)

LEGEND_PART: Final = 4
"""The part of the height, one of so many, that the legend may take."""


class Plot(Widget, can_focus=True):
    """A plot with a cursor on the time axis."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Plot { width: 1fr; height: 1fr; }"

    @dataclass
    class CursorMoved(Message):
        """The cursor stands at another moment, or at none."""

        at: float | None

    @dataclass
    class Resized(Message):
        """There are so many columns for samples now."""

        columns: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()
        self._frame = EMPTY
        self._words = ""
        self._drawn: tuple[Cell, ...] | None = None
        self._drawing: Drawing | None = None

    # -- what is shown

    def show(self, lines: Sequence[Line], frame: Frame) -> None:
        """Draws these; the cursor stays where it is as long as its time is looked at."""
        cursor = self._frame.cursor
        if cursor is not None and not frame.start <= cursor <= frame.end:
            cursor = None
        self._lines, self._words = lines, ""
        self._set(replace(frame, cursor=cursor))

    def say(self, words: str) -> None:
        """Words in the place of lines."""
        if words != self._words or self._lines:
            self._lines, self._words = (), words
            self._set(EMPTY)

    @property
    def frame(self) -> Frame:
        """What is looked at."""
        return self._frame

    @property
    def text(self) -> str:
        """The plot as plain text, for the clipboard."""
        return "\n".join(plain(row).rstrip() for row in self._rows())

    @property
    def columns(self) -> int:
        """About how many columns the samples have."""
        return max(1, self.size.width - 10)

    def _set(self, frame: Frame) -> None:
        self._frame = frame
        self._drawn = None
        self.refresh()

    # -- the cursor

    def move(self, by: int) -> bool:
        """The cursor goes `by` columns further; False where it stands at the edge already."""
        if self._drawing is None or not self._lines:
            return True
        before = self._frame.cursor
        at = views.moved(self._frame, self._drawing.place, by, self._lines)
        if at == before:
            return False
        self._point(at)
        return True

    def point_at(self, at: float | None) -> None:
        """The cursor goes to a moment, or away."""
        if at != self._frame.cursor:
            self._point(at)

    def _point(self, at: float | None) -> None:
        self._set(replace(self._frame, cursor=at))
        self.post_message(self.CursorMoved(at))

    def on_click(self, event: events.Click) -> None:
        if self._drawing is not None and self._lines:
            place = self._drawing.place
            if 0 <= event.x - place.left < place.width:
                self._point(place.moment(event.x - place.left))

    # -- drawing

    def _rows(self) -> tuple[Cell, ...]:
        if self._drawn is None:
            width, height = self.size.width, self.size.height
            if not self._lines:
                self._drawing = None
                self._drawn = tuple(
                    cell(line, Tone.MUTED) for line in ("", *wrap(self._words, max(1, width - 2)))
                )
            else:
                most = max(1, height // LEGEND_PART)
                legend = views.legend(self._lines, self._frame, width, most)
                self._drawing = views.drawn(self._lines, self._frame, width, height - len(legend))
                self._drawn = (*self._drawing.rows, *legend)
        return self._drawn

    def render_line(self, y: int) -> Strip:
        palette = theme.palette(self.app)
        rows = self._rows()
        if y >= len(rows):
            return Strip.blank(self.size.width, palette.blank)
        line = segments(rows[y], palette.tones)
        if theme.ascii_only(self.app):
            line = [Segment(to_ascii(text), style) for text, style, _ in line]
        return Strip(joined(line)).adjust_cell_length(self.size.width, palette.blank)

    def on_resize(self) -> None:
        self._drawn = None
        self.post_message(self.Resized(self.columns))

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.refresh())

    def on_unmount(self) -> None:
        # The signal would keep it, and its screen with it, for as long as the program runs.
        self.app.theme_changed_signal.unsubscribe(self)
