"""What belongs where, kept up to date change by change, so that nobody looks through all pods."""

from __future__ import annotations

from dataclasses import dataclass, field

from hubtui.demo.life.amounts import Amounts, add, asks, weighs
from hubtui.demo.life.reading import (
    ENDED,
    Key,
    component_of,
    controller_uid,
    namespace_of,
    node_of,
    phase_of,
)
from hubtui.demo.resources import PODS, REPLICASETS, Resource
from hubtui.demo.storage import Change, Json, Storage, key_of


@dataclass
class Load:
    """What the pods of a node ask for together, and what they count for in comparisons."""

    asked: Amounts = field(default_factory=dict)
    pods: int = 0
    cpu: int = 0
    memory: int = 0

    def count(self, pod: Json, sign: int) -> None:
        """Adds a pod, or takes it away."""
        add(self.asked, asks(pod), sign)
        cpu, memory = weighs(pod)
        self.pods, self.cpu, self.memory = (
            self.pods + sign,
            self.cpu + sign * cpu,
            self.memory + sign * memory,
        )


class Index:
    """Pods and ReplicaSets by who controls them, pods by node, namespace and component."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._owned: dict[tuple[Resource, str], dict[Key, None]] = {}
        self._on: dict[str, dict[Key, None]] = {}
        self._within: dict[str, dict[Key, None]] = {}
        self._parts: dict[str, dict[Key, None]] = {}
        self._loads: dict[str, Load] = {}

    def see(self, change: Change) -> None:
        """Takes a change in."""
        if change.resource not in (PODS, REPLICASETS):
            return
        key, now = key_of(change.object), None if change.type == "DELETED" else change.object
        self._place(change.resource, key, change.before, now)
        if change.resource is PODS:
            self._count(key, change.before, now)

    def pods_of(self, uid: str) -> list[Json]:
        """The pods that an object controls, in the order in which they came."""
        return self._read(PODS, self._owned.get((PODS, uid)))

    def sets_of(self, uid: str) -> list[Json]:
        """The ReplicaSets of a Deployment."""
        return self._read(REPLICASETS, self._owned.get((REPLICASETS, uid)))

    def pods_on(self, node: str) -> list[Json]:
        """The pods that are bound to a node."""
        return self._read(PODS, self._on.get(node))

    def pods_in(self, namespace: str) -> list[Json]:
        """The pods of a namespace, in the order in which they came."""
        return self._read(PODS, self._within.get(namespace))

    def pods_as(self, component: str) -> list[Json]:
        """The pods of a component, in all namespaces."""
        return self._read(PODS, self._parts.get(component))

    def load_of(self, node: str) -> Load:
        """What the pods of a node ask for; not to be changed."""
        return self._loads.get(node) or Load()

    def _read(self, resource: Resource, keys: dict[Key, None] | None) -> list[Json]:
        found = (self._storage.get(resource, *key) for key in keys or ())
        return [each for each in found if each is not None]

    def _place(self, resource: Resource, key: Key, before: Json | None, now: Json | None) -> None:
        old = controller_uid(before) if before else ""
        new = controller_uid(now) if now else ""
        if old != new:
            self._owned.get((resource, old), {}).pop(key, None)
            if new:
                self._owned.setdefault((resource, new), {})[key] = None

    def _count(self, key: Key, before: Json | None, now: Json | None) -> None:
        old, new = _placed(before), _placed(now)
        if old != new:
            self._on.get(old[0], {}).pop(key, None)
            if new[0]:
                self._on.setdefault(new[0], {})[key] = None
            for pod, (node, counts), sign in ((before, old, -1), (now, new, 1)):
                if pod is not None and node and counts:
                    self._loads.setdefault(node, Load()).count(pod, sign)
        if before is None and now is not None:
            self._within.setdefault(namespace_of(now), {})[key] = None
            self._parts.setdefault(component_of(now), {})[key] = None
        elif now is None and before is not None:
            self._within.get(namespace_of(before), {}).pop(key, None)
            self._parts.get(component_of(before), {}).pop(key, None)


def _placed(pod: Json | None) -> tuple[str, bool]:
    """The node of a pod, and whether it still takes room there."""
    return (node_of(pod), phase_of(pod) not in ENDED) if pod is not None else ("", False)
