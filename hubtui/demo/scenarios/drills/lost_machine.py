"""What drills about disks have in common: a node comes, has something to do, and is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hubtui.demo.life.reading import name_of
from hubtui.demo.resources import NODES
from hubtui.demo.scenarios.pools import node_of
from hubtui.demo.scenarios.story import Pool, Turn

if TYPE_CHECKING:
    from hubtui.demo.scenarios.staging import Cluster

COMES: Final = timedelta(minutes=55)
LOST: Final = timedelta(minutes=14)
"""Long enough ago for its pods to have been told to go (five minutes), and for others to wait."""


def comes(pool: Pool) -> Turn:
    """A node of a pool of its own, on which nothing runs yet but what runs on all."""

    def come(stage: Cluster) -> None:
        stage.world.objects.create(NODES, node_of(stage.world, pool, 0))

    return Turn(COMES, come)


def is_lost(pool: Pool) -> Turn:
    """It does not answer from here on; nobody comes to look after it."""

    def lose(stage: Cluster) -> None:
        stage.world.faults.lost_nodes.add(name_in(stage, pool))

    return Turn(LOST, lose)


def name_in(stage: Cluster, pool: Pool) -> str:
    """The name of the node of a pool."""
    nodes = map(name_of, stage.world.objects.all(NODES))
    return next(name for name in nodes if name.startswith(f"{pool.name}-"))
