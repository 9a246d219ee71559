"""How much cpu and memory a pod uses: a slow curve of its own, computed when somebody asks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hubtui.demo.life.amounts import asks
from hubtui.demo.life.reading import component_of, phase_of, uid_of
from hubtui.demo.storage import Json
from hubtui.demo.world import World

MIB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Usage:
    """Cores and bytes."""

    cpu: float
    memory: int


@dataclass(frozen=True, slots=True)
class Habit:
    """What a kind of pod uses: cores and bytes at rest, and how much more when it is busy."""

    cpu: float
    busy_cpu: float
    memory: int
    busy_memory: int


_HABITS: Final = {
    "hub": Habit(0.02, 0.25, 180 * MIB, 90 * MIB),
    "proxy": Habit(0.004, 0.08, 55 * MIB, 40 * MIB),
    "autohttps": Habit(0.002, 0.03, 45 * MIB, 25 * MIB),
    "user-scheduler": Habit(0.003, 0.01, 28 * MIB, 12 * MIB),
    "singleuser-server": Habit(0.004, 0.7, 150 * MIB, 900 * MIB),
    "user-placeholder": Habit(0.0, 0.0, MIB // 2, 0),
    "continuous-image-puller": Habit(0.0, 0.0, MIB // 2, 0),
    "hook-image-puller": Habit(0.0, 0.0, MIB // 2, 0),
}
_OTHER: Final = Habit(0.002, 0.02, 20 * MIB, 10 * MIB)
_PERIODS: Final = (97.0, 431.0, 2203.0)
"""Seconds of the waves that a curve is made of."""
_BUSY: Final = 0.125
"""The mean of how busy a pod is."""


class Taste:
    """What one pod uses at any time at which it runs (unix seconds); below its limits."""

    def __init__(self, world: World, pod: Json) -> None:
        dice = world.chance.of("usage", uid_of(pod))
        self._habit = _HABITS.get(component_of(pod), _OTHER)
        self._phases = [dice.uniform(0, 2 * math.pi) for _ in _PERIODS]
        self._appetite, self._diligence = dice.lognormvariate(-0.4, 0.6), dice.uniform(0.1, 1.0)
        limits = asks(pod, "limits")
        self._cores = 0.98 * limits["cpu"] / 1000 if limits.get("cpu") else math.inf
        self._limit = float(limits.get("memory") or math.inf)
        self._world, self._component = world, component_of(pod)
        self._began = _began(pod)

    def _waves(self, now: float) -> list[float]:
        each = zip(_PERIODS, self._phases, strict=True)
        return [math.sin(2 * math.pi * now / period + phase) for period, phase in each]

    def cpu(self, now: float) -> float:
        """Cores."""
        waves, habit = self._waves(now), self._habit
        busy = max(0.0, 0.3 * waves[0] + 0.4 * waves[1] + 0.5 * waves[2]) ** 2
        cpu = habit.cpu * (1 + 0.2 * waves[0]) + habit.busy_cpu * busy * self._diligence
        return round(min(cpu, self._cores), 4)

    def memory(self, now: float, began: float | None = None) -> int:
        """Bytes; `began` is when its main container had started by then, unless that was the last
        time."""
        waves, habit = self._waves(now), self._habit
        level = max(0.05, 0.55 + 0.15 * waves[1] + 0.3 * waves[2])
        memory = habit.memory + habit.busy_memory * self._appetite * level
        growth = self._world.faults.growths.get(self._component)
        if growth is None:
            return int(min(memory, 0.96 * self._limit))
        timeline = self._world.timeline
        pace = timeline.speed if timeline.is_live else 1.0
        since = max(growth.begun, self._began if began is None else began)
        return int(min(growth.of(memory, (now - since) * pace), 0.99 * self._limit))

    def spent(self, begin: float, now: float) -> float:
        """Seconds of the processor that it has used since a time: its mean use, now more and now
        less of it."""
        mean = self._habit.cpu + _BUSY * self._habit.busy_cpu * self._diligence
        waves = 0.0
        for period, phase in zip(_PERIODS, self._phases, strict=True):
            turn = 2 * math.pi / period
            waves += (math.sin(turn * now + phase) - math.sin(turn * begin + phase)) / turn
        return min(mean, self._cores / 2) * (now - begin + 0.3 * waves)


def usage_of(world: World, pod: Json) -> Usage:
    """What a pod uses at this time of the world; nothing unless it runs."""
    if phase_of(pod) != "Running":
        return Usage(0.0, 0)
    taste, now = Taste(world, pod), world.timeline.now.timestamp()
    return Usage(taste.cpu(now), taste.memory(now))


def _began(pod: Json) -> float:
    """When the main container was started, in unix seconds; 0 where that is not told."""
    statuses = pod["status"].get("containerStatuses") or ()
    states = ((each.get("state") or {}).get("running") or {} for each in statuses)
    begun = next((state["startedAt"] for state in states if "startedAt" in state), None)
    return datetime.fromisoformat(begun).timestamp() if begun else 0.0
