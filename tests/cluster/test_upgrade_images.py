"""What the plan says of images that the hub's hook puller brings before an upgrade, and does."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pytest

from hubtui.model.deployment import ValuesMode
from hubtui.model.plan import Check, Level, Phase, Plan, Result
from hubtui.services.actions.upgrade_request import UpgradeRequest
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.demo_cluster import DemoCluster
from tests.cluster.opened import session_of
from tests.cluster.parts import Json
from tests.cluster.upgrading import check, until
from tests.testbed import Testbed
from tests.testbed.users import NAMESPACE, RELEASE

PULLERS: Final = f"/apis/apps/v1/namespaces/{NAMESPACE}/daemonsets"
BEFOREHAND: Final = "the hook puller pulls beforehand: "

pytestmark = pytest.mark.usefixtures("state")


@pytest.fixture(scope="module")
def cluster(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A demo of these tests' own, or the testbed, whose release is put back afterwards."""
    if isinstance(cluster, Testbed):
        yield cluster
        cluster.reset()
        return
    with DemoCluster.running(tmp_path_factory.mktemp("images")) as demo:
        yield demo


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    async with session_of(cluster.kubeconfig, helm=str(cluster.helm(4))) as session:
        yield session


@pytest.fixture
def tag() -> str:
    """A tag that no node has from another test."""
    return f"2027.01-{uuid.uuid4().hex[:6]}"


async def planned(session: Session, tag: str, **overlay: Any) -> Plan:
    """The plan of the hub's upgrade to another image for servers."""
    values = {"singleuser": {"image": {"tag": tag}}, **overlay}
    request = UpgradeRequest(mode=ValuesMode.RESET_THEN_REUSE, overlay=values)
    return await session.operations.plan("upgrade", request)


async def images(session: Session, tag: str, **overlay: Any) -> Check:
    return check(await planned(session, tag, **overlay), "images")


@contextmanager
def changed(cluster: Cluster, node: str, spec: dict[str, Any]) -> Iterator[None]:
    """A node with another specification for as long as the context lasts."""
    path = f"/api/v1/nodes/{node}"
    with cluster.api() as api:
        before = api.get(path)["spec"]
        api.patch(path, {"spec": spec})
        try:
            yield
        finally:
            api.patch(path, {"spec": {key: before.get(key) for key in spec}})


async def test_it_is_pulled_on_as_many_nodes_as_the_plan_says(
    cluster: Cluster, session: Session, tag: str
) -> None:
    plan = await planned(session, tag)
    told = check(plan, "images")
    # The core node too: nothing keeps the pullers off it.
    assert (told.level, told.evidence) == (
        Level.OK,
        f"{BEFOREHAND}singleuser-notebook:{tag} on 4 nodes",
    )
    assert plan.notices[-1] == (
        "Its image is pulled to every node before anything changes (hook puller)."
    )
    operation = await session.operations.start(plan, RELEASE)
    await until(operation, Phase.HOOKS)
    with cluster.api() as api:
        api.wait_items(PULLERS, _is_wanted_on_four)
    outcome = await operation.wait()
    assert outcome.result is Result.OK, outcome
    with cluster.api() as api:
        nodes = api.items("/api/v1/nodes")
    having = [node["metadata"]["name"] for node in nodes if tag in str(node["status"]["images"])]
    assert sorted(having) == ["core-1", "user-1", "user-2", "user-3"]


def _is_wanted_on_four(pullers: Sequence[Json]) -> bool:
    hooks = [each for each in pullers if each["metadata"]["name"] == "hook-image-puller"]
    return [each["status"].get("desiredNumberScheduled") for each in hooks] == [4]


async def test_every_image_of_the_puller_is_told(session: Session, tag: str) -> None:
    extra = {"extraImages": {"gpu": {"name": "quay.example.org/class/gpu", "tag": tag}}}
    told = await images(session, tag, prePuller=extra)
    assert told.evidence.startswith(BEFOREHAND)
    pulled = told.evidence.removeprefix(BEFOREHAND).split(", ")
    assert sorted(pulled) == [f"gpu:{tag} on 4 nodes", f"singleuser-notebook:{tag} on 4 nodes"]


async def test_nodes_that_the_pullers_leave_out_are_not_counted(
    cluster: Cluster, session: Session, tag: str
) -> None:
    taint = {"key": "hubtui.test/keep-off", "effect": "NoSchedule"}
    dedicated = {"key": "hub.jupyter.org/dedicated", "value": "user", "effect": "NoSchedule"}
    with changed(cluster, "user-3", {"taints": [dedicated, taint]}):
        assert (await images(session, tag)).evidence.endswith(f"{tag} on 3 nodes")


async def test_a_cordon_does_not_keep_the_pullers_off(
    cluster: Cluster, session: Session, tag: str
) -> None:
    with changed(cluster, "user-3", {"unschedulable": True}):
        assert (await images(session, tag)).evidence.endswith(f"{tag} on 4 nodes")


async def test_without_the_hook_nothing_is_pulled_beforehand(session: Session, tag: str) -> None:
    plan = await planned(session, tag, prePuller={"hook": {"enabled": False}})
    told = check(plan, "images")
    assert told.level is Level.WARN
    assert told.evidence == (
        f"singleuser-notebook:{tag} is missing on user-1, user-2, user-3; "
        "nothing is pulled beforehand: what starts there first waits"
    )
    assert plan.notices[-1] == (
        "Images are not pulled beforehand: the first server on a node waits."
    )
