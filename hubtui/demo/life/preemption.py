"""Room for a pod by sending others away that matter less: kube-scheduler's DefaultPreemption."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hubtui.demo.life.amounts import Amounts, add, asks
from hubtui.demo.life.fitting import allocatable, is_shortage, sentence, shortages
from hubtui.demo.life.index import Index
from hubtui.demo.life.making import priority_of
from hubtui.demo.life.reading import ENDED, is_terminating, name_of, phase_of
from hubtui.demo.objects import Objects
from hubtui.demo.storage import Json

NOT_HELPFUL = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"


@dataclass(frozen=True, slots=True)
class Preemption:
    """The node where room can be made and whom that costs; or the words why nowhere."""

    node: str = ""
    victims: tuple[Json, ...] = ()
    words: str = ""


class Preempting:
    """Looks for victims."""

    def __init__(self, objects: Objects, index: Index) -> None:
        self._objects = objects
        self._index = index

    def seek(
        self,
        pod: Json,
        asked: Mapping[str, int],
        refused: Mapping[str, list[str]],
        nodes: Mapping[str, Json],
        reserved: Mapping[str, Amounts],
        far: Collection[str] = (),
    ) -> Preemption:
        """Where a pod could be if others left: `refused` has the reasons by node; nodes that are
        `far` do not reach its volumes."""
        mine, found, words = priority_of(self._objects, pod), [], []
        for name, reasons in refused.items():
            if name in far or not is_shortage(reasons):
                words.append(NOT_HELPFUL)
                continue
            victims = self._victims(nodes[name], asked, mine, reserved.get(name) or {})
            if victims:
                found.append((name, victims))
            else:
                words.append(NO_VICTIMS)
        if not found:
            return Preemption(words=f" preemption: {sentence(len(nodes), words)}")
        name, victims = min(found, key=lambda each: self._cost(each[1]))
        return Preemption(name, tuple(victims))

    def _cost(self, victims: list[Json]) -> tuple[int, int]:
        priorities = [priority_of(self._objects, pod) for pod in victims]
        return max(priorities), len(victims)

    def _victims(
        self, node: Json, asked: Mapping[str, int], mine: int, reserved: Amounts
    ) -> list[Json]:
        """The fewest pods of less priority without which a pod fits; empty when none suffice."""
        load, has = self._index.load_of(name_of(node)), allocatable(node)
        lesser = [
            pod
            for pod in self._index.pods_on(name_of(node))
            if phase_of(pod) not in ENDED
            and not is_terminating(pod)
            and priority_of(self._objects, pod) < mine
        ]
        used, pods = dict(load.asked), load.pods - len(lesser)
        add(used, reserved)
        for pod in lesser:
            add(used, asks(pod), -1)
        if not lesser or shortages(has, asked, used, pods):
            return []
        victims = []
        lesser.sort(key=lambda pod: priority_of(self._objects, pod), reverse=True)
        for pod in lesser:
            add(used, asks(pod))
            if shortages(has, asked, used, pods + 1):
                add(used, asks(pod), -1)
                victims.append(pod)
            else:
                pods += 1
        return victims
