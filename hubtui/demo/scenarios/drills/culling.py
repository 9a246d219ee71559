"""The culler hangs: whatever is idle stays."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hubtui.demo.scenarios.story import Drill, Turn

if TYPE_CHECKING:
    from hubtui.demo.scenarios.staging import Cluster


def _hang(stage: Cluster) -> None:
    stage.hub.culler.hang()


DRILL = Drill(
    name="culling",
    line="The culler hangs, and idle servers stay",
    page="hub: node costs are up, servers that were idle for hours are still there",
    turns=(Turn(timedelta(hours=4), _hang),),
)
