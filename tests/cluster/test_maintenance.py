"""A maintenance stops servers in batches, is interrupted, gone on with, and ends with a canary."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest

from hubtui.errors import UsageError
from hubtui.model.hub import ServerKey
from hubtui.model.plan import Plan, Result, StepState
from hubtui.services.actions.maintenance import MaintenanceRequest
from hubtui.services.actions.spawn_check import SpawnCheckRequest
from hubtui.services.journal import Entry
from hubtui.services.operations import Operation
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.guests import guests, server_of
from tests.cluster.opened import session_of
from tests.cluster.parts import evidence, level
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")

CLASS = ("yara-maint", "yves-maint", "yuki-maint")
CANARY = "yoda-maint"
OTHER = "zora-maint"
THEIRS = "y*-maint"
"""The users whose servers these tests stop: those of all others go on."""


@pytest.fixture(autouse=True)
def people(cluster: Cluster) -> Iterator[None]:
    """A class of three, the user whose server is the canary, and somebody else."""
    with guests(cluster, *CLASS, CANARY, OTHER):
        yield


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as session:
        yield session


async def at_work(session: Session, names: Sequence[str] = CLASS) -> None:
    """Has the servers of people run."""
    for name in names:
        request = SpawnCheckRequest(name, keep=True)
        plan = await session.operations.plan("spawn-check", request)
        outcome = await (await session.operations.start(plan, plan.confirm)).wait()
        assert outcome.ok, outcome


async def planned(session: Session, request: MaintenanceRequest) -> Plan:
    return await session.operations.plan("maintenance", request)


async def running(session: Session) -> list[str]:
    """Who of the class has a server."""
    return [name for name in CLASS if await server_of(session, ServerKey(name)) is not None]


async def paused(operation: Operation) -> None:
    """Waits until a batch is through, and the next one has not begun."""
    while not operation.progress.note.startswith("pauses"):
        await operation.changed(operation.version)


def said(session: Session) -> list[str]:
    """What the journal has of the newest operation, part by part."""
    entry: Entry = session.operations.journal.read().entries[0]
    return [each.words for each in entry.said]


async def test_it_is_interrupted_after_a_batch_and_gone_on_with_to_the_end(
    session: Session,
) -> None:
    await at_work(session)
    request = MaintenanceRequest(
        message="New nodes at noon.", batch=1, pause=600, only=THEIRS, spawn_check=CANARY
    )
    plan = await planned(session, request)
    assert (plan.confirm, plan.stops) == ("3", ())
    assert "3 servers stopped in 3 batches" in plan.summary
    assert "3 servers with activity" in evidence(plan, "in use")
    assert "hub.activeServerLimit" in evidence(plan, "new spawns")
    operation = await session.operations.start(plan, "3")
    await paused(operation)
    operation.interrupt()
    outcome = await operation.wait()
    assert outcome.result is Result.INTERRUPTED, outcome
    assert outcome.next_steps == ("hubtui maintenance --resume goes on with what is left.",)
    left = await running(session)
    assert len(left) == 2
    assert said(session) == [
        "begun: 3 servers to stop; users are told: New nodes at noon.",
        "batch 1 of 3: 1 stopped; 2 to come",
        "ended early: 2 servers left",
    ]

    again = await planned(session, MaintenanceRequest(resume=True))
    assert sorted(again.targets) == sorted(f"server {name}" for name in left)
    assert "1 of 3 are through" in evidence(again, "goes on")
    operation = await session.operations.start(again, "2")
    await paused(operation)
    operation.interrupt()
    await operation.wait()
    last = await planned(session, MaintenanceRequest(resume=True))
    outcome = await (await session.operations.start(last, "1")).wait()
    assert outcome.result is Result.OK, outcome
    assert f"Spawn check: {CANARY} was ready after" in outcome.summary
    assert await running(session) == []
    assert await server_of(session, ServerKey(CANARY)) is None
    begun, batch, canary = said(session)
    assert begun == "begun: 1 server to stop; users are told: New nodes at noon."
    assert batch == "batch 1 of 1: 1 stopped; 0 to come"
    assert canary.startswith(f"spawn check: {CANARY} was ready after")
    with pytest.raises(UsageError, match="came to its end"):
        await planned(session, MaintenanceRequest(resume=True))


async def test_a_hubtui_that_ends_in_the_middle_leaves_what_the_next_one_goes_on_with(
    cluster: Cluster, session: Session
) -> None:
    await at_work(session)
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as other:
        plan = await planned(other, MaintenanceRequest(batch=2, pause=600, only=THEIRS))
        operation = await other.operations.start(plan, "3")
        await paused(operation)
    (found,) = await session.operations.recover_interrupted()
    assert found.outcome is not None
    assert "1 of 3 servers still run. To go on: hubtui maintenance --resume" in (
        found.outcome.summary
    )
    rest = await planned(session, MaintenanceRequest(resume=True))
    outcome = await (await session.operations.start(rest, "1")).wait()
    assert outcome.result is Result.OK, outcome
    assert await running(session) == []


async def test_servers_in_use_can_be_spared_and_so_are_those_of_other_users(
    session: Session,
) -> None:
    await at_work(session, (CLASS[0], OTHER))
    spared = await planned(session, MaintenanceRequest(only=THEIRS, idle_only=True))
    assert level(spared, "servers") == "stop"
    assert f"1 in use: {CLASS[0]}" in evidence(spared, "left alone")
    (others,) = [check for check in spared.checks if check.name == "left alone"]
    assert f"{OTHER}: of users other than {THEIRS}" in others.details
    taken = await planned(session, MaintenanceRequest(only=THEIRS))
    assert taken.targets == (f"server {CLASS[0]}",)


async def test_a_canary_that_does_not_come_is_how_a_maintenance_fails(
    cluster: Cluster, session: Session
) -> None:
    await at_work(session, CLASS[:1])
    with cluster.trouble(CANARY, "never-ready"):
        plan = await planned(session, MaintenanceRequest(only=THEIRS, spawn_check=CANARY))
        operation = await session.operations.start(plan, "1")
        async with asyncio.timeout(60):
            while not any(
                step.name == "hub says ready" and step.state is StepState.MOVING
                for step in operation.progress.steps
            ):
                await operation.changed(operation.version)
        operation.interrupt()
        outcome = await operation.wait()
    assert outcome.result is Result.FAILED, outcome
    assert "1 server stopped. Spawn check:" in outcome.summary
    assert "at 'hub says ready'" in outcome.summary
    assert await server_of(session, ServerKey(CANARY)) is None
