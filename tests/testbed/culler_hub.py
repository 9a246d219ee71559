"""A fake hub, for the culler alone: it answers for users that a test makes up and stops servers.

It is no JupyterHub: it has the four requests that jupyterhub-idle-culler makes, and believes
whatever it is given. What of a user's servers it shows, and to which `state`, is as the real hub
has it (facts.md §3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import unquote

import msgspec
from aiohttp import web

from hubtui.model.hub import HubServer, HubUser, ServerKey
from tests.webserver import serving


class FakeHub:
    """Its users, and what the culler did to them: `stopped`, `removed` and when it `looked`."""

    def __init__(self) -> None:
        self.url = ""
        self.users: dict[str, HubUser] = {}
        self.stopped: list[ServerKey] = []
        self.removed: list[str] = []
        self.looked: list[datetime] = []

    def set(self, users: Iterable[HubUser]) -> None:
        """Has these users and no others, and nothing done yet."""
        self.users = {user.name: user for user in users}
        self.forget()

    def forget(self) -> None:
        """What was done so far is no news."""
        self.stopped, self.removed = [], []

    def application(self) -> web.Application:
        """Its routes."""
        app = web.Application()
        app.router.add_get("/hub/api/", self._version)
        app.router.add_get("/hub/api/users", self._list)
        app.router.add_delete("/hub/api/users/{user}", self._remove)
        app.router.add_delete("/hub/api/users/{user}/server", self._stop)
        app.router.add_delete("/hub/api/users/{user}/servers/{server}", self._stop)
        return app

    async def _version(self, _: web.Request) -> web.Response:
        self.looked.append(datetime.now(UTC))
        return web.json_response({"version": "5.5.0"})

    async def _list(self, request: web.Request) -> web.Response:
        state = request.query["state"]
        items = [
            msgspec.to_builtins(shown)
            for user in self.users.values()
            if _has(state, shown := _active(user))
        ]
        pagination = {"offset": 0, "limit": 200, "total": len(items), "next": None}
        return web.json_response({"items": items, "_pagination": pagination})

    async def _stop(self, request: web.Request) -> web.Response:
        user = self.users[unquote(request.match_info["user"])]
        key = ServerKey(user.name, unquote(request.match_info.get("server", "")))
        self.stopped.append(key)
        left = {name: server for name, server in user.servers.items() if name != key.server}
        self.users[user.name] = msgspec.structs.replace(user, servers=left)
        return web.Response(status=204)

    async def _remove(self, request: web.Request) -> web.Response:
        name = unquote(request.match_info["user"])
        if _active(self.users[name]).servers:
            return web.json_response({"message": "a server runs"}, status=500)
        del self.users[name]
        self.removed.append(name)
        return web.Response(status=204)


def _active(user: HubUser) -> HubUser:
    """A hub that is not asked for stopped servers tells none."""
    active = {name: server for name, server in user.servers.items() if not server.stopped}
    return msgspec.structs.replace(user, servers=active)


def _has(state: str, user: HubUser) -> bool:
    if state == "inactive":
        return not user.servers
    return any(_is_ready(server) for server in user.servers.values())


def _is_ready(server: HubServer) -> bool:
    return server.ready and not server.pending


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    """A fake hub that listens on loopback."""
    hub = FakeHub()
    with serving(hub.application()) as address:
        hub.url = f"{address}/hub/api"
        yield hub
