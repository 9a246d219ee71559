"""The pods of a hub that wait for a node, grouped by what they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hubtui.model.kube_needs import WholePod
from hubtui.model.placing import Wanting
from hubtui.model.roles import Role, role_of
from hubtui.model.seats import Place, Tally
from hubtui.services.store import Store

NAMED: Final = 3
GROUPS: Final = 20
"""Groups whose room is looked for, the largest ones; the others are only counted."""

_NO_VOLUME: Final = ("volume node affinity conflict", "persistentvolumeclaim")
"""The scheduler's words for a pod that waits for its volume, and not for room."""


@dataclass(slots=True)
class Group:
    """Pods that ask for the same. `stuck` ones wait for a volume: room does not help them."""

    tally: Tally
    placeholders: bool
    stuck: bool
    names: dict[str, None] = field(default_factory=dict)

    @property
    def first(self) -> tuple[str, ...]:
        """The names of some, the oldest first."""
        return tuple(list(self.names)[:NAMED])


Key = tuple[Wanting, bool, bool]


class Queue:
    """The groups, kept up to date with a store of the pods without a node."""

    def __init__(self, store: Store[WholePod], release: str) -> None:
        self.store = store
        self._release = release
        self._seen = store.subscribe()
        self._keys: dict[str, Key] = {}
        self.groups: dict[Key, Group] = {}

    def update(self, places: Mapping[str, Place]) -> bool:
        """Takes in what changed; whether anything did. New groups look at all `places`."""
        everything, keys = self._seen.drain()
        if everything:
            keys = {*self._keys, *(pod.key for pod in self.store)}
        for key in keys:
            self._leave(key)
            pod = self.store.get(key)
            if pod is not None and _waits(pod):
                self._join(key, pod, places)
        return bool(keys)

    def largest(self) -> list[Group]:
        """The groups whose room is looked for, those of the highest priority first."""
        found = sorted(self.groups.values(), key=lambda each: -len(each.names))[:GROUPS]
        return sorted(found, key=lambda each: -each.tally.wanting.priority)

    def put(self, name: str, place: Place | None) -> None:
        """A node changed."""
        for group in self.groups.values():
            group.tally.put(name, place)

    def _leave(self, key: str) -> None:
        before = self._keys.pop(key, None)
        if before is not None:
            group = self.groups[before]
            group.names.pop(key.partition("/")[2], None)
            if not group.names:
                del self.groups[before]

    def _join(self, key: str, pod: WholePod, places: Mapping[str, Place]) -> None:
        holder = role_of(pod, self._release) is Role.USER_PLACEHOLDER
        wanted = (Wanting.of(pod), holder, _is_stuck(pod))
        group = self.groups.get(wanted)
        if group is None:
            group = self.groups[wanted] = Group(Tally(wanted[0]), holder, wanted[2])
            for name, place in places.items():
                group.tally.put(name, place)
        group.names[key.partition("/")[2]] = None
        self._keys[key] = wanted


def _waits(pod: WholePod) -> bool:
    """Whether it is in the scheduler's hands: what a DaemonSet makes for one node takes no seat."""
    owners = pod.metadata.owner_references
    return (
        not pod.spec.node_name
        and pod.status.phase in ("Pending", "")
        and pod.metadata.deletion_timestamp is None
        and not any(owner.kind == "DaemonSet" for owner in owners)
    )


def _is_stuck(pod: WholePod) -> bool:
    said = next((c for c in pod.status.conditions if c.type == "PodScheduled"), None)
    words = said.message.lower() if said is not None else ""
    return any(each in words for each in _NO_VOLUME)
