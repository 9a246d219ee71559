"""The claims of a kind together: their sums, and which of them ask for attention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hubtui.model import fullness
from hubtui.model.claims import KIND_ORDER, ClaimKind
from hubtui.model.disk import Figures
from hubtui.model.podstate import Severity
from hubtui.model.trend import Confidence, Trend
from hubtui.services.storage import ClaimRow

BELIEVED: Final = (Confidence.HIGH, Confidence.FAIR)
"""How sure a trend must be for the time that it tells to ask for attention."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a claim comes to in the sums of its group: bytes, None for what is not known.

    `used` and `free` are None too where the file system is that of a shared disk, which is counted
    once, as itself: `disk` is its identity then. `full_at` is None where no trend is believed.
    """

    severity: Severity
    size: int | None = None
    used: int | None = None
    free: int | None = None
    full_at: datetime | None = None
    disk: str = ""

    @property
    def share(self) -> float | None:
        """The part that is taken; None where it cannot be told."""
        if self.used is None or self.free is None:
            return None
        return _share(self.used, self.free)


class Group:
    """The claims of one kind. A claim that changes costs itself, not the group."""

    def __init__(self, kind: ClaimKind) -> None:
        self.kind = kind
        self.parts: dict[str, Part] = {}
        self.troubled: set[str] = set()
        self.size = self.used = self.free = 0
        self.sized = self.measured = 0
        self._severities: Counter[Severity] = Counter()
        self._disks: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self.parts)

    @property
    def severity(self) -> Severity:
        """The worst of what asks for attention; what merely waits is the claims' own affair."""
        worst = max((each for each, number in self._severities.items() if number), default=0)
        return Severity(worst) if worst >= Severity.SOON else Severity.FINE

    @property
    def share(self) -> float | None:
        """The part of what was measured that is taken."""
        return _share(self.used, self.free)

    @property
    def disk(self) -> str:
        """The shared disk that all of them are on; empty where that is not so."""
        return next((disk for disk, n in self._disks.items() if disk and n == len(self)), "")

    def put(self, name: str, part: Part) -> None:
        """A claim is so from now on."""
        self.drop(name)
        self.parts[name] = part
        self._count(part, 1)
        if part.severity >= Severity.SOON:
            self.troubled.add(name)

    def drop(self, name: str) -> None:
        """A claim is none of them."""
        part = self.parts.pop(name, None)
        if part is not None:
            self._count(part, -1)
            self.troubled.discard(name)

    def _count(self, part: Part, sign: int) -> None:
        self._severities[part.severity] += sign
        self._disks[part.disk] += sign
        if part.size is not None:
            self.size += sign * part.size
            self.sized += sign
        if part.used is not None and part.free is not None:
            self.used += sign * part.used
            self.free += sign * part.free
            self.measured += sign


def _share(used: int, free: int) -> float | None:
    return used / (used + free) if used + free > 0 else None


def part_of(row: ClaimRow, trend: Trend | None, now: datetime, disk: str = "") -> Part:
    """What a claim comes to; `disk`: the one that its file system is, where that is shown."""
    standing = fullness.standing(row.claim, wanted=bool(row.mounted_by))
    figures = row.figures
    if disk or figures is None or figures.doubt:
        return Part(standing, row.size, disk=disk)
    severity = max(standing, filling(figures, trend, now))
    return Part(severity, row.size, figures.used, figures.available, believed(trend))


def believed(trend: Trend | None) -> datetime | None:
    """When a file system is full by a trend that is sure enough; None where it is not."""
    return trend.full_at if trend is not None and trend.confidence in BELIEVED else None


def filling(figures: Figures | None, trend: Trend | None, now: datetime) -> Severity:
    """How much a file system asks for attention."""
    return fullness.filling(figures, believed(trend), now)


def ordered(groups: Iterable[Group]) -> list[Group]:
    """What asks for attention first, then as kinds are told."""
    return sorted(groups, key=lambda group: (-group.severity, KIND_ORDER[group.kind]))
