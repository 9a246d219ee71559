"""A text of styled lines as a table of one column: details, plans, help, logs.

The widget that draws live tables draws these too, so moving, copying and repainting are the same
everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal

from hubtui.views.cells import Cell, Tone, plain
from hubtui.views.lines import clip_cell, width_of, wrap
from hubtui.views.table import Column, Dirty, Freshness

Build = Callable[[datetime], Iterable[Cell]]
"""Gives the lines as they are now."""

INDENT = "  "


class Document:
    """Lines that are built anew when `touch` is called; long ones are wrapped to the width.

    A line may ask for a hanging indent by starting with spaces: what is wrapped keeps it.
    """

    def __init__(
        self, build: Build, *, title: str = "", wrapped: bool = True, empty: str = ""
    ) -> None:
        self._build = build
        self._wrapped = wrapped
        self._title = title
        self._empty = empty
        self._lines: list[Cell] = []
        self._keys: list[str] = []
        self._width = 0
        self._touched = True
        self._now = datetime.min.replace(tzinfo=UTC)

    @property
    def columns(self) -> Sequence[Column]:
        return (Column("line", self._title, 1, grow=True, sortable=False),)

    @property
    def text(self) -> str:
        """All lines as plain text, for the clipboard."""
        return "\n".join(plain(line).rstrip() for line in self._build(self._now))

    def touch(self) -> None:
        """The lines are to be built anew at the next beat."""
        self._touched = True

    def resize(self, width: int) -> None:
        """Lines are `width` terminal cells wide from now on."""
        if width != self._width:
            self._width = width
            self._touched = True

    def at(self, now: datetime) -> None:
        """The time that the lines are built for."""
        self._now = now

    def keys(self) -> Sequence[str]:
        return self._keys

    def line(self, key: str) -> str:
        """The words of one line."""
        return plain(self._lines[int(key)]) if int(key) < len(self._lines) else ""

    def cells(self, key: str, now: datetime) -> Sequence[Cell]:
        self._now = now
        index = int(key)
        return (self._lines[index] if index < len(self._lines) else (),)

    def drain(self) -> Dirty:
        if not self._touched:
            return Dirty()
        self._touched = False
        before = self._lines
        self._lines = [part for line in self._build(self._now) for part in self._fit(line)]
        changed = {
            str(index)
            for index, line in enumerate(self._lines)
            if index >= len(before) or before[index] != line
        }
        order = len(self._keys) != len(self._lines)
        self._keys = [str(index) for index in range(len(self._lines))]
        return Dirty(frozenset(changed), order=order)

    def _fit(self, line: Cell) -> list[Cell]:
        if not self._width or width_of(line) <= self._width:
            return [line]
        return wrap_cell(line, self._width) if self._wrapped else [clip_cell(line, self._width)]

    def ticking(self, key: str) -> Literal["never", "minute", "second"]:
        return "never"

    def freshness(self, now: datetime) -> Freshness:
        self._now = now
        return Freshness("")

    def empty(self) -> str:
        return self._empty


def wrap_cell(line: Cell, width: int) -> list[Cell]:
    """A line on several lines; tones follow the words, what is wrapped keeps the indent."""
    text = plain(line)
    indent = " " * min(len(text) - len(text.lstrip()), width // 3)
    pieces = wrap(text.lstrip(), max(1, width - len(indent)))
    tones = [tone for part, tone in line for _ in part][len(text) - len(text.lstrip()) :]
    body = text.lstrip()
    found: list[Cell] = []
    start = 0
    for piece in pieces:
        start = max(start, body.find(piece, start)) if piece in body[start:] else start
        spans = [(indent, Tone.PLAIN)] if indent else []
        spans += _toned(piece, tones[start : start + len(piece)])
        start += len(piece)
        found.append(tuple(spans))
    return found or [line]


def _toned(text: str, tones: Sequence[Tone]) -> list[tuple[str, Tone]]:
    spans: list[tuple[str, Tone]] = []
    for index, character in enumerate(text):
        tone = tones[index] if index < len(tones) else Tone.PLAIN
        if spans and spans[-1][1] is tone:
            spans[-1] = (spans[-1][0] + character, tone)
        else:
            spans.append((character, tone))
    return spans


def heading(text: str) -> Cell:
    """A heading of a document."""
    return ((text, Tone.STRONG),)


def fact(name: str, value: Cell, width: int = 16) -> Cell:
    """A line `name   value` of a document."""
    return ((f"{INDENT}{name:<{width}}", Tone.MUTED), *value)
