"""What the hub measured, ready to be looked up: histograms of each of its processes, and what it
was like at any time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Final
from weakref import WeakKeyDictionary

from prometheus_client import Histogram

from hubtui.demo.disks import DAY
from hubtui.demo.history import History, Labels, Observed, Process
from hubtui.demo.hub.gauges import State
from hubtui.demo.hub.metrics import SPAWN
from hubtui.demo.hub.requests import Requests
from hubtui.demo.life.usage import Taste
from hubtui.demo.prometheus.past import observed, visits
from hubtui.demo.world import World

LONG: Final = 30 * DAY
"""For so long before life began the hub's first process ran, as did the pods that were there."""

_USUAL: Final = tuple(Histogram.DEFAULT_BUCKETS)
EDGES: Final = {"jupyterhub_server_spawn_duration_seconds": (*SPAWN, float("inf"))}
_REMEMBERED: Final = 8
"""For so many lists of times it knows what the hub was like: all series of a query ask for them."""

_PERIODS: Final = {"24h": 1, "7d": 7, "30d": 30}


class Cell:
    """One histogram of one process: what there was in it after each thing that happened."""

    def __init__(self, edges: tuple[float, ...]) -> None:
        self.edges = edges
        self.times: list[float] = []
        self.counts: list[list[int]] = [[0] for _ in edges]
        self.sums: list[float] = [0.0]

    def add(self, each: Observed) -> None:
        """Something more, later than all before."""
        self.times.append(each.at)
        place = bisect_left(self.edges, each.seconds)
        for number, counts in enumerate(self.counts):
            counts.append(counts[-1] + (each.times if number >= place else 0))
        self.sums.append(self.sums[-1] + each.seconds * each.times)

    def many(self, kept: Sequence[float], times: Sequence[float]) -> list[float]:
        """What one of its numbers was at many times."""
        known = self.times
        return [float(kept[bisect_right(known, when)]) for when in times]


class Measured:
    """All of it; more is added when more was noted."""

    def __init__(self, world: World) -> None:
        self._world, self._history = world, world.history
        self.cells: list[dict[tuple[str, Labels], Cell]] = []
        self.visits = visits(world)
        self._seen = 0
        self._tastes: dict[int, Taste] = {}
        self._steps: tuple[list[float], list[int], list[float]] = ([], [], [])
        self._stepped = -1
        self._more: dict[int, State] = {}
        self._active: dict[tuple[int, int], int] = {}
        self._states: OrderedDict[tuple[int, int], tuple[Sequence[float], list[State]]]
        self._states = OrderedDict()

    def update(self) -> Measured:
        """Takes in what was noted since it was last asked."""
        history = self._history
        fresh = history.observed[self._seen :]
        if not self._seen:
            fresh = sorted([*observed(self._world, self.visits), *fresh], key=lambda each: each.at)
        self._seen = len(history.observed)
        while len(self.cells) < len(history.processes):
            self.cells.append({})
        begins = [self.begin(number) for number in range(len(history.processes))]
        for each in fresh:
            number = max(0, bisect_right(begins, each.at) - 1)
            cells, key = self.cells[number], (each.family, each.labels)
            if key not in cells:
                cells[key] = Cell(EDGES.get(each.family, _USUAL))
            cells[key].add(each)
        if self._stepped != len(history.running):
            self._stepped = len(history.running)
            self._steps = self._ran()
        return self

    @property
    def processes(self) -> list[Process]:
        """The hub's processes, in their order."""
        return self._history.processes

    def begin(self, number: int) -> float:
        """When a process began to serve."""
        return self.processes[number].begin - (LONG if number == 0 else 0)

    def states(self, number: int, times: Sequence[float]) -> list[State]:
        """What the hub was like at times of one of its processes."""
        key = number, id(times)
        known = self._states.get(key)
        if known is not None and known[0] is times:
            return known[1]
        states = [self._state(number, when) for when in times]
        self._states[key] = times, states
        if len(self._states) > _REMEMBERED:
            self._states.popitem(last=False)
        return states

    def _state(self, number: int, when: float) -> State:
        seen = self._history.states
        place = bisect_right(seen, when, key=lambda each: each[0]) - 1
        if place < 0 or seen[place][0] < self.processes[number].begin:
            return self._earlier(number, when)
        state, more = seen[place][1], self._beyond(number)
        return replace(
            state,
            started=more.started,
            up=state.up + more.up,
            slow=state.slow + more.slow,
            served=state.served + more.served,
            worked=state.worked + more.worked,
        )

    def _beyond(self, number: int) -> State:
        """What its counters had more at the first look than the hub knew, so that none falls
        then."""
        if number not in self._more:
            begin = self.processes[number].begin
            at, seen = next(each for each in self._history.states if each[0] >= begin)
            mine = self._earlier(number, at)
            self._more[number] = replace(
                mine,
                up=mine.up - seen.up,
                slow=mine.slow - seen.slow,
                served=mine.served - seen.served,
                worked=mine.worked - seen.worked,
            )
        return self._more[number]

    def _earlier(self, number: int, when: float) -> State:
        """What the hub was like at a time at which nobody looked."""
        process, begin = self.processes[number], self.begin(number)
        at, running, _ = self._steps
        place = bisect_right(at, when) - 1
        requests = sum(
            bisect_right(cell.times, when)
            for (family, _), cell in self.cells[number].items()
            if family == Requests.NAME
        )
        hub = self._history.hub
        users = len(hub.users) if hub is not None else 0
        present = self._world.disks.present
        is_past = present is None or when < present.timestamp() - 3600
        # Once an hour; at the end as its hub would count when it is asked now.
        counted = begin + (when - begin) // 3600 * 3600 if is_past else when
        counts = {name: self._counted(counted, days) for name, days in _PERIODS.items()}
        counts["30d"] = max(counts["7d"], int(0.9 * users))
        return State(
            running=running[place] if place >= 0 else 0,
            users=users,
            active=counts,
            started=begin,
            up=when - begin,
            slow=sum(
                max(0.0, min(end, when) - max(start, process.begin))
                for start, end in self._history.slow
            ),
            served=self.served(when) - self.served(begin),
            memory=self._taste(number).memory(when),
            worked=0.03 * requests,
        )

    def _taste(self, number: int) -> Taste:
        if number not in self._tastes:
            self._tastes[number] = Taste(self._world, self.processes[number].pod)
        return self._tastes[number]

    def served(self, when: float) -> float:
        """Seconds that servers had run for up to a time, all of them together."""
        at, running, sums = self._steps
        place = bisect_right(at, when) - 1
        return sums[place] + running[place] * (when - at[place]) if place >= 0 else 0.0

    def _ran(self) -> tuple[list[float], list[int], list[float]]:
        """Times from which on so many servers ran, and the seconds of all up to then."""
        earlier = [each for each in self.visits if each.started]
        changes = [(each.begin + each.took, 1) for each in earlier]
        changes += [(each.end, -1) for each in earlier]
        steps, number = [], 0
        for at, change in sorted(changes):
            number += change
            steps.append((at, number))
        steps += self._history.running
        sums = [0.0]
        for (before, running), (at, _) in pairwise(steps):
            sums.append(sums[-1] + running * (at - before))
        return [at for at, _ in steps], [running for _, running in steps], sums

    def _counted(self, when: float, days: int) -> int:
        """Users who were active in so many days before a time."""
        key = int(when), days
        if key not in self._active:
            since = when - timedelta(days=days).total_seconds()
            them = {v.user for v in self.visits if v.begin <= when and v.end > since}
            for stay in self._history.pods.values():
                notes = stay.pod["metadata"].get("annotations") or {}
                user = notes.get("hub.jupyter.org/username")
                if user and stay.begin <= when and stay.end > since:
                    them.add(user)
            self._active[key] = len(them)
        return self._active[key]


_KNOWN: Final[WeakKeyDictionary[History, Measured]] = WeakKeyDictionary()


def measured(world: World) -> Measured:
    """What a world's hub measured, up to now."""
    found = _KNOWN.get(world.history)
    if found is None:
        found = _KNOWN[world.history] = Measured(world)
    return found.update()
