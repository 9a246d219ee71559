"""Since when a node of the demo tells nothing any more."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hubtui.demo.life.reading import condition_of, is_true
from hubtui.demo.resources import NODES
from hubtui.demo.world import World

_SILENT: Final = 40.0
"""Seconds after which a node that does not answer is not ready."""


def silent_since(world: World, node: str) -> float:
    """From when on a node did not answer (unix seconds); never, for most."""
    if node not in world.faults.lost_nodes:
        return float("inf")
    found = world.objects.find(NODES, "", node)
    if found is None or is_true(found, "Ready"):
        return world.timeline.now.timestamp()
    ready = condition_of(found, "Ready") or {}
    return datetime.fromisoformat(ready["lastTransitionTime"]).timestamp() - _SILENT
