"""What is read anew while somebody looks, and rests while nobody does."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from hubtui.services.store import Readable

log = logging.getLogger(__name__)


class Followed(Readable):
    """Reads every so many seconds, until each who looked has paused; `what`, in words."""

    def __init__(self, what: str, every: float) -> None:
        super().__init__()
        self._what = what
        self._every = every
        self._task: asyncio.Task[None] | None = None
        self._lookers: set[str] = set()
        self._wake = asyncio.Event()

    @property
    def followed(self) -> bool:
        """Whether somebody looks."""
        return self._task is not None

    def start(self, who: str = "") -> None:
        """Somebody looks: reads now and every so often, until each who looked has paused."""
        self._lookers.add(who)
        if self._task is None:
            self._task = asyncio.create_task(self._follow(), name=self._what)
            self._task.add_done_callback(self._report)

    def pause(self, who: str = "") -> None:
        """Somebody looks no more."""
        self._lookers.discard(who)
        if not self._lookers and self._task is not None:
            self._task.cancel()
            self._task = None

    def retry(self) -> None:
        """Reads at once."""
        self._wake.set()

    async def close(self) -> None:
        """Ends the reading."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            await self._read()
            await self._rest(self._every)

    async def _read(self) -> None:
        """Reads once, and keeps what goes wrong to itself."""
        raise NotImplementedError

    async def _rest(self, seconds: float) -> None:
        """Until so many seconds are over, or somebody wants it anew."""
        self._wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    def _report(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s: not read any more", self._what, exc_info=error)
