"""Which of the nodes that fit a scheduler takes: weights of kube-scheduler and of the chart's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hubtui.demo.life import placing
from hubtui.demo.life.amounts import weighs
from hubtui.demo.life.fitting import allocatable
from hubtui.demo.life.index import Index
from hubtui.demo.life.reading import controller_uid, name_of
from hubtui.demo.storage import Json


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts for how much; `packs` prefers full nodes, as the user-scheduler does."""

    affinity: int
    room: int
    taints: int
    siblings: int
    packs: bool = False


DEFAULT: Final = Weights(affinity=2, room=1, taints=3, siblings=2)
PACKING: Final = Weights(affinity=14631, room=121, taints=3, siblings=2, packs=True)
"""The user-scheduler's profile (facts.md §1.7)."""


def best(pod: Json, nodes: list[Json], index: Index, weights: Weights) -> list[Json]:
    """The nodes that score highest, of those that fit."""
    if len(nodes) < 2:
        return nodes
    liked = [placing.liking(pod, node) for node in nodes]
    shy = [_unwelcome(pod, node) for node in nodes]
    kin = _siblings(pod, nodes, index)
    scores = [
        weights.affinity * _of(liked[i], liked)
        + weights.taints * (100 - _of(shy[i], shy))
        + weights.siblings * (100 - _of(kin[i], kin))
        + weights.room * _room(pod, node, index, packs=weights.packs)
        for i, node in enumerate(nodes)
    ]
    top = max(scores)
    return [node for node, score in zip(nodes, scores, strict=True) if score == top]


def _of(value: int, all_values: list[int]) -> int:
    """A value in hundredths of the largest."""
    return 100 * value // max(all_values) if max(all_values) else 0


def _unwelcome(pod: Json, node: Json) -> int:
    taints = node["spec"].get("taints") or ()
    return sum(
        1 for t in taints if t["effect"] == "PreferNoSchedule" and not placing.tolerates(pod, t)
    )


def _siblings(pod: Json, nodes: list[Json], index: Index) -> list[int]:
    """How many pods of the same controller each node has."""
    uid = controller_uid(pod)
    if not uid:
        return [0] * len(nodes)
    counts: dict[str, int] = {}
    for each in index.pods_of(uid):
        on = each["spec"].get("nodeName")
        if on:
            counts[on] = counts.get(on, 0) + 1
    return [counts.get(name_of(node), 0) for node in nodes]


def _room(pod: Json, node: Json, index: Index, *, packs: bool) -> int:
    has, load, (cpu, memory) = allocatable(node), index.load_of(name_of(node)), weighs(pod)
    filled = [
        min(100, 100 * used // total) if total else 100
        for used, total in (
            (load.cpu + cpu, has.get("cpu", 0)),
            (load.memory + memory, has.get("memory", 0)),
        )
    ]
    full = sum(filled) // 2
    return full if packs else 100 - full
