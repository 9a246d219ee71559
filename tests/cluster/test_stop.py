"""Servers are started and stopped through the hub: who works keeps theirs, a slow one is followed.

The demo's hub and the real one. What a hub in trouble does to it is in tests/unit/test_stopping.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime

import pytest

from hubtui.cli import run
from hubtui.errors import (
    ChangedSinceError,
    CheckStopsError,
    NotConfirmedError,
    ReadOnlyError,
    UsageError,
)
from hubtui.model.hub import ServerKey
from hubtui.model.plan import Outcome, Plan, Result, StepState
from hubtui.services.actions import stopping
from hubtui.services.actions.start import StartRequest
from hubtui.services.actions.stop import StopRequest
from hubtui.services.operations import Operation
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.guests import guests, pods_of, server_of
from tests.cluster.opened import session_of
from tests.cluster.parts import evidence, level
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")

ANNA, BEN, UMIT, CARL = "anna-stops", "Ben.Stops@Example.org", "ümit-stops", "carl-stops"
CLINGS = "stuck-terminating"


@pytest.fixture(autouse=True)
def people(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Some users; the demo's hub does not wait long for a stop before it says 202."""
    monkeypatch.setattr("hubtui.demo.hub.records.SLOW_STOP", 0.2)
    with guests(cluster, ANNA, BEN, UMIT, CARL):
        yield


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as session:
        yield session


async def running(session: Session, *names: str) -> dict[str, datetime | None]:
    """Has servers started; when each of them began."""
    began = {}
    for name in names:
        plan = await session.operations.plan("start", StartRequest(ServerKey(name)))
        outcome = await (await session.operations.start(plan, plan.confirm)).wait()
        assert outcome.result is Result.OK, outcome
        server = await server_of(session, ServerKey(name))
        assert server is not None
        began[name] = server.started
    return began


async def planned(session: Session, *names: str) -> Plan:
    keys = tuple(map(ServerKey.parse, names))
    return await session.operations.plan("stop", StopRequest(keys))


async def stopped(session: Session, plan: Plan) -> Outcome:
    return await (await session.operations.start(plan, plan.confirm)).wait()


async def where(operation: Operation, name: str, words: str) -> None:
    """Waits until a server is at a point of its way."""
    while not any(s.name == name and words in s.reason for s in operation.progress.steps):
        await operation.changed(operation.version)


async def test_servers_stop_and_who_worked_since_the_plan_keeps_theirs(
    cluster: Cluster, session: Session
) -> None:
    began = await running(session, ANNA, BEN, UMIT)
    plan = await planned(session, ANNA, BEN, UMIT)
    assert plan.stops == ()
    assert (plan.confirm, set(plan.targets)) == ("3", {f"server {n}" for n in (ANNA, BEN, UMIT)})
    (servers,) = [check for check in plan.checks if check.name == "servers"]
    assert {line.partition(": idle for ")[0] for line in servers.details} == {ANNA, BEN, UMIT}
    assert level(plan, "unsaved work") == "warn"
    assert "whether kernels compute is not known" in evidence(plan, "unsaved work")
    assert f"hubtui start {ANNA}" in plan.undo
    for typed in ("", "2", "hub", ANNA):
        with pytest.raises(NotConfirmedError):
            await session.operations.start(plan, typed)
    cluster.work(ANNA)
    outcome = await stopped(session, plan)
    assert outcome.result is Result.OK, outcome
    assert outcome.summary == "2 of 3 servers stopped, 1 skipped"
    assert any(note.startswith(f"{ANNA}: it was active since the plan") for note in outcome.notes)
    kept = await server_of(session, ServerKey(ANNA))
    assert kept is not None
    assert (kept.ready, kept.started) == (True, began[ANNA])
    assert await server_of(session, ServerKey(BEN)) is None
    assert pods_of(cluster, BEN) == pods_of(cluster, UMIT) == []
    entry = session.operations.journal.read().entries[0]
    assert (entry.action, entry.outcome) == ("stop", outcome)


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


async def test_an_interruption_leaves_those_whose_turn_did_not_come(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "AT_ONCE", 1)
    await running(session, ANNA, BEN, UMIT)
    plan = await planned(session, ANNA, BEN, UMIT)
    operation = await session.operations.start(plan, plan.confirm)
    assert operation.may_be_interrupted
    first = plan.targets[0].partition(" ")[2]
    await where(operation, first, "is asked to stop")
    operation.interrupt()
    assert not operation.may_be_interrupted
    outcome = await operation.wait()
    assert outcome.result is Result.INTERRUPTED
    assert outcome.summary == "1 of 3 servers stopped, 2 left: it was interrupted"
    states = {step.name: step.state for step in outcome.steps}
    assert states.pop(first) is StepState.DONE
    assert set(states.values()) == {StepState.WAITING}
    assert await server_of(session, ServerKey(first)) is None
    for name in states:
        assert await server_of(session, ServerKey(name)) is not None


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


async def test_what_there_is_not_is_told_and_nothing_is_no_stop(
    cluster: Cluster, session: Session
) -> None:
    with pytest.raises(UsageError, match="no user Anna-Stop, nobody-stops") as unknown:
        await planned(session, BEN, "Anna-Stop", "nobody-stops")
    assert ANNA in unknown.value.remedy
    with pytest.raises(UsageError, match=f"{ANNA} has no server gpu"):
        await planned(session, f"{ANNA}/gpu")
    with pytest.raises(UsageError):
        StopRequest(())
    plan = await planned(session, ANNA)
    assert evidence(plan, "servers") == f"no server to stop: {ANNA} not running"
    with pytest.raises(CheckStopsError):
        await session.operations.start(plan, "0")
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE, read_only=True) as reader:
        plan = await reader.operations.plan("stop", StopRequest((ServerKey("alice"),)))
        with pytest.raises(ReadOnlyError):
            await reader.operations.start(plan, "1")
    assert await server_of(session, ServerKey("alice")) is not None


async def test_marks_behind_a_filter_are_told_and_another_basis_is_refused(
    cluster: Cluster, session: Session
) -> None:
    await running(session, ANNA, BEN)
    keys = (ServerKey(ANNA), ServerKey(BEN))
    plan = await session.operations.plan("stop", StopRequest(keys, hidden=keys[1:]))
    assert evidence(plan, "filter") == f"1 of the 2 marked are hidden by the filter: {BEN}"
    seen = plan.basis.digest
    cluster.work(ANNA)
    plan = await session.operations.plan("stop", StopRequest(keys))
    with pytest.raises(ChangedSinceError):
        await session.operations.start(plan, "2", expect=seen)
    assert await server_of(session, keys[1]) is not None


def test_the_commands_print_a_plan_and_an_outcome_as_documents(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--kubeconfig", str(cluster.kubeconfig), "--namespace", NAMESPACE]

    def document(*words: str) -> dict[str, object]:
        code = run([*flags, *words, "--json"])
        said = capsys.readouterr()
        assert code == 0, said.err
        found: dict[str, object] = json.loads(said.out)
        return found

    assert document("start", ANNA, "--confirm", ANNA)["result"] == "ok"
    plan = document("stop", ANNA)
    assert (plan["kind"], plan["action"], plan["confirm"]) == ("plan", "stop", "1")
    assert plan["targets"] == [f"server {ANNA}"]
    assert plan["command"] == f"hubtui stop {ANNA} --confirm 1"
    done = document("stop", ANNA, "--confirm", "1", "--expect", str(plan["basis"]))
    assert (done["kind"], done["result"]) == ("outcome", "ok")
    assert run([*flags, "stop", "nobody-stops"]) == 2
    assert run([*flags, "stop", "alice", "--confirm", "2"]) == 3
    assert "'2' is not '1'" in capsys.readouterr().err
