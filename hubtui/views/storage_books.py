"""What stands where in the storage pane: each claim in a group or on a disk, each disk once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from hubtui.model import fullness
from hubtui.model.claims import ClaimKind
from hubtui.model.disk import Figures, Source
from hubtui.model.podstate import Severity
from hubtui.model.text import one_line
from hubtui.model.trend import Trend
from hubtui.model.why_facts import claim_names
from hubtui.services.storage import ClaimRow, DiskRow, Storage
from hubtui.views.storage_groups import Group, Part, believed, filling, part_of

if TYPE_CHECKING:
    from hubtui.services.nfs_servers import NfsServer
    from hubtui.services.trends import Trends

HUB_DB: Final = "hub-db"
"""What the hub's database is called in few words."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A shared file system as a thing of its own: `homes` are the claims on it that are for homes,
    `behind` those that its server keeps it on: their figures are the disk's, where it has none."""

    row: DiskRow
    name: str
    homes: tuple[str, ...]
    behind: tuple[str, ...]
    figures: Figures | None
    trend: Trend | None
    severity: Severity

    @property
    def sized_by(self) -> str:
        """The claim that it grows with: the one that its server keeps it on, for an export has no
        size of its own, else one for homes; empty where there is none."""
        return next(iter((*self.behind, *self.homes)), "")

    @property
    def place(self) -> str:
        """Where it is, in few words: `nfs 10.0.0.4`."""
        kind = "nfs" if "nfs" in self.row.driver else self.row.driver.partition(".")[0]
        return f"{kind} {self.row.server}".strip()


@dataclass(frozen=True, slots=True)
class Fill:
    """How full something is, and when it will be."""

    name: str
    kind: ClaimKind
    share: float
    full_at: datetime | None


class Books:
    """The groups and disks, kept up claim by claim."""

    def __init__(self, storage: Storage, trends: Trends) -> None:
        self._storage = storage
        self._trends = trends
        self.groups = {kind: Group(kind) for kind in ClaimKind}
        self.disks: dict[str, Disk] = {}
        self.behind: dict[str, str] = {}
        """The claims that servers keep shared disks on, and which disk that is."""
        self.measured: dict[Source, datetime] = {}
        """When each source measured something last."""
        self._kinds: dict[str, ClaimKind] = {}

    def take(self, names: Collection[str], now: datetime) -> set[str]:
        """Claims changed; the names of those that are to be painted, which may be more: a disk
        came or went."""
        before = self.disks.keys()
        self.disks = {disk.row.disk: disk for disk in self._shown(now)}
        wanted = set(names)
        for each in before ^ self.disks.keys():
            wanted.update(row.name for row in self._storage.rows() if row.disk == each)
        for name in wanted:
            self._place(name, now)
        return wanted

    def serve(self, servers: Iterable[NfsServer], now: datetime) -> bool:
        """These are the servers of the disks from here on; whether a claim stands elsewhere now."""
        behind = {
            claim: server.disks[0]
            for server in servers
            if server.pod is not None and len(server.disks) == 1
            for claim in claim_names(server.pod)
            if claim not in server.claims
        }
        if behind == self.behind:
            return False
        self.behind = behind
        self.take([row.name for row in self._storage.rows()], now)
        return True

    def trend_of(self, row: ClaimRow) -> Trend | None:
        """How fast the file system of a claim fills."""
        on = self.on_disk(row)
        return on.trend if on is not None else self._trends.of(row.name)

    def on_disk(self, row: ClaimRow) -> Disk | None:
        """The disk that a claim is on, where that is a thing of its own."""
        return self.disks.get(row.disk) if row.disk else None

    def part(self, row: ClaimRow) -> Part:
        """What a claim comes to in its group, or on its disk."""
        found = self.groups[row.kind].parts.get(row.name)
        return found or Part(fullness.standing(row.claim, wanted=bool(row.mounted_by)), row.size)

    def _place(self, name: str, now: datetime) -> None:
        before = self._kinds.pop(name, None)
        if before is not None:
            self.groups[before].drop(name)
        row = self._storage.row(name)
        if row is None:
            return
        self._measured(row.figures)
        on = self.on_disk(row)
        if self.behind.get(name) in self.disks or (on and row.kind is ClaimKind.HOME_SHARED):
            return  # it stands below the disk
        self._kinds[name] = row.kind
        trend = None if on is not None else self._trends.of(name)
        disk = on.row.disk if on is not None else ""
        self.groups[row.kind].put(name, part_of(row, trend, now, disk))

    def _measured(self, figures: Figures | None) -> None:
        if figures is not None:
            last = self.measured.get(figures.source, figures.as_of)
            self.measured[figures.source] = max(last, figures.as_of)

    def _shown(self, now: datetime) -> Iterator[Disk]:
        for row in self._storage.disks():
            homes = tuple(name for name in row.claims if self._is_home(name))
            behind = tuple(name for name, disk in self.behind.items() if disk == row.disk)
            if homes or behind or len(row.claims) != 1:
                yield self._disk(row, homes, behind, now)

    def _disk(
        self, row: DiskRow, homes: tuple[str, ...], behind: tuple[str, ...], now: datetime
    ) -> Disk:
        backs = [each for name in behind if (each := self._storage.row(name)) is not None]
        figures, trend = row.figures, self._trends.of_disk(row.disk)
        if len(backs) == 1:
            figures = figures or backs[0].figures
            known = trend is not None and trend.per_day is not None
            trend = trend if known else self._trends.of(backs[0].name)
        self._measured(figures)
        severity = max(filling(figures, trend, now), self._standing((*homes, *behind)))
        return Disk(row, name_of(row, homes), homes, behind, figures, trend, severity)

    def _is_home(self, name: str) -> bool:
        row = self._storage.row(name)
        return row is not None and row.kind is ClaimKind.HOME_SHARED

    def _standing(self, claims: Iterable[str]) -> Severity:
        rows = [row for name in claims if (row := self._storage.row(name)) is not None]
        found = (fullness.standing(row.claim, wanted=bool(row.mounted_by)) for row in rows)
        return max(found, default=Severity.FINE)

    def fills(self) -> list[Fill]:
        """How full is what all suffer from when it is full, each file system once; where none of
        that is measured, the claims of users."""
        found = [
            Fill(disk.name, ClaimKind.HOME_SHARED, disk.figures.share, believed(disk.trend))
            for disk in self.disks.values()
            if disk.figures is not None and disk.figures.share is not None
        ]
        for kind in (ClaimKind.HUB_DB, ClaimKind.HOME_SHARED, ClaimKind.OTHER):
            found += self._fills_of(kind)
        return found or list(self._fills_of(ClaimKind.USER))

    def full_users(self) -> list[float]:
        """How full the claims of users are that are nearly so."""
        group = self.groups[ClaimKind.USER]
        shares = (group.parts[name].share for name in group.troubled)
        return [share for share in shares if fullness.of_share(share) and share is not None]

    def _fills_of(self, kind: ClaimKind) -> Iterator[Fill]:
        for name, part in self.groups[kind].parts.items():
            if part.share is not None:
                yield Fill(self._called(name, kind), kind, part.share, part.full_at)

    def _called(self, name: str, kind: ClaimKind) -> str:
        row = self._storage.row(name)
        if kind is ClaimKind.HUB_DB:
            return HUB_DB
        return one_line(row.user if row is not None and row.user else name)


def name_of(disk: DiskRow, homes: Collection[str]) -> str:
    """What a disk is called: by the claim of the homes on it, else by its path, or its server."""
    if homes:
        return min(homes, key=lambda name: (len(name), name))
    return one_line(disk.path or disk.server or disk.disk)
