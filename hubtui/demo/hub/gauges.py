"""The metrics that are computed when somebody asks: gauges, and what ticks steadily in a hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

_EDGES: Final = ("0.05", "0.055", "0.06", "0.065", "0.07", "0.075", "0.1", "0.25", "0.5", "0.75")
_EDGES_END: Final = ("1.0", "2.5", "5.0", "7.5", "10.0", "+Inf")
_CALM: Final = (0.0, 0.93, 0.985, 0.992, 0.995, 0.997, 0.9993, 0.9999, 1.0, 1.0)
"""The share of the event loop's rounds within each bucket of `_EDGES` on a hub at ease."""
LOOP: Final = (
    *((edge, share, float(edge) >= 0.75) for edge, share in zip(_EDGES, _CALM, strict=True)),
    *((edge, 1.0, True) for edge in _EDGES_END),
)
"""Each bucket of the event loop's intervals, the share of calm rounds in it, and whether slow ones
are in it."""
ROUND: Final = 0.0512
"""Seconds of a calm round: it is measured each 50 ms."""
SLOW_ROUND: Final = 0.6

_BUCKETS: Final = (
    *("0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75"),
    *("1.0", "2.5", "5.0", "7.5", "10.0"),
)
SERVER_POLL: Final = 30.0
"""Seconds between two looks at a server (Spawner.poll_interval)."""
PROXY_POLL: Final = 60.0
"""Seconds between two looks at the proxy in z2jh (last_activity_interval)."""


@dataclass(frozen=True, slots=True)
class State:
    """What the hub is like when it is asked. `up` are seconds since its process started, `slow`
    those of them in which it was slow, `served` the seconds of all its servers together."""

    running: int
    users: int
    active: Mapping[str, int]
    started: float
    up: float
    slow: float
    served: float
    memory: int
    worked: float


class Gauges(Collector):
    """Gives the families of a state."""

    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state

    def describe(self) -> list[Metric]:
        """Nothing: the state is asked only by a scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The families as they are now."""
        state = self._state()
        yield _gauge("jupyterhub_running_servers", "the number of servers running", state.running)
        yield _gauge("jupyterhub_total_users", "total number of users", state.users)
        active = GaugeMetricFamily(
            "jupyterhub_active_users",
            "number of users who were active in the given time period",
            labels=["period"],
        )
        for period, number in state.active.items():
            active.add_metric([period], number)
        yield active
        looks = state.up / PROXY_POLL
        yield _steady("jupyterhub_proxy_poll_duration_seconds", int(looks), 0.004)
        yield _steady("jupyterhub_check_routes_duration_seconds", int(looks), 0.007)
        yield _polls(int(state.served / SERVER_POLL))
        yield _event_loop(state)
        yield from _process(state)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _steady(name: str, count: int, each: float) -> Metric:
    family = HistogramMetricFamily(name, name)
    family.add_metric([], _filled(count, each), sum_value=count * each)
    return family


def _polls(count: int) -> Metric:
    words = "time taken to poll if server is running"
    name = "jupyterhub_server_poll_duration_seconds"
    family = HistogramMetricFamily(name, words, labels=["status"])
    # JupyterHub writes the names of its enumeration into this label.
    family.add_metric(["ServerPollStatus.running"], _filled(count, 0.002), sum_value=count * 0.002)
    family.add_metric(["ServerPollStatus.stopped"], _filled(0, 0.002), sum_value=0)
    return family


def _filled(count: int, each: float) -> Sequence[tuple[str, float]]:
    held = [(edge, float(count) if float(edge) >= each else 0.0) for edge in _BUCKETS]
    return [*held, ("+Inf", float(count))]


def rounds(up: float, slow: float) -> tuple[int, int]:
    """Rounds of the event loop, the calm and the slow ones, in so many seconds."""
    return int(max(0.0, up - slow) / ROUND), int(slow / SLOW_ROUND)


def _event_loop(state: State) -> Metric:
    calm, slow = rounds(state.up, state.slow)
    family = HistogramMetricFamily(
        "jupyterhub_event_loop_interval_seconds", "Distribution of measured event loop intervals"
    )
    buckets = [(edge, float(int(calm * of) + slow * has)) for edge, of, has in LOOP]
    family.add_metric([], buckets, sum_value=calm * ROUND + slow * SLOW_ROUND)
    return family


def cpu(state: State) -> float:
    """Seconds of the processor that the hub has used."""
    return 4.0 + state.up * 0.004 + state.worked


def _process(state: State) -> Iterator[Metric]:
    yield _gauge("process_resident_memory_bytes", "Resident memory size in bytes.", state.memory)
    yield _gauge(
        "process_virtual_memory_bytes", "Virtual memory size in bytes.", state.memory * 3.2
    )
    yield _gauge("process_start_time_seconds", "Start time of the process.", state.started)
    yield CounterMetricFamily(
        "process_cpu_seconds",
        "Total user and system CPU time spent in seconds.",
        value=cpu(state),
    )
    python = {"implementation": "CPython", "version": "3.12.13"}
    python |= {"major": "3", "minor": "12", "patchlevel": "13"}
    about = GaugeMetricFamily("python_info", "Python platform information", labels=list(python))
    about.add_metric(list(python.values()), 1)
    yield about
    yield _gauge("process_open_fds", "Number of open file descriptors.", 24 + state.running)
    yield _gauge("process_max_fds", "Maximum number of open file descriptors.", 1048576)
