"""The scale of a workload: its number of replicas as an object of its own (autoscaling/v1)."""

from __future__ import annotations

from hubtui.demo.api import bodies, writing
from hubtui.demo.api.asked import Target, Writer
from hubtui.demo.refusals import invalid
from hubtui.demo.storage import Json
from hubtui.demo.world import World


def of(thing: Json) -> Json:
    """The Scale of a workload."""
    metadata = thing["metadata"]
    selector = (thing["spec"].get("selector") or {}).get("matchLabels") or {}
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: metadata[key] for key in kept if key in metadata},
        "spec": {"replicas": thing["spec"].get("replicas", 0)},
        "status": {
            "replicas": thing.get("status", {}).get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(selector.items())),
        },
    }


def change(
    world: World, target: Target, body: bytes, content_type: str, writer: Writer, *, put: bool
) -> Json:
    """Stores another number of replicas. Raises RefusedError: 400, 404, 409, 415, 422."""
    live = world.objects.get(target.resource, target.namespace, target.name)
    kind = content_type.partition(";")[0].strip()
    if put:
        asked = bodies.read_object(body, kind)
    else:
        asked = writing.patched(of(live), bodies.read(body, kind), _merge_kind(kind))
    replicas = (asked.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or replicas < 0:
        words = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise invalid(target.resource, target.name, "spec.replicas", words)
    metadata = dict(live["metadata"])
    version = (asked.get("metadata") or {}).get("resourceVersion")
    if version:
        metadata["resourceVersion"] = version
    after = {**live, "metadata": metadata, "spec": {**live["spec"], "replicas": replicas}}
    return of(writing.update(world, target, after, writer))


def _merge_kind(kind: str) -> str:
    """A Scale has no lists: an apply or a strategic patch of it is a merge patch."""
    return kind if kind == writing.PATCHES[0] else writing.PATCHES[1]
