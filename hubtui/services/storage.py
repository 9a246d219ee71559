"""Claims with what is behind them, who mounts them, how full they are and when they were used last.

Joined from the claims and pods of the hub's namespace, the cluster's volumes and classes, what the
hub has told of its users, and the figures of `services.disks`. A claim or pod that changes costs
its own rows, nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from hubtui.errors import HubtuiError
from hubtui.model import kube
from hubtui.model.claims import (
    Backing,
    ClaimKind,
    asked_of,
    backing_of,
    claimant_of,
    claimed_server,
    disk_of,
    kind_of,
    size_of,
)
from hubtui.model.disk import Figures
from hubtui.model.kinds import ATTACHMENTS, CLAIMS, STORAGE_CLASSES, VOLUMES
from hubtui.model.kube_needs import Attachment, Claim
from hubtui.model.volumes import StorageClass, Volume
from hubtui.model.why_facts import Missing
from hubtui.services.disks import Disks
from hubtui.services.feeds import Feeds
from hubtui.services.hub_feed import HubFeed
from hubtui.services.last_used import LastUsed, last_used
from hubtui.services.mounts import Mounts
from hubtui.services.store import Readable, Store, Subscription, utc_now

FIGURES: Final = "how full volumes are"
MOUNTED_NOW: Final = "mounted now"


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim and what is known of it.

    `user` and `server` tell whose it is, empty for what is nobody's; `size` and `asked` are bytes,
    None where the claim does not tell. `backing` is None before it is bound, or where volumes may
    not be read. `disk` is the identity of the file system. `mounted_by` are names of pods.
    `last_used` is None while it is mounted, and where nobody knows: `last_used_words` says which.
    """

    name: str
    claim: Claim
    kind: ClaimKind
    user: str
    server: str
    phase: str
    storage_class: str
    size: int | None
    asked: int | None
    backing: Backing | None
    disk: str
    figures: Figures | None
    why_not: str
    mounted_by: tuple[str, ...]
    last_used: datetime | None
    last_used_words: str
    created: datetime | None


@dataclass(frozen=True, slots=True)
class DiskRow:
    """A file system that many may share, once: its claims and the pods that mount it, by one of
    these or without any. `by_users`: servers of users do, or did, without a claim."""

    disk: str
    server: str
    path: str
    driver: str
    claims: tuple[str, ...]
    pods: tuple[str, ...]
    figures: Figures | None
    why_not: str
    by_users: bool = False


class Storage(Readable):
    """The claims of one hub's namespace. A reader's keys are the names that `update` gave."""

    def __init__(
        self,
        feeds: Feeds,
        pods: Store[kube.Pod],
        disks: Disks,
        hub_feed: HubFeed,
        namespace: str,
        release: str,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__()
        self._feeds = feeds
        self._pods = pods
        self._disks_of = disks
        self._hub_feed = hub_feed
        self._namespace, self._release = namespace, release
        self.claims: Store[Claim] = feeds.add(CLAIMS, namespace, follow=False)
        self.volumes: Store[Volume] = feeds.add(VOLUMES, "", follow=False)
        self.classes: Store[StorageClass] = feeds.add(STORAGE_CLASSES, "", follow=False)
        self.attachments: Store[Attachment] = feeds.add(ATTACHMENTS, "", follow=False)
        self._claims_seen = self.claims.subscribe()
        self._volumes_seen = self.volumes.subscribe()
        self._classes_seen = self.classes.subscribe()
        self._disks_seen = disks.subscribe()
        self._hub_seen = hub_feed.subscribe()
        self._mounts = Mounts(pods, release, now)
        self._rows: dict[str, ClaimRow] = {}
        self._on_volume: dict[str, set[str]] = {}
        self._of_user: dict[str, set[str]] = {}
        self._of_class: dict[str, set[str]] = {}
        self._on_disk: dict[str, set[str]] = {}
        self._disk_rows: dict[str, DiskRow] = {}
        self._disks: tuple[DiskRow, ...] | None = None

    # -- who looks

    def start(self, who: str = "") -> None:
        """Somebody looks: claims and volumes are followed from here on, figures are asked for until
        each who looked has paused."""
        self._feeds.look(self.claims, self.volumes, self.classes, self.attachments)
        self._disks_of.start(who)

    def pause(self, who: str = "") -> None:
        """Somebody looks no more."""
        self._disks_of.pause(who)

    async def fill(self) -> None:
        """Reads everything once; where it is followed, waits until it was read.

        Raises UnreachableError, DecodeError, ApiError for the claims and pods; what is denied, and
        whatever befell volumes, classes, attachments and figures, is in `notes`.
        """
        beside = (self.volumes, self.classes, self.attachments)
        await asyncio.gather(
            self._feeds.fill(self.claims, self._pods), *(self._try(store) for store in beside)
        )
        await self._disks_of.fill()

    async def _try(self, store: Store[Volume] | Store[StorageClass] | Store[Attachment]) -> None:
        with suppress(HubtuiError):
            await self._feeds.fill(store)

    # -- the answers

    def row(self, name: str) -> ClaimRow | None:
        """One claim."""
        return self._rows.get(name)

    def rows(self) -> Collection[ClaimRow]:
        """All claims, as of the last update."""
        return self._rows.values()

    def disks(self) -> tuple[DiskRow, ...]:
        """The file systems that are shared, by identity."""
        if self._disks is None:
            self._disks = tuple(self._disk_row(disk) for disk in sorted(self._on_disk))
        return self._disks

    def disk(self, disk: str) -> DiskRow | None:
        """One shared file system."""
        return self._disk_row(disk) if disk in self._on_disk else None

    def claims_of(self, user: str) -> tuple[ClaimRow, ...]:
        """The claims of one user."""
        return tuple(self._rows[name] for name in sorted(self._of_user.get(user, ())))

    def volume_of(self, name: str) -> Volume | None:
        """The volume behind a claim; None before it is bound, or where none may be read."""
        claim = self.claims.get(f"{self._namespace}/{name}")
        return self.volumes.get(f"/{claim.spec.volume_name}") if claim is not None else None

    def class_of(self, name: str) -> StorageClass | None:
        """The class of a claim, as of the last update; None for one without, or where none may be
        read."""
        row = self._rows.get(name)
        return self.classes.get(f"/{row.storage_class}") if row is not None else None

    def notes(self) -> tuple[Missing, ...]:
        """What could not be read, and why."""
        healths = (
            ("claims", self.claims.health),
            ("pods", self._pods.health),
            ("volumes", self.volumes.health),
            ("storage classes", self.classes.health),
            ("volume attachments", self.attachments.health),
        )
        found = [
            Missing(source, health.error.what)
            for source, health in healths
            if health.error is not None
        ]
        if self._disks_of.missing:
            found.append(Missing(FIGURES, self._disks_of.missing))
        return tuple(found)

    # -- the join

    def update(self) -> set[str]:
        """Takes in what became known since the last call; the names of the claims of which anything
        changed, those that are gone among them, and the identities of disks without a claim."""
        mounted = self._mounts.update()
        changed = mounted | self._changed_claims()
        changed |= self._behind(self._volumes_seen, self._on_volume)
        changed |= self._behind(self._classes_seen, self._of_class)
        changed |= self._of_hub()
        everything, names = self._disks_seen.drain()
        if everything:
            names = self._rows.keys() | self._on_disk.keys()
        turned = {name for name in changed if self._renew(name)}
        turned |= {name for name in names - changed if self._measure(name)}
        turned |= {name for name in (mounted | names) - turned if self._mount(name)}
        self._dirty(turned)
        return turned

    def _changed_claims(self) -> set[str]:
        everything, keys = self._claims_seen.drain()
        names = {key.partition("/")[2] for key in keys}
        if everything:
            names |= self._rows.keys() | {claim.metadata.name for claim in self.claims}
        return names

    def _behind(self, seen: Subscription, index: dict[str, set[str]]) -> set[str]:
        everything, keys = seen.drain()
        if everything:
            return set(self._rows)
        return {name for key in keys for name in index.get(key.partition("/")[2], ())}

    def _of_hub(self) -> set[str]:
        everything, users = self._hub_seen.drain()
        if everything:
            return {name for names in self._of_user.values() for name in names}
        return {name for user in users for name in self._of_user.get(user, ())}

    def _mount(self, disk: str) -> bool:
        """Whether it is a shared disk that pods mount, or did, without a claim."""
        mounted = self._mounts.of(disk) if ":" in disk else None
        if mounted is None:
            return False
        if mounted.pods:
            self._on_disk.setdefault(disk, set())
        elif not self._on_disk.get(disk):
            self._on_disk.pop(disk, None)
        self._disk_rows.pop(disk, None)
        self._disks = None
        return True

    def _measure(self, name: str) -> bool:
        """Only the figures of a claim may have changed; whether they have."""
        before = self._rows.get(name)
        figures = self._disks_of.of(name)
        if before is None or not before.mounted_by or figures is None:
            return self._renew(name)
        return self._put(name, before, replace(before, figures=figures, why_not=""))

    def _renew(self, name: str) -> bool:
        """Makes a claim's row anew; whether it is another one."""
        before = self._rows.get(name)
        claim = self.claims.get(f"{self._namespace}/{name}")
        return self._put(name, before, self._row(name, claim) if claim is not None else None)

    def _put(self, name: str, before: ClaimRow | None, row: ClaimRow | None) -> bool:
        if row == before:
            return False
        if before is None or row is None or _places(before) != _places(row):
            self._index(before, add=False)
            self._index(row, add=True)
        for each in (before, row):
            if each is not None and each.backing is not None and each.backing.shared:
                self._disk_rows.pop(each.disk, None)
                self._disks = None
        if row is None:
            del self._rows[name]
        else:
            self._rows[name] = row
        return True

    def _index(self, row: ClaimRow | None, *, add: bool) -> None:
        if row is None:
            return
        shared = row.backing is not None and row.backing.shared
        indexes = (
            (self._on_volume, row.claim.spec.volume_name),
            (self._of_user, row.user),
            (self._of_class, row.storage_class),
            (self._on_disk, row.disk if shared else ""),
        )
        for index, key in indexes:
            if key and add:
                index.setdefault(key, set()).add(row.name)
            elif key and key in index:
                index[key].discard(row.name)
                if not index[key] and not self._is_mounted(key):
                    del index[key]

    def _row(self, name: str, claim: Claim) -> ClaimRow:
        spec = claim.spec
        volume = self.volumes.get(f"/{spec.volume_name}") if spec.volume_name else None
        made_by = spec.storage_class_name or (volume.spec.storage_class_name if volume else "")
        mounted = self._mounts.of(name)
        by_users = mounted is not None and mounted.by_users
        kind = kind_of(claim, self._release, mounted_by_users=by_users)
        user = claimant_of(claim) if kind is ClaimKind.USER else ""
        server = claimed_server(claim) if kind is ClaimKind.USER else ""
        pods = tuple(mounted.pods) if mounted is not None else ()
        figures = self._disks_of.of(name)
        backing = backing_of(volume, self.classes.get(f"/{made_by}")) if volume else None
        own = figures if backing is None or not backing.shared else None
        used: LastUsed = (None, MOUNTED_NOW)
        if not pods:
            used = last_used(mounted, own, user, server, self._hub_feed.users.get(user))
        return ClaimRow(
            name=name,
            claim=claim,
            kind=kind,
            user=user,
            server=server,
            phase=claim.status.phase or "Pending",
            storage_class=made_by,
            size=size_of(claim),
            asked=asked_of(claim),
            backing=backing,
            disk=disk_of(volume) if volume is not None else "",
            figures=figures,
            why_not=self._disks_of.why_not(name) if figures is None else "",
            mounted_by=pods,
            last_used=used[0],
            last_used_words=used[1],
            created=claim.metadata.creation_timestamp,
        )

    def _disk_row(self, disk: str) -> DiskRow:
        row = self._disk_rows.get(disk)
        if row is None:
            rows = [self._rows[name] for name in sorted(self._on_disk[disk])]
            row = self._disk_rows[disk] = self._shared(disk, rows)
        return row

    def _is_mounted(self, disk: str) -> bool:
        """Whether pods mount a disk without a claim."""
        mounted = self._mounts.of(disk) if ":" in disk else None
        return mounted is not None and bool(mounted.pods)

    def _shared(self, disk: str, rows: Sequence[ClaimRow]) -> DiskRow:
        """A file system from the claims on it, and from the pods that mount it without one: the
        newest figures are those of all."""
        told = [each for row in rows if (each := row.figures) is not None]
        own = self._disks_of.of(disk)
        figures = max([*told, *([own] if own else [])], key=lambda each: each.as_of, default=None)
        server, _, path = disk.partition(":")[2].rpartition(":")
        first = rows[0].backing if rows else None
        direct = self._mounts.of(disk)
        pods = [*(row.mounted_by for row in rows), tuple(direct.pods) if direct else ()]
        why_not = rows[0].why_not if rows else self._disks_of.why_not(disk)
        return DiskRow(
            disk=disk,
            server=first.server if first is not None else server,
            path=path,
            driver=first.driver if first is not None else "nfs",
            claims=tuple(row.name for row in rows),
            pods=_together(pods),
            figures=figures,
            why_not=why_not if figures is None else "",
            by_users=direct is not None and direct.by_users,
        )


def _places(row: ClaimRow) -> tuple[object, ...]:
    """Under which keys a row is found."""
    shared = row.backing is not None and row.backing.shared
    return (row.claim.spec.volume_name, row.user, row.storage_class, shared and row.disk)


def _together(pods: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    some = [each for each in pods if each]
    return some[0] if len(some) == 1 else tuple(sorted({pod for each in some for pod in each}))
