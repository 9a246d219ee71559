"""Which pod stands on which node, and the sums of it: per node, per pool, and of all."""

from __future__ import annotations

from collections.abc import Iterable

from hubtui.model import kube
from hubtui.model.kube_needs import Node
from hubtui.model.node_facts import pool_of
from hubtui.model.node_load import Load, Part, part_of
from hubtui.model.packing import Amounts, amounts, ended
from hubtui.services.store import Store


class Place:
    """A node as the sums see it; `node` is None where only pods name it."""

    __slots__ = ("allocatable", "load", "node", "parts", "pods", "pool")

    def __init__(self) -> None:
        self.node: Node | None = None
        self.pool = ""
        self.allocatable: Amounts | None = None
        self.load = Load()
        self.pods: dict[str, kube.Pod] = {}
        self.parts: dict[str, Part] = {}


class Source:
    """Where pods come from: on which node each was counted last, and those that wait for one."""

    def __init__(self, store: Store[kube.Pod]) -> None:
        self.store = store
        self.placed: dict[str, str] = {}
        self.waiting: dict[str, kube.Pod] = {}
        self._seen = store.subscribe()

    def changed(self) -> Iterable[str]:
        """The keys of the pods to look at anew."""
        everything, keys = self._seen.drain()
        return keys.union(pod.key for pod in self.store) if everything else keys


class Counts:
    """The places, and what their pods come to for who looks at one hub."""

    def __init__(self, namespace: str, release: str, pool_label: str) -> None:
        self._namespace, self._release = namespace, release
        self._pool_label = pool_label
        self.places: dict[str, Place] = {}
        self.all = Load()
        self._of_pool: dict[str, Load] = {"": Load()}

    def of_pool(self, pool: str) -> Load:
        """What stands on the nodes of a pool."""
        return self._of_pool[pool]

    def take_pods(self, source: Source) -> set[str]:
        """Counts anew what changed; the names of the nodes whose pods did."""
        touched: set[str] = set()
        for key in source.changed():
            before = source.placed.pop(key, None)
            if before is not None:
                self._take_off(before, key)
                touched.add(before)
            source.waiting.pop(key, None)
            pod = source.store.get(key)
            if pod is None or ended(pod):
                continue
            name = pod.spec.node_name
            if name:
                source.placed[key] = name
                self._put_on(name, key, pod)
                touched.add(name)
            else:
                source.waiting[key] = pod
        return touched

    def take_node(self, name: str, node: Node | None) -> None:
        """A node came, changed or went; its pods stay counted for as long as they are there."""
        if node is None and name not in self.places:
            return
        place = self._place(name)
        pool = pool_of(node, self._pool_label) if node is not None else ""
        if pool != place.pool:
            self._of_pool[place.pool].merge(place.load, -1)
            self._of_pool.setdefault(pool, Load()).merge(place.load)
            place.pool = pool
        place.node = node
        place.allocatable = amounts(node.status.allocatable) if node is not None else None

    def _place(self, name: str) -> Place:
        place = self.places.get(name)
        if place is None:
            place = self.places[name] = Place()
        return place

    def _put_on(self, name: str, key: str, pod: kube.Pod) -> None:
        place = self._place(name)
        part = part_of(pod, self._namespace, self._release)
        place.pods[key], place.parts[key] = pod, part
        for load in (place.load, self._of_pool[place.pool], self.all):
            load.add(part)

    def _take_off(self, name: str, key: str) -> None:
        place = self.places[name]
        part = place.parts.pop(key)
        del place.pods[key]
        for load in (place.load, self._of_pool[place.pool], self.all):
            load.add(part, -1)
