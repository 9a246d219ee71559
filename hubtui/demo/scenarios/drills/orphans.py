"""Hub and cluster do not agree any more: a pod, a server and a route too many or too few."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hubtui.demo.resources import PODS
from hubtui.demo.scenarios.story import Drill, Turn

if TYPE_CHECKING:
    from hubtui.demo.hub.records import Server
    from hubtui.demo.scenarios.staging import Cluster


def _disagree(stage: Cluster) -> None:
    """The hub forgets one server, misses the end of another's pod, and loses a third's route."""
    forgotten, lost, unreached = _left(stage)
    stage.hub.spawner.lose(forgotten)
    stage.world.faults.unseen.add(lost.pod)
    stage.world.objects.delete(PODS, stage.hub.namespace, lost.pod, grace=1)
    del stage.hub.routes.table[unreached.path]


def _left(stage: Cluster) -> list[Server]:
    """Servers whose users have just left, those first that the culler leaves alone longest."""
    now = stage.hub.now
    ready = [each for each in stage.hub.servers() if each.ready]
    found = sorted(ready, key=lambda each: (str(each.activity(now)), each.path), reverse=True)[:3]
    for each in found:
        stage.people.leave(each)
    # Who asks for an old profile is one of the last: not the one that the hub forgets.
    names = [person.name for person in stage.people.people]
    return sorted(found, key=lambda each: names.index(each.user.name))


DRILL = Drill(
    name="orphans",
    line="Hub and cluster disagree: an orphan pod, a lost server, a lost route",
    page="hub: a user has no way to their server, another sees errors; a pod runs that nobody "
    "knows of",
    turns=(Turn(timedelta(seconds=100), _disagree),),
)
