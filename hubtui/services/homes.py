"""The homes of users on shared disks, as exporters of folder sizes tell them to Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from hubtui.errors import HubtuiError
from hubtui.model.homes import (
    DIRECTORY,
    GROUP_INFO,
    METRICS,
    SIZE,
    Home,
    beginning,
    by_directory,
    folders_of,
    growth,
    homes,
    told_owners,
)
from hubtui.model.points import Point
from hubtui.model.prometheus import Sample
from hubtui.model.promql import any_of
from hubtui.services.followed import Followed
from hubtui.services.store import utc_now
from hubtui.services.unhurried import unhurried

if TYPE_CHECKING:
    from hubtui.clients.prometheus import PrometheusClient
    from hubtui.services.prometheus import PrometheusLink

__all__ = ["Home", "Homes"]

EVERY: Final = 300.0
"""Seconds between two readings of the sizes: exporters walk the folders once in an hour or so."""

NAMES_EVERY: Final = 15.0
"""Seconds between two looks at who became known."""

GROWTH_EVERY: Final = timedelta(minutes=30)
"""Between two readings of the past, and of whose which folder is."""

PAST: Final = timedelta(days=7)
STEP: Final = timedelta(hours=12)
"""How far back growth is read, and the step: 15 points of each."""

CHUNK: Final = 60
"""Folders in one query: their names stand in its address, of which proxies take 8 kB."""


class Homes(Followed):
    """The homes of one hub. `users` names the users that the hub is known to have. A reader's
    keys are directories."""

    def __init__(
        self,
        prometheus: PrometheusLink,
        namespace: str,
        users: Callable[[], Iterable[str]] = tuple,
        *,
        every: float = EVERY,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__("sizes of homes", every)
        self._prometheus = prometheus
        self._namespace = namespace
        self._users = users
        self._now = now
        self._homes: dict[str, Home] = {}
        self._growers: tuple[Home, ...] | None = None
        self._of_user: dict[str, str] = {}
        self._named: set[str] = set()
        self._owners: dict[str, str] = {}
        self._told_owners: dict[str, str] = {}
        self._in = namespace
        self._grown: dict[str, float] = {}
        self._grown_at: datetime | None = None
        self._reading = asyncio.Lock()
        self.as_of: datetime | None = None
        """When the sizes were read last."""
        self.missing = "not read yet"
        """Why there is nothing, or nothing new; empty when the last read was well."""

    # -- who looks

    async def fill(self) -> None:
        """Reads once. What goes wrong is in `missing`."""
        await self._read()

    # -- the answers

    def of(self, directory: str) -> Home | None:
        """One folder; None where none measures it."""
        return self._homes.get(directory)

    def of_user(self, user: str) -> Home | None:
        """The home of a user; None where it is not known."""
        return self._homes.get(self._of_user.get(user, ""))

    def all(self) -> tuple[Home, ...]:
        """All folders, by name."""
        return tuple(self._homes.values())

    def growers(self, most: int = 10) -> tuple[Home, ...]:
        """Those that grew most, the fastest first; none that did not grow, or may be gone."""
        if self._growers is None:
            there = (home for home in self._homes.values() if home.is_there)
            grew = ((home.grown_per_day or 0.0, home) for home in there)
            ordered = sorted((each for each in grew if each[0] > 0), key=lambda each: -each[0])
            self._growers = tuple(home for _, home in ordered)
        return self._growers[:most]

    # -- the reading

    async def _follow(self) -> None:
        clock = asyncio.get_running_loop().time
        due = clock()
        while True:
            if clock() >= due or self._wake.is_set():
                await self._read()
                due = clock() + self._every
            else:
                await self.look_who()
            await self._rest(min(self._every, NAMES_EVERY))

    async def look_who(self) -> None:
        """Names the homes whose users became known since they were read."""
        known = len(self._named)
        await unhurried(self._name(list(self._users())))
        if len(self._named) > known:
            homes = dict(self._homes)
            for name, home in self._homes.items():
                if home.user != (user := self._owner(name)):
                    homes[name] = replace(home, user=user)
            await unhurried(self._take(homes))

    async def _read(self) -> None:
        async with self._reading:
            try:
                client = await self._prometheus.open()
                await self._read_sizes(client)
                if self._homes and self._is_growth_due():
                    await self._read_growth(client)
            except HubtuiError as error:
                self.missing = error.what

    def _is_growth_due(self) -> bool:
        return self._grown_at is None or self._now() - self._grown_at >= GROWTH_EVERY

    async def _read_sizes(self, client: PrometheusClient) -> None:
        # Where the scraper gives no namespace, one hub is all there is.
        for namespace in dict.fromkeys((self._in, self._namespace, "")):
            sizes = await self._asked(client, SIZE, namespace)
            if sizes:
                self._in = namespace
                break
        if self._grown_at is None or self._is_growth_due():
            self._told_owners = told_owners(await self._asked(client, GROUP_INFO, self._in))
        measures = {SIZE: by_directory(sizes)}
        for metric in METRICS[1:]:
            measures[metric] = by_directory(await self._asked(client, metric, self._in))
        await unhurried(self._name(list(self._users())))
        found = await unhurried(homes(measures, self._owner, self._now()))
        await unhurried(self._take(found))
        self.as_of = self._now()
        self.missing = "" if found else f"Prometheus has no {SIZE} of {self._namespace}"

    def _name(self, users: Sequence[str]) -> Generator[None, None, None]:
        """Learns of users whose folders are not known yet; a real name goes before one that is
        only what a folder is called."""
        for user in users:
            if user not in self._named:
                self._named.add(user)
                for folder in folders_of(user):
                    if self._owners.get(folder, folder) == folder:
                        self._owners[folder] = user
            yield

    def _owner(self, directory: str) -> str:
        return self._told_owners.get(directory) or self._owners.get(directory, "")

    async def _asked(self, client: PrometheusClient, metric: str, namespace: str) -> list[Sample]:
        return await client.query(self._prometheus.selector(metric, namespace=namespace))

    async def _read_growth(self, client: PrometheusClient) -> None:
        """Reads the past of all homes, some at a time."""
        names = list(self._homes)
        end = self._now()
        began: dict[str, Point] = {}
        for first in range(0, len(names), CHUNK):
            asked = self._prometheus.selector(
                SIZE, namespace=self._in, directory=any_of(names[first : first + CHUNK])
            )
            past: dict[str, list[Point]] = {}
            for series in await client.query_range(asked, end - PAST, end, STEP):
                past.setdefault(series.labels.get(DIRECTORY, ""), []).extend(series.points)
            for name, points in past.items():
                if (point := beginning(points)) is not None:
                    began[name] = point
        self._grown_at = end
        self._grown = self._growths(began, end)
        await unhurried(self._take(self._homes))

    def _growths(self, began: Mapping[str, Point], now: datetime) -> dict[str, float]:
        since = min((at for at, _ in began.values()), default=0.0)
        sizes = {name: home.size for name, home in self._homes.items() if home.size is not None}
        found = {
            name: growth(point, sizes[name], now, since)
            for name, point in began.items()
            if name in sizes
        }
        return {name: grown for name, grown in found.items() if grown is not None}

    def _take(self, found: Mapping[str, Home]) -> Generator[None, None, None]:
        homes: dict[str, Home] = {}
        changed = self._homes.keys() - found.keys()
        for name, home in found.items():
            grown = self._grown.get(name)
            homes[name] = replace(home, grown_per_day=grown) if grown is not None else home
            if self._homes.get(name) != homes[name]:
                changed.add(name)
            yield
        self._homes, self._growers = homes, None
        self._of_user = {home.user: name for name, home in homes.items() if home.user}
        self._dirty(changed)
