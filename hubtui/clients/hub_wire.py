"""What carries requests to the hub's API: a port-forward to its pod, or its address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import httpcore

from hubtui.clients.forward import PodBackend
from hubtui.clients.kube import KubeClient
from hubtui.errors import UnreachableError
from hubtui.model.text import one_line

CONNECTIONS: Final = 8
"""Connections to the hub at most: five stops at once, and what is read beside them."""


@dataclass(frozen=True, slots=True)
class Response:
    """The head of an answer, and its body as it comes; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


class Wire(Protocol):
    """Sends requests; `where` says in words whom it reaches, `prefix` is the path of the API."""

    @property
    def where(self) -> str: ...
    @property
    def prefix(self) -> str: ...

    def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        timeout: float | None,
    ) -> AbstractAsyncContextManager[Response]:
        """Sends one request; `path` begins at the root. `timeout` are seconds between two reads,
        None for no end.

        Raises UnreachableError, DeniedError where a port-forward is not allowed.
        """

    async def close(self) -> None:
        """Ends the connections."""


class PodWire:
    """Requests through port-forwards to one pod, each kept for the next request."""

    def __init__(
        self, client: KubeClient, namespace: str, pod: str, port: int, prefix: str
    ) -> None:
        client.gate.allow_forward(namespace, pod, port)
        self.pod = pod
        self.where = f"the hub (pod {pod})"
        self.prefix = prefix
        self._origin = f"http://{pod}:{port}"
        self._pool = httpcore.AsyncConnectionPool(
            network_backend=PodBackend(client, namespace, pod, port), max_connections=CONNECTIONS
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
                self._origin + path,
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


def _headers(response: httpcore.Response) -> dict[str, str]:
    return {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in response.headers}
