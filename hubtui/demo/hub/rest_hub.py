"""What the REST API tells of the hub itself: version, the caller, groups, services, routes."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from hubtui.demo.hub import refusals
from hubtui.demo.hub.answers import empty, json_answer
from hubtui.demo.hub.caller import HUB, caller_of, find_caller
from hubtui.demo.hub.metrics import MEDIA_TYPE
from hubtui.demo.hub.models import Models
from hubtui.demo.hub.pages import answer, page_of
from hubtui.demo.hub.rest_users import body_of

_PYTHON: Final = "3.12.13 (main, Apr  8 2026, 04:11:12) [GCC 14.2.0]"


async def health(_request: web.Request) -> web.Response:
    """GET /hub/health: an empty page."""
    return web.Response(headers={"Content-Type": "text/html"})


async def version(request: web.Request) -> web.Response:
    """GET /: for everybody."""
    return json_answer({"version": request.app[HUB].settings.version})


async def info(request: web.Request) -> web.Response:
    """GET /info."""
    caller_of(request).need("read:hub")
    settings = request.app[HUB].settings
    name, number = settings.authenticator, "unknown"
    if name == "dummy":
        name, number = "jupyterhub.auth.DummyAuthenticator", settings.version
    return json_answer(
        {
            "version": settings.version,
            "python": _PYTHON,
            "sys_executable": "/usr/local/bin/python3.12",
            "spawner": {
                "class": "kubespawner.spawner.KubeSpawner",
                "version": settings.kubespawner,
            },
            "authenticator": {"class": name, "version": number},
        }
    )


async def whoami(request: web.Request) -> web.Response:
    """GET /user: the caller, with all scopes."""
    caller, hub = caller_of(request), request.app[HUB]
    own = frozenset({"read:services:name", *caller.scopes})
    about = {"token_id": f"a{1 + sorted(hub.settings.tokens).index(caller.service)}"}
    model = Models(hub, caller.scopes).service(caller.service, own)
    model |= about | {"session_id": None, "scopes": sorted(caller.scopes)}
    return json_answer(model)


async def list_groups(request: web.Request) -> web.Response:
    """GET /groups: a page of them."""
    caller, hub = caller_of(request), request.app[HUB]
    caller.need("list:groups")
    page, models = page_of(request), Models(hub, caller.scopes)
    groups = sorted(hub.groups.values(), key=lambda each: each.id)
    shown = [models.group(each) for each in groups[page.part]]
    return answer(request, page, shown, len(groups))


async def get_group(request: web.Request) -> web.Response:
    """GET /groups/{name}."""
    caller, hub, name = caller_of(request), request.app[HUB], request.match_info["name"]
    caller.need("read:groups", "read:groups:name", "read:roles:groups")
    if name not in hub.groups:
        raise refusals.not_found(f"No such group: {name}")
    return json_answer(Models(hub, caller.scopes).group(hub.groups[name]))


async def list_services(request: web.Request) -> web.Response:
    """GET /services: all of them, by name."""
    caller, hub = caller_of(request), request.app[HUB]
    caller.need("list:services")
    models = Models(hub, caller.scopes)
    return json_answer({name: models.listed(name) for name in hub.settings.services})


async def get_service(request: web.Request) -> web.Response:
    """GET /services/{name}."""
    caller, hub, name = caller_of(request), request.app[HUB], request.match_info["name"]
    caller.need("read:services", "read:services:name", "read:roles:services")
    if name not in hub.settings.services:
        raise refusals.not_found(f"No such service: {name}")
    return json_answer(Models(hub, caller.scopes).listed(name))


async def list_routes(request: web.Request) -> web.Response:
    """GET /proxy: a page of the routes, by routespec."""
    caller_of(request).need("proxy")
    page, routes = page_of(request), request.app[HUB].routes.shown()
    shown = {path: routes[path] for path in list(routes)[page.part]}
    return answer(request, page, shown, len(routes))


async def sync_routes(request: web.Request) -> web.Response:
    """POST /proxy: the hub mends the routes."""
    caller_of(request).need("proxy")
    request.app[HUB].routes.check()
    return empty()


async def shut_down(request: web.Request) -> web.Response:
    """POST /shutdown: the process ends after the answer; with `servers`, the servers first."""
    caller_of(request).need("shutdown")
    hub, body = request.app[HUB], await body_of(request)
    for name in ("proxy", "servers"):
        if name in body and not isinstance(body[name], bool):
            raise refusals.bad(f"{name} must be true or false, got {body[name]!r}")
    if body.get("servers"):
        for server in [each for each in hub.servers() if each.is_active]:
            hub.spawner.stop(server)
    hub.pen.info("app:3520", "Shutting down Hub")
    hub.world.timeline.after(0.5, lambda: hub.exit(0))
    return json_answer({"message": "Shutting down Hub"}, status=202)


async def metrics(request: web.Request) -> web.Response:
    """GET /hub/metrics: text; 403 as a page for who may not read it."""
    hub, caller = request.app[HUB], find_caller(request)
    may = hub.settings.open_metrics or (caller is not None and "read:metrics" in caller.scopes)
    if not may:
        page = "<!DOCTYPE HTML><html><head><title>JupyterHub</title></head><body>403 : Forbidden"
        text, kind = f"{page}</body></html>".encode(), {"Content-Type": "text/html"}
        return web.Response(status=403, body=text, headers=kind)
    return web.Response(body=hub.metrics.text(), headers={"Content-Type": MEDIA_TYPE})
