"""A cluster autoscaler that adds nodes: for pods that fit on none, where a new one would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from hubtui.demo.life.amounts import Amounts, add, asks
from hubtui.demo.life.base import Life
from hubtui.demo.life.fitting import refusals
from hubtui.demo.life.groups import BY, ZONE, Group, daemons_on
from hubtui.demo.life.making import priority_of
from hubtui.demo.life.nodes import NOT_READY
from hubtui.demo.life.reading import (
    ENDED,
    Key,
    condition_of,
    is_terminating,
    name_of,
    node_of,
    phase_of,
    uid_of,
)
from hubtui.demo.life.volumes import FAR, Homes, homes_of
from hubtui.demo.resources import NODES, PODS
from hubtui.demo.storage import Change, Json, key_of

SCAN: Final = 10.0
"""Seconds between two looks (--scan-interval)."""

FULL: Final = "max node group size reached"
EXPENDABLE: Final = -10
"""Below this priority no node is added for a pod (--expendable-pods-priority-cutoff)."""

COMES: Final = (45.0, 70.0)
"""Seconds until a machine that was asked for has registered."""

AGAIN: Final = 300.0
"""Seconds after which a pod is told once more that nothing is done for it."""


@dataclass
class Coming:
    """A node that was asked for and is not ready yet, with what is meant for it; it has a `name`
    once it has registered."""

    group: Group
    node: Json
    daemons: tuple[Amounts, int]
    asked: Amounts = field(default_factory=dict)
    pods: int = 0
    name: str = ""

    def clear(self) -> None:
        """Only its daemon pods are meant for it."""
        asked, self.pods = self.daemons
        self.asked = dict(asked)

    def takes(self, pod: Json, asked: Amounts, homes: Homes) -> list[str]:
        """What keeps a pod off it; empty when it fits."""
        found = refusals(pod, self.node, asked, self.asked, self.pods)
        return found or ([] if homes.reached_from(self.node) else [FAR])

    def put(self, asked: Amounts) -> None:
        """A pod is meant for it."""
        add(self.asked, asked)
        self.pods += 1


@dataclass
class Option:
    """How a group would help: with which new nodes, which pods; why it does not for others."""

    group: Group
    nodes: list[Coming] = field(default_factory=list)
    helped: list[Json] = field(default_factory=list)


class ScaleUp:
    """Looks at the pods that find no node, every so often while there are some. Of the groups that
    would help it takes the one that helps most pods, with the fewest nodes."""

    def __init__(self, life: Life, groups: Iterable[Group]) -> None:
        self._life = life
        self._objects = life.world.objects
        self._timeline = life.world.timeline
        self._groups = tuple(groups)
        self._pending: dict[Key, None] = {}
        self._coming: dict[str, Coming] = {}
        self._told: dict[str, str] = {}
        self._planned = False
        self._number = 0
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Has it told when machines are asked for."""
        self._listeners.append(listener)

    def see(self, change: Change) -> None:
        """Notes pods for which a scheduler has found no node, and nodes that are ready."""
        if change.resource is NODES:
            name = name_of(change.object)
            if change.type == "DELETED" or not _starts(change.object):
                self._coming = {k: each for k, each in self._coming.items() if each.name != name}
        if change.resource is not PODS:
            return
        key = key_of(change.object)
        if change.type != "DELETED" and _is_stuck(change.object):
            self._pending.setdefault(key)
            self._plan()
        elif key in self._pending:
            del self._pending[key]
            self._told.pop(uid_of(change.object), None)

    def is_growing(self, group: Group) -> bool:
        """Whether nodes of a group are on their way, or not ready yet."""
        return any(each.group is group for each in self._coming.values())

    def coming(self, group: Group) -> int:
        """How many nodes of a group were asked for and have not registered."""
        return sum(each.group is group and not each.name for each in self._coming.values())

    def _plan(self) -> None:
        if self._groups and not self._planned:
            self._planned = True
            self._timeline.after(SCAN, self._scan)

    def _scan(self) -> None:
        self._planned = False
        found = [self._objects.find(PODS, *key) for key in self._pending]
        pods = [pod for pod in found if pod is not None and self._is_helpless(pod)]
        pods.sort(key=lambda pod: -priority_of(self._objects, pod))
        for each in self._coming.values():
            each.clear()
        pods = [pod for pod in pods if not self._is_provided_for(pod)]
        options = [self._option(group, pods) for group in self._groups]
        best = max(options, key=lambda each: (len(each.helped), -len(each.nodes)), default=None)
        if best is not None and best.helped:
            self._grow(best)
        helped = {uid_of(pod) for option in options for pod in option.helped}
        for pod in pods:
            if uid_of(pod) not in helped:
                self._say_no(pod)
        if self._pending:
            self._plan()

    def _is_helpless(self, pod: Json) -> bool:
        """Whether a pod is one to add a node for, and no node that there is would take it."""
        if priority_of(self._objects, pod) < EXPENDABLE or pod["status"].get("nominatedNodeName"):
            return False
        homes, asked = homes_of(self._objects, pod), asks(pod)
        if homes.missing:
            return False
        for node in self._objects.all(NODES):
            load = self._life.index.load_of(name_of(node))
            fits = not refusals(pod, node, asked, load.asked, load.pods)
            if fits and homes.reached_from(node):
                return False
        return True

    def _is_provided_for(self, pod: Json) -> bool:
        """Whether a pod has room on a node that comes; it is counted there."""
        homes, asked = homes_of(self._objects, pod), asks(pod)
        for each in self._coming.values():
            if not each.takes(pod, asked, homes):
                each.put(asked)
                return True
        return False

    def _option(self, group: Group, pods: list[Json]) -> Option:
        found = Option(group)
        for pod in pods:
            homes, asked = homes_of(self._objects, pod), asks(pod)
            place = next((n for n in found.nodes if not n.takes(pod, asked, homes)), None)
            if place is None and self._room(group) > len(found.nodes):
                place = self._new(group, homes)
                if place.takes(pod, asked, homes):
                    continue
                found.nodes.append(place)
            if place is not None:
                place.put(asked)
                found.helped.append(pod)
        return found

    def _room(self, group: Group) -> int:
        """How many nodes more a group may have."""
        return group.most - len(group.nodes(self._objects)) - self.coming(group)

    def _new(self, group: Group, homes: Homes) -> Coming:
        """A node that the group could have: in the zone of a pod's volumes."""
        zones = [
            value
            for terms in homes.terms
            for term in terms
            for each in term.get("matchExpressions") or ()
            if each["key"] == ZONE
            for value in each.get("values") or ()
        ]
        node = group.pattern(zones[0] if zones else "")
        found = Coming(group, node, daemons_on(self._objects, node))
        found.clear()
        return found

    def _grow(self, option: Option) -> None:
        group = option.group
        size = group.most - self._room(group)
        words = f"{group.id} {size}->{size + len(option.nodes)} (max: {group.most})"
        for pod in option.helped:
            self._life.events.normal(
                pod, "TriggeredScaleUp", f"pod triggered scale-up: [{{{words}}}]", BY
            )
        for each in option.nodes:
            self._number += 1
            name = f"coming-{self._number}"
            self._coming[name] = each
            seconds = self._life.world.chance.of("machine", group.name, self._number)
            self._timeline.after(seconds.uniform(*COMES), partial(self._arrive, name))
        for tell in self._listeners:
            tell()

    def _arrive(self, name: str) -> None:
        """The machine has started, and its kubelet registers it; it is ready a while later."""
        coming = self._coming[name]
        node = coming.group.make(coming.node["metadata"]["labels"][ZONE])
        node["spec"]["taints"] = [*(node["spec"].get("taints") or ()), NOT_READY]
        coming.name = name_of(node)
        self._objects.create(NODES, node)

    def _say_no(self, pod: Json) -> None:
        homes, asked = homes_of(self._objects, pod), asks(pod)
        reasons: Counter[str] = Counter()
        for group in self._groups:
            if self._room(group) < 1:
                reasons[FULL] += 1
                continue
            for words in self._new(group, homes).takes(pod, asked, homes)[:1]:
                reasons[words] += 1
        words = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
        if self._told.get(uid_of(pod)) == words:
            return
        self._told[uid_of(pod)] = words
        self._timeline.after(AGAIN, partial(self._forget, uid_of(pod)))
        self._life.events.normal(
            pod, "NotTriggerScaleUp", f"pod didn't trigger scale-up: {words}", BY
        )

    def _forget(self, uid: str) -> None:
        """What was told to a pod may be told again."""
        self._told.pop(uid, None)


def _starts(node: Json) -> bool:
    return any(taint["key"] == NOT_READY["key"] for taint in node["spec"].get("taints") or ())


def _is_stuck(pod: Json) -> bool:
    if node_of(pod) or is_terminating(pod) or phase_of(pod) in ENDED:
        return False
    told = condition_of(pod, "PodScheduled")
    return told is not None and told.get("reason") == "Unschedulable"
