"""Cells as strips: what Textual's Line API puts on the screen."""

from __future__ import annotations

from collections.abc import Mapping

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
