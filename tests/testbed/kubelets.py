"""The nodes, and KWOK's configuration: stages, container logs, port-forwards."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from tests.testbed import monitoring, places, stages
from tests.testbed.site import Site
from tests.testbed.users import NAMESPACE

_CONTAINERS = ("hub", "chp", "notebook", "kube-scheduler", "traefik")
_API = "kwok.x-k8s.io/v1alpha1"
# Kept in the repository: KWOK's own node stages are part of its module, not of its binary.
_NODE_STAGES = places.MANIFESTS / "node-stages.yaml"


def node(
    name: str,
    purpose: str,
    cpu: int = 16,
    memory: int = 64,
    *,
    pods: int = 110,
    zone: str = "zone-a",
    pool: str = "",
) -> dict[str, Any]:
    """A node of a hub's cluster: z2jh's labels, and the taint of its pool (facts.md §1.8).

    `memory` is in GiB, and what pods may have of it; its pool is that of its purpose unless named.
    """
    key = "hub.jupyter.org/dedicated"
    room = {"cpu": str(cpu), "pods": str(pods), "ephemeral-storage": "200Gi"}
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "hub.jupyter.org/node-purpose": purpose,
        "cloud.google.com/gke-nodepool": pool or f"{purpose}-pool",
        "node.kubernetes.io/instance-type": f"kwok-{cpu}",
        "topology.kubernetes.io/region": "kwok",
        "topology.kubernetes.io/zone": zone,
    }
    # The core node stays open for whatever else runs, as in most hubs.
    taints = [{"key": key, "value": purpose, "effect": "NoSchedule"}] if purpose == "user" else []
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": taints},
        "status": {
            "allocatable": {**room, "memory": f"{memory}Gi"},
            "capacity": {**room, "memory": f"{memory + 2}Gi"},
            "phase": "Pending",
        },
    }


def standard_nodes() -> list[dict[str, Any]]:
    """One core node and three user nodes."""
    users = [node(f"user-{number}", "user") for number in (1, 2, 3)]
    return [node("core-1", "core", cpu=8, memory=32), *users]


def log_file(site: Site, container: str, previous: bool = False) -> Path:
    """The log that all containers of this name share; those without one of theirs have `other`."""
    name = container if container in _CONTAINERS else "other"
    return site.file("containers", f"{name}{'.previous' if previous else ''}.log")


def write_config(site: Site) -> Path:
    """Writes KWOK's configuration and the container logs that it serves."""
    site.file("containers").mkdir(exist_ok=True)
    for container in (*_CONTAINERS, "other"):
        log_file(site, container).touch()
        log_file(site, container, previous=True).touch()
    options = {
        "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
        "kind": "KwokConfiguration",
        # A document without these fails, or turns logs and port-forwards off (testbed.md).
        "options": {
            "nodeLeaseParallelism": 4,
            "podPlayStageParallelism": 4,
            "nodePlayStageParallelism": 4,
            "enableDebuggingHandlers": True,
        },
    }
    documents = [options, _logs(site), *_forwards(site), *stages.documents()]
    path = site.file("kwok.yaml")
    node_stages = _NODE_STAGES.read_text()
    path.write_text(yaml.safe_dump_all(documents, sort_keys=False) + "---\n" + node_stages)
    return path


def _logs(site: Site) -> dict[str, Any]:
    def entry(container: str, containers: list[str]) -> dict[str, Any]:
        return {
            "containers": containers,
            "logsFile": str(log_file(site, container)),
            "previousLogsFile": str(log_file(site, container, previous=True)),
            "follow": True,
        }

    rows = [entry(name, [name]) for name in _CONTAINERS]
    spec = {"logs": [*rows, entry("other", [])]}
    return {"apiVersion": _API, "kind": "ClusterLogs", "metadata": {"name": "logs"}, "spec": spec}


def _forwards(site: Site) -> list[dict[str, Any]]:
    """Ports of the pods of the hub and of Prometheus lead to the real processes on loopback."""
    hub = {8081: "hub", 8000: "proxy", 8001: "proxy-api"}
    return [
        _forward(site, NAMESPACE, hub),
        _forward(site, monitoring.SUPPORT, {monitoring.PORT: "prometheus"}),
    ]


def _forward(site: Site, namespace: str, ports: dict[int, str]) -> dict[str, Any]:
    rows = [
        {"ports": [port], "target": {"port": site.port(part), "address": "127.0.0.1"}}
        for port, part in ports.items()
    ]
    spec = {"selector": {"matchNamespaces": [namespace]}, "forwards": rows}
    meta = {"name": f"forwards-{namespace}"}
    return {"apiVersion": _API, "kind": "ClusterPortForward", "metadata": meta, "spec": spec}


def log_time() -> str:
    """The time as a container runtime writes it at the head of each line."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
