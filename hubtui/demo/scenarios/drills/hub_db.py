"""The hub's node was lost, and with it the disk of its database."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hubtui.demo.resources import NODES, PODS
from hubtui.demo.scenarios.drills.lost_machine import comes, is_lost, name_in
from hubtui.demo.scenarios.story import Drill, Pool, Turn

if TYPE_CHECKING:
    from hubtui.demo.scenarios.staging import Cluster

_POOL: Final = Pool("next", 1, 4, 15, purpose="core", zones="a")


def _move(stage: Cluster) -> None:
    """The hub is moved to a new node of the core, the first of those that are to replace it."""
    objects, there = stage.world.objects, name_in(stage, _POOL)
    for node in objects.all(NODES):
        name = node["metadata"]["name"]
        if name != there:
            objects.change(NODES, "", name, lambda each: each["spec"].update(unschedulable=True))
    for pod in objects.all(PODS, stage.hub.namespace, component="hub"):
        objects.delete(PODS, stage.hub.namespace, pod["metadata"]["name"])


def _moved(stage: Cluster) -> None:
    objects = stage.world.objects
    for node in objects.all(NODES):
        if node["spec"].get("unschedulable"):
            name = node["metadata"]["name"]
            objects.change(NODES, "", name, lambda each: each["spec"].pop("unschedulable"))


DRILL = Drill(
    name="hub-db",
    line="The hub's node was lost, and its database's disk with it: the new hub cannot start",
    page="hub: nobody can log in for ten minutes, the hub's pod is stuck in ContainerCreating",
    turns=(
        comes(_POOL),
        Turn(timedelta(minutes=50), _move),
        Turn(timedelta(minutes=49), _moved),
        is_lost(_POOL),
    ),
)
