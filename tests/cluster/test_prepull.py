"""Images are pulled to nodes beforehand, and nothing is left of it; on both clusters."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from hubtui.errors import CheckStopsError, NotConfirmedError, ReadOnlyError
from hubtui.model import prepulling
from hubtui.model.plan import Result
from hubtui.services.actions import prepull
from hubtui.services.actions.prepull_facts import PrepullRequest
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.opened import session_of
from tests.cluster.parts import Place, evidence, level
from tests.cluster.pulled import (
    MISSING,
    begun,
    charts_puller,
    clear,
    daemonsets,
    leave,
    not_ready,
    pulled,
    pullers_nodes,
    reported,
    under_way,
    where,
)
from tests.cluster.small_release import SmallRelease
from tests.testbed.extra_nodes import extra_node
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")


@pytest.fixture(autouse=True)
def cleared(cluster: Cluster) -> Iterator[None]:
    """Nothing of prepulls is there before and after."""
    clear(cluster)
    yield
    clear(cluster)


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as session:
        yield session


async def test_without_an_image_it_is_what_the_charts_puller_brings(
    cluster: Cluster, session: Session
) -> None:
    plan = await session.operations.plan("prepull", PrepullRequest())
    brought = [each["image"] for each in charts_puller(cluster)["initContainers"]]
    assert [target.removeprefix("image ") for target in plan.targets] == brought
    assert plan.confirm == session.release
    passed = [check.name for check in plan.stops]
    with pytest.raises(NotConfirmedError):
        await session.operations.start(plan, "another", overrides=passed)
    assert daemonsets(cluster) == []


async def test_images_come_to_every_node_and_the_puller_goes(
    cluster: Cluster, session: Session
) -> None:
    tag, nodes = secrets.token_hex(4), pullers_nodes(cluster)  # what was pulled once stays
    images = (f"example.org/course/a:{tag}", f"example.org:5000/course/b:{tag}")
    plan = await session.operations.plan("prepull", PrepullRequest(images))
    assert f"{images[0]}: lacking on {nodes[0]}" in evidence(plan, "images")
    operation = await session.operations.start(plan, plan.confirm)
    await under_way(operation)
    (made,) = daemonsets(cluster)
    pod, own = made["spec"]["template"]["spec"], charts_puller(cluster)
    assert pod["tolerations"] == own["tolerations"]
    assert pod["automountServiceAccountToken"] is False
    assert not any(each.get("resources") for each in pod["initContainers"])
    outcome = await operation.wait()
    assert (outcome.result, outcome.failed) == (Result.OK, ())
    assert outcome.summary.startswith(f"all {len(nodes)} nodes have 2 images in ")
    assert daemonsets(cluster) == []
    entry = session.operations.journal.read().entries[0]
    assert sorted(entry.done) == nodes
    assert dict(entry.details)["images"].split() == list(images)
    reported(cluster, nodes, *images)
    again = await session.operations.plan("prepull", PrepullRequest(images))
    assert level(again, "images") == "stop"
    assert evidence(again, "images").startswith("nothing to do")
    with pytest.raises(CheckStopsError):
        await session.operations.start(again, again.confirm)


async def test_an_image_that_nobody_has_fails_and_the_rest_goes_on(
    cluster: Cluster, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepulling, "FINAL_AFTER", 1.0)
    good, nodes = "example.org/course/behind:1", pullers_nodes(cluster)
    outcome = await pulled(session, MISSING, good)
    assert outcome.result is Result.FAILED
    told = f"0 of {len(nodes)} nodes have all images, {len(nodes)} failed"
    assert outcome.summary == told, outcome
    (failed,) = outcome.failed
    assert (failed.kind, failed.name) == ("image", MISSING)
    assert "not found" in failed.reason
    assert nodes[0] in failed.reason
    lost, there = outcome.steps
    assert (lost.ready, there.name, there.ready) == (0, good, len(nodes))
    assert daemonsets(cluster) == []


async def test_what_no_further_puller_may_bring_is_not_waited_for(
    cluster: Cluster, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepulling, "FINAL_AFTER", 1.0)
    monkeypatch.setattr(prepull, "SETS", 1)
    nodes, behind = pullers_nodes(cluster), "example.org/course/never:1"
    outcome = await pulled(session, MISSING, behind)
    assert outcome.result is Result.FAILED
    assert outcome.summary == f"0 of {len(nodes)} nodes have all images"
    waits = {failed.name for failed in outcome.failed if failed.reason == f"waiting {behind}"}
    assert waits == set(nodes)
    assert daemonsets(cluster) == []


async def test_a_node_that_joins_is_included_and_it_can_be_ended_early(
    cluster: Cluster, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepulling, "FINAL_AFTER", 600.0)
    good, count = "example.org/course/joins:1", len(pullers_nodes(cluster))
    operation = await begun(session, good, MISSING)
    await where(operation, good, count, count)
    with cluster.api() as api, extra_node(api, "prepull-joins"):
        await where(operation, good, count + 1, count + 1)
        operation.interrupt()
        outcome = await operation.wait()
    assert outcome.result is Result.INTERRUPTED
    assert outcome.summary == f"ended early: 0 of {count + 1} nodes have all images"
    assert daemonsets(cluster) == []


async def test_a_node_that_is_lost_is_named_and_not_waited_for(
    cluster: Cluster, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepulling, "GRACE", timedelta(seconds=1))
    count = len(pullers_nodes(cluster))
    cluster.lose_node("user-3")
    try:
        not_ready(cluster, "user-3")
        image = f"example.org/course/lost:{secrets.token_hex(4)}"
        plan = await session.operations.plan("prepull", PrepullRequest((image,)))
        assert evidence(plan, "nodes").endswith("not Ready, not waited for: user-3")
        outcome = await pulled(session, image)
    finally:
        cluster.find_node("user-3")
    assert outcome.result is Result.UNVERIFIED
    assert outcome.summary.startswith(f"{count - 1} of {count} nodes have all images, 1 failed")
    (failed,) = outcome.failed
    assert (failed.kind, failed.name) == ("node", "user-3")
    assert "not Ready" in failed.reason
    assert daemonsets(cluster) == []


async def test_the_time_limit_ends_what_does_not_come(
    cluster: Cluster, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepulling, "FINAL_AFTER", 600.0)
    outcome = await pulled(session, MISSING, timeout=4.0)
    assert outcome.result is Result.FAILED
    assert outcome.summary.startswith("the time of 4 s is over: 0 of ")
    assert {failed.name for failed in outcome.failed} == set(pullers_nodes(cluster))
    assert all("not found" in failed.reason for failed in outcome.failed)
    assert daemonsets(cluster) == []


async def test_read_only_plans_and_makes_nothing(cluster: Cluster) -> None:
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE, read_only=True) as session:
        plan = await session.operations.plan("prepull", PrepullRequest(("example.org/course/r:1",)))
        assert plan.command.count("kubectl") == 3
        with pytest.raises(ReadOnlyError):
            await session.operations.start(plan, plan.confirm)
    assert daemonsets(cluster) == []


async def test_who_goes_leaves_nothing_behind(
    cluster: Cluster, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepulling, "FINAL_AFTER", 600.0)
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as other:
        operation = await begun(other, MISSING)
        count = len(pullers_nodes(cluster))
        await where(operation, MISSING, 0, count)
        assert len(daemonsets(cluster)) == 1
    assert daemonsets(cluster) == []
    (found,) = await session.operations.recover_interrupted()
    assert found.outcome is not None
    assert found.outcome.summary == "hubtui was ended; nothing of its image puller is left"


async def test_what_another_machine_has_left_is_told_and_taken_away(
    cluster: Cluster, session: Session
) -> None:
    from hubtui.services.actions.prepull_clean import PrepullCleanRequest

    leave(cluster, "hubtui-prepull-old", "2026-01-01T00:00:00Z")
    plan = await session.operations.plan("prepull", PrepullRequest(("example.org/course/x:1",)))
    assert "hubtui-prepull-old by ana@elsewhere" in evidence(plan, "other prepulls")
    clean = await session.operations.plan("prepull-clean", PrepullCleanRequest())
    assert (clean.stops, clean.targets) == ((), ("daemonset hubtui-prepull-old",))
    leave(cluster, "hubtui-prepull-busy", "2099-01-01T00:00:00Z")
    busy = await session.operations.plan("prepull-clean", PrepullCleanRequest())
    assert "hubtui-prepull-busy by ana@elsewhere" in evidence(busy, "others at work")
    with pytest.raises(CheckStopsError):
        await session.operations.start(busy, busy.confirm)
    operation = await session.operations.start(busy, busy.confirm, ["others at work"])
    outcome = await operation.wait()
    assert (outcome.result, outcome.summary) == (Result.OK, "2 of 2 DaemonSets deleted")
    assert daemonsets(cluster) == []
    nothing = await session.operations.plan("prepull-clean", PrepullCleanRequest())
    assert evidence(nothing, "left") == "no prepull has left anything here"


async def test_a_namespace_without_room_is_told_before_and_named_at_the_end(
    small: SmallRelease,
) -> None:
    Place(small.cluster, small.namespace).refuse_pods()
    async with small.session() as session:
        request = PrepullRequest(("example.org/course/no-room:1",), 3.0)
        plan = await session.operations.plan("prepull", request)
        assert "pods has " in evidence(plan, "quota")
        with pytest.raises(CheckStopsError):
            await session.operations.start(plan, plan.confirm)
        operation = await session.operations.start(plan, plan.confirm, ["quota"])
        outcome = await operation.wait()
    assert outcome.summary.startswith("the time of 3 s is over: 0 of ")
    assert all("exceeded quota" in failed.reason for failed in outcome.failed), outcome.failed
    with small.cluster.api() as api:
        path = f"/apis/apps/v1/namespaces/{small.namespace}/daemonsets"
        assert api.items(path) == []
