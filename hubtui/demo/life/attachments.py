"""The attach/detach controller, with the attacher of the driver of disks: one node has a disk.

Source: pkg/controller/volume/attachdetach of Kubernetes v1.34, `reportMultiAttachError` and
`maxWaitForUnmountDuration`; the names of VolumeAttachments are those of pkg/volume/csi.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from hubtui.demo.life.base import Life
from hubtui.demo.life.claims import DRIVER, claims_of
from hubtui.demo.life.reading import (
    ENDED,
    Key,
    is_terminating,
    is_true,
    name_of,
    namespace_of,
    node_of,
    phase_of,
)
from hubtui.demo.life.workqueue import WorkQueue
from hubtui.demo.objects import Objects
from hubtui.demo.resources import ATTACHMENTS, CLAIMS, NODES, PODS, VOLUMES
from hubtui.demo.storage import Change, Json, key_of

BY: Final = "attachdetach-controller"
FINALIZER: Final = "external-attacher/disk-csi-hubtui-demo"
PATIENCE: Final = 360.0
"""Seconds after which a disk is taken from a node that does not answer."""

_ATTACH, _DETACH = (0.5, 1.3), (1.2, 3.0)
_MANY: Final = ("ReadWriteMany", "ReadOnlyMany")


class Attachments:
    """Gives disks to the nodes whose pods need them, and takes them back."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._objects, self._chance = life.world.objects, life.world.chance
        self._queue = WorkQueue(life.world.timeline, self._reconcile)
        self._needed: dict[Key, dict[Key, str]] = {}
        self._by_volume: dict[str, dict[str, str]] = {}
        self._told: set[tuple[str, Key]] = set()
        self._unneeded: dict[str, float] = {}

    def see(self, change: Change) -> None:
        """Takes up pods that get a node, that end and that go, and claims that are bound."""
        if change.resource is PODS:
            self._see_pod(change)
        elif change.resource is ATTACHMENTS:
            self._see_attachment(change)
        elif (
            change.resource is CLAIMS
            and change.before is not None
            and not change.before["spec"].get("volumeName")
        ):
            self._note(key_of(change.object))

    def _see_pod(self, change: Change) -> None:
        pod, before = change.object, change.before
        node = _needs_on(pod) if change.type != "DELETED" else ""
        if node == (_needs_on(before) if before is not None else ""):
            return
        for name in claims_of(pod):
            claim = (namespace_of(pod), name)
            pods = self._needed.setdefault(claim, {})
            if node:
                pods[key_of(pod)] = node
            else:
                pods.pop(key_of(pod), None)
            self._note(claim)

    def _see_attachment(self, change: Change) -> None:
        name, spec = name_of(change.object), change.object["spec"]
        volume = spec["source"]["persistentVolumeName"]
        if change.type == "DELETED":
            self._by_volume.get(volume, {}).pop(name, None)
            self._unneeded.pop(name, None)
            self._queue.note(("", volume))
        else:
            self._by_volume.setdefault(volume, {})[name] = spec["nodeName"]
            if is_terminating(change.object):
                self._queue.note(("", volume), self._span("detach", name, _DETACH))

    def _note(self, claim: Key) -> None:
        found = self._objects.find(CLAIMS, *claim)
        volume = (found or {"spec": {}})["spec"].get("volumeName")
        if volume:
            self._queue.note(("", volume))

    def _span(self, what: str, name: str, span: tuple[float, float]) -> float:
        return self._chance.of(what, name, self._life.world.storage.version).uniform(*span)

    def _reconcile(self, key: Key) -> None:
        volume = self._objects.find(VOLUMES, "", key[1])
        if volume is None or not is_attachable(volume):
            self._drop_all(key[1])
            return
        owner = volume["spec"].get("claimRef") or {}
        claim = (str(owner.get("namespace")), str(owner.get("name")))
        pods = self._needed.get(claim, {})
        there = dict(self._by_volume.get(key[1], {}))
        for name, node in there.items():
            self._settle(key[1], name, node, needed=node in pods.values())
        shared = any(mode in _MANY for mode in volume["spec"].get("accessModes") or ())
        for node in dict.fromkeys(pods.values()):
            elsewhere = [n for n in there.values() if n != node]
            if node in there.values():
                continue
            if elsewhere and not shared:
                self._refuse(key[1], node, elsewhere, pods)
            else:
                self._attach(key[1], node)

    def _attach(self, volume: str, node: str) -> None:
        name = attachment_name(volume, node)
        head = {
            "name": name,
            "annotations": {"csi.alpha.kubernetes.io/node-id": node},
            "finalizers": [FINALIZER],
        }
        spec = {
            "attacher": DRIVER,
            "nodeName": node,
            "source": {"persistentVolumeName": volume},
        }
        thing = {"metadata": head, "spec": spec, "status": {"attached": False}}
        self._objects.create(ATTACHMENTS, thing)
        wait = self._span("attach", name, _ATTACH)
        self._life.world.timeline.after(wait, lambda: self._attached(volume, name, node))

    def _attached(self, volume: str, name: str, node: str) -> None:
        found = self._objects.find(ATTACHMENTS, "", name)
        if found is None or is_terminating(found):
            return
        status = {"metadata": {"name": name}, "status": {"attached": True}}
        self._objects.update_status(ATTACHMENTS, status)
        words = f'AttachVolume.Attach succeeded for volume "{volume}" '
        for pod in self._waiting(volume, node):
            self._told.discard((volume, key_of(pod)))
            self._life.events.normal(pod, "SuccessfulAttachVolume", words, BY)

    def _waiting(self, volume: str, node: str) -> list[Json]:
        """The pods of a node that need a volume."""
        found = self._objects.find(VOLUMES, "", volume) or {"spec": {}}
        owner = found["spec"].get("claimRef") or {}
        pods = self._needed.get((str(owner.get("namespace")), str(owner.get("name"))), {})
        there = (self._objects.find(PODS, *key) for key, on in pods.items() if on == node)
        return [pod for pod in there if pod is not None]

    def _refuse(self, volume: str, node: str, elsewhere: list[str], pods: dict[Key, str]) -> None:
        """Says once to each pod that waits who has its disk."""
        holders = [key for key, on in pods.items() if on in elsewhere]
        for pod in self._waiting(volume, node):
            if (volume, key_of(pod)) in self._told:
                continue
            self._told.add((volume, key_of(pod)))
            words = f'Multi-Attach error for volume "{volume}" {_held(pod, holders)}'
            self._life.events.warning(pod, "FailedAttachVolume", words, BY)

    def _settle(self, volume: str, name: str, node: str, *, needed: bool) -> None:
        """Goes on with an attachment that nobody needs, or that was told to go."""
        found = self._objects.find(ATTACHMENTS, "", name)
        if found is None or (needed and not is_terminating(found)):
            self._unneeded.pop(name, None)
            return
        now = self._life.world.timeline.now.timestamp()
        if not is_terminating(found):
            since = self._unneeded.setdefault(name, now)
            speed = self._life.world.timeline.speed if self._life.world.timeline.is_live else 1.0
            wait = PATIENCE - (now - since) * speed if self._is_lost(node) else 0.0
            if wait > 0:
                self._queue.note(("", volume), min(wait, 10.0))
                return
            self._objects.delete(ATTACHMENTS, "", name)
            return
        self._objects.change(ATTACHMENTS, "", name, _let_go)

    def _is_lost(self, name: str) -> bool:
        node = self._objects.find(NODES, "", name)
        return node is not None and not is_true(node, "Ready")

    def _drop_all(self, volume: str) -> None:
        """The disk itself is gone."""
        for name in tuple(self._by_volume.get(volume, {})):
            self._objects.change(ATTACHMENTS, "", name, _let_go)
            self._objects.delete(ATTACHMENTS, "", name)


def attachment_name(volume: str, node: str) -> str:
    """The name of the VolumeAttachment of a disk and a node."""
    return f"csi-{sha256(f'{volume}{DRIVER}{node}'.encode()).hexdigest()}"


def is_attachable(volume: Json) -> bool:
    """Whether it is a disk that one node after the other has."""
    return (volume["spec"].get("csi") or {}).get("driver") == DRIVER


def unattached(objects: Objects, pod: Json) -> list[str]:
    """The names of a pod's volumes that its node does not have yet."""
    found = []
    for each in pod["spec"].get("volumes") or ():
        name = (each.get("persistentVolumeClaim") or {}).get("claimName")
        claim = objects.find(CLAIMS, namespace_of(pod), name) if name else None
        volume = objects.find(VOLUMES, "", (claim or {"spec": {}})["spec"].get("volumeName", ""))
        if volume is None or not is_attachable(volume):
            continue
        has = objects.find(ATTACHMENTS, "", attachment_name(name_of(volume), node_of(pod)))
        if has is None or not (has.get("status") or {}).get("attached"):
            found.append(str(each["name"]))
    return found


def _needs_on(pod: Json) -> str:
    """The node on which a pod needs its disks; "" when it has none, or has ended."""
    return node_of(pod) if phase_of(pod) not in ENDED else ""


def _held(pod: Json, holders: list[Key]) -> str:
    """Who has the disk, as far as somebody of the pod's namespace may know."""
    here = [name for namespace, name in holders if namespace == namespace_of(pod)]
    others = len(holders) - len(here)
    if not holders:
        return "Volume is already exclusively attached to one node and can't be attached to another"
    if not here:
        return f"Volume is already used by {others} pod(s) in different namespaces"
    more = f" and {others} pod(s) in different namespaces" if others else ""
    return f"Volume is already used by pod(s) {', '.join(here)}{more}"


def _let_go(attachment: Json) -> None:
    attachment["metadata"].pop("finalizers", None)
