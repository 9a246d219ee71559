"""Why a panel has nothing to show, as Prometheus' lists of names and labels tell it."""

from __future__ import annotations

import pytest

from hubtui.errors import UnreachableError
from hubtui.services.missing_metrics import NONE_NOW, NOTHING_MEETS, MissingMetrics
from tests.fake_prometheus import FakePrometheus, refusing

PODS = 'kube_pod_labels{label_component="singleuser-server"}'


def having(*metrics: str, **labels: list[str]) -> FakePrometheus:
    """A Prometheus with these metrics, and with these labels on them."""
    told = {f"__name__ of {each}": [each] for each in metrics}
    for metric in metrics:
        family = metric.partition("_")[0]
        told[f'__name__ of {{__name__=~"{family}_.+"}}'] = [metric]
    named = {f"labels of {metric}": found for metric, found in labels.items()}
    return FakePrometheus(labels=told | named)


@pytest.mark.parametrize(
    ("prometheus", "query", "reason"),
    [
        (
            having(),
            "sum(kube_pod_container_resource_limits_memory_bytes) by (pod)",
            "Prometheus has no kube_pod_container_resource_limits_memory_bytes: today it is"
            ' kube_pod_container_resource_limits{resource="memory"}',
        ),
        (
            having(),
            "rate(node_cpu[5m])",
            "Prometheus has no node_cpu: today it is node_cpu_seconds_total",
        ),
        (
            having(),
            "kube_pod_info + kube_node_info",
            "Prometheus has no kube_pod_info, kube_node_info: it does not scrape"
            " kube-state-metrics",
        ),
        (
            having("kube_pod_info"),
            "kube_pod_annotations",
            "Prometheus has no kube_pod_annotations: kube-state-metrics must be told to allow it:"
            " metricAnnotationsAllowList pods=[hub.jupyter.org/username]",
        ),
        (
            having("jupyterhub_total_users"),
            "jupyterhub_login_duration_seconds_count",
            "Prometheus has no jupyterhub_login_duration_seconds_count: the hub is scraped, but"
            " tells no such metric",
        ),
        (
            having(),
            "jupyterhub_running_servers",
            "Prometheus has no jupyterhub_running_servers: it does not scrape the hub, or the hub"
            " refuses it (hub.authenticatePrometheus: false, or a token with read:metrics)",
        ),
        (having(), "our_own", "Prometheus has no our_own"),
        (
            having("kube_pod_labels", kube_pod_labels=["pod"]),
            PODS,
            "kube_pod_labels has no label label_component: kube-state-metrics must be told to"
            " allow it: metricLabelsAllowlist pods=[component]",
        ),
        (
            having("jupyterhub_up", jupyterhub_up=["job"]),
            'jupyterhub_up{app="jupyterhub"}',
            "jupyterhub_up has no label app: the labels of the hub's service are not put on it,"
            " as a ServiceMonitor leaves them",
        ),
        (
            having("container_x", container_x=["pod"]),
            'container_x{pod_name=~"jupyter-.*"}',
            "container_x has no label pod_name: since Kubernetes 1.16 it is called pod",
        ),
        (
            having("kube_pod_labels", kube_pod_labels=["label_component"]),
            PODS,
            f"nothing matches {PODS}",
        ),
        (having("up"), "up > 8", NOTHING_MEETS),
        (having("up"), "sum(up)", NONE_NOW),
    ],
)
async def test_the_reason_is_told_with_its_cure(
    prometheus: FakePrometheus, query: str, reason: str
) -> None:
    missing = MissingMetrics(prometheus.session.prometheus)
    assert await missing.of([query]) == [reason]
    asked = len(prometheus.asked)
    assert await missing.of([query, query]) == [reason]
    assert len(prometheus.asked) == asked


async def test_what_cannot_be_asked_is_told() -> None:
    missing = MissingMetrics(refusing(UnreachableError("it is down")).prometheus)
    assert await missing.of(["up"]) == ["why it is empty is not known: it is down"]
    assert await missing.of(["vector(1)"]) == []
