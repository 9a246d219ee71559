"""An apiserver that says what a test puts into its mouth, and notes what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from hubtui.clients.gate import Gate
from hubtui.clients.kube import KubeClient
from hubtui.clients.kubeconfig import current_context
from hubtui.config import Settings
from hubtui.errors import HubtuiError
from hubtui.model import kube
from hubtui.services.store import Store

Json = dict[str, Any]

END = b""
"""In a watch: the server ends it properly."""
CUT = b"\0cut"
"""In a watch: the connection breaks."""


@dataclass(frozen=True)
class Says:
    """One answer: a body, a status, or (`cut`) half of an answer and then nothing."""

    body: bytes = b""
    status: int = 200
    cut: bool = False


@dataclass
class Asked:
    """One request."""

    path: str
    query: Mapping[str, str]
    authorization: str
    accept: str

    @property
    def is_watch(self) -> bool:
        return "watch" in self.query


@dataclass
class Scripted:
    """Answers each request with what comes next in its script; the last answer stays.

    A watch gets the chunks of one entry of `watches` and then stays open, as it does without one.
    """

    answers: list[Says] = field(default_factory=list)
    watches: list[list[bytes] | Says] = field(default_factory=list)
    version: Says = field(default_factory=lambda: Says(b'{"gitVersion":"v1.36.3"}'))
    token: str = ""
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    connections: list[web.Request] = field(default_factory=list)
    """The open watches."""
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def lists(self) -> list[Asked]:
        return [one for one in self.asked if not one.is_watch and one.path != "/version"]

    @property
    def watched(self) -> list[Asked]:
        return [one for one in self.asked if one.is_watch]

    async def until(self, true: Callable[[], bool]) -> None:
        """Waits for something that comes with a request or with the end of one."""
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(true)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        headers = request.headers
        asked = Asked(
            request.path,
            dict(request.query),
            headers.get("Authorization", ""),
            headers.get("Accept", ""),
        )
        self.asked.append(asked)
        await self._tell()
        if self.token and asked.authorization != f"Bearer {self.token}":
            return _json(Says(status(401, "Unauthorized"), 401))
        if asked.is_watch:
            return await self._watch(request)
        if asked.path == "/version":
            return _json(self.version)
        says = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await _half(request, says) if says.cut else _json(says)

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        script = self.watches.pop(0) if self.watches else []
        if isinstance(script, Says):
            return _json(script)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        self.connections.append(request)
        try:
            await self._tell()
            for chunk in script:
                if chunk == END:
                    return response
                if chunk == CUT:
                    return _cut(request, response)
                await response.write(chunk)
            await asyncio.Event().wait()
        finally:
            self.connections.remove(request)
            await self._tell()
        return response

    def cut_watches(self) -> None:
        """Breaks the connections of the open watches."""
        for request in self.connections:
            if request.transport is not None:
                request.transport.abort()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _json(says: Says) -> web.Response:
    return web.Response(body=says.body, status=says.status, content_type="application/json")


async def _half(request: web.Request, says: Says) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(says.body))})
    await response.prepare(request)
    await response.write(says.body[: len(says.body) // 2])
    return _cut(request, response)


def _cut(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.close()
    return response


@asynccontextmanager
async def serving(server: Scripted) -> AsyncIterator[Scripted]:
    """The server, on a port of its own."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.serve)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


def kubeconfig(path: Path, server: str, user: Mapping[str, Any], namespace: str = "hub") -> Path:
    """A kubeconfig of one context."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "scripted",
        "clusters": [{"name": "scripted", "cluster": {"server": server}}],
        "users": [{"name": "someone", "user": dict(user)}],
        "contexts": [
            {
                "name": "scripted",
                "context": {"cluster": "scripted", "user": "someone", "namespace": namespace},
            }
        ],
    }
    path.write_text(yaml.safe_dump(document))
    return path


def client_for(path: Path) -> KubeClient:
    """A client of the current context of a kubeconfig."""
    settings = Settings(kubeconfig=str(path))
    return KubeClient(settings, current_context(settings), Gate())


# What a server says


def pod(name: str, version: int = 1, **more: Any) -> Json:
    """A pod of the hub's namespace, as small as may be."""
    meta = {"name": name, "namespace": "hub", "resourceVersion": str(version)}
    return {"metadata": {**meta, **more.pop("metadata", {})}, **more}


def page(*items: Json, version: int = 1, continue_: str = "") -> bytes:
    """One page of a list, its metadata in front as the apiserver writes it."""
    meta = {"resourceVersion": str(version)}
    if continue_:
        meta["continue"] = continue_
    return json.dumps({"metadata": meta, "items": list(items)}, separators=(",", ":")).encode()


def event(kind: str, thing: Json) -> bytes:
    """One line of a watch."""
    return json.dumps({"type": kind, "object": thing}).encode() + b"\n"


def bookmark(version: int) -> bytes:
    """As a real apiserver sends it: of the object there is nothing but the version."""
    metadata = {"resourceVersion": str(version), "creationTimestamp": None}
    empty = {"spec": {"containers": None}, "status": {}}
    return event("BOOKMARK", {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, **empty})


def status(code: int, message: str) -> bytes:
    """A Status, as it comes with an error."""
    return json.dumps({"kind": "Status", "code": code, "message": message}).encode()


def gone() -> bytes:
    """The line of a watch whose version is too old."""
    return event("ERROR", json.loads(status(410, "too old resource version: 1 (2)")))


class Told(Store[kube.Object]):
    """A store that notes what it is told, and can be waited for."""

    def __init__(self) -> None:
        super().__init__("told")
        self.calls: list[str] = []
        self.errors: list[HubtuiError] = []
        self._more = asyncio.Event()

    @property
    def names(self) -> list[str]:
        return sorted(thing.metadata.name for thing in self)

    async def until(self, true: Callable[[], bool]) -> None:
        """Waits until the store is as wanted."""
        async with asyncio.timeout(20):
            while not true():
                self._more.clear()
                await self._more.wait()

    def _note(self, call: str) -> None:
        self.calls.append(call)
        self._more.set()

    def listing(self) -> None:
        super().listing()
        self._note("listing")

    def page(self, objects: Iterable[kube.Object]) -> None:
        super().page(objects)
        self._note("page")

    def listed(self) -> None:
        super().listed()
        self._note("listed")

    def put(self, thing: kube.Object) -> None:
        super().put(thing)
        self._note(f"put {thing.metadata.name}")

    def remove(self, key: str) -> None:
        super().remove(key)
        self._note(f"remove {key}")

    def live(self) -> None:
        super().live()
        self._note("live")

    def failed(self, error: HubtuiError, retry_in: float) -> None:
        super().failed(error, retry_in)
        self.errors.append(error)
        self._note("failed")
