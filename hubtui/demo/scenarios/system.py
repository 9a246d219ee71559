"""What a cluster runs beside the hub: the namespace kube-system, as GKE fills it."""

from __future__ import annotations

from typing import Final

from hubtui.demo.life.claims import WAITS, make_class
from hubtui.demo.resources import BUDGETS, DAEMONSETS, DEPLOYMENTS, NAMESPACES
from hubtui.demo.storage import Json
from hubtui.demo.world import World

NAMESPACE: Final = "kube-system"

_ANYWHERE: Final = [{"operator": "Exists"}]
_GKE: Final = "gke.gcr.io"


def install(world: World) -> None:
    """Puts it there: on each node what clouds run on all, on the core node the others. Only DNS
    has a disruption budget. Disks are of one zone, that of the node that they are made for."""
    make_class(world, WAITS)
    world.objects.create(
        NAMESPACES, {"metadata": {"name": NAMESPACE}, "status": {"phase": "Active"}}
    )
    for name, image, cpu, memory, folders in (
        ("fluentbit-gke", "fluent-bit:v1.8.12-gke.41", "50m", "100Mi", ("/var/log",)),
        ("gke-metrics-agent", "gke-metrics-agent:1.15.6-gke.0", "8m", "110Mi", ()),
        ("kube-proxy", "kube-proxy-amd64:v1.34.2-gke.1033000", "100m", "", ("/run/xtables.lock",)),
        ("pdcsi-node", "gcp-compute-persistent-disk-csi-driver:v1.21.4-gke.0", "10m", "20Mi",
         ("/var/lib/kubelet",)),
    ):  # fmt: skip
        pod = _pod(f"{_GKE}/{image}", cpu, memory)
        pod |= {"tolerations": _ANYWHERE, "priorityClassName": "system-node-critical"}
        pod["volumes"] = [
            {"name": f"host-{number}", "hostPath": {"path": path}}
            for number, path in enumerate(folders)
        ]
        world.objects.create(DAEMONSETS, _workload(name, pod))
    for name, image, replicas, cpu, memory in (
        ("event-exporter-gke", "event-exporter:v0.5.6-gke.0", 1, "", ""),
        ("konnectivity-agent", "proxy-agent:v0.32.1-gke.0", 1, "10m", "30Mi"),
        ("kube-dns", "k8s-dns-kube-dns:1.26.4-gke.0", 2, "260m", "110Mi"),
        ("metrics-server", "metrics-server:v0.8.0-gke.0", 1, "48m", "105Mi"),
    ):
        pod = _pod(f"{_GKE}/{image}", cpu, memory) | {
            "priorityClassName": "system-cluster-critical"
        }
        world.objects.create(DEPLOYMENTS, _workload(name, pod, replicas=replicas))
    selector = {"matchLabels": {"k8s-app": "kube-dns"}}
    spec = {"maxUnavailable": 1, "selector": selector}
    world.objects.create(BUDGETS, {"metadata": _head("kube-dns"), "spec": spec})


def _head(name: str) -> Json:
    return {"name": name, "namespace": NAMESPACE, "labels": {"k8s-app": name}}


def _pod(image: str, cpu: str, memory: str) -> Json:
    asked = {key: text for key, text in (("cpu", cpu), ("memory", memory)) if text}
    name = image.rpartition("/")[2].partition(":")[0]
    resources = {"requests": asked} if asked else {}
    return {"containers": [{"name": name, "image": image, "resources": resources}]}


def _workload(name: str, pod: Json, **more: object) -> Json:
    labels = {"k8s-app": name}
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"selector": {"matchLabels": labels}, "template": template, **more}
    return {"metadata": _head(name), "spec": spec}
