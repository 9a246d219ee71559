"""How full a file system is, and who says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Source(StrEnum):
    """Who measured, in words as they stand beside a number."""

    PROMETHEUS = "Prometheus"
    NODE_EXPORTER = "node exporter"
    DIRSIZE = "dirsize"
    HOME_NFS = "home-nfs"
    KUBELET = "kubelet"


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one file system at `as_of`; bytes and numbers of inodes, None for what
    was not told.

    `available` is what an unprivileged writer can still take, which is less than `capacity - used`
    where blocks are reserved for root. `by` says where it was measured (a node). `doubt` says in
    words why the numbers are not to be believed: an elastic file system that reports 8 EiB.
    """

    source: Source
    as_of: datetime
    capacity: int | None = None
    used: int | None = None
    available: int | None = None
    inodes: int | None = None
    inodes_used: int | None = None
    inodes_free: int | None = None
    by: str = ""
    doubt: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it was told how full it is, be that believed or not."""
        return self.used is not None and self.available is not None

    @property
    def share(self) -> float | None:
        """The part that is taken, 0 to 1, as `df` counts it; None where it cannot be told."""
        return _share(self.used, self.available) if not self.doubt else None

    @property
    def inode_share(self) -> float | None:
        """The part of the inodes that is taken; None where there are none to count."""
        return _share(self.inodes_used, self.inodes_free) if not self.doubt else None


def _share(used: int | None, free: int | None) -> float | None:
    if used is None or free is None or used + free <= 0:
        return None
    return used / (used + free)
