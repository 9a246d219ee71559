"""The lines of a log as a table of one column: the newest are kept, the oldest drop out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from hubtui.views.cells import Cell, Tone
from hubtui.views.table import Column, Dirty, Freshness

KEPT = 10_000
"""Lines that are kept."""

DROPPED_AT_ONCE = 1_000
"""Lines that go together, so that dropping costs nothing a line."""

COLUMNS = (Column("line", "", 10, grow=True, sortable=False),)


class LogView:
    """A log that grows at its end. A key is the number of a line, counted from the first."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._first = 0
        self._shown: Sequence[int] = range(0)
        self._filter = ""
        self._dirty = True
        self.sentence = "Waiting for the first line …"

    @property
    def columns(self) -> Sequence[Column]:
        return COLUMNS

    @property
    def count(self) -> int:
        """How many lines came since the log was opened."""
        return self._first + len(self._lines)

    @property
    def dropped(self) -> int:
        """How many of them are no longer kept."""
        return self._first

    @property
    def text(self) -> str:
        """The kept lines that match."""
        return "\n".join(self._lines[n - self._first] for n in self._shown)

    def clear(self) -> None:
        """Starts anew, for another log."""
        self._lines.clear()
        self._first = 0
        self._arrange()

    def add(self, lines: Iterable[str]) -> None:
        """More lines at the end."""
        self._lines.extend(lines)
        if len(self._lines) > KEPT + DROPPED_AT_ONCE:
            surplus = len(self._lines) - KEPT
            del self._lines[:surplus]
            self._first += surplus
        self._arrange()

    def set_filter(self, text: str) -> None:
        """Shows only lines that hold the text, whatever its case."""
        self._filter = text.lower()
        self._arrange()

    def _arrange(self) -> None:
        numbers = range(self._first, self.count)
        if self._filter:
            lines = zip(numbers, self._lines, strict=True)
            self._shown = [n for n, line in lines if self._filter in line.lower()]
        else:
            self._shown = numbers
        self._dirty = True

    def keys(self) -> Sequence[str]:
        return [str(number) for number in self._shown]

    def last(self) -> str | None:
        """The key of the last line that is shown."""
        return str(self._shown[-1]) if self._shown else None

    def cells(self, key: str, now: datetime) -> Sequence[Cell]:
        index = int(key) - self._first
        if not 0 <= index < len(self._lines):
            return ((),)
        line = self._lines[index].expandtabs(4)
        if not self._filter:
            return (((line, Tone.PLAIN),),)
        at = line.lower().find(self._filter)
        end = at + len(self._filter)
        if at < 0:
            return (((line, Tone.PLAIN),),)
        return (((line[:at], Tone.PLAIN), (line[at:end], Tone.ACCENT), (line[end:], Tone.PLAIN)),)

    def drain(self) -> Dirty:
        dirty, self._dirty = self._dirty, False
        return Dirty(order=dirty)

    def ticking(self, key: str) -> Literal["never", "minute", "second"]:
        return "never"

    def freshness(self, now: datetime) -> Freshness:
        return Freshness("")

    def empty(self) -> str:
        return f"No line holds {self._filter!r}." if self._filter else self.sentence
