"""JupyterHub's REST API: users and servers in pages, routes, stops and starts.

Source: JupyterHub's REST API, 5.5 and 6.1 (facts.md §3). Every request asks the gate.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from hubtui import __version__
from hubtui.clients.answers import UNREADABLE, decode
from hubtui.clients.gate import HUB_ROUTES, HUB_SERVERS, Gate, WriteToken
from hubtui.clients.hub_wire import Response, Wire
from hubtui.errors import (
    ApiError,
    DecodeError,
    DeniedError,
    HubtuiError,
    LimitedError,
    NotFoundError,
    UnreachableError,
)
from hubtui.model.hub import (
    Caller,
    HubInfo,
    HubUser,
    Route,
    RoutePage,
    ServerKey,
    SpawnEvent,
    UserPage,
)
from hubtui.model.plan import Permit
from hubtui.model.text import one_line, safe_json

T = TypeVar("T")

PAGE: Final = 200
"""Users a page: the most that a hub gives unless it is told otherwise (facts.md §3)."""

TIMEOUT: Final = 20.0
"""Seconds without a byte until a hub is taken for silent: a busy one takes 10 s."""

_PAGES: Final = "application/jupyterhub-pagination+json"
_SCOPES: Final = re.compile(r"requires any of \[(?P<scopes>[^\]]*)\]")
_MAX_BODY: Final = 32 * 1024 * 1024


def permit_stop(namespace: str, server: ServerKey) -> Permit:
    """The right to stop one server."""
    return Permit("delete", HUB_SERVERS, namespace, f"{server.user}/{server.server}")


def permit_start(namespace: str, server: ServerKey) -> Permit:
    """The right to start one server."""
    return Permit("create", HUB_SERVERS, namespace, f"{server.user}/{server.server}")


def permit_routes(namespace: str) -> Permit:
    """The right to have the hub set the proxy's routes anew."""
    return Permit("update", HUB_ROUTES, namespace, "")


class HubClient:
    """The API of one hub, as the holder of one token."""

    def __init__(self, gate: Gate, wire: Wire, token: str, namespace: str) -> None:
        self._gate = gate
        self._wire = wire
        self._token = token
        self._namespace = namespace
        self.version = ""
        """JupyterHub's, once it has answered."""

    @property
    def where(self) -> str:
        """Whom it asks, in words."""
        return self._wire.where

    async def close(self) -> None:
        """Ends the connections."""
        await self._wire.close()

    async def info(self) -> HubInfo:
        """The version; needs no token."""
        return await self._get("/", HubInfo)

    async def caller(self) -> Caller:
        """Whose token this is. Raises DeniedError when the hub does not know it."""
        return await self._get("/user", Caller)

    async def users(
        self,
        *,
        offset: int = 0,
        limit: int = PAGE,
        state: str = "",
        sort: str = "",
        name_filter: str = "",
        stopped: bool = False,
    ) -> UserPage:
        """One page of users. `state` is active, ready, inactive or "" for all; `sort` is id, name
        or last_activity, with a `-` for descending; `stopped` includes servers that do not run.

        Go on while `pagination.next` is set: with `ready` a page may be empty (facts.md §3).
        """
        query = {"offset": str(offset), "limit": str(limit)}
        given = {"state": state, "sort": sort, "name_filter": name_filter}
        query |= {name: value for name, value in given.items() if value}
        if stopped:
            query["include_stopped_servers"] = "1"
        return await self._get("/users", UserPage, query)

    async def user(self, name: str, *, stopped: bool = False) -> HubUser:
        """One user. Raises NotFoundError."""
        query = {"include_stopped_servers": "1"} if stopped else {}
        return await self._get(f"/users/{_part(name)}", HubUser, query)

    async def routes(self) -> dict[str, Route]:
        """All routes of the proxy by their specification."""
        found: dict[str, Route] = {}
        offset: int | None = 0
        while offset is not None:
            query = {"offset": str(offset), "limit": str(PAGE)}
            page = await self._get("/proxy", RoutePage, query)
            found |= page.items
            following = page.pagination.next
            offset = following.offset if following and following.offset > offset else None
        return found

    async def metrics(self) -> str:
        """The hub's own metrics as text. Raises DeniedError without the scope read:metrics."""
        return (await self._call("GET", "/metrics"))[1].decode(errors="replace")

    async def stop(self, server: ServerKey, token: WriteToken, *, remove: bool = False) -> bool:
        """Stops a server; True when it is gone, False when its stop is under way (202).

        `remove` takes a named server away, and with it its claim (facts.md §2.2). Raises
        NotFoundError for a user or a named server that there is not.
        """
        body = b'{"remove":true}' if remove else b""
        status, _ = await self._call(
            "DELETE", _server(server), body=body,
            permit=permit_stop(self._namespace, server), token=token,
        )  # fmt: skip
        return status != HTTPStatus.ACCEPTED

    async def start(
        self, server: ServerKey, token: WriteToken, options: Mapping[str, Any] | None = None
    ) -> bool:
        """Starts a server; True when it runs, False when it is on its way (202).

        `options` are the user's options, those of a profile for one. Raises ApiError (400) when
        it runs already or is about to stop.
        """
        body = msgspec.json.encode(dict(options)) if options else b""
        status, _ = await self._call(
            "POST", _server(server), body=body,
            permit=permit_start(self._namespace, server), token=token,
        )  # fmt: skip
        return status != HTTPStatus.ACCEPTED

    async def sync_routes(self, token: WriteToken) -> None:
        """Has the hub compare its servers with the proxy's routes, and set them anew."""
        permit = permit_routes(self._namespace)
        await self._call("POST", "/proxy", permit=permit, token=token)

    async def progress(self, server: ServerKey) -> AsyncIterator[SpawnEvent]:
        """The steps of a spawn as they come, until it is ready or has failed.

        Raises NotFoundError when there is no such server, ApiError (400) when it does not start.
        """
        path = f"{_server(server)}/progress"
        self._gate.check_hub("GET", path)
        headers = self._headers() | {"accept": "text/event-stream"}
        async with self._wire.send("GET", self._wire.prefix + path, headers, timeout=60) as answer:
            await self._check(answer, "GET", path)
            async for line in _lines(answer.chunks):
                if line.startswith(b"data:"):
                    yield decode(safe_json(line[5:].strip()), SpawnEvent)

    async def _get(self, path: str, struct: type[T], query: Mapping[str, str] = {}) -> T:
        _, body = await self._call("GET", path, query=query)
        return decode(safe_json(body), struct)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] = {},
        body: bytes = b"",
        permit: Permit | None = None,
        token: WriteToken | None = None,
    ) -> tuple[int, bytes]:
        self._gate.check_hub(method, path, permit, token)
        whole = self._wire.prefix + path + (f"?{urlencode(query)}" if query else "")
        async with self._wire.send(method, whole, self._headers(), body, timeout=TIMEOUT) as answer:
            await self._check(answer, method, path)
            return answer.status, await _read(answer, self._wire.where)

    def _headers(self) -> dict[str, str]:
        return {
            "authorization": f"token {self._token}",
            "accept": _PAGES,
            "content-type": "application/json",
            "user-agent": f"hubtui/{__version__}",
        }

    async def _check(self, answer: Response, method: str, path: str) -> None:
        self.version = answer.headers.get("x-jupyterhub-version", self.version)
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            body = await _read(answer, self._wire.where)
            raise error_of(answer, body, f"{method} {path}", self._wire.where)


def error_of(answer: Response, body: bytes, call: str, where: str) -> HubtuiError:
    """What the hub's refusal means for an operator."""
    message = _message(body) or f"HTTP {answer.status}"
    status = answer.status
    if status == HTTPStatus.FORBIDDEN:
        return _denied(message, call)
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(f"The hub: {message}", status=status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = answer.headers.get("retry-after", "")
        seconds = float(wait) if wait.isdigit() else None
        return LimitedError(f"The hub has too much to do: {message}", status=status, wait=seconds)
    if status in (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE):
        return UnreachableError(f"{where} is not up: {message}")
    return ApiError(f"The hub answers {call} with {status}: {message}", status=status)


def _denied(message: str, call: str) -> DeniedError:
    found = _SCOPES.search(message)
    if found:
        scopes = found["scopes"].replace("'", "")
        return DeniedError(
            f"The hub's token has none of the scopes {scopes}, which {call} needs",
            verb=call.partition(" ")[0],
            resource=scopes,
            remedy="Add one to hub.loadRoles.hubtui.scopes, and upgrade.",
        )
    if "credentials" in message:
        return DeniedError(
            "The hub does not know this token",
            resource="token",
            remedy="It may have been revoked: look at where hubtui takes it from, in the README.",
        )
    return DeniedError(f"The hub refuses {call}: {message}")


def _message(body: bytes) -> str:
    try:
        return one_line(str(msgspec.json.decode(safe_json(body), type=dict).get("message", "")))
    except UNREADABLE:
        return ""


async def _read(answer: Response, where: str) -> bytes:
    body = bytearray()
    async for chunk in answer.chunks:
        body += chunk
        if len(body) > _MAX_BODY:
            raise DecodeError(f"{where} answers with more than {_MAX_BODY:,} bytes")
    return bytes(body)


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line
    if rest:
        yield rest


def _part(name: str) -> str:
    return quote(name, safe="@~")


def _server(server: ServerKey) -> str:
    user = f"/users/{_part(server.user)}"
    return f"{user}/servers/{_part(server.server)}" if server.server else f"{user}/server"
