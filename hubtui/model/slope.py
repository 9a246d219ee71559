"""How fast something grows, told from measurements of which up to half may be wrong.

The slope is the repeated median (Siegel, "Robust regression using repeated medians", Biometrika
69, 1982): of each point the median of its slopes to all others, and of these medians the median.
Slopes between all pairs (Theil and Sen) would bear 29 % of wrong points only.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Final

from hubtui.model.age import HOUR
from hubtui.model.points import Point

LEAST: Final = 4
"""Points of which a slope is told at least."""

_MOST: Final = 240
"""Points that are taken at most: the work grows with their square."""

_GROUPS: Final = 24
"""Groups of neighbours between which slopes are compared."""

_BESIDE: Final = 9
"""Points on either side of what may be a step."""

_BEYOND: Final = 8.0
_OF_LEVEL: Final = 0.005
_OF_RANGE: Final = 0.25
"""A step down is at least so many usual ways between two points, such a part of what there was,
and such a part of the range of all."""


@dataclass(frozen=True, slots=True)
class Slope:
    """The growth in a second: the median, and the bounds of four fifths of the slopes."""

    middle: float
    low: float
    high: float


def cleaned(points: Iterable[Point]) -> list[Point]:
    """The points in the order of time, one for a moment: the larger where several say it, and
    none that is no amount."""
    found: dict[float, float] = {}
    for at, value in points:
        if isfinite(at) and isfinite(value) and value >= 0:
            found[at] = max(value, found.get(at, value))
    return sorted(found.items())


def since_step_down(points: Sequence[Point]) -> Sequence[Point]:
    """The points since the last lasting fall: somebody cleaned up, and it grows anew from there."""
    if len(points) < 2 * LEAST:
        return points
    values = [value for _, value in points]
    usual = _middle(sorted(abs(after - before) for before, after in pairwise(values)))
    ordered = sorted(values)
    tenth = len(ordered) // 10
    ways = ordered[-1 - tenth] - ordered[tenth]
    best, start = 0.0, 0
    for split in range(len(values) - LEAST, LEAST - 1, -1):
        low = _all_but_a_fifth(values[max(0, split - _BESIDE) : split], upper=False)
        high = _all_but_a_fifth(values[split : split + _BESIDE], upper=True)
        fall = low - high
        if fall > max(_BEYOND * usual, _OF_LEVEL * low, _OF_RANGE * ways) and fall >= best:
            best, start = fall, split
        elif start:
            break
    return points[start:]


def _all_but_a_fifth(values: Sequence[float], *, upper: bool) -> float:
    """The bound that all values keep, but for a fifth of them."""
    ordered = sorted(values, reverse=upper)
    return ordered[len(ordered) // 5]


def slope(points: Sequence[Point]) -> Slope | None:
    """How fast it grows; None of fewer than LEAST points. The points are `cleaned`."""
    if len(points) < LEAST:
        return None
    even = _even(points)
    middle = _middle(_slopes(even))
    spread = _slopes(_evened(even))
    tenth = len(spread) // 10
    return Slope(middle, min(middle, spread[tenth]), max(middle, spread[-1 - tenth]))


def _even(points: Sequence[Point]) -> Sequence[Point]:
    """_MOST points at most, and as many of each part of the time: what was measured more closely
    lately does not count more."""
    start, end = points[0][0], points[-1][0]
    gaps = sorted(after[0] - before[0] for before, after in pairwise(points))
    step = max(gaps[len(gaps) * 3 // 4], (end - start) / _MOST)
    slots = {round((at - start) / step): (at, value) for at, value in points}
    return list(slots.values()) if len(slots) >= LEAST else points


def steepest(points: Sequence[Point], length: float, end: float) -> float | None:
    """The growth in a second of the stretch of so many seconds in which it was fastest, of those
    that end at `end` and at each full hour before; None where none has LEAST points over half of
    it. The points are `cleaned`."""
    times = [at for at, _ in points]
    known: list[float] = []
    while times and end - length >= times[0] - HOUR:
        stretch = points[bisect_left(times, end - length) : bisect_right(times, end)]
        if len(stretch) >= LEAST and 2 * (stretch[-1][0] - stretch[0][0]) >= length:
            known.append(_middle(_slopes(_even(stretch))))
        end -= HOUR
    return max(known, default=None)


def _slopes(points: Sequence[Point]) -> list[float]:
    """The median slope of each point to the others, ordered."""
    return sorted(
        _middle(sorted((other - value) / (then - at) for then, other in points if then != at))
        for at, value in points
    )


def _evened(points: Sequence[Point]) -> list[Point]:
    """The medians of neighbours, where there are many points: what goes up and down between them
    does not make the growth less steady."""
    size = -(-len(points) // _GROUPS)
    groups = (points[first : first + size] for first in range(0, len(points), size))
    return [
        (_middle([at for at, _ in each]), _middle(sorted(v for _, v in each))) for each in groups
    ]


def covered(points: Sequence[Point], start: float, end: float, parts: int = 12) -> float:
    """Which part of a time has points in it, 0 to 1: gaps and a late beginning lower it."""
    length = (end - start) / parts
    times = [at for at, _ in points]
    filled = sum(
        bisect_left(times, start + length * part) < bisect_left(times, start + length * (part + 1))
        for part in range(parts)
    )
    return filled / parts


def _middle(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
