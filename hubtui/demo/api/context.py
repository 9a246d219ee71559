"""What every part of the apiserver holds: the world, who may ask, where the hub listens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hubtui.demo.world import World

USER = "demo"
"""The one user, with all rights."""


@dataclass(frozen=True, slots=True)
class Api:
    """One apiserver. `hub_socket` is where a port-forward to a hub pod leads."""

    world: World
    token: str
    hub_socket: Path | None
