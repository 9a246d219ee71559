"""A pool stays up for one server that nobody uses, and the culler comes only in hours."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hubtui.demo.scenarios.story import Chapter, Drill, Pool, Turn
from hubtui.demo.seed.values import COURSE

if TYPE_CHECKING:
    from hubtui.demo.scenarios.staging import Cluster

LECTURER: Final = "zoe.lecturer@uni.example"


def _leave_running(stage: Cluster) -> None:
    """Who gives the course starts a server for it, and goes home."""
    stage.hub.spawner.start(stage.hub.add_user(LECTURER), "", {"profile": COURSE})


DRILL = Drill(
    name="scale-down",
    line="The node of a course stays for one server that nobody uses",
    page="hub: node costs are up, the pool of Friday's course has not gone back to zero",
    chapters=(Chapter(timedelta(hours=9), "long-cull"),),
    turns=(Turn(timedelta(hours=5), _leave_running),),
    pools=(Pool(COURSE, 1, 16, 58, least=0, most=3, only=COURSE),),
)
