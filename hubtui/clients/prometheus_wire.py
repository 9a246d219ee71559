"""What carries requests to Prometheus or an Alertmanager where that is no port-forward: its
address, or the apiserver's proxy of its service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from hubtui.clients.answers import UNREADABLE, error_of
from hubtui.clients.gate import Call
from hubtui.clients.http import Http, Response
from hubtui.clients.kube import KubeClient
from hubtui.errors import DeniedError, ReadOnlyError, UnreachableError
from hubtui.model.kinds import SERVICES
from hubtui.model.origin import origin_of
from hubtui.model.text import one_line, safe_json

_CHUNK: Final = 2**16
_SAID_MOST: Final = 2**16
_NOT_PASSED: Final = frozenset({"authorization", "user-agent"})
"""Headers that are the apiserver's own."""


class AddressWire:
    """Requests to an address: `url` is that with the path in front of `/api`; `whom` is there."""

    def __init__(self, http: Http, url: str, whom: str = "Prometheus") -> None:
        origin = origin_of(url)
        http.gate.allow_origin(origin)
        path = urlsplit(url).path.rstrip("/")
        self.where = f"{whom} at {origin}{path}"
        self._base = f"{origin}{path}"
        self._http = http

    @asynccontextmanager
    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        timeout: float | None,
    ) -> AsyncIterator[Response]:
        """As `Wire.send`. Raises ReadOnlyError for what is no GET."""
        _only_get(method, body, self.where)
        secret = "authorization" in headers
        async with self._http.stream(
            self._base + path, headers, secret=secret, timeout=timeout
        ) as response:
            yield response

    async def close(self) -> None:
        """As `Wire.close`."""
        await self._http.close()


class ServiceWire:
    """Requests through the apiserver's proxy to one port of a service.

    The apiserver reads and removes the header Authorization: a Prometheus that asks for one is not
    reached this way. `whom` is one that the gate knows the reads of.
    """

    def __init__(
        self,
        client: KubeClient,
        namespace: str,
        service: str,
        port: int,
        whom: str = "Prometheus",
    ) -> None:
        client.gate.allow_service(namespace, service, port, whom)
        self.where = f"{whom} (service {namespace}/{service}, through the apiserver)"
        self._client = client
        self._call = ("get", SERVICES.resource, namespace, f"{service}:{port}", "proxy")

    @asynccontextmanager
    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        timeout: float | None,
    ) -> AsyncIterator[Response]:
        """As `Wire.send`. Raises ReadOnlyError for what is no GET, NotFoundError for a service
        that is gone."""
        _only_get(method, body, self.where)
        asked = urlsplit(path)
        call = Call(*self._call, path=asked.path.removeprefix("/"))
        query = parse_qsl(asked.query, keep_blank_values=True)
        shown = {name: value for name, value in headers.items() if name not in _NOT_PASSED}
        async with self._client.proxied(
            call, kind=SERVICES, query=query, headers=shown, read_timeout=timeout
        ) as response:
            named = {name.lower(): value for name, value in response.headers.items()}
            if response.status < HTTPStatus.BAD_REQUEST:
                yield Response(response.status, named, response.content.iter_chunked(_CHUNK))
                return
            said = await response.content.read(_SAID_MOST)
            self._raise_for(response.status, said, call)
            yield Response(response.status, named, _once(said))

    def _raise_for(self, status: int, said: bytes, call: Call) -> None:
        """Raises for what the apiserver says itself; Prometheus' own words have no kind."""
        try:
            told: Any = msgspec.json.decode(safe_json(said))
        except UNREADABLE:
            told = None
        if not isinstance(told, Mapping) or told.get("kind") != "Status":
            return
        error = error_of(status, said, call)
        if isinstance(error, DeniedError) or status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise error
        words = one_line(str(told.get("message") or f"HTTP {status}"))
        raise UnreachableError(f"{self.where} does not answer: {words}")

    async def close(self) -> None:
        """As `Wire.close`; the connections are the client's own."""


def _only_get(method: str, body: bytes, where: str) -> None:
    if method != "GET" or body:
        raise ReadOnlyError(f"{method} to {where} is not on the list of reads")


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
