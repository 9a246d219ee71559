"""The deletion of a stuck pod."""

from __future__ import annotations

import pytest

from hubtui.errors import (
    ChangedSinceError,
    CheckStopsError,
    NotConfirmedError,
    NotFoundError,
    ReadOnlyError,
)
from hubtui.model.plan import Plan, Result
from hubtui.services.actions import delete_pod
from hubtui.services.actions.delete_pod import DeletePodRequest
from hubtui.services.session import Session
from tests.cluster.parts import SCHEDULER, Place, deployment, evidence, level, server, writes
from tests.cluster.small_release import SmallRelease
from tests.testbed.stages import STAGE

pytestmark = pytest.mark.usefixtures("state")

USER = "alice@example.org"
POD = "jupyter-alice"


@pytest.fixture
def place(small: SmallRelease) -> Place:
    return Place(small.cluster, small.namespace)


@pytest.fixture
def stuck(place: Place) -> Place:
    """A namespace with a server whose image cannot be pulled."""
    place.make(server(POD, USER, "image-pull-backoff"))
    place.until(POD, "ImagePullBackOff")
    return place


async def planned(session: Session, pod: str = POD, *, force: bool = False) -> Plan:
    return await session.operations.plan("delete-pod", DeletePodRequest(pod, force))


async def test_a_stuck_server_goes_with_one_delete(small: SmallRelease, stuck: Place) -> None:
    async with small.session() as session:
        plan = await planned(session)
        assert plan.stops == ()
        assert plan.confirm == USER
        assert f"server of {USER}" in evidence(plan, "hub's view")
        assert "the hub's admin page is the right way" in evidence(plan, "hub's view")
        assert "ImagePullBackOff" in evidence(plan, "state")
        with pytest.raises(NotConfirmedError):
            await session.operations.start(plan, POD)
        outcome = await (await session.operations.start(plan, USER)).wait()
        (entry,) = session.operations.journal.read().entries
    assert (outcome.result, outcome.summary) == (Result.OK, f"Pod {POD} is gone")
    assert stuck.pods(component="singleuser-server") == {}
    found = [each for each in writes(small.cluster, "admin", stuck.namespace) if POD in each[2]]
    assert found == [("delete", "pods", POD)]
    assert (entry.action, entry.targets) == ("delete-pod", (f"pod {POD}",))


async def test_a_pod_of_a_deployment_comes_again(small: SmallRelease, place: Place) -> None:
    place.make(deployment())
    place.available("sched")
    (before,) = place.pods(component=SCHEDULER).values()
    name = before["metadata"]["name"]
    async with small.session() as session:
        plan = await planned(session, name)
        assert plan.confirm == name
        assert evidence(plan, "controller") == "Deployment/sched makes it again"
        with pytest.raises(CheckStopsError, match="it is up and not stuck"):
            await session.operations.start(plan, name)
        operation = await session.operations.start(plan, name, overrides=["state"])
        outcome = await operation.wait()
    assert outcome.result is Result.OK, outcome
    assert outcome.summary == f"Pod {name} is gone, Deployment/sched is ready again"
    (after,) = place.pods(component=SCHEDULER).values()
    assert after["metadata"]["uid"] != before["metadata"]["uid"]


async def test_one_that_is_already_on_its_way_out_needs_force(
    small: SmallRelease, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubtui.services.actions.pod_gone.PATIENCE", 1.0)
    hanging = server(POD, USER, "stuck-terminating")
    hanging["spec"]["terminationGracePeriodSeconds"] = 1  # without, the apiserver waits for nobody
    place.make(hanging)
    place.until(POD, "'ready': True")
    async with small.session() as session:
        plan = await planned(session)
        operation = await session.operations.start(plan, USER, overrides=["state"])
        outcome = await operation.wait()
        assert outcome.result is Result.FAILED
        assert "was deleted and is still there" in outcome.summary
        assert f"hubtui delete-pod {POD} --force" in outcome.next_steps[1]
        again = await planned(session)
        assert level(again, "deleted") == "stop"
        with pytest.raises(CheckStopsError, match="only --force does more"):
            await session.operations.start(again, USER, overrides=["deleted"])
        forced = await planned(session, force=True)
        assert level(forced, "force") == "stop"
        assert "is Ready" in evidence(forced, "force")
        assert "--grace-period=0 --force" in forced.command
        with pytest.raises(CheckStopsError, match="--override 'force'"):
            await session.operations.start(forced, USER)
        operation = await session.operations.start(forced, USER, overrides=["force"])
        assert (await operation.wait()).result is Result.OK
        newest = session.operations.journal.read().entries[0]
    assert "force" in newest.overrides
    with small.cluster.api() as api:
        assert api.items(f"/api/v1/namespaces/{place.namespace}/pods", fieldSelector=_NAMED) == []


_NAMED = f"metadata.name={POD}"


async def test_a_successor_is_never_hit(
    small: SmallRelease, stuck: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with small.session() as session:
        plan = await planned(session)
        stuck.delete(POD)
        with pytest.raises(ChangedSinceError, match="is gone by itself"):
            await session.operations.start(plan, USER)
        stuck.make(server(POD, USER))
        with pytest.raises(ChangedSinceError, match="pod: jupyter-alice"):
            await session.operations.start(plan, USER)

        async def not_asked(*_: object) -> None:
            return None

        monkeypatch.setattr(delete_pod, "_still_holds", not_asked)
        outcome = await (await session.operations.start(plan, USER)).wait()
    assert outcome.result is Result.FAILED
    assert "is another one now" in outcome.summary
    assert len(stuck.pods(component="singleuser-server")) == 1


async def test_one_that_mended_itself_is_left_alone(small: SmallRelease, stuck: Place) -> None:
    async with small.session() as session:
        plan = await planned(session)
        with small.cluster.api() as api:
            path = f"/api/v1/namespaces/{stuck.namespace}/pods/{POD}"
            api.patch(path, {"metadata": {"annotations": {STAGE: None}}})
            api.wait_items(path.rpartition("/")[0], _one_is_up, fieldSelector=_NAMED)
        with pytest.raises(ChangedSinceError, match="up: no → yes"):
            await session.operations.start(plan, USER)
    assert len(stuck.pods(component="singleuser-server")) == 1


def _one_is_up(items: object) -> bool:
    return "'ready': True" in str(items)


async def test_read_only_refuses_and_a_missing_pod_is_said(
    small: SmallRelease, stuck: Place
) -> None:
    async with small.session(read_only=True) as session:
        with pytest.raises(ReadOnlyError):
            await session.operations.start(await planned(session), USER)
        with pytest.raises(NotFoundError, match="nobody"):
            await planned(session, "nobody")
    assert len(stuck.pods(component="singleuser-server")) == 1


async def test_a_budget_and_finalizers_are_told(small: SmallRelease, place: Place) -> None:
    held = server(POD, USER)
    held["metadata"]["finalizers"] = ["hubtui.test/keep"]
    place.make(held)
    place.until(POD, "'ready': True")
    path = f"/apis/policy/v1/namespaces/{place.namespace}/poddisruptionbudgets"
    labels = {"component": "singleuser-server"}
    asked = {"minAvailable": 1, "selector": {"matchLabels": labels}}
    budget = {"metadata": {"name": "all"}, "spec": asked}
    with small.cluster.api() as api:
        api.request("POST", path, budget)
        api.wait_items(path, lambda found: found[0].get("status", {}).get("currentHealthy") == 1)
    pod = f"/api/v1/namespaces/{place.namespace}/pods/{POD}"
    try:
        async with small.session() as session:
            plan = await planned(session)
            assert level(plan, "budget") == "warn"
            assert "all allows no disruption" in evidence(plan, "budget")
            place.delete(POD)
            plan = await planned(session, force=True)
            assert level(plan, "deleted") == "stop"
            assert "finalizers, which force does not end: hubtui.test/keep" in evidence(
                plan, "deleted"
            )
    finally:
        with small.cluster.api() as api:
            api.patch(pod, {"metadata": {"finalizers": None}})
