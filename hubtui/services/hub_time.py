"""How much of a hub's time is ours: a twentieth, in every minute.

A hub does everything in one event loop, so what a request takes is taken from all users. What it
took is measured from outside: the way there counts too, so the hub has rather more for itself. A
request that took longer than is usual has waited for the hub's own work, which is not ours: with
2,000 servers a hub sees to their activity for some seconds of each minute.
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

WINDOW: Final = 60.0
SHARE: Final = 0.05
"""Of the seconds of any window, the most that the hub is busy for us (issue 7)."""

REST: Final = 1 / SHARE - 1
"""Rest after a request, in times of what it took."""

KEPT: Final = 9
"""Requests of a kind that say what is usual."""


class HubTime:
    """The requests of the last minute, one after another; times are seconds of one clock.

    A request is taken to last as long as is usual for its kind, the middle of the last KEPT; the
    first of a kind, as long as the longest of the others.
    """

    def __init__(self) -> None:
        self._spent: deque[tuple[float, float]] = deque()
        self._takes: dict[str, deque[float]] = {}

    def spend(self, kind: str, began: float, ended: float) -> None:
        """A request has ended."""
        self.learn(kind, ended - began)
        self._spent.append((max(began, ended - self._usual(kind)), ended))
        while self._spent[0][1] < ended - WINDOW:
            self._spent.popleft()

    def learn(self, kind: str, took: float) -> None:
        """What a request takes that does not count: one of a first load."""
        self._takes.setdefault(kind, deque(maxlen=KEPT)).append(took)

    def free_at(self, kind: str) -> float:
        """From when on a request of a kind keeps to our share."""
        if not self._spent:
            return 0.0
        began, ended = self._spent[-1]
        takes = self._usual(kind)
        return max(ended + REST * (ended - began), self._room_at(takes))

    def _usual(self, kind: str) -> float:
        if kind not in self._takes:
            return max(map(self._usual, self._takes), default=0.0)
        return median(self._takes[kind])

    def _room_at(self, takes: float) -> float:
        """When a minute that ends with a request has room for it: what lies back further than that
        minute counts no more."""
        room = max(0.0, SHARE * WINDOW - takes)
        for began, ended in reversed(self._spent):
            if ended - began > room:
                return ended - room + WINDOW - takes
            room -= ended - began
        return 0.0
