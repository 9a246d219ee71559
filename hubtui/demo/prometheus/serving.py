"""The small Prometheus behind a connection, and behind the apiserver's proxy of its Service."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

import msgspec
from aiohttp import web
from multidict import MultiMapping

from hubtui.demo.life.reading import is_ready
from hubtui.demo.prometheus import NAMESPACE, PORT
from hubtui.demo.prometheus.answering import answer
from hubtui.demo.resources import PODS
from hubtui.demo.storage import Json
from hubtui.demo.world import World

_READY = ("/-/ready", "/-/healthy")


def listens_on(pod: Json, port: int) -> bool:
    """Whether it listens on this port of this pod."""
    labels = pod["metadata"].get("labels") or {}
    names = ("app.kubernetes.io/name", "app.kubernetes.io/component")
    ours = tuple(labels.get(name) for name in names) == ("prometheus", "server")
    return ours and port == PORT and pod["metadata"]["namespace"] == NAMESPACE and is_ready(pod)


def is_up(world: World) -> bool:
    """Whether its Service leads to a pod that answers."""
    return any(listens_on(pod, PORT) for pod in world.objects.all(PODS, NAMESPACE))


async def connect(world: World) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to it; it serves until the other side hangs up."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return await respond(world, request.path, request)

    ours, its = socket.socketpair()
    for each in (ours, its):
        each.setblocking(False)
    await asyncio.get_running_loop().connect_accepted_socket(web.Server(handle), its)
    return await asyncio.open_connection(sock=ours)


async def respond(world: World, path: str, request: web.BaseRequest) -> web.Response:
    """Its answer to a request for a path."""
    if path in _READY:
        return web.Response(text="Prometheus Server is Ready.\n")
    if request.method not in ("GET", "POST"):
        return web.Response(status=405, text="Method Not Allowed")
    query = _listed(request.query)
    if request.method == "POST":
        form = await request.post()
        query |= {name: [str(v) for v in form.getall(name)] for name in form}
    status, body = answer(world, path, query)
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/json"
    )


def _listed(query: MultiMapping[str]) -> dict[str, Sequence[str]]:
    return {name: query.getall(name) for name in query}
