"""How full the demo's file systems are: curves that follow from the seed, computed when asked for.

Nothing is stored of what was used: each curve has the past and the future in it. What is noted is
what the seed does not tell: the sizes that claims had, and when pods mounted them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, NamedTuple

from hubtui.demo.chance import Chance

Key = tuple[str, str]
"""Namespace and name of a claim."""

DAY: Final = 86400.0
MIB: Final = 2**20
GIB: Final = 2**30

_BY_DAY: Final = 0.7
"""How much of what is written is written in the working hours, around two in the afternoon."""
_BUSIEST: Final = 14 / 24
_RESERVED: Final = 16 * MIB
_HUB_DB: Final = "hub-db-dir"


class Burst(NamedTuple):
    """So many bytes, written evenly between two times (unix seconds)."""

    begin: float
    end: float
    size: float

    def by(self, when: float) -> float:
        """What of it is there at a time."""
        return self.size * min(1.0, max(0.0, (when - self.begin) / (self.end - self.begin)))


class Curve(NamedTuple):
    """Bytes that are used: `level` at the time `at` (unix seconds), and `per_day` more each day;
    never below `least`. With `by_work` only the time counts in which a pod has it mounted."""

    level: float
    per_day: float
    at: float
    least: float = 0.0
    bursts: tuple[Burst, ...] = ()
    by_work: bool = False

    def used(self, when: float) -> float:
        """Bytes at a time."""
        steady = self.level + self.per_day * (_days(when) - _days(self.at))
        return max(self.least, steady) + sum(burst.by(when) for burst in self.bursts)

    def with_burst(self, burst: Burst) -> Curve:
        """The same with something more."""
        return self._replace(bursts=(*self.bursts, burst))


class Filling(NamedTuple):
    """A file system at one moment, as statfs tells it: bytes and inodes."""

    capacity: int
    used: int
    available: int
    inodes: int
    inodes_used: int


class FileSystem(NamedTuple):
    """What is on a disk. `per_file` is the mean size of a file."""

    kind: Literal["ext4", "xfs"] = "ext4"
    per_file: float = 90 * 1024

    def filling(self, size: int, used: float) -> Filling:
        """How full it is on a disk of so many bytes."""
        if self.kind == "xfs":
            capacity, inodes, kept = int(size * 0.9951), size // 4 // 512, 0
        else:
            # ext4 keeps some for its tables and journal, and an inode for each 16 KiB.
            capacity, inodes, kept = int(size * 0.9838), size // 16384, _RESERVED
        taken = int(min(used, capacity - kept)) // 4096 * 4096
        files = min(inodes, 11 + int(taken / self.per_file))
        return Filling(capacity, taken, capacity - kept - taken, inodes, files)


class Folder:
    """A folder of a shared home: what it holds, and how much it may (bytes, 0 for no limit); `seen`
    is when something was written there last (unix seconds), None while somebody is at it."""

    def __init__(
        self,
        curve: Curve,
        *,
        limit: int = 0,
        per_file: float = 120 * 1024,
        seen: float | None = 0.0,
    ) -> None:
        self.curve, self.limit, self.per_file, self.seen = curve, limit, per_file, seen


class Homes:
    """The shared home: which claims lead to the disk `disk`, and its folders."""

    def __init__(self, disk: Key, claims: tuple[Key, ...]) -> None:
        self.disk, self.claims = disk, claims
        self.folders: dict[str, Folder] = {}

    def visit(self, folder: str, now: float, *, stays: bool) -> None:
        """Somebody comes to write in a folder, or has done so; a new one is made."""
        if folder not in self.folders:
            self.folders[folder] = Folder(Curve(8.0 * MIB, 0.0, now), limit=10 * GIB)
        self.folders[folder].seen = None if stays else now


class Mount:
    """A claim on a node from one time to another (unix seconds); it goes on without an end."""

    def __init__(self, begin: float) -> None:
        self.begin = begin
        self.end: float | None = None
        self.pods = 1


class Disks:
    """The file systems behind claims."""

    def __init__(self, chance: Chance) -> None:
        self.homes: Homes | None = None
        self.present: datetime | None = None
        """The time at which the story is handed over, and at which shares are as they were set."""
        self.mounts: dict[Key, dict[str, list[Mount]]] = {}
        """When each claim was mounted, by node."""
        self._chance = chance
        self._curves: dict[Key, Curve] = {}
        self._sizes: dict[Key, list[tuple[float, int]]] = {}
        self._systems: dict[Key, FileSystem] = {}

    def resized(self, key: Key, when: datetime, size: int) -> None:
        """A claim has so many bytes from here on."""
        self._sizes.setdefault(key, []).append((when.timestamp(), size))

    def forget(self, key: Key) -> None:
        """A claim is gone, and what it held with it."""
        for table in (self._sizes, self._curves, self._systems, self.mounts):
            table.pop(key, None)

    def put(self, key: Key, curve: Curve, system: FileSystem | None = None) -> None:
        """What a claim holds, in place of what the seed would give it."""
        self._curves[key] = curve
        if system is not None:
            self._systems[key] = system

    def fill(self, key: Key, share: float, per_day: float = 0.0) -> None:
        """Has a claim be full to such a share at present, and grow by such a share of it in a day
        of work."""
        size = self._systems.get(key, FileSystem()).filling(self._first(key), 0.0).available
        at = self.present.timestamp() if self.present else self._sizes[key][0][0]
        self.put(key, Curve(share * size, per_day * size, at, MIB, by_work=True))

    def curve(self, key: Key) -> Curve:
        """What a claim holds. Raises KeyError for one without a volume."""
        key = self.behind(key)
        if key not in self._curves:
            self._curves[key] = self._usual(key)
        return self._curves[key]

    def behind(self, key: Key) -> Key:
        """The claim whose disk is behind a claim: its own, or that of the NFS server."""
        return self.homes.disk if self.homes and key in self.homes.claims else key

    def is_known(self, key: Key) -> bool:
        """Whether there is a file system behind the claim."""
        return self.behind(key) in self._sizes

    def at(self, key: Key, when: float) -> Filling:
        """How full a claim was at a time. Raises KeyError for one without a volume."""
        curve, own = self.curve(key), self.behind(key)
        system = self._systems.get(own, FileSystem())
        passed = self._worked(key, when) - self._worked(key, curve.at) if curve.by_work else None
        used = curve.used(when if passed is None else curve.at + passed)
        return system.filling(self._size(own, when), used)

    def _worked(self, key: Key, when: float) -> float:
        """The seconds up to a time in which a claim was mounted."""
        spans = (each for spans in self.mounts.get(key, {}).values() for each in spans)
        ended = ((each.begin, when if each.end is None else each.end) for each in spans)
        return sum(max(0.0, min(when, end) - begin) for begin, end in ended)

    def _size(self, key: Key, when: float) -> int:
        sizes = self._sizes[key]
        return next((size for begun, size in reversed(sizes) if begun <= when), sizes[0][1])

    def _first(self, key: Key) -> int:
        return self._sizes[key][0][1]

    def _usual(self, key: Key) -> Curve:
        """What a claim holds that nothing was said of: most homes are small, some are not."""
        size, dice = self._first(key), self._chance.of("disk", *key)
        at = self.present.timestamp() if self.present else self._sizes[key][0][0]
        if key[1].endswith(_HUB_DB):
            return Curve(0.06 * size, 0.0011 * size, at, MIB)
        level = size * min(0.78, dice.lognormvariate(-2.2, 0.8))
        return Curve(level, level * dice.uniform(0.005, 0.09), at, 0.6 * MIB, by_work=True)


def spread(
    chance: Chance, names: list[str], level: float, per_day: float, at: float
) -> Mapping[str, Folder]:
    """Folders that hold `level` bytes together and grow by `per_day`: few have much of both."""
    sizes = {name: chance.of("home", name).lognormvariate(0.0, 0.9) for name in names}
    rates = {name: chance.of("grows", name).lognormvariate(0.0, 1.4) for name in names}
    whole, growth = sum(sizes.values()), sum(rates.values())
    found = {}
    for name in names:
        holds = level * sizes[name] / whole
        grows = min(per_day * rates[name] / growth, holds / 9)
        dice = chance.of("folder", name)
        seen = at - dice.uniform(2, 45) * DAY
        curve = Curve(holds, grows, at, MIB)
        limit, per_file = _limit(holds + 14 * grows), dice.uniform(40, 400) * 1024
        found[name] = Folder(curve, limit=limit, per_file=per_file, seen=seen)
    return found


def _limit(size: float) -> int:
    """The quota of a folder: the usual one, or what was agreed with who needs more."""
    return next(each * GIB for each in (10, 25, 50, 100, 200, 400) if size < 0.95 * each * GIB)


def _days(when: float) -> float:
    """Days of work up to a time: more of them pass by day than by night."""
    days = when / DAY
    return days + _BY_DAY * math.sin(2 * math.pi * (days - _BUSIEST)) / (2 * math.pi)
