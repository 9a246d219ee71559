"""Claims: bound to volumes, made for them or there before, and gone when nobody uses them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from hubtui.demo.life.amounts import amount
from hubtui.demo.life.base import Life
from hubtui.demo.life.reading import (
    Key,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    uid_of,
)
from hubtui.demo.life.workqueue import WorkQueue
from hubtui.demo.resources import CLAIMS, CLASSES, NODES, PODS, VOLUMES
from hubtui.demo.storage import Change, Json, key_of
from hubtui.demo.world import World

STANDARD: Final = "standard"
DRIVER: Final = "disk.csi.hubtui.demo"
PROTECTION: Final = "kubernetes.io/pvc-protection"
KEPT: Final = "kubernetes.io/pv-protection"
"""The finalizers that keep a claim until no pod has it, and a volume until no claim has it."""

BY: Final = f"{DRIVER}_provisioner"
BINDER: Final = "persistentvolume-controller"
ZONE: Final = "topology.kubernetes.io/zone"
SELECTED: Final = "volume.kubernetes.io/selected-node"
"""The annotation by which a scheduler says for which node a volume is to be made."""

WAITS: Final = "WaitForFirstConsumer"
_NOTHING: Final = "no persistent volumes available for this claim and no storage class is set"
_DEFAULT: Final = "storageclass.kubernetes.io/is-default-class"


def make_class(world: World, binding: str = "Immediate") -> None:
    """The StorageClass that a demo has, unless there is one of its name. Its volumes are disks of
    one zone where they wait for their first pod, and else can be reached from everywhere."""
    if world.objects.find(CLASSES, "", STANDARD) is None:
        world.objects.create(
            CLASSES,
            {
                "metadata": {"name": STANDARD, "annotations": {_DEFAULT: "true"}},
                "provisioner": DRIVER,
                "reclaimPolicy": "Delete",
                "volumeBindingMode": binding,
                "allowVolumeExpansion": True,
            },
        )


class Claims:
    """Binds and ends claims."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._objects = life.world.objects
        self._queue = WorkQueue(life.world.timeline, self._reconcile)

    def see(self, change: Change) -> None:
        """Takes up claims, their volumes, and the claims of a pod that went."""
        if change.resource is CLAIMS:
            self._see_claim(change)
        elif change.resource is VOLUMES:
            self._see_volume(change)
        elif change.resource is PODS and change.type == "DELETED":
            for name in claims_of(change.object):
                self._queue.note((namespace_of(change.object), name))

    def _see_claim(self, change: Change) -> None:
        claim, key = change.object, key_of(change.object)
        if change.type == "DELETED":
            volume = claim["spec"].get("volumeName")
            if volume:
                self._life.world.timeline.soon(lambda: self._release(volume))
            self._life.world.disks.forget(key)
            return
        if is_bound(claim):
            self._measure(change)
        wait = 0.0
        if not is_bound(claim):
            wait = self._life.world.chance.of("provision", uid_of(claim)).uniform(0.04, 0.12)
        self._queue.note(key, wait)

    def _measure(self, change: Change) -> None:
        """Notes the size of the file system behind a claim when it is another one."""
        claim = change.object
        size = amount("storage", capacity_of(claim))
        if change.before is None or capacity_of(claim) != capacity_of(change.before):
            made = datetime.fromisoformat(claim["metadata"]["creationTimestamp"])
            when = self._life.world.timeline.now if change.before is not None else made
            self._life.world.disks.resized(key_of(claim), when, size)

    def _see_volume(self, change: Change) -> None:
        volume = change.object
        if change.type == "ADDED" and not (volume.get("status") or {}).get("phase"):
            name = name_of(volume)
            self._life.world.timeline.soon(lambda: self._offer(name))
        elif change.type == "MODIFIED" and is_terminating(volume):
            if (volume.get("status") or {}).get("phase") != "Bound":
                name = name_of(volume)
                self._life.world.timeline.soon(lambda: self._end(name))
        elif change.type == "DELETED" and volume["spec"].get("claimRef"):
            owner = volume["spec"]["claimRef"]
            self._life.world.timeline.soon(lambda: self._lose((owner["namespace"], owner["name"])))

    def _end(self, name: str) -> None:
        """A volume that is to go may, for no claim has it."""
        self._objects.change(VOLUMES, "", name, _let_go)

    def _offer(self, name: str) -> None:
        """A volume that somebody made can be had, by the claim that names it at once."""

        def keep(volume: Json) -> None:
            volume["metadata"].setdefault("finalizers", [KEPT])
            volume["status"] = {"phase": "Available"}

        self._objects.change(VOLUMES, "", name, keep)
        for claim in self._objects.all(CLAIMS):
            if claim["spec"].get("volumeName") == name and not is_bound(claim):
                self._queue.note(key_of(claim))

    def _lose(self, key: Key) -> None:
        """The volume of a claim was taken away."""
        claim = self._objects.find(CLAIMS, *key)
        if claim is None or not is_bound(claim) or is_terminating(claim):
            return
        if self._objects.find(VOLUMES, "", claim["spec"]["volumeName"]) is None:
            status = {**claim["status"], "phase": "Lost"}
            head = {"namespace": key[0], "name": key[1]}
            self._objects.update_status(CLAIMS, {"metadata": head, "status": status})
            words = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
            self._life.events.warning(claim, "ClaimLost", words, BINDER)

    def _reconcile(self, key: Key) -> None:
        claim = self._objects.find(CLAIMS, *key)
        if claim is None:
            return
        if is_terminating(claim):
            if not self._users(key):
                self._objects.change(CLAIMS, *key, _unprotect)
        elif (claim.get("status") or {}).get("phase") not in ("Bound", "Lost"):
            if claim["spec"].get("volumeName"):
                self._bind_to(claim, key)
            else:
                self._provide(claim, key)

    def _provide(self, claim: Json, key: Key) -> None:
        name = claim["spec"].get("storageClassName", STANDARD)
        storage = self._objects.find(CLASSES, "", name) if name else None
        if storage is None:
            reason, words = "FailedBinding", _NOTHING
            if name:
                words = f'storageclass.storage.k8s.io "{name}" not found'
                reason = "ProvisioningFailed"
            write = self._life.events.warning if name else self._life.events.normal
            write(claim, reason, words, BINDER)
            self._queue.note(key, 15.0)
            return
        node = (claim["metadata"].get("annotations") or {}).get(SELECTED, "")
        if storage.get("volumeBindingMode") == WAITS and not node:
            words = "waiting for first consumer to be created before binding"
            self._life.events.normal(claim, WAITS, words, BINDER)
            return
        volume = f"pvc-{uid_of(claim)}"
        if self._objects.find(VOLUMES, "", volume) is None:
            zone = self._zone_of(node)
            self._objects.create(VOLUMES, _volume(claim, storage, volume, zone))
        self._objects.change(CLAIMS, *key, _bound(volume, storage))
        words = f"Successfully provisioned volume {volume}"
        self._life.events.normal(claim, "ProvisioningSucceeded", words, BY)

    def _bind_to(self, claim: Json, key: Key) -> None:
        """Binds a claim to the volume that it names, when that is free or kept for it."""
        name = claim["spec"]["volumeName"]
        volume = self._objects.find(VOLUMES, "", name)
        kept_for = (volume or {"spec": {}})["spec"].get("claimRef") or {}
        owner = (kept_for.get("namespace", key[0]), kept_for.get("name", key[1]))
        if volume is None or owner != key or kept_for.get("uid", uid_of(claim)) != uid_of(claim):
            return

        def take(each: Json) -> None:
            each["spec"]["claimRef"] = reference(claim)
            each["status"] = {"phase": "Bound"}

        self._objects.change(VOLUMES, "", name, take)
        self._objects.change(CLAIMS, *key, _bound(name, None, volume["spec"]["capacity"]))

    def _zone_of(self, node: str) -> str:
        found = self._objects.find(NODES, "", node) if node else None
        return labels_of(found).get(ZONE, "") if found is not None else ""

    def _users(self, key: Key) -> list[Json]:
        return [pod for pod in self._life.index.pods_in(key[0]) if key[1] in claims_of(pod)]

    def _release(self, volume: str) -> None:
        found = self._objects.find(VOLUMES, "", volume)
        if found is None:
            return
        status = {"metadata": {"name": volume}, "status": {"phase": "Released"}}
        self._objects.update_status(VOLUMES, status)
        if found["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
            self._life.world.timeline.after(2.0, lambda: self._drop(volume))

    def _drop(self, volume: str) -> None:
        self._objects.finish(VOLUMES, "", volume)


def claims_of(pod: Json) -> list[str]:
    """The names of the claims that a pod mounts."""
    sources = [each.get("persistentVolumeClaim") for each in pod["spec"].get("volumes") or ()]
    return [str(source["claimName"]) for source in sources if source]


def _volume(claim: Json, storage: Json, name: str, zone: str) -> Json:
    where = {"key": ZONE, "operator": "In", "values": [zone]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [where]}]}
    reached = {"nodeAffinity": {"required": terms}} if zone else {}
    return {
        "metadata": {
            "name": name,
            "annotations": {"pv.kubernetes.io/provisioned-by": storage["provisioner"]},
            "finalizers": [KEPT],
        },
        "spec": {
            "capacity": {"storage": wanted_of(claim)},
            "accessModes": claim["spec"].get("accessModes") or [],
            "storageClassName": storage["metadata"]["name"],
            "persistentVolumeReclaimPolicy": storage.get("reclaimPolicy", "Delete"),
            "volumeMode": "Filesystem",
            "csi": {"driver": storage["provisioner"], "volumeHandle": name},
            **reached,
            "claimRef": reference(claim),
        },
        "status": {"phase": "Bound"},
    }


def reference(claim: Json) -> Json:
    """How a volume names the claim that has it."""
    namespace, name = key_of(claim)
    head = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    return {**head, "namespace": namespace, "name": name, "uid": uid_of(claim)}


def _bound(
    volume: str, storage: Json | None, capacity: Json | None = None
) -> Callable[[Json], None]:
    """What becomes of a claim that is bound; it has what it asked for, unless it is told."""

    def bind(each: Json) -> None:
        metadata = each["metadata"]
        held = metadata.get("finalizers") or []
        metadata["finalizers"] = [*dict.fromkeys((*held, PROTECTION))]
        notes = {**(metadata.get("annotations") or {}), "pv.kubernetes.io/bind-completed": "yes"}
        if storage is not None:
            notes["pv.kubernetes.io/bound-by-controller"] = "yes"
            notes["volume.kubernetes.io/storage-provisioner"] = storage["provisioner"]
            each["spec"]["storageClassName"] = name_of(storage)
        metadata["annotations"] = notes
        each["spec"]["volumeName"] = volume
        each["spec"].setdefault("volumeMode", "Filesystem")
        each["status"] = {
            "phase": "Bound",
            "accessModes": each["spec"].get("accessModes") or [],
            "capacity": dict(capacity or {"storage": wanted_of(each)}),
        }

    return bind


def is_bound(claim: Json) -> bool:
    """Whether there is a volume for it."""
    return (claim.get("status") or {}).get("phase") == "Bound"


def wanted_of(claim: Json) -> str:
    """The size that a claim asks for."""
    return str(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0"))


def capacity_of(claim: Json) -> str:
    """The size that a claim has."""
    return str(((claim.get("status") or {}).get("capacity") or {}).get("storage", "0"))


def _unprotect(claim: Json) -> None:
    _without(claim, PROTECTION)


def _let_go(volume: Json) -> None:
    _without(volume, KEPT)


def _without(thing: Json, finalizer: str) -> None:
    kept = [each for each in thing["metadata"].get("finalizers") or () if each != finalizer]
    thing["metadata"]["finalizers"] = kept
