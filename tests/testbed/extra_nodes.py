"""Nodes that come and go in a test, and volumes that belong to a zone, by the API alone: the same
on the demo and on the real control plane."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.testbed import kubelets, leases
from tests.testbed.api import Api, is_ready
from tests.testbed.errors import TestbedError
from tests.testbed.processes import wait_for

_NODES = "/api/v1/nodes"
_VOLUMES = "/api/v1/persistentvolumes"
_ZONE = "topology.kubernetes.io/zone"
_NOT_READY = "node.kubernetes.io/not-ready"


@contextmanager
def extra_node(api: Api, name: str, purpose: str = "user", **sizes: Any) -> Iterator[None]:
    """A node more while the context lasts, open for pods: `sizes` are those of `kubelets.node`.
    With its end the node goes, and at once what is on it."""
    add(api, kubelets.node(name, purpose, **sizes))
    try:
        yield
    finally:
        remove(api, name)


def add(api: Api, node: dict[str, Any]) -> None:
    """A node comes; returns when it is Ready and takes pods."""
    name = node["metadata"]["name"]
    api.request("POST", _NODES, node)
    api.patch(f"{_NODES}/{name}/status", {"status": node["status"]})
    if not wait_for(lambda: _is_open(api.get(f"{_NODES}/{name}")), 60, every=0.1):
        raise TestbedError(f"{name} takes no pods")


def remove(api: Api, name: str) -> None:
    """A node goes, and without grace the pods that are on it: its kubelet is no more.

    Its lease goes with it: a node that was lost leaves one that nobody may have for a day, and the
    next of its name would wait for the garbage collector before it becomes Ready.
    """
    api.forget(f"{_NODES}/{name}")
    for pod in api.items("/api/v1/pods", fieldSelector=f"spec.nodeName={name}"):
        meta = pod["metadata"]
        path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
        api.forget(path, {"gracePeriodSeconds": 0})
    api.forget(f"{leases.LEASES}/{name}")


def pin(api: Api, namespace: str, claim: str, zone: str) -> None:
    """Has the volume of a claim belong to a zone, as a cloud's disks do. It can be said once."""
    path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{claim}"
    wait_for(lambda: bool(api.get(path)["spec"].get("volumeName")), 30, every=0.1)
    volume = api.get(path)["spec"]["volumeName"]
    where = {"key": _ZONE, "operator": "In", "values": [zone]}
    required = {"nodeSelectorTerms": [{"matchExpressions": [where]}]}
    api.patch(f"{_VOLUMES}/{volume}", {"spec": {"nodeAffinity": {"required": required}}})


def _is_open(node: dict[str, Any]) -> bool:
    taints = {taint["key"] for taint in node["spec"].get("taints") or ()}
    return is_ready(node) and _NOT_READY not in taints
