"""The streams that the fault proxy passes on: a watch that can be broken, two joined WebSockets."""

from __future__ import annotations

import asyncio

import aiohttp
from aiohttp import web

from tests.testbed.fault_rules import CutWatch, GoneWatch, Seen, gone_event


class OpenWatch:
    """One watch on its way from the apiserver to the client."""

    def __init__(
        self, seen: Seen, source: aiohttp.StreamReader, target: web.StreamResponse
    ) -> None:
        self.seen = seen
        self._source = source
        self._target = target
        self._effect: CutWatch | GoneWatch | None = None
        self._left = 0
        self._armed = asyncio.Event()
        self._at_line_start = True

    def arm(self, effect: CutWatch | GoneWatch) -> None:
        """Break this watch as `effect` says."""
        self._effect = effect
        self._left = effect.after_bytes if isinstance(effect, CutWatch) else 0
        self._armed.set()

    async def run(self) -> bool:
        """Pass on until the end; tells whether it is to end properly."""
        armed = asyncio.ensure_future(self._armed.wait())
        try:
            while True:
                reading = asyncio.ensure_future(self._source.readany())
                try:
                    await asyncio.wait({reading, armed}, return_when=asyncio.FIRST_COMPLETED)
                    if (ending := await self._broken(b"")) is not None:
                        return ending
                    chunk = await reading
                finally:
                    reading.cancel()
                if not chunk:
                    return True
                if (ending := await self._broken(chunk)) is not None:
                    return ending
        finally:
            armed.cancel()

    async def _broken(self, chunk: bytes) -> bool | None:
        """Send what the fault lets through of `chunk`; None while the watch goes on."""
        match self._effect:
            case None:
                await self._send(chunk)
                return None
            case GoneWatch():
                return await self._gone(chunk)
            case CutWatch(mid_line=mid_line, clean=clean):
                return await self._cut(chunk, mid_line, clean)

    async def _gone(self, chunk: bytes) -> bool | None:
        # An event that has begun is finished first: the ERROR is a line of its own.
        line_end = 0 if self._at_line_start else chunk.find(b"\n") + 1
        if not self._at_line_start and line_end == 0:
            await self._send(chunk)
            return None
        await self._send(chunk[:line_end] + gone_event())
        return True

    async def _cut(self, chunk: bytes, mid_line: bool, clean: bool) -> bool | None:
        if len(chunk) >= self._left:
            line = chunk[self._left :].partition(b"\n")[0]
            if not mid_line or len(line) > 1:
                await self._send(chunk[: self._left + (len(line) // 2 if mid_line else 0)])
                return clean
        self._left = max(0, self._left - len(chunk))
        await self._send(chunk)
        return None

    async def _send(self, data: bytes) -> None:
        if data:
            self._at_line_start = data.endswith(b"\n")
            await self._target.write(data)


Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def join_sockets(client: Socket, upstream: Socket) -> None:
    """Pass messages both ways until either side ends; then end the other."""
    ways = [
        asyncio.ensure_future(_pass(client, upstream)),
        asyncio.ensure_future(_pass(upstream, client)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        await asyncio.gather(client.close(), upstream.close())


async def _pass(source: Socket, target: Socket) -> None:
    async for message in source:
        if message.type is aiohttp.WSMsgType.BINARY:
            await target.send_bytes(message.data)
        elif message.type is aiohttp.WSMsgType.TEXT:
            await target.send_str(message.data)
