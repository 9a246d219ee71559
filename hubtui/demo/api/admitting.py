"""What admission plugins refuse that validation does not: claims that cannot be expanded.

Source: plugin/pkg/admission/storage/persistentvolume/resize of Kubernetes v1.34.
"""

from __future__ import annotations

from hubtui.demo.life.amounts import amount
from hubtui.demo.life.claims import wanted_of
from hubtui.demo.refusals import RefusedError
from hubtui.demo.resources import CLAIMS, CLASSES, Resource
from hubtui.demo.storage import Json
from hubtui.demo.world import World


def admit(world: World, resource: Resource, after: Json, before: Json | None) -> None:
    """Raises RefusedError (403) for a claim that is to be larger and whose class forbids it."""
    if resource is not CLAIMS or before is None:
        return
    if amount("storage", wanted_of(after)) <= amount("storage", wanted_of(before)):
        return
    name = after["spec"].get("storageClassName") or ""
    storage = world.objects.find(CLASSES, "", name) if name else None
    if storage is None or not storage.get("allowVolumeExpansion"):
        claim = str(after["metadata"]["name"])
        words = (
            f'persistentvolumeclaims "{claim}" is forbidden: only dynamically provisioned pvc can '
            "be resized and the storageclass that provisions the pvc must support resize"
        )
        details = {"name": claim, "kind": CLAIMS.plural}
        raise RefusedError(403, "Forbidden", words, details)
