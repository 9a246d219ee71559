"""A log's bytes as lines: cut where a line has no end, with its time told apart."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hubtui.model.text import safe

LONGEST = 64 * 1024
"""Bytes of one line that are kept on a screen: 10,000 lines of 1 MB would be 10 GB."""

_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) ?")


class LineSplitter:
    """Takes the bytes of a log as they come, gives whole lines as harmless text.

    What of a line is beyond `longest` bytes is dropped as it comes, and counted.
    """

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._rest = bytearray()
        self._dropped = 0

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The lines that end in this chunk."""
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            self._take(chunk, start, end)
            yield self._line()
            start = end + 1
        self._take(chunk, start, len(chunk))

    def end(self) -> Iterator[str]:
        """What is left when the log ends without a line end."""
        if self._rest:
            yield self._line()

    def _take(self, chunk: bytes, start: int, end: int) -> None:
        room = self._longest - len(self._rest)
        self._rest += chunk[start : min(end, start + room)]
        self._dropped += max(0, end - start - room)

    def _line(self) -> str:
        text = log_line(bytes(self._rest))
        if self._dropped:
            text += f" … {self._dropped:,} more bytes"
        self._rest.clear()
        self._dropped = 0
        return text


def log_line(line: bytes) -> str:
    """One line of a log as it may be shown: what is no text, and terminal codes, are visible."""
    return safe(line.decode(errors="backslashreplace").rstrip("\r"))


def stamped(line: str) -> tuple[str, str]:
    """The time at the head of a line, as `timestamps=true` puts it there, and the rest."""
    match = _STAMP.match(line)
    return (match.group(1), line[match.end() :]) if match else ("", line)
