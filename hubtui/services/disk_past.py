"""How much was used of disks in the past, as Prometheus tells it, and how that is asked for.

The hub's database, shared disks and those that are nearly full are asked for one by one over all
windows, other claims in chunks and with few points. One query is under way at a time.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from hubtui.model.claims import KIND_ORDER, ClaimKind
from hubtui.model.disk import Figures, Source
from hubtui.model.points import Point
from hubtui.model.prometheus import Labels, Series
from hubtui.model.promql import any_of
from hubtui.model.volume_stats import SHARED_VOLUME

if TYPE_CHECKING:
    from hubtui.clients.prometheus import PrometheusClient
    from hubtui.services.prometheus import PrometheusLink
    from hubtui.services.storage import ClaimRow, DiskRow

USED: Final = "kubelet_volume_stats_used_bytes"
SIZE: Final = "node_filesystem_size_bytes"
FREE: Final = "node_filesystem_free_bytes"

_Length = tuple[timedelta, timedelta]
"""How far back, and the step."""

CLOSELY: Final[Sequence[_Length]] = (
    (timedelta(days=7), timedelta(hours=1)),
    (timedelta(days=1), timedelta(minutes=15)),
    (timedelta(hours=6), timedelta(minutes=5)),
)
"""What is read of the database, of shared disks, and of what is nearly full."""

NEARLY: Final = 0.8
"""The share that is nearly full."""

CLOSE_MOST: Final = 40
"""Disks that are read over all lengths; where there are more, the rest is read sparsely."""

SPARSELY: Final[_Length] = (timedelta(days=7), timedelta(hours=8))
"""What is read of other claims: 22 points at most."""

CHUNK: Final = 60
"""Claims in one query: their names stand in its address, of which proxies take 8 kB."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system that is measured, and the claims that are on it: `claims` are asked for,
    `names` are all; of one that pods mount without a claim it is its own. With `close` it is read
    over all lengths; `path` is that of its export."""

    key: str
    claims: tuple[str, ...]
    names: frozenset[str]
    figures: Figures
    order: int
    close: bool
    path: str

    @property
    def by_server(self) -> bool:
        """Whether a node exporter beside the server measures it, and no kubelet."""
        return self.figures.source is Source.NODE_EXPORTER

    @property
    def nearly_full(self) -> bool:
        """Whether it is worth more than a few points, even if only one user has it."""
        return (self.figures.share or 0.0) >= NEARLY

    @property
    def in_prometheus(self) -> bool:
        return self.by_server or self.figures.source is Source.PROMETHEUS


def key_of(row: ClaimRow) -> str:
    """The disk of a claim where others may have it, too, else its name."""
    shared = row.backing is not None and row.backing.shared
    return row.disk if shared and row.disk else row.name


def disks_of(
    rows: Sequence[ClaimRow], shared: Sequence[DiskRow]
) -> Generator[None, None, tuple[dict[str, Disk], set[str]]]:
    """The file systems behind claims that are measured, and those `shared` ones that pods mount
    without a claim, each once, by key; and the keys of all."""
    measured: dict[str, list[ClaimRow]] = {}
    known: set[str] = set()
    for row in rows:
        key = key_of(row)
        known.add(key)
        if _is_measured(row.figures):
            measured.setdefault(key, []).append(row)
        yield
    found: dict[str, Disk] = {}
    for each in shared:
        if not each.claims:
            known.add(each.disk)
            if each.figures is not None and _is_measured(each.figures):
                found[each.disk] = _claimless(each, each.figures)
    for key, claims in measured.items():
        found[key] = _disk(key, claims)
        yield
    return found, known


def _is_measured(figures: Figures | None) -> bool:
    return figures is not None and figures.used is not None and not figures.doubt


def _claimless(row: DiskRow, figures: Figures) -> Disk:
    order = KIND_ORDER[ClaimKind.HOME_SHARED]
    return Disk(row.disk, (), frozenset({row.disk}), figures, order, close=True, path=row.path)


def _disk(key: str, rows: Sequence[ClaimRow]) -> Disk:
    told = [row.figures for row in rows if row.figures is not None]
    order = min(KIND_ORDER[row.kind] for row in rows)
    return Disk(
        key=key,
        claims=tuple(row.name for row in rows[:CHUNK]),
        names=frozenset(row.name for row in rows),
        figures=max(told, key=lambda each: each.as_of),
        order=order,
        close=order <= KIND_ORDER[ClaimKind.HOME_SHARED] or len(rows) > 1,
        path=rows[0].disk.rpartition(":")[2],
    )


Part = tuple[Sequence[Disk], Sequence[_Length]]
"""Disks that are asked for together, and over which lengths."""


def parts(due: Iterable[Disk]) -> list[Part]:
    """What is asked for, the most important first."""
    asked = sorted((disk for disk in due if disk.in_prometheus), key=_rank)
    alone = [disk for disk in asked if disk.close or disk.by_server or disk.nearly_full]
    alone = alone[:CLOSE_MOST]
    known = {disk.key for disk in alone}
    rest = [disk for disk in asked if disk.key not in known and not disk.by_server]
    chunks = [rest[first : first + CHUNK] for first in range(0, len(rest), CHUNK)]
    return [*(([disk], CLOSELY) for disk in alone), *((each, (SPARSELY,)) for each in chunks)]


def _rank(disk: Disk) -> tuple[bool, int, float]:
    """What many suffer from comes first, then what is fullest."""
    return (not disk.close, disk.order, -(disk.figures.share or 0.0))


class DiskPast:
    """What one Prometheus remembers of the disks of a namespace."""

    def __init__(self, link: PrometheusLink, namespace: str) -> None:
        self._link = link
        self._namespace = namespace

    async def read(
        self, client: PrometheusClient, part: Part, end: datetime
    ) -> dict[str, list[Point]]:
        """The points of disks, by key; those of several nodes and claims together.

        Raises what `PrometheusClient.query_range` raises.
        """
        disks, lengths = part
        found: dict[str, list[Point]] = {}
        for length in lengths:
            if disks[0].by_server:
                points = await self._of_server(client, disks[0], length, end)
                found.setdefault(disks[0].key, []).extend(points)
                continue
            for key, points in (await self._of_kubelets(client, disks, length, end)).items():
                found.setdefault(key, []).extend(points)
        return {key: points for key, points in found.items() if points}

    async def _of_kubelets(
        self, client: PrometheusClient, disks: Sequence[Disk], length: _Length, end: datetime
    ) -> dict[str, list[Point]]:
        keys = {claim: disk.key for disk in disks for claim in disk.claims}
        claims = any_of(sorted(keys))
        query = self._link.selector(USED, namespace=self._namespace, persistentvolumeclaim=claims)
        found: dict[str, list[Point]] = {}
        for series in await client.query_range(query, end - length[0], end, length[1]):
            key = keys.get(series.labels.get("persistentvolumeclaim", ""))
            if key is not None:
                found.setdefault(key, []).extend(series.points)
        return found

    async def _of_server(
        self, client: PrometheusClient, disk: Disk, length: _Length, end: datetime
    ) -> list[Point]:
        """What the node exporter beside a server measured that tells of it now."""
        for matchers in (
            {"namespace": self._namespace, "mountpoint": SHARED_VOLUME},
            {"mountpoint": disk.path},
        ):
            told: list[list[Series]] = []
            for metric in (SIZE, FREE):
                query = self._link.selector(metric, **matchers)
                step = length[1]
                told.append(await client.query_range(query, end - length[0], end, step))
            sizes = [each for each in told[0] if _name(each.labels) == disk.figures.by]
            if sizes:
                return _used(sizes, told[1])
        return []


def _used(sizes: Iterable[Series], free: Iterable[Series]) -> list[Point]:
    """What was used, from the size and what was free of the same file system at the same time."""
    left = {_series(each.labels): dict(each.points) for each in free}
    return [
        (at, size - known[at])
        for each in sizes
        if (known := left.get(_series(each.labels))) is not None
        for at, size in each.points
        if at in known
    ]


def _series(labels: Labels) -> frozenset[tuple[str, str]]:
    return frozenset((name, value) for name, value in labels.items() if name != "__name__")


def _name(labels: Labels) -> str:
    """How `Figures.by` names who measured."""
    return labels.get("node") or labels.get("instance", "")
