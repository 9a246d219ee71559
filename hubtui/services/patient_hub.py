"""The hub's API for an operation that goes on while the hub restarts, fails or has much to do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from hubtui.clients.hub import HubClient
from hubtui.errors import ApiError, DeniedError, HubtuiError, LimitedError, UnreachableError
from hubtui.services.hub_link import HubLink

T = TypeVar("T")

AWAY: Final = 120.0
"""Seconds that a hub may be away: its pod is replaced and looks at all servers within that time."""

TRIES: Final = 5
"""How often a request is sent that the hub fails at (5xx)."""

LIMITED: Final = 10
"""How often the hub may say that it has too much to do."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0

TRUSTED_AFTER: Final = 10.0
"""Seconds after which a right counts as missing where the hub was away: an apiserver that starts
denies everything for a moment."""


class PatientHub:
    """Asks a hub again where that can help; `say` is told why it waits, and "" at its end."""

    def __init__(self, link: HubLink, say: Callable[[str], None] | None = None) -> None:
        self._link = link
        self._say = say or _unheard

    async def ask(self, do: Callable[[HubClient], Awaitable[T]]) -> T:
        """The answer. `do` may run several times, after an answer that was lost on the way too.

        Raises UnreachableError for a hub that is away for AWAY seconds, DeniedError, LimitedError,
        ApiError for what it keeps failing at and for what another try does not mend.
        """
        trouble = _Trouble()
        while True:
            try:
                answer = await do(await self._link.open())
            except HubtuiError as error:
                wait = trouble.wait(error, _time())
                if wait is None:
                    raise
                self._say(f"{error.what}; asks again in {wait:.0f} s")
            else:
                if trouble.seen:
                    self._say("")
                return answer
            await asyncio.sleep(wait)


@dataclass(slots=True)
class _Trouble:
    """What went wrong with one request so far."""

    seen: int = 0
    failures: int = 0
    limited: int = 0
    away_since: float | None = None
    away_until: float | None = None

    def wait(self, error: HubtuiError, now: float) -> float | None:
        """Seconds until the next try; None when there is none."""
        self.seen += 1
        pause = min(FIRST_PAUSE * 2 ** min(self.seen - 1, 4), LONGEST_PAUSE)
        if isinstance(error, LimitedError):
            self.limited += 1
            told = pause if error.wait is None else max(error.wait, FIRST_PAUSE)
            return min(told, LONGEST_PAUSE) if self.limited < LIMITED else None
        if isinstance(error, UnreachableError):
            self.away_since, self.away_until = self.away_since or now, now
            return pause if now - self.away_since < AWAY else None
        if isinstance(error, DeniedError):
            doubted = self.away_until is not None and now - self.away_until < TRUSTED_AFTER
            return pause if doubted else None
        if isinstance(error, ApiError) and error.status >= 500:
            self.failures += 1
            return pause if self.failures < TRIES else None
        return None


def _time() -> float:
    return asyncio.get_running_loop().time()


def _unheard(words: str) -> None:
    """Nobody is told."""
