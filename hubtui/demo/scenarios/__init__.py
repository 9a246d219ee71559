"""The stories that the demo tells: scenarios, and drills, which are incidents to practise on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from hubtui.demo.scenarios import calm, empty, monday
from hubtui.demo.scenarios.drills import (
    attach,
    core,
    culling,
    db_schema,
    home_full,
    hook_puller,
    hub_db,
    image_pull,
    orphans,
    overload,
    pending_release,
    pending_user,
    proxy,
    scale_down,
)
from hubtui.demo.scenarios.story import Drill, Scenario
from hubtui.demo.timeline import wall_clock

if TYPE_CHECKING:
    from hubtui.demo.scenarios.staging import Cluster

DEFAULT: Final = calm.SCENARIO.name
SCENARIOS: Final[Mapping[str, Scenario]] = {
    each.name: each for each in (calm.SCENARIO, monday.SCENARIO, empty.SCENARIO)
}
DRILLS: Final[Mapping[str, Drill]] = {
    each.name: each
    for each in (
        *(pending_release.DRILL, db_schema.DRILL, hook_puller.DRILL, pending_user.DRILL),
        *(image_pull.DRILL, core.DRILL, overload.DRILL),
        *(orphans.DRILL, proxy.DRILL, culling.DRILL, scale_down.DRILL),
        *(home_full.DRILL, hub_db.DRILL, attach.DRILL),
    )
}


def build(
    name: str = DEFAULT,
    drill: str = "",
    *,
    seed: int = 1,
    speed: float = 1.0,
    clock: Callable[[], datetime] = wall_clock,
) -> Cluster:
    """A scenario, with a drill in it or "" for none, whose past has passed. Raises KeyError.

    A seed tells one story at any moment, but for what people do by the hour and the day.
    """
    from hubtui.demo.scenarios.staging import stage

    found = DRILLS[drill] if drill else None
    return stage(SCENARIOS[name], found, seed=seed, speed=speed, clock=clock)
