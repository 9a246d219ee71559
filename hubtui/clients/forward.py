"""Port-forwards without a listening socket: a pod's port as a stream inside this process.

Protocol (testbed.md, "Port-forward without kubectl"): a WebSocket `v4.channel.k8s.io`; the first
byte of a message is the channel, 0 data and 1 error for the first port; the first message of each
channel is the port in two bytes; then raw bytes both ways.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpcore

from hubtui.clients.gate import Call
from hubtui.clients.kube import KubeClient
from hubtui.errors import UnreachableError
from hubtui.model.kinds import PODS
from hubtui.model.text import one_line

_DATA, _ERROR = 0, 1
BODY_MOST = 64 * 1024
"""Bytes of an answer that `get` keeps."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer that came through a port-forward."""

    status: int
    headers: dict[str, str]
    body: bytes


class PodStream(httpcore.AsyncNetworkStream):
    """One connection to a port of a pod."""

    def __init__(self, stack: AsyncExitStack, socket: Any, where: str) -> None:
        self._stack = stack
        self._socket = socket
        self._where = where
        self._rest = b""
        self._greeted: set[int] = set()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes; empty at the end. Raises UnreachableError, httpcore.ReadTimeout."""
        while not self._rest:
            try:
                message = await self._socket.receive(timeout=timeout)
            except TimeoutError as error:
                raise httpcore.ReadTimeout(f"{self._where} does not answer") from error
            if not isinstance(message.data, bytes):
                return b""
            self._rest = self._data(message.data)
        found, self._rest = self._rest[:max_bytes], self._rest[max_bytes:]
        return found

    def _data(self, message: bytes) -> bytes:
        channel, data = message[0], message[1:]
        if channel not in self._greeted:
            self._greeted.add(channel)
            data = data[2:]
        if channel == _ERROR and data:
            raise UnreachableError(
                f"{self._where} cannot be reached: {one_line(data.decode(errors='replace'))}"
            )
        return data if channel == _DATA else b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Sends bytes. Raises UnreachableError with the server's words, httpcore.WriteError."""
        if not buffer:
            return
        try:
            await self._socket.send_bytes(bytes([_DATA]) + buffer)
        except OSError as error:
            while await self.read(1, timeout):
                pass  # the server says why on the error channel before it closes
            raise httpcore.WriteError(f"{self._where} is closed") from error

    async def aclose(self) -> None:
        """Ends the connection."""
        await self._stack.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Not here: the apiserver's TLS is around it all."""
        raise NotImplementedError

    def get_extra_info(self, info: str) -> Any:  # noqa: ARG002
        """Nothing is known of the other end."""
        return None


class PodBackend(httpcore.AsyncNetworkBackend):
    """Makes httpcore (and so httpx) connect to one port of one pod, whatever host is asked for.

    The gate must allow the pod and port first (`Gate.allow_forward`).
    """

    def __init__(self, client: KubeClient, namespace: str, pod: str, port: int) -> None:
        self._client = client
        self._call = Call(
            "get", PODS.resource, namespace, pod, "portforward", query={"ports": str(port)}
        )
        self._where = f"port {port} of pod {pod}"

    async def connect_tcp(
        self,
        host: str,  # noqa: ARG002
        port: int,  # noqa: ARG002
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        """A new forward. Raises ReadOnlyError, DeniedError, UnreachableError."""
        stack = AsyncExitStack()
        socket = await stack.enter_async_context(self._client.websocket(self._call, kind=PODS))
        return PodStream(stack, socket, self._where)


async def get(
    client: KubeClient, namespace: str, pod: str, port: int, path: str, *, timeout: float = 5
) -> Answer:
    """GETs a path from a port of a pod.

    Raises DeniedError when port-forwards are not allowed, UnreachableError when nothing answers.
    """
    try:
        async with asyncio.timeout(timeout * 2):
            return await _get(PodBackend(client, namespace, pod, port), pod, port, path, timeout)
    except (httpcore.NetworkError, httpcore.ProtocolError, TimeoutError) as error:
        raise _silent(pod, port, one_line(str(error)) or "no answer in time") from error
    except httpcore.TimeoutException as error:
        raise _silent(pod, port, "no answer in time") from error


def _silent(pod: str, port: int, why: str) -> UnreachableError:
    return UnreachableError(f"Pod {pod} does not answer on port {port}: {why}")


async def _get(backend: PodBackend, pod: str, port: int, path: str, timeout: float) -> Answer:
    limits = dict.fromkeys(("connect", "read", "write", "pool"), timeout)
    url = f"http://{pod}:{port}{path}"
    async with (
        httpcore.AsyncConnectionPool(network_backend=backend, max_connections=1) as pool,
        pool.stream("GET", url, extensions={"timeout": limits}) as response,
    ):
        body = b""
        async for chunk in response.aiter_stream():
            body += chunk
            if len(body) > BODY_MOST:
                break
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in response.headers}
        return Answer(response.status, headers, body[:BODY_MOST])
