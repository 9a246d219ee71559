"""Stops that take their time, on the real hub: a pod that clings, a hub that restarts meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from hubtui.errors import CheckStopsError
from hubtui.model.hub import ServerKey
from hubtui.model.plan import Result
from hubtui.services.actions import stopping
from hubtui.services.actions.start import StartRequest
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.guests import guests, pods_of, server_of
from tests.cluster.opened import session_of
from tests.cluster.parts import evidence
from tests.cluster.servers import planned, running, stopped, where
from tests.testbed import Testbed
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")

ANNA, BEN, CARL = "anna-clings", "ben-clings", "carl-clings"
CLINGS = "stuck-terminating"


@pytest.fixture(autouse=True)
def people(cluster: Cluster) -> Iterator[None]:
    with guests(cluster, ANNA, BEN, CARL):
        yield


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as session:
        yield session


async def test_a_pod_that_clings_is_followed_until_it_is_gone(
    cluster: Cluster, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cluster.trouble(ANNA, CLINGS):
        await running(session, ANNA)
        monkeypatch.setattr(stopping, "GONE_WITHIN", 1.0)
        outcome = await stopped(session, await planned(session, ANNA))
        assert outcome.result is Result.FAILED, outcome
        (failed,) = outcome.failed
        assert failed.reason.startswith("its stop is still under way")
        assert f"pod {pods_of(cluster, ANNA)[0]} is Terminating" in failed.reason
        again = await planned(session, ANNA)
        assert evidence(again, "servers") == f"no server to stop: {ANNA} stopping already"
        with pytest.raises(CheckStopsError):
            await session.operations.start(again, again.confirm)
    with cluster.trouble(CARL, CLINGS):
        await running(session, CARL)
        plan = await planned(session, CARL)
        monkeypatch.setattr(stopping, "GONE_WITHIN", 60.0)
        operation = await session.operations.start(plan, plan.confirm)
        await where(operation, CARL, "stops for")
    outcome = await operation.wait()
    assert (outcome.result, outcome.summary) == (Result.OK, "1 server stopped")
    assert pods_of(cluster, CARL) == []


async def test_what_a_hubtui_that_was_ended_has_left_is_told_by_the_next(
    cluster: Cluster, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "AT_ONCE", 1)
    await running(session, ANNA, BEN)
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as other:
        plan = await planned(other, ANNA, BEN)
        operation = await other.operations.start(plan, plan.confirm)
        first, second = (target.partition(" ")[2] for target in plan.targets)
        await where(operation, second, "is looked at")
    (found,) = await session.operations.recover_interrupted()
    assert found.outcome is not None
    assert found.outcome.result is Result.INTERRUPTED
    assert found.outcome.summary == "hubtui was ended; 1 of 2 servers were not stopped"
    assert found.outcome.notes == (f"left: {second}",)
    assert await server_of(session, ServerKey(first)) is None


async def test_who_starts_again_before_the_end_is_told_and_left_alone(
    cluster: Cluster, session: Session
) -> None:
    with cluster.trouble(CARL, CLINGS):
        await running(session, ANNA, CARL)
        plan = await planned(session, ANNA, CARL)
        operation = await session.operations.start(plan, plan.confirm)
        await where(operation, CARL, "stops for")
        while not any(s.name == ANNA and s.ready for s in operation.progress.steps):
            await operation.changed(operation.version)
        await running(session, ANNA)
    outcome = await operation.wait()
    assert (outcome.result, outcome.summary) == (Result.OK, "2 servers stopped")
    assert f"started again since: {ANNA}" in outcome.notes
    assert await server_of(session, ServerKey(ANNA)) is not None


async def test_a_start_that_hangs_is_cancelled(cluster: Cluster, session: Session) -> None:
    with cluster.trouble(ANNA, "image-pull-backoff"):
        start = await session.operations.plan("start", StartRequest(ServerKey(ANNA)))
        starting = await session.operations.start(start, start.confirm)
        while await server_of(session, ServerKey(ANNA)) is None:
            await starting.changed(starting.version)
        plan = await planned(session, ANNA)
        (servers,) = [check for check in plan.checks if check.name == "servers"]
        assert servers.details == (f"{ANNA}: is starting; its start is cancelled",)
        outcome = await stopped(session, plan)
        assert (outcome.result, outcome.summary) == (Result.OK, "1 server stopped")
        failed = await starting.wait()
    assert failed.result is Result.FAILED
    assert await server_of(session, ServerKey(ANNA)) is None
    assert pods_of(cluster, ANNA) == []


async def test_the_hub_restarts_in_the_middle_and_the_stop_goes_on(
    cluster: Cluster, session: Session, testbed: Testbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "AT_ONCE", 1)
    await running(session, ANNA, BEN, CARL)
    plan = await planned(session, ANNA, BEN, CARL)
    operation = await session.operations.start(plan, plan.confirm)
    second = plan.targets[1].partition(" ")[2]
    await where(operation, second, "is looked at")
    testbed.kill("hub")
    while "asks again in" not in operation.progress.note:
        await operation.changed(operation.version)
    testbed.start("hub")
    outcome = await operation.wait()
    assert outcome.result is Result.OK, outcome
    assert outcome.summary.startswith("3 servers stopped")
    assert pods_of(cluster, ANNA) == pods_of(cluster, BEN) == pods_of(cluster, CARL) == []
