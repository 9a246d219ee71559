"""The testbed's stages on the demo: what a pod's annotation says that goes wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Final

from hubtui.demo.faults import Crash, Trouble
from hubtui.demo.resources import PODS
from hubtui.demo.storage import Change, key_of
from hubtui.demo.world import World
from tests.testbed.stages import STAGE

TROUBLES: Final[Mapping[str, Trouble]] = {
    "image-pull-backoff": Trouble(denied=True),
    "init-stuck": Trouble(init_hangs=True),
    "crash-loop": Trouble(crash=Crash()),
    "oom-loop": Trouble(crash=Crash("OOMKilled", 137)),
    "oom-killed": Trouble(crash=Crash("OOMKilled", 137, times=1)),
    "never-ready": Trouble(unready="connection refused"),
    "evicted": Trouble(evicted=True),
    "stuck-terminating": Trouble(clings=True),
}


def attach(world: World, of_users: Mapping[str, str]) -> None:
    """Has the demo's kubelets do with pods what their annotations say, while they say it, and with
    those of some users what is said of their servers."""

    def see(change: Change) -> None:
        if change.resource is not PODS:
            return
        pod = change.object
        annotations = pod["metadata"].get("annotations") or {}
        user = annotations.get("hub.jupyter.org/username", "")
        stage = annotations.get(STAGE) or of_users.get(user, "none")
        if change.type == "DELETED" or stage == "none":
            world.faults.pods.pop(key_of(pod), None)
        else:
            world.faults.pods[key_of(pod)] = TROUBLES[stage]

    world.storage.listen(see)


def mend(world: World, of_users: MutableMapping[str, str], user: str) -> None:
    """What is said of a user's servers is so no more, of those that there are too."""
    del of_users[user]
    for pod in world.objects.all(PODS):
        annotations = pod["metadata"].get("annotations") or {}
        if annotations.get("hub.jupyter.org/username") == user:
            world.faults.pods.pop(key_of(pod), None)
