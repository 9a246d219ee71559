"""Reads what disks, the hub's database and volumes tell, within a budget.

=================  ==============================================================
source             cost
=================  ==============================================================
claims, volumes,   followed from FIRST seconds after the start on, or from the first
classes, where     pod on that waits for a volume
they are attached
how full disks     the queries of services.disks each FIGURES_EVERY seconds while nobody
are                looks at storage (each minute then), FIGURES_SOON while a disk fills
                   up; of kubelets only for the hub's database and homes that are shared
how disks grow     the past of the database's and of shared ones, as services.trends has it due
sizes of homes,    each HOMES_EVERY seconds, while a shared disk is half full
who serves them
the hub's log      LOG_LINES lines each LOG_EVERY seconds, each LOG_SOON while the hub is
                   not well or complains
=================  ==============================================================
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from hubtui.errors import HubtuiError
from hubtui.model.claims import ClaimKind
from hubtui.model.hub_db import HubDb
from hubtui.model.roles import Role
from hubtui.model.why_facts import claim_names
from hubtui.services import hub_db
from hubtui.services.hub_db import LOG, Told, read_log
from hubtui.services.pods import PodRow
from hubtui.services.problems import home_full, waiting_volumes
from hubtui.services.problems.hub_db import RECENT
from hubtui.services.problems.situation import DiskSeen, Grower, VolumesSeen
from hubtui.services.store import Store, utc_now

if TYPE_CHECKING:
    from hubtui.services.session import Session
    from hubtui.services.storage import ClaimRow, DiskRow

log = logging.getLogger(__name__)

FIRST: Final = 6.0
FIGURES_EVERY: Final = 120.0
FIGURES_SOON: Final = 30.0
HOMES_EVERY: Final = 600.0
LOG_EVERY: Final = 60.0
LOG_SOON: Final = 10.0
LOG_LINES: Final = 200

GROWERS: Final = 5
_DATABASE: Final = ClaimKind.HUB_DB
_WATCHED: Final = (_DATABASE, ClaimKind.HOME_SHARED)

Read = Callable[[], Awaitable[None]]


class StorageReading:
    """What was read, and when each source may be asked again. `clock` gives seconds; what cannot
    be read goes into `missing`."""

    def __init__(
        self, session: Session, clock: Callable[[], float], missing: dict[str, str]
    ) -> None:
        self._session = session
        self._clock = clock
        self._missing = missing
        self._changes = session.storage.subscribe()
        self._began: float | None = None
        self._read_at: dict[str, float] = {}
        self._follows = False
        self._disks: dict[str, DiskSeen] = {}
        self._told = Told()
        self._kept_on: dict[str, tuple[str, ...]] = {}
        self._is_whole = self._has_news = self._once = False
        self._task: asyncio.Task[None] | None = None

    # -- what is due

    def wanted(self, core: Iterable[PodRow], waiting: Collection[PodRow]) -> list[Read]:
        """The reads that are due; `waiting` are the pods that wait for volumes."""
        now = self._clock()
        began = self._began if self._began is not None else now
        self._began = began
        found: list[Read] = []
        if not self._follows and (waiting or now - began >= FIRST):
            return [self._follow]
        every = FIGURES_SOON if self._is_filling else FIGURES_EVERY
        if self._follows and self._is_due("figures", every):
            found.append(self._measure)
        hub = next((row for row in core if row.role is Role.HUB), None)
        if now - began >= FIRST and hub is not None:
            calm = hub.state.up and not self._complains
            every = LOG_EVERY if calm else LOG_SOON
            if _runs(hub) and self._is_due("log", every):
                found.append(partial(self._read_log, hub))
        return found

    def at_once(self) -> None:
        """Somebody looks once: nothing waits for its turn, and all is waited for."""
        self._began, self._once = self._clock() - FIRST, True

    async def close(self) -> None:
        """Ends the reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _is_due(self, name: str, every: float) -> bool:
        now = self._clock()
        if now - self._read_at.get(name, -every) < every:
            return False
        self._read_at[name] = now
        return True

    # -- the reads

    async def _follow(self) -> None:
        storage, feeds = self._session.storage, self._session.feeds
        self._follows = True
        stores: tuple[Store[Any], ...] = (storage.claims, storage.volumes, storage.classes)
        for store in (*stores, storage.attachments):
            with suppress(HubtuiError):  # its health tells it
                await feeds.fill(store)
        storage.update()
        if self._is_due("figures", FIGURES_EVERY):
            await self._measure()

    async def _measure(self) -> None:
        """Has figures read by themselves: a Prometheus that is silent keeps nothing waiting."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._read_figures(), name="disks of the problems")
            self._task.add_done_callback(_report)
        if self._once:
            await self._task

    async def _read_figures(self) -> None:
        """How full disks are; of the past and of homes what is due with it."""
        session = self._session
        session.storage.update()
        watched = {row.name for row in session.storage.rows() if row.kind in _WATCHED}
        await session.disks.fill(watched)
        session.storage.update()
        self._note(home_full.FIGURES, session.disks.missing if session.storage.rows() else "")
        await session.trends.fill(close=True)
        self._note("trends", session.trends.missing if self._disks else "")
        self._take({row.name for row in session.storage.rows()})
        shared = [disk for disk in self._disks.values() if disk.shared]
        if _is_half_full(shared) and self._is_due("homes", HOMES_EVERY):
            await session.homes.fill()
            self._note("homes", session.homes.missing)
            await session.nfs_servers.fill()
            self._kept_on = self._claims_of_servers()
            self._take({name for disk in shared for name in disk.claims})
        self._is_whole = self._has_news = True

    @property
    def _is_filling(self) -> bool:
        """Whether a disk that many need is told as full, or nearly."""
        database = (row.figures for row in self._session.storage.rows() if row.kind is _DATABASE)
        shared = (disk.figures for disk in self._disks.values() if not disk.user)
        known = [each for each in (*database, *shared) if each is not None]
        return any(home_full.share_of(each) >= home_full.FILLING for each in known)

    def _claims_of_servers(self) -> dict[str, tuple[str, ...]]:
        """The claims that servers of this namespace keep disks on, by the disk."""
        found: dict[str, tuple[str, ...]] = {}
        for server in self._session.nfs_servers.servers():
            pod = server.pod
            if pod is not None and pod.metadata.namespace == self._session.namespace:
                found |= dict.fromkeys(server.disks, claim_names(pod))
        return found

    async def _read_log(self, row: PodRow) -> None:
        """What the running hub says of its database, without what looks secret."""
        try:
            told = await read_log(self._session, row.pod.metadata.name, LOG_LINES)
        except HubtuiError as error:
            self._missing[LOG] = error.what
            return
        self._missing.pop(LOG, None)
        before = self._told.backups or ()
        self._told = replace(told, backups=tuple(dict.fromkeys((*before, *(told.backups or ())))))

    @property
    def _complains(self) -> bool:
        """Whether the log has a complaint that is news."""
        since = utc_now() - RECENT
        return any(each.at is not None and each.at >= since for each in self._told.said)

    def _note(self, source: str, why: str) -> None:
        if why:
            self._missing[source] = why
        else:
            self._missing.pop(source, None)

    # -- what is known

    def update(self) -> bool:
        """Takes in the claims and figures that changed; whether any did."""
        if not self._follows:
            return False
        self._session.storage.update()
        self._note(waiting_volumes.CLAIMS, _trouble(self._session.storage.claims))
        everything, names = self._changes.drain()
        if everything:
            names = names | {row.name for row in self._session.storage.rows()}
        if names:
            self._take(names)
        news, self._has_news = self._has_news, False
        return bool(names) or news

    @property
    def disks(self) -> Sequence[DiskSeen]:
        """The disks that are worth a word, the database's aside; one that a server shares is told
        together with the claim that it keeps it on. None before all was read once."""
        if not self._is_whole:
            return ()
        told = (self._kept_on.get(key.removeprefix(_SHARED), ()) for key in self._disks)
        kept = {name for names in told for name in names}
        return tuple(disk for key, disk in self._disks.items() if key not in kept)

    def _take(self, names: Collection[str]) -> None:
        storage, shared = self._session.storage, set[str]()
        for name in names:
            row = storage.row(name)
            self._disks.pop(name, None)
            if row is None or row.kind is _DATABASE:
                continue
            if row.disk and row.backing is not None and row.backing.shared:
                shared.add(row.disk)
            elif (seen := self._own(row)) is not None:
                self._disks[name] = seen
        there = {disk.disk for disk in storage.disks()}
        shared |= {disk.disk for disk in storage.disks() if not disk.claims}
        for key in [key for key in self._disks if key.startswith(_SHARED)]:
            if key.removeprefix(_SHARED) not in there:
                del self._disks[key]
        for disk in shared & there:
            found = storage.disk(disk)
            seen = self._many(found) if found is not None else None
            if seen is not None:
                self._disks[_SHARED + disk] = seen
            else:
                self._disks.pop(_SHARED + disk, None)

    def _own(self, row: ClaimRow) -> DiskSeen | None:
        """The disk of one claim; None where nothing is to be said of it."""
        figures = row.figures
        if figures is None or figures.doubt:
            return None
        is_user = row.kind is ClaimKind.USER
        if is_user and home_full.share_of(figures) < home_full.OWN_FILLING:
            return None
        full_at, words = hub_db.growth(self._session, row.name)
        shared = row.kind is ClaimKind.HOME_SHARED
        return DiskSeen(
            name=row.name,
            claims=(row.name,),
            figures=figures,
            shared=shared,
            user=(row.user or row.name) if is_user else "",
            full_at=full_at,
            trend=words,
            expandable=hub_db.expandable(self._session, row),
            backing=row.backing.driver if row.backing is not None else "",
            growers=self._growers() if shared else (),
        )

    def _many(self, disk: DiskRow) -> DiskSeen | None:
        """A disk that several claims may be on, or that pods mount without any."""
        rows = [row for name in disk.claims if (row := self._session.storage.row(name))]
        if disk.figures is None or disk.figures.doubt:
            return None
        rows.sort(key=lambda row: (row.kind is not ClaimKind.HOME_SHARED, row.name))
        kinds = {row.kind for row in rows}
        homes = disk.by_users or not kinds.isdisjoint((ClaimKind.HOME_SHARED, ClaimKind.USER))
        behind = (self._session.storage.row(name) for name in self._kept_on.get(disk.disk, ()))
        kept = next((row for row in behind if row is not None), None)
        names = tuple(row.name for row in rows)
        full_at, words = hub_db.growth(self._session, next(iter(names), disk.disk))
        where = f"{disk.server}:{disk.path}" if disk.server else next(iter(names), disk.disk)
        sized_by = kept or next(iter(rows), None)
        return DiskSeen(
            name=f"{kept.name} ({where})" if kept is not None else where,
            claims=(kept.name, *names) if kept is not None else names,
            figures=disk.figures,
            shared=homes,
            full_at=full_at,
            trend=words,
            expandable=hub_db.expandable(self._session, sized_by) if sized_by else False,
            backing=f"the disk of {disk.server}" if disk.server else disk.driver,
            growers=self._growers() if homes else (),
        )

    def _growers(self) -> tuple[Grower, ...]:
        return tuple(
            Grower(home.user or home.directory, home.size, home.grown_per_day)
            for home in self._session.homes.growers(GROWERS)
            if home.size is not None
        )

    def database(self, core: Iterable[PodRow]) -> HubDb:
        """What is known of the hub's database."""
        hub = next((row.pod for row in core if row.role is Role.HUB), None)
        return hub_db.seen(self._session, hub, self._told)

    def volumes(self, waiting: Collection[PodRow]) -> VolumesSeen:
        """What is known of the volumes that pods wait for."""
        storage, session = self._session.storage, self._session
        self._note(waiting_volumes.ATTACHMENTS, _trouble(storage.attachments) if waiting else "")
        if not waiting:
            return VolumesSeen()
        names = {name for row in waiting for name in claim_names(row.pod)}
        keys = (f"{session.namespace}/{name}" for name in sorted(names))
        claims = [claim for key in keys if (claim := storage.claims.get(key)) is not None]
        volumes = {claim.spec.volume_name for claim in claims if claim.spec.volume_name}
        attached = [
            each
            for each in storage.attachments
            if each.spec.source.persistent_volume_name in volumes
        ]
        return VolumesSeen(
            claims=claims if storage.claims.complete else None,
            attachments=attached if storage.attachments.complete else None,
            pods=[pod for pod in session.pods.stores.pods if names.intersection(claim_names(pod))],
        )


_SHARED: Final = "disk "
"""What stands before the identity of a disk, so that no claim is called the same."""


def _is_half_full(disks: Iterable[DiskSeen]) -> bool:
    return any(home_full.share_of(disk.figures) >= home_full.HALF for disk in disks)


def _runs(row: PodRow) -> bool:
    """Whether somebody writes a log; what one that ended has said is read elsewhere."""
    states = (status.state for status in row.pod.status.container_statuses)
    return any(state.running is not None for state in states)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("disks could not be read for the problems", exc_info=error)


def _trouble(store: Store[Any]) -> str:
    return store.health.error.what if store.health.error is not None else ""
