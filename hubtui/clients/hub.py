"""JupyterHub's REST API: users and servers in pages, routes, stops and starts.

Source: JupyterHub's REST API, 5.5 and 6.1 (facts.md §3). Every request asks the gate.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import quote, unquote, urlencode

import msgspec

from hubtui import __version__
from hubtui.clients.answers import UNREADABLE, decode
from hubtui.clients.gate import HUB_ROUTES, HUB_SERVERS, Gate, WriteToken
from hubtui.clients.http import Response
from hubtui.clients.wire import Wire
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

RENEW_EVERY: Final = 60.0
"""Seconds between two looks for another token after the hub refused this one."""

SILENT: Final = 60.0
"""The same while the steps of a spawn are told: a hub sends a sign of life every 8 s."""

_PAGES: Final = "application/jupyterhub-pagination+json"
_SCOPES: Final = re.compile(r"requires any of \[(?P<scopes>[^\]]*)\]")
_WORD: Final = re.compile(r"[\w:!=.@/-]+")
_WHOAMI, _METRICS = "GET /user", "GET /metrics"
_NOT_UP: Final = frozenset({502, 503, 504})
_WHICH_ADDRESS: Final = "hub.url has to be the hub's own address, with its base URL."
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


Renew = Callable[[str], Awaitable[str]]
"""Gives the token that is there now, for one that the hub does not know; "" where it is the same.
"""


class UnknownTokenError(DeniedError):
    """The hub does not know the token: it was revoked, or the hub has another one since."""


class HubClient:
    """The API of one hub, as the holder of one token. With "" only `info` can be asked.

    A token that the hub does not know any more is replaced once by what `renew` gives.
    """

    def __init__(
        self, gate: Gate, wire: Wire, token: str, namespace: str, renew: Renew | None = None
    ) -> None:
        self._gate = gate
        self._wire = wire
        self._token = token
        self._namespace = namespace
        self._renew = renew
        self._renewing = asyncio.Lock()
        self._renew_from = 0.0
        self.version = ""
        """JupyterHub's, once it has answered."""
        self._paging = asyncio.Lock()

    @property
    def where(self) -> str:
        """Whom it asks, in words."""
        return self._wire.where

    async def info(self) -> HubInfo:
        """The version; needs no token."""
        return await self._get("/", HubInfo)

    async def caller(self) -> Caller:
        """Whose token this is. Raises DeniedError when the hub does not know it."""
        return await self._get("/user", Caller)  # which every token may ask

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
        return await self._page("/users", UserPage, query)

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
            page = await self._page("/proxy", RoutePage, query)
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
        status, _ = await self._call("DELETE", _server(server), body=body, token=token)
        return status != HTTPStatus.ACCEPTED

    async def start(
        self, server: ServerKey, token: WriteToken, options: Mapping[str, Any] | None = None
    ) -> bool:
        """Starts a server; True when it runs, False when it is on its way (202).

        `options` are the user's options, those of a profile for one. Raises ApiError (400) when
        it runs already or is about to stop.
        """
        body = msgspec.json.encode(dict(options)) if options else b""
        status, _ = await self._call("POST", _server(server), body=body, token=token)
        return status != HTTPStatus.ACCEPTED

    async def sync_routes(self, token: WriteToken) -> None:
        """Has the hub compare its servers with the proxy's routes, and set them anew."""
        await self._call("POST", "/proxy", token=token)

    async def progress(self, server: ServerKey) -> AsyncIterator[SpawnEvent]:
        """The steps of a spawn as they come, until it is ready or has failed.

        Raises NotFoundError when there is no such server, ApiError (400) when it does not start.
        """
        path = f"{_server(server)}/progress"
        self._gate.check_hub("GET", path)
        headers = self._headers("text/event-stream")
        async with self._send("GET", path, headers, b"", SILENT) as answer:
            async for line in _lines(answer.chunks):
                if line.startswith(b"data:"):
                    yield decode(safe_json(line[5:].strip()), SpawnEvent)

    async def _page(self, path: str, struct: type[T], query: Mapping[str, str]) -> T:
        """One page of a list, when no other is under way: each keeps a hub from all else."""
        async with self._paging:
            return await self._get(path, struct, query)

    async def _get(self, path: str, struct: type[T], query: Mapping[str, str] = {}) -> T:
        _, body = await self._call("GET", path, query=query)
        if body.lstrip()[:1] == b"<":
            raise DecodeError(f"{self.where} answers with a page", remedy=_WHICH_ADDRESS)
        return decode(safe_json(body), struct)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] = {},
        body: bytes = b"",
        token: WriteToken | None = None,
    ) -> tuple[int, bytes]:
        self._gate.check_hub(method, path, self._namespace, token)
        whole = path + (f"?{urlencode(query)}" if query else "")
        used = self._token
        try:
            return await self._once(method, whole, body)
        except UnknownTokenError:
            if not await self._renewed(used):
                raise
        return await self._once(method, whole, body)

    async def _once(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        async with self._send(method, path, self._headers(), body, TIMEOUT) as answer:
            return answer.status, await _read(answer, self.where)

    async def _renewed(self, refused: str) -> bool:
        """Whether there is another token now; of several calls that were refused one looks."""
        async with self._renewing:
            if self._token != refused:
                return True
            if self._renew is None or time.monotonic() < self._renew_from:
                return False
            self._renew_from = time.monotonic() + RENEW_EVERY
            self._token = await self._renew(refused) or refused
            return self._token != refused

    @asynccontextmanager
    async def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout: float
    ) -> AsyncIterator[Response]:
        async with self._wire.send(method, path, headers, body, timeout=timeout) as answer:
            self.version = answer.headers.get("x-jupyterhub-version", self.version)
            if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
                said = await _read(answer, self.where)
                raise error_of(answer, said, f"{method} {path.partition('?')[0]}", self.where)
            yield answer

    def _headers(self, accept: str = _PAGES) -> dict[str, str]:
        headers = {
            "accept": accept,
            "content-type": "application/json",
            "user-agent": f"hubtui/{__version__}",
        }
        return headers | {"authorization": f"token {self._token}"} if self._token else headers


def error_of(answer: Response, body: bytes, call: str, where: str) -> HubtuiError:
    """What the hub's refusal means for an operator."""
    said, status = _message(body), answer.status
    message = said or f"HTTP {status}"
    if status == HTTPStatus.FORBIDDEN:
        return _denied(message, call)
    if status == HTTPStatus.NOT_FOUND:
        what = one_line(unquote(call.partition(" ")[2]))
        return NotFoundError(f"The hub: {said or f'there is no {what}'}", status=status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = answer.headers.get("retry-after", "")
        seconds = float(wait) if wait.isdigit() else None
        return LimitedError(f"The hub has too much to do: {message}", status=status, wait=seconds)
    if status in _NOT_UP:
        return UnreachableError(f"{where} is not up: {message}")
    if status < HTTPStatus.BAD_REQUEST:
        return ApiError(
            f"{where} sends {call} elsewhere (HTTP {status})",
            status=status,
            meaning="hubtui does not go there with your token.",
            remedy=_WHICH_ADDRESS,
        )
    return ApiError(f"The hub answers {call} with {status}: {message}", status=status)


def _denied(message: str, call: str) -> DeniedError:
    found = _SCOPES.search(message)
    scopes = " or ".join(_WORD.findall(found["scopes"])) if found else ""
    if call == _METRICS:
        scopes = "read:metrics"  # the hub says it in a page without words
    if scopes:
        return DeniedError(
            f"The hub's token lacks the scope {scopes}, which {call} needs",
            verb=call.partition(" ")[0],
            resource=scopes,
            remedy="Add it to hub.loadRoles.hubtui.scopes, and upgrade.",
        )
    if call == _WHOAMI or "credentials" in message:
        return UnknownTokenError(
            "The hub does not know this token",
            resource="token",
            remedy="It may have been revoked: look at where hubtui takes it from, in the README.",
        )
    return DeniedError(f"The hub refuses {call}: {message}")


def _message(body: bytes) -> str:
    try:
        said = msgspec.json.decode(safe_json(body), type=dict).get("message")
    except UNREADABLE:
        return ""
    return one_line(str(said or ""))


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
