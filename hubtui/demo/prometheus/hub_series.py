"""The series of the hub's /hub/metrics, as the job of the community chart scrapes them
(facts.md §3.1, §8.1): each of the hub's processes has its own."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from hubtui.demo.hub.gauges import (
    LOOP,
    PROXY_POLL,
    ROUND,
    SERVER_POLL,
    SLOW_ROUND,
    State,
    cpu,
    rounds,
)
from hubtui.demo.hub.requests import CALM, EDGES, PROBE, SLOW, Requests, probes, written
from hubtui.demo.life.reading import labels_of, name_of, node_of, uid_of
from hubtui.demo.prometheus.lines import Line
from hubtui.demo.prometheus.measured import Cell, Measured, measured
from hubtui.demo.storage import Json
from hubtui.demo.world import World

Told = Callable[[State], float]

_HISTOGRAMS: Final = (
    *("request_duration", "server_spawn_duration", "server_stop", "proxy_add_duration"),
    *("proxy_delete_duration", "hub_startup_duration", "init_spawners_duration", "login_duration"),
)
_OF_CELLS: Final = tuple(f"jupyterhub_{name}_seconds" for name in _HISTOGRAMS)
_ENDS: Final = ("_bucket", "_count", "_sum")
_LOOP: Final = "jupyterhub_event_loop_interval_seconds"

_GAUGES: Final[dict[str, Told]] = {
    "jupyterhub_running_servers": lambda state: float(state.running),
    "jupyterhub_total_users": lambda state: float(state.users),
    "process_resident_memory_bytes": lambda state: float(state.memory),
    "process_virtual_memory_bytes": lambda state: state.memory * 3.2,
    "process_start_time_seconds": lambda state: state.started,
    "process_cpu_seconds_total": cpu,
    "process_open_fds": lambda state: 24.0 + state.running,
    "process_max_fds": lambda _: 1048576.0,
}
_STEADY: Final[dict[str, tuple[Callable[[State], int], float, dict[str, str]]]] = {
    "jupyterhub_proxy_poll_duration_seconds": (lambda s: int(s.up / PROXY_POLL), 0.004, {}),
    "jupyterhub_check_routes_duration_seconds": (lambda s: int(s.up / PROXY_POLL), 0.007, {}),
    "jupyterhub_server_poll_duration_seconds": (
        lambda s: int(s.served / SERVER_POLL),
        0.002,
        {"status": "ServerPollStatus.running"},
    ),
}
_HISTOGRAM_NAMES: Final = (*_OF_CELLS, *_STEADY, _LOOP)
NAMES: Final = frozenset(
    {
        *(name + end for name in _HISTOGRAM_NAMES for end in _ENDS),
        *_GAUGES,
        "jupyterhub_active_users",
    }
)


def hub_lines(world: World, metric: str) -> Iterator[Line]:
    """The series of a metric of the hub, of all when none is named."""
    if (metric and metric not in NAMES) or not world.history.processes:
        return
    known, pods = measured(world), Counter(uid_of(each.pod) for each in world.history.processes)
    joined: dict[frozenset[tuple[str, str]], list[Line]] = {}
    for number, process in enumerate(known.processes):
        made = _Made(known, number, labels(process.pod), process.end)
        for line in (*made.gauges(metric), *made.cells(metric), *made.steady(metric)):
            if pods[uid_of(process.pod)] == 1:
                yield line
            else:
                joined.setdefault(frozenset(line.labels.items()), []).append(line)
    yield from map(_restarted, joined.values())


def _restarted(lines: list[Line]) -> Line:
    """One series of the processes that a container had one after another: a restart is a reset."""
    begins = [line.begin for line in lines]

    def value(when: float) -> float | None:
        line = lines[max(0, bisect_right(begins, when) - 1)]
        return line.value(when) if line.begin <= when < line.end else None

    return Line(lines[0].labels, value, begins[0], lines[-1].end)


def labels(pod: Json) -> dict[str, str]:
    """What the hub's Service and its endpoint add to all of its series."""
    kept = {key: value for key, value in labels_of(pod).items() if key in _KEPT}
    return {
        **kept,
        "job": "kubernetes-service-endpoints",
        "instance": f"{pod['status'].get('podIP', '')}:8081",
        "namespace": pod["metadata"]["namespace"],
        "service": "hub",
        "node": node_of(pod),
        "pod": name_of(pod),
    }


_KEPT: Final = ("app", "chart", "component", "release")


class _Made:
    """The lines of one process of the hub."""

    def __init__(self, known: Measured, number: int, common: dict[str, str], end: float) -> None:
        self._known, self._number, self._common = known, number, common
        self._begin, self._end = known.begin(number), end

    def gauges(self, metric: str) -> Iterator[Line]:
        """What is a number of its state."""
        for name, of in _GAUGES.items():
            if metric in ("", name):
                yield self._of_state(name, {}, of)
        if metric in ("", "jupyterhub_active_users"):
            for period in ("24h", "7d", "30d"):
                of = partial(_active, period)
                yield self._of_state("jupyterhub_active_users", {"period": period}, of)

    def cells(self, metric: str) -> Iterator[Line]:
        """What it measured each time that something happened."""
        for (family, pairs), cell in self._known.cells[self._number].items():
            if not metric or metric.rpartition("_")[0] == family:
                yield from self._histogram(family, dict(pairs), cell, metric)

    def _histogram(
        self, family: str, told: dict[str, str], cell: Cell, metric: str
    ) -> Iterator[Line]:
        if metric in ("", f"{family}_bucket"):
            for edge, counts in zip(cell.edges, cell.counts, strict=True):
                here = {**told, "le": written(edge)}
                yield self._line(f"{family}_bucket", here, partial(cell.many, counts))
        if metric in ("", f"{family}_count"):
            yield self._line(f"{family}_count", told, partial(cell.many, cell.counts[-1]))
        if metric in ("", f"{family}_sum"):
            yield self._line(f"{family}_sum", told, partial(cell.many, cell.sums))

    def steady(self, metric: str) -> Iterator[Line]:
        """What goes on all the time."""
        for family, (count, each, told) in _STEADY.items():
            for end, more, of in _spread(count, each):
                if metric in ("", family + end):
                    yield self._of_state(family + end, {**told, **more}, of)
        for end, more, of in _probed():
            if metric in ("", Requests.NAME + end):
                yield self._of_state(Requests.NAME + end, {**PROBE, **more}, of)
        for end, more, of in _looped():
            if metric in ("", _LOOP + end):
                yield self._of_state(_LOOP + end, more, of)

    def _of_state(self, name: str, told: dict[str, str], of: Told) -> Line:
        def many(times: Sequence[float]) -> list[float]:
            return [of(state) for state in self._known.states(self._number, times)]

        return self._line(name, told, many)

    def _line(
        self, name: str, told: dict[str, str], many: Callable[[Sequence[float]], list[float]]
    ) -> Line:
        return Line(
            {"__name__": name, **self._common, **told},
            lambda when: many((when,))[0],
            self._begin,
            self._end,
            many,
            steady=True,
        )


Parts = Iterator[tuple[str, dict[str, str], Told]]
"""Parts of a histogram: the end of the name, labels, and the value."""


def _active(period: str, state: State) -> float:
    return float(state.active[period])


def _spread(count: Callable[[State], int], each: float) -> Parts:
    """A histogram of things that all take as long."""
    for edge in EDGES:
        yield "_bucket", {"le": written(edge)}, partial(_counted, count, edge >= each)
    yield "_count", {}, lambda state: float(count(state))
    yield "_sum", {}, lambda state: count(state) * each


def _counted(count: Callable[[State], int], has: bool, state: State) -> float:
    return float(count(state) * has)


def _probed() -> Parts:
    for edge in EDGES:
        yield "_bucket", {"le": written(edge)}, partial(_probes_within, edge)
    yield "_count", {}, lambda state: float(sum(probes(state)))
    yield "_sum", {}, lambda state: probes(state)[0] * CALM + probes(state)[1] * SLOW


def _probes_within(edge: float, state: State) -> float:
    calm, slow = probes(state)
    return float(calm * (edge >= CALM) + slow * (edge >= SLOW))


def _looped() -> Parts:
    for edge, share, has_slow in LOOP:
        yield "_bucket", {"le": edge}, partial(_rounds_within, share, has_slow)
    yield "_count", {}, lambda state: float(sum(rounds(state.up, state.slow)))
    yield "_sum", {}, _round_seconds


def _rounds_within(share: float, has_slow: bool, state: State) -> float:
    calm, slow = rounds(state.up, state.slow)
    return float(int(calm * share) + slow * has_slow)


def _round_seconds(state: State) -> float:
    calm, slow = rounds(state.up, state.slow)
    return calm * ROUND + slow * SLOW_ROUND
