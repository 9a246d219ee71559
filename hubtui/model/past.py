"""What was used of a disk over a time, in few and equal parts: for a line of blocks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hubtui.model.points import Point
from hubtui.model.slope import cleaned

PARTS: Final = 42
"""Parts of the whole time: four hours each of a week."""


@dataclass(frozen=True, slots=True)
class Past:
    """The last value in each part since `begun` (unix seconds); None where nothing was measured."""

    begun: float
    values: tuple[float | None, ...]


def past_of(points: Iterable[Point], parts: int = PARTS) -> Past | None:
    """The past that points tell; None of fewer than two."""
    known = cleaned(points)
    if len(known) < 2:
        return None
    begun, length = known[0][0], known[-1][0] - known[0][0]
    values: list[float | None] = [None] * parts
    for at, value in known:
        values[min(parts - 1, int((at - begun) / length * parts))] = value
    return Past(begun, tuple(values))
