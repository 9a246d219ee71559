"""Which service is a Prometheus, and which of its ports answers.

Source: the labels of the community chart `prometheus` (since 20 and before), of the operator's
`prometheus-operated`, of kube-prometheus and of kube-prometheus-stack.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hubtui.model.kube_services import Service, ServicePort

SELECTORS: Final = (
    "app.kubernetes.io/name=prometheus",
    "app=prometheus,component=server",
    "self-monitor=true",
    "operated-prometheus=true",
)
"""What their labels are, the best first: `operated-prometheus` has no address of its own."""

NAMESPACES: Final = ("support", "monitoring", "prometheus")
"""Where it is looked for after the hub's own namespace: that of 2i2c's and Berkeley's support
charts, and those that the charts' own pages take."""

DEFAULT_PORT: Final = 9090

_SERVERS: Final = frozenset({"", "server", "prometheus"})
_PORT_NAMES: Final = ("http", "http-web", "web", "prometheus", "api")
_COMPONENT: Final = "app.kubernetes.io/component"


def is_server(service: Service) -> bool:
    """Whether a service with one of the labels is the server itself, and no exporter beside it."""
    labels = service.metadata.labels
    if labels.get("self-monitor") == "true":
        return labels.get("app", "").endswith("-prometheus")  # the alertmanager has it, too
    return labels.get(_COMPONENT, "") in _SERVERS


def port_of(service: Service, wanted: str = "") -> ServicePort | None:
    """The port that answers: the one that is wanted, by number or name, else the usual one."""
    ports = [port for port in service.spec.ports if port.protocol == "TCP"]
    if wanted:
        return next((p for p in ports if wanted in (str(p.port), p.name)), None)
    by_name = {port.name: port for port in reversed(ports)}
    named = next((by_name[name] for name in _PORT_NAMES if name in by_name), None)
    if named is not None:
        return named
    usual = (port for port in ports if port.port in (DEFAULT_PORT, 80))
    return next(usual, ports[0] if ports else None)


def in_order(services: Iterable[Service], namespace: str) -> list[Service]:
    """The hub's namespace first, then the usual ones, then all others by their names; each
    service once, in the order it was found by its labels."""
    order = list(dict.fromkeys((namespace, *NAMESPACES)))
    found: dict[str, Service] = {}
    for each in services:
        found.setdefault(each.key, each)

    def rank(service: Service) -> tuple[int, str]:
        where = service.metadata.namespace
        return order.index(where) if where in order else len(order), where

    return sorted(found.values(), key=rank)
