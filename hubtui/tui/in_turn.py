"""Work on a disk, one after the other: a disk may be slow, and keys do not wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class InTurn:
    """Does in a thread what it is given; what was begun is not broken off."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def do(self, work: Callable[[], None]) -> None:
        """Does it when it is its turn."""
        task = asyncio.create_task(self._do(work), name="on the disk")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, work: Callable[[], None]) -> None:
        async with self._turn:
            await asyncio.to_thread(work)
