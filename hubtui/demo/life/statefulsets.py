"""The StatefulSet controller: pods with ordinals, in order or at once."""

from __future__ import annotations

from typing import Final

from hubtui.demo.life import quotas
from hubtui.demo.life.base import Life
from hubtui.demo.life.making import hash_of, pod_from
from hubtui.demo.life.reading import (
    ENDED,
    Key,
    is_ready,
    is_terminating,
    labels_of,
    name_of,
    phase_of,
    uid_of,
)
from hubtui.demo.life.replicasets import RETRY, Owners
from hubtui.demo.life.workqueue import WorkQueue
from hubtui.demo.resources import PODS, STATEFULSETS
from hubtui.demo.storage import Json, key_of

BY: Final = "statefulset-controller"
REVISION: Final = "controller-revision-hash"


class StatefulSets(Owners):
    """Keeps the pods of each StatefulSet. A missing pod is always made of the newest template."""

    def __init__(self, life: Life) -> None:
        self._life = life
        super().__init__(STATEFULSETS, WorkQueue(life.world.timeline, self._reconcile))

    def _reconcile(self, key: Key) -> None:
        owner = self._life.world.objects.find(STATEFULSETS, *key)
        if owner is None:
            return
        revision = f"{name_of(owner)}-{hash_of(owner['spec']['template'])}"
        if not is_terminating(owner):
            self._sync(owner, revision, key)
        self._report(owner, revision)

    def _sync(self, owner: Json, revision: str, key: Key) -> None:
        pods = {_ordinal(pod): pod for pod in self._life.index.pods_of(uid_of(owner))}
        in_order = owner["spec"].get("podManagementPolicy", "OrderedReady") == "OrderedReady"
        wanted = owner["spec"].get("replicas", 1)
        for ordinal in range(wanted):
            pod = pods.get(ordinal)
            if pod is not None and phase_of(pod) in ENDED:
                self._delete(owner, pod)
            elif pod is None and not self._make(owner, revision, ordinal):
                self._queue.note(key, RETRY)
                return
            if in_order and (pod is None or not _is_well(pod)):
                return
        for ordinal in sorted((n for n in pods if n >= wanted), reverse=True):
            if not is_terminating(pods[ordinal]):
                self._delete(owner, pods[ordinal])
            if in_order:
                return
        if all(ordinal in pods for ordinal in range(wanted)):
            self._update(owner, revision, [pods[ordinal] for ordinal in range(wanted)])

    def _update(self, owner: Json, revision: str, pods: list[Json]) -> None:
        """Takes one old pod away, the highest first, and waits until its successor is well."""
        strategy = owner["spec"].get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return
        first = (strategy.get("rollingUpdate") or {}).get("partition", 0)
        for pod in reversed(pods[first:]):
            if labels_of(pod).get(REVISION) != revision and not is_terminating(pod):
                self._delete(owner, pod)
                return
            if not _is_well(pod):
                return

    def _make(self, owner: Json, revision: str, ordinal: int) -> bool:
        name = f"{name_of(owner)}-{ordinal}"
        labels = {
            "apps.kubernetes.io/pod-index": str(ordinal),
            REVISION: revision,
            "statefulset.kubernetes.io/pod-name": name,
        }
        objects, events = self._life.world.objects, self._life.events
        pod = pod_from(objects, owner, owner["spec"]["template"], name=name, labels=labels)
        pod["spec"]["hostname"] = name
        refused = quotas.refusal(objects, pod)
        if refused:
            words = f"create Pod {name} in StatefulSet {name_of(owner)} failed error: {refused}"
            events.warning(owner, "FailedCreate", words, BY)
            return False
        objects.create(PODS, pod)
        words = f"create Pod {name} in StatefulSet {name_of(owner)} successful"
        events.normal(owner, "SuccessfulCreate", words, BY)
        return True

    def _delete(self, owner: Json, pod: Json) -> None:
        self._life.world.objects.delete(PODS, *key_of(pod))
        words = f"delete Pod {name_of(pod)} in StatefulSet {name_of(owner)} successful"
        self._life.events.normal(owner, "SuccessfulDelete", words, BY)

    def _report(self, owner: Json, revision: str) -> None:
        pods = self._life.index.pods_of(uid_of(owner))
        ready = sum(1 for pod in pods if is_ready(pod) and not is_terminating(pod))
        live = [pod for pod in pods if not is_terminating(pod)]
        updated = sum(1 for pod in live if labels_of(pod).get(REVISION) == revision)
        before = owner.get("status") or {}
        wanted = owner["spec"].get("replicas", 1)
        complete = updated == len(pods) == wanted and ready == wanted
        current = revision if complete else before.get("currentRevision", revision)
        status = {
            "observedGeneration": owner["metadata"]["generation"],
            "replicas": len(pods),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "currentReplicas": sum(1 for p in live if labels_of(p).get(REVISION) == current),
            "updatedReplicas": updated,
            "currentRevision": current,
            "updateRevision": revision,
            "collisionCount": 0,
        }
        if status != before:
            namespace, name = key_of(owner)
            head = {"namespace": namespace, "name": name}
            self._life.world.objects.update_status(
                STATEFULSETS, {"metadata": head, "status": status}
            )


def _ordinal(pod: Json) -> int:
    return int(name_of(pod).rpartition("-")[2])


def _is_well(pod: Json) -> bool:
    return is_ready(pod) and not is_terminating(pod)
