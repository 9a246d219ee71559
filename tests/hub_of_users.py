"""A hub that is only its list of users, and a clock that jumps: a fake, for the feed's tests.

What it answers is what JupyterHub's REST API does (facts.md §3), as far as the feed asks. The
clock is the event loop's: where nothing else is to be done, it goes to the next timer at once.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from msgspec.structs import replace

from hubtui.errors import HubtuiError, NotFoundError
from hubtui.model.hub import HubServer, HubUser, NextPage, Pagination, UserPage
from hubtui.services.hub_feed import HubFeed
from hubtui.services.hub_link import HubLink
from hubtui.services.hub_time import HubTime

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class _Jumping(selectors.DefaultSelector):
    """Waits for no time to pass: it passes."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            return super().select(None)
        self.passed += timeout
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop in which a minute of waiting takes no time."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.passed


def jump(story: Coroutine[Any, Any, None]) -> None:
    """Runs a story in which waiting takes no time."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(story)


def now() -> datetime:
    """The time by the jumping clock."""
    return START + timedelta(seconds=asyncio.get_running_loop().time())


@dataclass(frozen=True)
class Request:
    """One request, from when to when; `what` is its sort, its state, or a user's name."""

    what: str
    offset: int
    began: float
    ended: float


@dataclass
class Hub:
    """A hub: each request takes `takes` seconds, and fails with `broken` where that is set."""

    takes: float = 0.1
    users_by_name: dict[str, HubUser] = field(default_factory=dict)
    broken: HubtuiError | None = None
    requests: list[Request] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    time: HubTime = field(default_factory=HubTime)

    def runs(self, name: str, server: str = "", **more: Any) -> None:
        """A server of a user, ready and active now unless `more` says something else."""
        user = self.users_by_name.get(name, HubUser(name=name))
        given: dict[str, Any] = {"ready": True, "started": now(), "last_activity": now()} | more
        servers = {**user.servers, server: HubServer(name=server, **given)}
        seen = max(filter(None, (user.last_activity, given["last_activity"])), default=None)
        self.users_by_name[name] = replace(user, servers=servers, last_activity=seen)

    def stops(self, name: str) -> None:
        """All servers of a user are gone."""
        self.users_by_name[name] = replace(self.users_by_name[name], servers={})

    async def users(
        self, *, offset: int = 0, limit: int = 200, state: str = "", sort: str = ""
    ) -> UserPage:
        await self._work(sort or state or "all", offset)
        wanted = [user for user in self.users_by_name.values() if user.servers or not state]
        if sort:
            wanted.sort(key=lambda user: user.last_activity or START, reverse=True)
        after = offset + limit
        following = NextPage(after, limit) if after < len(wanted) else None
        return UserPage(
            tuple(wanted[offset:after]), Pagination(offset, limit, len(wanted), following)
        )

    async def user(self, name: str) -> HubUser:
        await self._work(name, 0)
        if name not in self.users_by_name:
            raise NotFoundError(f"The hub: no user {name}", status=404)
        return self.users_by_name[name]

    async def _work(self, what: str, offset: int) -> None:
        clock = asyncio.get_running_loop()
        began = clock.time()
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self.takes)
        finally:
            self.under_way -= 1
            self.requests.append(Request(what, offset, began, clock.time()))
        if self.broken is not None:
            raise self.broken

    def busy(self, since: float, until: float) -> float:
        """Seconds that it worked in a span of time."""
        spans = ((max(since, r.began), min(until, r.ended)) for r in self.requests)
        return sum(end - begin for begin, end in spans if end > begin)

    # -- the way to it

    async def open(self) -> Hub:
        return self

    def feed(self, cadence: float = 3.0) -> HubFeed:
        """A feed of this hub."""
        return HubFeed(cast(HubLink, self), cadence=cadence, now=now)
