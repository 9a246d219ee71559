"""How much cpu and memory a pod uses: a slow curve of its own, computed when somebody asks."""

from __future__ import annotations

import math
from dataclasses import dataclass
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


def usage_of(world: World, pod: Json) -> Usage:
    """What a pod uses at this time of the world; nothing unless it runs. Below its limits."""
    if phase_of(pod) != "Running":
        return Usage(0.0, 0)
    habit = _HABITS.get(component_of(pod), _OTHER)
    dice = world.chance.of("usage", uid_of(pod))
    now = world.timeline.now.timestamp()
    phases = [dice.uniform(0, 2 * math.pi) for _ in _PERIODS]
    waves = [math.sin(2 * math.pi * now / p + f) for p, f in zip(_PERIODS, phases, strict=True)]
    appetite, diligence = dice.lognormvariate(-0.4, 0.6), dice.uniform(0.1, 1.0)
    effort = max(0.0, 0.3 * waves[0] + 0.4 * waves[1] + 0.5 * waves[2]) ** 2 * diligence
    level = 0.55 + 0.15 * waves[1] + 0.3 * waves[2]
    cpu = habit.cpu * (1 + 0.2 * waves[0]) + habit.busy_cpu * effort
    memory = habit.memory + habit.busy_memory * appetite * max(0.05, level)
    limits = asks(pod, "limits")
    if limits.get("cpu"):
        cpu = min(cpu, 0.98 * limits["cpu"] / 1000)
    if limits.get("memory"):
        memory = min(memory, 0.96 * limits["memory"])
    return Usage(round(cpu, 4), int(memory))
