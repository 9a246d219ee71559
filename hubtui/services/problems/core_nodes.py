"""The nodes of the core, for a part of it that has none: how full they are and by whom, cordoned,
or not there at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from hubtui.model.kube import Pod
from hubtui.model.kube_needs import Node
from hubtui.model.node_facts import PURPOSE
from hubtui.model.packing import CPU, MEMORY, PODS, Amounts, amounts, requests, sum_of
from hubtui.model.problem import Evidence, Fix, Verb
from hubtui.model.quantity import short_cores, short_size
from hubtui.model.roles import Role, role_of
from hubtui.services.nodes import ELSEWHERE
from hubtui.services.problems.signs import counted
from hubtui.services.problems.situation import Situation

CORE: Final = "core"
_CLOSED: Final = ("NoSchedule", "NoExecute")
SHOWN: Final = 3
"""Nodes that are told, and who fills one: the largest ones."""


def core_nodes(nodes: Mapping[str, Node]) -> list[Node]:
    """The nodes that are for the core, by the chart's label; where only others have a purpose, the
    ones that have none, for the core prefers its own and takes any (z2jh,
    scheduling.corePods.nodeAffinity)."""
    purposes = {name: node.metadata.labels.get(PURPOSE) for name, node in nodes.items()}
    known = set(purposes.values())
    if CORE in known or not known - {None}:
        return [node for name, node in nodes.items() if purposes[name] == CORE]
    return [
        node
        for name, node in nodes.items()
        if purposes[name] is None and not any(t.effect in _CLOSED for t in node.spec.taints or ())
    ]


def is_gone(seen: Situation) -> bool:
    """Whether nodes have purposes, and none is for the core."""
    purposes = {node.metadata.labels.get(PURPOSE) for node in seen.nodes.values()}
    return bool(purposes - {None}) and not core_nodes(seen.nodes)


def cordoned(seen: Situation) -> list[str]:
    """The nodes of the core that are cordoned."""
    found = core_nodes(seen.nodes)
    return sorted(node.metadata.name for node in found if node.spec.unschedulable)


def fixes(seen: Situation) -> Iterator[Fix]:
    """What opens the core's nodes again."""
    for name in cordoned(seen)[:1]:
        yield Fix(Verb.CORDON, name, f"uncordon {name}, so that the core may go there", undo=True)


def todo(seen: Situation) -> str:
    """What to do when it is the nodes of the core that are lacking; empty else."""
    if is_gone(seen):
        return "Raise the core pool's minimum to 1: no autoscaler need bring its first node then."
    closed = cordoned(seen)
    if closed and len(closed) == len(core_nodes(seen.nodes)):
        return "Uncordon the core's node, if nobody is at work on it."
    return ""


def evidence(seen: Situation) -> Iterator[Evidence]:
    """How the nodes of the core are, and what fills them."""
    if is_gone(seen):
        words = f"no node has the label {PURPOSE}={CORE}: the core's pool is at zero"
        yield Evidence("nodes", words, warning=True)
        return
    found = sorted(core_nodes(seen.nodes), key=lambda node: node.metadata.name)
    for node in found[:SHOWN]:
        name = node.metadata.name
        if node.spec.unschedulable:
            yield Evidence("node", f"{name} is cordoned", warning=True)
        if name in seen.filled:
            yield from _filled(seen, node, seen.filled[name])
    if len(found) > SHOWN:
        yield Evidence("nodes", f"and {len(found) - SHOWN} more nodes of the core")


def _filled(seen: Situation, node: Node, pods: Collection[Pod]) -> Iterator[Evidence]:
    has = amounts(node.status.allocatable)
    used = sum_of(requests(pod) for pod in pods)
    least = "at least " if ELSEWHERE in seen.missing else ""
    full = (
        f"{least}{_amount(CPU, used.get(CPU, 0))} of {_amount(CPU, has.get(CPU, 0))} cpu",
        f"{_amount(MEMORY, used.get(MEMORY, 0))} of {_amount(MEMORY, has.get(MEMORY, 0))} memory",
        f"{len(pods)} of {has.get(PODS, 0)} pod slots",
    )
    yield Evidence("node", f"{node.metadata.name}: {', '.join(full)} asked for")
    whose = _by_whom(seen, pods, has)
    if whose:
        yield Evidence("node", f"{node.metadata.name} is filled by {'; '.join(whose)}")


def _by_whom(seen: Situation, pods: Iterable[Pod], has: Amounts) -> list[str]:
    """Who asks for most of a node: the hub's parts by role, everybody else by namespace."""
    groups: dict[str, list[Pod]] = {}
    for pod in pods:
        groups.setdefault(_whose(seen, pod), []).append(pod)
    sums = {name: sum_of(requests(pod) for pod in members) for name, members in groups.items()}

    def weight(name: str) -> float:
        shares = [sums[name].get(each, 0) / has[each] for each in (CPU, MEMORY) if has.get(each)]
        return max([*shares, len(groups[name]) / has[PODS] if has.get(PODS) else 0.0])

    largest = sorted(groups, key=lambda name: (-weight(name), name))[:SHOWN]
    return [f"{name} ({_asked(sums[name])}{counted(len(groups[name]), 'pod')})" for name in largest]


def _whose(seen: Situation, pod: Pod) -> str:
    if pod.metadata.namespace != seen.namespace:
        return f"namespace {pod.metadata.namespace}"
    role = role_of(pod, seen.release)
    return "other pods of the hub's namespace" if role is Role.OTHER else role.value


def _asked(asked: Amounts) -> str:
    parts = [f"{_amount(name, asked[name])} {name}" for name in (CPU, MEMORY) if asked.get(name)]
    return "".join(f"{part}, " for part in parts)


def _amount(resource: str, number: int) -> str:
    return short_cores(Decimal(number) / 1000) if resource == CPU else short_size(number)
