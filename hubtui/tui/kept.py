"""Hubs that were left while an operation of theirs runs: unseen, and watched to the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hubtui.services.operation import Operation
from hubtui.services.session import Session

Tell = Callable[[Operation], None]


class Kept:
    """The sessions that were left; one is closed when its operations are over. `tell` hears of
    each end."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._sessions: list[Session] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> list[Operation]:
        """The operations that are not over."""
        return [each for session in self._sessions for each in session.operations.running]

    @property
    def operations(self) -> list[Operation]:
        """All of them, until their session is closed."""
        return [each for session in self._sessions for each in session.operations.all]

    def keep(self, session: Session) -> None:
        """Takes a session over, until nothing of it runs any more."""
        self._sessions.append(session)
        task = asyncio.create_task(self._watch(session), name="kept")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stops watching. What helm does goes on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for session in self._sessions:
            await session.close()

    async def _watch(self, session: Session) -> None:
        await session.feeds.close()  # nobody looks at its panes
        while running := session.operations.running:
            await running[0].wait()
            self._tell(running[0])
        await session.close()
        self._sessions.remove(session)
