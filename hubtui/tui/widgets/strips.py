"""Cells as strips: what Textual's Line API puts on the screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from hubtui.views.cells import Cell, Tone
from hubtui.views.lines import width_of


def segments(cell: Cell, styles: Mapping[Tone, Style]) -> list[Segment]:
    """The spans in their styles; the text goes as it is, never through markup."""
    return [Segment(text, styles[tone]) for text, tone in cell]


def strip(cell: Cell, styles: Mapping[Tone, Style]) -> Strip:
    """A line of spans."""
    return Strip(segments(cell, styles), width_of(cell))


def joined(parts: Iterable[Segment]) -> list[Segment]:
    """The segments with neighbours that look alike as one; a blank has no colour of its own.

    Each segment costs an escape sequence on the way to the terminal.
    """
    line: list[Segment] = []
    for text, style, _ in parts:
        if line and text:
            before, style_before, _ = line[-1]
            if style == style_before or (_same_back(style, style_before) and text.isspace()):
                line[-1] = Segment(before + text, style_before)
                continue
        if text:
            line.append(Segment(text, style))
    return line


def _same_back(one: Style | None, other: Style | None) -> bool:
    return one is not None and other is not None and one.bgcolor == other.bgcolor
