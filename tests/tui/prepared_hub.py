"""A fake hub: it answers from the users of a World, and refuses what it does not know."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from hubtui.clients.http import Response
from hubtui.errors import HubtuiError
from tests.tui.world import World

Json = dict[str, Any]


class PreparedWire:
    """In the place of a port-forward. `error` makes the hub dead; `calls` is what was asked."""

    where = "the hub (pod hub)"

    def __init__(self, known: World) -> None:
        self.known = known
        self.calls: list[str] = []
        self.error: HubtuiError | None = None
        self.scopes: list[str] = []

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
        self.calls.append(f"{method} {path}")
        if self.error is not None:
            raise self.error
        status, answer = self._answer(method, urlsplit(path))
        yield Response(status, {}, _whole(msgspec.json.encode(answer)))

    async def close(self) -> None:
        """Nothing is open."""

    def _answer(self, method: str, path: Any) -> tuple[int, Json]:
        if method != "GET":
            return 403, {"message": "this hub is a fake"}
        if path.path == "/user":
            return 200, {"kind": "service", "name": "hubtui", "scopes": self.scopes}
        if path.path == "/users":
            active = parse_qs(path.query).get("state") == ["active"]
            users = [user for user in self.known.users if user["servers"] or not active]
            return 200, {"items": users, "_pagination": {"total": len(users), "next": None}}
        if path.path == "/proxy":
            return 200, {"items": self._routes(), "_pagination": {"next": None}}
        _, _, name = path.path.rpartition("/users/")
        for user in self.known.users:
            if user["name"] == unquote(name):
                return 200, user
        return 404, {"message": "not found"}

    def _routes(self) -> Json:
        keys = [(u["name"], s) for u in self.known.users for s in u["servers"].values()]
        routes: Json = {"/": {"routespec": "/", "target": "http://hub:8081", "data": {"hub": True}}}
        for user, server in keys:
            if server["ready"]:
                spec = f"/user/{user}/"
                data = {"user": user, "server_name": server["name"]}
                routes[spec] = {"routespec": spec, "target": "http://10.0.0.1:8888", "data": data}
        return routes


async def _whole(body: bytes) -> AsyncIterator[bytes]:
    yield body
