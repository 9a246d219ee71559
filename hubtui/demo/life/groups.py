"""Node groups: pools that an autoscaler may make larger and smaller."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from hubtui.demo.life import placing
from hubtui.demo.life.amounts import Amounts, add, asks
from hubtui.demo.life.reading import labels_of, name_of
from hubtui.demo.objects import Objects
from hubtui.demo.resources import DAEMONSETS, NODES
from hubtui.demo.storage import Json

BY: Final = "cluster-autoscaler"
POOL: Final = "cloud.google.com/gke-nodepool"
ZONE: Final = "topology.kubernetes.io/zone"
GOES: Final = "ToBeDeletedByClusterAutoscaler"
"""The taint of a node that is about to be removed."""

MAY_GO: Final = "DeletionCandidateOfClusterAutoscaler"
"""The taint of a node that nobody needs, while the autoscaler waits."""


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes of one kind, from `least` to `most`. `pattern` gives what the next node is like, in a
    zone if the group has it; `make` gives one in that zone."""

    name: str
    least: int
    most: int
    make: Callable[[str], Json]
    pattern: Callable[[str], Json]

    @property
    def id(self) -> str:
        """What a cloud calls it."""
        return f"gke-hubtui-demo-{self.name}-grp"

    def has(self, node: Json) -> bool:
        """Whether a node is of the group."""
        return labels_of(node).get(POOL) == self.name

    def nodes(self, objects: Objects) -> list[Json]:
        """Its nodes, without those that are being removed."""
        return [each for each in objects.all(NODES) if self.has(each) and not is_going(each)]


def is_going(node: Json) -> bool:
    """Whether an autoscaler is removing a node."""
    return any(taint["key"] == GOES for taint in node["spec"].get("taints") or ())


def group_of(groups: Iterable[Group], node: Json) -> Group | None:
    """The group of a node."""
    return next((group for group in groups if group.has(node)), None)


def daemons_on(objects: Objects, node: Json) -> tuple[Amounts, int]:
    """What the daemon pods of a new node ask for, and how many they are."""
    total: Amounts = {}
    number = 0
    for owner in objects.all(DAEMONSETS):
        pod = {"metadata": {"name": name_of(owner)}, "spec": owner["spec"]["template"]["spec"]}
        if placing.may_start(pod, node):
            add(total, asks(pod))
            number += 1
    return total, number
