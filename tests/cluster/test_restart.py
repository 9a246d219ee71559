"""A restart as an operator does it."""

from __future__ import annotations

import pytest

from hubtui.config import Settings
from hubtui.errors import (
    ChangedSinceError,
    CheckStopsError,
    NotConfirmedError,
    NotFoundError,
    ReadOnlyError,
    UsageError,
)
from hubtui.model.kube_changes import RESTARTED_AT
from hubtui.model.plan import Level, Plan, Result
from hubtui.services.actions import restart, restart_facts
from hubtui.services.actions.restart import RestartRequest
from hubtui.services.session import Session, connect, open_client
from tests.cluster.clusters import Cluster
from tests.cluster.parts import SCHEDULER, Place, deployment, evidence, level, writes
from tests.cluster.small_release import NAME, SmallRelease
from tests.testbed import Testbed
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")


@pytest.fixture
def place(small: SmallRelease) -> Place:
    """A namespace with a user-scheduler that is ready."""
    found = Place(small.cluster, small.namespace)
    found.make(deployment())
    found.available("sched")
    return found


async def planned(session: Session, component: str = SCHEDULER) -> Plan:
    return await session.operations.plan("restart", RestartRequest(component))


async def test_it_makes_new_pods_with_one_patch(small: SmallRelease, place: Place) -> None:
    before = place.pods(component=SCHEDULER)
    async with small.session() as session:
        plan = await planned(session)
        assert {check.level for check in plan.checks} == {Level.OK}
        assert writes(small.cluster, "admin", place.namespace)[-1][0] != "patch"
        outcome = await (await session.operations.start(plan, NAME)).wait()
        (entry,) = session.operations.journal.read().entries
    assert outcome.result is Result.OK, outcome
    assert outcome.summary == "user-scheduler restarted: its new pod is ready"
    after = place.pods(component=SCHEDULER)
    assert len(after) == 1
    assert not before.keys() & after.keys()
    found = [each for each in writes(small.cluster, "admin", place.namespace) if "sched" in each[2]]
    assert found == [("patch", "deployments", "sched")]
    assert (entry.action, entry.targets) == ("restart", ("deployment sched",))
    assert entry.outcome is not None
    assert entry.outcome.result is Result.OK


async def test_the_hub_restarts_and_answers(cluster: Cluster) -> None:
    chosen = Settings(kubeconfig=str(cluster.kubeconfig), helm=str(cluster.helm(4)))
    session = await connect(chosen, open_client(chosen), live=False)
    assert isinstance(session, Session)
    hub = Place(cluster, NAMESPACE)
    before = hub.pods(app="jupyterhub", component="hub")
    try:
        plan = await planned(session, "hub")
        assert "no log-in and no new server" in plan.notices[0]
        outcome = await (await session.operations.start(plan, "hub")).wait()
    finally:
        await session.close()
    assert outcome.result is Result.OK, outcome
    assert "the hub answers /hub/health" in outcome.summary
    assert not before.keys() & hub.pods(app="jupyterhub", component="hub").keys()


@pytest.mark.parametrize("component", ["proxy", "autohttps"])
async def test_what_stands_before_the_hub_restarts(cluster: Cluster, component: str) -> None:
    chosen = Settings(kubeconfig=str(cluster.kubeconfig), helm=str(cluster.helm(4)))
    session = await connect(chosen, open_client(chosen), live=False)
    assert isinstance(session, Session)
    hub = Place(cluster, NAMESPACE)
    before = hub.pods(app="jupyterhub", component=component)
    try:
        plan = await planned(session, component)
        assert "connection drops for some seconds" in plan.notices[0]
        outcome = await (await session.operations.start(plan, "hub")).wait()
    finally:
        await session.close()
    assert outcome.result is Result.OK, outcome
    assert outcome.summary == f"{component} restarted: its new pod is ready"
    after = hub.pods(app="jupyterhub", component=component)
    assert len(after) == 1
    assert not before.keys() & after.keys()


async def test_a_part_that_is_none_and_one_that_is_not_there(
    small: SmallRelease, place: Place
) -> None:
    async with small.session() as session:
        with pytest.raises(UsageError, match="Choose one of: hub, proxy"):
            await planned(session, "continuous-image-puller")
        with pytest.raises(NotFoundError, match=r"no hub\. What it has: user-scheduler"):
            await planned(session, "hub")


async def test_refusals_write_nothing(small: SmallRelease, place: Place) -> None:
    async with small.session() as session:
        plan = await planned(session)
        with pytest.raises(NotConfirmedError):
            await session.operations.start(plan, "sched")
        with pytest.raises(ChangedSinceError):
            await session.operations.start(plan, NAME, expect="000000000000")
        place.patch("sched", {"spec": {"minReadySeconds": 1}})
        with pytest.raises(ChangedSinceError, match="generation: 1 → 2"):
            await session.operations.start(plan, NAME)
    async with small.session(read_only=True) as session:
        with pytest.raises(ReadOnlyError):
            await session.operations.start(await planned(session), NAME)
    assert place.deployment("sched")["spec"]["template"]["metadata"].get("annotations") is None


async def test_a_change_in_the_very_last_moment_is_caught_by_the_server(
    small: SmallRelease, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with small.session() as session:
        plan = await planned(session)
        stale = await restart_facts.get(session, "sched")

        async def not_asked(*_: object) -> object:
            return stale

        monkeypatch.setattr(restart, "_still_holds", not_asked)
        place.patch("sched", {"spec": {"minReadySeconds": 1}})
        outcome = await (await session.operations.start(plan, NAME)).wait()
    assert outcome.result is Result.FAILED
    assert "has changed just now" in outcome.summary
    assert RESTARTED_AT not in str(place.deployment("sched"))


async def test_one_that_is_paused_or_scaled_down_stops(small: SmallRelease, place: Place) -> None:
    async with small.session() as session:
        place.patch("sched", {"spec": {"paused": True}})
        plan = await planned(session)
        assert "is paused" in evidence(plan, "deployment")
        with pytest.raises(CheckStopsError, match="cannot be overridden"):
            await session.operations.start(plan, NAME, overrides=["deployment"])
        place.patch("sched", {"spec": {"paused": False, "replicas": 0}})
        assert "0 replicas" in evidence(await planned(session), "deployment")


async def test_a_pending_release_stops_until_it_is_overridden(
    small: SmallRelease, place: Place
) -> None:
    small.set_status(3, "pending-upgrade")
    async with small.session() as session:
        plan = await planned(session)
        assert level(plan, "release") == "stop"
        with pytest.raises(CheckStopsError, match="revision 3 is pending-upgrade"):
            await session.operations.start(plan, NAME)
        operation = await session.operations.start(plan, NAME, overrides=["release"])
        assert (await operation.wait()).result is Result.OK


async def test_new_pods_that_do_not_come_are_a_failure_with_the_reason(
    small: SmallRelease, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubtui.services.actions.following.STUCK_FOR", 1.0)
    place.refuse_pods()
    async with small.session() as session:
        outcome = await (await session.operations.start(await planned(session), NAME)).wait()
    assert outcome.result is Result.FAILED
    assert [(failed.kind, failed.name) for failed in outcome.failed] == [("Deployment", "sched")]
    assert "exceeded quota: none" in outcome.failed[0].reason


# On the real control plane only: the demo has no roles.
async def test_rights_are_asked_beforehand(testbed: Testbed) -> None:
    chosen = Settings(kubeconfig=str(testbed.kubeconfig_for("viewer")), namespace=NAMESPACE)
    session = await connect(chosen, open_client(chosen), live=False)
    assert isinstance(session, Session)
    try:
        plan = await planned(session, "hub")
    finally:
        await session.close()
    assert level(plan, "rights") == "stop"
    assert "no right to patch deployments.apps hub" in evidence(plan, "rights")


async def test_what_nobody_watched_is_told_at_the_next_start(
    small: SmallRelease, place: Place
) -> None:
    place.refuse_pods()
    async with small.session() as session:
        operation = await session.operations.start(await planned(session), NAME)
        while not operation.progress.steps:
            await operation.changed(operation.version)
    assert operation.outcome is None
    place.take_pods()
    place.available("sched")
    async with small.session() as session:
        (left,) = await session.operations.recover_interrupted()
    assert left.outcome is not None
    assert "hubtui was ended; user-scheduler was restarted at " in left.outcome.summary
