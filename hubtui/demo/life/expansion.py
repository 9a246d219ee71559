"""Claims that are to be larger: the driver's resizer, then the kubelet of a node that mounts them.

Source: external-resizer v1.14 and the kubelet's `NodeExpandVolume`, with the conditions and
`allocatedResourceStatuses` of the API reference, v1.34.
"""

from __future__ import annotations

from typing import Final

from hubtui.demo.life.amounts import amount
from hubtui.demo.life.base import Life
from hubtui.demo.life.claims import (
    DRIVER,
    capacity_of,
    claims_of,
    is_bound,
    wanted_of,
)
from hubtui.demo.life.reading import (
    Key,
    condition,
    condition_of,
    namespace_of,
    node_of,
    phase_of,
    uid_of,
)
from hubtui.demo.life.workqueue import WorkQueue
from hubtui.demo.objects import stamp
from hubtui.demo.resources import CLAIMS, CLASSES, PODS, VOLUMES
from hubtui.demo.storage import Change, Json, key_of

BY: Final = f"external-resizer {DRIVER}"
RESIZING, PENDING = "Resizing", "FileSystemResizePending"
OFFLINE: Final = "offline"
"""The value of the parameter `expansion` of a class whose file systems grow only when they are
mounted anew."""

_PENDING_WORDS: Final = (
    "Waiting for user to (re-)start a pod to finish file system resize of volume on node."
)
_STEPS: Final = (RESIZING, PENDING)


class Expansion:
    """Makes volumes larger, and then what is on them."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._objects, self._timeline = life.world.objects, life.world.timeline
        self._queue = WorkQueue(life.world.timeline, self._reconcile)

    def see(self, change: Change) -> None:
        """Takes up claims that ask for more than they have, and those of a pod that runs now."""
        if change.type == "DELETED":
            return
        if change.resource is CLAIMS:
            if is_bound(change.object) and _is_larger(change.object):
                dice = self._life.world.chance.of("expand", uid_of(change.object))
                wait = (0.3, 3.0, 2.0)[_step(change.object)] * dice.uniform(0.7, 1.4)
                self._queue.note(key_of(change.object), wait)
        elif change.resource is PODS and phase_of(change.object) == "Running":
            before = change.before
            if before is None or phase_of(before) != "Running":
                for name in claims_of(change.object):
                    self._queue.note((namespace_of(change.object), name), 0.5)

    def _reconcile(self, key: Key) -> None:
        claim = self._objects.find(CLAIMS, *key)
        if claim is None or not is_bound(claim) or not _is_larger(claim):
            return
        step, size = _step(claim), wanted_of(claim)
        if step == 0:
            self._begin(claim, size)
        elif step == 1:
            self._enlarge(claim, size)
        elif self._is_mounted_for_it(claim):
            self._finish(claim, size)

    def _begin(self, claim: Json, size: str) -> None:
        words = f"External resizer is resizing volume {claim['spec']['volumeName']}"
        self._life.events.normal(claim, "Resizing", words, BY)
        self._tell(claim, size, RESIZING, "", "ControllerResizeInProgress")

    def _enlarge(self, claim: Json, size: str) -> None:
        name = claim["spec"]["volumeName"]
        self._objects.change(
            VOLUMES, "", name, lambda each: each["spec"]["capacity"].update(storage=size)
        )
        words = "Require file system resize of volume on node"
        self._life.events.normal(claim, "FileSystemResizeRequired", words, BY)
        self._tell(claim, size, PENDING, _PENDING_WORDS, "NodeResizePending")

    def _tell(self, claim: Json, size: str, kind: str, words: str, state: str) -> None:
        told = condition((), kind, "True", "", words, self._timeline.now)
        status = {
            **claim["status"],
            "conditions": [*_others(claim), told],
            "allocatedResources": {"storage": size},
            "allocatedResourceStatuses": {"storage": state},
        }
        self._write(claim, status)

    def _finish(self, claim: Json, size: str) -> None:
        status = {**claim["status"], "capacity": {"storage": size}}
        del status["allocatedResourceStatuses"]
        status["conditions"] = _others(claim)
        if not status["conditions"]:
            del status["conditions"]
        self._write(claim, status)
        volume = claim["spec"]["volumeName"]
        pods = self._pods(claim)
        words = f'MountVolume.NodeExpandVolume succeeded for volume "{volume}" {node_of(pods[0])}'
        for each in (claim, *pods):
            self._life.events.normal(each, "FileSystemResizeSuccessful", words, "kubelet")

    def _write(self, claim: Json, status: Json) -> None:
        namespace, name = key_of(claim)
        head = {"namespace": namespace, "name": name}
        self._objects.update_status(CLAIMS, {"metadata": head, "status": status})

    def _pods(self, claim: Json) -> list[Json]:
        """The pods that mount it on a node that answers."""
        namespace, name = key_of(claim)
        return [
            pod
            for pod in self._life.index.pods_in(namespace)
            if name in claims_of(pod)
            and phase_of(pod) == "Running"
            and pod["spec"].get("nodeName") not in self._life.world.faults.lost_nodes
        ]

    def _is_mounted_for_it(self, claim: Json) -> bool:
        pods = self._pods(claim)
        storage = self._objects.find(CLASSES, "", claim["spec"].get("storageClassName", ""))
        if ((storage or {}).get("parameters") or {}).get("expansion") != OFFLINE:
            return bool(pods)
        pending = condition_of(claim, PENDING) or {"lastTransitionTime": stamp(self._timeline.now)}
        since = pending["lastTransitionTime"]
        return any((pod["status"].get("startTime") or "") >= since for pod in pods)


def _step(claim: Json) -> int:
    """How far it is: 0 asked for, 1 the volume grows, 2 the file system on it is to grow."""
    state = (claim["status"].get("allocatedResourceStatuses") or {}).get("storage", "")
    if not state:
        return 0
    return 2 if state.startswith("Node") and _is_under_way(claim) else 1


def _is_under_way(claim: Json) -> bool:
    """Whether it is made as large as it is to be now."""
    asked = (claim["status"].get("allocatedResources") or {}).get("storage", "0")
    return amount("storage", str(asked)) >= amount("storage", wanted_of(claim))


def _others(claim: Json) -> list[Json]:
    return [each for each in claim["status"].get("conditions") or () if each["type"] not in _STEPS]


def _is_larger(claim: Json) -> bool:
    return amount("storage", wanted_of(claim)) > amount("storage", capacity_of(claim))
