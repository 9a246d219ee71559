"""Which of the targets of a Prometheus is the hub itself."""

import pytest

from hubtui.model.metric_source import is_of_the_hub

IN_IT = {"namespace": "hub", "instance": "10.0.0.7:8081"}


@pytest.mark.parametrize(
    ("labels", "is_it"),
    [
        ({"app": "jupyterhub", "component": "hub", "service": "hub"}, True),
        ({"app_kubernetes_io_component": "hub"}, True),
        ({"app": "jupyterhub", "component": "proxy", "service": "proxy-public"}, False),
        ({"app": "nfs-server", "component": "shared-volume-metrics"}, False),
        ({"app": "dirsize-exporter", "service": "dirsize-exporter"}, False),
        ({"job": "jupyterhub"}, True),
        ({"job": "kubernetes-pods"}, False),
    ],
)
def test_it_is_told_by_its_component_or_its_names(labels: dict[str, str], is_it: bool) -> None:
    assert is_of_the_hub({**IN_IT, **labels}) is is_it
