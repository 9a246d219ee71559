"""The line that greets whoever opens hubtui for the first time."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from rich.segment import Segment

from hubtui.config import private_folder
from hubtui.tui import theme
from hubtui.tui.widgets.line import Line
from hubtui.views.cells import Tone
from hubtui.views.lines import clip

log = logging.getLogger(__name__)

WORDS: Final = (
    " New here? ",
    "? help · r roll back to the selected revision · d what differs · esc closes this for good",
)


class HintLine(Line):
    """Shown until it is closed once; `marker` is the file that says so."""

    def __init__(self, marker: Path) -> None:
        super().__init__()
        self._marker = marker

    def draw(self, width: int) -> list[Segment]:
        palette = theme.palette(self.app)
        head, keys = WORDS
        shown = clip(keys, max(0, width - len(head)))
        return [Segment(head, palette.focus), Segment(shown, palette.tones[Tone.MUTED])]

    def on_click(self) -> None:
        self.close()

    def close(self) -> None:
        """Closes it, for good where the state folder can be written."""
        try:
            private_folder(self._marker.parent)
            self._marker.touch(mode=0o600)
        except OSError as error:
            log.info("the hint will be back: %s", error)
        self.remove()
