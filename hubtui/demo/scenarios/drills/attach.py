"""A user's disk is held by a backup on a node that was lost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from hubtui.demo.hub import manifests
from hubtui.demo.hub.people import WORKING
from hubtui.demo.life.claims import SELECTED
from hubtui.demo.resources import CLAIMS, PODS
from hubtui.demo.scenarios.drills.lost_machine import comes, is_lost, name_in
from hubtui.demo.scenarios.story import Drill, Pool, Turn

if TYPE_CHECKING:
    from hubtui.demo.hub.names import Person
    from hubtui.demo.scenarios.staging import Cluster

BACKUP: Final = "backup-homes-29733"
_AGAIN: Final = 600.0
"""Seconds after which the user is back, if they had given up."""

_POOL: Final = Pool("backup", 1, 2, 6, purpose="backup", zones="b")


def _back_up(stage: Cluster) -> None:
    """The nightly backup is at the home of somebody who is not there."""
    node = name_in(stage, _POOL)
    claim = {"claimName": _home_of(stage, _absent(stage), node), "readOnly": True}
    stage.world.objects.create(
        PODS,
        {
            "metadata": {
                "name": BACKUP,
                "namespace": stage.hub.namespace,
                "labels": {"app": "backup-homes"},
            },
            "spec": {
                "nodeName": node,
                "containers": [{"name": "restic", "image": "docker.io/restic/restic:0.18.1"}],
                "volumes": [{"name": "home", "persistentVolumeClaim": claim}],
            },
        },
    )


def _arrive(stage: Cluster) -> None:
    """The user comes, wants to work, and tries again and again."""
    pod = stage.world.objects.find(PODS, stage.hub.namespace, BACKUP)
    if pod is not None:
        held = pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"]
        owners = [each for each in stage.people.people if manifests.claim_name(each.name) == held]
        stage.people.come(owners, 1.0, WORKING)
        stage.world.timeline.after(_AGAIN, lambda: _arrive(stage))


def _absent(stage: Cluster) -> Person:
    """Somebody who is not there, and who has been before if there is anybody."""
    hub = stage.hub
    active = {each.user.name for each in hub.servers() if each.is_active}
    known = {each.user.name for each in hub.servers()}
    absent = [each for each in stage.people.people if each.name not in active]
    return max(absent, key=lambda each: (each.name in known, each.name.isascii(), each.name))


def _home_of(stage: Cluster, person: Person, node: str) -> str:
    """The claim of somebody; who has none yet gets one within reach of a node."""
    hub, objects = stage.hub, stage.world.objects
    server = hub.server_of(hub.users[person.name])
    if objects.find(CLAIMS, hub.namespace, server.claim) is None:
        made = manifests.claim(server, hub.settings, hub.namespace, hub.release)
        made["metadata"]["annotations"][SELECTED] = node
        objects.create(CLAIMS, made)
    return server.claim


DRILL = Drill(
    name="attach",
    line="A server waits for its disk, which a backup on a lost node holds",
    page="hub: a user's server does not start, three minutes now: Multi-Attach error",
    turns=(
        comes(_POOL),
        Turn(timedelta(minutes=45), _back_up),
        is_lost(_POOL),
        Turn(timedelta(minutes=3, seconds=20), _arrive),
    ),
)
