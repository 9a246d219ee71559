"""A log's bytes as lines: cut where a line has no end, with its time told apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

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


class Resume:
    """Where a log that broke off goes on, without a line twice and without one lost.

    The API takes `sinceTime` in whole seconds and sends again what was written from that second on
    (kubernetes/pkg/registry/core/pod, logLocation formats it as RFC 3339). Stamps are in no strict
    order: stdout and stderr are written by two hands, and several lines share one. So the lines
    of the last seconds are counted, and each is dropped as often as it was taken.
    """

    def __init__(self) -> None:
        self._taken: dict[datetime, Counter[int]] = {}
        self._first = ""
        self._again: Counter[int] = Counter()
        self._second: tuple[str, datetime | None] = ("", None)

    @property
    def since(self) -> str:
        """From where to ask, as `sinceTime`; empty before the first line with a time."""
        return f"{min(self._taken):%Y-%m-%dT%H:%M:%SZ}" if self._taken else ""

    def broke(self) -> None:
        """The log is opened again: what was taken from `since` on comes once more."""
        self._again = Counter()
        for lines in self._taken.values():
            self._again.update(lines)

    def takes(self, at: str, line: str) -> bool:
        """Whether a line, its time `at` included, is a new one; then it counts as taken."""
        second = self._second_of(at) if at else None
        if second is None:
            return True
        known = hash(line)
        if self._again[known]:
            self._again[known] -= 1
            return False
        if self._again and at < self._first:
            return False  # it is older than the tail that was asked for
        self._first = self._first or at
        if self._taken and max(self._taken) - second > _INVERTED:
            self._taken, self._first = {}, at  # the node's clock was set back
        self._taken.setdefault(second, Counter())[known] += 1
        for old in [each for each in self._taken if second - each > _INVERTED]:
            del self._taken[old]
        return True

    def _second_of(self, at: str) -> datetime | None:
        whole = at[:19] + at[19:].lstrip(".0123456789")
        if whole != self._second[0]:
            try:
                self._second = (whole, datetime.fromisoformat(whole).astimezone(UTC))
            except ValueError:
                self._second = (whole, None)
        return self._second[1]


_INVERTED = timedelta(seconds=1)
"""How much older than the line before it a line may be."""
