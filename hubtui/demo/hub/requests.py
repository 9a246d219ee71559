"""The histogram of the hub's requests: those that were made, and the probes of its kubelet."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import Histogram
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from hubtui.demo.hub.gauges import State

EDGES: Final = Histogram.DEFAULT_BUCKETS
LABELS: Final = ("method", "handler", "code")
PROBE: Final = {
    "method": "GET",
    "handler": "jupyterhub.handlers.pages.HealthCheckHandler",
    "code": "200",
}
PROBED: Final = 2.0
"""Seconds between two probes of z2jh's hub (readinessProbe.periodSeconds)."""
CALM, SLOW = 0.0016, 1.4
"""Seconds that a probe takes of a hub at ease, and of one that is slow."""

Cell = tuple[list[int], list[float]]
"""How many fell into each bucket, and the sum of their seconds."""


class Requests(Collector):
    """Counts requests by method, handler and code."""

    NAME: Final = "jupyterhub_request_duration_seconds"

    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state
        self._cells: dict[tuple[str, ...], Cell] = {}

    def add(self, labels: dict[str, str], seconds: float, count: int) -> None:
        """`count` requests that took so long."""
        key = tuple(labels[each] for each in LABELS)
        counts, total = self._cells.setdefault(key, ([0] * len(EDGES), [0.0]))
        counts[bisect_left(EDGES, seconds)] += count
        total[0] += seconds * count

    def describe(self) -> list[Metric]:
        """Nothing: the state is asked only by a scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The family as it is now."""
        family = HistogramMetricFamily(
            self.NAME, "request duration for all HTTP requests", labels=LABELS
        )
        for key, (counts, total) in {**self._cells, **self._probes()}.items():
            family.add_metric(list(key), _summed(counts), sum_value=total[0])
        yield family

    def _probes(self) -> dict[tuple[str, ...], Cell]:
        calm, slow = probes(self._state())
        counts = [0] * len(EDGES)
        counts[bisect_left(EDGES, CALM)] += calm
        counts[bisect_left(EDGES, SLOW)] += slow
        key = tuple(PROBE[each] for each in LABELS)
        return {key: (counts, [calm * CALM + slow * SLOW])}


def probes(state: State) -> tuple[int, int]:
    """How many probes the hub answered at ease, and while it was slow."""
    return int(max(0.0, state.up - state.slow) / PROBED), int(state.slow / PROBED)


def written(edge: float) -> str:
    """The upper bound of a bucket as the label `le` has it."""
    return "+Inf" if math.isinf(edge) else str(edge)


def _summed(counts: list[int]) -> list[tuple[str, float]]:
    found, total = [], 0
    for edge, count in zip(EDGES, counts, strict=True):
        total += count
        found.append((written(edge), float(total)))
    return found
