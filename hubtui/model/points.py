"""Points of a series, cut to what a screen can show: gaps stay gaps, extremes are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Final

Point = tuple[float, float]
"""Unix seconds and a value."""

Segment = list[Point]
"""Points that a line connects."""

_GAP: Final = 1.5
"""Steps without a sample after which a line ends: one that came late is no gap."""


def segments(points: Iterable[Point], step: float, bridged: float = 0.0) -> list[Segment]:
    """The points in parts that a line connects: it ends where samples are missing for more than
    `step` seconds, and at NaN and infinities, which no axis has; where there are none for `bridged`
    seconds at most it goes on."""
    found: list[Segment] = []
    current: Segment = []
    for at, value in points:
        if current and at - current[-1][0] > max(_GAP * step, bridged):
            found.append(current)
            current = []
        if isfinite(value):
            current.append((at, value))
        elif current and not bridged:
            found.append(current)
            current = []
    return [*found, current] if current else found


def thinned(segment: Sequence[Point], start: float, end: float, columns: int) -> Segment:
    """At most two points for each of `columns` between `start` and `end`: the lowest and the
    highest that fall into it, in the order of time. A short peak is not lost that way, as it would
    be with every n-th point."""
    if columns <= 0 or end <= start or len(segment) <= 2:
        return list(segment)
    width = (end - start) / columns
    found: Segment = []
    column, low, high = None, segment[0], segment[0]
    for point in segment:
        where = int((point[0] - start) / width)
        if where != column:
            if column is not None:
                found += _both(low, high)
            column, low, high = where, point, point
        elif point[1] < low[1]:
            low = point
        elif point[1] > high[1]:
            high = point
    return [*found, *_both(low, high)]


def _both(low: Point, high: Point) -> Segment:
    if low == high:
        return [low]
    return [low, high] if low[0] < high[0] else [high, low]


def finite(points: Iterable[Point]) -> list[float]:
    """The values that are numbers."""
    return [value for _, value in points if isfinite(value)]


def at(points: Sequence[Point], moment: float, within: float) -> float | None:
    """The value nearest to a moment; None where there is none within so many seconds."""
    nearest = min(points, key=lambda point: abs(point[0] - moment), default=None)
    if nearest is None or abs(nearest[0] - moment) > within:
        return None
    return nearest[1]
