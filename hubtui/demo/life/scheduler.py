"""The schedulers: kube-scheduler, and the hub's own that packs users onto few nodes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hubtui.demo.life import placing, scoring, volumes
from hubtui.demo.life.amounts import Amounts, add, asks
from hubtui.demo.life.base import Life
from hubtui.demo.life.fitting import refusals, sentence
from hubtui.demo.life.making import priority_of
from hubtui.demo.life.pace import later, passed
from hubtui.demo.life.preemption import NOT_HELPFUL, Preempting
from hubtui.demo.life.reading import (
    ENDED,
    Key,
    component_of,
    condition,
    condition_of,
    is_ready,
    is_terminating,
    labels_of,
    name_of,
    node_of,
    phase_of,
    uid_of,
    with_condition,
)
from hubtui.demo.resources import CLAIMS, NODES, PODS
from hubtui.demo.storage import Change, Json, key_of
from hubtui.demo.timeline import Due

DEFAULT: Final = "default-scheduler"
USERS: Final = "user-scheduler"
LATENCY: Final = 0.2
"""Seconds after which new pods are looked at, together."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0
"""Seconds before a pod that fitted nowhere is tried again, and their limit (podBackoff)."""

LOOK: Final = 5.0
"""Seconds between looks at pods whose scheduler is away."""


@dataclass
class Waiting:
    """A pod without a node: how often it was tried, from when it may be again, and where room was
    made for it by preemption, or is kept until its volumes are made."""

    tries: int = 0
    not_before: datetime | None = None
    parked: bool = False
    nominated: str = ""
    asked: Amounts = field(default_factory=dict)
    priority: int = 0


class Scheduler:
    """Binds pods to nodes, the most important first."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._objects = life.world.objects
        self._timeline = life.world.timeline
        self._preempting = Preempting(life.world.objects, life.index)
        self._waiting: dict[Key, Waiting] = {}
        self._cycle: Due | None = None
        self._at_work: dict[str, bool] = {}

    def see(self, change: Change) -> None:
        """Takes up pods without a node, and tries again when something makes room."""
        if change.resource is PODS:
            self._see_pod(change)
        elif (change.resource is NODES and _helps(change)) or change.resource is CLAIMS:
            self._stir()

    def _see_pod(self, change: Change) -> None:
        pod, key = change.object, key_of(change.object)
        gone = change.type == "DELETED" or is_terminating(pod) or phase_of(pod) in ENDED
        if gone or node_of(pod):
            self._waiting.pop(key, None)
        elif key not in self._waiting:
            self._waiting[key] = Waiting()
            self._wake(LATENCY)
        if _frees(change) or (component_of(pod) == USERS and is_ready(pod)):
            self._stir()

    def _stir(self) -> None:
        """Something changed that may help those that wait."""
        for entry in self._waiting.values():
            entry.parked = False
        if self._waiting:
            self._wake(LATENCY)

    def _wake(self, seconds: float) -> None:
        if self._cycle is not None:
            if -passed(self._timeline, self._cycle.at) <= seconds:
                return
            self._cycle.cancelled = True
        self._cycle = self._timeline.after(seconds, self._run)

    def _run(self) -> None:
        self._cycle = None
        self._at_work.clear()
        now, ready = self._timeline.now, []
        for key, entry in tuple(self._waiting.items()):
            pod = self._objects.find(PODS, *key)
            if pod is None:
                self._waiting.pop(key, None)
            elif not entry.parked and (entry.not_before is None or entry.not_before <= now):
                entry.asked, entry.priority = asks(pod), priority_of(self._objects, pod)
                ready.append((key, entry, pod))
        ready.sort(key=lambda each: -each[1].priority)
        nodes = {name_of(node): node for node in self._objects.all(NODES)} if ready else {}
        for key, entry, pod in ready:
            self._try(key, entry, pod, nodes)
        self._plan()

    def _plan(self) -> None:
        """When the next of those that wait is due."""
        dues = [
            max(LATENCY, -passed(self._timeline, entry.not_before))
            for entry in self._waiting.values()
            if not entry.parked and entry.not_before is not None
        ]
        if dues:
            self._wake(min(dues))

    def _try(self, key: Key, entry: Waiting, pod: Json, nodes: dict[str, Json]) -> None:
        name = pod["spec"].get("schedulerName") or DEFAULT
        if name != DEFAULT and not self._works(name):
            entry.not_before = later(self._timeline, LOOK)
            return
        by = DEFAULT if name == DEFAULT else name
        homes = volumes.homes_of(self._objects, pod)
        if homes.missing:
            tail = f" preemption: {sentence(len(nodes), [NOT_HELPFUL] * len(nodes))}"
            self._refuse(entry, pod, sentence(len(nodes), (), before=homes.missing) + tail, by)
            return
        if not nodes:
            self._refuse(entry, pod, "no nodes available to schedule pods", by)
            return
        reserved = self._reserved(key, entry.priority)
        refused: dict[str, list[str]] = {}
        fit: list[Json] = []
        far = {name for name, node in nodes.items() if not homes.reached_from(node)}
        for node_name, node in nodes.items():
            load = self._life.index.load_of(node_name)
            used = dict(load.asked)
            add(used, reserved.get(node_name) or {})
            reasons = refusals(pod, node, entry.asked, used, load.pods)
            if not reasons and node_name in far:
                reasons = [volumes.FAR]
            if reasons:
                refused[node_name] = reasons
            else:
                fit.append(node)
        if fit:
            self._choose(pod, fit, name, entry, homes)
        else:
            self._preempt(entry, pod, refused, nodes, reserved, by, far)

    def _choose(
        self, pod: Json, fit: list[Json], name: str, entry: Waiting, homes: volumes.Homes
    ) -> None:
        nominated = [node for node in fit if name_of(node) == entry.nominated]
        weights = scoring.DEFAULT if name == DEFAULT else scoring.PACKING
        best = nominated or scoring.best(pod, fit, self._life.index, weights)
        node = name_of(self._life.world.chance.of("node", uid_of(pod)).choice(best))
        if homes.waiting:
            # It is bound when its volumes are, and keeps its room until then.
            entry.nominated, entry.parked = node, True
            volumes.choose(self._objects, homes.waiting, node)
            return
        now = self._timeline.now

        def bind(each: Json) -> None:
            each["spec"]["nodeName"] = node
            status = each.setdefault("status", {})
            before = status.get("conditions") or ()
            told = condition(before, "PodScheduled", "True", "", "", now)
            status["conditions"] = with_condition(before, told)
            status.pop("nominatedNodeName", None)

        key = key_of(pod)
        bound = self._objects.change(PODS, *key, bind)
        if bound is not None:
            words = f"Successfully assigned {key[0]}/{key[1]} to {node}"
            self._life.events.normal(bound, "Scheduled", words, name)

    def _preempt(
        self,
        entry: Waiting,
        pod: Json,
        refused: dict[str, list[str]],
        nodes: dict[str, Json],
        reserved: dict[str, Amounts],
        by: str,
        far: Collection[str],
    ) -> None:
        every = [reason for reasons in refused.values() for reason in reasons]
        words = sentence(len(nodes), every)
        if entry.nominated in nodes and self._is_leaving(entry.nominated):
            entry.parked = True
            return
        found = self._preempting.seek(pod, entry.asked, refused, nodes, reserved, far)
        entry.nominated = found.node
        self._refuse(entry, pod, words + found.words, by)
        for victim in found.victims:
            told = f"Preempted by pod {uid_of(pod)} on node {found.node}"
            self._life.events.normal(victim, "Preempted", told, by)
            self._objects.delete(PODS, *key_of(victim))
        if found.victims:
            entry.not_before, entry.parked = None, False
            self._wake(LATENCY)

    def _is_leaving(self, node: str) -> bool:
        """Whether pods on a node are on their way out: room that was made is about to be free."""
        return any(is_terminating(pod) for pod in self._life.index.pods_on(node))

    def _reserved(self, key: Key, priority: int) -> dict[str, Amounts]:
        """What other pods as important have been promised, by node."""
        found: dict[str, Amounts] = {}
        for other, entry in self._waiting.items():
            if other != key and entry.nominated and entry.priority >= priority:
                add(found.setdefault(entry.nominated, {}), entry.asked)
        return found

    def _refuse(self, entry: Waiting, pod: Json, words: str, by: str) -> None:
        entry.tries += 1
        pause = min(FIRST_PAUSE * 2 ** (entry.tries - 1), LONGEST_PAUSE)
        entry.not_before = later(self._timeline, pause)
        entry.parked = True
        self._life.events.warning(pod, "FailedScheduling", words, by)
        before = (pod.get("status") or {}).get("conditions") or ()
        told = condition(
            before, "PodScheduled", "False", "Unschedulable", words, self._timeline.now
        )
        if condition_of(pod, "PodScheduled") != told:
            status = {**(pod.get("status") or {}), "conditions": with_condition(before, told)}
            if entry.nominated:
                status["nominatedNodeName"] = entry.nominated
            namespace, name = key_of(pod)
            head = {"namespace": namespace, "name": name}
            self._objects.update_status(PODS, {"metadata": head, "status": status})

    def _works(self, name: str) -> bool:
        """Whether a scheduler of this name is at work: that of a release, while a pod of it is. It
        binds the pods of all namespaces (the chart's ClusterRole)."""
        known = self._at_work.get(name)
        if known is None:
            release = name.removesuffix(f"-{USERS}")
            known = release != name and not self._life.world.faults.no_scheduler
            known = known and any(
                labels_of(pod).get("release") == release and is_ready(pod)
                for pod in self._life.index.pods_as(USERS)
            )
            self._at_work[name] = known
        return known


def _frees(change: Change) -> bool:
    """Whether a pod has left room on its node."""
    return change.type == "DELETED" or (phase_of(change.object) in ENDED and bool(change.before))


def _helps(change: Change) -> bool:
    """Whether a node came, or changed in what schedulers look at."""
    if placing.moved(change):
        return True
    before = ((change.before or {}).get("status") or {}).get("allocatable")
    return bool((change.object.get("status") or {}).get("allocatable") != before)
