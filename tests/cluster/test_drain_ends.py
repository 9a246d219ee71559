"""How a drain ends on the real control plane: by the culler, a budget, somebody, or a kill."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from hubtui.config import HubApi
from hubtui.model.hub import ServerKey
from hubtui.model.plan import Level, Result
from hubtui.services.actions import drain_evict
from hubtui.services.actions.drain import DrainRequest, Way
from hubtui.services.actions.uncordon import UncordonRequest
from hubtui.services.session import Session
from tests.cluster import yards
from tests.cluster.clusters import Cluster
from tests.cluster.draining import ANNA, BEN, YARD, aboard, guarded, noted, planned
from tests.cluster.guests import pods_of, server_of
from tests.cluster.opened import session_of
from tests.cluster.parts import evidence, level
from tests.testbed import Testbed
from tests.testbed.api import Json, is_ready
from tests.testbed.culler import VERSIONS, culling
from tests.testbed.hub import PEOPLE
from tests.testbed.processes import wait_for
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state", "yard")

CULL = {"cull": {"enabled": True, "timeout": 8, "every": 1, "adminUsers": True}}
CORE = "drain-core"
GROUP = "rbac.authorization.k8s.io"
CLUSTER_ROLES = f"/apis/{GROUP}/v1/clusterroles"
CLUSTER_BINDINGS = f"/apis/{GROUP}/v1/clusterrolebindings"


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as session:
        yield session


async def test_the_real_culler_frees_the_node(
    cluster: Cluster, session: Session, testbed: Testbed
) -> None:
    await aboard(cluster, session, ANNA, BEN)
    operation = await session.operations.start(await planned(session, Way.WAIT), YARD)
    url = f"{testbed.hub_url}/hub/api"
    others = asyncio.create_task(_others_work(testbed))
    try:
        await noted(operation, "waits for 2 servers")
        with culling(VERSIONS[-1], CULL, url, testbed.hub_token):
            outcome = await operation.wait()
    finally:
        others.cancel()
        await asyncio.gather(others, return_exceptions=True)
    assert outcome.result is Result.OK, outcome
    assert {step.name for step in outcome.steps if step.ready} == {YARD, ANNA, BEN}
    assert await server_of(session, ServerKey(ANNA)) is None
    assert await server_of(session, ServerKey("alice")) is not None


async def _others_work(testbed: Testbed) -> None:
    """Everybody else is at work all the time, so that the culler leaves them alone."""
    while True:
        await asyncio.to_thread(_work, testbed)
        await asyncio.sleep(2)


def _work(testbed: Testbed) -> None:
    now = datetime.now(UTC).isoformat()
    with testbed.hub_client() as hub:
        for person in PEOPLE:
            if person.server is not None:
                seen = {person.server: {"last_activity": now}}
                path = f"/users/{quote(person.name, safe='')}/activity"
                hub.post(path, json={"servers": seen, "last_activity": now}).raise_for_status()


async def test_a_budget_that_refuses_for_good_is_named(cluster: Cluster, session: Session) -> None:
    with guarded(cluster) as web:
        request = DrainRequest(YARD, Way.EVICT, patience=1.0)
        plan = await session.operations.plan("drain", request)
        outcome = await (await session.operations.start(plan, YARD)).wait()
        assert outcome.result is Result.FAILED
        (failed,) = outcome.failed
        assert failed.name == f"{NAMESPACE}/{web}"
        assert "drain-web" in failed.reason
        assert f"1 other pod left ({NAMESPACE}/{web})" in outcome.summary
        assert yards.is_cordoned(cluster, YARD)


async def test_who_uncordons_it_meanwhile_ends_the_drain(
    cluster: Cluster, session: Session
) -> None:
    yards.put(cluster, "drain-open", YARD)
    operation = await session.operations.start(await planned(session, Way.WAIT), YARD)
    await noted(operation, "waits for 1 server")
    with cluster.api() as api:
        api.patch(f"{yards.NODES}/{YARD}", {"spec": {"unschedulable": None}})
    outcome = await operation.wait()
    assert outcome.result is Result.INTERRUPTED
    assert outcome.summary.endswith("somebody has uncordoned it")


async def test_the_cluster_is_away_for_a_while_and_the_drain_goes_on(
    cluster: Cluster, session: Session, testbed: Testbed
) -> None:
    await aboard(cluster, session, ANNA)
    operation = await session.operations.start(await planned(session, Way.WAIT), YARD)
    await noted(operation, "waits for 1 server")
    testbed.kill("apiserver")
    await noted(operation, "looks again")
    testbed.start("apiserver")
    await noted(operation, "waits for 1 server")
    with testbed.hub_client() as hub:
        hub.delete(f"/users/{ANNA}/server").raise_for_status()
    assert (await operation.wait()).result is Result.OK


async def test_a_killed_hubtui_leaves_the_node_cordoned_and_the_next_one_says_what_is_left(
    cluster: Cluster, session: Session, state: Path
) -> None:
    await aboard(cluster, session, ANNA)
    await asyncio.to_thread(_killed, cluster, state)
    (found,) = await session.operations.recover_interrupted()
    assert found.outcome is not None
    assert found.outcome.result is Result.INTERRUPTED
    assert found.outcome.summary == (
        f"hubtui was ended; node {YARD} is cordoned, 1 server left ({ANNA})"
    )
    assert found.outcome.next_steps == (
        f"hubtui drain {YARD} --way wait goes on with what is left.",
        f"hubtui uncordon {YARD} takes the cordon back.",
    )
    operation = await session.operations.start(await planned(session, Way.EVICT), YARD)
    assert (await operation.wait()).result is Result.OK
    assert pods_of(cluster, ANNA) == []


def _killed(cluster: Cluster, state: Path) -> None:
    """A hubtui that is killed while it waits."""
    words = ["--kubeconfig", str(cluster.kubeconfig), "-n", NAMESPACE]
    words += ["drain", YARD, "--way", "wait", "--confirm", YARD]
    with subprocess.Popen(
        [sys.executable, "-m", "hubtui", *words],
        env={**os.environ, "HUBTUI_STATE": str(state)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    ) as process:
        assert wait_for(lambda: "is cordoned" in _journal(state), 60)
        process.kill()


def _journal(state: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        return (state / "journal.jsonl").read_text()
    return ""


async def test_without_the_hub_servers_are_evicted_and_none_is_stopped_for_being_idle(
    cluster: Cluster, session: Session
) -> None:
    await aboard(cluster, session, ANNA)
    away = HubApi(url="http://127.0.0.1:9/")
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE, hub=away) as alone:
        idle = await planned(alone, Way.IDLE)
        assert level(idle, "hub") == "stop"
        assert evidence(idle, "users") == f"1 server of 1 user: {ANNA}"
        wait = await planned(alone, Way.WAIT)
        assert evidence(wait, "culler").startswith(f"not known of {ANNA}")
        plan = await planned(alone, Way.EVICT)
        assert "servers are evicted instead" in evidence(plan, "hub")
        outcome = await (await alone.operations.start(plan, YARD)).wait()
    assert outcome.result is Result.OK, outcome
    assert pods_of(cluster, ANNA) == []


async def test_pods_of_other_namespaces_are_evicted_too_and_named(
    cluster: Cluster, session: Session
) -> None:
    yards.put(cluster, "drain-elsewhere", YARD, namespace="default")
    plan = await planned(session, Way.EVICT)
    assert evidence(plan, "other namespaces") == "1 pod of theirs: default/drain-elsewhere"
    assert evidence(plan, "lost") == "default/drain-elsewhere: nothing makes it again"
    assert evidence(plan, "users") == "no server of this hub is on it"
    outcome = await (await session.operations.start(plan, YARD)).wait()
    assert outcome.result is Result.OK, outcome
    with cluster.api() as api:
        names = [pod["metadata"]["name"] for pod in api.items("/api/v1/namespaces/default/pods")]
    assert "drain-elsewhere" not in names


async def test_a_node_that_is_not_ready_lets_nothing_end(
    cluster: Cluster, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    clings = "stuck-terminating"
    yards.put(cluster, "drain-clings", YARD, stage=clings, terminationGracePeriodSeconds=1)
    cluster.lose_node(YARD)
    with cluster.api() as api:
        api.wait_items(yards.NODES, _is_lost)
    monkeypatch.setattr(drain_evict, "GONE_WITHIN", 1.0)
    plan = await planned(session, Way.EVICT)
    assert level(plan, "node") == "warn"
    assert "its pods do not end until it is back or removed" in evidence(plan, "node")
    outcome = await (await session.operations.start(plan, YARD)).wait()
    assert outcome.result is Result.FAILED
    (failed,) = outcome.failed
    assert failed.reason.startswith("evicted, and still there after")
    assert "hubtui delete-pod drain-clings --force" in outcome.next_steps[0]
    assert outcome.summary == (
        f"{YARD} is cordoned, 1 server left (drain-clings): not all of it leaves"
    )


def _is_lost(items: Sequence[Json]) -> bool:
    return any(item["metadata"]["name"] == YARD and not is_ready(item) for item in items)


async def test_the_core_moves_to_another_node_and_back(cluster: Cluster, session: Session) -> None:
    with yards.own_node(cluster, CORE, purpose="core", memory=32):
        for node, other in (("core-1", CORE), (CORE, "core-1")):
            plan = await planned(session, Way.EVICT, node)
            assert plan.stops == ()
            assert f" on {other}" in evidence(plan, "room elsewhere")
            outcome = await (await session.operations.start(plan, node)).wait()
            back = await session.operations.plan("uncordon", UncordonRequest(node))
            await (await session.operations.start(back, node)).wait()
            assert outcome.result is Result.OK, outcome
            ready = {step.name for step in outcome.steps if step.kind == "Deployment"}
            assert {"hub", "proxy", "user-scheduler"} <= ready
            assert _nodes_of(cluster, "hub") == [other]


def _nodes_of(cluster: Cluster, component: str) -> list[str]:
    with cluster.api() as api:
        pods = api.items(yards.PODS, labelSelector=f"component={component}")
    return [pod["spec"]["nodeName"] for pod in pods if is_ready(pod)]


async def test_rights_are_asked_for_object_by_object(cluster: Cluster, testbed: Testbed) -> None:
    for name in ("drain-theirs", "drain-others"):
        yards.put(cluster, name, YARD)
    with _rules(cluster, "nobody", ("drain-theirs",)):
        kubeconfig = testbed.kubeconfig_for("nobody")
        async with session_of(kubeconfig, namespace=NAMESPACE, release="hub") as theirs:
            plan = await planned(theirs, Way.EVICT)
            assert level(plan, "rights") == Level.STOP
            missing = f"no right to create pods/eviction of {NAMESPACE}/drain-others"
            assert evidence(plan, "rights") == missing
            wait = await planned(theirs, Way.WAIT)
            assert evidence(wait, "rights") == f"patch nodes {YARD}: allowed"


async def test_who_reads_the_hubs_namespace_alone_is_told_what_is_not_known(
    cluster: Cluster, testbed: Testbed
) -> None:
    yards.put(cluster, "drain-seen", YARD)
    with _rules(cluster, "viewer", ("drain-seen",), looks=("nodes",)):
        kubeconfig = testbed.kubeconfig_for("viewer")
        async with session_of(kubeconfig, namespace=NAMESPACE) as theirs:
            plan = await planned(theirs, Way.EVICT)
            assert "may not be read: they stay" in evidence(plan, "other namespaces")
            assert "perhaps there is less room" in evidence(plan, "room elsewhere")
            assert f"pod {NAMESPACE}/drain-seen" in plan.targets


@contextlib.contextmanager
def _rules(
    cluster: Cluster, user: str, pods: tuple[str, ...], looks: tuple[str, ...] = ("nodes", "pods")
) -> Iterator[None]:
    """Somebody `looks` at all nodes and pods, cordons, and evicts these pods alone."""
    rules = [
        {"apiGroups": [""], "resources": list(looks), "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["patch"]},
        {
            "apiGroups": [""],
            "resources": ["pods/eviction"],
            "verbs": ["create"],
            "resourceNames": list(pods),
        },
    ]
    name = {"name": "drain-test"}
    role = {"apiGroup": GROUP, "kind": "ClusterRole", **name}
    subjects = [{"kind": "User", "name": user, "apiGroup": GROUP}]
    with cluster.api() as api:
        api.request("POST", CLUSTER_ROLES, {"metadata": name, "rules": rules})
        binding = {"metadata": name, "roleRef": role, "subjects": subjects}
        api.request("POST", CLUSTER_BINDINGS, binding)
        try:
            yield
        finally:
            api.forget(f"{CLUSTER_BINDINGS}/drain-test")
            api.forget(f"{CLUSTER_ROLES}/drain-test")
