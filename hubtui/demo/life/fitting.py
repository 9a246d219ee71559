"""Why a node cannot take a pod, in the words of kube-scheduler's plugins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from hubtui.demo.life import placing
from hubtui.demo.life.amounts import Amounts, amounts
from hubtui.demo.storage import Json

PODS_PER_NODE: Final = 110

CORDONED: Final = "node(s) were unschedulable"
UNSELECTED: Final = "node(s) didn't match Pod's node affinity/selector"
PINNED: Final = "node(s) didn't satisfy plugin(s) [NodeAffinity]"
TOO_MANY: Final = "Too many pods"


def refusals(
    pod: Json, node: Json, asked: Mapping[str, int], used: Mapping[str, int], pods: int
) -> list[str]:
    """What keeps a node from taking a pod that asks for something, beside what is used there;
    empty when it fits. As in a scheduler, the first plugin that says no is the one that tells."""
    pinned = placing.pinned_to(pod)
    if pinned and pinned != node["metadata"]["name"]:
        return [PINNED]
    if node["spec"].get("unschedulable") and not placing.tolerates(pod, placing.CORDONED):
        return [CORDONED]
    taint = placing.untolerated(pod, node, "NoSchedule", "NoExecute")
    if taint is not None:
        return [f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"]
    if not placing.is_selected(pod, node):
        return [UNSELECTED]
    return shortages(allocatable(node), asked, used, pods)


def allocatable(node: Json) -> Amounts:
    """What a node has to give."""
    return amounts((node.get("status") or {}).get("allocatable"))


def shortages(
    has: Mapping[str, int], asked: Mapping[str, int], used: Mapping[str, int], pods: int
) -> list[str]:
    """Of what a node has too little left."""
    short = [TOO_MANY] if pods + 1 > has.get("pods", PODS_PER_NODE) else []
    for name, number in asked.items():
        if number and number > has.get(name, 0) - used.get(name, 0):
            short.append(f"Insufficient {name}")
    return short


def is_shortage(reasons: Iterable[str]) -> bool:
    """Whether all reasons would end if other pods left."""
    return all(each == TOO_MANY or each.startswith("Insufficient ") for each in reasons)


def sentence(nodes: int, reasons: Iterable[str], before: str = "") -> str:
    """`0/4 nodes are available: 1 …, 3 Insufficient memory.`, as FitError puts it."""
    counted = sorted(f"{count} {words}" for words, count in Counter(reasons).items())
    told = ([before] if before else []) + ([", ".join(counted)] if counted else [])
    return f"0/{nodes} nodes are available: {' '.join(f'{part}.' for part in told)}"
