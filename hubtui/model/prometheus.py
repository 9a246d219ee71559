"""What Prometheus answers: numbers with labels, at one moment or over a time.

Source: Prometheus 2.42, HTTP API, "Expression query result formats". Times are unix seconds. A
value may be NaN or infinite, as Prometheus has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """One number of an instant vector."""

    labels: Labels
    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a range: the points in the order of time; what is missing was not scraped."""

    labels: Labels
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Target:
    """What is scraped; where that fails, `error` says why."""

    labels: Labels
    up: bool
    error: str


def telling(series: Iterable[Labels]) -> frozenset[str]:
    """The names of the labels that tell series apart: not all of them have the same value there."""
    known = list(series)
    values: dict[str, set[str]] = {}
    having: dict[str, int] = {}
    for labels in known:
        for name, value in labels.items():
            values.setdefault(name, set()).add(value)
            having[name] = having.get(name, 0) + 1
    return frozenset(
        name for name, found in values.items() if len(found) > 1 or having[name] < len(known)
    )
