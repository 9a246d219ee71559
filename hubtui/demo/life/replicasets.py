"""The ReplicaSet controller: as many pods as asked for."""

from __future__ import annotations

from typing import Final

from hubtui.demo.life import quotas
from hubtui.demo.life.base import Life
from hubtui.demo.life.making import pod_from
from hubtui.demo.life.reading import (
    Key,
    condition,
    is_active,
    is_ready,
    is_terminating,
    name_of,
    node_of,
    phase_of,
    uid_of,
    with_condition,
)
from hubtui.demo.life.workqueue import WorkQueue
from hubtui.demo.objects import owner_of
from hubtui.demo.resources import PODS, REPLICASETS, Resource
from hubtui.demo.storage import Change, Json, key_of

BY: Final = "replicaset-controller"
RETRY: Final = 15.0
"""Seconds after which a pod that was refused is tried again."""


def owner_key(pod: Json, kind: str) -> Key | None:
    """The key of the object of a kind that controls a pod."""
    for each in pod["metadata"].get("ownerReferences") or ():
        if each.get("controller") and each["kind"] == kind:
            return pod["metadata"].get("namespace", ""), each["name"]
    return None


class Owners:
    """Notes an owner when it changes itself, or when a pod of it comes, changes or goes."""

    def __init__(self, resource: Resource, queue: WorkQueue) -> None:
        self._resource = resource
        self._queue = queue

    def see(self, change: Change) -> None:
        """Notes whom a change concerns."""
        if change.resource is self._resource:
            self._queue.note(key_of(change.object))
        elif change.resource is PODS:
            owner = owner_key(change.object, self._resource.kind)
            if owner is not None:
                self._queue.note(owner)


class ReplicaSets(Owners):
    """Keeps the pods of each ReplicaSet."""

    def __init__(self, life: Life) -> None:
        self._life = life
        super().__init__(REPLICASETS, WorkQueue(life.world.timeline, self._reconcile))

    def _reconcile(self, key: Key) -> None:
        owner = self._life.world.objects.find(REPLICASETS, *key)
        if owner is None:
            return
        refused = "" if is_terminating(owner) else self._scale(owner)
        if refused:
            self._queue.note(key, RETRY)
        self._report(owner, refused)

    def _scale(self, owner: Json) -> str:
        """Makes or deletes pods; gives why one was refused."""
        objects, events = self._life.world.objects, self._life.events
        active = [pod for pod in self._life.index.pods_of(uid_of(owner)) if is_active(pod)]
        wanted = owner["spec"].get("replicas", 1)
        for _ in range(wanted - len(active)):
            pod = pod_from(objects, owner, owner["spec"]["template"])
            refused = quotas.refusal(objects, pod)
            if refused:
                events.warning(owner, "FailedCreate", f"Error creating: {refused}", BY)
                return refused
            made = objects.create(PODS, pod)
            events.normal(owner, "SuccessfulCreate", f"Created pod: {name_of(made)}", BY)
        for pod in sorted(active, key=_dearness)[: max(0, len(active) - wanted)]:
            objects.delete(PODS, *key_of(pod))
            events.normal(owner, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}", BY)
        return ""

    def _report(self, owner: Json, refused: str) -> None:
        active = [pod for pod in self._life.index.pods_of(uid_of(owner)) if is_active(pod)]
        ready = sum(1 for pod in active if is_ready(pod))
        status: Json = {
            "replicas": len(active),
            "fullyLabeledReplicas": len(active),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "observedGeneration": owner["metadata"]["generation"],
        }
        if refused:
            before = (owner.get("status") or {}).get("conditions") or ()
            now = self._life.world.timeline.now
            told = condition(before, "ReplicaFailure", "True", "FailedCreate", refused, now)
            status["conditions"] = with_condition((), told)
        status = {k: v for k, v in status.items() if v or k in ("replicas", "observedGeneration")}
        if status != owner.get("status"):
            self._life.world.objects.update_status(
                REPLICASETS, {"metadata": _head(owner), "status": status}
            )


def _head(owner: Json) -> Json:
    """Name and namespace: an update of a status that minds no version."""
    namespace, name = key_of(owner)
    return {"namespace": namespace, "name": name}


def _dearness(pod: Json) -> tuple[bool, bool, bool, int]:
    """What is deleted first: without a node, not running, not ready, youngest."""
    created = pod["metadata"]["creationTimestamp"]
    return (
        bool(node_of(pod)),
        phase_of(pod) == "Running",
        is_ready(pod),
        -int("".join(filter(str.isdigit, created))),
    )


def new_set(deployment: Json, name: str, digest: str, revision: int, replicas: int) -> Json:
    """A ReplicaSet of a Deployment, not yet stored."""
    spec = deployment["spec"]
    template = spec["template"]
    labels = {
        **((template.get("metadata") or {}).get("labels") or {}),
        "pod-template-hash": digest,
    }
    return {
        "metadata": {
            "name": name,
            "namespace": deployment["metadata"]["namespace"],
            "labels": labels,
            "annotations": {
                "deployment.kubernetes.io/desired-replicas": str(spec.get("replicas", 1)),
                "deployment.kubernetes.io/revision": str(revision),
            },
            "ownerReferences": [owner_of(deployment)],
        },
        "spec": {
            "replicas": replicas,
            "selector": {
                **spec["selector"],
                "matchLabels": {
                    **(spec["selector"].get("matchLabels") or {}),
                    "pod-template-hash": digest,
                },
            },
            "template": {
                **template,
                "metadata": {**(template.get("metadata") or {}), "labels": labels},
            },
        },
    }
