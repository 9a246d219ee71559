"""The fault proxy against a small server that stands for an apiserver."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from tests.testbed.faults import FaultProxy, Match
from tests.testbed.kubelet_figures import NodeUse, PodUse, VolumeUse
from tests.testbed.sick_kubelets import half_are_down

PODS = "/api/v1/namespaces/hub/pods"
EVENT = b'{"type":"ADDED","object":{"metadata":{"name":"jupyter-ada"}}}\n'


@dataclass
class Upstream:
    """Answers lists, echoes bodies, and sends on its watches what the test puts in the queue."""

    url: str = ""
    events: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    tokens: list[str] = field(default_factory=list)
    watch_ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def pods(self, request: web.Request) -> web.StreamResponse:
        self.tokens.append(request.headers.get("Authorization", ""))
        if request.query.get("watch") != "1":
            return web.json_response({"kind": "PodList", "items": ["x" * 20] * 50})
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        try:
            while chunk := await self.events.get():
                await response.write(chunk)
        finally:
            self.watch_ended.set()
        return response

    async def echo(self, request: web.Request) -> web.Response:
        return web.Response(body=await request.read(), content_type="application/json")

    async def forward(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("v4.channel.k8s.io",))
        await socket.prepare(request)
        async for message in socket:
            await socket.send_bytes(b"\x00" + message.data)
        return socket


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    server = Upstream()
    app = web.Application()
    app.router.add_get(PODS, server.pods)
    app.router.add_post(PODS, server.echo)
    app.router.add_get(PODS + "/hub/portforward", server.forward)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest.fixture
async def proxy(upstream: Upstream) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(upstream.url) as proxy:
        yield proxy


@pytest.fixture
async def client(proxy: FaultProxy) -> AsyncIterator[aiohttp.ClientSession]:
    trust = ssl.create_default_context(cafile=proxy.ca_file)
    async with aiohttp.ClientSession(
        proxy.url,
        connector=aiohttp.TCPConnector(ssl=trust),
        timeout=aiohttp.ClientTimeout(total=10),
        headers={"Authorization": "Bearer secret"},
    ) as session:
        yield session


async def test_lists_bodies_and_the_token_pass_unchanged(
    proxy: FaultProxy, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async with client.get(PODS, params={"limit": "500"}) as answer:
        assert (await answer.json())["kind"] == "PodList"
    async with client.post(PODS, data=b"[1]" * 100_000) as answer:
        assert len(await answer.read()) == 300_000
    assert upstream.tokens == ["Bearer secret"]
    assert [(one.method, one.path, one.status) for one in proxy.requests] == [
        ("GET", PODS, 200),
        ("POST", PODS, 200),
    ]
    assert proxy.requests[0].query == {"limit": "500"}


async def test_a_watch_passes_event_by_event_and_ends_upstream_with_the_client(
    client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async with client.get(PODS, params={"watch": "1"}) as answer:
        for _ in range(3):
            upstream.events.put_nowait(EVENT)
            assert await answer.content.readline() == EVENT
        answer.close()
    async with asyncio.timeout(5):
        await upstream.watch_ended.wait()


async def test_websockets_pass_with_their_subprotocol(client: aiohttp.ClientSession) -> None:
    async with client.ws_connect(
        PODS + "/hub/portforward?ports=8081", protocols=("v4.channel.k8s.io",)
    ) as socket:
        assert socket.protocol == "v4.channel.k8s.io"
        await socket.send_bytes(b"hello")
        assert await socket.receive_bytes() == b"\x00hello"


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, "Unauthorized"), (403, "Forbidden"), (410, "Expired"), (500, "InternalError")],
)
async def test_answers_are_a_status_as_an_apiserver_says_it(
    proxy: FaultProxy, client: aiohttp.ClientSession, status: int, reason: str
) -> None:
    fault = proxy.answer(Match(r"/pods$", method="GET"), status)
    async with client.get(PODS) as answer:
        body = await answer.json()
    assert (answer.status, body["kind"], body["code"]) == (status, "Status", status)
    assert body["reason"] == reason
    fault.clear()
    async with client.get(PODS) as answer:
        assert answer.status == 200


async def test_a_forbidden_list_names_user_verb_resource_and_namespace(
    proxy: FaultProxy, client: aiohttp.ClientSession
) -> None:
    proxy.answer(Match(r"/pods$"), 403, times=1)
    async with client.get(PODS) as answer:
        message = (await answer.json())["message"]
    assert message == (
        'pods is forbidden: User "operator" cannot list resource "pods" '
        'in API group "" in the namespace "hub"'
    )
    async with client.get(PODS) as answer:
        assert answer.status == 200, "one time only"


async def test_too_many_requests_says_when_to_come_back(
    proxy: FaultProxy, client: aiohttp.ClientSession
) -> None:
    proxy.answer(Match(), 429, headers={"Retry-After": "7"})
    async with client.get(PODS) as answer:
        assert answer.headers["Retry-After"] == "7"
        assert (await answer.text()).startswith("Too many requests")


@pytest.mark.parametrize("while_open", [True, False])
async def test_a_watch_is_cut_in_the_middle_of_an_event(
    proxy: FaultProxy, client: aiohttp.ClientSession, upstream: Upstream, while_open: bool
) -> None:
    match = Match(r"/pods$", watch=True)
    if not while_open:
        proxy.cut_watch(match, after_bytes=len(EVENT), mid_line=True)
    async with client.get(PODS, params={"watch": "1"}) as answer:
        upstream.events.put_nowait(EVENT)
        assert await answer.content.readline() == EVENT
        if while_open:
            proxy.cut_watch(match, mid_line=True)
        upstream.events.put_nowait(EVENT)
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.content.read()


async def test_an_open_watch_is_cut_at_once_and_only_once(
    proxy: FaultProxy, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async with client.get(PODS, params={"watch": "1"}) as answer:
        fault = proxy.cut_watch(Match(watch=True), clean=True)
        assert await answer.content.read() == b""
    assert not fault.active
    async with client.get(PODS, params={"watch": "1"}) as answer:
        upstream.events.put_nowait(EVENT)
        upstream.events.put_nowait(EVENT)
        assert await answer.content.readline() == EVENT


async def test_a_watch_that_is_gone_says_so_after_the_event_that_has_begun(
    proxy: FaultProxy, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async with client.get(PODS, params={"watch": "1"}) as answer:
        upstream.events.put_nowait(EVENT[:20])
        await answer.content.readexactly(20)
        proxy.watch_gone(Match(watch=True))
        upstream.events.put_nowait(EVENT[20:])
        assert await answer.content.readline() == EVENT[20:]
        event: dict[str, Any] = json.loads(await answer.content.readline())
        assert await answer.content.read() == b"", "and then it ends"
    assert event["type"] == "ERROR"
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")


async def test_connections_are_dropped(proxy: FaultProxy, client: aiohttp.ClientSession) -> None:
    proxy.drop(Match(method="POST"), times=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.post(PODS, data=b"1")
    async with client.post(PODS, data=b"1") as answer:
        assert answer.status == 200


async def test_a_hanging_request_is_seen_and_dropped_when_the_fault_ends(
    proxy: FaultProxy, client: aiohttp.ClientSession
) -> None:
    fault = proxy.hang(Match(r"/pods$"))
    asking = asyncio.create_task(client.post(PODS))  # aiohttp asks a dropped GET a second time
    seen = await proxy.wait_for_request(Match(r"/pods$"))
    assert seen.status is None
    assert not asking.done()
    fault.clear()
    with pytest.raises(aiohttp.ClientConnectionError):
        await asking
    assert fault.hits == [seen]


async def test_a_delayed_answer_is_whole(proxy: FaultProxy, client: aiohttp.ClientSession) -> None:
    proxy.delay(Match(), 0.05)
    began = asyncio.get_running_loop().time()
    async with client.get(PODS) as answer:
        assert (await answer.json())["kind"] == "PodList"
    assert asyncio.get_running_loop().time() - began >= 0.05
    await proxy.wait_for_request(Match(), answered=True)


async def test_a_list_breaks_off_or_ends_too_early(
    proxy: FaultProxy, client: aiohttp.ClientSession
) -> None:
    proxy.truncate_list(Match(), times=1)
    async with client.get(PODS) as answer:
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()
    proxy.truncate_list(Match(), broken_json=True)
    async with client.get(PODS) as answer:
        text = await answer.text()
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


async def test_the_kubelet_summary_comes_from_the_stats_that_were_set(
    proxy: FaultProxy, client: aiohttp.ClientSession
) -> None:
    path = "/api/v1/nodes/user-1/proxy/stats/summary"
    async with client.get(path) as answer:
        assert answer.status == 404, "unset: the server's own answer"
    home = VolumeUse("claim-ada", 9 << 30, 10 << 30, inodes=1000, inodes_used=999)
    proxy.stats = {"user-1": NodeUse(cores=1.5, pods=(PodUse("jupyter-ada", volumes=(home,)),))}
    async with client.get(path) as answer:
        said = await answer.json()
    assert said["node"]["cpu"]["usageNanoCores"] == 1_500_000_000
    (volume,) = said["pods"][0]["volume"]
    assert volume["pvcRef"] == {"name": "claim-ada", "namespace": "hub"}
    assert volume["usedBytes"] + volume["availableBytes"] == volume["capacityBytes"]
    assert (volume["inodes"], volume["inodesUsed"], volume["inodesFree"]) == (1000, 999, 1)


async def test_half_of_the_kubelets_do_not_answer(
    proxy: FaultProxy, client: aiohttp.ClientSession
) -> None:
    nodes = [f"user-{number}" for number in range(6)]
    proxy.stats = {"*": NodeUse()}
    sick = half_are_down(proxy, nodes, slow=0.01)
    codes = {}
    for node in nodes:
        async with client.get(f"/api/v1/nodes/{node}/proxy/stats/summary") as answer:
            codes[node] = (answer.status, await answer.text())
    assert [codes[node][0] for node in sick.down] == [503] * 3
    assert "connection refused" in codes["user-0"][1]
    assert codes[sick.denied][0] == 403
    assert 'cannot get resource \\"nodes/proxy\\"' in codes[sick.denied][1]
    assert (codes[sick.slow][0], codes["user-5"][0]) == (200, 200)


async def test_the_kubeconfig_keeps_the_user_and_points_at_the_proxy(
    proxy: FaultProxy, tmp_path: Path
) -> None:
    real = tmp_path / "config"
    config = {
        "current-context": "dev",
        "contexts": [{"name": "dev", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"token": "secret"}}],
    }
    real.write_text(yaml.safe_dump(config))
    written = yaml.safe_load(proxy.kubeconfig_from(real).read_text())
    assert written["clusters"][0]["cluster"]["server"] == proxy.url
    assert written["users"] == config["users"]
