"""Who may do everything and is read-only, and what the logs must not hold of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hubtui import config
from hubtui.config import Settings
from tests.cluster.clusters import Cluster
from tests.cluster.evidence import Evidence

USER = "readonly-admin"
SIZE = (160, 48)

ON_DEMO = pytest.mark.parametrize("cluster", ["demo"], indirect=True)
"""On the demo alone."""
ON_REAL = pytest.mark.parametrize("cluster", ["real"], indirect=True)
"""On the real control plane alone, whose logs are looked at."""


def settings_of(cluster: Cluster, kubeconfig: Path, **flags: Any) -> Settings:
    """The settings as the command line would make them."""
    given = {"kubeconfig": str(kubeconfig), "namespace": "hub", "helm": str(cluster.helm())}
    found, _ = config.load({**given, **flags})
    return found


def assert_only_read(evidence: Evidence) -> None:
    assert len(evidence.entries) > 10, "nothing was asked: this proves nothing"
    assert evidence.writes() == []
    assert evidence.intrusions() == []
    assert evidence.hub_writes() == []


def pod_of(cluster: Cluster, component: str) -> str:
    """The pod of a part of the hub."""
    return str(_pod(cluster, component)["metadata"]["name"])


def node_of(cluster: Cluster, component: str) -> str:
    """The node that a part of the hub is on."""
    return str(_pod(cluster, component)["spec"]["nodeName"])


def _pod(cluster: Cluster, component: str) -> dict[str, Any]:
    with cluster.api() as api:
        (pod,) = api.items("/api/v1/namespaces/hub/pods", labelSelector=f"component={component}")
    return pod
