"""Nodes of a test's own, and what is put on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.cluster.clusters import Cluster
from tests.cluster.parts import server
from tests.testbed.extra_nodes import extra_node
from tests.testbed.users import NAMESPACE

Json = dict[str, Any]

NODES = "/api/v1/nodes"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
ZONE = "topology.kubernetes.io/zone"


@contextmanager
def own_node(
    cluster: Cluster,
    name: str,
    *,
    purpose: str = "user",
    memory: int = 16,
    zone: str = "zone-a",
) -> Iterator[None]:
    """A node that is Ready, for as long as the context lasts; `memory` is in GiB."""
    with cluster.api() as api, extra_node(api, name, purpose, memory=memory, zone=zone):
        yield


@contextmanager
def only_open(cluster: Cluster, *names: str) -> Iterator[None]:
    """New pods go to these nodes alone, for as long as the context lasts."""
    with cluster.api() as api:
        found = [item for item in api.items(NODES) if item["metadata"]["name"] not in names]
        others = [n["metadata"]["name"] for n in found if not n["spec"].get("unschedulable")]
        for name in others:
            api.patch(f"{NODES}/{name}", {"spec": {"unschedulable": True}})
        try:
            yield
        finally:
            for name in others:
                api.patch(f"{NODES}/{name}", {"spec": {"unschedulable": None}})


def is_cordoned(cluster: Cluster, name: str) -> bool:
    """Whether a node takes no new pods."""
    with cluster.api() as api:
        return bool(api.get(f"{NODES}/{name}")["spec"].get("unschedulable"))


def put(
    cluster: Cluster,
    name: str,
    where: str,
    *,
    namespace: str = NAMESPACE,
    stage: str = "",
    **more: Any,
) -> None:
    """A pod on a node, which no scheduler has put there: a server of a user that no hub knows."""
    pod = server(name, name, stage)
    pod["spec"] |= {"nodeName": where, **more}
    with cluster.api() as api:
        api.request("POST", f"/api/v1/namespaces/{namespace}/pods", pod)


def asks(memory: str) -> list[Json]:
    """A container that asks for so much memory."""
    asked = {"requests": {"memory": memory}}
    return [{"name": "main", "image": "registry.k8s.io/pause:3.10", "resources": asked}]
