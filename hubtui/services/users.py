"""Who is running what: the hub's servers, with their pods, what they use and when they go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hubtui.model import kube
from hubtui.model.hub import HubServer, HubUser, ServerKey
from hubtui.model.idle import CullRule, Forecast, Grid, WhatIf, forecast, what_if
from hubtui.model.roles import Role, role_of, server_of, user_of
from hubtui.model.server_state import READY, server_state
from hubtui.model.usage import Usage
from hubtui.services.culler import Culler
from hubtui.services.hub_feed import HubFeed
from hubtui.services.store import Readable, State, Store, utc_now
from hubtui.services.usage import UsageFeed

log = logging.getLogger(__name__)

FORECAST_EVERY: Final = timedelta(seconds=15)
"""Between two looks at the forecasts whose run is past."""

CULLER_EVERY: Final = timedelta(minutes=10)
CULLER_AGAIN: Final = timedelta(seconds=30)
"""Between two looks at the culler's runs in the hub's log; where its rule could not be read."""


@dataclass(frozen=True, slots=True)
class ServerRow:
    """A server with all that is known of it; `server` is None for a user without one.

    `state` is in the words of `model.server_state`.
    """

    key: ServerKey
    user: HubUser
    server: HubServer | None
    pod: kube.Pod | None
    usage: Usage | None
    forecast: Forecast | None
    state: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the rows. `memory` is what `measured` of the servers use, in bytes."""

    users: int
    servers: int
    ready: int
    pending: int
    memory: int
    measured: int


class Users(Readable):
    """The join of a hub's users with the pods of its namespace, by KubeSpawner's annotations.

    A reader's keys are those of rows that `update` found changed.
    """

    def __init__(
        self,
        feed: HubFeed,
        pods: Store[kube.Pod],
        usage: UsageFeed,
        culler: Culler,
        release: str,
        *,
        revision: Callable[[], object] = lambda: None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__()
        """`revision` tells which revision of the release is in force: another one may have
        another rule."""
        self.feed = feed
        self.usage = usage
        self.culler = culler
        self._pods = pods
        self._release = release
        self._revision = revision
        self._now = now
        self._feed_seen = feed.subscribe()
        self._pods_seen = pods.subscribe()
        self._usage_seen = usage.subscribe()
        self._pods_of: dict[ServerKey, dict[str, kube.Pod]] = {}
        self._owners: dict[str, ServerKey] = {}
        self._hubs: set[str] = set()
        self._rows: dict[str, ServerRow] = {}
        self._rows_of: dict[str, tuple[str, ...]] = {}
        self._basis: tuple[CullRule, Grid, bool] | None = None
        self._grid: Grid | None = None
        self._culler_of: tuple[object, ...] = ()
        self._culler_at = self._forecast_at = now()
        self._totals: Totals | None = None
        self._reading: asyncio.Task[None] | None = None
        self._lookers: set[str] = set()

    # -- who looks

    def start(self, who: str = "") -> None:
        """Somebody looks: hub, use and culler are asked, until each who looked has paused."""
        self._lookers.add(who)
        self.feed.start(who)
        self.usage.start(who)
        self._read_culler()

    def pause(self, who: str = "") -> None:
        """Somebody looks no more."""
        self._lookers.discard(who)
        self.feed.pause(who)
        self.usage.pause(who)

    def retry(self) -> None:
        """Asks for everything at once."""
        self.feed.retry()
        self.usage.retry()
        if self._lookers:
            self._read_culler()

    async def fill(self) -> None:
        """Reads everything but the pods once; where somebody looks, waits until it was read.

        Raises what `HubFeed.fill` raises; what else could not be read is in `usage.missing` and
        `culler.missing`.
        """
        culler = self._reading if self._lookers and self._reading else self._culler_read()
        await asyncio.gather(self.feed.fill(), self.usage.fill(), culler)

    async def close(self) -> None:
        """Ends the reading."""
        await asyncio.gather(self.feed.close(), self.usage.close())
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    # -- the answers

    @property
    def rule(self) -> CullRule:
        """The culler's rule in force."""
        return self.culler.rule

    @property
    def grid(self) -> Grid:
        """When the culler runs, as far as known."""
        if self._grid is None:
            self._grid = self.culler.grid
        return self._grid

    def row(self, key: str) -> ServerRow | None:
        """One server, `alice/gpu`, or a user without one."""
        return self._rows.get(key)

    def rows(self) -> Collection[ServerRow]:
        """All rows, as of the last update."""
        return self._rows.values()

    def keys(self) -> Collection[str]:
        """The keys of all rows."""
        return self._rows.keys()

    def rows_of(self, user: str) -> tuple[ServerRow, ...]:
        """The servers of one user."""
        return tuple(self._rows[key] for key in self._rows_of.get(user, ()))

    def what_if(self, seconds: float | None) -> WhatIf | None:
        """What the next run would stop if `cull.timeout` were another one; None without one."""
        if seconds is None:
            return None
        servers = {row.key: row.server for row in self.rows() if row.server is not None}
        return what_if(servers, self.rule, int(seconds), self._now())

    def totals(self) -> Totals:
        """Sums over all rows."""
        if self._totals is None:
            running = [row for row in self.rows() if row.server and not row.server.stopped]
            uses = [row.usage.memory for row in running if row.usage]
            known = [use for use in uses if use is not None]
            self._totals = Totals(
                users=len(self._rows_of),
                servers=len(running),
                ready=sum(1 for row in running if row.state == READY),
                pending=sum(1 for row in running if row.server and row.server.pending),
                memory=sum(known),
                measured=len(known),
            )
        return self._totals

    # -- the join

    def update(self) -> set[str]:
        """Takes in what became known since the last call; the keys of the rows that changed, those
        that are gone among them."""
        self._see_to_culler()
        users = self._take_pods()
        everything, names = self._feed_seen.drain()
        users |= names
        if self._is_new_basis():
            users |= {row.key.user for row in self.rows() if row.server is not None}
        if everything:
            users |= {*self._rows_of, *self.feed.users}
        users |= self._overdue()
        changed = self._take_usage()
        for name in users:
            changed |= self._join(name)
        if changed:
            self._totals = None
            self._dirty(changed)
        return changed

    def _see_to_culler(self) -> None:
        """Has it read anew where another revision is in force or the hub was started again."""
        found = (self._revision(), self.grid.anchor)
        pause = CULLER_AGAIN if self.culler.missing else CULLER_EVERY
        due = self._now() - self._culler_at >= pause
        if self._lookers and (due or found != self._culler_of):
            self._culler_of = found
            self._read_culler()

    def _read_culler(self) -> None:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._culler_read(), name="culler")

    async def _culler_read(self) -> None:
        await self.culler.read()
        self._culler_at, self._grid = self._now(), None
        self._culler_of = (self._revision(), self.grid.anchor)

    def _is_new_basis(self) -> bool:
        """Whether the culler, or how far the pods are known, is another than at the last update."""
        basis = (self.rule, self.grid, self._pods_known)
        before, self._basis = self._basis, basis
        return basis != before

    @property
    def _pods_known(self) -> bool:
        return self._pods.complete and self._pods.health.state is State.LIVE

    def _overdue(self) -> set[str]:
        """Users with a server that should have gone: its next run is another one by now."""
        now = self._now()
        if now - self._forecast_at < FORECAST_EVERY:
            return set()
        self._forecast_at = now
        return {
            row.key.user
            for row in self.rows()
            if row.forecast is not None and row.forecast.at is not None and row.forecast.at <= now
        }

    def _take_pods(self) -> set[str]:
        """Takes in pods; the users whose they are."""
        everything, keys = self._pods_seen.drain()
        if everything:
            keys = {*self._owners, *(pod.key for pod in self._pods)}
        users: set[str] = set()
        for key in keys:
            pod = self._pods.get(key)
            role = role_of(pod, self._release) if pod is not None else None
            if role is Role.HUB or key in self._hubs:
                self._hubs.add(key)
                self._grid = None
            if role in (Role.USERS, None):
                users |= self._take_pod(key, pod)
        return users

    def _take_pod(self, key: str, pod: kube.Pod | None) -> set[str]:
        name = key.partition("/")[2]
        owner = self._owners.pop(name, None)
        before = self._pods_of.get(owner, {}).pop(key, None) if owner is not None else None
        users = {owner.user} if owner is not None else set()
        if pod is not None:
            owner = ServerKey(user_of(pod), server_of(pod))
            self._owners[name] = owner
            self._pods_of.setdefault(owner, {})[key] = pod
            users.add(owner.user)
        if owner is not None:
            if not self._pods_of.get(owner):
                self._pods_of.pop(owner, None)
            if self.feed.complete and self._is_news(owner, before, pod):
                self.feed.look_at(owner.user)
        return users

    def _take_usage(self) -> set[str]:
        """Takes in what pods use, which changes nothing else of a row; the keys of the rows."""
        everything, pods = self._usage_seen.drain()
        changed = set()
        for pod in self._owners if everything else pods & self._owners.keys():
            key = str(self._owners[pod])
            row = self._rows.get(key)
            if row is not None and row.pod is not None and row.pod.metadata.name == pod:
                self._rows[key] = replace(row, usage=self.usage.of(pod))
                changed.add(key)
        return changed

    def _is_news(self, owner: ServerKey, before: kube.Pod | None, pod: kube.Pod | None) -> bool:
        """Whether a pod's change says that the hub has more to tell of its server."""
        user = self.feed.users.get(owner.user)
        server = user.servers.get(owner.server) if user is not None else None
        if server is None:
            return pod is not None and before is None
        if pod is None or pod.metadata.deletion_timestamp is not None:
            return pod is None or server.pending != "stop"
        return not server.ready and _is_ready(pod)

    def _join(self, name: str) -> set[str]:
        user = self.feed.users.get(name)
        before = self._rows_of.pop(name, ())
        rows = self._rows_for(user) if user is not None else []
        changed = set(before) - {str(row.key) for row in rows}
        for key in changed:
            del self._rows[key]
        for row in rows:
            key = str(row.key)
            if self._rows.get(key) != row:
                self._rows[key] = row
                changed.add(key)
        if rows:
            self._rows_of[name] = tuple(str(row.key) for row in rows)
        return changed

    def _rows_for(self, user: HubUser) -> list[ServerRow]:
        if not user.servers:
            key = ServerKey(user.name)
            return [ServerRow(key, user, None, None, None, None, self._state(None, None))]
        return [self._row(user, name, server) for name, server in user.servers.items()]

    def _row(self, user: HubUser, name: str, server: HubServer) -> ServerRow:
        key = ServerKey(user.name, name)
        pod = max(self._pods_of.get(key, {}).values(), key=_standing, default=None)
        usage = self.usage.of(pod.metadata.name) if pod is not None else None
        renewed = self.feed.renewed(key)
        goes = forecast(server, self.rule, self._now(), self.grid, renewed=renewed)
        return ServerRow(key, user, server, pod, usage, goes, self._state(server, pod))

    def _state(self, server: HubServer | None, pod: kube.Pod | None) -> str:
        return server_state(server, pod, pods_known=self._pods_known)


def _standing(pod: kube.Pod) -> tuple[bool, float]:
    """Orders the pods of one server: one that ends comes before one that stays."""
    created = pod.metadata.creation_timestamp
    stays = pod.metadata.deletion_timestamp is None
    return stays, created.timestamp() if created is not None else 0.0


def _is_ready(pod: kube.Pod) -> bool:
    return any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions)
