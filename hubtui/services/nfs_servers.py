"""What serves the shared disks: its kind, its pod, how full it is, and what its clients say.

Read when somebody asks, the services of the cluster once in SERVICES_EVERY. A managed server has no
pod; whatever cannot be read is told with each server.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from hubtui.errors import HubtuiError
from hubtui.model.age import precise
from hubtui.model.disk import Figures
from hubtui.model.kinds import PODS, SERVICES
from hubtui.model.kube import Pod
from hubtui.model.kube_services import Service
from hubtui.model.nfs import (
    CALLS,
    CLIENT_METRICS,
    Client,
    Restarts,
    clients,
    is_managed,
    kind_of_backing,
    kind_of_pod,
    restarts_of,
    service_of,
)
from hubtui.model.prometheus import Sample
from hubtui.model.why_facts import Missing, claim_names
from hubtui.services.store import utc_now

if TYPE_CHECKING:
    from hubtui.clients.kube import KubeClient
    from hubtui.services.disks import Disks
    from hubtui.services.prometheus import PrometheusLink
    from hubtui.services.storage import DiskRow, Storage
    from hubtui.services.store import Store

SERVICES_EVERY: Final = 300.0
CLIENTS_EVERY: Final = 60.0
"""Seconds between two readings of the services, and of what clients say."""

LENGTH: Final = timedelta(minutes=5)
"""The time over which what clients did is told."""

CLIENTS: Final = "NFS clients"
POD: Final = "its pod"


_Services = dict[tuple[str, str], Service]
"""Services by namespace and name."""


@dataclass(frozen=True, slots=True)
class NfsServer:
    """One server of shared disks.

    `kind` is in words: `jupyterhub-home-nfs`, `Amazon EFS`, `NFS server` for one of which no more
    is known. `address` is how volumes name it, empty for a pod that no volume leads to. `pod` is
    None for a managed one, and where it is not found: `why_no_pod` says why. `figures` are those
    of its disk, the fullest where it has several; `why_not` says why there are none.
    """

    kind: str
    address: str
    managed: bool
    disks: tuple[str, ...]
    claims: tuple[str, ...]
    pod: Pod | None
    why_no_pod: str
    restarts: Restarts | None
    figures: Figures | None
    why_not: str


class NfsServers:
    """The servers behind the claims of one hub, and the pods of its namespace that serve files."""

    def __init__(
        self,
        client: KubeClient,
        storage: Storage,
        disks: Disks,
        pods: Store[Pod],
        prometheus: PrometheusLink,
        namespace: str,
        *,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._storage, self._disks, self._pods = storage, disks, pods
        self._prometheus = prometheus
        self._namespace = namespace
        self._now, self._clock = now, clock
        self._services: _Services = {}
        self._elsewhere: dict[tuple[str, str], Pod | None] = {}
        self._why_no_services = ""
        self._services_due = self._clients_due = float("-inf")
        self._reading = asyncio.Lock()
        self._pods_seen = pods.subscribe()
        self._serving: set[str] = set()
        self.clients: tuple[Client, ...] = ()
        """What the NFS clients of the nodes did lately, the worst first; of all servers."""
        self.clients_missing = "not read yet"
        """Why that is not known; empty when it is."""

    async def fill(self) -> None:
        """Reads what is due, after `Storage.fill`. What goes wrong is told with the answers."""
        async with self._reading:
            await asyncio.gather(self._read_services(), self._read_clients())

    def servers(self) -> tuple[NfsServer, ...]:
        """The servers, those with disks first."""
        by_address: dict[str, list[DiskRow]] = {}
        for row in self._storage.disks():
            by_address.setdefault(row.server or row.driver, []).append(row)
        found = [self._server(rows) for _, rows in sorted(by_address.items())]
        known = {server.pod.key for server in found if server.pod is not None}
        return (*found, *self._alone(known))

    def notes(self) -> tuple[Missing, ...]:
        """What could not be read, and why."""
        return (Missing(CLIENTS, self.clients_missing),) if self.clients_missing else ()

    # -- the servers

    def _server(self, rows: Sequence[DiskRow]) -> NfsServer:
        first = rows[0]
        claims = tuple(name for row in rows for name in row.claims)
        claim = self._storage.row(first.claims[0]) if first.claims else None
        backing = claim.backing if claim is not None else None
        storage_class = claim.storage_class if claim is not None else ""
        kind = kind_of_backing(backing, first.server, storage_class)
        managed = is_managed(kind)
        pod, why = (None, "it is no pod of this cluster") if managed else self._pod(first.server)
        if pod is not None:
            kind = kind_of_pod(pod) or kind
        figures = _fullest([row.figures for row in rows if row.figures is not None])
        if figures is None and pod is not None:
            figures = self._own_disk(pod)
        return NfsServer(
            kind=kind,
            address=first.server or first.driver,
            managed=managed,
            disks=tuple(row.disk for row in rows),
            claims=claims,
            pod=pod,
            why_no_pod=why,
            restarts=restarts_of(pod) if pod is not None else None,
            figures=figures,
            why_not=first.why_not if figures is None else "",
        )

    def _alone(self, known: set[str]) -> Iterator[NfsServer]:
        """Pods that serve files, though no volume is known to lead to them."""
        self._see_pods()
        for key in sorted(self._serving - known):
            pod = self._pods.get(key)
            if pod is not None and pod.metadata.deletion_timestamp is None:
                figures = self._own_disk(pod)
                why = "" if figures is not None else "nothing measures its disk"
                kind, restarts = kind_of_pod(pod), restarts_of(pod)
                yield NfsServer(kind, "", False, (), (), pod, "", restarts, figures, why)

    def _see_pods(self) -> None:
        everything, keys = self._pods_seen.drain()
        if everything:
            keys = self._serving | {pod.key for pod in self._pods}
        for key in keys:
            pod = self._pods.get(key)
            if pod is not None and kind_of_pod(pod):
                self._serving.add(key)
            else:
                self._serving.discard(key)

    def _own_disk(self, pod: Pod) -> Figures | None:
        """How full the claim is that a server's pod mounts."""
        if pod.metadata.namespace != self._namespace:
            return None
        told = (self._disks.of(claim) for claim in claim_names(pod))
        return _fullest([figures for figures in told if figures is not None])

    def _pod(self, address: str) -> tuple[Pod | None, str]:
        """The pod behind an address, or why none is known."""
        key = self._service(address)
        if key is None:
            return None, self._why_no_services or "no service of this cluster has its address"
        if key[0] != self._namespace:
            pod = self._elsewhere.get(key)
            return pod, "" if pod is not None else f"no pod of {key[0]}/{key[1]} was found"
        service = self._services.get(key)
        selector = service.spec.selector if service is not None else {}
        found = [
            pod
            for pod in self._pods
            if selector and selector.items() <= pod.metadata.labels.items()
        ]
        if not found:
            why = self._why_no_services or f"no pod is behind the service {key[1]}"
            return None, why
        return min(found, key=_how_far), ""

    def _service(self, address: str) -> tuple[str, str] | None:
        named = service_of(address, self._namespace)
        if named is not None:
            return named if named in self._services or self._why_no_services else None
        return _at(address, self._services)

    # -- the reading

    async def _read_services(self) -> None:
        addresses = {row.server for row in self._storage.disks() if row.server}
        if not addresses or self._clock() < self._services_due:
            return
        due = self._clock() + SERVICES_EVERY
        known: _Services = {}
        named = (service_of(address, self._namespace) for address in sorted(addresses))
        places = [self._namespace, *(key[0] for key in named if key is not None)]
        whys = [await self._take_services(place, known) for place in dict.fromkeys(places)]
        numbers = (address for address in addresses if _is_number(address))
        if any(_at(address, known) is None for address in numbers):
            whys.append(await self._take_services("", known))
        self._services = known
        self._why_no_services = next((why for why in reversed(whys) if why), "")
        for key in {self._service(address) for address in addresses}:
            if key is not None and key[0] != self._namespace:
                self._elsewhere[key] = await self._pod_elsewhere(key)
        self._services_due = due

    async def _take_services(self, namespace: str, known: _Services) -> str:
        """Reads the services of a namespace; why that cannot be, else empty."""
        try:
            for each in await self._client.list(SERVICES, namespace):
                known[each.metadata.namespace, each.metadata.name] = each
        except HubtuiError as error:
            return error.what
        return ""

    async def _pod_elsewhere(self, key: tuple[str, str]) -> Pod | None:
        service = self._services.get(key)
        if service is None or not service.spec.selector:
            return None
        labels = ",".join(f"{name}={value}" for name, value in service.spec.selector.items())
        try:
            found = await self._client.list(PODS, key[0], labels=labels)
        except HubtuiError:
            return None
        return min(found, key=_how_far, default=None)

    async def _read_clients(self) -> None:
        if self._clock() < self._clients_due:
            return
        due, now = self._clock() + CLIENTS_EVERY, self._now()
        try:
            client = await self._prometheus.open()
            looks: list[dict[str, list[Sample]]] = []
            for at in (now - LENGTH, now):
                asked = {name: self._prometheus.selector(name) for name in CLIENT_METRICS}
                looks.append({name: await client.query(q, at) for name, q in asked.items()})
        except HubtuiError as error:
            self.clients_missing, self._clients_due = error.what, due
            return
        self._clients_due = due
        self.clients = clients(looks[0], looks[1], LENGTH)
        self.clients_missing = ""
        if not looks[1][CALLS]:
            self.clients_missing = f"Prometheus has no {CALLS} of node exporters"
        elif not looks[0][CALLS]:
            length = precise(LENGTH.total_seconds())
            self.clients_missing = f"Prometheus has {CALLS} for less than {length}"


def _at(address: str, known: _Services) -> tuple[str, str] | None:
    """The service that has an IP address."""
    return next((key for key, each in known.items() if each.spec.cluster_ip == address), None)


def _is_number(address: str) -> bool:
    """Whether it is an IP address."""
    return not any(letter.isalpha() for letter in address) or ":" in address


def _fullest(told: Sequence[Figures]) -> Figures | None:
    return max(told, key=lambda each: each.share or 0.0, default=None)


def _how_far(pod: Pod) -> tuple[bool, bool, str]:
    """The pod that serves comes first: one that runs and is not on its way out."""
    going = pod.metadata.deletion_timestamp is not None
    return (going, pod.status.phase != "Running", pod.metadata.name)
