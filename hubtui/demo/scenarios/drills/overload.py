"""A class arrives, and the hub has not enough memory for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hubtui.demo.faults import Crash, Growth
from hubtui.demo.life.amounts import asks
from hubtui.demo.resources import DEPLOYMENTS
from hubtui.demo.scenarios.story import Chapter, Drill, Turn, Wave
from hubtui.demo.storage import Change, Json

if TYPE_CHECKING:
    from hubtui.demo.scenarios.staging import Cluster

NEEDED: Final = 600 * 2**20
"""Bytes that the hub needs for a class."""

LASTS: Final = 90.0
"""Seconds in which it fills what it has."""

LATENCY: Final = 0.7
"""Seconds that it takes for an answer while it does."""

_KILLED: Final = Crash(reason="OOMKilled", code=137, after=LASTS)


def _needs_memory(stage: Cluster) -> None:
    """From here on a hub whose limit is below what it needs fills it, is slow, and is killed."""
    faults = stage.world.faults

    def judge(deployment: Json) -> None:
        limit = asks(deployment["spec"]["template"], "limits").get("memory")
        fills = faults.crashes.get("hub") is _KILLED
        if limit is not None and limit < NEEDED:
            if fills:
                return
            faults.crashes["hub"] = _KILLED
            faults.growths["hub"] = Growth(stage.hub.now.timestamp(), int(limit), LASTS)
            faults.hub_latency = LATENCY
        elif fills:
            del faults.crashes["hub"], faults.growths["hub"]
            faults.hub_latency = 0.0

    def see(change: Change) -> None:
        if change.resource is DEPLOYMENTS and change.object["metadata"]["name"] == "hub":
            judge(change.object)

    stage.world.storage.listen(see)
    judge(stage.world.objects.get(DEPLOYMENTS, "hub", "hub"))


DRILL = Drill(
    name="overload",
    line="A class arrives, and the hub is about to be killed for its memory, again and again",
    page="hub: a class has begun, and pages take longer and longer",
    chapters=(Chapter(timedelta(minutes=55), "small-hub"),),
    turns=(Turn(timedelta(seconds=30), _needs_memory),),
    waves=(Wave(timedelta(seconds=30), timedelta(minutes=15), 30, is_class=True),),
)
