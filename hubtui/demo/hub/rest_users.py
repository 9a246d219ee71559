"""`/hub/api/users`: users, their tokens, the activity that servers report."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiohttp import web

from hubtui.demo.hub import refusals
from hubtui.demo.hub.answers import empty, json_answer
from hubtui.demo.hub.caller import HUB, caller_of
from hubtui.demo.hub.hub import Hub
from hubtui.demo.hub.models import Models
from hubtui.demo.hub.pages import answer, page_of
from hubtui.demo.hub.records import User
from hubtui.demo.hub.scopes import USER_KEYS

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_AHEAD: Final = timedelta(minutes=59)


async def list_users(request: web.Request) -> web.Response:
    """GET /users: filtered by state and name, sorted, a page of them."""
    caller, hub = caller_of(request), request.app[HUB]
    caller.need("list:users")
    page = page_of(request)
    users = _sorted(hub, request.query.get("sort", "id"))
    state, name = request.query.get("state", ""), request.query.get("name_filter", "").lower()
    users = [each for each in users if name in each.name.lower() and _is_in(each, state)]
    # As in JupyterHub, `ready` is told apart from `active` only within the page.
    shown = [
        each
        for each in users[page.part]
        if state != "ready" or any(server.ready for server in each.active)
    ]
    models, stopped = Models(hub, caller.scopes), _wants_stopped(request)
    return answer(request, page, [models.user(each, stopped=stopped) for each in shown], len(users))


async def get_user(request: web.Request) -> web.Response:
    """GET /users/{name}."""
    caller, hub = caller_of(request), request.app[HUB]
    caller.need(*(scope for scope in USER_KEYS if scope != "admin:auth_state"))
    model = Models(hub, caller.scopes).user(user_of(request), stopped=_wants_stopped(request))
    return json_answer(model)


async def add_users(request: web.Request) -> web.Response:
    """POST /users: several at once; those that are there are passed over."""
    caller, hub = caller_of(request), request.app[HUB]
    caller.need("admin:users")
    body = await body_of(request)
    names = body.get("usernames")
    if not names or not isinstance(names, list):
        raise refusals.bad("Must specify at least one user to create")
    if body.get("admin"):
        raise refusals.HubRefusalError(403, "Only admins can grant admin permissions")
    new = [name for name in map(_normal, names) if name not in hub.users]
    if not new:
        raise refusals.conflict(f"All {len(names)} users already exist")
    models = Models(hub, caller.scopes)
    return json_answer([models.user(hub.add_user(name)) for name in new], status=201)


async def add_user(request: web.Request) -> web.Response:
    """POST /users/{name}."""
    caller, hub = caller_of(request), request.app[HUB]
    caller.need("admin:users")
    name = _normal(request.match_info["name"])
    if name in hub.users:
        raise refusals.conflict(f"User {name} already exists")
    model = Models(hub, caller.scopes).user(hub.add_user(name))
    return json_answer(model, status=201)


async def delete_user(request: web.Request) -> web.Response:
    """DELETE /users/{name}: the servers are stopped, then user and claims are gone."""
    caller_of(request).need("delete:users")
    hub, user = request.app[HUB], user_of(request)
    for server in user.active:
        hub.spawner.stop(server)
    for server in user.active:
        if not await server.until_stopped():
            words = f"{user.name}'s server is in the process of stopping, please wait."
            raise refusals.bad(words)
    hub.remove_user(user)
    return empty(204)


async def list_tokens(request: web.Request) -> web.Response:
    """GET /users/{name}/tokens."""
    caller, hub = caller_of(request), request.app[HUB]
    caller.need("read:tokens")
    name = request.match_info["name"]
    if name not in hub.users:
        raise refusals.not_found(f"No such user: {name}")
    return json_answer({"api_tokens": Models(hub, caller.scopes).tokens(hub.users[name])})


async def report_activity(request: web.Request) -> web.Response:
    """POST /users/{name}/activity."""
    caller_of(request).need("users:activity")
    hub, user, body = request.app[HUB], user_of(request), await body_of(request)
    servers = body.get("servers") or {}
    if not body.get("last_activity") and not servers:
        raise refusals.bad("body must contain at least one of `last_activity` or `servers`")
    for name, about in servers.items():
        if name not in user.servers:
            raise refusals.bad(f"No such server '{name}' for user {user.name}")
        server, when = user.servers[name], _when(about.get("last_activity"), hub.now)
        server.seen = max(when, server.seen or _EPOCH)
    if body.get("last_activity"):
        user.seen = max(_when(body["last_activity"], hub.now), user.seen or _EPOCH)
    return empty()


def user_of(request: web.Request) -> User:
    """The user in the path. Raises HubRefusalError (404)."""
    found = request.app[HUB].users.get(request.match_info["name"])
    if found is None:
        raise refusals.not_found()
    return found


async def body_of(request: web.Request) -> dict[str, Any]:
    """The JSON body, {} for none. Raises HubRefusalError (400)."""
    text = await request.text()
    try:
        body = json.loads(text) if text.strip() else {}
    except ValueError:
        raise refusals.bad("Invalid JSON in body of request") from None
    if not isinstance(body, dict):
        raise refusals.bad("Body must be a JSON object")
    return body


def _normal(name: object) -> str:
    """A name as an Authenticator makes it (normalize_username)."""
    return str(name).lower()


def _wants_stopped(request: web.Request) -> bool:
    return request.query.get("include_stopped_servers", "0").lower() not in ("0", "false")


def _is_in(user: User, state: str) -> bool:
    if state not in ("", "active", "ready", "inactive"):
        raise refusals.bad(f"Unrecognized state filter: {state!r}")
    return not state or bool(user.active) == (state != "inactive")


def _sorted(hub: Hub, by: str) -> list[User]:
    """Users who were never seen are the oldest."""
    users, now = list(hub.users.values()), hub.now
    what, down = by.removeprefix("-"), by.startswith("-")
    if what == "id":
        return sorted(users, key=lambda each: each.id, reverse=down)
    if what == "name":
        return sorted(users, key=lambda each: each.name, reverse=down)
    if what == "last_activity":
        return sorted(users, key=lambda each: each.activity(now) or _EPOCH, reverse=down)
    raise refusals.bad(f"sort must be 'id', 'name', or 'last_activity', not '{by}'")


def _when(text: object, now: datetime) -> datetime:
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError:
        raise refusals.bad(f"Not a valid timestamp: {text!r}") from None
    when = when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    if when - now > _AHEAD:
        words = "Rejecting activity from more than an hour in the future"
        raise refusals.bad(f"{words}: {when.isoformat()}")
    return when
