"""Whether a node takes a pod, and how often: the rules of kube-scheduler's filters.

Source: k8s.io/kubernetes v1.36 `pkg/scheduler/framework/plugins`: nodeunschedulable,
tainttoleration, nodeaffinity, noderesources (fit), nodevolumelimits and volumezone, in this order.
What depends on the other pods of a node or zone (affinity between pods, topology spread, host
ports, claims of devices) is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from hubtui.model.kube_needs import Node, Toleration, WholePod
from hubtui.model.node_affinity import Affinity, selects
from hubtui.model.node_facts import zone_of
from hubtui.model.packing import PODS, Amounts, amounts, requests
from hubtui.model.taints import CORDONED, singular, taint_words, untolerated
from hubtui.model.why_facts import claim_names

VOLUMES: Final = "volumes"
"""Stands for a node's volume limit where a resource is named."""


@dataclass(frozen=True, slots=True)
class Wanting:
    """What a pod wants of its node.

    `zones` are those that its volumes can be in, None where any will do; `claims` is how many
    volumes come to the node with it.
    """

    requests: Amounts
    selector: Mapping[str, str]
    affinity: Affinity | None = None
    tolerations: tuple[Toleration, ...] = ()
    zones: frozenset[str] | None = None
    claims: int = 0
    priority: int = 0

    def __hash__(self) -> int:
        asked, selector = frozenset(self.requests.items()), frozenset(self.selector.items())
        return hash((asked, selector, self.affinity, self.tolerations, self.claims, self.priority))

    @classmethod
    def of(cls, pod: WholePod, zones: frozenset[str] | None = None) -> Wanting:
        """What a pod that there is wants; what its volumes say of zones the caller knows."""
        spec = pod.spec
        return cls(
            requests={name: number for name, number in requests(pod).items() if number},
            selector=spec.node_selector,
            affinity=affinity_of(spec.affinity),
            tolerations=spec.tolerations,
            zones=zones,
            claims=len(set(claim_names(pod))),
            priority=spec.priority,
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a node does not take a pod: `is cordoned`. `resource` where other pods that leave would
    help: memory, `pods` for a slot, `volumes`; empty where they would not."""

    words: str
    resource: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """How often a pod fits, and of what there is too little for once more."""

    number: int
    binds: str = ""


def affinity_of(written: Mapping[str, Any] | None) -> Affinity | None:
    """An affinity as it is written. Raises ValueError when it is none."""
    try:
        return msgspec.convert(written, Affinity | None)
    except msgspec.ValidationError as error:
        raise ValueError(f"this is no affinity: {error}") from error


def refusal(
    wanting: Wanting, node: Node, used: Amounts, pods: int, volumes: int | None = None
) -> Refusal | None:
    """Why a node does not take a pod as it is now; None when it does.

    `used` is what the pods on it ask for and `pods` how many they are; `volumes` is how many more
    it takes, None where that is not known.
    """
    kept_off = off(wanting, node)
    if kept_off is not None:
        return kept_off
    has = amounts(node.status.allocatable)
    for name, left, asked in _rooms(wanting, has, used, pods, volumes):
        if asked > left:
            return Refusal(_SHORT.get(name, f"has too little free {name}"), name)
    return _elsewhere(wanting, node)


def off(wanting: Wanting, node: Node) -> Refusal | None:
    """Why a node takes none of such pods, however empty it is; the zone apart."""
    if node.spec.unschedulable and not any(t.tolerates(CORDONED) for t in wanting.tolerations):
        return Refusal(singular(taint_words([CORDONED])))
    taints = untolerated(wanting.tolerations, node)
    if taints:
        return Refusal(singular(taint_words(taints)))
    if not selects(wanting.selector, wanting.affinity, node):
        return Refusal("has not the labels that it asks for")
    return None


def room(
    wanting: Wanting, node: Node, used: Amounts, pods: int, volumes: int | None = None
) -> Room:
    """How many of such pods a node takes at once; the arguments are those of `refusal`."""
    if off(wanting, node) is not None or _elsewhere(wanting, node) is not None:
        return Room(0)
    return room_of(wanting, amounts(node.status.allocatable), used, pods, volumes)


def room_of(
    wanting: Wanting, has: Amounts, used: Amounts, pods: int, volumes: int | None = None
) -> Room:
    """The same of a node that keeps none of them off, from what it `has` to give."""
    fits = [
        (max(left, 0) // n, name) for name, left, n in _rooms(wanting, has, used, pods, volumes)
    ]
    number, name = min(fits, key=lambda each: each[0])
    return Room(number, name)


def _rooms(
    wanting: Wanting, has: Amounts, used: Amounts, pods: int, volumes: int | None
) -> Iterator[tuple[str, int, int]]:
    """What is counted on a node: its name, how much is left, how much one pod asks for."""
    yield PODS, has.get(PODS, 0) - pods, 1
    for name, asked in wanting.requests.items():
        if asked:
            yield name, has.get(name, 0) - used.get(name, 0), asked
    if volumes is not None and wanting.claims:
        yield VOLUMES, volumes, wanting.claims


def _elsewhere(wanting: Wanting, node: Node) -> Refusal | None:
    """Whether a volume that is in a zone keeps the pod away."""
    if wanting.zones is None:
        return None
    zone = zone_of(node)
    if not zone:
        return Refusal("tells no zone, and its volume is in one")
    return None if zone in wanting.zones else Refusal("is in another zone than its volume")


_SHORT: Final = {
    PODS: "has no free pod slot",
    VOLUMES: "has no room for a further volume",
}
