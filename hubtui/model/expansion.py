"""How a claim is made larger: which sizes can be asked for, what a driver can, how far it is.

Sources: Kubernetes 1.36, PersistentVolumeClaim `status.conditions` and
`status.allocatedResourceStatuses` (KEP-1790), its admission plugin PersistentVolumeClaimResize; the
documentation of each driver.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hubtui.errors import UsageError
from hubtui.model.claims import asked_of, bytes_of, size_of
from hubtui.model.kube import Condition, Event
from hubtui.model.kube_needs import Claim
from hubtui.model.quantity import parse
from hubtui.model.volumes import Volume

STORAGE: Final = "storage"
GIB: Final = 2**30

_SIZE: Final = re.compile(
    r"\d{1,40}(?:\.\d{1,40})?(?P<unit>[KMGTPE]i|[kMGTPE])?|\d{1,40}[eE]\d{1,2}"
)
_LIKE: Final = re.compile(
    r"(?P<number>\d{1,15}(?:\.\d{1,15})?) ?(?P<unit>[kmgtpeKMGTPE])(?P<i>i?)[bB]?"
)
LEAST: Final = 2**20
"""Bytes below which a size was typed without its unit."""


MOST: Final = 4


class Way(StrEnum):
    """How a driver makes a volume larger."""

    ONLINE = "online"
    OFFLINE = "offline"
    UNKNOWN = "unknown"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Ability:
    """What a driver can, and what is to be known of it."""

    way: Way
    words: str = ""


_CANNOT: Final[Mapping[str, str]] = {
    "nfs": "an NFS export has no size of its own: enlarge the server's disk",
    "hostPath": "it is a folder of a node",
    "local": "it is a disk of a node",
}

_DRIVERS: Final[Mapping[str, Ability]] = {
    "pd.csi.storage.gke.io": Ability(Way.ONLINE),
    "ebs.csi.aws.com": Ability(
        Way.ONLINE, "AWS changes the same disk again only after hours: take a size that lasts"
    ),
    "disk.csi.azure.com": Ability(
        Way.ONLINE, "some older kinds of disk grow only while no pod mounts them"
    ),
    "file.csi.azure.com": Ability(Way.ONLINE),
    "filestore.csi.storage.gke.io": Ability(
        Way.ONLINE, "it grows in the steps of its tier, and is paid for in them"
    ),
    "rbd.csi.ceph.com": Ability(Way.ONLINE),
    "cephfs.csi.ceph.com": Ability(Way.ONLINE),
    "cinder.csi.openstack.org": Ability(
        Way.ONLINE, "where Nova is old it grows only while no pod mounts it"
    ),
    "csi.hetzner.cloud": Ability(Way.ONLINE),
    "dobs.csi.digitalocean.com": Ability(Way.ONLINE),
    "csi.vsphere.vmware.com": Ability(
        Way.ONLINE, "before vSphere 7.0U2 only while nobody mounts it"
    ),
    "driver.longhorn.io": Ability(Way.ONLINE, "older Longhorn only while no pod mounts it"),
    "linodebs.csi.linode.com": Ability(Way.OFFLINE),
    "topolvm.io": Ability(Way.ONLINE),
    "efs.csi.aws.com": Ability(Way.NEVER, "an EFS has no size: it grows by itself"),
    "nfs.csi.k8s.io": Ability(
        Way.UNKNOWN, "it changes the number alone: how much there is room for the server decides"
    ),
}
"""By the driver's own documentation; Rook's have a prefix."""


@dataclass(frozen=True, slots=True)
class Size:
    """A size as it was typed, and its bytes."""

    written: str
    bytes: int


class Stage(StrEnum):
    """How far an expansion is."""

    ASKED = "asked for"
    CONTROLLER = "the driver enlarges the volume"
    NODE_PENDING = "the volume is larger; its file system waits for the node"
    NODE = "the node enlarges the file system"
    FAILING = "the driver fails, and tries again"
    INFEASIBLE = "the driver cannot do it"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an expansion is, and in the driver's words what stands in its way."""

    stage: Stage
    said: str = ""


def size_in(text: str) -> Size:
    """A size as the API takes it, of whole bytes. Raises UsageError, with what may be meant."""
    written = text.strip()
    match = _SIZE.fullmatch(written)
    if match is None:
        like = _LIKE.fullmatch(written)
        meant = f"{like['number']}{like['unit'].upper()}i" if like else "20Gi"
        raise UsageError(
            f"{written!r} is no size" if written else "How large?", remedy=f"Write {meant}."
        )
    number = parse(written)
    if number != number.to_integral_value():
        raise UsageError(f"{written} is no whole number of bytes")
    if number < LEAST:
        raise UsageError(
            f"{written} means {int(number):,} bytes", remedy=f"With its unit: {written}Gi."
        )
    if number >= 2**63:
        raise UsageError(f"{written} is more than can be asked for")
    return Size(written, int(number))


def exact(size: int) -> str:
    """Bytes as the API writes them, where they are whole units: `10Gi`; else to the byte."""
    for power, unit in ((50, "Pi"), (40, "Ti"), (30, "Gi"), (20, "Mi"), (10, "Ki")):
        if size and size % 2**power == 0:
            return f"{size >> power}{unit}"
    return f"{size:,} bytes"


def proposals(size: int, used: int | None = None, per_day: float | None = None) -> tuple[Size, ...]:
    """Sizes that are worth a thought, in whole GiB, the smallest first: half as much again, twice,
    and what lasts a quarter of a year with a fifth to spare, where growth is known; MOST times what
    there is at most, for a course that brings its data once does not grow on."""
    wanted = [size * 3 / 2, size * 2.0]
    if used is not None and per_day is not None and per_day > 0:
        wanted.append(min((used + 90 * per_day) * 1.25, size * MOST))
    least = size // GIB + 1
    found = sorted({max(least, math.ceil(each / GIB)) for each in wanted if each > size})
    return tuple(Size(f"{each}Gi", each * GIB) for each in found)


def ability_of(volume: Volume) -> Ability:
    """What is known of whatever is behind a volume."""
    spec = volume.spec
    if spec.csi is not None:
        driver = spec.csi.driver
        known = (able for name, able in _DRIVERS.items() if driver.endswith(name))
        return next(known, Ability(Way.UNKNOWN))
    if spec.nfs is not None:
        return Ability(Way.NEVER, _CANNOT["nfs"])
    if spec.host_path is not None:
        return Ability(Way.NEVER, _CANNOT["hostPath"])
    return Ability(Way.NEVER, _CANNOT["local"]) if spec.local is not None else Ability(Way.UNKNOWN)


_BY_STATUS: Final[Mapping[str, Stage]] = {
    "ControllerResizeInProgress": Stage.CONTROLLER,
    "ControllerResizeInfeasible": Stage.INFEASIBLE,
    "NodeResizePending": Stage.NODE_PENDING,
    "NodeResizeInProgress": Stage.NODE,
    "NodeResizeInfeasible": Stage.INFEASIBLE,
    # Kubernetes 1.27 to 1.31 called them so.
    "ControllerResizeFailed": Stage.INFEASIBLE,
    "NodeResizeFailed": Stage.INFEASIBLE,
}
_BY_CONDITION: Final[Mapping[str, Stage]] = {
    "ControllerResizeError": Stage.FAILING,
    "NodeResizeError": Stage.FAILING,
    "FileSystemResizePending": Stage.NODE_PENDING,
    "Resizing": Stage.CONTROLLER,
}
_SAID: Final = ("VolumeResizeFailed", "FileSystemResizeFailed", "VolumeResizeError")


def standing_of(claim: Claim, wanted: int, events: Iterable[Event] = ()) -> Standing:
    """How far the expansion of a claim to so many bytes is; `events` are the claim's, newest
    first."""
    if (size_of(claim) or 0) >= wanted:
        return Standing(Stage.DONE)
    tried = bytes_of(claim.status.allocated_resources.get(STORAGE, ""))
    if tried is not None and tried != wanted:
        return Standing(Stage.ASKED)  # what is told is of an earlier size
    conditions = {each.type: each for each in claim.status.conditions if each.status == "True"}
    status = claim.status.allocated_resource_statuses.get(STORAGE, "")
    stage = _BY_STATUS.get(status)
    first = next((name for name in _BY_CONDITION if name in conditions), "")
    if stage is not Stage.INFEASIBLE and first:
        stage = _BY_CONDITION[first] if stage is None or first.endswith("Error") else stage
    said = _said(conditions, first, events, failing=stage in (Stage.FAILING, Stage.INFEASIBLE))
    return Standing(stage or (Stage.FAILING if said else Stage.ASKED), said)


def _said(
    conditions: Mapping[str, Condition], first: str, events: Iterable[Event], *, failing: bool
) -> str:
    """The words of who fails: of the condition, else of the last event that says so."""
    if first.endswith("Error") and conditions[first].message:
        return conditions[first].message
    for event in events:
        if event.reason in _SAID:
            return event.message
        if event.reason in ("Resizing", "VolumeResizeSuccessful"):
            break
    return conditions[first].message if failing and first else ""


def is_under_way(claim: Claim) -> bool:
    """Whether more is asked for than there is."""
    size, asked = size_of(claim), asked_of(claim)
    return size is not None and asked is not None and asked > size
