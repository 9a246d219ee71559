"""What explains a pod, on a scheduler's words and on the ways in which pods go wrong."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubtui.clients.gate import Gate
from hubtui.clients.kube import KubeClient
from hubtui.clients.kubeconfig import current_context
from hubtui.config import Settings
from hubtui.model.roles import Role
from hubtui.model.why_facts import Cause, Why
from hubtui.services.discovery import Hub
from hubtui.services.session import Session
from hubtui.services.why import of_pod, of_role
from tests.cluster.clusters import Cluster
from tests.cluster.opened import PATIENCE, until
from tests.testbed import Testbed, stages

DEDICATED = {"key": "hub.jupyter.org/dedicated", "operator": "Equal", "value": "user"}

Make = Callable[..., str]


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace of a test's own, so that no other sees its pods."""
    name = f"why-{uuid.uuid4().hex[:6]}"
    with cluster.api() as api:
        api.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        yield name
        for pod in api.items(f"/api/v1/namespaces/{name}/pods"):
            # A pod that is stuck on purpose goes when nothing is wrong with it any more.
            path = f"/api/v1/namespaces/{name}/pods/{pod['metadata']['name']}"
            with contextlib.suppress(httpx.HTTPStatusError):
                api.patch(path, {"metadata": {"annotations": {stages.STAGE: None}}})
        with contextlib.suppress(httpx.HTTPStatusError):
            api.request("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture
def make(cluster: Cluster, namespace: str) -> Make:
    """Makes a user's pod that goes wrong in one way, and gives its name."""

    def call(failure: str = "none", memory: str = "10Mi", name: str = "", **spec: Any) -> str:
        name = name or f"jupyter-{failure}"
        labels = {"component": "singleuser-server", "app": "jupyterhub"}
        container = {
            "name": "notebook",
            "image": "quay.io/example/notebook:1",
            "resources": {"requests": {"memory": memory}},
        }
        meta = {"name": name, "namespace": namespace, "labels": labels}
        meta["annotations"] = {stages.STAGE: failure}
        every = {
            "schedulerName": "hub-user-scheduler",
            "tolerations": [DEDICATED],
            "containers": [container],
            **spec,
        }
        with cluster.api() as api:
            api.apply({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": every})
        return name

    return call


@asynccontextmanager
async def session_in(namespace: str, kubeconfig: Path) -> AsyncIterator[Session]:
    """A session on a hub that is no release: its pods are what matters."""
    chosen = Settings(kubeconfig=str(kubeconfig))
    context = current_context(chosen)
    client = KubeClient(chosen, context, Gate("a test"))
    session = Session(chosen, context, client, Hub(namespace, "hub"))
    try:
        await session.feeds.fill(session.pods.stores.pods)
        yield session
    finally:
        await session.close()


async def explained(session: Session, name: str, cause: Cause, words: str = "") -> Why:
    """The explanation, once the cluster has come to what is explained by this cause."""
    found = None
    try:
        async with asyncio.timeout(PATIENCE):
            while found is None or found.cause is not cause or words not in found.happened:
                found = await of_pod(session, name)
                await asyncio.sleep(0.1)  # events and states are the cluster's to tell
    except TimeoutError:
        raise AssertionError(f"never {cause} with {words!r}: {found}") from None
    return found


STAGES = [
    ("image-pull-backoff", Cause.IMAGE, "cannot be pulled on"),
    ("crash-loop", Cause.CRASH, "it ended with an error of its own (exit code 1)"),
    ("oom-loop", Cause.MEMORY, "OOMKilled, exit code 137"),
    ("never-ready", Cause.NOT_READY, "Readiness probe failed: connection refused"),
    ("evicted", Cause.EVICTED, "The node was low on resource: memory"),
]


@pytest.mark.parametrize(("failure", "cause", "words"), STAGES)
async def test_each_way_of_going_wrong_is_told(
    make: Make, namespace: str, reads_all: Path, failure: str, cause: Cause, words: str
) -> None:
    name = make(failure, initContainers=[])
    async with session_in(namespace, reads_all) as session:
        found = await explained(session, name, cause, words)
    assert found.missing == ()
    assert found.todo


async def test_too_large_for_every_node_and_two_of_a_kind_are_one_finding(
    make: Make, namespace: str, reads_all: Path
) -> None:
    names = [make(memory="900Gi", name=f"jupyter-large-{n}") for n in (1, 2)]
    async with session_in(namespace, reads_all) as session:
        for name in names:
            found = await explained(session, name, Cause.TOO_LARGE)
        await until(lambda: len(session.pods.stores.pods) == 2)
        (finding,) = await of_role(session, Role.USERS)
    assert "asks for 900G of memory" in found.means
    assert "waiting does not help" in found.means
    assert sorted(pod.metadata.name for pod in finding.pods) == names


async def test_a_taint_is_named_though_the_scheduler_only_counts_it(
    make: Make, namespace: str, reads_all: Path
) -> None:
    name = make(tolerations=[], nodeSelector={"hub.jupyter.org/node-purpose": "user"})
    async with session_in(namespace, reads_all) as session:
        found = await explained(session, name, Cause.NO_NODE)
    assert "are kept for user pods" in found.happened
    assert "1 has not the labels that it asks for" in found.happened


async def test_a_quota_that_is_full_is_told_of_the_role_that_lacks_a_pod(
    cluster: Cluster, namespace: str, reads_all: Path
) -> None:
    labels = {"component": "user-placeholder", "app": "jupyterhub"}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "spec": {"hard": {"pods": "1"}}}
    workload = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "user-placeholder", "namespace": namespace, "labels": labels},
        "spec": {
            "replicas": 2,
            "podManagementPolicy": "Parallel",
            "serviceName": "x",
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "pause", "image": "pause:1"}]},
            },
        },
    }
    with cluster.api() as api:
        api.apply({**quota, "metadata": {"name": "team", "namespace": namespace}}, workload)
    async with session_in(namespace, reads_all) as session:
        stores = session.pods.stores
        await session.feeds.fill(stores.statefulsets)
        await until(lambda: len(stores.statefulsets) == 1 and len(stores.pods) == 1, "one pod")
        causes: dict[Cause, Why] = {}
        async with asyncio.timeout(PATIENCE):
            while Cause.QUOTA not in causes:
                findings = await of_role(session, Role.USER_PLACEHOLDER)
                causes = {finding.why.cause: finding.why for finding in findings}
                await asyncio.sleep(0.1)  # the controller's event comes when it comes
    found = causes[Cause.QUOTA]
    assert "limited: pods=1" in found.happened
    assert "team: 1 of 1 pods used" in [each.words for each in found.evidence]


# On the real control plane only: the demo has no roles.
async def test_who_may_not_read_nodes_is_still_told_the_schedulers_words(
    testbed: Testbed, viewer: Path
) -> None:
    """A viewer of the hub's namespace, on a pod of its own there."""
    meta = {"name": f"large-{uuid.uuid4().hex[:6]}", "namespace": "hub"}
    container = {"name": "c", "image": "i:1", "resources": {"requests": {"memory": "900Gi"}}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta}
    with testbed.api() as api:
        api.apply({**pod, "spec": {"containers": [container]}})
        try:
            async with session_in("hub", viewer) as session:
                found = await explained(session, meta["name"], Cause.FULL)
        finally:
            api.request("DELETE", f"/api/v1/namespaces/hub/pods/{meta['name']}")
    assert "has too little free memory" in found.happened
    assert {"nodes", "resource quotas"} <= {each.source for each in found.missing}
