"""The demo's time: what happens when, at once for the past and by the clock from then on.

Everything that lives in the demo is a callback with a due time, so that the days before the first
look pass in a moment, a seed gives the same story at any speed, and no test waits.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

log = logging.getLogger(__name__)

Do = Callable[[], None]


def wall_clock() -> datetime:
    """The time of the machine."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Due:
    """A callback and when it is due; `cancelled` ones are passed over."""

    at: datetime
    do: Do
    cancelled: bool = False


class Timeline:
    """The order of all that happens.

    It begins in the past at `start`, where `run_until` makes time pass at once. From `live` on time
    is the clock's, and what takes `seconds` takes `seconds / speed` of it.
    """

    def __init__(
        self, start: datetime, *, speed: float = 1.0, clock: Callable[[], datetime] = wall_clock
    ) -> None:
        self.speed = speed
        self._clock = clock
        self._past: datetime | None = start
        self._due: list[tuple[datetime, int, Due]] = []
        self._numbers = count()
        self._changed = asyncio.Event()

    @property
    def now(self) -> datetime:
        """The time in the demo."""
        return self._past if self._past is not None else self._clock()

    @property
    def is_live(self) -> bool:
        """Whether time is the clock's."""
        return self._past is None

    def after(self, seconds: float, do: Do) -> Due:
        """Has `do` called once, `seconds` from now; 0 is soon, after what is being done."""
        if self._past is not None:
            due = Due(self._past + timedelta(seconds=seconds), do)
            heapq.heappush(self._due, (due.at, next(self._numbers), due))
            return due
        due = Due(self._clock() + timedelta(seconds=seconds / self.speed), do)
        heapq.heappush(self._due, (due.at, next(self._numbers), due))
        self._changed.set()
        return due

    def soon(self, do: Do) -> Due:
        """Has `do` called next."""
        return self.after(0, do)

    def run_until(self, when: datetime) -> None:
        """Lets the time to `when` pass at once. Only before `live`."""
        if self._past is None:
            raise RuntimeError("the past is over")
        while self._due and self._due[0][0] <= when:
            at, _, due = heapq.heappop(self._due)
            self._past = max(self._past, at)
            self._call(due)
        self._past = when

    def go_live(self) -> None:
        """From here on time is the clock's; what is due already happens at the next `run_due`."""
        now, self._past = self.now, None
        shift = self._clock() - now
        for _, _, due in self._due:
            due.at = now + (due.at - now) / self.speed + shift
        self._due = [(due.at, number, due) for _, number, due in self._due]
        heapq.heapify(self._due)

    def run_due(self) -> float | None:
        """Does what is due by the clock; gives the seconds until the next, None for nothing."""
        while self._due and self._due[0][0] <= self.now:
            self._call(heapq.heappop(self._due)[2])
        return (self._due[0][0] - self.now).total_seconds() if self._due else None

    async def live(self) -> None:
        """Follows the clock until it is cancelled."""
        if not self.is_live:
            self.go_live()
        while True:
            self._changed.clear()
            wait = self.run_due()
            try:
                # Not wait_for, which can lose a cancellation (cpython 86296).
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _call(self, due: Due) -> None:
        if due.cancelled:
            return
        try:
            due.do()
        except Exception:
            # One part that breaks must not stop the others.
            log.exception("a part of the demo failed")
