"""Runs hubtui and notes each time that its event loop paused: `-m tests.bench.pulse FILE ARGS…`.

A beat is due each few milliseconds; one that comes late tells of a step that kept the loop. Two
figures of each pause go to the file: how late the beat was, and for how long of that the loop's
own thread worked, which is what counts on a machine that others use as well.
"""

from __future__ import annotations

import asyncio
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

EVERY = 0.005
LEAST = 0.015
"""Seconds from which on a beat that is late is noted."""


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause: when it ended (since the epoch), how long, how much of it was work."""

    at: float
    late: float
    worked: float


class PulseLoop(asyncio.SelectorEventLoop):
    """An event loop with a pulse."""

    def __init__(self, notes: TextIO) -> None:
        super().__init__()
        self._notes = notes
        self._due = self._worked = 0.0

    def run_forever(self) -> None:
        """Beats for as long as it runs."""
        self._due, self._worked = self.time(), time.thread_time()
        beat = self.call_soon(self._beat)
        try:
            super().run_forever()
        finally:
            beat.cancel()

    def _beat(self) -> None:
        late, worked = self.time() - self._due, time.thread_time() - self._worked
        if late > LEAST:
            self._notes.write(f"{time.time():.3f} {late:.4f} {worked:.4f}\n")
            self._notes.flush()
        self._due, self._worked = self.time() + EVERY, time.thread_time()
        self.call_later(EVERY, self._beat)


def pauses(notes: Path, since: float = 0.0, until: float = math.inf) -> list[Pause]:
    """What was noted in a span of the epoch's seconds."""
    lines = notes.read_text().splitlines() if notes.exists() else []
    found = [Pause(*map(float, line.split())) for line in lines]
    return [pause for pause in found if since <= pause.at < until]


def main() -> None:
    """Runs hubtui's command line in loops that have a pulse."""
    with Path(sys.argv[1]).open("a") as notes:

        class Policy(asyncio.DefaultEventLoopPolicy):
            def new_event_loop(self) -> PulseLoop:
                return PulseLoop(notes)

        asyncio.set_event_loop_policy(Policy())
        from hubtui.cli import run

        sys.exit(run(sys.argv[2:]))


if __name__ == "__main__":
    main()
