"""The Prometheus of a testbed: started by who first asks, ended with the testbed; and the objects
of the cluster by which it is found.

As the community chart has them, in the namespace `support`: the Service `support-prometheus-server`
(port 80 to 9090) and a pod with the labels that it selects. A port-forward to the pod's port 9090
ends at the real process, as with the hub's pod (`kubelets`). The apiserver's service proxy reaches
it too, without the fault proxy: it refuses loopback addresses and those that no pod has, so the pod
gets one that this machine has otherwise, and Prometheus listens there as well. On a machine without
any other address there are no Endpoints (which the proxy of 1.36 reads, not EndpointSlices), and it
answers 404.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tests.testbed import processes, prometheus, scraped
from tests.testbed.api import Api, Enough
from tests.testbed.build import locked
from tests.testbed.prometheus import TOKEN, Prometheus
from tests.testbed.scraped import ENDPOINTS, WITH_TOKEN, Target
from tests.testbed.site import Site
from tests.testbed.state import Parts
from tests.testbed.users import NAMESPACE

SUPPORT = "support"
SERVICE = "support-prometheus-server"
PORT = 9090
"""Of the pod; the process has one of the testbed's own."""

_POD = f"{SERVICE}-5c8d7b9f6-x7k2p"
_LABELS = {
    "app.kubernetes.io/name": "prometheus",
    "app.kubernetes.io/instance": "support",
    "app.kubernetes.io/component": "server",
    "app.kubernetes.io/part-of": "prometheus",
}
_NOWHERE = ("192.0.2.1", 9)  # RFC 5737: nothing is sent, the kernel only chooses a source


def of(site: Site, hub_token: str) -> Prometheus:
    """The one that runs; starts it where there is none, with the hub's own metrics to scrape."""
    folder, port = site.file("prometheus"), site.port("prometheus")
    found = Prometheus(folder, port)
    with locked(site.file("prometheus.lock")):
        parts = Parts(site)
        known = parts.all().get("prometheus")
        if known is not None and processes.alive(known):
            return found
        folder.mkdir(exist_ok=True)
        part = prometheus.part(folder, port, "0.0.0.0")  # noqa: S104 - for the service proxy
        folder.joinpath(TOKEN).write_text(hub_token)
        scraped.add(folder / "scraped" / f"hub.{WITH_TOKEN}", [_hub(site)])
        parts.start(replace(part, env={"HUBTUI_TESTBED": site.name}), found.ready)
    return found


def _hub(site: Site) -> Target:
    """The hub's metrics want a token (`authenticate_prometheus`, facts.md §3.1)."""
    labels = {"namespace": NAMESPACE, "service": "hub", "app": "jupyterhub", "component": "hub"}
    return Target(
        f"127.0.0.1:{site.port('hub')}",
        ENDPOINTS,
        "hub:8081",
        labels,
        "/hub/metrics",
        WITH_TOKEN,
    )


def address() -> str | None:
    """An address of this machine that is not loopback, if it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_NOWHERE)
        except OSError:
            return None
        return str(probe.getsockname()[0])


@contextmanager
def in_cluster(site: Site, api: Api) -> Iterator[None]:
    """The Service and the pod are there, and the pod runs, until the block ends."""
    show(site, api)
    try:
        yield
    finally:
        hide(api)


def show(site: Site, api: Api) -> None:
    """Makes what is found; as with `kubectl apply`, what is there already stays."""
    api.apply(*_objects(site))
    pods = f"/api/v1/namespaces/{SUPPORT}/pods"
    api.wait_items(pods, Enough(ready=True), labelSelector="app.kubernetes.io/name=prometheus")
    here = address()
    if here is not None:
        # Not before KWOK has given it one.
        status = {"podIP": here, "podIPs": [{"ip": here}]}
        api.patch(f"{pods}/{_POD}/status", {"status": status})


def hide(api: Api) -> None:
    """Takes it away again; the namespace stays, and the Endpoints go with their Service."""
    inside = f"namespaces/{SUPPORT}"
    for path in (f"/api/v1/{inside}/services/{SERVICE}", f"/api/v1/{inside}/pods/{_POD}"):
        api.request("DELETE", path, {"gracePeriodSeconds": 0})


def _objects(site: Site) -> list[dict[str, Any]]:
    meta = {"name": SERVICE, "namespace": SUPPORT, "labels": _LABELS}
    ports = [{"name": "http", "port": 80, "targetPort": PORT, "protocol": "TCP"}]
    service = {"selector": _LABELS, "ports": ports}
    container = {
        "name": "prometheus-server",
        "image": "quay.io/prometheus/prometheus:v2.42.0",
        "ports": [{"containerPort": PORT}],
    }
    pod = {
        # Without a scheduler in between it runs at once.
        "nodeName": "core-1",
        "containers": [container],
    }
    found = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SUPPORT}},
        {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": service},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {**meta, "name": _POD}, "spec": pod},
    ]
    here = address()
    return [*found, _endpoints(site, meta, here)] if here else found


def _endpoints(site: Site, meta: dict[str, Any], here: str) -> dict[str, Any]:
    target = {"kind": "Pod", "name": _POD, "namespace": SUPPORT}
    ports = [{"name": "http", "port": site.port("prometheus"), "protocol": "TCP"}]
    subset = {"addresses": [{"ip": here, "targetRef": target}], "ports": ports}
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta, "subsets": [subset]}
