"""The hub's API of a session: reached through its pod or by its address, with a token that is no
user's, also when the pod, the connection or the token is another one in the middle."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hubtui.clients.gate import WriteToken
from hubtui.clients.http import Http
from hubtui.clients.hub import HubClient, UnknownTokenError, permit_start, permit_stop
from hubtui.clients.hub_wire import UrlWire
from hubtui.clients.wire import Wire
from hubtui.config import Demo, HubApi, MetricsSource, Settings
from hubtui.errors import (
    ApiError,
    DecodeError,
    DeniedError,
    HubtuiError,
    LimitedError,
    ReadOnlyError,
    UnreachableError,
)
from hubtui.model.hub import ServerKey
from hubtui.services import discovery, doctor_hub
from hubtui.services.doctor_finding import Finding, Verdict
from hubtui.services.metrics import HUB
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.evidence import Evidence
from tests.cluster.opened import client_of, live, session_of, until
from tests.cluster.parts import Place
from tests.cluster.read_only import pod_of
from tests.testbed import Testbed, older_hub
from tests.testbed.faults import FaultProxy, Match
from tests.testbed.hub import PEOPLE
from tests.testbed.older_hub import OlderHub
from tests.testbed.users import NAMESPACE

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[Session]:
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE) as found:
        yield found


@pytest.fixture
async def faults(cluster: Cluster) -> AsyncIterator[FaultProxy]:
    """Between hubtui and the apiserver."""
    async with FaultProxy(cluster.server, ca_file=cluster.ca_file) as proxy:
        yield proxy


async def names_of(hub: HubClient) -> list[str]:
    found, offset = [], 0
    while True:
        page = await hub.users(offset=offset, limit=3, sort="name")
        found += [user.name for user in page.items]
        if page.pagination.next is None:
            return found
        offset = page.pagination.next.offset


async def test_the_hub_is_reached_through_its_pod_with_the_releases_own_token(
    session: Session, cluster: Cluster
) -> None:
    hubs = await asyncio.gather(*(session.hub_link.open() for _ in range(10)))
    assert len(set(map(id, hubs))) == 1
    hub, caller = hubs[0], session.hub_link.caller
    assert hub.where == f"the hub (pod {pod_of(cluster, 'hub')})"
    assert caller is not None
    assert (caller.kind, caller.name) == ("service", "hubtui")
    assert (await session.hub_link.token()).source == "Secret hub"
    assert {person.name for person in PEOPLE} <= set(await names_of(hub))
    for person in PEOPLE:
        user = await hub.user(person.name)
        assert user.name == person.name
        assert set(user.servers) == ({person.server} if person.server is not None else set())


async def test_the_values_in_force_tell_of_the_culler(session: Session) -> None:
    values = await session.hub_link.values()
    assert values["cull"]["timeout"] == 3600
    assert await session.hub_link.chart_path() == ()


async def test_a_pod_that_is_replaced_is_followed(session: Session, cluster: Cluster) -> None:
    await live(session.pods.stores.pods)
    hub = await session.hub_link.open()
    before = pod_of(cluster, "hub")
    await hub.users(limit=1)
    with cluster.api() as api:
        api.request("DELETE", f"{PODS}/{before}")
    Place(cluster, NAMESPACE).available("hub")
    cluster.wait_for_pods("component=hub")
    after = pod_of(cluster, "hub")
    await until(lambda: session.pods.stores.pods.get(f"{NAMESPACE}/{after}"))
    assert (await answered(hub)) > 0
    assert hub.where == f"the hub (pod {after})"


async def answered(hub: HubClient) -> int:
    """How many users it tells of, once a hub that is about to start answers."""
    while True:
        try:
            return (await hub.users(limit=1)).pagination.total
        except UnreachableError:
            await asyncio.sleep(0.2)


async def test_a_forward_that_breaks_costs_one_answer(cluster: Cluster, faults: FaultProxy) -> None:
    path = faults.kubeconfig_from(cluster.kubeconfig)
    async with session_of(path, namespace=NAMESPACE) as session:
        broken = faults.drop(Match(r"/portforward$"))
        with pytest.raises(UnreachableError):
            await session.hub_link.open()
        broken.clear()
        hub = await session.hub_link.open()
        gone = faults.answer(Match(r"/portforward$"), 404)
        await session.hub_link.drop()
        with pytest.raises(UnreachableError, match="cannot be reached"):
            await session.hub_link.open()
        gone.clear()
        assert await names_of(await session.hub_link.open()) == await names_of(hub)


async def test_who_may_not_forward_is_told_the_right(cluster: Cluster, faults: FaultProxy) -> None:
    path = faults.kubeconfig_from(cluster.kubeconfig)
    async with session_of(path, namespace=NAMESPACE) as session:
        faults.answer(Match(r"/portforward$"), 403)
        with pytest.raises(DeniedError, match="pods/portforward"):
            await session.hub_link.open()


async def test_who_may_not_read_the_secret_is_told_other_ways(
    cluster: Cluster, faults: FaultProxy
) -> None:
    path = faults.kubeconfig_from(cluster.kubeconfig)
    async with session_of(path, namespace=NAMESPACE) as session:
        faults.answer(Match(r"/secrets/hub$"), 403)
        with pytest.raises(HubtuiError, match=r"HUBTUI_HUB_TOKEN, hub\.token_file"):
            await session.hub_link.open()


async def test_a_token_file_counts_and_is_read_again_when_the_hub_does_not_know_it(
    cluster: Cluster, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("of-another-hub")
    settings = HubApi(token_file=str(file))
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE, hub=settings) as session:
        with pytest.raises(UnknownTokenError) as told:
            await session.hub_link.open()
        assert f"does not know this token ({file})" in str(told.value)
        file.write_text(cluster.hub_token)
        assert (await names_of(await session.hub_link.open()))[0]


async def test_a_read_only_session_writes_nothing_to_the_hub(cluster: Cluster) -> None:
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE, read_only=True) as session:
        hub = await session.hub_link.open()
        with pytest.raises(ReadOnlyError):
            session.gate.grant("plan", [permit_stop(NAMESPACE, ServerKey("alice"))])
        assert "" in (await hub.user("alice")).servers


async def test_in_the_demo_ones_own_address_and_token_do_not_count(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBTUI_HUB_TOKEN", "of-a-real-hub")
    own = HubApi(url="https://hub.example.org/", token_command="false")
    demo = {"demo": Demo(story="drill"), "hub": own}
    async with session_of(cluster.kubeconfig, namespace=NAMESPACE, **demo) as session:
        assert (await session.hub_link.token()).source == "Secret hub"
        hub = await session.hub_link.open()
        assert hub.where == f"the hub (pod {pod_of(cluster, 'hub')})"


async def doctor(cluster: Cluster, api: HubApi | None = None) -> dict[str, Finding]:
    """What doctor says of the hub's API."""
    settings = Settings(kubeconfig=str(cluster.kubeconfig), hub=api or HubApi())
    async with client_of(cluster.kubeconfig) as client:
        (hub,) = await discovery.find(client, NAMESPACE, "")
        return {each.name: each async for each in doctor_hub.findings(settings, client, hub)}


async def test_doctor_says_whose_token_it_is_and_what_it_may(cluster: Cluster) -> None:
    found = await doctor(cluster)
    assert found["hub API"].evidence.startswith("JupyterHub ")
    assert found["hub token"].evidence == "that of the service hubtui, from Secret hub"
    assert {each.verdict for each in found.values()} == {Verdict.OK}
    assert "all 5 scopes" in found["hub: viewer"].evidence


# What follows is for the real hub: the demo has no tokens of users, and no address.


@pytest.fixture
def user_token(testbed: Testbed) -> Iterator[tuple[str, str]]:
    """A token of alice's, which may list users, and what the hub calls it."""
    with testbed.hub_client() as client:
        client.patch("/users/alice", json={"admin": True}).raise_for_status()
        given = {"note": "hubtui", "scopes": ["list:users", "read:users:name"]}
        made = client.post("/users/alice/tokens", json=given).raise_for_status().json()
        yield made["token"], made["id"]
        client.delete(f"/users/alice/tokens/{made['id']}")
        client.patch("/users/alice", json={"admin": False}).raise_for_status()


def wire_to(testbed: Testbed, session: Session) -> Wire:
    return UrlWire(Http(session.gate), testbed.hub_url)


async def test_a_users_token_is_refused(
    testbed: Testbed, user_token: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBTUI_HUB_TOKEN", user_token[0])
    async with session_of(testbed.kubeconfig, namespace=NAMESPACE) as session:
        with pytest.raises(DeniedError) as told:
            await session.hub_link.open()
    assert "(HUBTUI_HUB_TOKEN) belongs to the user alice" in str(told.value)
    assert "mark that user as active" in str(told.value)
    assert user_token[0] not in str(told.value)


async def test_a_token_that_is_revoked_in_the_middle_is_replaced(
    testbed: Testbed, user_token: tuple[str, str]
) -> None:
    token, number = user_token

    async def renew(refused: str) -> str:
        assert refused == token
        return testbed.hub_token

    async with session_of(testbed.kubeconfig, namespace=NAMESPACE) as session:
        wire = wire_to(testbed, session)
        hub = HubClient(session.gate, wire, token, NAMESPACE, renew)
        with pytest.raises(DeniedError, match="lacks the scope proxy, which GET /proxy needs"):
            await hub.routes()
        assert await names_of(hub)
        with testbed.hub_client() as client:
            client.delete(f"/users/alice/tokens/{number}").raise_for_status()
        assert await names_of(hub)
        assert (await hub.caller()).name == "hubtui"
        await wire.close()


@pytest.fixture
async def misbehaving(testbed: Testbed) -> AsyncIterator[FaultProxy]:
    """Between hubtui and the hub's address."""
    async with FaultProxy(testbed.hub_url, tls=False) as proxy:
        yield proxy


async def test_a_hub_by_its_address_that_has_a_bad_day(
    testbed: Testbed, misbehaving: FaultProxy
) -> None:
    settings = HubApi(url=misbehaving.url)
    async with session_of(testbed.kubeconfig, namespace=NAMESPACE, hub=settings) as session:
        hub = await session.hub_link.open()
        users = Match(r"/hub/api/users$")
        for status, body, error, words in (
            (500, b"<h1>500</h1>", ApiError, "GET /users with 500"),
            (429, b"", LimitedError, "too much to do"),
            (403, b"<h1>no</h1>", DeniedError, "refuses GET /users: HTTP 403"),
            (503, b"", UnreachableError, "is not up"),
            (200, b"<h1>Log in</h1>", DecodeError, "a page"),
            (200, b'{"items": [', DecodeError, "cannot be read"),
        ):
            misbehaving.answer(users, status, body=body, times=1)
            with pytest.raises(error, match=words):
                await hub.users()
        misbehaving.drop(users, times=1)
        with pytest.raises(UnreachableError):
            await hub.users()
        misbehaving.truncate_list(users, times=1)
        with pytest.raises(UnreachableError):
            await hub.users()
        misbehaving.delay(users, 1, times=1)
        assert {person.name for person in PEOPLE} <= set(await names_of(hub))


async def test_doctor_names_the_scopes_that_are_missing(
    testbed: Testbed, misbehaving: FaultProxy
) -> None:
    caller = {"kind": "service", "name": "ops", "scopes": ["list:users", "read:users"]}
    misbehaving.answer(Match(r"/hub/api/user$"), 200, body=json.dumps(caller).encode())
    found = await doctor(testbed, HubApi(url=misbehaving.url))
    assert found["hub API"].evidence.endswith(f": the hub ({misbehaving.url}) answers")
    viewer, operator = found["hub: viewer"], found["hub: operator"]
    assert "3 of 5 scopes missing: read:servers, read:metrics, proxy (for who" in viewer.evidence
    assert "2 of 2 scopes missing: delete:servers, servers" in operator.evidence
    assert "the role of the service ops has to have them" in viewer.remedy
    assert "        - proxy # the routes: no scope only reads them" in viewer.snippet


async def test_in_read_only_mode_the_hub_is_only_read(testbed: Testbed) -> None:
    evidence = Evidence(testbed, "readonly-admin")
    path = testbed.kubeconfig_for("readonly-admin")
    async with session_of(path, namespace=NAMESPACE, read_only=True) as session:
        hub = await session.hub_link.open()
        await names_of(hub)
        await hub.routes()
        forged = WriteToken("forged", frozenset({permit_stop(NAMESPACE, ServerKey("alice"))}))
        with pytest.raises(ReadOnlyError):
            await hub.stop(ServerKey("alice"), forged)
    assert len(evidence.hub_requests()) > 3, "nothing was asked: this proves nothing"
    assert evidence.hub_writes() == []
    assert evidence.writes() == []
    assert evidence.intrusions() == []


@pytest.fixture(scope="module")
def older(testbed: Testbed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OlderHub]:
    """JupyterHub 5.5 below a base URL."""
    with older_hub.running(testbed, tmp_path_factory.mktemp("older")) as found:
        yield found


async def test_jupyterhub_5_below_a_base_url(
    testbed: Testbed, older: OlderHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBTUI_HUB_TOKEN", older.token)
    key = ServerKey(f"Older.{secrets.token_hex(2)}@Example.edu", "gpu")
    with older.client() as client:
        client.post("/users", json={"usernames": [key.user]}).raise_for_status()
    settings = HubApi(url=older.url)
    none = MetricsSource(prometheus=f"{NAMESPACE}/no-prometheus")
    async with session_of(
        testbed.kubeconfig, namespace=NAMESPACE, hub=settings, metrics=none
    ) as session:
        hub = await session.hub_link.open()
        assert (await session.hub_link.info()).version == hub.version == older_hub.VERSION
        await session.metrics.fill()
        token = session.gate.grant(
            "plan", [permit_start(NAMESPACE, key), permit_stop(NAMESPACE, key)]
        )
        assert await hub.start(key, token) is False
        events = [event async for event in hub.progress(key)]
        assert events[-1].ready, events
        page = await hub.users(state="ready")
        assert [user.name for user in page.items] == [key.user]
        server = page.items[0].servers["gpu"]
        assert (server.ready, server.started is None) == (True, False)
        routes = await hub.routes()
        assert key.user in {route.data.user for route in routes.values()}
        while not await hub.stop(key, token):
            pass
        assert not (await hub.user(key.user)).servers
        await session.metrics.fill()
        session.metrics.update()
        told = {row.metric.id: row for row in session.metrics.rows()}
        for metric in ("spawn-p95", "proxy-add-p95", "hub-latency-p95", "hub-cpu"):
            assert told[metric].value, told[metric]
            assert told[metric].source == HUB
        assert (told["spawn-failures"].value, told["running-servers"].value) == (0, 0)
