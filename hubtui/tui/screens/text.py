"""One text in full: what a row of a diff cuts short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from hubtui.model.text import safe
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.views.cells import Cell, Tone
from hubtui.views.document import Hung

_TONES = {"+ ": Tone.FINE, "- ": Tone.NOW}


class TextScreen(ReadingScreen):
    """Lines to read, to move in and to copy; what comes and goes has its sign and its tone."""

    def __init__(self, heading: str, text: Sequence[str]) -> None:
        super().__init__(heading)
        self._text = text

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        for line in self._text:
            yield ((safe(line.expandtabs(4)), _TONES.get(line[:2], Tone.PLAIN)),)
