"""Keeps the users of a hub up to date, and is a light guest there.

There is never more than one request under way, and after each the feed rests until `HubTime` has
room for the next: a page of 200 users keeps a hub busy for a tenth of a second or more. What
changes shows first: the newest pages by activity, in turn with a pass over all, and in between
single users whose pods have changed.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hubtui.clients.hub import PAGE, HubClient
from hubtui.clients.watch import BACKOFF_FIRST, BACKOFF_MOST
from hubtui.errors import (
    ConfigError,
    DeniedError,
    HubtuiError,
    LimitedError,
    NotFoundError,
)
from hubtui.model.hub import HubUser, ServerKey, UserPage
from hubtui.services.hub_link import HubLink
from hubtui.services.hub_users import HubUsers
from hubtui.services.store import Health, State, Subscription, utc_now

log = logging.getLogger(__name__)

CADENCE: Final = 3.0
SLOW_CADENCE: Final = 10.0
"""Seconds between two pages at least; over a slow line."""

ACTIVE: Final = "active"
NEWEST: Final = "-last_activity"
_PAGE, _USER = "page", "user"
"""Kinds of request."""


@dataclass(slots=True)
class _Pass:
    """One reading of all users of a state, from the first page to the last.

    `first`: nothing is known of them yet, so the feed does not rest between its pages.
    """

    state: str
    known: frozenset[str]
    first: bool
    offset: int = 0
    pages: int = 0
    seen: set[str] = field(default_factory=set)


class HubFeed:
    """The users of one hub who have servers, or all of them. It asks only while somebody looks."""

    def __init__(
        self,
        link: HubLink,
        *,
        cadence: float = CADENCE,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._link = link
        self._cadence = cadence
        self._now = now
        self._table = HubUsers()
        self.health = Health(State.CONNECTING, now())
        self.as_of: datetime | None = None
        """When the hub last answered."""
        self._task: asyncio.Task[None] | None = None
        self._lookers: set[str] = set()
        self._looked = asyncio.Event()
        self._wake = asyncio.Event()
        self._news = asyncio.Event()
        self._asking = asyncio.Lock()
        self._asked: dict[str, None] = {}
        self._has_active = self._has_all = self._is_whole = False
        self._pass: _Pass | None = None
        self._newest_offset = 0
        self._passes_next = False
        self._time = link.time
        self._page_at = 0.0

    # -- what is known

    @property
    def users(self) -> Mapping[str, HubUser]:
        """Users by name: those with active servers, and all with `wants_all`."""
        return self._table.by_name

    @property
    def complete(self) -> bool:
        """Whether all that is wanted was read once: until then a count is a lower bound."""
        return self._has_all if self._table.everyone else self._has_active

    @property
    def loading(self) -> bool:
        """Whether somebody waits for the first of it: what can wait asks the hub afterwards."""
        return bool(self._lookers) and not self.complete and self.health.error is None

    def renewed(self, key: ServerKey) -> bool:
        """Whether each of the last looks, over three minutes, found newer activity of a server."""
        return self._table.renewed(key)

    def subscribe(self) -> Subscription:
        """A reader of its own; its keys are user names."""
        return self._table.subscribe()

    def unsubscribe(self, subscription: Subscription) -> None:
        """A reader that reads no more."""
        self._table.unsubscribe(subscription)

    # -- who looks

    def start(self, who: str = "") -> None:
        """Somebody looks: the feed asks, until each who looked has paused."""
        self._lookers.add(who)
        self._looked.set()
        if self._task is None:
            self._task = asyncio.create_task(self._follow(), name="hub feed")
            self._task.add_done_callback(_report)

    def pause(self, who: str = "") -> None:
        """Somebody looks no more."""
        self._lookers.discard(who)
        if not self._lookers:
            self._looked.clear()

    def wants_all(self, everyone: bool) -> None:
        """Whether users without a server are wanted too: they are read by pages from here on."""
        if everyone != self._table.everyone:
            self._table.want(everyone)
            self._has_all, self._pass = False, None
            self._page_at = 0.0
            self._wake.set()

    def look_at(self, name: str) -> None:
        """One user's servers have changed: they are asked for as soon as the hub has rested."""
        if self._task is not None:
            self._asked[name] = None
            self._wake.set()

    def retry(self) -> None:
        """Asks as soon as the hub's time allows; at once where it was away."""
        self._page_at = 0.0
        self._wake.set()

    async def fill(self) -> None:
        """Reads all that is wanted once; where the feed runs, waits until it has.

        Raises what `HubLink.open` and `HubClient.users` raise.
        """
        if self._task is None:
            self._pass = None
            await self._read_all()
        while not self.complete:
            if self.health.error is not None:
                raise self.health.error
            self._news.clear()
            await self._news.wait()

    async def close(self) -> None:
        """Ends the feed."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    # -- the loop

    async def _read_all(self) -> None:
        try:
            hub = await self._link.open()
            await self._onward(hub)
            while self._pass is not None:
                await self._onward(hub)
        except HubtuiError as error:
            self._failed(error, 0)
            raise

    async def _follow(self) -> None:
        pause = BACKOFF_FIRST
        while True:
            await self._looked.wait()
            try:
                hub = await self._link.open()
                await self._gap(hub)
                if self._looked.is_set():
                    await self._turn(hub)
                pause = BACKOFF_FIRST
            except HubtuiError as error:
                wait = _wait(error, pause)
                log.info("the hub's users: %s; again in %.1f s", error, wait)
                self._failed(error, wait)
                self._wake.clear()
                woken = await self._sleep(wait)
                pause = BACKOFF_FIRST if woken else min(pause * 2, BACKOFF_MOST)

    async def _gap(self, hub: HubClient) -> None:
        """Until the next page is due; single users are asked for in the meantime."""
        clock = asyncio.get_running_loop()
        while self._looked.is_set():
            now = clock.time()
            due = self._page_at
            if self.complete:
                due = max(due, self._time.free_at(_PAGE))
            left = due - now
            if left <= 0:
                return
            self._wake.clear()
            rest = self._time.free_at(_USER) - now
            if not self._asked:
                await self._sleep(left)
            elif rest > 0:
                await self._sleep(min(rest, left), woken=False)
            else:
                await self._ask(hub, next(iter(self._asked)))

    async def _turn(self, hub: HubClient) -> None:
        """One page: the first load to its end, then the newest and the pass in turn."""
        wants_pass = self._table.everyone or not self._is_whole
        if not self.complete or (self._passes_next and wants_pass):
            self._passes_next = False
            await self._onward(hub)
        else:
            self._passes_next = True
            await self._newest(hub)

    async def _onward(self, hub: HubClient) -> None:
        """The next page of the pass over all that is wanted."""
        if self._pass is None:
            everyone = self._table.everyone
            known = frozenset(self._table.by_name if everyone else self._table.active)
            self._pass = _Pass("" if everyone else ACTIVE, known, first=not self.complete)
        going = self._pass
        page, _ = await self._page(hub, going.offset, state=going.state, first=going.first)
        if self._pass is not going:  # something else is wanted by now
            return
        going.pages += 1
        going.seen.update(user.name for user in page.items)
        following = _next(page, going.offset)
        if following is not None:
            going.offset = following
            return
        self._pass = None
        self._passed(going)

    def _passed(self, done: _Pass) -> None:
        self._gone(done.known - done.seen, at_once=done.pages == 1)
        self._has_active = True
        self._has_all = not done.state
        self._page_at = asyncio.get_running_loop().time() + self._cadence
        self._live()

    async def _newest(self, hub: HubClient) -> None:
        """The page with the newest activity; further ones as long as they hold something new."""
        offset = self._newest_offset
        known = frozenset(self._table.active) if not offset else frozenset()
        page, is_new = await self._page(hub, offset, state=ACTIVE, sort=NEWEST)
        following = _next(page, offset)
        self._newest_offset = following if following is not None and is_new else 0
        if not offset:
            self._is_whole = following is None
            if self._is_whole:
                self._gone(known - {user.name for user in page.items}, at_once=True)

    def _gone(self, names: frozenset[str], *, at_once: bool) -> None:
        """Users who were not told any more. Between two pages of a pass others may have moved to
        the page before, so each is asked for; one page is one moment, and says it."""
        for name in names & self._table.by_name.keys():
            user = self._table.by_name[name]
            if not at_once:
                self._asked[name] = None
            elif self._table.everyone:
                self._table.put(_without_servers(user), self._now())
            else:
                self._table.remove(name)

    # -- one request at a time

    async def _page(
        self, hub: HubClient, offset: int, *, state: str, sort: str = "", first: bool = False
    ) -> tuple[UserPage, bool]:
        """One page, and whether anything of it was new."""
        clock = asyncio.get_running_loop()
        async with self._asking:
            began = clock.time()
            page = await hub.users(offset=offset, limit=PAGE, state=state, sort=sort)
            ended = clock.time()
        now = self._now()
        is_new = self._table.take(page.items, now)
        for user in page.items:
            self._asked.pop(user.name, None)
        if first:
            # All users take long, so the hub has half of that time for itself.
            self._time.learn(_PAGE, ended - began)
            self._page_at = ended if state else 2 * ended - began
        else:
            self._time.spend(_PAGE, began, ended)
            self._page_at = ended + (self._cadence if self.complete else 0)
        self.as_of = now
        self._live()
        return page, is_new

    async def _ask(self, hub: HubClient, name: str) -> None:
        clock = asyncio.get_running_loop()
        del self._asked[name]
        async with self._asking:
            began = clock.time()
            try:
                user = await hub.user(name)
            except NotFoundError:
                self._table.remove(name)
            else:
                self._table.put(user, self._now())
            self._time.spend(_USER, began, clock.time())
        self.as_of = self._now()
        self._live()

    async def _sleep(self, seconds: float, *, woken: bool = True) -> bool:
        """Waits; True when something woke it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await (self._wake if woken else asyncio.Event()).wait()
                return True
        return False

    # -- health

    def _live(self) -> None:
        if self.health.state is not State.LIVE and self._has_active:
            self.health = Health(State.LIVE, self._now())
        self._news.set()

    def _failed(self, error: HubtuiError, retry_in: float) -> None:
        now = self._now()
        state = State.STALE if self._has_active else State.CONNECTING
        if isinstance(error, DeniedError | ConfigError):
            state = State.DENIED
            self._table.dirty_all()
        self._newest_offset, self._passes_next = 0, False
        since = self.health.since if self.health.state is state else now
        self.health = Health(state, since, error, now + timedelta(seconds=retry_in))
        self._news.set()


def _next(page: UserPage, offset: int) -> int | None:
    following = page.pagination.next
    return following.offset if following is not None and following.offset > offset else None


def _without_servers(user: HubUser) -> HubUser:
    from msgspec.structs import replace

    return replace(user, servers={})


def _wait(error: HubtuiError, pause: float) -> float:
    if isinstance(error, LimitedError) and error.wait is not None:
        return min(error.wait, BACKOFF_MOST)
    if isinstance(error, DeniedError | ConfigError):
        return BACKOFF_MOST
    return pause * random.uniform(0.5, 1.0)  # noqa: S311


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the hub's users are not followed any more", exc_info=error)
