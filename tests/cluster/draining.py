"""A node that a test drains: who is on it, what guards them, and where the drain is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hubtui.model.plan import Plan
from hubtui.services.actions import drain_evict, drain_wait
from hubtui.services.actions.drain import DrainPlan, DrainRequest, Way
from hubtui.services.operations import Operation
from hubtui.services.session import Session
from tests.cluster import yards
from tests.cluster.clusters import Cluster
from tests.cluster.guests import guests
from tests.cluster.parts import deployment
from tests.cluster.servers import running
from tests.testbed.api import is_ready
from tests.testbed.users import NAMESPACE

Json = dict[str, Any]

ANNA, BEN = "anna-drains", "Ben.Drains@Example.org"
YARD, SMALL = "drain-1", "drain-2"
BUDGETS = f"/apis/policy/v1/namespaces/{NAMESPACE}/poddisruptionbudgets"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
CLAIMS = f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"


@contextmanager
def a_yard(cluster: Cluster, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """A node of the test's own and two users; looks follow each other faster."""
    patch.setattr(drain_wait, "LOOK_EVERY", 0.2)
    patch.setattr(drain_evict, "FIRST_PAUSE", 0.5)
    with yards.own_node(cluster, YARD), guests(cluster, ANNA, BEN):
        yield


async def aboard(cluster: Cluster, session: Session, *names: str) -> None:
    """Has servers started on the node."""
    with yards.only_open(cluster, YARD):
        await running(session, *names)


async def planned(session: Session, way: Way, node: str = YARD, idle: float = 1800.0) -> DrainPlan:
    plan = await session.operations.plan("drain", DrainRequest(node, way, idle, patience=60.0))
    assert isinstance(plan, DrainPlan)
    return plan


async def noted(operation: Operation, words: str) -> None:
    """Waits until the operation says what it waits for."""
    while words not in operation.progress.note:
        assert not operation.done, operation.outcome
        await operation.changed(operation.version)


async def reason(operation: Operation, name: str, words: str) -> None:
    """Waits until a pod is at a point of its way."""
    while not any(s.name == name and words in s.reason for s in operation.progress.steps):
        assert not operation.done, operation.outcome
        await operation.changed(operation.version)


def lines(plan: Plan) -> list[str]:
    """All pods of the plan, with what becomes of them."""
    return [line for text in plan.texts for line in text.lines]


@contextmanager
def guarded(cluster: Cluster) -> Iterator[str]:
    """A pod of a Deployment on the node, which a budget keeps from being evicted."""
    name, labels = "drain-web", "component=drain-web"
    app = deployment(name, name)
    app["spec"]["template"]["spec"] |= {
        "nodeSelector": {"kubernetes.io/hostname": YARD},
        "tolerations": [{"key": "hub.jupyter.org/dedicated", "operator": "Exists"}],
    }
    selector = {"matchLabels": {"component": name}}
    budget = {"metadata": {"name": name}, "spec": {"minAvailable": 1, "selector": selector}}
    with cluster.api() as api:
        api.request("POST", BUDGETS, budget)
        api.request("POST", DEPLOYMENTS, app)
        try:
            (pod,) = api.wait_items(yards.PODS, _is_there, labelSelector=labels)
            api.wait_items(BUDGETS, _is_counted)
            yield str(pod["metadata"]["name"])
        finally:
            api.forget(f"{BUDGETS}/{name}")
            api.forget(f"{DEPLOYMENTS}/{name}")
            api.wait_items(yards.PODS, lambda items: not items, labelSelector=labels)


def _is_there(items: Any) -> bool:
    return len(items) == 1 and is_ready(items[0])


def _is_counted(items: Any) -> bool:
    return any(
        item["metadata"]["name"] == "drain-web" and item.get("status", {}).get("currentHealthy")
        for item in items
    )


@contextmanager
def zone_bound(cluster: Cluster, name: str, zone: str) -> Iterator[None]:
    """A claim whose volume is in a zone."""
    common: Json = {"accessModes": ["ReadWriteOnce"], "storageClassName": ""}
    terms = [{"matchExpressions": [{"key": yards.ZONE, "operator": "In", "values": [zone]}]}]
    volume = {
        "capacity": {"storage": "1Gi"},
        "hostPath": {"path": "/tmp/none"},
        "nodeAffinity": {"required": {"nodeSelectorTerms": terms}},
    }
    claim = {"resources": {"requests": {"storage": "1Gi"}}, "volumeName": name}
    with cluster.api() as api:
        api.request("POST", VOLUMES, {"metadata": {"name": name}, "spec": common | volume})
        api.request("POST", CLAIMS, {"metadata": {"name": name}, "spec": common | claim})
        try:
            yield
        finally:
            api.forget(f"{CLAIMS}/{name}")
            api.forget(f"{VOLUMES}/{name}")
