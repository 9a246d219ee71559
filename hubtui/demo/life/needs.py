"""What a pod's containers cannot start without: ConfigMaps, Secrets, claims that are bound."""

from __future__ import annotations

from hubtui.demo.objects import Objects
from hubtui.demo.resources import CLAIMS, CONFIGMAPS, SECRETS
from hubtui.demo.storage import Json


def unmounted(objects: Objects, pod: Json) -> str:
    """Why a volume cannot be mounted, in the kubelet's words; "" when all can."""
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or ():
        name = volume["name"]
        for field, called, resource in (
            ("configMap", "name", CONFIGMAPS),
            ("secret", "secretName", SECRETS),
        ):
            source = volume.get(field)
            if source is None or source.get("optional"):
                continue
            wanted = source.get(called, "")
            if objects.find(resource, namespace, wanted) is None:
                absent = f'{resource.kind.lower()} "{wanted}" not found'
                return f'MountVolume.SetUp failed for volume "{name}" : {absent}'
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if claim:
            found = objects.find(CLAIMS, namespace, claim)
            if found is None or (found.get("status") or {}).get("phase") != "Bound":
                words = f'PVC "{claim}" is not bound'
                return f'MountVolume.SetUp failed for volume "{name}" : {words}'
    return ""


def unset(objects: Objects, namespace: str, container: Json) -> str:
    """Which variable of a container's environment has no source; "" when all have."""
    for variable in container.get("env") or ():
        source = variable.get("valueFrom") or {}
        for field, resource in (("configMapKeyRef", CONFIGMAPS), ("secretKeyRef", SECRETS)):
            wanted = source.get(field)
            if not wanted or wanted.get("optional"):
                continue
            found = objects.find(resource, namespace, wanted["name"])
            if found is None:
                return f'{resource.kind.lower()} "{wanted["name"]}" not found'
            keys = {**(found.get("data") or {}), **(found.get("stringData") or {})}
            if wanted["key"] not in keys:
                where = f"{resource.kind} {namespace}/{wanted['name']}"
                return f"couldn't find key {wanted['key']} in {where}"
    return ""
