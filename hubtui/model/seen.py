"""What was seen of sizes while somebody looked: near times closely, far ones more sparsely."""

from __future__ import annotations

from array import array
from typing import Final

from hubtui.model.points import Point

MOST: Final = 48
"""Points that are kept of one thing: 768 bytes."""

SPACING: Final = 60.0
"""Seconds between two points at least."""

OLDEST: Final = 7 * 86400.0
"""Seconds after which a point is forgotten."""

_PART: Final = 6.0
"""Points that lie back lie apart by this part of that time at least."""


class Seen:
    """Points by name, in bounded memory."""

    def __init__(self) -> None:
        self._points: dict[str, array[float]] = {}

    def put(self, name: str, at: float, value: float) -> bool:
        """Takes a point in; False for one that comes too soon after the last, or before it."""
        known = self._points.setdefault(name, array("d"))
        if known and at < known[-2] + SPACING:
            return False
        known.extend((at, value))
        if len(known) > 2 * MOST:
            self._points[name] = _thinned(known, at)
        return True

    def points(self, name: str) -> list[Point]:
        """What was seen of one thing, in the order of time."""
        known = self._points.get(name, _NOTHING)
        return list(zip(known[::2], known[1::2], strict=True))

    def forget(self, name: str) -> None:
        """There is no such thing any more."""
        self._points.pop(name, None)

    def __len__(self) -> int:
        return len(self._points)


_NOTHING: Final = array("d")


def _thinned(known: array[float], now: float) -> array[float]:
    """The points from the newest to the oldest that lie apart by a part of their age."""
    kept: list[Point] = []
    last = now + SPACING
    for at, value in zip(known[-2::-2], known[-1::-2], strict=True):
        if now - at > OLDEST:
            break
        if last - at >= max(SPACING, (now - at) / _PART):
            kept.append((at, value))
            last = at
    return array("d", [number for point in reversed(kept[:MOST]) for number in point])
