"""Servers are started and stopped through the hub: who works keeps theirs, a slow one is followed.

The demo's hub and the real one. What a hub in trouble does to it is in tests/unit/test_stopping.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator

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
from hubtui.model.plan import Result, StepState
from hubtui.services.actions import stopping
from hubtui.services.actions.stop import StopRequest
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.guests import guests, pods_of, server_of
from tests.cluster.opened import session_of
from tests.cluster.parts import evidence, level
from tests.cluster.servers import planned, running, stopped, where
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")

ANNA, BEN, UMIT = "anna-stops", "Ben.Stops@Example.org", "ümit-stops"


@pytest.fixture(autouse=True)
def people(cluster: Cluster) -> Iterator[None]:
    with guests(cluster, ANNA, BEN, UMIT):
        yield


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as session:
        yield session


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
    assert str(plan["command"]).startswith(f"hubtui stop {ANNA} --confirm 1 --namespace hub")
    done = document("stop", ANNA, "--confirm", "1", "--expect", str(plan["basis"]))
    assert (done["kind"], done["result"]) == ("outcome", "ok")
    assert run([*flags, "stop", "nobody-stops"]) == 2
    assert run([*flags, "stop", "alice", "--confirm", "2"]) == 3
    assert "'2' is not '1'" in capsys.readouterr().err
