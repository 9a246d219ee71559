"""What carries requests to a server of HTTP, and the way through a port-forward to its pod."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, Protocol

import httpcore

from hubtui import __version__
from hubtui.clients.forward import PodBackend
from hubtui.clients.http import Response
from hubtui.clients.kube import KubeClient
from hubtui.errors import ApiError, DeniedError, UnreachableError
from hubtui.model.text import one_line

CONNECTIONS: Final = 8
"""Connections to one pod at most: five stops at once, and what is read beside them."""

IDLE: Final = 30.0
"""Seconds that an unused connection is kept: one that is older may have been cut on the way."""


def json_headers(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The headers of who reads JSON, and those that an operator adds, in small letters."""
    told = {"accept": "application/json", "user-agent": f"hubtui/{__version__}"}
    return told | {name.lower(): value for name, value in (given or {}).items()}


class Wire(Protocol):
    """Sends requests; `where` says in words whom it reaches."""

    @property
    def where(self) -> str: ...

    def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        timeout: float | None,
    ) -> AbstractAsyncContextManager[Response]:
        """Sends one request; `path` begins below the API's own. `timeout` are seconds between two
        reads, None for no end.

        Raises UnreachableError, DeniedError where a port-forward is not allowed.
        """

    async def close(self) -> None:
        """Ends the connections."""


class PodWire:
    """Requests through port-forwards to one pod, each kept for the next request; `prefix` is the
    path of the API, `where` whom that is in words."""

    def __init__(
        self, client: KubeClient, namespace: str, pod: str, port: int, prefix: str, where: str
    ) -> None:
        client.gate.allow_forward(namespace, pod, port)
        self.where = where
        self._base = f"http://{pod}:{port}{prefix}"
        self._pool = httpcore.AsyncConnectionPool(
            network_backend=_Forwards(client, namespace, pod, port, where),
            max_connections=CONNECTIONS,
            keepalive_expiry=IDLE,
        )

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
        """As `Wire.send`."""
        limits = dict.fromkeys(("connect", "read", "write", "pool"), timeout)
        try:
            async with self._pool.stream(
                method,
                self._base + path,
                headers=list(headers.items()),
                content=body or None,
                extensions={"timeout": limits},
            ) as response:
                yield Response(response.status, _headers(response), response.aiter_stream())
        except httpcore.TimeoutException as error:
            raise UnreachableError(f"{self.where} does not answer in time") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            why = one_line(str(error)) or type(error).__name__
            raise UnreachableError(f"{self.where} does not answer: {why}") from error

    async def close(self) -> None:
        """As `Wire.close`."""
        async with asyncio.timeout(2):
            await self._pool.aclose()


class _Forwards(PodBackend):
    """What the apiserver says of a forward is no answer of the pod: a pod that is gone is no user
    of a hub who is gone."""

    def __init__(self, client: KubeClient, namespace: str, pod: str, port: int, whom: str) -> None:
        super().__init__(client, namespace, pod, port)
        self._whom = whom

    async def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        """A new forward. Raises ReadOnlyError, DeniedError, UnreachableError."""
        try:
            return await super().connect_tcp(*args, **kwargs)
        except DeniedError:
            raise
        except ApiError as error:
            raise UnreachableError(f"{self._whom} cannot be reached: {error.what}") from error


def _headers(response: httpcore.Response) -> dict[str, str]:
    return {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in response.headers}
