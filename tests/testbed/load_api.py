"""The few requests by which the load is made: many at once, tried again where that is usual."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
import yaml

CONCURRENCY = 64
_Item = TypeVar("_Item")
_AS_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


class LoadError(Exception):
    """The apiserver refused what the load asks of it."""


class Api:
    """An apiserver, spoken to as a user with a token."""

    def __init__(self, server: str, token: str, ca_file: Path | None) -> None:
        self._server = server.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._trust: ssl.SSLContext | bool = True
        if ca_file is not None:
            self._trust = ssl.create_default_context(cafile=ca_file)

    @classmethod
    def from_kubeconfig(cls, path: Path) -> Self:
        """The current context's server, with its user's token."""
        config: dict[str, Any] = yaml.safe_load(path.read_text())
        named = {
            kind: {entry["name"]: entry[kind] for entry in config[f"{kind}s"]}
            for kind in ("context", "cluster", "user")
        }
        context = named["context"][config["current-context"]]
        cluster, user = named["cluster"][context["cluster"]], named["user"][context["user"]]
        authority = cluster.get("certificate-authority")
        api = cls(cluster["server"], user["token"], authority and path.parent / authority)
        if "certificate-authority-data" in cluster:
            data = base64.b64decode(cluster["certificate-authority-data"]).decode()
            api._trust = ssl.create_default_context(cadata=data)
        return api

    @property
    def server(self) -> str:
        """Its address."""
        return self._server

    @property
    def session(self) -> aiohttp.ClientSession:
        """For requests that are passed on as they are; open inside of `async with`."""
        return self._session

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._trust, limit=CONCURRENCY + 8),
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=120),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def create(self, path: str, body: Mapping[str, Any]) -> None:
        """POST; what exists already is left as it is, so that a fill can be repeated."""
        await self._send("POST", path, body=body, fine={409})

    async def create_new(self, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """POST of what the answer is wanted of; None for what exists already."""
        text = await self._send("POST", path, body=body, fine={409})
        made: dict[str, Any] = json.loads(text)
        return None if made["kind"] == "Status" else made

    async def patch(
        self, path: str, body: object, content_type: str, *, fine: Iterable[int] = ()
    ) -> None:
        headers = {"Content-Type": content_type}
        await self._send("PATCH", path, body=body, headers=headers, fine=fine)

    async def delete(self, path: str) -> None:
        await self._send("DELETE", path, body={"gracePeriodSeconds": 0}, fine={404})

    async def some(self, path: str, **params: str) -> list[dict[str, Any]]:
        """The metadata of up to 500 objects."""
        headers = {"Accept": _AS_METADATA}
        query = {"limit": "500", **params}
        async with self._session.get(self._server + path, params=query, headers=headers) as answer:
            await _check(answer, set())
            items: list[dict[str, Any]] = (await answer.json())["items"] or []  # null for none
            return items

    async def _send(
        self,
        method: str,
        path: str,
        *,
        body: object,
        headers: Mapping[str, str] | None = None,
        fine: Iterable[int] = (),
    ) -> bytes:
        """The body of the answer."""
        for attempt in range(8):
            async with self._session.request(
                method, self._server + path, json=body, headers=headers
            ) as answer:
                # A flood is told to wait; a namespace that has just begun has no account yet.
                if answer.status not in {429, 503, 504} or attempt == 7:
                    await _check(answer, set(fine))
                    return await answer.read()
                await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))
        raise AssertionError("the last attempt returns or raises")


async def _check(answer: aiohttp.ClientResponse, fine: set[int]) -> None:
    if answer.status >= 400 and answer.status not in fine:
        text = (await answer.text())[:500]
        raise LoadError(f"{answer.method} {answer.url.path}: {answer.status} {text}")


async def for_each(items: Iterable[_Item], work: Callable[[_Item], Awaitable[None]]) -> None:
    """Do `work` on every item, CONCURRENCY at a time; items are taken as they are needed."""
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:
            await work(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(CONCURRENCY):
            group.create_task(worker())
