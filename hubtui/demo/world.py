"""The demo's cluster as its parts see it: one of each, handed to the apiserver, life and hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hubtui.demo.chance import Chance
from hubtui.demo.disks import Disks
from hubtui.demo.faults import Faults
from hubtui.demo.history import History
from hubtui.demo.logs import Logs
from hubtui.demo.objects import Objects
from hubtui.demo.storage import Storage
from hubtui.demo.timeline import Timeline, wall_clock


@dataclass(frozen=True, slots=True)
class World:
    """Time, chance, objects, logs, what goes wrong, how full disks are, and what was."""

    timeline: Timeline
    chance: Chance
    storage: Storage
    objects: Objects
    logs: Logs
    faults: Faults
    disks: Disks
    history: History

    @classmethod
    def make(
        cls,
        start: datetime,
        *,
        seed: int = 1,
        speed: float = 1.0,
        clock: Callable[[], datetime] = wall_clock,
    ) -> World:
        """An empty cluster whose time begins at `start`."""
        timeline = Timeline(start, speed=speed, clock=clock)
        chance, storage = Chance(seed), Storage()
        objects = Objects(storage, timeline, chance)
        disks, history = Disks(chance), History(timeline)
        storage.listen(history.saw)
        logs, faults = Logs(timeline), Faults()
        return cls(timeline, chance, storage, objects, logs, faults, disks, history)
