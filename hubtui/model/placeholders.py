"""What a number of placeholders does: at which user the next node is asked for.

An autoscaler adds a node when a pod finds none. With pod priority a user takes a placeholder's
seat, and the placeholder is what waits; without it a placeholder only holds room that nobody gets
(z2jh, "Optimizations": scheduling.userPlaceholder and scheduling.podPriority).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from hubtui.model.node_facts import PURPOSE
from hubtui.model.packing import CPU, MEMORY, sum_of
from hubtui.model.placing import Wanting, off
from hubtui.model.seats import Limit, Place


@dataclass(frozen=True, slots=True)
class Simulation:
    """With `placeholders` of them, `waiting` find no node now; the pod that makes the autoscaler
    add one comes with user number `at`, 0 when it is there already: the first user who finds no
    free seat pushes a placeholder out. One that is smaller than a user may find a gap elsewhere, so
    `at` is the earliest. `at_once` users in all start without waiting for a node; those after them
    are refused where that is what is `bound`, such as a quota.
    """

    placeholders: int
    waiting: int
    at: int
    at_once: int
    bound: str = ""

    def within(self, limits: Iterable[Limit]) -> Simulation:
        """The same where no more users are let through than the limits leave."""
        tight = min(limits, key=lambda limit: limit.left, default=None)
        if tight is None or tight.left >= self.at_once:
            return self
        return replace(self, at_once=tight.left, bound=tight.words)


class _Nodes:
    """The nodes that take users or placeholders, with so many placeholders on each."""

    def __init__(
        self,
        places: Mapping[str, Place],
        user: Wanting,
        holder: Wanting,
        present: Mapping[int, str],
    ) -> None:
        self.user, self.holder = user, holder
        self.places = dict(places)
        self.held = dict.fromkeys(places, 0)
        self.for_users = {name for name, p in places.items() if off(user, p.node) is None}
        self.for_holders = {name for name, p in places.items() if off(holder, p.node) is None}
        for name in present.values():
            if name in self.held:
                self.held[name] += 1
        self._open: dict[str, tuple[bool, float, str]] = {}
        for name in self.for_holders:
            self._look(name)

    def with_holders(self, name: str) -> Place:
        """A node with its placeholders."""
        return self.places[name].with_(self.holder, self.held[name])

    def hold(self) -> bool:
        """One placeholder more, on the fullest node that takes it; whether one does."""
        if not self._open:
            return False
        name = max(self._open, key=self._open.__getitem__)
        self.held[name] += 1
        self._look(name)
        return True

    def _look(self, name: str) -> None:
        """Whether a node takes one more: of the others nothing has changed."""
        place = self.with_holders(name)
        if place.room(self.holder).number:
            self._open[name] = self._liking(name, place)
        else:
            self._open.pop(name, None)

    def _liking(self, name: str, place: Place) -> tuple[bool, float, str]:
        taken = sum_of((place.used, self.holder.requests))
        shares = [taken.get(r, 0) / place.has[r] for r in (CPU, MEMORY) if place.has.get(r)]
        is_users = place.node.metadata.labels.get(PURPOSE) == "user"
        return is_users, sum(shares) / (len(shares) or 1), name

    def free(self) -> int:
        """How many users fit beside the placeholders."""
        return sum(self.with_holders(name).room(self.user).number for name in self.for_users)

    def in_all(self) -> int:
        """How many users fit when all placeholders give way."""
        return sum(self.places[name].room(self.user).number for name in self.for_users)


def simulate(
    places: Mapping[str, Place],
    user: Wanting,
    holder: Wanting,
    placeholders: int,
    present: Mapping[int, str],
    *,
    gives_way: bool,
) -> Simulation:
    """What happens with another number of placeholders; `places` are the nodes as they are now,
    without the placeholders.

    `present` are the nodes of those there are, by their number in the StatefulSet, which takes the
    highest ones away first; `gives_way` whether a user may push them out.
    """
    kept = {number: name for number, name in present.items() if number < placeholders and name}
    nodes = _Nodes(places, user, holder, kept)
    missing = placeholders - len(kept)
    while missing and nodes.hold():
        missing -= 1
    free = nodes.free()
    at_once = nodes.in_all() if gives_way else free
    at = 0 if missing else free + 1
    return Simulation(placeholders, missing, at, at_once)
