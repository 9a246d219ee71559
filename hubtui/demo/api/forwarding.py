"""`pods/portforward` over a WebSocket: port 8081 of a hub pod leads to the simulated hub, and 9090
of the Prometheus server's to the small Prometheus.

Protocol `v4.channel.k8s.io` (testbed.md): two channels a port, data and error; the first message of
each is the port in two little-endian bytes; then raw bytes after the channel's number.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from aiohttp import WSMsgType, web

from hubtui.demo.api.asked import Target
from hubtui.demo.api.context import Api
from hubtui.demo.refusals import RefusedError, bad_request
from hubtui.demo.resources import PODS
from hubtui.demo.storage import Json

PROTOCOL: Final = "v4.channel.k8s.io"
HUB_PORT: Final = 8081
_CHUNK: Final = 64 * 1024
_DATA, _ERROR = 0, 1


async def forward(api: Api, target: Target, request: web.Request) -> web.StreamResponse:
    """Carries bytes between a client and a port of a pod. Raises RefusedError: 400, 404."""
    pod = api.world.objects.get(PODS, target.namespace, target.name)
    if PROTOCOL not in request.headers.get("Sec-WebSocket-Protocol", ""):
        raise bad_request(f"unable to upgrade: the demo forwards ports by {PROTOCOL} only")
    port = _port(request)
    if pod.get("status", {}).get("phase") != "Running":
        phase = pod.get("status", {}).get("phase", "Pending")
        raise bad_request(
            f"unable to forward port because pod is not running. Current status={phase}"
        )
    socket = web.WebSocketResponse(protocols=(PROTOCOL,), max_msg_size=0)
    await socket.prepare(request)
    for channel in (_DATA, _ERROR):
        await socket.send_bytes(bytes([channel]) + port.to_bytes(2, "little"))
    try:
        reader, writer = await _connect(api, pod, port)
    except OSError:
        words = (
            f"an error occurred forwarding {port} -> {port}: error forwarding port {port} to pod "
            f"{pod['metadata']['uid']}, uid : failed to connect to localhost:{port}: "
            "connect: connection refused"
        )
        await socket.send_bytes(bytes([_ERROR]) + words.encode())
        await socket.close()
        return socket
    await _carry(socket, reader, writer)
    return socket


def leads_to_hub(pod: Json, port: int) -> bool:
    """Whether the hub listens on this port of this pod: it does once it is ready to."""
    labels = pod["metadata"].get("labels") or {}
    running = any(
        "running" in (each.get("state") or {})
        for each in pod.get("status", {}).get("containerStatuses") or ()
    )
    return port == HUB_PORT and labels.get("component") == "hub" and running


def _port(request: web.Request) -> int:
    text = request.query.get("ports") or request.query.get("port") or ""
    if not text.isdigit() or not 0 < int(text) < 1 << 16:
        raise RefusedError(400, "BadRequest", f'query parameter "ports" is required: "{text}"')
    return int(text)


async def _connect(
    api: Api, pod: Json, port: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    from hubtui.demo.prometheus import serving

    if serving.listens_on(pod, port):
        return await serving.connect(api.world)
    if api.hub_socket is None or not leads_to_hub(pod, port):
        raise ConnectionRefusedError
    return await asyncio.open_unix_connection(api.hub_socket)


async def _carry(
    socket: web.WebSocketResponse, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    async def outward() -> None:
        while data := await reader.read(_CHUNK):
            await socket.send_bytes(bytes([_DATA]) + data)
        await socket.close()

    task = asyncio.create_task(outward())
    try:
        async for message in socket:
            if message.type is WSMsgType.BINARY and message.data[:1] == bytes([_DATA]):
                writer.write(message.data[1:])
                await writer.drain()
    except ConnectionError:
        pass  # the hub has hung up: the client sees the end
    finally:
        task.cancel()
        writer.close()
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await task
