"""How many more users fit: on each node, in all, and what of it binds.

The number of servers that the scheduler would still place if they were started one after the other
now. All of one kind ask for the same, and what one node has is no other's, so their order does not
matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from hubtui.model.kube_needs import Node
from hubtui.model.packing import PODS, Amounts, sum_of
from hubtui.model.placing import VOLUMES, Room, Wanting, off, room_of
from hubtui.model.singleuser import Offer

NOTHING: Final[Amounts] = {}

_WORDS: Final = {"cpu": "CPU", PODS: "pod slots", VOLUMES: "volumes"}


@dataclass(frozen=True, slots=True)
class Place:
    """A node with what is taken of it. `volumes` is how many more it takes, None where that is not
    known; `soft` and `soft_pods` are what placeholders on it would give back to a user."""

    node: Node
    has: Amounts
    used: Amounts
    pods: int
    volumes: int | None = None
    soft: Amounts = field(default_factory=dict)
    soft_pods: int = 0

    def with_(self, wanting: Wanting, times: int = 1) -> Place:
        """The node with pods more on it, or fewer."""
        asked = {name: times * number for name, number in wanting.requests.items()}
        volumes = self.volumes if self.volumes is None else self.volumes - times * wanting.claims
        used = sum_of((self.used, asked))
        return replace(self, used=used, pods=self.pods + times, volumes=volumes)

    def room(self, wanting: Wanting) -> Room:
        """How often a pod fits that the node does not keep off."""
        return room_of(wanting, self.has, self.used, self.pods, self.volumes)

    def emptied(self) -> Place:
        """The node without the placeholders that would give way."""
        if not self.soft_pods:
            return self
        taken = sum_of((self.used, {name: -number for name, number in self.soft.items()}))
        return replace(self, used=taken, pods=self.pods - self.soft_pods, soft=NOTHING, soft_pods=0)


@dataclass(frozen=True, slots=True)
class NodeSeats:
    """The seats on one node. `off` is why it takes none of such pods however empty it is; `binds`
    the resource that is used up first."""

    now: int = 0
    giving_way: int = 0
    binds: str = ""
    off: str = ""


class Tally:
    """The seats of one kind of pod, node by node: a node that changes costs itself alone."""

    def __init__(self, wanting: Wanting) -> None:
        self.wanting = wanting
        self.nodes: dict[str, NodeSeats] = {}
        self.now = self.giving_way = 0
        self.binds: Counter[str] = Counter()
        self.off: Counter[str] = Counter()
        self._off: dict[str, tuple[Node, str]] = {}

    def put(self, name: str, place: Place | None) -> None:
        """A node came, changed or, with None, is gone."""
        before = self.nodes.pop(name, None)
        if before is not None:
            self._count(before, -1)
        if place is None:
            self._off.pop(name, None)
            return
        seats = self.nodes[name] = self._seats(name, place)
        self._count(seats, 1)

    def _seats(self, name: str, place: Place) -> NodeSeats:
        kept_off = self._why_off(name, place.node)
        if kept_off:
            return NodeSeats(off=kept_off)
        now = place.room(self.wanting)
        way = place.emptied().room(self.wanting).number if place.soft_pods else now.number
        return NodeSeats(now.number, way, now.binds)

    def _why_off(self, name: str, node: Node) -> str:
        """Looked at anew only for another state of the node itself."""
        known = self._off.get(name)
        if known is None or known[0] is not node:
            refused = off(self.wanting, node)
            known = self._off[name] = node, refused.words if refused is not None else ""
        return known[1]

    def _count(self, seats: NodeSeats, times: int) -> None:
        self.now += times * seats.now
        self.giving_way += times * seats.giving_way
        (self.off if seats.off else self.binds)[seats.off or seats.binds] += times

    def words(self) -> str:
        """What binds, in words: `memory`, or with the numbers of nodes where it differs."""
        found = [(name, count) for name, count in self.binds.most_common() if count > 0]
        if len(found) == 1:
            return named(found[0][0])
        if found:
            return ", ".join(f"{named(name)} on {_nodes(count)}" for name, count in found)
        kept = [(words, count) for words, count in self.off.most_common() if count > 0]
        told = ", ".join(f"{count} {words}" for words, count in kept)
        return f"no node takes it: {told}" if told else "there is no node"


def named(resource: str) -> str:
    """A resource as an operator says it."""
    return _WORDS.get(resource, resource)


def _nodes(count: int) -> str:
    return "1 node" if count == 1 else f"{count} nodes"


@dataclass(frozen=True, slots=True)
class Limit:
    """What bounds the number of servers beside the nodes: `left` more are let through."""

    words: str
    left: int


@dataclass(frozen=True, slots=True)
class Growth:
    """A pool that may grow by `more` nodes; `like` is a new one of them, with what daemons take.

    None where the pool has no node to tell it from."""

    pool: str
    more: int
    like: Place | None


@dataclass(frozen=True, slots=True)
class OfferSeats:
    """The seats of one offer. `total` is how many more users fit now, `giving_way` how many when
    placeholders make room, `scaled` how many with all nodes that may still come; None where no
    maximum is told, or no node to tell from. `binds` says what there is too little of."""

    offer: Offer
    total: int
    giving_way: int
    binds: str
    by_node: Mapping[str, NodeSeats]
    scaled: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pending:
    """Pods that wait for a node and ask for the same; `fit` of the `count` find room as it is.

    `names` are the first of them; `placeholders` give way to users and take no seat of theirs."""

    wanting: Wanting
    count: int
    fit: int
    names: tuple[str, ...]
    placeholders: bool = False


@dataclass(frozen=True, slots=True)
class Seats:
    """The seats of all offers, in their order. With `at_most` more may be taken than could
    be read. `held` counts the placeholders that would give way to a user."""

    offers: tuple[OfferSeats, ...]
    pending: tuple[Pending, ...] = ()
    held: int = 0
    at_most: bool = False
    notes: tuple[str, ...] = ()

    @property
    def usual(self) -> OfferSeats:
        """The seats of the offer that somebody gets who chooses nothing."""
        return next((each for each in self.offers if each.offer.is_default), self.offers[0])

    @property
    def total(self) -> int:
        return self.usual.total

    @property
    def giving_way(self) -> int:
        return self.usual.giving_way

    @property
    def binds(self) -> str:
        return self.usual.binds

    @property
    def by_node(self) -> dict[str, int]:
        """The seats of the usual offer now, by node."""
        return {name: seats.now for name, seats in self.usual.by_node.items()}


def seats_of(
    tally: Tally,
    offer: Offer,
    taken: Mapping[str, Place],
    limits: Iterable[Limit] = (),
    growth: Iterable[Growth] = (),
) -> OfferSeats:
    """The answer for one offer; `taken` are the nodes that pending pods get first, with them."""
    nodes, now, way = tally.nodes, tally.now, tally.giving_way
    for name, place in taken.items():
        before = tally.nodes.get(name)
        if before is None or before.off:
            continue
        nodes = dict(nodes) if nodes is tally.nodes else nodes
        room = place.room(offer.wanting)
        emptied = place.emptied().room(offer.wanting).number
        nodes[name] = NodeSeats(room.number, emptied, room.binds)
        now += room.number - before.now
        way += emptied - before.giving_way
    binds, notes = tally.words(), list[str]()
    scaled = _scaled(offer.wanting, now, growth)
    for limit in limits:
        if limit.left < now:
            binds = limit.words
        now, way = min(now, limit.left), min(way, limit.left)
        scaled = min(scaled, limit.left) if scaled is not None else None
    return OfferSeats(offer, now, way, binds, dict(nodes), scaled, tuple(notes))


def _scaled(wanting: Wanting, now: int, growth: Iterable[Growth]) -> int | None:
    found: int | None = None
    for each in growth:
        if each.like is None:
            return None
        fits = 0 if off(wanting, each.like.node) is not None else each.like.room(wanting).number
        found = (now if found is None else found) + each.more * fits
    return found


def take_first(
    groups: Iterable[tuple[Tally, int]], places: Mapping[str, Place]
) -> tuple[dict[str, Place], list[int]]:
    """The nodes that pods which wait now will be on, with them, and how many of each group fit.

    The fullest node that still takes one gets it, as the chart's scheduler packs.
    """
    taken: dict[str, Place] = {}
    fits: list[int] = []
    for tally, count in groups:
        left = count if tally.now else 0
        open_for = [name for name, seats in tally.nodes.items() if not seats.off and seats.now]
        for name in sorted(open_for, key=lambda each: tally.nodes[each].now) if left else ():
            place = taken.get(name) or places[name]
            times = min(left, place.room(tally.wanting).number)
            if times:
                taken[name] = place.with_(tally.wanting, times)
                left -= times
        fits.append((count if tally.now else 0) - left)
    return taken, fits
