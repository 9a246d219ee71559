"""What the numbers of a hub can be had from: each source, how it is seen, and how to have it.

Source: facts on the exporters (kube-state-metrics 2, cAdvisor, jupyterhub-home-nfs,
prometheus-dirsize-exporter 3) and the values of the charts that the community's docs have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hubtui.model.promql import Matcher, like, other_than

Matchers = Mapping[str, str | Matcher]


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source: what it gives, and whether it answers; `answers` is None where that could not
    be found out. `facts` are its version and the like; `missing` says why it gives nothing or not
    all, `cure` what to do, and `lines` are those of a values.yaml that do it."""

    id: str
    title: str
    gives: str
    answers: bool | None = None
    facts: tuple[str, ...] = ()
    missing: str = ""
    cure: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exporter:
    """A source that Prometheus scrapes: it is there when `metric` is, for the hub's namespace
    unless it is of the whole cluster."""

    id: str
    title: str
    gives: str
    metric: str
    cure: str
    lines: tuple[str, ...] = ()
    matchers: Matchers = field(default_factory=dict)
    of_cluster: bool = False
    after: str = ""
    """The source that has to be there first."""


HUB: Final = "hub"
PROMETHEUS: Final = "prometheus"
HUB_PAGE: Final = "hub-page"
USAGE: Final = "metrics-server"
RULES: Final = "rules"

KUBE_STATE: Final = "kube-state-metrics"
_ALLOWED: Final = (
    "kube-state-metrics: # below prometheus:, where that is a chart of yours",
    "  metricLabelsAllowlist:",
    "    - pods=[app,component,hub.jupyter.org/username,app.kubernetes.io/component]",
    "    - services=[app,component]",
    "    - nodes=[*]",
    "  metricAnnotationsAllowList:",
    "    - pods=[hub.jupyter.org/username]",
)

EXPORTERS: Final = (
    Exporter(
        HUB,
        "the hub, in Prometheus",
        "running servers, active users, spawns, requests, the event loop",
        "jupyterhub_running_servers",
        "Let Prometheus scrape the hub, and the hub answer it. Its network policy lets in only pods"
        ' with the label hub.jupyter.org/network-access-hub: "true", from other namespaces only'
        " where it accepts them.",
        (
            "hub:",
            "  authenticatePrometheus: false # or a token, with the scope read:metrics:",
            "  # services: {prometheus: {}}",
            "  # loadRoles: {prometheus: {services: [prometheus], scopes: [read:metrics]}}",
            "  networkPolicy:",
            "    interNamespaceAccessLabels: accept",
        ),
    ),
    Exporter(
        KUBE_STATE,
        "kube-state-metrics",
        "pods, nodes and what they ask for, placeholders that went",
        "kube_pod_info",
        "Install kube-state-metrics, and let Prometheus scrape it.",
        ("prometheus:", "  kube-state-metrics:", "    enabled: true"),
    ),
    Exporter(
        "pod-labels",
        "labels of pods, of kube-state-metrics",
        "which pods are users' servers, in most of the community's dashboards",
        "kube_pod_labels",
        "kube-state-metrics tells only labels that it is allowed to.",
        _ALLOWED,
        {"label_component": other_than("")},
        after=KUBE_STATE,
    ),
    Exporter(
        "pod-annotations",
        "annotations of pods, of kube-state-metrics",
        "the users' real names, in the dashboards by user and by group",
        "kube_pod_annotations",
        "kube-state-metrics tells only annotations that it is allowed to.",
        _ALLOWED,
        {"annotation_hub_jupyter_org_username": other_than("")},
        after=KUBE_STATE,
    ),
    Exporter(
        "service-labels",
        "labels of services, of kube-state-metrics",
        "the variable `hub` of the community's dashboards",
        "kube_service_labels",
        "kube-state-metrics tells only what it watches and is allowed to.",
        _ALLOWED,
        after=KUBE_STATE,
    ),
    Exporter(
        "cadvisor",
        "cAdvisor of the kubelets",
        "memory and CPU of hub, proxy and users",
        "container_memory_working_set_bytes",
        "Let Prometheus scrape the kubelets' /metrics/cadvisor: the community chart's job"
        " kubernetes-nodes-cadvisor.",
    ),
    Exporter(
        "node-exporter",
        "node exporter",
        "memory, CPU, disks and NFS of the nodes",
        "node_memory_MemTotal_bytes",
        "Install the node exporter, and let Prometheus scrape it.",
        ("prometheus:", "  prometheus-node-exporter:", "    enabled: true"),
        of_cluster=True,
    ),
    Exporter(
        "home-nfs",
        "jupyterhub-home-nfs",
        "free space of the shared homes",
        "node_filesystem_avail_bytes",
        "Where homes are on jupyterhub-home-nfs, enable its exporter.",
        ("jupyterhub-home-nfs:", "  prometheusExporter:", "    enabled: true"),
        {"component": "shared-volume-metrics"},
    ),
    Exporter(
        "dirsize",
        "dirsize exporter",
        "the size of each home",
        "dirsize_total_size_bytes",
        "Run prometheus-dirsize-exporter beside the shared homes.",
        matchers={"directory": like(".+")},
    ),
)
"""Those that are looked for in Prometheus, in the order in which they are told."""

OPTIONAL: Final = frozenset({"home-nfs", "dirsize", RULES})
"""Those that many a hub does well without."""


def is_of_the_hub(labels: Mapping[str, str]) -> bool:
    """Whether a target that Prometheus scrapes is the hub itself: by the component that z2jh gives
    all its parts, else by the name of its service or job. Its namespace says nothing: exporters of
    the hub's disks are there, too."""
    if component := labels.get("component") or labels.get("app_kubernetes_io_component"):
        return component == "hub"
    named = {labels.get(each) for each in ("service", "job", "app", "app_kubernetes_io_name")}
    return not named.isdisjoint({"hub", "jupyterhub"})
