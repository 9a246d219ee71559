"""What watches the cluster: the release `support` with the community chart of Prometheus."""

from __future__ import annotations

from hubtui.demo.prometheus import NAMESPACE, PORT, SERVICE
from hubtui.demo.resources import DEPLOYMENTS, NAMESPACES, SERVICES
from hubtui.demo.scenarios import dashboards
from hubtui.demo.storage import Json
from hubtui.demo.world import World

_LABELS = {
    "app.kubernetes.io/component": "server",
    "app.kubernetes.io/instance": "support",
    "app.kubernetes.io/name": "prometheus",
}
_IMAGE = "quay.io/prometheus/prometheus:v3.7.3"


def install(world: World) -> None:
    """Puts it there: its server, the Service that leads to it, and dashboards."""
    objects = world.objects
    objects.create(NAMESPACES, {"metadata": {"name": NAMESPACE}, "status": {"phase": "Active"}})
    port = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": PORT}
    service = {"selector": _LABELS, "ports": [port], "type": "ClusterIP"}
    objects.create(SERVICES, {"metadata": _head(), "spec": service})
    container = {
        "name": "prometheus-server",
        "image": _IMAGE,
        "ports": [{"containerPort": PORT}],
        "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}},
    }
    volume = {"name": "storage-volume", "emptyDir": {}}
    template = {
        "metadata": {"labels": _LABELS},
        "spec": {
            "containers": [container],
            "nodeSelector": {"hub.jupyter.org/node-purpose": "core"},
            "volumes": [volume],
        },
    }
    spec = {"replicas": 1, "selector": {"matchLabels": _LABELS}, "template": template}
    objects.create(DEPLOYMENTS, {"metadata": _head(), "spec": spec})
    dashboards.install(world)


def _head() -> Json:
    labels = {**_LABELS, "app.kubernetes.io/part-of": "prometheus"}
    return {"name": SERVICE, "namespace": NAMESPACE, "labels": labels}
