"""The DaemonSet controller: one pod on every node that its pods may be on."""

from __future__ import annotations

from typing import Final

from hubtui.demo.life import placing, quotas
from hubtui.demo.life.base import Life
from hubtui.demo.life.making import hash_of, pod_from
from hubtui.demo.life.reading import (
    Key,
    is_ready,
    is_terminating,
    labels_of,
    name_of,
    node_of,
    phase_of,
    share,
    uid_of,
)
from hubtui.demo.life.replicasets import RETRY, Owners
from hubtui.demo.life.workqueue import WorkQueue
from hubtui.demo.resources import DAEMONSETS, NODES, PODS
from hubtui.demo.storage import Change, Json, key_of

BY: Final = "daemonset-controller"
REVISION: Final = "controller-revision-hash"
AGAIN: Final = 10.0
"""Seconds after which a daemon pod that failed is made anew."""

_TOLERATED: Final = [
    {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": effect}
    for key, effect in (
        *(("not-ready", "NoExecute"), ("unreachable", "NoExecute")),
        *(("disk-pressure", "NoSchedule"), ("memory-pressure", "NoSchedule")),
        *(("pid-pressure", "NoSchedule"), ("unschedulable", "NoSchedule")),
    )
]
"""What all daemon pods tolerate, a cordon among it."""


class DaemonSets(Owners):
    """Keeps the pods of each DaemonSet."""

    def __init__(self, life: Life) -> None:
        self._life = life
        super().__init__(DAEMONSETS, WorkQueue(life.world.timeline, self._reconcile))

    def see(self, change: Change) -> None:
        """Notes a DaemonSet when it or a pod of it changes, or a node that concerns it does."""
        if change.resource is not NODES:
            super().see(change)
        elif placing.moved(change):
            for each in self._life.world.objects.all(DAEMONSETS):
                if change.type == "DELETED" or self._is_concerned(each, change.object):
                    self._queue.note(key_of(each))

    def _is_concerned(self, owner: Json, node: Json) -> bool:
        """Whether a node lacks a pod, has one that may not stay, or may have been misscheduled.

        As the controller of Kubernetes 1.36 has it (`syncNodeUpdate`): a taint that only keeps new
        pods off leaves the counts as they are, until a pod changes.
        """
        pattern = self._pattern(owner, hash_of(owner["spec"]["template"]))
        scheduled = bool(self._by_node(owner).get(name_of(node)))
        if not scheduled:
            return placing.may_start(pattern, node)
        if not placing.may_stay(pattern, node):
            return True
        return bool((owner.get("status") or {}).get("numberMisscheduled"))

    def _reconcile(self, key: Key) -> None:
        owner = self._life.world.objects.find(DAEMONSETS, *key)
        if owner is None:
            return
        revision = hash_of(owner["spec"]["template"])
        pattern = self._pattern(owner, revision)
        nodes = {name_of(node): node for node in self._life.world.objects.all(NODES)}
        if not is_terminating(owner):
            self._sync(owner, pattern, nodes, key)
            self._update(owner, revision, pattern, nodes)
        self._report(owner, revision, pattern, nodes)

    def _pattern(self, owner: Json, revision: str) -> Json:
        """A pod of the DaemonSet as it would be, without a node."""
        labels = {
            REVISION: revision,
            "pod-template-generation": str(owner["metadata"]["generation"]),
        }
        template = owner["spec"]["template"]
        spec = {
            **template["spec"],
            "tolerations": [*(template["spec"].get("tolerations") or ()), *_TOLERATED],
        }
        objects = self._life.world.objects
        return pod_from(objects, owner, {**template, "spec": spec}, labels=labels)

    def _sync(self, owner: Json, pattern: Json, nodes: dict[str, Json], key: Key) -> None:
        pods = self._by_node(owner)
        for name, node in nodes.items():
            here = pods.pop(name, [])
            live = [pod for pod in here if not is_terminating(pod)]
            if not placing.may_stay(pattern, node):
                for pod in live:
                    self._delete(owner, pod)
                continue
            failed = [pod for pod in live if phase_of(pod) == "Failed"]
            for pod in failed:
                words = f"Found failed daemon pod {key[0]}/{name_of(pod)} on node {name}, will try "
                self._life.events.warning(owner, "FailedDaemonPod", words + "to kill it", BY)
                self._life.world.objects.delete(PODS, *key_of(pod))
                self._queue.note(key, AGAIN)
            for pod in live[1:]:
                self._delete(owner, pod)
            if not here and placing.may_start(pattern, node):
                self._create(owner, _pinned(pattern, name), key)
        for orphans in pods.values():
            for pod in orphans:
                if not node_of(pod):
                    self._life.world.objects.delete(PODS, *key_of(pod))

    def _create(self, owner: Json, pod: Json, key: Key) -> None:
        objects, events = self._life.world.objects, self._life.events
        if refused := quotas.refusal(objects, pod):
            events.warning(owner, "FailedCreate", f"Error creating: {refused}", BY)
            self._queue.note(key, RETRY)
            return
        made = objects.create(PODS, pod)
        events.normal(owner, "SuccessfulCreate", f"Created pod: {name_of(made)}", BY)

    def _update(self, owner: Json, revision: str, pattern: Json, nodes: dict[str, Json]) -> None:
        strategy = owner["spec"].get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return
        wanted = [name for name, node in nodes.items() if placing.may_start(pattern, node)]
        most = (strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1)
        room = max(1, share(most, len(wanted), up=True))
        pods, old = self._by_node(owner), []
        for name in wanted:
            here = [pod for pod in pods.get(name, ()) if not is_terminating(pod)]
            if not here or not is_ready(here[0]):
                room -= 1
            old += [pod for pod in here if labels_of(pod).get(REVISION) != revision]
        for pod in old:
            if not is_ready(pod):
                self._delete(owner, pod)
            elif room > 0:
                room -= 1
                self._delete(owner, pod)

    def _delete(self, owner: Json, pod: Json) -> None:
        self._life.world.objects.delete(PODS, *key_of(pod))
        words = f"Deleted pod: {name_of(pod)}"
        self._life.events.normal(owner, "SuccessfulDelete", words, BY)

    def _by_node(self, owner: Json) -> dict[str, list[Json]]:
        found: dict[str, list[Json]] = {}
        for pod in self._life.index.pods_of(uid_of(owner)):
            found.setdefault(node_of(pod) or placing.pinned_to(pod), []).append(pod)
        return found

    def _report(self, owner: Json, revision: str, pattern: Json, nodes: dict[str, Json]) -> None:
        pods = self._by_node(owner)
        counts = dict.fromkeys(
            ("current", "desired", "missing", "wrong", "ready", "updated"), 0
        )  # fmt: skip
        for name, node in nodes.items():
            here = [pod for pod in pods.get(name, ()) if not is_terminating(pod)]
            if not placing.may_start(pattern, node):
                counts["wrong"] += bool(here)
                continue
            counts["desired"] += 1
            counts["current"] += bool(here)
            counts["ready"] += bool(here) and is_ready(here[0])
            counts["updated"] += bool(here) and labels_of(here[0]).get(REVISION) == revision
        status = {
            "currentNumberScheduled": counts["current"],
            "desiredNumberScheduled": counts["desired"],
            "numberMisscheduled": counts["wrong"],
            "numberReady": counts["ready"],
            "numberAvailable": counts["ready"],
            "numberUnavailable": counts["desired"] - counts["ready"],
            "updatedNumberScheduled": counts["updated"],
            "observedGeneration": owner["metadata"]["generation"],
        }
        for field in ("numberAvailable", "numberUnavailable", "updatedNumberScheduled"):
            if not status[field]:
                del status[field]
        if status != owner.get("status"):
            namespace, name = key_of(owner)
            head = {"namespace": namespace, "name": name}
            self._life.world.objects.update_status(DAEMONSETS, {"metadata": head, "status": status})


def _pinned(pattern: Json, node: str) -> Json:
    """The pod for one node: all terms of its required affinity name that node."""
    spec = pattern["spec"]
    affinity = spec.get("affinity") or {}
    of_nodes = affinity.get("nodeAffinity") or {}
    terms = (of_nodes.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get(
        "nodeSelectorTerms"
    ) or [{}]
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    required = {"nodeSelectorTerms": [{**term, "matchFields": [field]} for term in terms]}
    pinned = {**of_nodes, "requiredDuringSchedulingIgnoredDuringExecution": required}
    return {
        **pattern,
        "spec": {**spec, "affinity": {**affinity, "nodeAffinity": pinned}},
    }
