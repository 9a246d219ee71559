"""What becomes of the pods of a node that is drained, and whether they fit elsewhere together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from hubtui.model.kube import Pod
from hubtui.model.kube_needs import Node
from hubtui.model.packing import CPU, MEMORY, Amounts, sum_of
from hubtui.model.placing import Wanting, refusal
from hubtui.model.roles import RESTARTABLE, Role, role_of
from hubtui.model.scale_down import controller_of
from hubtui.model.volumes import Volume

_NAMED: Final = 2
"""Reasons that are told of a pod that no node takes."""


class Kind(StrEnum):
    """What a pod on the node is to a drain."""

    SERVER = "server"
    """A user's, of this hub."""
    OTHER = "other"
    PLACEHOLDER = "placeholder"
    CORE = "core"
    """A part of this hub without which nobody works."""
    STAYS = "stays"
    """Of a DaemonSet, or from a file of the node: a drain leaves these (`kubectl drain`)."""
    ENDED = "ended"


def kind_of(pod: Pod, namespace: str, release: str) -> Kind:
    """What a pod is to a drain by the hub of a release in a namespace."""
    if pod.status.phase in ("Succeeded", "Failed"):
        return Kind.ENDED
    owner = controller_of(pod)
    if pod.metadata.annotations.mirror is not None or (owner and owner.kind == "DaemonSet"):
        return Kind.STAYS
    if pod.metadata.namespace != namespace:
        return Kind.OTHER
    role = role_of(pod, release)
    if role is Role.USERS:
        return Kind.SERVER
    if role is Role.USER_PLACEHOLDER:
        return Kind.PLACEHOLDER
    return Kind.CORE if role in RESTARTABLE else Kind.OTHER


def scratch_of(pod: Pod) -> tuple[str, ...]:
    """The volumes of a pod that go with it: emptyDir."""
    return tuple(each.name for each in pod.spec.volumes if each.empty_dir is not None)


@dataclass(frozen=True, slots=True)
class Mover:
    """A pod that needs another node. `volumes` are those of its claims, as far as known."""

    name: str
    wanting: Wanting
    volumes: tuple[Volume, ...] = ()


@dataclass(frozen=True, slots=True)
class Berth:
    """A node that may take some: what the pods on it ask for, and how many they are."""

    node: Node
    used: Amounts
    pods: int

    @property
    def name(self) -> str:
        return self.node.metadata.name

    def refuses(self, mover: Mover) -> str:
        """Why it does not take a pod; "" when it does."""
        found = refusal(mover.wanting, self.node, self.used, self.pods)
        return found.words if found is not None else self.lacks_volume_of(mover)

    def lacks_volume_of(self, mover: Mover) -> str:
        """Which of a pod's volumes it does not reach; "" when it reaches all."""
        away = next((v for v in mover.volumes if not v.is_within_reach_of(self.node)), None)
        if away is None:
            return ""
        return f"does not reach its volume{f' ({away.where})' if away.where else ''}"

    def with_one(self, mover: Mover) -> Berth:
        """The node with a pod more."""
        return Berth(self.node, sum_of((self.used, mover.wanting.requests)), self.pods + 1)


@dataclass(frozen=True, slots=True)
class Fit:
    """Where the pods of a node find room, by their names. `crowded` would each have a place, were
    the others not there; `nowhere` says why no node takes a pod."""

    places: dict[str, str] = field(default_factory=dict)
    crowded: tuple[str, ...] = ()
    nowhere: dict[str, str] = field(default_factory=dict)

    @property
    def all_fit(self) -> bool:
        return not self.crowded and not self.nowhere

    @property
    def asked(self) -> int:
        """How many were to be placed."""
        return len(self.places) + len(self.crowded) + len(self.nowhere)

    def only(self, names: Iterable[str]) -> Fit:
        """What is said of these alone."""
        chosen = set(names)
        return Fit(
            {name: place for name, place in self.places.items() if name in chosen},
            tuple(name for name in self.crowded if name in chosen),
            {name: why for name, why in self.nowhere.items() if name in chosen},
        )

    def without_place(self, name: str) -> str:
        """Why a pod has no place, in words; "" when it has one."""
        if name in self.crowded:
            return "there is no room for it together with the others"
        return self.nowhere.get(name, "")


def fit(movers: Iterable[Mover], berths: Sequence[Berth]) -> Fit:
    """Places all of them, each where it fits first: those with the least choice, then the largest.

    A packing that is not the best there is: that all fit is certain, that some do not is not.
    """
    movers = list(movers)
    room = {berth.name: berth for berth in berths}
    taking = _taking(movers, berths)
    places: dict[str, str] = {}
    crowded: list[str] = []
    nowhere: dict[str, str] = {}
    for mover in sorted(movers, key=lambda m: (len(taking[m.name]), _smallness(m), m.name)):
        if not taking[mover.name]:
            nowhere[mover.name] = _why(mover, berths)
            continue
        found = next((n for n in taking[mover.name] if not room[n].refuses(mover)), None)
        if found is None:
            crowded.append(mover.name)
        else:
            places[mover.name] = found
            room[found] = room[found].with_one(mover)
    return Fit(places, tuple(sorted(crowded)), nowhere)


def _taking(movers: Iterable[Mover], berths: Sequence[Berth]) -> dict[str, list[str]]:
    """Which nodes would take each pod, were it the only one: pods that ask alike are judged once,
    for most servers of a hub do."""
    alike: dict[Wanting, list[Berth]] = {}
    found: dict[str, list[str]] = {}
    for mover in movers:
        if mover.wanting not in alike:
            wanting = mover.wanting
            alike[wanting] = [b for b in berths if not refusal(wanting, b.node, b.used, b.pods)]
        found[mover.name] = [b.name for b in alike[mover.wanting] if not b.lacks_volume_of(mover)]
    return found


def _smallness(mover: Mover) -> tuple[int, int]:
    asked = mover.wanting.requests
    return -asked.get(MEMORY, 0), -asked.get(CPU, 0)


def _why(mover: Mover, berths: Sequence[Berth]) -> str:
    """Why none takes it, the most frequent reasons first."""
    if not berths:
        return "no other node takes new pods"
    reasons = [(berth.refuses(mover), berth.name) for berth in berths]
    counted = Counter(words for words, _ in reasons)
    told = []
    for words, count in counted.most_common(_NAMED):
        who = next(name for each, name in reasons if each == words)
        more = f" and {count - 1} more like it" if count > 1 else ""
        told.append(f"{who} {words}{more}")
    rest = len(counted) - len(told)
    return "; ".join(told) + (f"; {rest} other reasons" if rest > 0 else "")
