"""Which pods are worth a look: kept up to date by what changed, never by going through all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from hubtui.model import kube
from hubtui.model.packing import counts
from hubtui.model.podstate import state_of
from hubtui.model.roles import Role, role_of
from hubtui.services.pods import PodRow
from hubtui.services.problems.situation import CORE_ROLES
from hubtui.services.store import Store, Subscription

_NOT_LOOKED_AT: Final = (Role.USER_PLACEHOLDER, Role.PREPULL, Role.OTHER)
"""Placeholders wait as meant, a prepull tells itself what it cannot have; what else is in the
namespace is nobody's incident."""


class PodIndex:
    """The pods of a hub's core, those of all roles that are not plainly well, and which are on a
    node."""

    def __init__(self, store: Store[kube.Pod], release: str) -> None:
        self._store = store
        self._release = release
        self._seen = store.subscribe()
        self._core: dict[str, PodRow] = {}
        self._troubled: dict[str, PodRow] = {}
        self._node_of: dict[str, str] = {}
        self.on_nodes: dict[str, dict[str, kube.Pod]] = {}
        """The pods that have a node, by its name, without those that have ended."""
        self.server: kube.Pod | None = None
        """A user's pod, the last that was seen: what a further one would ask for."""
        self.version = 0
        """Counts the changes."""

    def update(self) -> bool:
        """Takes in what changed; whether anything did."""
        everything, keys = self._seen.drain()
        if everything:
            self._core.clear()
            self._troubled.clear()
            self._node_of.clear()
            self.on_nodes.clear()
            keys = {pod.key for pod in self._store}
        for key in keys:
            self._replace(key, self._store.get(key))
        if everything or keys:
            self.version += 1
        return everything or bool(keys)

    def _replace(self, key: str, pod: kube.Pod | None) -> None:
        self._core.pop(key, None)
        self._troubled.pop(key, None)
        self._place(key, pod)
        if pod is None:
            return
        role = role_of(pod, self._release)
        if role is Role.USERS:
            self.server = pod
        core = role in CORE_ROLES
        fine = _is_plainly_well(pod)
        if role in _NOT_LOOKED_AT or (fine and not core):
            return
        row = PodRow(pod, role, state_of(pod))
        if core:
            self._core[key] = row
        if not fine:
            self._troubled[key] = row

    def _place(self, key: str, pod: kube.Pod | None) -> None:
        before = self._node_of.pop(key, None)
        if before is not None:
            there = self.on_nodes[before]
            there.pop(key, None)
            if not there:
                del self.on_nodes[before]
        if pod is not None and counts(pod):
            self._node_of[key] = name = pod.spec.node_name
            self.on_nodes.setdefault(name, {})[key] = pod

    @property
    def core(self) -> Collection[PodRow]:
        """The pods of the core."""
        return self._core.values()

    @property
    def troubled(self) -> Collection[PodRow]:
        """The pods of which something is not as it should be, or not yet."""
        return self._troubled.values()

    def row(self, key: str) -> PodRow | None:
        """One of them, by `namespace/name`."""
        return self._troubled.get(key) or self._core.get(key)


def _is_plainly_well(pod: kube.Pod) -> bool:
    """Without working its whole state out: that of 5,000 pods takes too long for a beat."""
    status = pod.status
    if status.phase == "Succeeded":
        return True
    if status.phase != "Running" or pod.metadata.deletion_timestamp is not None:
        return False
    return all(each.ready for each in status.container_statuses) and all(
        each.type != "Ready" or each.status == "True" for each in status.conditions
    )


class EventIndex:
    """Events by the name of their object."""

    def __init__(self, store: Store[kube.Event]) -> None:
        self.store = store
        self._seen: Subscription = store.subscribe()
        self._names: dict[str, str] = {}
        self._events: dict[str, dict[str, kube.Event]] = {}

    def update(self) -> bool:
        """Takes in what changed; whether anything did."""
        everything, keys = self._seen.drain()
        if everything:
            self._names.clear()
            self._events.clear()
            keys = {event.key for event in self.store}
        for key in keys:
            before = self._events.get(self._names.pop(key, ""))
            if before is not None:
                before.pop(key, None)
            event = self.store.get(key)
            if event is not None:
                name = event.involved_object.name
                self._names[key] = name
                self._events.setdefault(name, {})[key] = event
        return everything or bool(keys)

    def of(self, names: Iterable[str]) -> Mapping[str, Sequence[kube.Event]]:
        """The events of these objects, newest first."""
        return {name: _newest_first(self._events[name]) for name in names if name in self._events}


def _newest_first(events: Mapping[str, kube.Event]) -> Sequence[kube.Event]:
    known = [event for event in events.values() if event.last_seen is not None]
    return sorted(known, key=lambda event: str(event.last_seen), reverse=True)
