"""Storage: claims are bound to volumes made for them, grow, and go when nobody uses them."""

from __future__ import annotations

from typing import Final

from hubtui.demo.life.amounts import amount
from hubtui.demo.life.base import Life
from hubtui.demo.life.reading import Key, is_terminating, namespace_of, uid_of
from hubtui.demo.life.workqueue import WorkQueue
from hubtui.demo.resources import CLAIMS, CLASSES, PODS, VOLUMES
from hubtui.demo.storage import Change, Json, key_of
from hubtui.demo.world import World

STANDARD: Final = "standard"
DRIVER: Final = "disk.csi.hubtui.demo"
PROTECTION: Final = "kubernetes.io/pvc-protection"
BY: Final = f"{DRIVER}_provisioner"
_DEFAULT: Final = "storageclass.kubernetes.io/is-default-class"


def make_class(world: World) -> None:
    """The StorageClass that a demo has, unless there is one of its name."""
    if world.objects.find(CLASSES, "", STANDARD) is None:
        world.objects.create(
            CLASSES,
            {
                "metadata": {"name": STANDARD, "annotations": {_DEFAULT: "true"}},
                "provisioner": DRIVER,
                "reclaimPolicy": "Delete",
                "volumeBindingMode": "Immediate",
                "allowVolumeExpansion": True,
            },
        )


class Claims:
    """Binds, grows and ends claims."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._objects = life.world.objects
        self._queue = WorkQueue(life.world.timeline, self._reconcile)

    def see(self, change: Change) -> None:
        """Takes up claims, and those of a pod that went."""
        if change.resource is CLAIMS:
            self._see_claim(change)
        elif change.resource is PODS and change.type == "DELETED":
            for name in claims_of(change.object):
                self._queue.note((namespace_of(change.object), name))

    def _see_claim(self, change: Change) -> None:
        claim, key = change.object, key_of(change.object)
        if change.type == "DELETED":
            volume = claim["spec"].get("volumeName")
            if volume:
                self._life.world.timeline.soon(lambda: self._release(volume))
            return
        wait = 0.0
        if not _is_bound(claim):
            wait = self._life.world.chance.of("provision", uid_of(claim)).uniform(0.04, 0.12)
        elif _wanted(claim) != _capacity(claim):
            wait = self._life.world.chance.of("expand", uid_of(claim)).uniform(3.0, 8.0)
        self._queue.note(key, wait)

    def _reconcile(self, key: Key) -> None:
        claim = self._objects.find(CLAIMS, *key)
        if claim is None:
            return
        if is_terminating(claim):
            if not self._users(key):
                self._objects.change(CLAIMS, *key, _unprotect)
        elif not _is_bound(claim):
            self._bind(claim, key)
        elif _is_larger(claim):
            self._grow(claim, key)

    def _bind(self, claim: Json, key: Key) -> None:
        name = claim["spec"].get("storageClassName", STANDARD)
        storage = self._objects.find(CLASSES, "", name)
        if storage is None:
            words = f'storageclass.storage.k8s.io "{name}" not found'
            by = "persistentvolume-controller"
            self._life.events.warning(claim, "ProvisioningFailed", words, by)
            self._queue.note(key, 15.0)
            return
        volume = f"pvc-{uid_of(claim)}"
        if self._objects.find(VOLUMES, "", volume) is None:
            self._objects.create(VOLUMES, _volume(claim, storage, volume))

        def bind(each: Json) -> None:
            metadata = each["metadata"]
            metadata["finalizers"] = [PROTECTION]
            metadata["annotations"] = {
                **(metadata.get("annotations") or {}),
                "pv.kubernetes.io/bind-completed": "yes",
                "pv.kubernetes.io/bound-by-controller": "yes",
                "volume.kubernetes.io/storage-provisioner": storage["provisioner"],
            }
            each["spec"] |= {"volumeName": volume, "storageClassName": name}
            each["spec"].setdefault("volumeMode", "Filesystem")
            each["status"] = {
                "phase": "Bound",
                "accessModes": each["spec"].get("accessModes") or [],
                "capacity": {"storage": _wanted(each)},
            }

        self._objects.change(CLAIMS, *key, bind)
        words = f"Successfully provisioned volume {volume}"
        self._life.events.normal(claim, "ProvisioningSucceeded", words, BY)

    def _grow(self, claim: Json, key: Key) -> None:
        size = _wanted(claim)
        name = claim["spec"]["volumeName"]
        self._objects.change(
            VOLUMES, "", name, lambda each: each["spec"]["capacity"].update(storage=size)
        )
        head = {"namespace": key[0], "name": key[1]}
        status = {**claim["status"], "capacity": {"storage": size}}
        self._objects.update_status(CLAIMS, {"metadata": head, "status": status})
        words = "MountVolume.NodeExpandVolume succeeded for volume " + f'"{name}"'
        self._life.events.normal(claim, "FileSystemResizeSuccessful", words, "kubelet")

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


def _volume(claim: Json, storage: Json, name: str) -> Json:
    namespace, claimed = key_of(claim)
    return {
        "metadata": {
            "name": name,
            "annotations": {"pv.kubernetes.io/provisioned-by": storage["provisioner"]},
        },
        "spec": {
            "capacity": {"storage": _wanted(claim)},
            "accessModes": claim["spec"].get("accessModes") or [],
            "storageClassName": storage["metadata"]["name"],
            "persistentVolumeReclaimPolicy": storage.get("reclaimPolicy", "Delete"),
            "volumeMode": "Filesystem",
            "csi": {"driver": storage["provisioner"], "volumeHandle": name},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": namespace,
                "name": claimed,
                "uid": uid_of(claim),
            },
        },
        "status": {"phase": "Bound"},
    }


def _is_bound(claim: Json) -> bool:
    return (claim.get("status") or {}).get("phase") == "Bound"


def _wanted(claim: Json) -> str:
    return str(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0"))


def _capacity(claim: Json) -> str:
    return str(((claim.get("status") or {}).get("capacity") or {}).get("storage", "0"))


def _is_larger(claim: Json) -> bool:
    return amount("storage", _wanted(claim)) > amount("storage", _capacity(claim))


def _unprotect(claim: Json) -> None:
    kept = [each for each in claim["metadata"].get("finalizers") or () if each != PROTECTION]
    claim["metadata"]["finalizers"] = kept
