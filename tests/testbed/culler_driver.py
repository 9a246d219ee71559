"""Runs the real culler, with its own options and its own code, at times that are read from stdin.

Two things are ours: the clock that it reads, and the loop, which has it run when it is told to.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from tornado import ioloop, options

culler: Any = importlib.import_module("jupyterhub_idle_culler")


class Interval(ioloop.PeriodicCallback):
    """tornado's own, which refuses what is no interval; it is never started."""

    def start(self) -> None:
        """Notes how often it would run."""
        Loop.every = self.callback_time / 1000


class Loop:
    """Takes the first run for later instead of doing it."""

    first: Callable[[], Awaitable[None]]
    every = 0.0

    @classmethod
    def current(cls) -> type[Loop]:
        """The one there is."""
        return cls

    @classmethod
    def add_callback(cls, callback: Callable[[], Awaitable[None]]) -> None:
        """The culler's first run."""
        cls.first = staticmethod(callback)

    @classmethod
    def start(cls) -> None:
        """Comes back at once."""


def begin(words: list[str]) -> None:
    """The culler's `main` with these arguments. 1.4 defines its options anew each time."""
    sys.argv = ["jupyterhub-idle-culler", *words]
    if hasattr(culler, "IdleCuller"):
        culler.IdleCuller.clear_instance()
    else:
        parser = options.OptionParser()
        culler.options, culler.define = parser, parser.define
        culler.parse_command_line = parser.parse_command_line
    culler.main()


async def run(words: list[str], now: datetime) -> str:
    """One run at `now`; gives why it failed, or nothing."""
    culler.utcnow = lambda: now
    try:
        begin(words)
        await Loop.first()
    except (Exception, SystemExit) as error:
        return f"{type(error).__name__}: {error}"
    return ""


async def main() -> None:
    """One run for each line."""
    culler.IOLoop, culler.PeriodicCallback = Loop, Interval
    for line in sys.stdin:
        asked = json.loads(line)
        fault = await run(asked["words"], datetime.fromisoformat(asked["now"]))
        print(json.dumps({"every": Loop.every, "fault": fault}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
