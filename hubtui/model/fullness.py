"""How much a claim asks for attention: how full it is, how soon it will be, whether it is bound."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from hubtui.model.disk import Figures
from hubtui.model.kube_needs import Claim
from hubtui.model.podstate import Severity

MUCH: Final = 0.80
"""The part of the space, or of the inodes, from which on a disk is told as soon."""

NEARLY_FULL: Final = 0.90
"""The part from which on it is told as now."""

SOON_FULL: Final = timedelta(days=7)
VERY_SOON_FULL: Final = timedelta(days=1)
"""Times until a disk is full from which on that is told as soon, and as now."""

_RESIZING: Final = {
    "Resizing": "resizing",
    "FileSystemResizePending": "resize pending",
    "ControllerResizeError": "resize failed",
    "NodeResizeError": "resize failed",
}
"""Conditions of a claim whose expansion is under way (Kubernetes API, PersistentVolumeClaim)."""

BOUND, DELETING = "Bound", "deleting"


def of_share(share: float | None) -> Severity:
    """How much a part that is taken asks for attention; FINE where it is not known."""
    if share is None or share < MUCH:
        return Severity.FINE
    return Severity.NOW if share >= NEARLY_FULL else Severity.SOON


def of_time(full_at: datetime | None, now: datetime) -> Severity:
    """How much the time until a disk is full asks for attention; FINE where it never is."""
    if full_at is None or full_at - now > SOON_FULL:
        return Severity.FINE
    return Severity.NOW if full_at - now <= VERY_SOON_FULL else Severity.SOON


def filling(figures: Figures | None, full_at: datetime | None, now: datetime) -> Severity:
    """The worst of space, inodes and the time that is left."""
    if figures is None:
        return Severity.FINE
    return max(of_share(figures.share), of_share(figures.inode_share), of_time(full_at, now))


def phase_of(claim: Claim) -> str:
    """A claim's phase, in the API's words; what is under way with one that is bound in ours."""
    if claim.metadata.deletion_timestamp is not None:
        return DELETING
    phase = claim.status.phase or "Pending"
    if phase != BOUND:
        return phase
    under_way = [_RESIZING[c.type] for c in claim.status.conditions if _counts(c.type, c.status)]
    return under_way[-1] if under_way else phase


def _counts(condition: str, status: str) -> bool:
    return condition in _RESIZING and status == "True"


def standing(claim: Claim, *, wanted: bool) -> Severity:
    """How much a claim's phase asks for attention; one that is not bound waits as meant until a
    pod is `wanted` to mount it (binding mode WaitForFirstConsumer)."""
    phase = phase_of(claim)
    if phase == BOUND:
        return Severity.FINE
    if phase == "Lost":
        return Severity.NOW
    if phase == "resize failed" or (phase == "Pending" and wanted):
        return Severity.SOON
    return Severity.WAITING
