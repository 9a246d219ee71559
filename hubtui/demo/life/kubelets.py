"""The kubelets of all nodes: a worker for each pod, and the images of each node."""

from __future__ import annotations

from hubtui.demo.life.base import Life
from hubtui.demo.life.images import Images
from hubtui.demo.life.podworker import PodWorker
from hubtui.demo.life.reading import ENDED, Key, is_terminating, node_of, phase_of
from hubtui.demo.resources import NODES, PODS
from hubtui.demo.storage import Change, Json, key_of


class Kubelets:
    """Runs the pods that are bound to nodes."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._timeline = life.world.timeline
        self._workers: dict[Key, PodWorker] = {}
        self._begun: dict[Key, None] = {}
        self._images: dict[str, Images] = {}
        self._nets: dict[str, int] = {}
        self._used: dict[str, set[str]] = {}

    def see(self, change: Change) -> None:
        """Takes up pods that were bound, stops those that were told to go."""
        if change.resource is NODES and change.type == "DELETED":
            self._images.pop(change.object["metadata"]["name"], None)
        if change.resource is not PODS:
            return
        pod, key = change.object, key_of(change.object)
        if change.type == "DELETED":
            self._forget(key)
        elif key in self._workers:
            if is_terminating(pod):
                self._timeline.soon(self._workers[key].stop)
        elif node_of(pod) and phase_of(pod) not in ENDED and key not in self._begun:
            self._begun[key] = None
            self._timeline.soon(lambda: self._begin(key))

    def images_of(self, node: str) -> Images:
        """The images of a node."""
        return self._images.setdefault(node, Images(self._life.world, node))

    def wake(self, node: str) -> None:
        """A node is heard of again: its pods' states are told anew."""
        for worker in tuple(self._workers.values()):
            if worker.node == node:
                worker.publish_again()

    def look_for_faults(self) -> None:
        """Ends running containers for which a fault has been set, and evicts pods."""
        faults = self._life.world.faults
        if faults.crashes or faults.crashes_by_image or faults.pods:
            for worker in tuple(self._workers.values()):
                worker.crash_if_ordered()
                worker.evict_if_ordered()

    def _begin(self, key: Key) -> None:
        self._begun.pop(key, None)
        pod = self._life.world.objects.find(PODS, *key)
        if pod is None or key in self._workers:
            return
        node = self._life.world.objects.find(NODES, "", node_of(pod))
        if node is None:
            return
        name = node_of(pod)
        worker = PodWorker(self._life, self.images_of(name), pod, _host(node), self._address(name))
        self._workers[key] = worker
        worker.begin()
        if is_terminating(pod):
            worker.stop()

    def _forget(self, key: Key) -> None:
        self._begun.pop(key, None)
        worker = self._workers.pop(key, None)
        if worker is not None:
            worker.forget()
            self._used.get(worker.node, set()).discard(worker.address)
        self._life.world.logs.forget(*key)

    def _address(self, node: str) -> str:
        """A free address of a node's pod network, a /24 of its own."""
        net = self._nets.setdefault(node, len(self._nets))
        used = self._used.setdefault(node, set())
        free = (f"10.{244 + net // 250}.{net % 250}.{host}" for host in range(2, 255))
        address = next((each for each in free if each not in used), "")
        used.add(address)
        return address


def _host(node: Json) -> str:
    addresses = (node.get("status") or {}).get("addresses") or ()
    return next((str(a["address"]) for a in addresses if a["type"] == "InternalIP"), "")
