"""Who runs what: the hub's servers with their pods, on the demo's hub and on the real one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from hubtui.cli import run
from hubtui.clients.hub import permit_start, permit_stop
from hubtui.config import HubApi
from hubtui.model.hub import ServerKey
from hubtui.services.session import Session
from hubtui.services.store import State
from hubtui.services.users import ServerRow
from tests.cluster.clusters import Cluster
from tests.cluster.opened import live, session_of, until
from tests.testbed import Testbed
from tests.testbed.faults import FaultProxy, Match
from tests.testbed.hub import PEOPLE
from tests.testbed.users import NAMESPACE

NEW = ServerKey("Users.B@Example.org", "gpu")
RUNNING = {
    str(ServerKey(person.name, person.server)) for person in PEOPLE if person.server is not None
}


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as found:
        await looking(found)
        yield found


@pytest.fixture(params=[NEW])
def newcomer(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[ServerKey]:
    """Somebody whose server may be started."""
    key: ServerKey = request.param
    cluster.add_user(key.user)
    yield key
    cluster.remove_user(key.user)


async def looking(session: Session) -> None:
    """Somebody looks at the users, and sees all that is there."""
    await live(session.pods.stores.pods)
    session.users.start("test")
    await session.users.fill()
    session.users.update()


async def reaches(session: Session, state: State) -> None:
    """Waits until the hub's feed is so fresh."""
    await until(lambda: session.hub_feed.health.state is state, f"the feed {state}")


def row_of(session: Session, key: ServerKey) -> ServerRow | None:
    session.users.update()
    return session.users.row(str(key))


def state_of(session: Session, key: ServerKey) -> str:
    row = row_of(session, key)
    return row.state if row is not None else ""


def pod_of(cluster: Cluster, key: ServerKey) -> dict[str, Any]:
    """The pod of a server by KubeSpawner's annotations, as the apiserver has it."""
    with cluster.api() as api:
        pods = api.get(f"/api/v1/namespaces/{NAMESPACE}/pods")["items"]
    (found,) = [pod for pod in pods if _owner(pod) == key]
    return dict(found)


def _owner(pod: dict[str, Any]) -> ServerKey:
    annotations = pod["metadata"].get("annotations") or {}
    name = "hub.jupyter.org/servername"
    return ServerKey(annotations.get("hub.jupyter.org/username", ""), annotations.get(name, ""))


async def start(session: Session, key: ServerKey) -> None:
    """Somebody at the hub starts a server; the feed is told of nothing."""
    hub, gate = await session.hub_link.open(), session.gate
    token = gate.grant("test", [permit_start(NAMESPACE, key)])
    await hub.start(key, token)
    gate.end(token)


async def stop(session: Session, key: ServerKey) -> None:
    hub, gate = await session.hub_link.open(), session.gate
    token = gate.grant("test", [permit_stop(NAMESPACE, key)])
    await hub.stop(key, token)
    gate.end(token)


async def test_each_server_is_shown_with_its_pod_its_node_and_what_it_uses(
    session: Session, cluster: Cluster
) -> None:
    rows = {str(row.key): row for row in session.users.rows()}
    assert rows.keys() >= RUNNING
    await until(lambda: not session.usage.missing, "the use of pods")
    for name in RUNNING:
        row, pod = rows[name], pod_of(cluster, ServerKey.parse(name))
        assert row.state == "ready"
        assert row.server is not None
        assert row.server.started is not None
        assert row.pod is not None
        assert row.pod.metadata.name == pod["metadata"]["name"]
        assert row.pod.spec.node_name == pod["spec"]["nodeName"]
        usage = session.usage.of(row.pod.metadata.name)
        assert usage is not None
        assert usage.memory is not None
        assert 0 < usage.memory < 16 * 2**30
    totals = session.users.totals()
    assert totals.servers >= len(RUNNING)
    assert totals.memory > 0


async def test_all_users_on_demand(session: Session) -> None:
    session.hub_feed.wants_all(True)
    await session.hub_feed.fill()
    session.users.update()
    everyone = {person.name for person in PEOPLE}
    assert {row.key.user for row in session.users.rows()} >= everyone
    idle = row_of(session, ServerKey("grace.h"))
    assert idle is not None
    assert (idle.server, idle.state) == (None, "no server")
    session.hub_feed.wants_all(False)
    session.users.update()
    assert "grace.h" not in {row.key.user for row in session.users.rows()}


async def test_a_new_server_is_followed_from_its_spawn_to_its_end(
    session: Session, newcomer: ServerKey, cluster: Cluster
) -> None:
    await start(session, newcomer)
    await until(lambda: state_of(session, newcomer) == "ready", f"{newcomer} ready")
    row = row_of(session, newcomer)
    assert row is not None
    assert row.pod is not None
    assert row.pod.metadata.name == pod_of(cluster, newcomer)["metadata"]["name"]
    assert row.pod.spec.node_name
    assert row.forecast is not None
    assert row.forecast.known
    await stop(session, newcomer)
    await until(lambda: row_of(session, newcomer) is None, f"{newcomer} gone")


@pytest.mark.parametrize("newcomer", [ServerKey("users-b-waits")], indirect=True)
async def test_a_spawn_that_hangs_says_where(
    session: Session, newcomer: ServerKey, cluster: Cluster
) -> None:
    with cluster.trouble(newcomer.user, "image-pull-backoff"):
        await start(session, newcomer)
        await until(
            lambda: state_of(session, newcomer) in _PULLING, f"{newcomer} waits for its image"
        )
        row = row_of(session, newcomer)
        assert row is not None
        assert row.server is not None
        assert row.server.pending == "spawn"
        assert row.forecast is not None
        assert row.forecast.at is None
        await stop(session, newcomer)
    await until(lambda: row_of(session, newcomer) is None, f"{newcomer} gone")


_PULLING = ("spawning: ImagePullBackOff", "spawning: ErrImagePull")


async def test_rows_stay_while_the_hub_cannot_be_reached(
    cluster: Cluster, proxy: FaultProxy
) -> None:
    path = proxy.kubeconfig_from(cluster.kubeconfig)
    async with session_of(path, namespace=NAMESPACE) as session:
        await looking(session)
        assert session.hub_feed.health.state is State.LIVE
        away = proxy.answer(Match(r"/portforward$"), 500)
        await session.hub_link.drop()
        await reaches(session, State.STALE)
        session.users.update()
        assert {str(row.key) for row in session.users.rows()} >= RUNNING
        assert session.hub_feed.health.error is not None
        away.clear()
        session.users.retry()
        await reaches(session, State.LIVE)


async def test_rows_stay_through_a_bad_day_of_the_hub(testbed: Testbed) -> None:
    users = Match(r"/hub/api/users$")
    async with FaultProxy(testbed.hub_url, tls=False) as hub:
        settings = HubApi(url=hub.url)
        async with session_of(testbed.kubeconfig, namespace=NAMESPACE, hub=settings) as session:
            await looking(session)
            for status, state in (
                (500, State.STALE),
                (429, State.STALE),
                (503, State.STALE),
                (403, State.DENIED),
            ):
                fault = hub.answer(users, status, body=b"")
                await reaches(session, state)
                session.users.update()
                assert {str(row.key) for row in session.users.rows()} >= RUNNING
                fault.clear()
                session.users.retry()
                await reaches(session, State.LIVE)


async def test_who_may_not_read_the_use_of_pods_sees_everything_else(
    cluster: Cluster, proxy: FaultProxy
) -> None:
    path = proxy.kubeconfig_from(cluster.kubeconfig)
    proxy.answer(Match(r"^/apis/metrics\.k8s\.io/"), 403)
    async with session_of(path, namespace=NAMESPACE) as session:
        await looking(session)
        assert {str(row.key) for row in session.users.rows()} >= RUNNING
        assert session.usage.missing == (
            f"no right to list pods.metrics.k8s.io in namespace {NAMESPACE}"
        )


async def test_looking_at_users_is_no_activity_of_theirs(
    session: Session, cluster: Cluster, newcomer: ServerKey
) -> None:
    await start(session, newcomer)
    await until(lambda: state_of(session, newcomer) == "ready", f"{newcomer} ready")
    hub = await session.hub_link.open()
    before = await hub.user(newcomer.user)
    session.hub_feed.wants_all(True)
    await session.hub_feed.fill()
    for _ in range(3):
        session.hub_feed.look_at(newcomer.user)
        await hub.users(name_filter=newcomer.user)
    after = await hub.user(newcomer.user)
    assert after.last_activity == before.last_activity
    server = after.servers[newcomer.server]
    assert server.last_activity == before.servers[newcomer.server].last_activity


@pytest.fixture
def printed(
    cluster: Cluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Any:
    """Runs `hubtui users` as a script does; its output."""
    monkeypatch.setenv("HUBTUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("HUBTUI_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text("")

    def call(*argv: str) -> str:
        code = run(["--kubeconfig", str(cluster.kubeconfig), "-n", NAMESPACE, "users", *argv])
        out, err = capsys.readouterr()
        assert code == 0, err
        return out

    return call


def test_the_command_tells_what_the_pane_shows(printed: Any, cluster: Cluster) -> None:
    document = json.loads(printed("--json"))
    items = {(item["user"], item["server"]): item for item in document["items"]}
    for name in RUNNING:
        key = ServerKey.parse(name)
        item, pod = items[key.user, key.server], pod_of(cluster, key)
        assert (item["state"], item["ready"]) == ("ready", True)
        assert (item["pod"], item["node"]) == (pod["metadata"]["name"], pod["spec"]["nodeName"])
        assert item["memory_bytes"] > 0
        assert item["cull"]["known"]
    assert document["cull"]["timeout_seconds"] > 0
    assert document["notes"] == []
    header, *lines = printed("--search", "alice", "--sort", "name").splitlines()
    assert header.split()[:3] == ["USER", "SERVER", "STATE"]
    assert [line.split()[0] for line in lines] == ["alice"]


def test_another_timeout_tells_whom_it_would_stop(printed: Any) -> None:
    document = json.loads(printed("--cull-timeout", "1s", "--json"))
    assert set(document["what_if"]["stops"]) >= RUNNING
    assert document["cull"]["timeout_seconds"] == 1
    first = printed("--cull-timeout", "1s").splitlines()[0]
    assert first.startswith("With a timeout of 1 s a run now would stop ")
    everyone = json.loads(printed("--all", "--json"))["items"]
    assert {item["user"] for item in everyone} >= {person.name for person in PEOPLE}
