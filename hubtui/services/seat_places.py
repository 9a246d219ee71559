"""The nodes as seats see them: what is left, what placeholders would give back, how many volumes
more they take."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

from hubtui.model.kube import Pod
from hubtui.model.kube_needs import CsiNode
from hubtui.model.packing import Amounts, Share, amount, requests, sum_of
from hubtui.model.roles import Role, role_of
from hubtui.model.seats import Place
from hubtui.model.why_facts import claim_names
from hubtui.services.nodes import NodeRow

_OLD_LIMITS: Final = "attachable-volumes-"
"""What of a node's allocatable tells how many volumes of a cloud's own kind it takes."""


def place_of(
    row: NodeRow, pods: Collection[Pod], is_soft: Callable[[Pod], bool], volumes: int | None
) -> Place | None:
    """A node, with the placeholders that give way; None where there is none, or nothing is known
    of its size."""
    if row.node is None or row.allocatable is None:
        return None
    soft: Amounts = {}
    soft_pods = 0
    if row.placeholders or row.shares.get(Share.PLACEHOLDERS):
        way = [pod for pod in pods if is_soft(pod)]
        soft, soft_pods = sum_of(requests(pod) for pod in way), len(way)
    return Place(row.node, row.allocatable, row.used, row.pods, volumes, soft, soft_pods)


def gives_way(pod: Pod, priority: int) -> bool:
    """Whether it is a placeholder, of whatever hub, that a pod of a priority pushes out."""
    return pod.spec.priority < priority and role_of(pod) is Role.USER_PLACEHOLDER


def volume_limit(row: NodeRow, drivers: CsiNode | None, driver: str) -> int | None:
    """How many volumes of a driver can be attached to a node; None where nothing limits them. Of
    one that the node does not tell of, where several have a limit it cannot be told which one
    counts, and `has_several`."""
    limits = _limits(drivers)
    if driver in limits:
        return limits[driver]
    written = row.node.status.allocatable if row.node is not None else {}
    old = [amount(name, n) for name, n in written.items() if name.startswith(_OLD_LIMITS)]
    found = [each for each in limits.values() if each is not None] or old
    return found[0] if len(found) == 1 else None


def has_several(drivers: CsiNode, driver: str) -> bool:
    """Whether a node has limits, and which one counts for a driver cannot be told."""
    limits = _limits(drivers)
    return driver not in limits and sum(each is not None for each in limits.values()) > 1


def _limits(drivers: CsiNode | None) -> dict[str, int | None]:
    """The limit of each driver of a node, None where it has none (CSINode)."""
    return {
        each.name: each.allocatable.count if each.allocatable is not None else None
        for each in (drivers.spec.drivers if drivers is not None else None) or ()
    }


def volumes_on(pods: Iterable[Pod], namespace: str, shared: frozenset[str]) -> int:
    """How many volumes the pods of a node have there, without those that all servers share."""
    found = {
        (pod.metadata.namespace, claim)
        for pod in pods
        for claim in claim_names(pod)
        if pod.metadata.namespace != namespace or claim not in shared
    }
    return len(found)


def like_new(row: NodeRow, pods: Iterable[Pod], volumes: int | None) -> Place | None:
    """A node as it was when it came: with the pods of DaemonSets and those from its own files."""
    if row.node is None or row.allocatable is None:
        return None
    stay = [pod for pod in pods if _belongs_to_node(pod)]
    used = sum_of(requests(pod) for pod in stay)
    return Place(row.node, row.allocatable, used, len(stay), volumes)


def _belongs_to_node(pod: Pod) -> bool:
    owners = pod.metadata.owner_references
    is_daemon = any(owner.kind == "DaemonSet" and owner.controller for owner in owners)
    return is_daemon or pod.metadata.annotations.mirror is not None
