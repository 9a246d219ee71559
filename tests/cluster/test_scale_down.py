"""Why a node stays: what keeps it is named, on the demo and on the real control plane."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubtui.headless.stays import answer_of
from hubtui.model.scale_down import Hold, Stays
from hubtui.model.scale_down_words import FREE
from tests.cluster.clusters import Cluster
from tests.cluster.opened import session_of
from tests.cluster.yards import own_node
from tests.testbed import Testbed
from tests.testbed.api import Api, Enough
from tests.testbed.users import NAMESPACE

Json = dict[str, Any]

SYSTEM = "kube-system"
SAFE = "cluster-autoscaler.kubernetes.io/safe-to-evict"
KEPT = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
PAUSE = "registry.k8s.io/pause:3.10"
EMPTY_DIR = [{"name": "scratch", "emptyDir": {}}]


def template(name: str, node: str, notes: Json | None = None, **spec: Any) -> Json:
    """A pod that is put on the node by name."""
    containers = [{"name": "main", "image": PAUSE}]
    return {
        "metadata": {"labels": {"app": name}, "annotations": notes or {}},
        "spec": {"nodeName": node, "containers": containers, **spec},
    }


class Yard:
    """Makes things on one node, and takes them away again."""

    def __init__(self, api: Api, node: str) -> None:
        self._api = api
        self._node = node
        self._made: list[str] = []

    def deployment(self, name: str, namespace: str = NAMESPACE, **more: Any) -> None:
        """A pod that is made anew when it goes."""
        spec = {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": template(name, self._node, **more),
        }
        self._make(f"/apis/apps/v1/namespaces/{namespace}/deployments", name, spec)
        pods = f"/api/v1/namespaces/{namespace}/pods"
        self._api.wait_items(pods, Enough(ready=True), labelSelector=f"app={name}")

    def pod(self, name: str, **more: Any) -> None:
        """A pod that nobody makes anew."""
        made = template(name, self._node, **more)
        self._make(f"/api/v1/namespaces/{NAMESPACE}/pods", name, made["spec"], made["metadata"])

    def budget(self, name: str) -> None:
        """Lets no pod of a name go."""
        path = f"/apis/policy/v1/namespaces/{NAMESPACE}/poddisruptionbudgets"
        spec = {"maxUnavailable": 0, "selector": {"matchLabels": {"app": name}}}
        self._make(path, name, spec)

        def counted(items: Sequence[Json]) -> bool:
            known = {item["metadata"]["name"]: item.get("status") or {} for item in items}
            return bool(known.get(name, {}).get("expectedPods") == 1)

        self._api.wait_items(path, counted)

    def _make(self, path: str, name: str, spec: Json, meta: Json | None = None) -> None:
        self._api.request("POST", path, {"metadata": {**(meta or {}), "name": name}, "spec": spec})
        self._made.append(f"{path}/{name}")

    def clear(self) -> None:
        """Takes everything away."""
        for path in reversed(self._made):
            self._api.forget(path, {"propagationPolicy": "Background"})


@pytest.fixture
def yard(cluster: Cluster, api: Api) -> Iterator[Yard]:
    with contextlib.suppress(httpx.HTTPStatusError):  # the demo has it only in its scenarios
        api.request("POST", "/api/v1/namespaces", {"metadata": {"name": SYSTEM}})
    with own_node(cluster, "stays-1"):
        found = Yard(api, "stays-1")
        yield found
        found.clear()


async def told(kubeconfig: Path, node: str = "stays-1") -> Stays:
    """The answer, as a command has it."""
    async with session_of(kubeconfig) as session:
        await session.scale_down.fill()
        found = session.scale_down.of(node)
        assert answer_of(session, node).body["items"][0]["why"] == found.words
    return found


def kinds(found: Stays) -> dict[str, set[Hold]]:
    """What keeps the node, by the name of the workload; "" for what is about the node."""
    named: dict[str, set[Hold]] = {}
    for each in found.blockers:
        name = each.pod.metadata.labels.get("app", "") if each.pod is not None else ""
        named.setdefault(name, set()).add(each.kind)
    return named


async def test_each_thing_that_keeps_a_node_is_named(yard: Yard, api: Api, reads_all: Path) -> None:
    yard.deployment("stays-plain")
    assert (await told(reads_all)).words == FREE
    yard.pod("stays-bare")
    yard.deployment("stays-local", volumes=EMPTY_DIR)
    yard.deployment("stays-marked", notes={SAFE: "false"})
    yard.deployment("stays-safe", notes={SAFE: "true"}, volumes=EMPTY_DIR)
    yard.deployment("stays-guarded")
    yard.budget("stays-guarded")
    yard.deployment("stays-system", SYSTEM)
    api.patch("/api/v1/nodes/stays-1", {"metadata": {"annotations": {KEPT: "true"}}})
    found = await told(reads_all)
    assert kinds(found) == {
        "stays-bare": {Hold.NO_CONTROLLER},
        "stays-local": {Hold.LOCAL_STORAGE},
        "stays-marked": {Hold.NOT_SAFE},
        "stays-guarded": {Hold.BUDGET},
        "stays-system": {Hold.SYSTEM},
        "": {Hold.NODE},
    }
    assert found.held
    assert found.missing == ()


async def test_who_may_read_only_the_hubs_namespace_is_told_what_is_not_known(
    cluster: Cluster, yard: Yard, reader: Path
) -> None:
    yard.pod("stays-bare")
    yard.deployment("stays-guarded")
    yard.budget("stays-guarded")
    found = await told(reader)
    assert kinds(found) == {"stays-bare": {Hold.NO_CONTROLLER}, "stays-guarded": {Hold.BUDGET}}
    unread = {each.source for each in found.missing}
    if isinstance(cluster, Testbed):
        assert {"nodes", "disruption budgets of other namespaces"} <= unread
    else:
        assert unread == set()
