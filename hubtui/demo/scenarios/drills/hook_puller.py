"""An upgrade hangs: one node cannot pull the new image in time."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from hubtui.demo.resources import JOBS, NODES
from hubtui.demo.scenarios.story import Chapter, Drill, Turn
from hubtui.demo.seed.values import LATEST
from hubtui.model.roles import AWAITER

if TYPE_CHECKING:
    from hubtui.demo.scenarios.staging import Cluster

_FAILED = (
    'Upgrade "hub" failed: pre-upgrade hooks failed: resource Job/hub/hook-image-awaiter not '
    "ready. status: InProgress, message: Job in progress\ncontext deadline exceeded"
)


def _slow_node(stage: Cluster) -> None:
    names = [each["metadata"]["name"] for each in stage.world.objects.all(NODES)]
    slow = next(name for name in names if name.startswith("users"))
    stage.world.faults.slow_pulls[f"{slow}/quay.io/jupyter/scipy-notebook:{LATEST}"] = 5400.0


def _go_on(stage: Cluster) -> None:
    """The colleague's helm sees that the awaiter is done, and goes on."""
    job = stage.world.objects.find(JOBS, stage.release.name, AWAITER)
    if job and (job.get("status") or {}).get("succeeded"):
        stage.release.finish()
    elif stage.release.is_pending:
        stage.world.timeline.after(1.0, partial(_go_on, stage))


def _time_out(stage: Cluster) -> None:
    """A colleague's helm, somewhere else, comes to the end of its ten minutes."""
    stage.release.fail(_FAILED)


DRILL = Drill(
    name="hook-puller",
    line="An upgrade hangs in the hook image puller, because of one node",
    page="hub: a colleague's upgrade has hung for seven minutes, helm says nothing",
    chapters=(Chapter(timedelta(minutes=7), "interrupted", hooks=True),),
    turns=(
        Turn(timedelta(minutes=8), _slow_node),
        Turn(timedelta(minutes=6), _go_on),
        Turn(timedelta(minutes=-3), _time_out),
    ),
)
