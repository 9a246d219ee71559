"""Figures that are not to be believed, and why.

Source: statfs as the kubelet passes it on; EFS reports 8 EiB (AWS, "Amazon EFS quotas"), btrfs and
EFS count no inodes; volumes of hostPath and local are folders of a node's disk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from hubtui.model.disk import Figures
from hubtui.model.quantity import short_size

ELASTIC: Final = 2**60
"""Bytes from which on a capacity is that of nothing that can fill up: 1 EiB."""

_FOLDERS: Final = ("hostPath", "local")
_FOLDER_PROVISIONERS: Final = ("local-path", "hostpath", "host-path")
_MORE: Final = 1.5
"""How much more than was asked for a disk of its own may have at most: rounded up, never so far."""


@dataclass(frozen=True, slots=True)
class Told:
    """The figures of a claim, with what decides whether they can be its own: what is behind it,
    the bytes that it asked for or has, and its class. `shared`: that many have one file system is
    known.
    """

    figures: Figures
    driver: str = ""
    provisioner: str = ""
    storage_class: str = ""
    asked: int | None = None
    shared: bool = False

    @property
    def folder(self) -> bool:
        """Whether it is a folder of its node."""
        return self.driver in _FOLDERS or any(
            part in name
            for name in (self.driver, self.provisioner)
            for part in _FOLDER_PROVISIONERS
        )

    @property
    def larger(self) -> bool:
        """Whether it reports far more than was asked for."""
        capacity = self.figures.capacity
        return bool(self.asked and capacity and capacity > self.asked * _MORE)


def checked(figures: Figures) -> Figures:
    """The figures by themselves: with a doubt where they cannot be, without inodes where there are
    none to count."""
    if not figures.inodes:
        figures = replace(figures, inodes=None, inodes_used=None, inodes_free=None)
    return replace(figures, doubt=_doubt(figures))


def _doubt(figures: Figures) -> str:
    capacity, used, available = figures.capacity, figures.used, figures.available
    told = [each for each in (capacity, used, available) if each is not None]
    if any(each < 0 for each in told):
        return "a size below 0 was reported"
    if capacity is None:
        return ""
    if capacity >= ELASTIC:
        return f"it grows as needed: {short_size(capacity)} is no size that could fill up"
    if capacity == 0:
        return "a size of 0 was reported"
    if used is not None and used > capacity:
        return f"{short_size(used)} used of {short_size(capacity)} cannot be"
    if available is not None and available > capacity:
        return f"{short_size(available)} free of {short_size(capacity)} cannot be"
    return ""


def repeated(told: Mapping[str, Told]) -> dict[str, Figures]:
    """The figures by claim, with a doubt where one file system, that of a node's disk as a rule,
    was reported for claims that asked for disks of their own."""
    suspects = {
        name: _look(each)
        for name, each in told.items()
        if not each.shared and not each.figures.doubt and each.larger
    }
    alike = Counter(suspects.values())
    found = {}
    for name, each in told.items():
        look = suspects.get(name)
        doubt = _repeated(each, alike[look]) if look is not None else ""
        found[name] = replace(each.figures, doubt=doubt) if doubt else each.figures
    return found


def _look(told: Told) -> tuple[object, ...]:
    """What claims of one file system report alike, whenever each was asked; a node's disk from that
    node alone."""
    where = told.figures.by if told.folder else ""
    return (told.storage_class, where, told.figures.capacity, told.figures.inodes)


def _repeated(told: Told, alike: int) -> str:
    if not told.folder and alike < 2:
        return ""
    size = short_size(told.figures.capacity or 0)
    what = f"the disk of its node ({size})" if told.folder else f"one file system of {size}"
    others = alike - 1
    if not others:
        return f"{what}, not a disk of its own"
    return f"{what}, which {others} other claim{'s report' if others > 1 else ' reports'}, too"
