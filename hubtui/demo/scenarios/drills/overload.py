"""A class arrives, and the hub has not enough memory for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hubtui.demo.faults import Crash
from hubtui.demo.life.amounts import asks
from hubtui.demo.resources import DEPLOYMENTS
from hubtui.demo.scenarios.story import Chapter, Drill, Turn, Wave
from hubtui.demo.storage import Change, Json

if TYPE_CHECKING:
    from hubtui.demo.scenarios.staging import Cluster

NEEDED: Final = 600 * 2**20
"""Bytes that the hub needs for a class."""

_KILLED: Final = Crash(reason="OOMKilled", code=137, after=70.0)


def _needs_memory(stage: Cluster) -> None:
    """From here on a hub is killed whose limit is below what it needs."""
    faults = stage.world.faults

    def judge(deployment: Json) -> None:
        limit = asks(deployment["spec"]["template"], "limits").get("memory")
        if limit is not None and limit < NEEDED:
            faults.crashes["hub"] = _KILLED
        elif faults.crashes.get("hub") is _KILLED:
            del faults.crashes["hub"]

    def see(change: Change) -> None:
        if change.resource is DEPLOYMENTS and change.object["metadata"]["name"] == "hub":
            judge(change.object)

    stage.world.storage.listen(see)
    judge(stage.world.objects.get(DEPLOYMENTS, "hub", "hub"))


DRILL = Drill(
    name="overload",
    line="A class arrives, and the hub is killed for its memory again and again",
    page="hub: slow, then gone, then back for a minute; logins fail for half of a class",
    chapters=(Chapter(timedelta(minutes=55), "small-hub"),),
    turns=(Turn(timedelta(minutes=11), _needs_memory),),
    waves=(Wave(timedelta(minutes=11), timedelta(minutes=25), 30, is_class=True),),
)
