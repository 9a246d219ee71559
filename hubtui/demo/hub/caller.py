"""Who calls the hub's REST API, by the token of a service, and what they may do."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from hubtui.demo.hub import refusals
from hubtui.demo.hub.hub import Hub
from hubtui.demo.hub.scopes import expand

HUB: Final = web.AppKey("hub", Hub)


@dataclass(frozen=True, slots=True)
class Caller:
    """A service and all its scopes."""

    service: str
    scopes: frozenset[str]

    def need(self, *scopes: str) -> None:
        """Raises HubRefusalError (403) when the caller has none of these scopes."""
        if self.scopes.isdisjoint(scopes):
            raise refusals.out_of_scope(scopes)


def caller_of(request: web.Request) -> Caller:
    """The caller. Raises HubRefusalError (403) for none, or a token that is not known."""
    found = find_caller(request)
    if found is None:
        raise refusals.unknown_caller()
    return found


def find_caller(request: web.Request) -> Caller | None:
    """The caller, or None."""
    settings = request.app[HUB].settings
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() not in ("token", "bearer") or not token:
        return None
    for service, known in settings.tokens.items():
        if hmac.compare_digest(known.encode(), token.strip().encode()):
            given = settings.scopes.get(service, frozenset())
            return Caller(service, expand(given, is_six=settings.is_six))
    return None
