"""What the demo's apiserver was asked, in the form of a real one's audit log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from hubtui.demo.api import reviews
from hubtui.demo.api.asked import Target, target_of
from hubtui.demo.refusals import RefusedError

Entry = dict[str, Any]

_VERBS: Final = {"POST": "create", "PUT": "update", "PATCH": "patch"}


class Audit:
    """Notes requests with the token in their path, as those by a kubeconfig have it: `api()` of the
    tests sends it in the header. The demo knows one user; who is meant is told by the port."""

    def __init__(self, token: str) -> None:
        self._start = f"/{token}/"
        self.users: Mapping[int, str] = {}
        """Whose port it is."""
        self.entries: list[Entry] = []
        """Oldest first."""

    @web.middleware
    async def note(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """The application's middleware."""
        if request.path.startswith(self._start) and request.transport is not None:
            port = request.transport.get_extra_info("sockname")[1]
            self.entries.append(_entry(request, self.users[port], self._start))
        return await handler(request)


def _entry(request: web.Request, user: str, start: str) -> Entry:
    uri = "/" + str(request.rel_url).removeprefix(start)
    agent = request.headers.get("User-Agent", "")
    entry: Entry = {"user": {"username": user}, "requestURI": uri, "userAgent": agent}
    path = "/" + request.path.removeprefix(start)
    if path in reviews.PATHS and request.method == "POST":
        return {**entry, "verb": "create", "objectRef": {"resource": path.rpartition("/")[2]}}
    try:
        target = target_of(path)
    except RefusedError:
        return {**entry, "verb": request.method.lower()}
    verb = _verb(request, target)
    where = {
        "resource": target.resource.plural,
        "namespace": target.namespace,
        "name": target.name,
        "subresource": target.subresource,
    }
    return {**entry, "verb": verb, "objectRef": {k: v for k, v in where.items() if v}}


def _verb(request: web.Request, target: Target) -> str:
    if request.method == "GET":
        watches = request.query.get("watch") in ("1", "true")
        return "watch" if watches else "get" if target.name else "list"
    if request.method == "DELETE":
        return "delete" if target.name else "deletecollection"
    return _VERBS.get(request.method, request.method.lower())
