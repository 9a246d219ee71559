"""When disks are full: from Prometheus' past, or from what hubtui itself has seen of them.

Read while somebody looks, one query at a time and each disk once in EVERY (services.disk_past).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from hubtui.errors import HubtuiError, UnreachableError
from hubtui.model.age import short
from hubtui.model.disk import Figures
from hubtui.model.past import Past, past_of
from hubtui.model.points import Point
from hubtui.model.seen import Seen
from hubtui.model.trend import Trend, told, trends
from hubtui.services.disk_past import Disk, DiskPast, disks_of, key_of, parts
from hubtui.services.followed import Followed
from hubtui.services.store import utc_now
from hubtui.services.unhurried import unhurried

if TYPE_CHECKING:
    from hubtui.clients.prometheus import PrometheusClient
    from hubtui.services.prometheus import PrometheusLink
    from hubtui.services.storage import Storage

EVERY: Final = timedelta(minutes=10)
"""Between two readings of the past of one disk."""

AGAIN: Final = timedelta(minutes=1)
"""The same after a failure, and of what hubtui itself has seen for a short time only."""

BEAT: Final = 15.0
FIRST: Final = 1.0
"""Seconds between two looks at whose past is to be read, while somebody looks; and before the
first figures are there."""

PROMETHEUS: Final = "Prometheus"
SEEN: Final = "seen by hubtui for"


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told of one disk, and where it is from, in words; `at` is when that was read,
    `capacity` what the disk had then, and `past` what is kept of that it is told from."""

    all: tuple[Trend, ...]
    best: Trend | None
    basis: str
    at: datetime
    capacity: int | None
    past: Past | None = None

    def is_of_prometheus(self, now: datetime) -> bool:
        """Whether Prometheus told it, not long ago."""
        return self.basis == PROMETHEUS and now - self.at < 2 * EVERY


class Trends(Followed):
    """The trends of the claims of one hub; a shared disk has one for all of its claims. A reader's
    keys are names of claims, and the identity of a disk that pods mount without one: it may stand
    for a claim in all answers."""

    def __init__(
        self,
        storage: Storage,
        prometheus: PrometheusLink,
        namespace: str,
        *,
        now: Callable[[], datetime] = utc_now,
        beat: float = BEAT,
    ) -> None:
        super().__init__("trends of disks", beat)
        self._storage = storage
        self._prometheus = prometheus
        self._past = DiskPast(prometheus, namespace)
        self._now = now
        self._told: dict[str, _Told] = {}
        self._due: dict[str, datetime] = {}
        self._seen = Seen()
        self._reading = asyncio.Lock()
        self.as_of: datetime | None = None
        """When the past was read last."""
        self.missing = ""
        """Why the past is not known from Prometheus; empty when it is."""

    # -- who looks

    def start(self, who: str = "") -> None:
        """Somebody looks: trends are kept up until each who looked has paused."""
        self._storage.start(f"trends {who}")
        super().start(who)

    def pause(self, who: str = "") -> None:
        """Somebody looks no more."""
        super().pause(who)
        self._storage.pause(f"trends {who}")

    def retry(self) -> None:
        """Reads everything at once."""
        self._due.clear()
        super().retry()

    async def fill(self, *, close: bool = False) -> None:
        """Reads once what is due, after `Storage.fill`. With `close` only the disks of the hub's
        database and of homes that are shared. What goes wrong is in `missing`."""
        await self._read(close=close)

    # -- the answers

    def of(self, claim: str) -> Trend | None:
        """The trend that is told of a claim, or of the shared disk behind it; None where nothing
        measures it, or nothing was read yet."""
        found = self._of(claim)
        return found.best if found is not None else None

    def of_disk(self, disk: str) -> Trend | None:
        """The trend of a shared disk, by its identity."""
        found = self._told.get(disk)
        return found.best if found is not None else None

    def windows(self, claim: str) -> tuple[Trend, ...]:
        """The trends of a claim over all windows, the shortest first."""
        found = self._of(claim)
        return found.all if found is not None else ()

    def basis(self, claim: str) -> str:
        """Where a trend is from: `Prometheus`, or `seen by hubtui for 40 m`."""
        found = self._of(claim)
        return found.basis if found is not None else ""

    def past(self, claim: str) -> Past | None:
        """What was used of the database or of a shared disk; None of others."""
        found = self._of(claim)
        return found.past if found is not None else None

    def why_not(self, claim: str) -> str:
        """Why there is no trend; empty where there is one, or it is being read."""
        key = self._key(claim)
        if key in self._told or key not in self._due:
            return ""
        return self.missing or f"{PROMETHEUS} has nothing of its past"

    def _of(self, claim: str) -> _Told | None:
        return self._told.get(self._key(claim))

    def _key(self, claim: str) -> str:
        row = self._storage.row(claim)
        return key_of(row) if row is not None else claim if ":" in claim else ""

    # -- the reading

    async def _follow(self) -> None:
        while True:
            await self._read()
            await self._rest(self._every if self._told else FIRST)

    async def _read(self, *, close: bool = False) -> None:
        """Takes in what was measured, and reads what is due."""
        async with self._reading:
            self._storage.update()
            disks, known = await unhurried(
                disks_of(list(self._storage.rows()), self._storage.disks())
            )
            self._forget(known)
            now = self._now()
            self._observe(disks, now)
            wanted = (disk for disk in disks.values() if disk.close or not close)
            due = [disk for disk in wanted if self._is_due(disk, now)]
            if not due:
                return
            self._due |= dict.fromkeys((disk.key for disk in due), now + AGAIN)
            client = await self._client()
            if client is not None:
                due = await self._read_past(client, due)
            await unhurried(self._tell_what_was_seen(due))

    def _forget(self, known: set[str]) -> None:
        """What there is no more; a claim that is not measured now keeps its trend."""
        for key in self._told.keys() - known:
            del self._told[key]
            self._due.pop(key, None)
            self._seen.forget(key)

    def _observe(self, disks: Mapping[str, Disk], now: datetime) -> None:
        """Remembers sizes of which Prometheus tells no past."""
        for key, disk in disks.items():
            known = self._told.get(key)
            if known is None or not known.is_of_prometheus(now):
                self._seen.put(key, disk.figures.as_of.timestamp(), disk.figures.used or 0)

    def _is_due(self, disk: Disk, now: datetime) -> bool:
        due, known = self._due.get(disk.key), self._told.get(disk.key)
        if due is None or due <= now:
            return True
        return known is not None and known.capacity != disk.figures.capacity

    async def _client(self) -> PrometheusClient | None:
        try:
            return await self._prometheus.open()
        except HubtuiError as error:
            self.missing = error.what
            return None

    async def _read_past(self, client: PrometheusClient, due: Sequence[Disk]) -> list[Disk]:
        """Reads the past of disks; gives those of which there is none."""
        read: set[str] = set()
        missing = ""
        for part in parts(due):
            try:
                past = await self._past.read(client, part, self._now())
            except HubtuiError as error:
                missing = error.what
                if isinstance(error, UnreachableError):
                    break
                continue
            await unhurried(self._tell(part[0], past))
            read |= past.keys()
        self.missing = missing
        return [disk for disk in due if disk.key not in read]

    def _tell(
        self, disks: Sequence[Disk], past: Mapping[str, list[Point]]
    ) -> Generator[None, None, None]:
        for disk in disks:
            if points := past.get(disk.key):
                self._seen.forget(disk.key)
                self._put(disk, points, PROMETHEUS)
            yield

    def _tell_what_was_seen(self, disks: Sequence[Disk]) -> Generator[None, None, None]:
        for disk in disks:
            known = self._told.get(disk.key)
            points = self._seen.points(disk.key)
            if points and (known is None or not known.is_of_prometheus(self._now())):
                self._put(disk, points, f"{SEEN} {short(points[-1][0] - points[0][0])}")
            yield

    def _put(self, disk: Disk, points: Sequence[Point], basis: str) -> None:
        now = self._now()
        found = trends(points, _available(disk.figures), now)
        best, known = told(found, now), self._told.get(disk.key)
        is_known = best is not None and best.per_day is not None
        if not is_known and known is not None and known.basis == PROMETHEUS != basis:
            return  # an old trend says more than a short look
        self.as_of = now
        past, capacity = past_of(points) if disk.close else None, disk.figures.capacity
        self._told[disk.key] = _Told(found, best, basis, now, capacity, past)
        if basis == PROMETHEUS or (is_known and not disk.close):
            self._due[disk.key] = now + EVERY
        self._dirty(disk.names)


def _available(figures: Figures) -> int | None:
    """The bytes that can still be taken; None where that is not known, or there is no size."""
    if figures.available is not None:
        return figures.available if figures.capacity != 0 else None
    if figures.capacity and figures.used is not None:
        return max(0, figures.capacity - figures.used)
    return None
