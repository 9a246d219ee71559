"""hubtui's client of the hub's API against the simulated hubs, 5.5 and 6.1, by their address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from hubtui.clients import hub as hub_client
from hubtui.clients.gate import Gate
from hubtui.clients.http import Http
from hubtui.clients.hub import HubClient, permit_start, permit_stop
from hubtui.clients.hub_wire import UrlWire
from hubtui.demo.hub.rest import make_app
from hubtui.errors import ApiError, DeniedError, NotFoundError, UnreachableError
from hubtui.model.hub import ServerKey
from tests.cluster.opened import until
from tests.demo.hubs import (
    OPERATOR,
    TOKEN,
    VIEWER,
    Stage,
    live,
    stage,
    start_hub_pod,
    stop_hub_pod,
    values,
)

BOTH = pytest.mark.parametrize("version", ["5.5.4", "6.1.1"])
NAMES = ("ana", "Ana.B@Example.edu", "ünï_çode", "a b", "50%", "学生")


@asynccontextmanager
async def at(url: str, gate: Gate | None = None) -> AsyncIterator[HubClient]:
    """The client for a hub at an address."""
    http = Http(gate or Gate("only looking"))
    try:
        yield HubClient(http.gate, UrlWire(http, url), TOKEN, "hub")
    finally:
        await http.close()


@asynccontextmanager
async def asking(made: Stage, gate: Gate | None = None) -> AsyncIterator[HubClient]:
    """The client for a hub whose time follows the clock."""
    async with live(made) as known, at(str(known.base_url.join("/")), gate) as client:
        yield client


@BOTH
async def test_users_come_by_pages_whatever_they_are_called(version: str) -> None:
    made = stage(values(), version)
    for name in NAMES:
        made.hub.add_user(name)
    async with asking(made) as client:
        found, offset = [], 0
        while True:
            page = await client.users(limit=2, offset=offset, sort="name")
            found += [user.name for user in page.items]
            if page.pagination.next is None:
                break
            offset = page.pagination.next.offset
        assert found == sorted(NAMES)
        assert [(await client.user(name)).name for name in NAMES] == list(NAMES)
        assert client.version == version


@BOTH
async def test_a_named_server_is_started_followed_and_stopped(version: str) -> None:
    made, gate, key = (
        stage(values(allowNamedServers=True), version),
        Gate(),
        ServerKey("ünï", "gp u"),
    )
    made.hub.add_user(key.user)
    token = gate.grant("plan", [permit_start("hub", key), permit_stop("hub", key)])
    async with asking(made, gate) as client:
        assert await client.start(key, token, {"profile": "r"}) is False
        events = [event async for event in client.progress(key)]
        server = (await client.user(key.user)).servers[key.server]
        assert events[0].progress < 100
        assert (events[-1].ready, server.ready) == (True, True)
        assert server.user_options == {"profile": "r"}
        while not await client.stop(key, token):
            pass
        with pytest.raises(NotFoundError):
            [event async for event in client.progress(key)]
        assert not (await client.user(key.user)).servers


async def test_whose_token_it_is_and_which_scope_it_lacks() -> None:
    made = stage(values(tuple(scope for scope in VIEWER if scope != "proxy")))
    async with asking(made) as client:
        caller = await client.caller()
        assert (caller.kind, caller.name) == ("service", "hubtui")
        assert "read:users:activity" in caller.scopes
        with pytest.raises(DeniedError, match="lacks the scope proxy, which GET /proxy needs"):
            await client.routes()


async def test_a_hub_with_a_base_url() -> None:
    made, app = stage(values(OPERATOR)), web.Application()
    app.add_subapp("/the/base", make_app(made.hub))
    async with TestServer(app) as server, at(f"{server.make_url('/the/base/')}") as client:
        assert (await client.info()).version == "5.5.0"
        assert (await client.caller()).name == "hubtui"
    async with TestServer(app) as server, at(f"{server.make_url('/')}") as client:
        with pytest.raises(NotFoundError):
            await client.caller()


async def test_a_slow_hub_is_waited_for_and_a_silent_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = stage()
    made.world.faults.hub_latency = 0.3
    async with asking(made) as client:
        assert (await client.caller()).name == "hubtui"
        monkeypatch.setattr(hub_client, "TIMEOUT", 0.05)
        with pytest.raises(UnreachableError, match="does not answer in time"):
            await client.caller()


async def test_a_hub_that_is_down_and_comes_back() -> None:
    made = stage()
    async with asking(made) as client:
        stop_hub_pod(made.world)
        with pytest.raises(UnreachableError, match="is not up"):
            await client.caller()
        start_hub_pod(made.world, "hub-2")
        await until(lambda: made.hub.is_up)
        assert (await client.caller()).name == "hubtui"


async def test_a_redirect_is_told_and_not_followed() -> None:
    seen: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(status=302, headers={"Location": "/login", "Set-Cookie": "a=b"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", elsewhere)
    async with TestServer(app) as server, at(str(server.make_url("/"))) as client:
        with pytest.raises(ApiError, match=r"elsewhere \(HTTP 302\)") as told:
            await client.caller()
    assert seen == ["/hub/api/user"]
    assert TOKEN not in str(told.value)
