"""The culler hangs: whatever is idle stays."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hubtui.demo.scenarios.story import Drill, Turn

if TYPE_CHECKING:
    from hubtui.demo.scenarios.staging import Cluster


TRAVELLER: Final = "tessa@uni.example"


def _hang(stage: Cluster) -> None:
    """It hangs; and somebody starts a server and goes away, for others come back to theirs."""
    stage.hub.culler.hang()
    stage.hub.spawner.start(stage.hub.add_user(TRAVELLER), "", {})


DRILL = Drill(
    name="culling",
    line="The culler hangs, and idle servers stay",
    page="hub: node costs are up, servers that were idle for hours are still there",
    turns=(Turn(timedelta(hours=4), _hang),),
)
