"""A canary of the hub: each part of its spawn is measured, and it never stays behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hubtui.errors import ChangedSinceError, CheckStopsError, NotConfirmedError
from hubtui.model.hub import ServerKey
from hubtui.model.plan import Plan, Result, StepState
from hubtui.model.spawn import ORDER, Part
from hubtui.services.actions.spawn_check import SpawnCheckRequest
from hubtui.services.operations import Operation
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.guests import guests, pods_of, server_of
from tests.cluster.opened import session_of
from tests.cluster.parts import evidence, level
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")

USER = "wilma-canary"
KEY = ServerKey(USER)
PARTS = [part.value for part in ORDER]


@pytest.fixture(autouse=True)
def guest(cluster: Cluster) -> Iterator[None]:
    """The user whose server is the canary."""
    with guests(cluster, USER):
        yield


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as session:
        yield session


async def started(session: Session, request: SpawnCheckRequest) -> Operation:
    plan = await session.operations.plan("spawn-check", request)
    return await session.operations.start(plan, plan.confirm)


async def moving(operation: Operation, part: Part) -> None:
    """Waits until a part of the spawn is under way."""
    while not any(
        step.name == part.value and step.state is StepState.MOVING
        for step in operation.progress.steps
    ):
        await operation.changed(operation.version)


def backs_off(cluster: Cluster) -> None:
    """Waits until the kubelet tries no more to pull an image of the user's server."""
    path = f"/api/v1/namespaces/{NAMESPACE}/pods"
    with cluster.api() as api:
        api.wait_items(
            path,
            lambda pods: any("ImagePull" in str(p["status"]) and USER in str(p) for p in pods),
            labelSelector="component=singleuser-server",
        )


async def test_each_part_of_a_spawn_is_measured_and_the_server_goes_again(
    cluster: Cluster, session: Session
) -> None:
    plan: Plan = await session.operations.plan("spawn-check", SpawnCheckRequest(USER))
    assert plan.stops == ()
    assert (plan.confirm, plan.targets) == (USER, (USER,))
    assert evidence(plan, "server") == f"{USER} does not run"
    with pytest.raises(NotConfirmedError):
        await session.operations.start(plan, "alice")
    assert await server_of(session, KEY) is None
    outcome = await (await session.operations.start(plan, USER)).wait()
    assert outcome.result is Result.OK, outcome
    assert [step.name for step in outcome.steps] == PARTS
    assert {step.state for step in outcome.steps} == {StepState.DONE}
    seconds = [step.seconds for step in outcome.steps]
    assert all(took is not None and took >= 0 for took in seconds)
    assert "was ready after" in outcome.summary
    assert await server_of(session, KEY) is None
    assert pods_of(cluster, USER) == []
    (entry,) = session.operations.journal.read().entries
    (said,) = entry.said
    assert [part for part in PARTS if part in said.words] == PARTS


async def test_a_server_that_runs_is_nobodys_canary(cluster: Cluster, session: Session) -> None:
    outcome = await (await started(session, SpawnCheckRequest(USER, keep=True))).wait()
    assert outcome.result is Result.OK, outcome
    kept = await server_of(session, KEY)
    assert kept is not None
    assert kept.ready
    again = await session.operations.plan("spawn-check", SpawnCheckRequest(USER))
    assert level(again, "server") == "stop"
    with pytest.raises(CheckStopsError, match="somebody's work"):
        await session.operations.start(again, USER)
    after = await server_of(session, KEY)
    assert after is not None
    assert after.started == kept.started


async def test_a_server_that_came_since_the_plan_is_left_alone(session: Session) -> None:
    plan = await session.operations.plan("spawn-check", SpawnCheckRequest(USER))
    await (await started(session, SpawnCheckRequest(USER, keep=True))).wait()
    with pytest.raises(ChangedSinceError, match="is free → is not free"):
        await session.operations.start(plan, USER)
    assert await server_of(session, KEY) is not None


async def test_a_user_whom_the_hub_does_not_know_stops_it(session: Session) -> None:
    plan = await session.operations.plan("spawn-check", SpawnCheckRequest("nobody-at-all"))
    assert level(plan, "user") == "stop"


async def test_an_image_that_does_not_come_is_the_part_where_it_hangs(
    cluster: Cluster, session: Session
) -> None:
    with cluster.trouble(USER, "image-pull-backoff"):
        operation = await started(session, SpawnCheckRequest(USER))
        await moving(operation, Part.PULLED)
        await asyncio.to_thread(backs_off, cluster)
        operation.interrupt()
        outcome = await operation.wait()
    states = {step.name: step.state for step in outcome.steps}
    assert states[Part.SCHEDULED.value] is StepState.DONE
    assert states[Part.PULLED.value] is StepState.STUCK
    assert states[Part.READY.value] is StepState.WAITING
    assert "at 'image pulled'" in outcome.summary
    (failed,) = outcome.failed
    assert failed.name == Part.PULLED.value
    assert "image" in failed.reason
    assert await server_of(session, KEY) is None
    assert pods_of(cluster, USER) == []


async def test_a_spawn_that_takes_too_long_is_ended(cluster: Cluster, session: Session) -> None:
    with cluster.trouble(USER, "never-ready"):
        outcome = await (await started(session, SpawnCheckRequest(USER, timeout=0.1))).wait()
    assert outcome.result is Result.FAILED, outcome
    assert "it was not ready within 0.1 s" in outcome.summary
    assert await server_of(session, KEY) is None
    assert pods_of(cluster, USER) == []


async def test_an_interrupted_check_takes_its_server_away(
    cluster: Cluster, session: Session
) -> None:
    with cluster.trouble(USER, "never-ready"):
        operation = await started(session, SpawnCheckRequest(USER))
        await moving(operation, Part.READY)
        operation.interrupt()
        outcome = await operation.wait()
    assert outcome.result is Result.INTERRUPTED, outcome
    assert "at 'hub says ready': it was interrupted" in outcome.summary
    assert await server_of(session, KEY) is None
    assert pods_of(cluster, USER) == []


async def test_closing_the_session_leaves_no_server(cluster: Cluster, session: Session) -> None:
    with cluster.trouble(USER, "never-ready"):
        async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as other:
            operation = await started(other, SpawnCheckRequest(USER))
            await moving(operation, Part.READY)
        async with asyncio.timeout(60):
            while await server_of(session, KEY) is not None:  # noqa: ASYNC110 - only the hub knows
                await asyncio.sleep(0.1)
    (found,) = await session.operations.recover_interrupted()
    assert found.outcome is not None
    assert found.outcome.summary == f"hubtui was ended; no server {KEY} is left"


async def test_a_canary_that_a_killed_hubtui_left_is_told_with_the_command(
    session: Session, state: Path
) -> None:
    await (await started(session, SpawnCheckRequest(USER, keep=True))).wait()
    assert await server_of(session, KEY) is not None
    journal = state / "journal.jsonl"
    lines = journal.read_text().splitlines()
    begun = next(line for line in lines if '"started"' in line)
    # As a hubtui that was killed leaves it: begun by a process that is no more, and no end.
    gone = begun.replace('"keep":"yes"', '"keep":"no"').replace('"boot":"', '"boot":"another-')
    journal.write_text(gone + "\n")
    (found,) = await session.operations.recover_interrupted()
    assert found.outcome is not None
    assert f"its canary may be left: {KEY} runs for" in found.outcome.summary
    assert f"hubtui stop {KEY}" in found.outcome.summary
