"""How pods are made from templates, with what a real apiserver fills in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from hubtui.demo.objects import Objects, owner_of
from hubtui.demo.resources import PODS, PRIORITIES
from hubtui.demo.storage import Change, Json, copied, key_of
from hubtui.demo.world import World

_DIGITS: Final = str.maketrans("0123456789", "456789bcdf")
"""What Kubernetes' SafeEncodeString makes of the digits of a hash."""

PATIENT: Final = 300
"""Seconds that a pod stays bound to a node that is lost (DefaultTolerationSeconds)."""


def hash_of(template: Json) -> str:
    """The hash of a pod template as names and labels have it: `6d9c7f8b5c`."""
    text = json.dumps(_bare(template), sort_keys=True)
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
    return str(number).translate(_DIGITS)


def same_template(one: Json, other: Json) -> bool:
    """Whether two pod templates make the same pods."""
    return _bare(one) == _bare(other)


def _bare(template: Json) -> Json:
    metadata = template.get("metadata") or {}
    labels = dict(metadata.get("labels") or {})
    labels.pop("pod-template-hash", None)
    annotations = metadata.get("annotations") or {}
    return {"labels": labels, "annotations": annotations, "spec": template["spec"]}


def pod_from(
    objects: Objects,
    owner: Json,
    template: Json,
    *,
    name: str = "",
    labels: Mapping[str, str] | None = None,
) -> Json:
    """A pod of an owner, not yet stored; without a `name` it is generated from the owner's."""
    metadata = template.get("metadata") or {}
    head: dict[str, Any] = {
        "namespace": owner["metadata"]["namespace"],
        "labels": {**(metadata.get("labels") or {}), **(labels or {})},
        "ownerReferences": [owner_of(owner)],
    }
    if metadata.get("annotations"):
        head["annotations"] = dict(metadata["annotations"])
    if name:
        head["name"] = name
    else:
        head["generateName"] = f"{owner['metadata']['name']}-"
    pod = {"metadata": head, "spec": copied(template["spec"])}
    fill_in(objects, pod)
    return pod


def fill_in(objects: Objects, pod: Json) -> None:
    """Fills in, in place, what admission does: defaults, priority, tolerations, the first status.
    Source: core/v1 defaults, the plugins Priority and DefaultTolerationSeconds."""
    spec = pod["spec"]
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("schedulerName", "default-scheduler")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("priority", priority_of(objects, pod))
    for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
        always = container["image"].endswith(":latest") or ":" not in container["image"]
        container.setdefault("imagePullPolicy", "Always" if always else "IfNotPresent")
        container.setdefault("resources", {})
    tolerations = list(spec.get("tolerations") or ())
    for what in ("not-ready", "unreachable"):
        key = f"node.kubernetes.io/{what}"
        if not any(each.get("key") in (key, None) for each in tolerations):
            tolerations.append(
                {
                    "key": key,
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": PATIENT,
                }
            )
    spec["tolerations"] = tolerations
    status = pod.setdefault("status", {})
    status.setdefault("phase", "Pending")
    status.setdefault("qosClass", _quality(spec["containers"]))


def priority_of(objects: Objects, pod: Json) -> int:
    """The priority of a pod: its own, its class's, the global default's, or 0."""
    spec = pod["spec"]
    if "priority" in spec:
        return int(spec["priority"])
    name = spec.get("priorityClassName")
    if name:
        known = {"system-node-critical": 2000001000, "system-cluster-critical": 2000000000}
        found = objects.find(PRIORITIES, "", name)
        return int(found["value"]) if found else known.get(name, 0)
    return next((int(c["value"]) for c in objects.all(PRIORITIES) if c.get("globalDefault")), 0)


def _quality(containers: list[Json]) -> str:
    every = [each.get("resources") or {} for each in containers]
    if not any(each.get("requests") or each.get("limits") for each in every):
        return "BestEffort"
    for each in every:
        limits = each.get("limits") or {}
        if not {"cpu", "memory"} <= limits.keys() or (each.get("requests") or limits) != limits:
            return "Burstable"
    return "Guaranteed"


class Admission:
    """Fills in the pods that somebody else made without a status."""

    def __init__(self, world: World) -> None:
        self._world = world

    def see(self, change: Change) -> None:
        """Takes up new pods."""
        if change.resource is not PODS or change.type != "ADDED":
            return
        if not (change.object.get("status") or {}).get("phase"):
            key = key_of(change.object)
            self._world.timeline.soon(lambda: self._complete(*key))

    def _complete(self, namespace: str, name: str) -> None:
        objects = self._world.objects
        objects.change(PODS, namespace, name, lambda pod: fill_in(objects, pod))
