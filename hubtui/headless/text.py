"""Lines of text: names with their values, indented blocks, and what is wider than a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hubtui.views.cells import Cell, Tone
from hubtui.views.document import INDENT, Hung, wrap_cell


def fact(name: str, value: Cell, width: int = 10) -> Hung:
    """A line `name  value` at the margin; a long value hangs below itself."""
    return Hung(((f"{name:<{width}}", Tone.MUTED), *value), width)


def indented(lines: Iterable[Cell | Hung]) -> Iterator[Hung]:
    """The lines two cells to the right."""
    for line in lines:
        cell, indent = (line.cell, line.indent) if isinstance(line, Hung) else (line, 0)
        yield Hung(((INDENT, Tone.PLAIN), *cell), indent + len(INDENT))


def fitted(lines: Iterable[Cell | Hung], width: int) -> list[Cell]:
    """The lines wrapped to a terminal's width; 0 leaves them as they are."""
    found: list[Cell] = []
    for line in lines:
        cell, indent = (line.cell, line.indent) if isinstance(line, Hung) else (line, None)
        found += wrap_cell(cell, width, indent) if width and cell else [cell]
    return found
