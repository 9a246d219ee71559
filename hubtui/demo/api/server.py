"""The apiserver as an aiohttp application: who may ask, which part answers, how errors look."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from pathlib import Path
from typing import Final

from aiohttp import web

from hubtui.demo.api import bodies, discovery, metrics, openapi, proxying, reviews
from hubtui.demo.api.answers import answer, refusal
from hubtui.demo.api.asked import no_such_path, target_of
from hubtui.demo.api.context import Api
from hubtui.demo.api.serving import serve
from hubtui.demo.refusals import RefusedError
from hubtui.demo.world import World

log = logging.getLogger(__name__)

LARGEST: Final = 3 * 1024 * 1024
"""Bytes of a body that a real apiserver takes."""

_API: Final = web.AppKey("api", Api)
_HEALTH: Final = ("/healthz", "/readyz", "/livez")
_OPENAPI_V2: Final = "application/com.github.proto-openapi.spec.v2"


def make_app(world: World, token: str, *, hub_socket: Path | None) -> web.Application:
    """The apiserver of a world, for callers with this token. Port-forwards to the hub's pod lead to
    `hub_socket`. A kubeconfig for helm and kubectl has `http://HOST:PORT/TOKEN` as its server."""
    app = web.Application(client_max_size=LARGEST, middlewares=[_errors])
    app[_API] = Api(world, token, hub_socket)
    app.router.add_route("*", "/{path:.*}", _handle)
    return app


def runner_of(app: web.Application) -> web.AppRunner:
    """The runner of an apiserver: it ends what nobody reads any more, does not wait for watches
    when it ends itself, and writes no log of paths, which hold the token."""
    return web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)


@web.middleware
async def _errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except RefusedError as error:
        return refusal(error)
    except web.HTTPRequestEntityTooLarge:
        words = f"Request entity too large: limit is {LARGEST}"
        return refusal(RefusedError(413, "RequestEntityTooLarge", words))
    except Exception:
        # A fault of the demo must look like one of a server, whoever asks.
        log.exception("the demo's apiserver failed at %s %s", request.method, request.path)
        words = "Internal error occurred: the demo's apiserver failed"
        return refusal(RefusedError(500, "InternalError", words))


def _path(api: Api, request: web.Request) -> str:
    """The path that is asked for, from a caller that may. The token is in the header, or the first
    step of the path: helm and kubectl send no header over plain http (client-go, clientcmd).

    Raises RefusedError (401)."""
    path = request.path.rstrip("/") or "/"
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    first, _, rest = path[1:].partition("/")
    if compare_digest(first.encode(), api.token.encode()):
        return f"/{rest}"
    if scheme.lower() == "bearer" and compare_digest(token.strip().encode(), api.token.encode()):
        return path
    raise RefusedError(401, "Unauthorized", "Unauthorized")


async def _handle(request: web.Request) -> web.StreamResponse:
    api = request.app[_API]
    path = _path(api, request)
    if path in reviews.PATHS and request.method == "POST":
        body = bodies.read_object(await request.read(), request.headers.get("Content-Type", ""))
        return answer(reviews.review(reviews.PATHS[path], body), 201)
    if request.method == "GET":
        found = _fixed(path) or _computed(api, request, path)
        if found is not None:
            return found
    if "/proxy" in path and (through := await proxying.proxied(api.world, path, request)):
        return through
    return await serve(api, target_of(path), request)


def _fixed(path: str) -> web.Response | None:
    """The answers that are the same in every demo."""
    if path in _HEALTH:
        return web.Response(text="ok")
    match path.strip("/").split("/"):
        case ["version"]:
            return answer(discovery.version())
        case ["api"]:
            return answer(discovery.core_versions())
        case ["apis"]:
            return answer(discovery.groups())
        case ["apis", name]:
            return answer(discovery.group(name))
        case ["api", "v1"]:
            return answer(discovery.resources("v1"))
        case ["apis", name, version]:
            return answer(discovery.resources(f"{name}/{version}"))
        case ["openapi", "v3"]:
            return answer(openapi.v3_index())
        case ["openapi", "v3", *rest]:
            return answer(openapi.v3("/".join(rest)))
        case [""]:
            raise no_such_path()
        case _:
            return None


def _computed(api: Api, request: web.Request, path: str) -> web.Response | None:
    if path == "/openapi/v2":
        if _OPENAPI_V2 in request.headers.get("Accept", ""):
            # An empty protobuf message is a document that says nothing.
            return web.Response(body=b"", content_type=f"{_OPENAPI_V2}@v1.0+protobuf")
        return answer(openapi.v2())
    if path.startswith(f"{metrics.PREFIX}/"):
        return answer(metrics.metrics(api.world, path, request.query))
    return None
