"""Services: an address of the cluster, and one of a load balancer where that is asked for."""

from __future__ import annotations

from typing import Final

from hubtui.demo.life.base import Life
from hubtui.demo.life.reading import Key, uid_of
from hubtui.demo.life.workqueue import WorkQueue
from hubtui.demo.resources import SERVICES
from hubtui.demo.storage import Change, Json, key_of

BALANCER: Final = 4.0
"""Seconds that a cloud takes for a load balancer."""


class Services:
    """Gives Services their addresses."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._queue = WorkQueue(life.world.timeline, self._reconcile)

    def see(self, change: Change) -> None:
        """Takes up Services that lack an address."""
        if change.resource is SERVICES and change.type != "DELETED":
            spec = change.object["spec"]
            if not spec.get("clusterIP"):
                self._queue.note(key_of(change.object))
            elif _wants_balancer(change.object):
                self._queue.note(key_of(change.object), BALANCER)

    def _reconcile(self, key: Key) -> None:
        service = self._life.world.objects.find(SERVICES, *key)
        if service is None:
            return
        dice = self._life.world.chance.of("service", uid_of(service))
        inside = f"10.96.{dice.randrange(250)}.{dice.randrange(2, 250)}"
        outside = f"203.0.113.{dice.randrange(2, 250)}"
        if not service["spec"].get("clusterIP"):
            self._life.world.objects.change(SERVICES, *key, lambda each: _give(each, inside))
        elif _wants_balancer(service):
            status = {"loadBalancer": {"ingress": [{"ip": outside, "ipMode": "VIP"}]}}
            head = {"namespace": key[0], "name": key[1]}
            self._life.world.objects.update_status(SERVICES, {"metadata": head, "status": status})
            words = "Ensured load balancer"
            self._life.events.normal(service, "EnsuredLoadBalancer", words, "service-controller")


def _give(service: Json, address: str) -> None:
    spec = service["spec"]
    spec |= {"clusterIP": address, "clusterIPs": [address]}
    spec.setdefault("type", "ClusterIP")
    service.setdefault("status", {"loadBalancer": {}})


def _wants_balancer(service: Json) -> bool:
    balancer = (service.get("status") or {}).get("loadBalancer") or {}
    return service["spec"].get("type") == "LoadBalancer" and not balancer.get("ingress")
