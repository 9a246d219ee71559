"""The reconciler: asks hub, proxy and cluster anew, and says where they disagree for good.

What the budget allows is said by those who ask: the screen each 10 s while it is open, the problems
as services.problems.reading has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from hubtui.errors import ConfigError, DeniedError, HubtuiError
from hubtui.model.disagreement import Disagreement, Kind, Look
from hubtui.model.hub import HubUser, Route
from hubtui.model.kube import Pod
from hubtui.model.orphans import APART, find, is_soon_known
from hubtui.model.podstate import state_of
from hubtui.model.roles import Role, role_of
from hubtui.model.why_facts import Missing
from hubtui.services.pods import PodRow
from hubtui.services.problems.signs import began_at, condition, silent_since
from hubtui.services.store import State, utc_now

if TYPE_CHECKING:
    from hubtui.clients.hub import HubClient
    from hubtui.services.session import Session

HUB, PODS, ROUTES = "hub", "pods", "routes"
"""The three sides, as what could not be read is told by."""

_LOOK: Final = "look"
"""What a look at users and routes is to `HubTime`."""

ELSEWHERE: Final = (
    "the hub has servers, and no pod of a user is in this namespace: they may run in namespaces of "
    "their own"
)
_ORDER: Final = {kind: number for number, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one look has found. `lasting` are disagreements for good; `coming` counts those that
    may be a spawn or a stop under way, and with `soon` the next look tells. `missing` are the sides
    of which nothing can be said. `users` is None where the hub gave no whole answer, `barred` where
    it will not soon: there is no token. `took` are seconds."""

    at: datetime
    lasting: tuple[Disagreement, ...] = ()
    coming: int = 0
    soon: bool = False
    servers: int = 0
    users: Mapping[str, HubUser] | None = None
    missing: tuple[Missing, ...] = ()
    took: float = 0.0
    barred: bool = False

    @property
    def agrees(self) -> bool:
        """Whether all three sides were read and say the same."""
        return not (self.lasting or self.coming or self.missing)


@dataclass
class _Sides:
    """What is read in one look, and what is missing of it."""

    users: Mapping[str, HubUser] | None = None
    pods: Sequence[Pod] | None = None
    routes: Mapping[str, Route] | None = None
    silent: Mapping[str, datetime] = field(default_factory=dict)
    proxy_since: datetime | None = None
    missing: dict[str, str] = field(default_factory=dict)
    barred: bool = False


class Orphans:
    """The disagreements of one hub, as of the last look."""

    def __init__(self, session: Session, clock: Callable[[], datetime] = utc_now) -> None:
        self._session = session
        self._clock = clock
        self._seen: dict[str, datetime] = {}
        self._looking = asyncio.Lock()
        self.found: Found | None = None
        """What the last look gave."""
        self.version = 0
        """Counts the looks."""

    async def look(self) -> Found:
        """Reads all sides anew. What cannot be read is in `missing`, and nothing is said of it."""
        async with self._looking:
            began = self._clock()
            sides = await self._read()
            at = self._clock()
            self.found = self._compare(sides, at, (at - began).total_seconds())
            self.version += 1
            return self.found

    async def settle(self) -> Found:
        """Looks, and once more where something may be a spawn or a stop under way; for who looks
        once, and follows no pods."""
        await self._list_pods()
        found = await self.look()
        return await self.again() if found.soon else found

    async def again(self) -> Found:
        """Looks a second time, so much later that it tells what lasts."""
        await asyncio.sleep(APART)
        await self._list_pods()
        return await self.look()

    async def _list_pods(self) -> None:
        # What goes wrong is told by the store.
        with suppress(HubtuiError):
            await self._session.feeds.fill(self._session.pods.stores.pods)

    def _compare(self, sides: _Sides, at: datetime, took: float) -> Found:
        look = Look(
            at=at,
            users=sides.users,
            pods=sides.pods,
            routes=sides.routes,
            silent=sides.silent,
            proxy_since=sides.proxy_since,
        )
        if look.elsewhere:
            sides.missing[PODS] = ELSEWHERE
        every = find(look, self._seen)
        self._seen = {each.key: self._seen.get(each.key, at) for each in every}
        lasting = sorted((e for e in every if e.lasts), key=lambda e: (_ORDER[e.kind], e.server))
        return Found(
            at=at,
            lasting=tuple(lasting),
            coming=len(every) - len(lasting),
            soon=any(is_soon_known(each) for each in every),
            servers=len(look.servers),
            users=sides.users,
            missing=tuple(Missing(*each) for each in sides.missing.items()),
            took=took,
            barred=sides.barred,
        )

    async def _read(self) -> _Sides:
        sides = _Sides()
        link, clock = self._session.hub_link, asyncio.get_running_loop()
        try:
            hub = await link.open()
            began = clock.time()
            sides.users = await _active(hub)
        except HubtuiError as error:
            sides.missing[HUB] = error.what
            sides.barred = isinstance(error, ConfigError | DeniedError)
            return sides
        try:
            sides.routes = await hub.routes()
        except HubtuiError as error:
            sides.missing[ROUTES] = error.what
        link.time.spend(_LOOK, began, clock.time())
        # The pods come last: what the hub has begun since then is too young to be told.
        self._take_pods(sides)
        return sides

    def _take_pods(self, sides: _Sides) -> None:
        session = self._session
        store = session.pods.stores.pods
        if store.health.state is not State.LIVE:
            broken = store.health.error
            sides.missing[PODS] = broken.what if broken is not None else "they are not read yet"
            return
        users: list[Pod] = []
        for pod in store:
            role = role_of(pod, session.release)
            if role is Role.USERS:
                users.append(pod)
            elif role is Role.PROXY:
                sides.proxy_since = _later(sides.proxy_since, began_at(pod))
        sides.pods = users
        sides.silent = dict(_silent(users))


async def _active(hub: HubClient) -> dict[str, HubUser]:
    """All users with servers, page by page: one is asked for at a time."""
    found: dict[str, HubUser] = {}
    offset: int | None = 0
    while offset is not None:
        page = await hub.users(offset=offset, state="active")
        found |= {user.name: user for user in page.items}
        following = page.pagination.next
        offset = following.offset if following and following.offset > offset else None
    return found


def _silent(pods: Iterable[Pod]) -> Iterator[tuple[str, datetime]]:
    """The pods of which nobody hears, since when."""
    for pod in pods:
        ready = condition(pod, "Ready")
        if ready is None or ready.status == "True":
            continue  # the state of all of them would take long to work out
        since = silent_since(PodRow(pod, Role.USERS, state_of(pod)))
        if since is not None:
            yield pod.metadata.name, since


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((each for each in (one, other) if each is not None), default=None)
