"""Requests to the apiserver: typed reads, pages, streams, access reviews; every one asks the gate.

The `kubernetes` package serves auth-providers only (see `credentials`): importing it costs 0.4 s,
its generated API classes 0.6 s and 25 MB at their first use, and its models decode twenty times
slower than msgspec.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from hubtui.clients.answers import (
    Page,
    continue_token,
    decode,
    decode_page,
    error_of,
    unreachable,
)
from hubtui.clients.credentials import Credentials, login
from hubtui.clients.gate import Call, Gate, WriteToken
from hubtui.clients.kubeconfig import Context
from hubtui.config import Settings
from hubtui.errors import (
    UnreachableError,
)
from hubtui.model import kube
from hubtui.model.kinds import ACCESS_REVIEWS, Kind
from hubtui.model.origin import is_loopback
from hubtui.model.text import safe_json

log = logging.getLogger(__name__)

T = TypeVar("T", bound=kube.Object)
Query = Mapping[str, str] | Sequence[tuple[str, str]]

CONNECT_TIMEOUT = 4.0
"""Seconds until a server that does not answer is called unreachable."""

READ_TIMEOUT = 30.0
"""Seconds that an answer may pause while it is read."""

_TLS_LINGERS = sys.version_info < (3, 12, 7)
"""A TLS connection that is closed in the middle stays open until its peer agrees (cpython 118960).
"""

PAGE = 500
"""Objects a page of a LIST (design §2)."""

_METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
_METADATA_WATCH = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"


class _Version(msgspec.Struct, rename="camel"):
    git_version: str = ""


class KubeClient:
    """One context's apiserver. `gate` decides on every request."""

    def __init__(self, settings: Settings, context: Context, gate: Gate) -> None:
        self.settings = settings
        self.context = context
        self.gate = gate
        self._credentials: Credentials | None = None
        self._session: Any = None
        self._login = asyncio.Lock()
        self._closed = False

    async def close(self) -> None:
        """Ends all connections; whoever asks from here on gets an UnreachableError."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @property
    def server(self) -> str:
        """The server's address, once logged in."""
        return self._credentials.server if self._credentials else self.context.server

    async def get(self, kind: Kind[T], namespace: str, name: str) -> T:
        """One object. Raises NotFoundError, DeniedError, UnreachableError."""
        body = await self.request(Call("get", kind.resource, namespace, name), kind=kind)
        return decode(body, kind.struct)

    async def page(
        self,
        kind: Kind[T],
        namespace: str = "",
        *,
        labels: str = "",
        fields: str = "",
        continue_: str = "",
        limit: int = PAGE,
    ) -> bytes:
        """The bytes of one page of a list."""
        query = {"limit": str(limit)}
        for name, value in (
            ("labelSelector", labels),
            ("fieldSelector", fields),
            ("continue", continue_),
        ):
            if value:
                query[name] = value
        return await self.request(Call("list", kind.resource, namespace, query=query), kind=kind)

    async def pages(
        self, kind: Kind[T], namespace: str = "", *, labels: str = "", fields: str = ""
    ) -> AsyncIterator[Page[T]]:
        """All pages; the next one is asked for before the present one is decoded."""
        body = await self.page(kind, namespace, labels=labels, fields=fields)
        while True:
            token = continue_token(body)
            following = None
            if token:
                following = asyncio.ensure_future(
                    self.page(kind, namespace, labels=labels, fields=fields, continue_=token)
                )
                await asyncio.sleep(0)
            try:
                yield decode_page(body, kind)
                if following is None:
                    return
                body = await following
            finally:
                if following is not None:
                    following.cancel()
                    await asyncio.gather(following, return_exceptions=True)

    async def list(
        self, kind: Kind[T], namespace: str = "", *, labels: str = "", fields: str = ""
    ) -> list[T]:
        """All objects of a list."""
        found: list[T] = []
        async for page in self.pages(kind, namespace, labels=labels, fields=fields):
            found.extend(page.items)
        return found

    async def can_i(
        self,
        verb: str,
        resource: str,
        namespace: str = "",
        name: str = "",
        subresource: str = "",
    ) -> bool:
        """Whether the caller may; asked with a SelfSubjectAccessReview, which writes nothing."""
        plural, _, group = resource.partition(".")
        attributes = {
            "verb": verb,
            "group": group,
            "resource": plural,
            "subresource": subresource,
            "namespace": namespace,
            "name": name,
        }
        body = {
            "apiVersion": ACCESS_REVIEWS.api_version,
            "kind": ACCESS_REVIEWS.kind,
            "spec": {"resourceAttributes": {k: v for k, v in attributes.items() if v}},
        }
        answer = await self.request(
            Call("create", ACCESS_REVIEWS.resource), kind=ACCESS_REVIEWS, body=body
        )
        decoded = msgspec.json.decode(answer)
        return bool(decoded.get("status", {}).get("allowed", False))

    async def version(self) -> str:
        """The server's version, `v1.36.3`: the cheapest question that any user may ask."""
        self.gate.check_path("/version")
        async with self._send("GET", "/version", {}, None, READ_TIMEOUT) as response:
            answer = await response.read()
            if response.status >= 400:
                raise error_of(response.status, answer, Call("get", "/version"))
        return decode(safe_json(answer), _Version).git_version

    async def resources(self, api_version: str) -> tuple[kube.Resource, ...]:
        """The kinds of an API version and where they are kept. Raises NotFoundError."""
        path = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        self.gate.check_path(path)
        async with self._send("GET", path, {}, None, READ_TIMEOUT) as response:
            answer = await response.read()
            if response.status >= 400:
                raise error_of(response.status, answer, Call("get", path))
        return decode(safe_json(answer), kube.Resources).resources

    async def request(
        self,
        call: Call,
        *,
        kind: Kind[Any],
        body: object = None,
        token: WriteToken | None = None,
        content_type: str = "application/json",
        timeout: float = READ_TIMEOUT,
        exact: bool = False,
    ) -> bytes:
        """Sends one call and gives the whole answer, with harmful text made visible.

        With `exact` it is as it came: for what is written back, and never shown.
        """
        self.gate.check(call, token)
        headers = {"Accept": _METADATA_LIST if kind.metadata_only else "application/json"}
        if body is not None:
            headers["Content-Type"] = content_type
        url = _path(kind, call, _named(call, body))
        method = _METHODS[call.verb]
        data = None if body is None else msgspec.json.encode(body)
        async with self._send(method, url, call.query, data, timeout, headers) as response:
            answer = await response.read()
            if response.status >= 400:
                raise error_of(response.status, answer, call)
        return answer if exact else safe_json(answer)

    @asynccontextmanager
    async def stream(
        self, call: Call, *, kind: Kind[Any], read_timeout: float | None
    ) -> AsyncIterator[Any]:
        """An answer that does not end by itself (a watch, a followed log), as aiohttp's stream."""
        self.gate.check(call)
        headers = {"Accept": _METADATA_WATCH if kind.metadata_only else "application/json"}
        if call.subresource == "log":
            headers = {"Accept": "*/*"}
        url = _path(kind, call, call.name)
        async with self._send("GET", url, call.query, None, read_timeout, headers) as response:
            if response.status >= 400:
                raise error_of(response.status, await response.read(), call)
            yield response.content

    @asynccontextmanager
    async def proxied(
        self,
        call: Call,
        *,
        kind: Kind[Any],
        query: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        read_timeout: float | None = READ_TIMEOUT,
    ) -> AsyncIterator[Any]:
        """What a service answers through the apiserver, whatever its status is, as aiohttp's
        response; `query` goes to the service. Raises UnreachableError."""
        self.gate.check(call)
        url = _path(kind, call, call.name)
        async with self._send("GET", url, query, None, read_timeout, headers) as response:
            yield response

    @asynccontextmanager
    async def websocket(self, call: Call, *, kind: Kind[Any]) -> AsyncIterator[Any]:
        """A WebSocket of the channel protocol, for port-forwards."""
        self.gate.check(call)
        session = await self._connected()
        url = f"{self.server}{kind.path(call.namespace, call.name, call.subresource)}"
        import aiohttp

        try:
            async with session.ws_connect(
                url,
                params=dict(call.query),
                headers=self._headers(),
                protocols=("v4.channel.k8s.io",),
                **self._transport(),
            ) as socket:
                yield socket
        except aiohttp.WSServerHandshakeError as error:
            raise error_of(error.status, error.message.encode(), call) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise unreachable(self.server, error) from error

    @asynccontextmanager
    async def _send(
        self,
        method: str,
        path: str,
        query: Query,
        data: bytes | None,
        read_timeout: float | None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Any]:
        import aiohttp

        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_TIMEOUT, sock_read=read_timeout
        )
        try:
            session = await self._connected()
            used = self._credentials
            response = await self._once(session, method, path, query, data, timeout, headers)
            if response.status == 401:
                response.release()
                await self._log_in_again(used)
                response = await self._once(session, method, path, query, data, timeout, headers)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise unreachable(self.server, error) from error
        try:
            yield response
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise unreachable(self.server, error) from error
        finally:
            # Not release(): a stream that is left early must not be read to its end. Nor is there
            # anything to agree on with its server, which a close of TLS would wait for.
            if response.connection is not None and response.connection.transport is not None:
                response.connection.transport.abort()
            response.close()

    async def _once(
        self,
        session: Any,
        method: str,
        path: str,
        query: Query,
        data: bytes | None,
        timeout: Any,
        headers: Mapping[str, str] | None,
    ) -> Any:
        return await session.request(
            method,
            f"{self.server}{path}",
            params=list(query.items() if isinstance(query, Mapping) else query),
            data=data,
            headers={**self._headers(), **(headers or {})},
            timeout=timeout,
            **self._transport(),
        )

    def _headers(self) -> dict[str, str]:
        headers = {"User-Agent": "hubtui"}
        if self._credentials is not None and self._credentials.authorization:
            headers["Authorization"] = self._credentials.authorization
        return headers

    def _transport(self) -> dict[str, Any]:
        if self._credentials is None:
            return {}
        options: dict[str, Any] = {}
        if self._credentials.tls is not None:
            options["ssl"] = self._credentials.tls
        if self._credentials.proxy:
            options["proxy"] = self._credentials.proxy
        if self._credentials.server_name:
            options["server_hostname"] = self._credentials.server_name
        return options

    async def _connected(self) -> Any:
        async with self._login:
            if self._session is None:
                await self._open()
            return self._session

    async def _log_in_again(self, refused: Credentials | None) -> None:
        """New credentials, once for all requests that were refused with the same ones."""
        async with self._login:
            if self._credentials is refused:
                self._credentials = await login(self.settings, self.context)

    async def _open(self) -> None:
        import aiohttp

        credentials = None if self._closed else await login(self.settings, self.context)
        if self._closed:  # perhaps while a plugin was at work
            raise UnreachableError(f"The connection to {self.server} is closed")
        self._credentials = credentials
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=32, keepalive_timeout=60, enable_cleanup_closed=_TLS_LINGERS
            ),
            trust_env=not is_loopback(urlsplit(self.server).hostname or ""),
            read_bufsize=2**21,
            auto_decompress=True,
        )


def _path(kind: Kind[Any], call: Call, name: str) -> str:
    path = kind.path(call.namespace, name, call.subresource)
    return f"{path}/{call.path}" if call.path else path


def _named(call: Call, body: object) -> str:
    """The name in a call's path: an object that is made has it in its body alone, and a plan
    permits it by that name."""
    if call.verb != "create" or call.subresource or not call.name:
        return call.name
    meta = body.get("metadata") if isinstance(body, Mapping) else None
    if not isinstance(meta, Mapping) or meta.get("name") != call.name:
        raise ValueError(f"{call}: the object has another name")
    return ""


_METHODS = {
    "get": "GET",
    "list": "GET",
    "watch": "GET",
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
}
