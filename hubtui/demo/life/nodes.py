"""Nodes: they register, are cordoned, fall silent and come back, and what that does to pods."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, Final

from hubtui.demo.life import placing
from hubtui.demo.life.base import Life
from hubtui.demo.life.claims import DRIVER, ZONE
from hubtui.demo.life.kubelets import Kubelets
from hubtui.demo.life.reading import (
    Key,
    condition,
    is_terminating,
    is_true,
    name_of,
    node_of,
    uid_of,
    with_condition,
)
from hubtui.demo.life.workqueue import WorkQueue
from hubtui.demo.objects import owner_of, stamp
from hubtui.demo.resources import CSI_NODES, NODES, PODS
from hubtui.demo.storage import Change, Json, key_of

BY: Final = "node-controller"
LOOK: Final = 10.0
"""Seconds between a kubelet's reports, and between looks at which are silent."""

GRACE: Final = 40.0
"""Seconds of silence after which a node is called Unknown (--node-monitor-grace-period)."""

COLLECTED: Final = 40.0
"""Seconds after which the pods of a node that was removed are taken away (podgc)."""

_WELL: Final = (
    (
        "MemoryPressure",
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
    ),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)
_STARTING: Final = (
    *_WELL[:-1],
    (
        "Ready",
        "False",
        "KubeletNotReady",
        "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
        "message:Network plugin returns error: cni plugin not initialized",
    ),
)
_UNREACHABLE: Final = "node.kubernetes.io/unreachable"
NOT_READY: Final = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
"""The taint with which a new machine registers itself, until its network is up."""

BOOT: Final = (9.0, 16.0)
"""Seconds until it is."""

DISKS: Final = 127
"""Disks that a machine of most types takes (the driver of Compute Engine's persistent disks)."""


class Nodes:
    """The node lifecycle controller, and the kubelets' reports about their nodes."""

    def __init__(self, life: Life, kubelets: Kubelets) -> None:
        self._life = life
        self._kubelets = kubelets
        self._objects = life.world.objects
        self._timeline = life.world.timeline
        self._queue = WorkQueue(life.world.timeline, self._reconcile)
        self._silent: dict[str, datetime] = {}
        self._timeline.after(LOOK, self._look)

    def see(self, change: Change) -> None:
        """Takes up nodes that come, change or go."""
        if change.resource is not NODES:
            return
        if change.type == "DELETED":
            name = name_of(change.object)
            self._timeline.after(COLLECTED, lambda: self._collect(name))
        elif placing.moved(change):
            self._queue.note(key_of(change.object))

    def _reconcile(self, key: Key) -> None:
        node = self._objects.find(NODES, *key)
        if node is None:
            return
        if not (node.get("status") or {}).get("conditions"):
            self._register(node)
        cordoned = bool(node["spec"].get("unschedulable"))
        taints = node["spec"].get("taints") or []
        if cordoned != any(each["key"] == placing.CORDONED["key"] for each in taints):
            mark = placing.CORDONED if cordoned else None
            self._taint(key[1], placing.CORDONED["key"], [mark] if mark else [])
            state = "NodeNotSchedulable" if cordoned else "NodeSchedulable"
            words = f"Node {key[1]} status is now: {state}"
            self._life.events.normal(node, state, words, "kubelet", host=key[1])
        self._evict_from(key[1])

    def _register(self, node: Json) -> None:
        """The kubelet's first report: what the manifest left out, and that all is well."""
        now, name = self._timeline.now, name_of(node)
        number = self._life.world.chance.of("address", name).randrange(2, 250)
        given = node.get("status") or {}
        starts = any(each["key"] == NOT_READY["key"] for each in node["spec"].get("taints") or ())
        capacity = given.get("capacity") or {"cpu": "4", "memory": "16Gi", "pods": "110"}
        status = {
            **given,
            "capacity": capacity,
            "allocatable": given.get("allocatable") or {"pods": "110", **capacity},
            "addresses": given.get("addresses")
            or [
                {"type": "InternalIP", "address": f"10.0.0.{number}"},
                {"type": "Hostname", "address": name},
            ],
            "images": given.get("images") or [],
            "nodeInfo": given.get("nodeInfo") or _info(),
            "conditions": [_reported(each, now) for each in (_STARTING if starts else _WELL)],
        }

        def complete(each: Json) -> None:
            labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
            labels |= {"kubernetes.io/arch": "amd64"}
            each["metadata"]["labels"] = {**labels, **(each["metadata"].get("labels") or {})}
            each["status"] = status

        self._objects.change(NODES, "", name, complete)
        words = f"Node {name} event: Registered Node {name} in Controller"
        self._life.events.normal(node, "RegisteredNode", words, BY)
        self._tell_of_disks(node)
        if starts:
            seconds = self._life.world.chance.of("boot", name).uniform(*BOOT)
            self._timeline.after(seconds, lambda: self._find_again(name))
            return
        words = f"Node {name} status is now: NodeReady"
        self._life.events.normal(node, "NodeReady", words, "kubelet")

    def _tell_of_disks(self, node: Json) -> None:
        """The driver of disks says how many a node takes."""
        name = name_of(node)
        limit = {"name": DRIVER, "nodeID": name, "topologyKeys": [ZONE]}
        drivers = [{**limit, "allocatable": {"count": DISKS}}]
        if self._objects.find(CSI_NODES, "", name) is None:
            head = {"name": name, "ownerReferences": [{**owner_of(node), "controller": False}]}
            self._objects.create(CSI_NODES, {"metadata": head, "spec": {"drivers": drivers}})

    def _look(self) -> None:
        # The days before the first look have thousands of these, nearly all with nothing to see.
        if self._life.world.faults.lost_nodes or self._silent:
            self._look_for_silent()
        self._kubelets.look_for_faults()
        self._timeline.after(LOOK, self._look)

    def _look_for_silent(self) -> None:
        lost, now = self._life.world.faults.lost_nodes, self._timeline.now
        for name in sorted(lost - self._silent.keys()):
            if self._objects.find(NODES, "", name) is not None:
                self._silent[name] = now
                self._timeline.after(GRACE, partial(self._lose, name, now))
        for name in [name for name in self._silent if name not in lost]:
            del self._silent[name]
            self._find_again(name)

    def _lose(self, name: str, since: datetime) -> None:
        node = self._objects.find(NODES, "", name)
        if node is None or self._silent.get(name) != since:
            return
        now = self._timeline.now
        words = "Kubelet stopped posting node status."

        def forget(each: Json) -> None:
            conditions = each["status"]["conditions"]
            for kind, *_ in _WELL:
                told = condition(conditions, kind, "Unknown", "NodeStatusUnknown", words, now)
                conditions = with_condition(conditions, told)
            each["status"]["conditions"] = conditions

        self._objects.change(NODES, "", name, forget)
        told = f"Node {name} status is now: NodeNotReady"
        self._life.events.normal(node, "NodeNotReady", told, BY)
        added = stamp(now)
        marks = [
            {"key": _UNREACHABLE, "effect": effect, "timeAdded": added}
            for effect in ("NoSchedule", "NoExecute")
        ]
        self._taint(name, _UNREACHABLE, marks)
        for pod in self._life.index.pods_on(name):
            self._mark_unready(pod)

    def _mark_unready(self, pod: Json) -> None:
        if not is_true(pod, "Ready"):
            return
        now, before = self._timeline.now, pod["status"]["conditions"]
        told = condition(before, "Ready", "False", "", "", now)
        status = {**pod["status"], "conditions": with_condition(before, told)}
        namespace, name = key_of(pod)
        head = {"namespace": namespace, "name": name}
        self._objects.update_status(PODS, {"metadata": head, "status": status})
        self._life.events.warning(pod, "NodeNotReady", "Node is not ready", BY)

    def _find_again(self, name: str) -> None:
        now, node = self._timeline.now, self._objects.find(NODES, "", name)
        if node is None:
            return
        was_lost = not is_true(node, "Ready")

        def report(each: Json) -> None:
            conditions = each["status"]["conditions"]
            for well in _WELL:
                conditions = with_condition(conditions, _reported(well, now, conditions))
            each["status"]["conditions"] = conditions

        self._objects.change(NODES, "", name, report)
        for key in (_UNREACHABLE, NOT_READY["key"]):
            self._taint(name, key, [])
        if was_lost:
            words = f"Node {name} status is now: NodeReady"
            self._life.events.normal(node, "NodeReady", words, "kubelet")
        self._kubelets.wake(name)

    def _taint(self, name: str, key: str, marks: list[dict[str, Any]]) -> None:
        """Has a node carry exactly these taints of a key."""

        def mark(node: Json) -> None:
            others = [each for each in node["spec"].get("taints") or () if each["key"] != key]
            node["spec"]["taints"] = [*others, *marks]
            if not node["spec"]["taints"]:
                del node["spec"]["taints"]

        self._objects.change(NODES, "", name, mark)

    def _evict_from(self, name: str) -> None:
        """Deletes the pods that do not tolerate a NoExecute taint, when their patience ends."""
        node = self._objects.find(NODES, "", name)
        taints = [t for t in (node or {"spec": {}})["spec"].get("taints") or ()
                  if t["effect"] == "NoExecute"]  # fmt: skip
        for pod in self._life.index.pods_on(name) if taints else ():
            patience = min((_patience(pod, taint) for taint in taints), default=None)
            if patience is not None and patience != float("inf") and not is_terminating(pod):
                self._timeline.after(patience, self._eviction(pod, name))

    def _eviction(self, pod: Json, node_name: str) -> Callable[[], None]:
        key, uid = key_of(pod), uid_of(pod)

        def evict() -> None:
            found = self._objects.find(PODS, *key)
            node = self._objects.find(NODES, "", node_name)
            if found is None or node is None or uid_of(found) != uid or is_terminating(found):
                return
            taints = node["spec"].get("taints") or ()
            if any(
                _patience(found, t) != float("inf") for t in taints if t["effect"] == "NoExecute"
            ):
                words = f"Marking for deletion Pod {key[0]}/{key[1]}"
                self._life.events.normal(
                    found, "TaintManagerEviction", words, "taint-eviction-controller"
                )
                self._objects.delete(PODS, *key)

        return evict

    def _collect(self, name: str) -> None:
        if self._objects.find(NODES, "", name) is None:
            for pod in self._life.index.pods_on(name):
                if node_of(pod) == name:
                    self._objects.finish(PODS, *key_of(pod))


def _patience(pod: Json, taint: dict[str, Any]) -> float:
    """Seconds that a pod bears a NoExecute taint: 0, its toleration's, or for ever."""
    found = [
        float(each.get("tolerationSeconds", "inf"))
        for each in pod["spec"].get("tolerations") or ()
        if placing.tolerates({"spec": {"tolerations": [each]}}, taint)
    ]
    return min(found, default=0.0)


def _reported(told: tuple[str, str, str, str], now: datetime, before: Iterable[Json] = ()) -> Json:
    kind, status, reason, message = told
    found = condition(before, kind, status, reason, message, now)
    return {**found, "lastHeartbeatTime": stamp(now)}


def _info() -> Json:
    return {
        "architecture": "amd64",
        "operatingSystem": "linux",
        "osImage": "Debian GNU/Linux 12 (bookworm)",
        "kernelVersion": "6.1.0-28-amd64",
        "containerRuntimeVersion": "containerd://2.1.4",
        "kubeletVersion": "v1.34.2",
    }
