"""Why a dashboard's metric or label can be missing, and what brings it.

Source: facts.md §8.1, §8.4 and §3.1; kube-state-metrics 2 (CHANGELOG of 2.0); node_exporter 0.16
(CHANGELOG); Kubernetes 1.16 (labels of cAdvisor).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_RENAMED: Final = {
    "node_cpu": "node_cpu_seconds_total",
    "node_memory_MemTotal": "node_memory_MemTotal_bytes",
    "node_memory_MemFree": "node_memory_MemFree_bytes",
    "node_memory_MemAvailable": "node_memory_MemAvailable_bytes",
    "node_memory_Cached": "node_memory_Cached_bytes",
    "node_memory_Buffers": "node_memory_Buffers_bytes",
    "node_filesystem_avail": "node_filesystem_avail_bytes",
    "node_filesystem_size": "node_filesystem_size_bytes",
    "node_filesystem_free": "node_filesystem_free_bytes",
    "node_network_receive_bytes": "node_network_receive_bytes_total",
    "node_network_transmit_bytes": "node_network_transmit_bytes_total",
}
"""Of node_exporter before 0.16."""

_RESOURCE: Final = re.compile(
    r"(?P<metric>kube_(?:pod_container_resource_(?:limits|requests)"
    r"|node_status_(?:capacity|allocatable)))_(?P<unit>memory_bytes|cpu_cores|pods)"
)
_UNITS: Final = {"memory_bytes": "memory", "cpu_cores": "cpu", "pods": "pods"}

_GROUPS: Final = "jupyterhub_user_group_info"
_SCRAPED: Final = {
    "jupyterhub_": "the hub",
    "dirsize_": "the dirsize exporter or home-nfs",
    "node_": "the node exporter",
    "container_": "cAdvisor of the kubelets",
    "kubelet_": "the kubelets",
    "kube_": "kube-state-metrics",
}
"""Who tells metrics whose names begin so."""

_HOW: Final = {
    "jupyterhub_": ", or the hub refuses it (hub.authenticatePrometheus: false, or a token with"
    " read:metrics)"
}
_ALLOWED: Final = re.compile(r"kube_[a-z]+_(?:labels|annotations)")

_KUBERNETES_LABELS: Final = {
    "hub_jupyter_org_username": "hub.jupyter.org/username",
    "hub_jupyter_org_servername": "hub.jupyter.org/servername",
    "app_kubernetes_io_component": "app.kubernetes.io/component",
    "app_kubernetes_io_name": "app.kubernetes.io/name",
    "gateway_dask_org_cluster": "gateway.dask.org/cluster",
    "cloud_google_com_gke_nodepool": "cloud.google.com/gke-nodepool",
    "alpha_eksctl_io_nodegroup_name": "alpha.eksctl.io/nodegroup-name",
    "kubernetes_azure_com_agentpool": "kubernetes.azure.com/agentpool",
}
"""Labels of Kubernetes as kube-state-metrics writes them, and what they are."""

_OF_OBJECTS: Final = re.compile(r"kube_(?P<kind>[a-z]+)_(?P<what>labels|annotations)")
_LABEL_BY_NAME: Final = {
    "pod_name": "since Kubernetes 1.16 it is called pod",
    "container_name": "since Kubernetes 1.16 it is called container",
    "kubernetes_namespace": "Prometheus' charts call it namespace today",
    "kubernetes_name": "Prometheus' charts call it service today",
    "reason": "JupyterHub has it since 6",
}


def successor(metric: str) -> str:
    """What a metric is called today; "" where its name is not known to have changed."""
    if found := _RESOURCE.fullmatch(metric):
        return f'{found["metric"]}{{resource="{_UNITS[found["unit"]]}"}}'
    return _RENAMED.get(metric, "")


def family_of(metric: str) -> str:
    """What the names of all metrics of its source begin with; "" where that is not known."""
    return next((start for start in _SCRAPED if metric.startswith(start)), "")


def why_no_metric(metric: str, *, others: bool) -> str:
    """What the absence of a metric means; `others`: some of its source are there. "" where nothing
    is known."""
    if today := successor(metric):
        return f"today it is {today}"
    if _ALLOWED.fullmatch(metric):
        return _allow(metric, "")
    if metric == _GROUPS:
        return "jupyterhub-groups-exporter is not installed, or not scraped"
    family = family_of(metric)
    if not family:
        return ""
    if others:
        return f"{_SCRAPED[family]} is scraped, but tells no such metric"
    return f"it does not scrape {_SCRAPED[family]}{_HOW.get(family, '')}"


def why_no_label(metric: str, label: str) -> str:
    """What it means that no series of a metric has a label. "" where nothing is known."""
    if _OF_OBJECTS.fullmatch(metric) and label.startswith(("label_", "annotation_")):
        return _allow(metric, label.partition("_")[2])
    if metric.startswith("jupyterhub_") and label == "app":
        return "the labels of the hub's service are not put on it, as a ServiceMonitor leaves them"
    if metric.startswith("container_") and label in ("name", "image"):
        return "this container runtime does not set it"
    return _LABEL_BY_NAME.get(label, "")


def why_no_match(metric: str, matched: Mapping[str, str]) -> str:
    """What it means that a metric has no series with these values of its labels. "" where nothing
    is known."""
    if metric == "kube_service_labels" and matched.get("service") == "hub":
        return "with fullnameOverride the hub's service has another name"
    return ""


def _allow(metric: str, written: str) -> str:
    """Which list of kube-state-metrics has to allow it; `written` is the name as it is mangled."""
    found = _OF_OBJECTS.fullmatch(metric)
    if found is None:
        return ""
    kind, is_label = found["kind"], found["what"] == "labels"
    setting = "metricLabelsAllowlist" if is_label else "metricAnnotationsAllowList"
    plural = kind if kind.endswith("s") else f"{kind}s"
    default = "hub.jupyter.org/username" if kind == "pod" else "*"
    name = _KUBERNETES_LABELS.get(written, written) or default
    return f"kube-state-metrics must be told to allow it: {setting} {plural}=[{name}]"
