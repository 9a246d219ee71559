"""Rates and quantiles of our own from successive scrapes, as Prometheus computes them.

For a hub without a Prometheus: its `/hub/metrics` holds counters and histograms only, which say
something through what they grew by. Source: Prometheus 2.42, `promql/functions.go` (a counter that
falls was reset and starts at 0) and `promql/quantile.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import inf, isnan

from hubtui.model.points import Point


def increase(points: Sequence[Point]) -> float | None:
    """What a counter grew by over its points; None for fewer than two. Nothing is extrapolated to
    the ends of a window: what is told was seen."""
    if len(points) < 2:
        return None
    return sum(_grown(before, after) for (_, before), (_, after) in pairwise(points))


def rate(points: Sequence[Point]) -> float | None:
    """The increase for each second between the first and the last point."""
    grown = increase(points)
    if grown is None or points[-1][0] <= points[0][0]:
        return None
    return grown / (points[-1][0] - points[0][0])


def rates(points: Sequence[Point]) -> list[Point]:
    """The rate between each two points, at the later one."""
    return [
        (later, _grown(before, after) / (later - earlier))
        for (earlier, before), (later, after) in pairwise(points)
        if later > earlier
    ]


def _grown(before: float, after: float) -> float:
    return after if after < before else after - before


def quantile(part: float, buckets: Mapping[float, float]) -> float | None:
    """The value below which a `part` (0 to 1) of the observations lie, by counts in cumulative
    buckets by their upper bounds; None without observations or without the bucket of +Inf.

    Within a bucket the observations are taken to lie evenly. One that lies in the last bucket is
    said to be at least the bound below.
    """
    bounds = sorted(bound for bound in buckets if not isnan(bound))
    if len(bounds) < 2 or bounds[-1] != inf or not 0 <= part <= 1:
        return None
    counts = _monotonic(buckets[bound] for bound in bounds)
    total = counts[-1]
    if isnan(total) or total <= 0:
        return None
    rank = part * total
    index = next(i for i, count in enumerate(counts) if count >= rank)
    if index == len(bounds) - 1:
        return bounds[-2]
    if index == 0 and bounds[0] <= 0:
        return bounds[0]
    lower = bounds[index - 1] if index else 0.0
    below = counts[index - 1] if index else 0.0
    within = counts[index] - below
    if within <= 0:
        return lower
    return lower + (bounds[index] - lower) * (rank - below) / within


def _monotonic(counts: Iterable[float]) -> list[float]:
    """Counts that never fall: those of one scrape are not read at one moment."""
    found: list[float] = []
    most = 0.0
    for count in counts:
        most = max(most, count)
        found.append(most)
    return found
