"""Text in terminal cells: measured, cut and padded, so that no line is wider than its place."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Literal

from rich.cells import cell_len, set_cell_size

from hubtui.views.cells import ASCII_SIGNS, Cell, Span, Tone

Align = Literal["left", "right"]

CUT = "…"

_UPPER, _LOWER = 0x1B, 0xE4
"""The dots of braille in the upper and in the lower half of a cell."""


def _braille(dots: int) -> str:
    if dots & _UPPER and dots & _LOWER:
        return ":"
    return "'" if dots & _UPPER else "."


_TO_ASCII = str.maketrans(
    ASCII_SIGNS
    | dict(zip("╭╮╰╯│█▏", "++++|#|", strict=True))
    | dict(zip("▁▂▃▄▅▆▇▌", "__--==#>", strict=True))
    | {chr(0x2800 + dots): _braille(dots) for dots in range(1, 256)}
)


def width_of(cell: Iterable[tuple[str, object]]) -> int:
    """How many terminal cells the spans take; a CJK character or an emoji takes two."""
    return sum(cell_len(text) for text, _ in cell)


def clip(text: str, width: int) -> str:
    """The text in at most `width` terminal cells, ending with `…` where it was cut."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + CUT


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` terminal cells, broken at blanks."""
    if cell_len(text) <= width:
        return [text] if text else []
    # textwrap counts characters; where some take two cells, half as many are sure to fit.
    characters = width if text.isascii() else max(1, width // 2)
    return textwrap.wrap(text, max(1, characters))


def clip_cell(cell: Cell, width: int) -> Cell:
    """The spans in at most `width` terminal cells, the last one ending with `…` if cut.

    Blanks at the end go first, and silently.
    """
    if width_of(cell) <= width:
        return cell
    cell = _without_end_blanks(cell)
    if width_of(cell) <= width:
        return cell
    kept: list[Span] = []
    room = width
    for text, tone in cell:
        size = cell_len(text)
        if size >= room:
            # A span that just fits is cut too: more follows, or the whole would have fitted.
            kept.append((clip(text + CUT, room) if size == room else clip(text, room), tone))
            break
        kept.append((text, tone))
        room -= size
    return tuple(span for span in kept if span[0])


def _without_end_blanks(cell: Cell) -> Cell:
    while cell and not cell[-1][0].rstrip(" "):
        cell = cell[:-1]
    return (*cell[:-1], (cell[-1][0].rstrip(" "), cell[-1][1])) if cell else cell


def pad(cell: Cell, width: int, align: Align = "left") -> Cell:
    """The spans in exactly `width` terminal cells."""
    cell = clip_cell(cell, width)
    blank = width - width_of(cell)
    if not blank:
        return cell
    space: Span = (" " * blank, Tone.PLAIN)
    return (space, *cell) if align == "right" else (*cell, space)


def merged(spans: Iterable[Span]) -> Cell:
    """The spans with neighbours of one tone joined; blanks take the tone of their neighbour.

    Each span costs an escape sequence on the way to the terminal, a blank in another tone looks
    the same.
    """
    joined: list[Span] = []
    for text, tone in spans:
        if not text:
            continue
        if not joined or not (tone == joined[-1][1] or text.isspace() or joined[-1][0].isspace()):
            joined.append((text, tone))
            continue
        before, tone_before = joined[-1]
        joined[-1] = (before + text, tone if before.isspace() else tone_before)
    return tuple(joined)


def row(cells: Sequence[Cell], fitted: Sequence[tuple[int, int]], aligns: Sequence[Align]) -> Cell:
    """One line of a table: the cells that fit, one space apart.

    `fitted` is what `views.table.fit` returns, `aligns` has one entry for each column. The last
    cell of a row with fewer cells than columns has the room of all that are left.
    """
    spans: list[Span] = []
    for position, (index, width) in enumerate(fitted):
        if position:
            spans.append((" ", Tone.PLAIN))
        if index == len(cells) - 1 and len(cells) < len(aligns):
            room = sum(width + 1 for _, width in fitted[position:]) - 1
            spans.extend(clip_cell(cells[index], room))
            break
        cell = cells[index] if index < len(cells) else ()
        spans.extend(pad(cell, width, aligns[index]))
    return merged(spans)


def to_ascii(text: str) -> str:
    """The text for a terminal without UTF-8; what has no stand-in becomes `?`."""
    if text.isascii():
        return text
    return text.translate(_TO_ASCII).encode("ascii", "replace").decode()


def cell_to_ascii(cell: Cell) -> Cell:
    """The cell for a terminal without UTF-8; signs keep their tone."""
    return tuple((to_ascii(text), tone) for text, tone in cell)
