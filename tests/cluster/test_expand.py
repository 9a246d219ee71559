"""A claim is made larger, as an operator does it; admission, claims and volumes are the real ones,
the driver's steps are those of tests.testbed.csi."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubtui.config import Settings
from hubtui.errors import ChangedSinceError, CheckStopsError, NotConfirmedError, NotFoundError
from hubtui.model.plan import Plan, Result
from hubtui.services.actions import expand, expand_follow
from hubtui.services.actions.expand import ExpandRequest
from hubtui.services.operations import Operation
from hubtui.services.session import Session, connect, open_client
from tests.cluster.claims import Claims
from tests.cluster.clusters import Cluster
from tests.cluster.opened import until
from tests.cluster.parts import evidence, level, writes
from tests.testbed.api import Api
from tests.testbed.csi import Resizer
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")

GROWS = "g-grows"
ONLINE, UNKNOWN = "pd.csi.storage.gke.io", "of.our.own"


async def session_on(cluster: Cluster, kubeconfig: Path | None = None) -> Session:
    chosen = Settings(kubeconfig=str(kubeconfig or cluster.kubeconfig), helm=str(cluster.helm(4)))
    session = await connect(chosen, open_client(chosen), live=False)
    assert isinstance(session, Session)
    return session


@pytest.fixture
async def on_hub(cluster: Cluster) -> AsyncIterator[Session]:
    session = await session_on(cluster)
    yield session
    await session.close()


@pytest.fixture
def claim(claims: Claims) -> str:
    """A claim of 1Gi on a disk that can grow."""
    claims.make_class(GROWS, provisioner=ONLINE)
    claims.make_csi("g-claim", ONLINE, storage_class=GROWS)
    return "g-claim"


async def planned(session: Session, name: str, size: str) -> Plan:
    return await session.operations.plan("expand", ExpandRequest(name, size))


async def started(session: Session, name: str, size: str) -> Operation:
    plan = await planned(session, name, size)
    assert not plan.stops, plan.stops
    return await session.operations.start(plan, plan.confirm)


async def at(operation: Operation, words: str) -> None:
    """Waits until it says that it is so far."""
    await until(lambda: operation.done or words in operation.progress.note, words)
    assert words in operation.progress.note, operation.outcome


async def test_it_is_followed_until_the_file_system_is_larger(
    cluster: Cluster, on_hub: Session, claims: Claims, api: Api, claim: str
) -> None:
    plan = await planned(on_hub, claim, "2Gi")
    assert {check.name: check.level.value for check in plan.checks} == dict.fromkeys(
        ("claim", "class", "driver", "size", "quota", "rights"), "ok"
    )
    with pytest.raises(NotConfirmedError):
        await on_hub.operations.start(plan, "hub")
    assert claims.get(claim)["spec"]["resources"]["requests"] == {"storage": "1Gi"}

    operation, resizer = await on_hub.operations.start(plan, claim), Resizer(api)
    await at(operation, "asked for")
    resizer.begin(claim)
    await at(operation, "the driver enlarges the volume")
    claims.mount("g-pod", claim)
    resizer.wait_for_node(claim)
    await at(operation, "its file system waits for the node")
    resizer.finish(claim)
    outcome = await operation.wait()

    assert (outcome.result, outcome.summary) == (Result.OK, "g-claim has 2Gi")
    mine = [each for each in writes(cluster, "admin", NAMESPACE) if each[2] == claim]
    assert mine[-1] == ("patch", "persistentvolumeclaims", claim)
    said = [each.words for each in operation.said]
    assert said[0] == "g-claim asks for 2Gi"
    assert said[-1] == "g-claim: done"


async def test_what_the_driver_cannot_give_is_said_in_its_words_and_less_replaces_it(
    on_hub: Session, claims: Claims, api: Api, claim: str
) -> None:
    resizer = Resizer(api)
    operation = await started(on_hub, claim, "9Ti")
    await at(operation, "asked for")
    resizer.fail(claim, "quota DISKS_TOTAL_GB exceeded", final=True)
    outcome = await operation.wait()
    assert outcome.result is Result.FAILED
    assert "quota DISKS_TOTAL_GB exceeded" in outcome.words
    assert "a smaller size that is more than it has" in outcome.next_steps[0]

    less = await planned(on_hub, claim, "2Gi")
    assert (level(less, "under way"), level(less, "size")) == ("warn", "ok")
    again = await on_hub.operations.start(less, less.confirm)
    await until(lambda: claims.get(claim)["spec"]["resources"]["requests"]["storage"] == "2Gi")
    resizer.finish(claim)
    assert (await again.wait()).result is Result.OK


async def test_who_has_to_restart_is_named_where_it_does_not_come_by_itself(
    on_hub: Session, claims: Claims, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expand_follow, "ON_NODE", 0.0)
    claims.make_class(GROWS, provisioner=UNKNOWN)
    claims.make_csi("g-other", UNKNOWN, storage_class=GROWS)
    claims.mount("g-holds", "g-other")
    plan = await planned(on_hub, "g-other", "2Gi")
    assert level(plan, "driver") == "warn"
    assert any("g-holds" in words for words in plan.notices)
    operation = await on_hub.operations.start(plan, plan.confirm)
    await at(operation, "asked for")
    Resizer(api).wait_for_node("g-other")
    outcome = await operation.wait()
    assert outcome.result is Result.UNVERIFIED
    assert "grows only when these restart: g-holds" in outcome.summary


async def test_the_next_start_says_how_far_one_is_that_nobody_watches(
    cluster: Cluster, on_hub: Session, api: Api, claim: str
) -> None:
    first = await session_on(cluster)
    operation = await started(first, claim, "2Gi")
    await at(operation, "asked for")
    await first.close()
    (entry,) = on_hub.operations.journal.read().entries
    assert entry.outcome is None
    Resizer(api).begin(claim)
    left = await expand.aftermath(on_hub, entry)
    assert left.result is Result.UNVERIFIED
    assert "asks for 2Gi: the driver enlarges the volume" in left.summary
    Resizer(api).finish(claim)
    assert (await expand.aftermath(on_hub, entry)).result is Result.OK


async def test_what_cannot_be_expanded_is_stopped_before_anything_is_written(
    on_hub: Session, claims: Claims, api: Api, claim: str
) -> None:
    claims.make_class("g-fixed", expandable=False)
    claims.make("g-fixed", storage_class="g-fixed")
    claims.make("g-folder")
    claims.make_nfs("g-nfs", "10.0.0.5", "/export")
    claims.make("g-nowhere", storage_class="g-missing")
    claims.bound("g-fixed", "g-folder")
    stops = {
        "g-fixed": "allows no expansion",
        "g-folder": "it is a folder of a node",
        "g-nfs": "enlarge the server's disk",
        "g-nowhere": "only a bound claim can be expanded",
    }
    for name, words in stops.items():
        plan = await planned(on_hub, name, "9Gi")
        assert words in " ".join(check.evidence for check in plan.stops), name
        with pytest.raises(CheckStopsError):
            await on_hub.operations.start(plan, plan.confirm)
    assert "never shrinks" in evidence(await planned(on_hub, claim, "1Gi"), "size")
    with pytest.raises(NotFoundError, match="g-claim"):
        await planned(on_hub, "g-clam", "9Gi")
    quota = f"/api/v1/namespaces/{NAMESPACE}/resourcequotas"
    hard = {f"{GROWS}.storageclass.storage.k8s.io/requests.storage": "2Gi"}
    body = {"metadata": {"name": "g-quota"}, "spec": {"hard": hard}}
    api.request("POST", quota, {"apiVersion": "v1", "kind": "ResourceQuota", **body})
    try:
        api.wait_items(quota, lambda items: any(
            item["metadata"]["name"] == "g-quota" and item["status"].get("used") for item in items
        ))  # fmt: skip
        assert "1G left, 2G more" in evidence(await planned(on_hub, claim, "3Gi"), "quota")
        assert level(await planned(on_hub, claim, "2Gi"), "quota") == "ok"
    finally:
        api.request("DELETE", f"{quota}/g-quota")


async def test_a_plan_that_no_longer_holds_writes_nothing(
    on_hub: Session, claims: Claims, claim: str
) -> None:
    plan = await planned(on_hub, claim, "2Gi")
    claims.resize(claim, "3Gi")
    with pytest.raises(ChangedSinceError, match="asked for: 1Gi → 3Gi"):
        await on_hub.operations.start(plan, plan.confirm)
    again = await planned(on_hub, claim, "4Gi")
    assert (level(again, "under way"), again.stops[0].overridable) == ("stop", True)


async def test_without_the_right_the_plan_says_so(
    cluster: Cluster, viewer: Path, claim: str
) -> None:
    session = await session_on(cluster, viewer)
    try:
        plan = await planned(session, claim, "2Gi")
        assert (level(plan, "rights"), level(plan, "class")) == ("stop", "warn")
    finally:
        await session.close()
