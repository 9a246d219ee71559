"""A text of styled lines as a table of one column: details, plans, help, logs.

The widget that draws live tables draws these too, so moving, copying and repainting are the same
everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from rich.cells import cell_len

from hubtui.views.cells import Cell, Tone, plain
from hubtui.views.lines import clip_cell, width_of
from hubtui.views.table import Column, Dirty, Freshness

INDENT = "  "


class Hung(NamedTuple):
    """A line whose continuation starts `indent` cells to the right: a name and its words."""

    cell: Cell
    indent: int


Build = Callable[[datetime], Iterable[Cell | Hung]]
"""Gives the lines as they are now."""


class Document:
    """Lines that are built anew when `touch` is called; long ones are wrapped to the width.

    What is wrapped keeps the indent of its line, or has the one that a `Hung` line asks for.
    """

    def __init__(
        self, build: Build, *, title: str = "", wrapped: bool = True, empty: str = ""
    ) -> None:
        self._build = build
        self._wrapped = wrapped
        self._title = title
        self._empty = empty
        self._lines: list[Cell] = []
        self._origins: list[int] = []
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
        return "\n".join(plain(_bare(line)).rstrip() for line in self._build(self._now))

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

    def origin(self, key: str) -> int:
        """Which of the built lines, counted from 0, a shown line is part of."""
        return self._origins[int(key)]

    def cells(self, key: str, now: datetime) -> Sequence[Cell]:
        self._now = now
        index = int(key)
        return (self._lines[index] if index < len(self._lines) else (),)

    def drain(self) -> Dirty:
        if not self._touched:
            return Dirty()
        self._touched = False
        before = self._lines
        fitted = [self._fit(line) for line in self._build(self._now)]
        self._lines = [part for parts in fitted for part in parts]
        self._origins = [index for index, parts in enumerate(fitted) for _ in parts]
        changed = {
            str(index)
            for index, line in enumerate(self._lines)
            if index >= len(before) or before[index] != line
        }
        order = len(self._keys) != len(self._lines)
        self._keys = [str(index) for index in range(len(self._lines))]
        return Dirty(frozenset(changed), order=order)

    def _fit(self, line: Cell | Hung) -> list[Cell]:
        bare = _bare(line)
        if not self._width or width_of(bare) <= self._width:
            return [bare]
        if not self._wrapped:
            return [clip_cell(bare, self._width)]
        return wrap_cell(bare, self._width, line.indent if isinstance(line, Hung) else None)

    def ticking(self, key: str) -> Literal["never", "minute", "second"]:
        return "never"

    def freshness(self, now: datetime) -> Freshness:
        self._now = now
        return Freshness("")

    def empty(self) -> str:
        return self._empty


def _bare(line: Cell | Hung) -> Cell:
    return line.cell if isinstance(line, Hung) else line


def wrap_cell(line: Cell, width: int, indent: int | None = None) -> list[Cell]:
    """A line on several lines; tones follow the words.

    Continuations start `indent` cells to the right, by default where the line's own text starts.
    """
    text = plain(line)
    start = len(text) - len(text.lstrip())
    indent = min(start if indent is None else indent, width // 2)
    tones = [tone for part, tone in line for _ in part]
    found: list[Cell] = []
    at = 0
    while at < len(text):
        room = width if not found else width - indent
        end = _break(text, at, room)
        blank = [(" " * indent, Tone.PLAIN)] if found and indent else []
        found.append((*blank, *_toned(text[at:end].rstrip(), tones[at:end])))
        at = end + (len(text[end:]) - len(text[end:].lstrip()))
    return found or [line]


def _break(text: str, at: int, room: int) -> int:
    """Where the piece that starts at `at` ends: at a blank if there is one."""
    end, used = at, 0
    while end < len(text) and used + cell_len(text[end]) <= room:
        used += cell_len(text[end])
        end += 1
    if end == len(text):
        return end
    first_word = at + len(text[at:]) - len(text[at:].lstrip())
    blank = text.rfind(" ", first_word, end + 1)
    return blank if blank > first_word else max(end, at + 1)


def _toned(text: str, tones: Sequence[Tone]) -> list[tuple[str, Tone]]:
    spans: list[tuple[str, Tone]] = []
    for character, tone in zip(text, tones, strict=False):
        if spans and spans[-1][1] is tone:
            spans[-1] = (spans[-1][0] + character, tone)
        else:
            spans.append((character, tone))
    return spans


def heading(text: str) -> Cell:
    """A heading of a document."""
    return ((text, Tone.STRONG),)


def fact(name: str, value: Cell, width: int = 16) -> Hung:
    """A line `name   value` of a document; a long value hangs below itself."""
    title = f"{INDENT}{name:<{width}} "
    return Hung(((title, Tone.MUTED), *value), len(title))
