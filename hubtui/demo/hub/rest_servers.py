"""`…/users/{name}/server` and `…/servers/{server}`: start, stop, progress, and more in 6.x."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

from aiohttp import web

from hubtui.demo.hub import refusals
from hubtui.demo.hub.answers import empty, json_answer
from hubtui.demo.hub.caller import HUB, caller_of
from hubtui.demo.hub.hub import Hub
from hubtui.demo.hub.models import Models
from hubtui.demo.hub.records import SLOW_STOP, Server, User
from hubtui.demo.hub.rest_users import body_of, user_of
from hubtui.demo.storage import Json

KEEPALIVE: Final = 8.0


async def start(request: web.Request) -> web.Response:
    """POST: 202, as z2jh waits for no spawn; 400 when it runs or stops, 429 when it is full."""
    hub = request.app[HUB]
    caller_of(request).need("start:servers" if hub.settings.is_six else "servers")
    user, name, body = user_of(request), _name(request), await body_of(request)
    options, display = _options(hub, body)
    _check_named(hub, user, name)
    server = hub.server_of(user, name)
    if server.pending == "spawn":
        return empty(202)
    hub.spawner.start(user, name, options)
    server.display_name = display or server.display_name
    return empty(202)


async def stop(request: web.Request) -> web.Response:
    """DELETE: 204 when it is stopped, 202 while it still stops; `remove` forgets a named one."""
    caller_of(request).need("delete:servers")
    hub, user, name = request.app[HUB], user_of(request), _name(request)
    remove = bool((await body_of(request)).get("remove"))
    if name and not hub.settings.named_servers:
        raise refusals.bad("Named servers are not enabled.")
    if name and name not in user.servers:
        raise refusals.not_found(f"{user.name} has no server named '{name}'")
    if remove and not name:
        raise refusals.bad("Cannot delete the default server")
    server = hub.server_of(user, name)
    was_stopping = server.pending == "stop"
    hub.spawner.stop(server, remove=remove)
    if not was_stopping and not await server.until_stopped():
        words = f"User {user.name}:{name} server is slow to stop (timeout={SLOW_STOP:g})"
        hub.pen.warning("base:1476", words)
    return empty(202 if server.pending == "stop" else 204)


async def get(request: web.Request) -> web.Response:
    """GET of 6.x: the server, running or not."""
    caller, hub = caller_of(request), _six(request)
    caller.need("read:servers")
    user, name = user_of(request), _name(request)
    if name and name not in user.servers:
        raise refusals.not_found()
    server = hub.server_of(user, name)
    return json_answer(Models(hub, caller.scopes).server(server))


async def put(request: web.Request) -> web.Response:
    """PUT of 6.x: a new named server that is not started."""
    caller, hub = caller_of(request), _six(request)
    caller.need("start:servers")
    user, name = user_of(request), _name(request)
    if not name:
        raise refusals.conflict(f"User {user.name} already has a default server")
    if name in user.servers:
        raise refusals.conflict(f"User {user.name} already has server {name}")
    _check_named(hub, user, name)
    options, display = _options(hub, await body_of(request))
    server = hub.server_of(user, name)
    server.options, server.display_name = options, display or name
    return json_answer(Models(hub, caller.scopes).server(server), status=201)


async def patch(request: web.Request) -> web.Response:
    """PATCH of 6.x: display_name and user_options of a server that does not run."""
    caller, hub = caller_of(request), _six(request)
    caller.need("start:servers")
    user, name, body = user_of(request), _name(request), await body_of(request)
    if not body:
        raise refusals.bad("Must specify at least one field to modify.")
    if not set(body) <= {"display_name", "user_options"}:
        raise refusals.bad(f"Unexpected fields: {set(body)}, supported: display_name, user_options")
    server = user.servers.get(name)
    if server is None:
        raise refusals.not_found(f"User {user.name} has no such server {name!r}")
    if server.is_active:
        words = f"{server.log_name} is active. Please stop it before modifying it."
        raise refusals.bad(words)
    server.display_name = str(body.get("display_name") or server.display_name)
    server.options = dict(body.get("user_options") or server.options)
    return json_answer(Models(hub, caller.scopes).server(server))


async def progress(request: web.Request) -> web.StreamResponse:
    """GET …/progress: server-sent events until the spawn is over."""
    caller_of(request).need("read:servers")
    server = user_of(request).servers.get(_name(request))
    if server is None or not (server.is_active or server.failure):
        raise refusals.not_found()
    if server.pending in ("stop", "check"):
        raise refusals.bad(f"{server.log_name} is not starting...")
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
    stream = web.StreamResponse(headers=headers)
    await stream.prepare(request)
    told = 0
    while server.pending == "spawn" and request.app[HUB].is_up:
        turn = server.turn
        for event in server.progress[told:]:
            await stream.write(_event(event))
        told = len(server.progress)
        try:
            await asyncio.wait_for(turn.wait(), KEEPALIVE)
        except TimeoutError:
            await stream.write(b"\n\n")
    await stream.write(_event(_last(server)))
    return stream


def _last(server: Server) -> Json:
    if not server.ready:
        return {"progress": 100, "failed": True, "message": server.failure or "Spawn failed"}
    return {
        "progress": 100,
        "ready": True,
        "message": f"Server ready at {server.path}",
        "html_message": f'Server ready at <a href="{server.path}">{server.path}</a>',
        "url": server.path,
    }


def _event(event: Json) -> bytes:
    return f"data: {json.dumps(event)}\n\n".encode()


def _name(request: web.Request) -> str:
    return request.match_info.get("server", "")


def _six(request: web.Request) -> Hub:
    hub = request.app[HUB]
    if not hub.settings.is_six:
        raise refusals.HubRefusalError(405, "")
    return hub


def _options(hub: Hub, body: dict[str, Any]) -> tuple[Json, str]:
    """user_options and display_name: 5.x takes the whole body for the options."""
    if hub.settings.is_six and ("user_options" in body or "display_name" in body):
        return dict(body.get("user_options") or {}), str(body.get("display_name") or "")
    return body, ""


def _check_named(hub: Hub, user: User, name: str) -> None:
    if not name:
        return
    if not hub.settings.named_servers:
        raise refusals.bad("Named servers are not enabled.")
    limit, named = hub.settings.named_limit, [each for each in user.servers if each]
    if limit and name not in named and len(named) >= limit:
        words = f"User {user.name} already has the maximum of {limit} named servers."
        raise refusals.bad(f"{words}  One must be deleted before a new server can be created")
