"""The series of a panel: as lines with names, as rows, as buckets of a heatmap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf, isnan, nan

from hubtui.model.frames import Frame
from hubtui.model.points import Point
from hubtui.model.prometheus import Labels, Sample, Series


@dataclass(frozen=True, slots=True)
class PanelLine:
    """A line over time; `ref` is the query that it is from."""

    name: str
    labels: Labels = field(default_factory=dict)
    ref: str = ""
    points: tuple[Point, ...] = ()


def lines_of(frames: Iterable[Frame]) -> list[PanelLine]:
    """The fields of numbers beside a time; what has no time is no line."""
    found = []
    for frame in frames:
        times = next((each for each in frame.fields if each.is_time), None)
        if times is None:
            continue
        moments = [each / 1000 if isinstance(each, (int, float)) else nan for each in times.values]
        for one in frame.fields:
            if one.is_number:
                points = tuple(
                    (at, float(value))
                    for at, value in zip(moments, one.values, strict=True)
                    if isinstance(value, (int, float)) and not isnan(at)
                )
                found.append(PanelLine(one.name, one.labels, one.ref, points))
    return found


def highest(series: Sequence[Series], most: int) -> list[Series]:
    """Those that reach the highest values, in the order they came in."""

    def peak(each: Series) -> float:
        return max((value for _, value in each.points if not isnan(value)), default=-inf)

    kept = sorted(range(len(series)), key=lambda index: peak(series[index]), reverse=True)[:most]
    return [series[index] for index in sorted(kept)]


def samples_of(samples: Sequence[Sample], series: Iterable[Series]) -> list[Sample]:
    """An answer as rows: one for each sample, in the order of time."""
    rows = [Sample(each.labels, at, value) for each in series for at, value in each.points]
    rows.sort(key=lambda each: each.at)
    return [*samples, *rows]


def buckets_of(series: Iterable[Series]) -> list[Series]:
    """Buckets of a histogram, the lowest first, each with what falls into it alone.

    Prometheus' buckets count all that is below their limit `le`. Series with the same limit are
    added up; those without one stay as they are.
    """
    sums: dict[str, dict[float, float]] = {}
    others = []
    for each in series:
        limit = each.labels.get("le")
        if limit is None or _limit(limit) is None:
            others.append(each)
            continue
        total = sums.setdefault(limit, {})
        for at, value in each.points:
            total[at] = total.get(at, 0.0) + value
    below: dict[float, float] = {}
    found = []
    for limit in sorted(sums, key=lambda each: _limit(each) or 0.0):
        points = tuple(
            (at, _above(value, below.get(at, 0.0))) for at, value in sorted(sums[limit].items())
        )
        below.update(sums[limit])
        found.append(Series({"le": limit}, points))
    return [*found, *others]


def _above(value: float, below: float) -> float:
    """What a bucket has alone; NaN stays what it is."""
    return nan if isnan(value - below) else max(0.0, value - below)


def _limit(le: str) -> float | None:
    try:
        return float(le)
    except ValueError:
        return None
