"""Two hours of a hub as Prometheus remembers them: what the hub, kube-state-metrics, cAdvisor and
the dirsize exporter told each minute."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.testbed.history import Past

MINUTES = range(120, -1, -1)
HOME = 2**30


def remembered_of(namespace: str, servers: int, now: datetime) -> Past:
    """What a hub with so many servers has told each minute."""

    def told(metric: str, value: Callable[[int], float], **labels: str) -> Any:
        points = [(now - timedelta(minutes=m), value(120 - m)) for m in MINUTES]
        return {"__name__": metric, "namespace": namespace, **labels}, points

    yield told("kube_service_labels", lambda _: 1, service="hub")
    yield told("jupyterhub_running_servers", lambda _: servers)
    for limit, share in (("1", 1), ("5", 3), ("+Inf", 4)):
        name = "jupyterhub_server_spawn_duration_seconds_bucket"
        yield told(name, _times(share), le=limit, status="success")
    for number in range(servers):
        pod = {"pod": f"jupyter-{number}"}
        labels = {"label_app": "jupyterhub", "label_component": "singleuser-server"}
        yield told("kube_pod_labels", lambda _: 1, **pod, **labels)
        yield told("kube_pod_created", lambda _: now.timestamp() - 9 * 3600, **pod)
        yield told("kube_pod_status_phase", lambda _: 1, **pod, phase="Running")
        yield told("container_memory_working_set_bytes", lambda i: i * 1e6, **pod, name="k8s")
    for home, size in (("ana", 3), ("ben", 1)):
        yield told("dirsize_total_size_bytes", _always(size * HOME), directory=home)
        yield told("dirsize_latest_mtime", lambda _: now.timestamp(), directory=home)
        yield told("dirsize_entries_count", lambda _: 7, directory=home)


def _times(factor: float) -> Callable[[int], float]:
    return lambda minute: minute * factor


def _always(value: float) -> Callable[[int], float]:
    return lambda _: value
