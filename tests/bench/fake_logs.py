"""A fake: an apiserver's door on loopback, behind which only the logs are made up.

What no real container writes so evenly: each log that is followed gets RATE lines a second. All
other requests are the real apiserver's to answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiohttp import web

from tests.testbed.load import Api

RATE = 200
"""Lines a second of each log."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"
"""Is in every line, so that a filter for its beginning hides none."""

_BEATS = 20
_OF_A_HOP = frozenset({"connection", "transfer-encoding", "content-length", "host"})


@asynccontextmanager
async def door(kubeconfig: Path, folder: Path) -> AsyncIterator[Path]:
    """A kubeconfig that leads to the cluster of another one through the door."""
    async with Api.from_kubeconfig(kubeconfig) as api:
        server = _Door(api)
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{path:.*}", server.answer)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield _kubeconfig(folder, f"http://127.0.0.1:{runner.addresses[0][1]}")
        finally:
            await runner.cleanup()


def _kubeconfig(folder: Path, server: str) -> Path:
    name = "fake-logs"
    document: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": server}}],
        "users": [{"name": name, "user": {"token": "the-doors-own"}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    return path


class _Door:
    def __init__(self, api: Api) -> None:
        self._api = api

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/log"):
            return await _log(request)
        headers = {
            key: value
            for key, value in request.headers.items()
            if key.lower() not in _OF_A_HOP | {"authorization"}
        }
        timeout = aiohttp.ClientTimeout(total=None)
        asked = self._api.session.request(
            request.method,
            self._api.server + request.path_qs,
            headers=headers,
            data=await request.read(),
            timeout=timeout,
        )
        async with asked as answer:
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in _OF_A_HOP}
            kept.pop("Content-Encoding", None)
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            return response


async def _log(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    count, due = 0, time.monotonic()
    while True:
        lines = [f"{_stamp()} {count + more:08} {LETTERS}\n" for more in range(RATE // _BEATS)]
        count += len(lines)
        await response.write("".join(lines).encode())
        due += 1 / _BEATS
        await asyncio.sleep(max(0.0, due - time.monotonic()))


def _stamp() -> str:
    now = time.time_ns()
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now // 10**9))}.{now % 10**9:09}Z"
