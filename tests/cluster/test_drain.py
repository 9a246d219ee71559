"""A node is emptied: servers are waited for, stopped when idle, or all of it is evicted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hubtui.cli import run
from hubtui.errors import (
    ChangedSinceError,
    CheckStopsError,
    NotConfirmedError,
    NotFoundError,
    ReadOnlyError,
    UsageError,
)
from hubtui.model.hub import ServerKey
from hubtui.model.kinds import PODS
from hubtui.model.plan import Result, StepState
from hubtui.services.actions.drain import DrainPlan, DrainRequest, Way
from hubtui.services.session import Session
from tests.cluster import yards
from tests.cluster.clusters import Cluster
from tests.cluster.draining import (
    ANNA,
    BEN,
    BUDGETS,
    YARD,
    aboard,
    guarded,
    lines,
    noted,
    planned,
    reason,
    zone_bound,
)
from tests.cluster.guests import pods_of, server_of
from tests.cluster.opened import session_of
from tests.cluster.parts import evidence, level
from tests.cluster.servers import planned as planned_stop
from tests.cluster.servers import stopped
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state", "yard")

Json = dict[str, Any]

SMALL = "drain-2"


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as session:
        yield session


async def test_it_waits_until_all_servers_are_gone(cluster: Cluster, session: Session) -> None:
    await aboard(cluster, session, ANNA, BEN)
    plan = await planned(session, Way.WAIT)
    assert plan.stops == ()
    assert (plan.confirm, plan.targets) == (YARD, (f"node {YARD}",))
    assert evidence(plan, "users").startswith("2 servers of 2 users, idle for ")
    assert "the culler stops the last of 2 servers" in evidence(plan, "culler")
    assert evidence(plan, "room elsewhere").startswith("all 2 fit together: ")
    assert any(line.startswith(f"{ANNA}: ") and "culled" in line for line in lines(plan))
    for typed in ("", "hub", ANNA):
        with pytest.raises(NotConfirmedError):
            await session.operations.start(plan, typed)
    operation = await session.operations.start(plan, YARD)
    await noted(operation, "waits for 2 servers: the culler stops the last of 2 servers")
    assert yards.is_cordoned(cluster, YARD)
    await stopped(session, await planned_stop(session, ANNA))
    await noted(operation, "waits for 1 server")
    await stopped(session, await planned_stop(session, BEN))
    outcome = await operation.wait()
    assert outcome.result is Result.OK, outcome
    assert outcome.summary == f"{YARD} is cordoned and no server is left on it"
    assert f"hubtui uncordon {YARD}" in outcome.next_steps[0]
    (entry, *_) = [e for e in session.operations.journal.read().entries if e.action == "drain"]
    said = [each.words for each in entry.said]
    assert said == [
        f"{YARD} is cordoned",
        f"gone: {ANNA}; 1 server left",
        f"gone: {BEN}; 0 servers left",
    ]
    again = await planned(session, Way.WAIT)
    assert "nothing is left on it to wait for" in evidence(again, "node")


async def test_idle_ones_are_stopped_and_an_interruption_is_gone_on_with(
    cluster: Cluster, session: Session
) -> None:
    await aboard(cluster, session, ANNA, BEN)
    plan = await idle_plan(cluster, session)
    assert plan.targets == (f"node {YARD}", f"server {ANNA}")
    assert [line.partition(":")[0] for line in lines(plan)][:2] == [ANNA, BEN]
    operation = await session.operations.start(plan, YARD)
    await noted(operation, "waits for 1 server")
    assert operation.may_be_interrupted
    operation.interrupt()
    outcome = await operation.wait()
    assert outcome.result is Result.INTERRUPTED
    left = f"{YARD} is cordoned, 1 server left ({BEN}): it was asked to end"
    assert outcome.summary == left
    assert [step.partition(" goes")[0] for step in outcome.next_steps] == [
        f"hubtui drain {YARD} --way idle --idle 2s",
        f"hubtui uncordon {YARD} takes the cordon back.",
    ]
    assert await server_of(session, ServerKey(ANNA)) is None
    assert await server_of(session, ServerKey(BEN)) is not None
    again = await planned(session, Way.WAIT)
    assert evidence(again, "node") == f"{YARD} is Ready, cordoned already"
    operation = await session.operations.start(again, YARD)
    await noted(operation, "waits for 1 server")
    await stopped(session, await planned_stop(session, BEN))
    assert (await operation.wait()).result is Result.OK


async def idle_plan(cluster: Cluster, session: Session) -> DrainPlan:
    """The plan to stop who is idle for 2 s: Ben works, and Anna does not."""
    while True:
        cluster.work(BEN)
        plan = await planned(session, Way.IDLE, idle=2.0)
        if plan.choice.idle:
            return plan
        await asyncio.sleep(0.2)


async def test_what_a_budget_refuses_is_evicted_as_soon_as_it_allows(
    cluster: Cluster, session: Session
) -> None:
    await aboard(cluster, session, ANNA)
    with guarded(cluster) as web:
        plan = await planned(session, Way.EVICT)
        assert level(plan, "budgets") == "warn"
        assert f"drain-web refuses {NAMESPACE}/{web} now" in evidence(plan, "budgets")
        assert f"server {ANNA}" in plan.targets
        assert f"pod {NAMESPACE}/{web}" in plan.targets
        assert f"{NAMESPACE}/{web}: " in evidence(plan, "room elsewhere")
        operation = await session.operations.start(plan, YARD)
        await reason(operation, f"{NAMESPACE}/{web}", "PodDisruptionBudget drain-web refuses")
        assert pods_of(cluster, ANNA) == []
        with cluster.api() as api:
            api.patch(f"{BUDGETS}/drain-web", {"spec": {"minAvailable": 0}})
        outcome = await operation.wait()
        assert outcome.result is Result.OK, outcome
        assert outcome.summary == f"{YARD} is cordoned and empty but for what belongs to the node"
        with cluster.api() as api:
            left = api.items("/api/v1/pods", fieldSelector=f"spec.nodeName={YARD}")
        owners = {o["kind"] for p in left for o in p["metadata"].get("ownerReferences", ())}
        assert owners <= {"DaemonSet"}


async def test_a_claim_of_another_zone_and_too_many_for_the_room_are_told(
    cluster: Cluster, session: Session
) -> None:
    with yards.own_node(cluster, SMALL, memory=12), yards.only_open(cluster, YARD, SMALL):
        with zone_bound(cluster, "drain-home", "zone-z"):
            claim = [{"name": "home", "persistentVolumeClaim": {"claimName": "drain-home"}}]
            yards.put(cluster, "drain-bound", YARD, volumes=claim)
            found = evidence(await planned(session, Way.EVICT), "room elsewhere")
            assert found.startswith("1 of 1 have no place elsewhere now: server drain-bound: ")
            assert "does not reach its volume (zone-z)" in found
            with cluster.api() as api:
                api.forget(f"{yards.PODS}/drain-bound", {"gracePeriodSeconds": 0})
        for name in ("drain-a", "drain-b"):
            yards.put(cluster, name, YARD, containers=yards.asks("7Gi"))
        plan = await planned(session, Way.EVICT)
        assert level(plan, "room elsewhere") == "warn"
        found = evidence(plan, "room elsewhere")
        assert found.startswith("1 of 2 have no place elsewhere now: server drain-")
        assert "no room for it together with the others" in found
        assert "knows no server for the pod of drain-a, drain-b" in evidence(plan, "hub")


async def test_the_plan_for_a_core_node_says_who_notices_what(session: Session) -> None:
    hubs = await session.client.list(PODS, NAMESPACE, labels="component=hub")
    node = hubs[0].spec.node_name
    plan = await planned(session, Way.EVICT, node)
    assert level(plan, "core") in ("warn", "stop")
    told = " ".join(plan.notices)
    assert "The hub restarts: no log-in and no new server for about a minute." in told
    assert "Running servers on other nodes go on." in told
    assert plan.targets[-1].startswith(f"pod {NAMESPACE}/")
    calm = await planned(session, Way.WAIT, node)
    assert "this way moves none of it" in evidence(calm, "core")
    assert "restarts" not in " ".join(calm.notices)


async def test_a_node_that_vanishes_is_done(cluster: Cluster, session: Session) -> None:
    yards.put(cluster, "drain-lost", YARD)
    operation = await session.operations.start(await planned(session, Way.WAIT), YARD)
    await noted(operation, "waits for 1 server")
    with cluster.api() as api:
        api.request("DELETE", f"{yards.NODES}/{YARD}")
    outcome = await operation.wait()
    assert outcome.result is Result.OK
    assert outcome.summary == f"node {YARD} is gone: nothing is left on it"


async def test_what_cannot_be_is_refused_before_anything_is_written(
    cluster: Cluster, session: Session
) -> None:
    with pytest.raises(NotFoundError, match="There is no node drain-7") as unknown:
        await planned(session, Way.WAIT, "drain-7")
    assert YARD in unknown.value.remedy
    with pytest.raises(UsageError):
        DrainRequest(YARD, Way.IDLE, idle=0.0)
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE, read_only=True) as reader:
        plan = await planned(reader, Way.EVICT)
        with pytest.raises(ReadOnlyError):
            await reader.operations.start(plan, YARD)
    plan = await planned(session, Way.WAIT)
    with cluster.api() as api:
        api.patch(f"{yards.NODES}/{YARD}", {"spec": {"unschedulable": True}})
    with pytest.raises(ChangedSinceError, match="cordoned: no → yes"):
        await session.operations.start(plan, YARD)
    empty = await planned(session, Way.WAIT)
    with pytest.raises(CheckStopsError):
        await session.operations.start(empty, YARD)


def test_the_command_tells_the_ways_and_the_plan_of_one(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--kubeconfig", str(cluster.kubeconfig), "--namespace", NAMESPACE]

    def document(*words: str) -> Json:
        code = run([*flags, *words, "--json"])
        said = capsys.readouterr()
        assert code == 0, said.err
        found: Json = json.loads(said.out)
        return found

    found = document("drain", YARD)
    assert [way["way"] for way in found["ways"]] == ["wait", "idle", "evict"]
    assert {way["waits"] for way in found["ways"]} == {0}
    plan = document("drain", YARD, "--way", "wait")
    assert (plan["kind"], plan["action"], plan["confirm"]) == ("plan", "drain", YARD)
    done = document("drain", YARD, "--way", "wait", "--confirm", YARD, "--expect", plan["basis"])
    assert (done["kind"], done["result"]) == ("outcome", "ok")
    assert yards.is_cordoned(cluster, YARD)
    assert [step["state"] for step in done["outcome"]["steps"]] == [StepState.DONE.value]
    assert run([*flags, "drain", YARD, "--confirm", YARD]) == 2
    assert run([*flags, "drain", "drain-7", "--way", "wait"]) == 1
    assert "There is no node drain-7" in capsys.readouterr().err
