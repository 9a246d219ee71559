"""Nodes with what stands on them: the sums are kubectl's, whoever comes and goes."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hubtui.model.packing import CPU, MEMORY, PODS, Share, amount
from hubtui.model.podstate import Severity
from hubtui.services.nodes import ELSEWHERE, USAGE, NodeRow
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.evidence import Asked
from tests.cluster.opened import live, session_of, until
from tests.testbed.api import Api
from tests.testbed.extra_nodes import extra_node
from tests.testbed.faults import FaultProxy, Match
from tests.testbed.kubelets import standard_nodes
from tests.testbed.users import NAMESPACE

Json = dict[str, Any]

EXTRA = "packed-1"
OTHER_NAMESPACE = "default"
ENDED = ("Succeeded", "Failed")


@pytest.fixture
async def session(cluster: Cluster, reads_all: Path) -> AsyncIterator[Session]:
    async with session_of(reads_all, namespace=NAMESPACE) as found:
        await looking(found)
        yield found


@pytest.fixture
def packed(api: Api) -> Iterator[str]:
    """A node of the test's own."""
    with extra_node(api, EXTRA, pool="packed", cpu=4, memory=8, zone="zone-b"):
        yield EXTRA


async def looking(session: Session) -> None:
    """Somebody looks at the nodes, and sees all that is there."""
    session.nodes.start("test")
    await session.nodes.fill()
    session.nodes.update()


def row_of(session: Session, name: str) -> NodeRow | None:
    session.nodes.update()
    return session.nodes.row(name)


def stands(session: Session, name: str) -> str:
    row = row_of(session, name)
    return row.standing.words if row is not None else ""


def described(cluster: Cluster, node: str) -> dict[str, int]:
    """What kubectl counts on a node: its pods, and what they ask for."""
    command = [str(cluster.kubectl), "--kubeconfig", str(cluster.kubeconfig)]
    said = subprocess.run(
        [*command, "describe", "node", node], capture_output=True, check=True, text=True
    ).stdout
    pods = re.search(r"Non-terminated Pods:\s+\((\d+) in total\)", said)
    assert pods is not None, said
    found = {PODS: int(pods[1])}
    for resource in (CPU, MEMORY):
        asked = re.search(rf"^  {resource} +(\S+) \(", said.partition("Allocated")[2], re.MULTILINE)
        assert asked is not None, said
        found[resource] = amount(resource, asked[1])
    return found


def counted(session: Session, node: str) -> dict[str, int]:
    """The same, as the rows have it."""
    row = row_of(session, node)
    assert row is not None
    assert not row.at_least
    used = {resource: row.used.get(resource, 0) for resource in (CPU, MEMORY)}
    return {PODS: row.pods, **used}


def agree(session: Session, cluster: Cluster, node: str) -> bool:
    return counted(session, node) == described(cluster, node)


def asks(requests: Json | None = None, name: str = "c", **more: Any) -> Json:
    resources = {"requests": requests} if requests else {}
    return {"name": name, "image": "example/app:1", "resources": resources, **more}


@contextmanager
def put(api: Api, namespace: str, name: str, node: str, spec: Json) -> Iterator[None]:
    """A pod on a node while the context lasts, past any scheduler."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    tolerates = [{"operator": "Exists"}]
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"nodeName": node, "tolerations": tolerates, "restartPolicy": "Never", **spec},
    }
    api.request("POST", path, body)
    try:
        yield
    finally:
        api.request("DELETE", f"{path}/{name}", {"gracePeriodSeconds": 0})


async def test_what_stands_on_each_node_is_what_kubectl_counts_there(
    session: Session, cluster: Cluster
) -> None:
    for node in standard_nodes():
        name, labels = node["metadata"]["name"], node["metadata"]["labels"]
        await until(partial(agree, session, cluster, name), name)
        row = session.nodes.row(name)
        assert row is not None
        assert row.allocatable is not None
        written = node["status"]["allocatable"]
        assert row.allocatable[MEMORY] == amount(MEMORY, written[MEMORY])
        assert row.free(PODS) == int(written[PODS]) - row.pods
        assert row.pool == labels["cloud.google.com/gke-nodepool"]
        assert row.zone == labels["topology.kubernetes.io/zone"]
        assert row.instance_type == labels["node.kubernetes.io/instance-type"]
    assert session.nodes.notes() == ()


async def test_users_and_placeholders_are_counted_where_they_sit(
    session: Session, api: Api
) -> None:
    def seated(pods: list[Json], component: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for pod in pods:
            labels, node = pod["metadata"].get("labels", {}), pod["spec"].get("nodeName")
            over = pod["status"].get("phase") in ENDED
            if node and not over and labels.get("component") == component:
                found[node] = found.get(node, 0) + 1
        return found

    def as_listed() -> bool:
        pods = api.items(f"/api/v1/namespaces/{NAMESPACE}/pods")
        session.nodes.update()
        rows = session.nodes.rows()
        users = {row.name: row.users for row in rows if row.users}
        seats = {row.name: row.placeholders for row in rows if row.placeholders}
        assert users
        return (users, seats) == (
            seated(pods, "singleuser-server"),
            seated(pods, "user-placeholder"),
        )

    await until(as_listed, "users and placeholders by node")
    totals = session.nodes.totals()
    assert totals.users == sum(row.users for row in session.nodes.rows())
    assert totals.shares[Share.USERS][MEMORY] > 0


PODS_OF_ALL_KINDS: tuple[Json, ...] = (
    {"containers": [asks({"cpu": "250m", "memory": "1Gi"}), asks({"cpu": "0.25"}, "d")]},
    {"containers": [asks({"memory": "1G"})], "initContainers": [asks({"memory": "3Gi"}, "i")]},
    {
        "containers": [asks({"memory": "512Mi"})],
        "initContainers": [
            asks({"memory": "100M", "cpu": "50m"}, "s", restartPolicy="Always"),
            asks({"memory": "1e9"}, "i"),
        ],
    },
    {"containers": [asks() | {"resources": {"limits": {"cpu": "1", "memory": "200Mi"}}}]},
    {"containers": [asks()]},
)


async def test_every_kind_of_request_counts_as_kubectl_counts_it(
    session: Session, cluster: Cluster, api: Api, packed: str
) -> None:
    for number, spec in enumerate(PODS_OF_ALL_KINDS):
        namespace = (NAMESPACE, OTHER_NAMESPACE)[number % 2]
        with put(api, namespace, f"asks-{number}", packed, spec):
            known = f"{namespace}/asks-{number}"
            await until(partial(is_on, session, known), known)
            assert counted(session, packed) == described(cluster, packed)
    await until(lambda: not is_on(session, known), f"{known} gone")


def is_on(session: Session, key: str) -> bool:
    """Whether a pod is on the test's own node."""
    session.nodes.update()
    return key in {pod.key for pod in session.nodes.pods_on(EXTRA)}


async def test_a_node_comes_is_marked_falls_silent_and_goes(
    session: Session, cluster: Cluster, api: Api
) -> None:
    path = f"/api/v1/nodes/{EXTRA}"
    with extra_node(api, EXTRA, pool="packed"):
        await until(lambda: stands(session, EXTRA) == "ready", "the new node")
        assert "packed" in {pool.name for pool in session.nodes.pools()}
        taints = api.get(path)["spec"]["taints"]
        mark = {"key": "ToBeDeletedByClusterAutoscaler", "value": "1", "effect": "NoSchedule"}
        api.patch(path, {"spec": {"taints": [*taints, mark], "unschedulable": True}})
        await until(lambda: "cordoned" in stands(session, EXTRA), "cordoned")
        assert stands(session, EXTRA) == "about to be removed, cordoned"
        await asyncio.to_thread(cluster.lose_node, EXTRA)
        await until(lambda: "NotReady" in stands(session, EXTRA), "silent")
        row = session.nodes.row(EXTRA)
        assert row is not None
        assert (row.standing.severity, row.standing.leaving) == (Severity.WAITING, True)
    await until(lambda: row_of(session, EXTRA) is None, "gone")
    assert "packed" not in {pool.name for pool in session.nodes.pools()}


async def test_what_nodes_use_is_measured(session: Session) -> None:
    await until(lambda: not session.nodes.usage.missing, "the use of nodes")
    for node in standard_nodes():
        row = row_of(session, node["metadata"]["name"])
        assert row is not None
        assert row.usage is not None, row.name
        assert row.usage.memory
    totals = session.nodes.totals()
    assert totals.nodes >= totals.measured >= len(standard_nodes())


async def test_without_the_right_to_list_nodes_the_users_are_told_by_node(
    cluster: Cluster, proxy: FaultProxy, session: Session
) -> None:
    for path in (r"^/api/v1/nodes", r"^/api/v1/pods", r"^/apis/metrics\.k8s\.io/v1beta1/nodes"):
        proxy.answer(Match(path), 403)
    async with session_of(proxy.kubeconfig_from(cluster.kubeconfig), namespace=NAMESPACE) as other:
        await is_without_nodes(other, session)


async def test_a_viewer_of_the_namespace_sees_the_users_by_node(
    viewer: Path, readonly_admin: Path
) -> None:
    async with session_of(readonly_admin, namespace=NAMESPACE) as session:
        await looking(session)
        async with session_of(viewer) as other:
            await is_without_nodes(other, session)


async def is_without_nodes(limited: Session, session: Session) -> None:
    """What is known without the right to see nodes is what who has it sees; the rest is unknown."""
    await looking(limited)

    def users(of: Session) -> dict[str, int]:
        of.nodes.update()
        return {row.name: row.users for row in of.nodes.rows() if row.users}

    assert users(limited)
    await until(lambda: users(limited) == users(session), "users by node")
    for row in limited.nodes.rows():
        assert (row.node, row.known, row.at_least) == (None, False, True)
        assert (row.allocatable, row.usage, row.free(MEMORY), row.free(PODS)) == (None,) * 4
        assert (row.standing.words, row.standing.ready) == ("?", None)
    totals = limited.nodes.totals()
    assert (totals.allocatable, totals.known, totals.at_least) == (None, False, True)
    assert {note.source for note in limited.nodes.notes()} == {"nodes", ELSEWHERE, USAGE}


async def test_nothing_beyond_the_namespace_is_asked_before_somebody_looks(
    reads_all: Path, asked: Asked
) -> None:
    def beyond() -> set[str]:
        found = [entry["objectRef"] for entry in asked.entries if "objectRef" in entry]
        wanted = [each for each in found if each["resource"] in ("nodes", "pods")]
        return {each["resource"] for each in wanted if not each.get("namespace")}

    async with session_of(reads_all, namespace=NAMESPACE) as session:
        await live(session.pods.stores.pods)
        session.nodes.update()
        assert beyond() == set()
        await looking(session)
        await until(lambda: beyond() == {"nodes", "pods"}, "nodes and pods elsewhere")
