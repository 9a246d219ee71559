"""Where in the cluster a Prometheus is: its services, and the pods behind them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import chain

from hubtui.clients.kube import KubeClient
from hubtui.clients.wire import PodWire
from hubtui.errors import ConfigError, DeniedError, NotFoundError, UnreachableError
from hubtui.model import kube
from hubtui.model.kinds import SERVICES, SERVING_PODS
from hubtui.model.kube_services import (
    Service,
    ServicePort,
    ServiceSpec,
    ServingPod,
    port_behind,
)
from hubtui.model.podstate import state_of
from hubtui.model.prometheus_place import Place
from hubtui.model.prometheus_service import NAMESPACES, SELECTORS, in_order, is_server
from hubtui.services.living_pod import LivingPod, Used

SET_IT = "Set metrics.prometheus to its address, or to NAMESPACE/SERVICE."


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found, the best first; `where` says where it was looked for."""

    services: list[Service]
    where: str


async def look(client: KubeClient, namespace: str) -> Looked:
    """Services that are a Prometheus: in all namespaces if that is allowed, else in the usual ones.

    Raises DeniedError where not one namespace may be looked at, UnreachableError.
    """
    try:
        return Looked(in_order(await _labelled(client, ""), namespace), "all namespaces")
    except DeniedError as denied:
        if denied.status == _LOG_IN:
            raise
    names = list(dict.fromkeys((namespace, *NAMESPACES)))
    answers = await asyncio.gather(
        *(_labelled(client, name) for name in names), return_exceptions=True
    )
    found: dict[str, list[Service]] = {}
    refused: dict[str, DeniedError] = {}
    for name, answer in zip(names, answers, strict=True):
        if isinstance(answer, DeniedError):
            refused[name] = answer
        elif isinstance(answer, BaseException):
            raise answer
        else:
            found[name] = answer
    if not found:
        refused[namespace].remedy = SET_IT
        raise refused[namespace]
    words = f"the namespaces {', '.join(found)}"
    if refused:
        words += f" (not in {', '.join(refused)}: no right to list services)"
    return Looked(in_order(chain.from_iterable(found.values()), namespace), words)


_LOG_IN = 401


async def _labelled(client: KubeClient, namespace: str) -> list[Service]:
    answers = await asyncio.gather(
        *(client.list(SERVICES, namespace, labels=labels) for labels in SELECTORS)
    )
    return [service for found in answers for service in found if is_server(service)]


async def named(client: KubeClient, place: Place, setting: str = "metrics.prometheus") -> Service:
    """The service that a setting names. Raises ConfigError where there is none.

    Where it may not be looked at, but its port is told by number, the apiserver's proxy may do.
    """
    words = f"{place.namespace}/{place.service}"
    try:
        return await client.get(SERVICES, place.namespace, place.service)
    except NotFoundError:
        raise ConfigError(f"{setting} names service {words}, which is not there") from None
    except DeniedError:
        if not place.port.isdigit():
            raise
    meta = kube.Meta(name=place.service, namespace=place.namespace)
    ports = (ServicePort(port=int(place.port)),)
    return Service(metadata=meta, spec=ServiceSpec(ports=ports))


class ServicePod(LivingPod):
    """A wire to a ready pod of a service, through port-forwards; `whom` is in it."""

    def __init__(
        self, client: KubeClient, service: Service, port: ServicePort, whom: str = "Prometheus"
    ) -> None:
        super().__init__(f"{whom} (service {service.metadata.namespace}/{service.metadata.name})")
        self._whom_in_it = whom
        self._client = client
        self._service = service
        self._port = port

    def _is_replaced(self, _pod: kube.Pod, /) -> bool:
        return False  # nothing follows the pods of another namespace

    async def _found(self) -> Used:
        meta = self._service.metadata
        labels = ",".join(f"{key}={value}" for key, value in self._service.spec.selector.items())
        pods = await self._client.list(SERVING_PODS, meta.namespace, labels=labels)
        ready = [(pod, port_behind(self._port, pod)) for pod in pods if _is_ready(pod)]
        for pod, port in ready:
            if port is not None:
                name = pod.metadata.name
                where = f"{self._whom_in_it} (port-forward to pod {meta.namespace}/{name})"
                return Used(pod, PodWire(self._client, meta.namespace, name, port, "", where))
        raise UnreachableError(
            f"No pod of service {meta.namespace}/{meta.name} is ready",
            remedy=f"kubectl -n {meta.namespace} get pods -l {labels}",
        )


def _is_ready(pod: ServingPod) -> bool:
    return pod.metadata.deletion_timestamp is None and state_of(pod).up
