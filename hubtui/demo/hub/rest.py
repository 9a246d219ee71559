"""The hub's HTTP server on port 8081: REST API, health and metrics below baseUrl "/"."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from hubtui.demo.hub import refusals, rest_hub, rest_servers, rest_users
from hubtui.demo.hub.answers import refusal
from hubtui.demo.hub.caller import HUB, find_caller
from hubtui.demo.hub.hub import Hub

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_API: Final = "/hub/api"
_USER: Final = "/users/{name}"
_APIS: Final = "jupyterhub.apihandlers"
_HEALTH: Final = "jupyterhub.handlers.pages.HealthCheckHandler"
_METRICS: Final = "jupyterhub.handlers.metrics.MetricsHandler"
_UNKNOWN: Final = f"{_APIS}.base.API404"

_ROUTES: Final[tuple[tuple[str, str, Handler, str], ...]] = (
    ("GET", "/hub/health", rest_hub.health, _HEALTH),
    ("GET", f"{_API}/health", rest_hub.health, _HEALTH),
    ("GET", "/hub/metrics", rest_hub.metrics, _METRICS),
    ("GET", f"{_API}/metrics", rest_hub.metrics, _METRICS),
    ("GET", _API, rest_hub.version, f"{_APIS}.hub.RootAPIHandler"),
    ("GET", f"{_API}/", rest_hub.version, f"{_APIS}.hub.RootAPIHandler"),
    ("GET", f"{_API}/info", rest_hub.info, f"{_APIS}.hub.InfoAPIHandler"),
    ("POST", f"{_API}/shutdown", rest_hub.shut_down, f"{_APIS}.hub.ShutdownAPIHandler"),
    ("GET", f"{_API}/proxy", rest_hub.list_routes, f"{_APIS}.proxy.ProxyAPIHandler"),
    ("POST", f"{_API}/proxy", rest_hub.sync_routes, f"{_APIS}.proxy.ProxyAPIHandler"),
    ("GET", f"{_API}/groups", rest_hub.list_groups, f"{_APIS}.groups.GroupListAPIHandler"),
    ("GET", f"{_API}/groups/{{name}}", rest_hub.get_group, f"{_APIS}.groups.GroupAPIHandler"),
    ("GET", f"{_API}/services", rest_hub.list_services, f"{_APIS}.services.ServiceListAPIHandler"),
    (
        "GET",
        f"{_API}/services/{{name}}",
        rest_hub.get_service,
        f"{_APIS}.services.ServiceAPIHandler",
    ),
    ("GET", f"{_API}/user", rest_hub.whoami, f"{_APIS}.users.SelfAPIHandler"),
    ("GET", f"{_API}/users", rest_users.list_users, f"{_APIS}.users.UserListAPIHandler"),
    ("POST", f"{_API}/users", rest_users.add_users, f"{_APIS}.users.UserListAPIHandler"),
    ("GET", f"{_API}{_USER}", rest_users.get_user, f"{_APIS}.users.UserAPIHandler"),
    ("POST", f"{_API}{_USER}", rest_users.add_user, f"{_APIS}.users.UserAPIHandler"),
    ("DELETE", f"{_API}{_USER}", rest_users.delete_user, f"{_APIS}.users.UserAPIHandler"),
    (
        *("GET", f"{_API}{_USER}/tokens", rest_users.list_tokens),
        f"{_APIS}.users.UserTokenListAPIHandler",
    ),
    (
        *("POST", f"{_API}{_USER}/activity", rest_users.report_activity),
        f"{_APIS}.users.ActivityAPIHandler",
    ),
)
_SERVER_ROUTES: Final[tuple[tuple[str, Handler], ...]] = (
    ("GET", rest_servers.get),
    ("PUT", rest_servers.put),
    ("PATCH", rest_servers.patch),
    ("POST", rest_servers.start),
    ("DELETE", rest_servers.stop),
)


_SERVER: Final = (f"{_API}{_USER}/server", f"{_API}{_USER}/servers/{{server}}")
_NAMES: dict[Handler, str] = {handler: name for _, _, handler, name in _ROUTES}
_NAMES |= {handler: f"{_APIS}.users.UserServerAPIHandler" for _, handler in _SERVER_ROUTES}
_NAMES |= {rest_servers.progress: f"{_APIS}.users.SpawnProgressAPIHandler"}


def make_app(hub: Hub) -> web.Application:
    """The hub's server. While the hub is down it answers 503 to everything."""
    app = web.Application(middlewares=[_serve, _refuse])
    app[HUB] = hub
    for method, path, handler, _ in _ROUTES:
        app.router.add_route(method, path, handler)
    for path in _SERVER:
        for method, handler in _SERVER_ROUTES:
            app.router.add_route(method, path, handler)
        app.router.add_route("GET", f"{path}/progress", rest_servers.progress)
    return app


@web.middleware
async def _serve(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What is so for every request: the delay of a fault, the version, a line, a count."""
    hub, begun = request.app[HUB], time.perf_counter()
    if not hub.is_up:
        return web.Response(status=503, text="the hub is down")
    if hub.world.faults.hub_latency:
        await asyncio.sleep(hub.world.faults.hub_latency)
    response = await handler(request)
    if not response.prepared:
        response.headers["X-JupyterHub-Version"] = hub.settings.version
    seconds = time.perf_counter() - begun
    name = _NAMES.get(request.match_info.handler, _UNKNOWN)
    hub.metrics.request(request.method, name, response.status, seconds)
    if name != _HEALTH:
        _log(hub, request, response.status, seconds)
    return response


@web.middleware
async def _refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refusals as JupyterHub writes them."""
    is_six = request.app[HUB].settings.is_six
    try:
        return await handler(request)
    except refusals.HubRefusalError as refused:
        return refusal(refused, is_six=is_six)
    except web.HTTPException as refused:
        return refusal(refusals.HubRefusalError(refused.status, ""), is_six=is_six)


def _log(hub: Hub, request: web.Request, status: int, seconds: float) -> None:
    caller = find_caller(request)
    who = f"({caller.service if caller else ''}@127.0.0.1) {1000 * seconds:.2f}ms"
    write = hub.pen.info if status < 400 else hub.pen.warning
    write("log:192", f"{status} {request.method} {request.path_qs} {who}")
