"""What a node's taints mean to a pod, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from hubtui.model.kube_needs import Node, Taint, Toleration
from hubtui.model.why_facts import listed

KEEP_OFF: Final = ("NoSchedule", "NoExecute")
"""The effects that a scheduler heeds; the third one is a wish."""

CORDONED: Final = Taint(key="node.kubernetes.io/unschedulable", effect="NoSchedule")
"""What a pod must tolerate to go to a cordoned node (kube-scheduler's NodeUnschedulable)."""

_WORDS: Final = {
    CORDONED.key: "cordoned",
    "node.kubernetes.io/not-ready": "not ready",
    "node.kubernetes.io/unreachable": "unreachable",
    "node.kubernetes.io/disk-pressure": "short of disk",
    "node.kubernetes.io/memory-pressure": "short of memory",
    "node.kubernetes.io/pid-pressure": "short of process ids",
    "ToBeDeletedByClusterAutoscaler": "about to be removed by the autoscaler",
    "DeletionCandidateOfClusterAutoscaler": "about to be removed by the autoscaler",
}
_DEDICATED: Final = ("hub.jupyter.org/dedicated", "hub.jupyter.org_dedicated")
_SINGULAR: Final = {"have": "has", "are": "is", "wait": "waits"}


def untolerated(tolerations: Iterable[Toleration], node: Node) -> list[Taint]:
    """The taints of a node that keep a pod away."""
    tolerations = tuple(tolerations)
    return [
        taint
        for taint in node.spec.taints
        if taint.effect in KEEP_OFF and not any(each.tolerates(taint) for each in tolerations)
    ]


def taint_words(taints: Sequence[Taint]) -> str:
    """What is said of nodes with these taints: `are cordoned`, `have a taint …`."""
    named = [_WORDS.get(taint.key) for taint in taints]
    if taints and all(named):
        return "are " + " or ".join(dict.fromkeys(str(words) for words in named))
    if taints and all(taint.key in _DEDICATED for taint in taints):
        return f"are kept for {' and '.join(sorted({taint.value for taint in taints}))} pods"
    shown = f" ({listed(sorted({str(taint) for taint in taints}))})" if taints else ""
    return f"have a taint that it does not tolerate{shown}"


def singular(words: str) -> str:
    """What is said of nodes, said of one: `is cordoned`."""
    verb, _, rest = words.partition(" ")
    return f"{_SINGULAR.get(verb, verb)} {rest}"
