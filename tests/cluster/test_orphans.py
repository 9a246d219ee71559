"""Hub, pods and routes held against each other, on the demo and on a real hub with its proxy."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from hubtui.cli import run
from hubtui.errors import ChangedSinceError, CheckStopsError
from hubtui.model.disagreement import Disagreement, Kind
from hubtui.model.plan import Result
from hubtui.model.problem import Verb
from hubtui.services.actions.delete_pod import DeletePodRequest
from hubtui.services.actions.sync_routes import SyncRoutesRequest
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.guests import guests, pods_of
from tests.cluster.opened import session_of, until
from tests.cluster.parts import Place, evidence, level, server
from tests.cluster.servers import running
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("state")

USER = "olga-orphans"
STRAY = "jupyter-stray-of-olga"


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two looks are a moment apart, and what has just come is looked at as well."""
    for module in ("model", "services"):
        monkeypatch.setattr(f"hubtui.{module}.orphans.APART", 0.2)
    for module in ("orphans", "orphan_routes"):
        monkeypatch.setattr(f"hubtui.model.{module}.YOUNG", 0.0)
    monkeypatch.setattr("hubtui.model.orphan_routes.CHECKED", 0.0)


@pytest.fixture(autouse=True)
def people(cluster: Cluster) -> Iterator[None]:
    with guests(cluster, USER):
        yield


@pytest.fixture
def stray(cluster: Cluster) -> Iterator[Place]:
    """A pod that says to be the user's server, and that no hub has made."""
    place = Place(cluster, NAMESPACE)
    place.make(server(STRAY, USER))
    place.until(STRAY, "'ready': True")
    yield place
    if pods_of(cluster, USER):
        place.delete(STRAY)


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as session:
        await session.pods.stores.pods.loaded.wait()
        yield session


async def told(session: Session) -> list[Disagreement]:
    """What lasts, of the user of this test."""
    found = await session.orphans.settle()
    assert found.missing == ()
    return [each for each in found.lasting if each.server.user == USER]


async def test_a_server_that_runs_disagrees_with_nobody(cluster: Cluster, session: Session) -> None:
    await running(session, USER)
    await until(lambda: len(pods_of(cluster, USER)) == 1, "its pod")
    assert await told(session) == []
    found = session.orphans.found
    assert found is not None
    assert found.servers >= 1


async def test_a_pod_that_the_hub_knows_nothing_of_is_deleted_and_nothing_else(
    cluster: Cluster, stray: Place, session: Session
) -> None:
    (orphan,) = await told(session)
    assert (orphan.kind, orphan.pod) == (Kind.ORPHAN_POD, STRAY)
    fix = orphan.fix(Verb.DELETE_POD)
    assert fix is not None
    assert fix.command == f"hubtui delete-pod {STRAY} --orphan"
    plan = await session.operations.plan("delete-pod", DeletePodRequest(STRAY, orphan=True))
    assert plan.stops == ()
    assert evidence(plan, "hub's view").startswith("the hub knows no server for it")
    assert plan.confirm == USER
    outcome = await (await session.operations.start(plan, USER)).wait()
    assert outcome.result is Result.OK, outcome
    assert pods_of(cluster, USER) == []
    await until(lambda: session.pods.stores.pods.get(f"{NAMESPACE}/{STRAY}") is None, "the news")
    assert await told(session) == []


async def test_a_pod_is_no_orphan_any_more_once_the_hub_has_a_server(
    stray: Place, session: Session
) -> None:
    plan = await session.operations.plan("delete-pod", DeletePodRequest(STRAY, orphan=True))
    await running(session, USER)
    with pytest.raises(ChangedSinceError, match="hub: the hub knows no server for it"):
        await session.operations.start(plan, USER)
    again = await session.operations.plan("delete-pod", DeletePodRequest(STRAY, orphan=True))
    assert level(again, "hub's view") == "stop"
    assert "the hub has a server olga-orphans, which is ready" in evidence(again, "hub's view")
    with pytest.raises(CheckStopsError):
        await session.operations.start(again, USER)
    assert STRAY in {
        pod["metadata"]["name"] for pod in stray.pods(component="singleuser-server").values()
    }


async def test_a_route_that_the_proxy_has_lost_comes_back(
    cluster: Cluster, session: Session
) -> None:
    await running(session, USER)
    cluster.lose_route(USER)
    (lost,) = await told(session)
    assert (lost.kind, lost.fixes[0].verb) == (Kind.NO_ROUTE, Verb.SYNC_ROUTES)
    plan = await session.operations.plan("sync-routes", SyncRoutesRequest())
    outcome = await (await session.operations.start(plan, plan.confirm)).wait()
    assert outcome.result is Result.OK, outcome
    assert await told(session) == []


async def test_nothing_is_an_orphan_for_a_hub_that_was_not_asked(
    stray: Place, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBTUI_HUB_TOKEN", "nobody-knows-me")
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as session:
        await session.pods.stores.pods.loaded.wait()
        found = await session.orphans.settle()
    assert (found.lasting, found.coming, found.users) == ((), 0, None)
    (missing,) = found.missing
    assert missing.source == "hub"
    assert "does not know this token" in missing.reason


def test_the_command_tells_it_and_changes_nothing(
    cluster: Cluster, stray: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--kubeconfig", str(cluster.kubeconfig), "-n", NAMESPACE]
    assert run([*where, "orphans"]) == 0
    text = capsys.readouterr().out
    assert f"Orphan pod: {STRAY} is there, and the hub knows no server {USER}" in text
    assert f"hubtui delete-pod {STRAY} --orphan" in text
    assert pods_of(cluster, USER) == [STRAY]
