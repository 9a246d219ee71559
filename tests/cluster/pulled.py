"""Images that are pulled beforehand, and what there is of it in the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hubtui.model.plan import Outcome, Step
from hubtui.services.actions.prepull_facts import PrepullRequest
from hubtui.services.operation import Operation
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.testbed.api import is_ready
from tests.testbed.users import NAMESPACE

Json = dict[str, Any]

MISSING = "example.org/course/missing:1"
"""Nobody has it, on either cluster."""

OURS = "app.kubernetes.io/managed-by=hubtui"
_SETS = f"/apis/apps/v1/namespaces/{NAMESPACE}/daemonsets"


async def begun(session: Session, *images: str, timeout: float = 120.0) -> Operation:
    """A prepull that has begun, whatever its checks say."""
    plan = await session.operations.plan("prepull", PrepullRequest(images, timeout))
    passed = [check.name for check in plan.stops]
    return await session.operations.start(plan, plan.confirm, overrides=passed)


async def pulled(session: Session, *images: str, timeout: float = 120.0) -> Outcome:
    """How a prepull ended."""
    return await (await begun(session, *images, timeout=timeout)).wait()


async def under_way(operation: Operation) -> None:
    """Waits until its DaemonSet is made."""
    while not operation.progress.steps:
        await operation.changed(operation.version)


async def where(operation: Operation, image: str, ready: int, desired: int) -> Step:
    """Waits until an image is on so many of so many nodes."""
    while True:
        assert operation.outcome is None, operation.outcome
        version = operation.version
        for step in operation.progress.steps:
            if step.name == image and (step.ready, step.desired) == (ready, desired):
                return step
        await operation.changed(version)


def daemonsets(cluster: Cluster) -> list[Json]:
    """What prepulls have in the hub's namespace."""
    with cluster.api() as api:
        return api.items(_SETS, labelSelector=OURS)


def charts_puller(cluster: Cluster) -> Json:
    """The spec of a pod of the chart's own puller."""
    with cluster.api() as api:
        spec: Json = api.get(f"{_SETS}/continuous-image-puller")["spec"]["template"]["spec"]
    return spec


def pullers_nodes(cluster: Cluster) -> list[str]:
    """The nodes that the chart's own puller goes to."""
    pods = f"/api/v1/namespaces/{NAMESPACE}/pods"
    with cluster.api() as api:
        found = api.items(pods, labelSelector="component=continuous-image-puller")
    return sorted(pod["spec"]["nodeName"] for pod in found)


def reported(cluster: Cluster, nodes: Sequence[str], *images: str) -> None:
    """Waits until the kubelets of these nodes list these images."""

    def there(items: Sequence[Json]) -> bool:
        mine = (item for item in items if item["metadata"]["name"] in nodes)
        listed = [str(item["status"].get("images")) for item in mine]
        return all(f"'{image}'" in each for each in listed for image in images)

    with cluster.api() as api:
        api.wait_items("/api/v1/nodes", there)


def not_ready(cluster: Cluster, node: str) -> None:
    """Waits until a node's silence is noticed."""

    def noticed(items: Sequence[Json]) -> bool:
        mine = [item for item in items if item["metadata"]["name"] == node]
        return bool(mine) and not is_ready(mine[0])

    with cluster.api() as api:
        api.wait_items("/api/v1/nodes", noticed)


def leave(cluster: Cluster, name: str, until: str) -> None:
    """The DaemonSet of a prepull of another machine."""
    labels = {
        "app.kubernetes.io/managed-by": "hubtui",
        "app.kubernetes.io/component": "prepull",
        "hubtui/operation": name,
    }
    spec = {"containers": [{"name": "pause", "image": "registry.k8s.io/pause:3.10"}]}
    body = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {
            "name": name,
            "labels": labels,
            "annotations": {"hubtui/owner": "ana@elsewhere", "hubtui/until": until},
        },
        "spec": {
            "selector": {"matchLabels": {"hubtui/daemonset": name}},
            "template": {
                "metadata": {"labels": {**labels, "hubtui/daemonset": name}},
                "spec": spec,
            },
        },
    }
    with cluster.api() as api:
        api.request("POST", _SETS, body)


def clear(cluster: Cluster) -> None:
    """Takes away what a test has left of prepulls."""
    with cluster.api() as api:
        for each in api.items(_SETS, labelSelector=OURS):
            name = each["metadata"]["name"]
            api.request("DELETE", f"{_SETS}/{name}", {"propagationPolicy": "Background"})
