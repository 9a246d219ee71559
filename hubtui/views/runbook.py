"""The runbooks of an incident as one text."""

from __future__ import annotations

from collections.abc import Iterator

from hubtui.services.problems.books import Shelf
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.markdown import markdown_lines

OURS = "Runbook of hubtui"


def runbook_lines(shelf: Shelf) -> Iterator[Cell | Hung]:
    """The operator's own first, each under the name of its file."""
    if shelf.note:
        yield Hung(cell(shelf.note, Tone.SOON), 0)
        yield ()
    for index, book in enumerate(shelf.books):
        if index:
            yield ()
        yield cell(f"── {book.path or OURS} ──", Tone.MUTED)
        yield ()
        yield from markdown_lines(book.text)
