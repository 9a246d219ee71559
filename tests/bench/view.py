"""The rendered screen: bytes in, rows of text and of background colours out."""

from __future__ import annotations

import re

import pyte

Shades = tuple[str, ...]

# pyte takes these private sequences (kitty keys, modifyOtherKeys …) for text or for colours.
_PRIVATE = re.compile(rb"\x1b\[[<>=][0-9;:]*[ -/]*[@-~]")
_STRING = re.compile(rb"\x1b[P_^].*?(?:\x1b\\|\x07)", re.DOTALL)
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*)?$|\x1b[P_^][^\x07\x1b]*\x1b?$")


class _Screen(pyte.Screen):  # type: ignore[misc]
    """pyte's screen, which trips over private device queries."""

    def report_device_status(self, mode: int = 0, **_: bool) -> None:
        """Say nothing: neither program waits for it."""


class View:
    """What stands on the screen now."""

    def __init__(self, columns: int, rows: int) -> None:
        self._screen = _Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._columns = columns
        self._carried = b""
        self.rows: list[str] = [""] * rows
        self.shades: list[Shades] = [()] * rows

    def feed(self, data: bytes) -> None:
        """Render `data`; a control sequence that ends in the next piece waits for it."""
        data = self._carried + data
        unfinished = _UNFINISHED.search(data)
        cut = unfinished.start() if unfinished else len(data)
        data, self._carried = data[:cut], data[cut:]
        self._stream.feed(_STRING.sub(b"", _PRIVATE.sub(b"", data)))
        for row in self._screen.dirty:
            self._read(row)
        self._screen.dirty.clear()

    @property
    def text(self) -> str:
        return "\n".join(self.rows)

    def _read(self, row: int) -> None:
        if row >= len(self.rows):
            return
        line = self._screen.buffer[row]
        cells = [line[column] for column in range(self._columns)]
        self.rows[row] = "".join(cell.data for cell in cells)
        self.shades[row] = tuple(f"{cell.fg}*" if cell.reverse else str(cell.bg) for cell in cells)


def moved_rows(before: list[Shades], now: list[Shades], width: int = 20) -> list[int]:
    """Rows whose background changed in at least `width` cells: a cursor left, or came."""
    return [
        row
        for row, (old, new) in enumerate(zip(before, now, strict=True))
        if old != new and sum(a != b for a, b in zip(old, new, strict=False)) >= width
    ]
