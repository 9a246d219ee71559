"""The disk of the shared home is nearly full: a course has brought its data."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hubtui.demo.disks import DAY, GIB, Burst
from hubtui.demo.scenarios.story import Drill, Turn
from hubtui.model.slugs import user_slug

if TYPE_CHECKING:
    from hubtui.demo.scenarios.staging import Cluster

SHARE: Final = 0.985
"""How full it is when the pager rings."""

_BEGUN: Final = 6.0
_DONE: Final = 0.5
"""Days ago, between which the data came."""


def _bring_data(stage: Cluster) -> None:
    """Somebody copies what a course needs, and nobody looks at how much that is."""
    disks, now = stage.world.disks, stage.hub.now.timestamp()
    if disks.homes is None:
        return
    key = disks.homes.disk
    found = disks.at(key, now)
    size = SHARE * (found.used + found.available) - found.used
    burst = Burst(now - _BEGUN * DAY, now - _DONE * DAY, size)
    disks.put(key, disks.curve(key).with_burst(burst))
    teacher = next(each.name for each in stage.people.people if each.name.startswith("priya"))
    folder = disks.homes.folders[user_slug(teacher)]
    folder.curve, folder.limit = folder.curve.with_burst(burst), 100 * GIB


DRILL = Drill(
    name="home-full",
    line="The disk of the shared home is nearly full",
    page="hub: home directories are 98 % full, and somebody could not save their notebook",
    turns=(Turn(timedelta(0), _bring_data),),
)
