"""A cluster autoscaler that removes nodes: those that nobody needs, after a while.

What keeps a node is what its FAQ lists, "What types of pods can prevent CA from removing a node?".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Final

from hubtui.demo.life.amounts import add, asks
from hubtui.demo.life.base import Life
from hubtui.demo.life.fitting import allocatable, refusals
from hubtui.demo.life.groups import BY, GOES, MAY_GO, Group, group_of, is_going
from hubtui.demo.life.pace import passed
from hubtui.demo.life.reading import (
    ENDED,
    Key,
    condition,
    is_ready,
    is_terminating,
    labels_of,
    matches,
    name_of,
    namespace_of,
    phase_of,
    with_condition,
)
from hubtui.demo.life.scaleup import ScaleUp
from hubtui.demo.life.volumes import homes_of
from hubtui.demo.life.workqueue import WorkQueue
from hubtui.demo.resources import BUDGETS, NODES, PODS
from hubtui.demo.storage import Change, Json, key_of

LOOK: Final = 10.0
UNNEEDED: Final = 600.0
"""Seconds that a node must have been unneeded (--scale-down-unneeded-time)."""

HALF: Final = 0.5
"""The share of its cpu or memory from which on a node is needed."""

DRAINED: Final = 5.0
MACHINE: Final = (25.0, 45.0)
"""Seconds until a machine that shuts down is gone."""

_NOTE: Final = "cluster-autoscaler.kubernetes.io/"
SAFE: Final = f"{_NOTE}safe-to-evict"
KEPT: Final = f"{_NOTE}scale-down-disabled"
_SYSTEM: Final = "kube-system"


class ScaleDown:
    """Looks at a node when something on it changed, and again when its time has come."""

    def __init__(self, life: Life, groups: Iterable[Group], growing: ScaleUp) -> None:
        self._life = life
        self._objects = life.world.objects
        self._timeline = life.world.timeline
        self._groups = tuple(groups)
        self._growing = growing
        self._queue = WorkQueue(life.world.timeline, self._reconcile)
        self._unneeded: dict[str, datetime] = {}
        self._sizes: dict[str, int] = {}

    def see(self, change: Change) -> None:
        """Notes the nodes that a change can make needed or not."""
        if not self._groups:
            return
        if change.resource is NODES:
            self._count(change)
        elif change.resource is PODS and change.type == "DELETED":
            self._note_all()  # there may be room now for what keeps another node
        elif change.resource is PODS:
            for pod in (change.before, change.object):
                self._note(((pod or {}).get("spec") or {}).get("nodeName") or "")
        elif change.resource is BUDGETS:
            self._note_all()

    def _count(self, change: Change) -> None:
        group = group_of(self._groups, change.object)
        if group is None:
            return
        if change.before is None or change.type == "DELETED":
            size = self._sizes.get(group.name, 0) + (1 if change.before is None else -1)
            self._sizes[group.name] = size
            self._unneeded.pop(name_of(change.object), None)
            self._note_all()
        elif change.before["metadata"].get("annotations") != change.object["metadata"].get(
            "annotations"
        ) or change.before["spec"].get("unschedulable") != change.object["spec"].get(
            "unschedulable"
        ):
            self._note(name_of(change.object))

    def _note_all(self) -> None:
        for node in self._objects.all(NODES):
            self._note(name_of(node))

    def _note(self, name: str) -> None:
        node = self._objects.find(NODES, "", name) if name else None
        group = group_of(self._groups, node) if node is not None else None
        if group is not None and self._sizes.get(group.name, 0) > group.least:
            self._queue.note(("", name), LOOK)

    def _reconcile(self, key: Key) -> None:
        name = key[1]
        node = self._objects.find(NODES, *key)
        group = group_of(self._groups, node) if node is not None else None
        if node is None or group is None or is_going(node):
            return
        if len(group.nodes(self._objects)) <= group.least or self._is_needed(node):
            if self._unneeded.pop(name, None) is not None:
                self._mark(name, MAY_GO, "")
            return
        since = self._unneeded.setdefault(name, self._timeline.now)
        left = UNNEEDED - passed(self._timeline, since)
        if left > 0 or self._growing.is_growing(group):
            self._mark(name, MAY_GO, "PreferNoSchedule")
            self._queue.note(key, max(left, LOOK))
        else:
            self._remove(node)

    def _is_needed(self, node: Json) -> bool:
        has, asked = allocatable(node), self._life.index.load_of(name_of(node)).asked
        full = max(asked.get(name, 0) / max(1, has.get(name, 1)) for name in ("cpu", "memory"))
        kept = (node["metadata"].get("annotations") or {}).get(KEPT) == "true"
        if full >= HALF or kept or not is_ready(node):
            return True
        pods = [pod for pod in self._life.index.pods_on(name_of(node)) if _counts(pod)]
        return any(self._keeps(pod) for pod in pods) or not self._fit_elsewhere(node, pods)

    def _keeps(self, pod: Json) -> bool:
        """Whether a pod alone keeps its node."""
        safe = (pod["metadata"].get("annotations") or {}).get(SAFE)
        budgets = [
            each
            for each in self._objects.all(BUDGETS, namespace_of(pod))
            if matches(each["spec"].get("selector"), labels_of(pod))
        ]
        if any((b.get("status") or {}).get("disruptionsAllowed", 0) < 1 for b in budgets):
            return True
        if safe == "true":
            return False
        owners = pod["metadata"].get("ownerReferences") or ()
        alone = not any(owner.get("controller") for owner in owners)
        system = namespace_of(pod) == _SYSTEM and not budgets
        return safe == "false" or alone or system or _is_local(pod)

    def _fit_elsewhere(self, node: Json, pods: list[Json]) -> bool:
        """Whether all of them have a place on other nodes."""
        others = [
            (each, dict(load.asked), load.pods)
            for each in self._objects.all(NODES)
            if name_of(each) not in (name_of(node), *self._unneeded) and not is_going(each)
            for load in [self._life.index.load_of(name_of(each))]
        ]
        for pod in pods:
            asked, homes = asks(pod), homes_of(self._objects, pod)
            for number, (other, used, count) in enumerate(others):
                if homes.reached_from(other) and not refusals(pod, other, asked, used, count):
                    add(used, asked)
                    others[number] = (other, used, count + 1)
                    break
            else:
                return False
        return True

    def _remove(self, node: Json) -> None:
        name = name_of(node)
        self._unneeded.pop(name, None)
        self._mark(name, MAY_GO, "")
        self._mark(name, GOES, "NoSchedule")
        words = "marked the node as toBeDeleted/unschedulable"
        self._life.events.normal(node, "ScaleDown", words, BY)
        for pod in self._life.index.pods_on(name):
            if _counts(pod) and not is_terminating(pod):
                words = "deleting pod for node scale down"
                self._life.events.normal(pod, "ScaleDown", words, BY)
                self._objects.delete(PODS, *key_of(pod))
        self._timeline.after(DRAINED, partial(self._shut_down, name))

    def _shut_down(self, name: str) -> None:
        """The machine goes when its pods are gone; its kubelet says so before."""
        node = self._objects.find(NODES, "", name)
        if node is None:
            return
        if any(_counts(pod) for pod in self._life.index.pods_on(name)):
            self._timeline.after(DRAINED, partial(self._shut_down, name))
            return
        now = self._timeline.now

        def say(each: Json) -> None:
            before = each["status"].get("conditions") or ()
            words = ("Ready", "False", "KubeletNotReady", "node is shutting down")
            each["status"]["conditions"] = with_condition(before, condition(before, *words, now))

        self._objects.change(NODES, "", name, say)
        told = f"Node {name} status is now: NodeNotReady"
        self._life.events.normal(node, "NodeNotReady", told, "kubelet", host=name)
        seconds = self._life.world.chance.of("shutdown", name).uniform(*MACHINE)
        self._timeline.after(seconds, partial(self._drop, name))

    def _drop(self, name: str) -> None:
        node = self._objects.find(NODES, "", name)
        if node is not None:
            words = f"Node {name} event: Removing Node {name} from Controller"
            self._life.events.normal(node, "RemovingNode", words, "node-controller")
            self._objects.finish(NODES, "", name)

    def _mark(self, name: str, key: str, effect: str) -> None:
        """Has a node carry a taint with this effect since now, or not at all."""
        since = str(int(self._timeline.now.timestamp()))

        def mark(node: Json) -> None:
            taints = node["spec"].get("taints") or []
            known = any(each["key"] == key and each["effect"] == effect for each in taints)
            if not known:
                taints = [each for each in taints if each["key"] != key]
                if effect:
                    taints = [*taints, {"key": key, "value": since, "effect": effect}]
                node["spec"]["taints"] = taints
            if not node["spec"].get("taints"):
                node["spec"].pop("taints", None)

        self._objects.change(NODES, "", name, mark)


def _counts(pod: Json) -> bool:
    """Whether a pod has to go somewhere when its node is removed: no daemon pod, and not over."""
    if phase_of(pod) in ENDED:
        return False
    owners = pod["metadata"].get("ownerReferences") or ()
    return not any(owner["kind"] == "DaemonSet" for owner in owners)


def _is_local(pod: Json) -> bool:
    for volume in pod["spec"].get("volumes") or ():
        folder = volume.get("emptyDir")
        if "hostPath" in volume or (folder is not None and folder.get("medium") != "Memory"):
            return True
    return False
