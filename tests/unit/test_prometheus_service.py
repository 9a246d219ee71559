"""Which service is a Prometheus, in which order they are asked, and which port answers."""

from __future__ import annotations

import pytest

from hubtui.model import kube
from hubtui.model.kube_services import (
    ContainerPort,
    Service,
    ServicePort,
    ServiceSpec,
    ServingContainer,
    ServingPod,
    ServingPodSpec,
    port_behind,
)
from hubtui.model.prometheus_place import Place, place_of
from hubtui.model.prometheus_service import in_order, is_server, port_of

COMMUNITY = {"app.kubernetes.io/name": "prometheus", "app.kubernetes.io/component": "server"}


def service(place: str, *ports: ServicePort, **labels: str) -> Service:
    namespace, _, name = place.partition("/")
    meta = kube.Meta(name=name, namespace=namespace, labels=labels)
    return Service(metadata=meta, spec=ServiceSpec(ports=ports))


@pytest.mark.parametrize(
    ("labels", "is_one"),
    [
        (COMMUNITY, True),
        ({"app": "prometheus", "component": "server"}, True),
        ({"app.kubernetes.io/name": "prometheus", "app.kubernetes.io/instance": "k8s"}, True),
        (
            {"app.kubernetes.io/name": "prometheus", "app.kubernetes.io/component": "prometheus"},
            True,
        ),
        ({"operated-prometheus": "true", "managed-by": "prometheus-operator"}, True),
        ({"app": "kube-prometheus-stack-prometheus", "self-monitor": "true"}, True),
        ({"app": "kube-prometheus-stack-alertmanager", "self-monitor": "true"}, False),
        ({**COMMUNITY, "app.kubernetes.io/component": "node-exporter"}, False),
        ({**COMMUNITY, "app.kubernetes.io/component": "thanos-sidecar"}, False),
    ],
)
def test_the_server_is_told_from_what_stands_beside_it(
    labels: dict[str, str], is_one: bool
) -> None:
    assert is_server(service("support/any", **labels)) is is_one


def test_the_hubs_own_namespace_comes_first_and_each_service_once() -> None:
    places = [
        "zoo/a",
        "monitoring/b",
        "hub/c",
        "alpha/d",
        "support/e",
        "monitoring/b",
        "prometheus/f",
    ]
    found = in_order([service(place) for place in places], "hub")
    assert [each.key for each in found] == [
        *("hub/c", "support/e", "monitoring/b", "prometheus/f", "alpha/d", "zoo/a")
    ]


def test_in_one_namespace_the_better_labels_win() -> None:
    found = in_order([service("m/prometheus"), service("m/prometheus-operated")], "hub")
    assert [each.metadata.name for each in found] == ["prometheus", "prometheus-operated"]


GRPC = ServicePort(name="grpc", port=10901)
WEB = ServicePort(name="http-web", port=9090, target_port=9090)
RELOADER = ServicePort(name="reloader-web", port=8080)
PLAIN = ServicePort(port=80, target_port=9090)


@pytest.mark.parametrize(
    ("ports", "wanted", "found"),
    [
        ((PLAIN,), "", PLAIN),
        ((RELOADER, WEB, GRPC), "", WEB),
        (
            (GRPC, ServicePort(name="metrics", port=9090)),
            "",
            ServicePort(name="metrics", port=9090),
        ),
        ((GRPC,), "", GRPC),
        ((), "", None),
        ((ServicePort(name="http", port=53, protocol="UDP"),), "", None),
        ((RELOADER, WEB), "8080", RELOADER),
        ((RELOADER, WEB), "reloader-web", RELOADER),
        ((RELOADER, WEB), "9093", None),
    ],
)
def test_the_port_that_answers(
    ports: tuple[ServicePort, ...], wanted: str, found: ServicePort | None
) -> None:
    assert port_of(service("support/prometheus", *ports), wanted) == found


@pytest.mark.parametrize(
    ("target", "found"), [(9090, 9090), ("9091", 9091), (0, 80), ("web", 9090), ("nothing", None)]
)
def test_the_pods_port_behind_a_services(target: int | str, found: int | None) -> None:
    ports = (ContainerPort("grpc", 10901), ContainerPort("web", 9090))
    containers = (ServingContainer(name="reloader"), ServingContainer(ports=ports))
    pod = ServingPod(spec=ServingPodSpec(containers=containers))
    assert port_behind(ServicePort(port=80, target_port=target), pod) == found


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("support/prometheus", Place("support", "prometheus")),
        ("support/prometheus:80", Place("support", "prometheus", "80")),
        ("support/prometheus:web", Place("support", "prometheus", "web")),
        ("prometheus", None),
        ("https://support/prometheus", None),
        ("support/prometheus:80/prefix", None),
        ("support/../secrets", None),
    ],
)
def test_a_place_is_a_namespace_and_a_service(text: str, place: Place | None) -> None:
    assert place_of(text) == place
