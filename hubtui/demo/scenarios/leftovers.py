"""What years leave behind: claims whose users are gone or have a newer one, a volume that was kept.

Some people still have a claim of the class `hdd`, from before `standard` was the default.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hubtui.demo.life.claims import DRIVER, KEPT, PROTECTION, WAITS, ZONE, reference
from hubtui.demo.life.expansion import OFFLINE
from hubtui.demo.resources import CLAIMS, CLASSES, VOLUMES
from hubtui.demo.scenarios.pools import REGION
from hubtui.demo.storage import Json
from hubtui.demo.world import World
from hubtui.model.slugs import escaped, label, user_slug

ARCHIVE, HDD = "archive", "hdd"

GONE: Final = ("otto.lehmann@uni.example", "summer-school-03", "summer-school-11")
"""People who are no users any more, and whose claims are still there."""

_SIZE: Final = "10Gi"
_MOVED: Final = 2
"""How many of the people have a claim of their old name beside their own."""


def install(world: World, namespace: str, people: Iterable[str]) -> None:
    """Puts all of it there, as old as the cluster."""
    for name, more in (
        (ARCHIVE, {"reclaimPolicy": "Retain", "allowVolumeExpansion": False}),
        (HDD, {"reclaimPolicy": "Delete", "allowVolumeExpansion": True}
         | {"parameters": {"expansion": OFFLINE}}),
    ):  # fmt: skip
        made = {"metadata": {"name": name}, "provisioner": DRIVER, "volumeBindingMode": WAITS}
        world.objects.create(CLASSES, made | more)
    known = tuple(people)
    for name in GONE:
        _claim(world, namespace, name, user_slug(name), HDD)
    for name in known[:_MOVED]:
        _claim(world, namespace, name, escaped(name), HDD)
    for name in known[4:22:6]:
        _claim(world, namespace, name, user_slug(name), HDD)
    kept = _claim(world, namespace, "guest-professor", "guest-professor", ARCHIVE)
    volume = str(kept["spec"]["volumeName"])
    world.objects.finish(CLAIMS, namespace, kept["metadata"]["name"])
    released = {"metadata": {"name": volume}, "status": {"phase": "Released"}}
    world.objects.update_status(VOLUMES, released)


def _claim(world: World, namespace: str, user: str, ending: str, storage: str) -> Json:
    """A claim of a user that is bound, and its volume."""
    name = f"claim-{ending}"
    labels = {
        "app": "jupyterhub",
        "component": "singleuser-storage",
        "hub.jupyter.org/username": label(user),
        "release": namespace,
    }
    notes = {"hub.jupyter.org/username": user, "pv.kubernetes.io/bind-completed": "yes"}
    head = {"name": name, "namespace": namespace, "labels": labels, "annotations": notes}
    modes, has = ["ReadWriteOnce"], {"storage": _SIZE}
    claim = world.objects.create(
        CLAIMS,
        {
            "metadata": {**head, "finalizers": [PROTECTION]},
            "spec": {
                "accessModes": modes,
                "resources": {"requests": has},
                "storageClassName": storage,
                "volumeMode": "Filesystem",
            },
            "status": {"phase": "Bound", "accessModes": modes, "capacity": has},
        },
    )
    volume = f"pvc-{claim['metadata']['uid']}"
    world.objects.create(VOLUMES, _volume(volume, claim))
    bound = world.objects.change(
        CLAIMS, namespace, name, lambda each: each["spec"].update(volumeName=volume)
    )
    return bound or claim


def _volume(name: str, claim: Json) -> Json:
    storage = claim["spec"]["storageClassName"]
    where = {"key": ZONE, "operator": "In", "values": [f"{REGION}-b"]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [where]}]}
    return {
        "metadata": {
            "name": name,
            "annotations": {"pv.kubernetes.io/provisioned-by": DRIVER},
            "finalizers": [KEPT],
        },
        "spec": {
            "capacity": dict(claim["status"]["capacity"]),
            "accessModes": claim["spec"]["accessModes"],
            "storageClassName": storage,
            "persistentVolumeReclaimPolicy": "Retain" if storage == ARCHIVE else "Delete",
            "volumeMode": "Filesystem",
            "csi": {"driver": DRIVER, "volumeHandle": name},
            "nodeAffinity": {"required": terms},
            "claimRef": reference(claim),
        },
        "status": {"phase": "Bound"},
    }
