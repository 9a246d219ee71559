"""Pages of lists: offset and limit, and the answer with `_pagination` for who asks for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from hubtui.demo.hub import refusals
from hubtui.demo.hub.answers import json_answer
from hubtui.demo.storage import Json

ACCEPT: Final = "application/jupyterhub-pagination+json"
USUAL, MOST = 50, 200
"""Items of a page: without a limit, and at most (api_page_default_limit, api_page_max_limit)."""


@dataclass(frozen=True, slots=True)
class Page:
    """What part of a list is asked for; `told` is whether the answer says what follows."""

    offset: int
    limit: int
    told: bool

    @property
    def part(self) -> slice:
        """The part of the whole list."""
        return slice(self.offset, self.offset + self.limit)


def page_of(request: web.Request) -> Page:
    """The page that a request asks for. Raises HubRefusalError (400)."""
    told = ACCEPT in request.headers.get("Accept", "")
    try:
        offset = abs(int(request.query.get("offset", 0)))
        limit = abs(int(request.query.get("limit", USUAL if told else MOST)))
    except ValueError:
        words = "Invalid argument type, offset and limit must be integers"
        raise refusals.bad(words) from None
    return Page(offset, min(MOST, max(1, limit)), told)


def answer(request: web.Request, page: Page, items: Collection[object], total: int) -> web.Response:
    """The page of a list of `total` items, plain or with what follows."""
    if not page.told:
        return json_answer(items)
    after: Json | None = None
    if page.offset + page.limit < total:
        after = {"offset": page.offset + page.limit, "limit": page.limit}
        after["url"] = str(request.url.update_query(after))
    told = {"offset": page.offset, "limit": page.limit, "total": total, "next": after}
    return json_answer({"items": items, "_pagination": told})
