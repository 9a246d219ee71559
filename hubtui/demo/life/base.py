"""What every part of life works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hubtui.demo.life.index import Index
from hubtui.demo.life.recorder import Recorder
from hubtui.demo.storage import Change
from hubtui.demo.world import World


@dataclass(frozen=True, slots=True)
class Life:
    """The world, what belongs where in it, and the pen for events."""

    world: World
    index: Index
    events: Recorder


class Part(Protocol):
    """A part that is told of each change; it notes what it has to do, and does it later."""

    def see(self, change: Change) -> None: ...
