"""Reads all users of a hub for a list that says who is not there: page after page, in one order."""

from __future__ import annotations

import asyncio
from typing import Final

from hubtui.clients.hub import HubClient
from hubtui.model.hub import HubUser
from hubtui.model.hub_listing import Listing
from hubtui.services.hub_link import HubLink
from hubtui.services.store import utc_now

_ALL: Final = "all users"
"""What it is to `HubTime`."""

_TRIES: Final = 2
"""A user who comes or goes meanwhile moves others to a page that was read."""


async def read_all(link: HubLink) -> Listing:
    """All users with all their servers. What of them was not told is in its `gap`.

    Raises what `HubLink.open` and `HubClient.users` raise.
    """
    hub = await link.open()
    for _ in range(_TRIES):
        at = utc_now()
        found, gap = await _pages(link, hub)
        if not gap:
            break
    scopes = link.caller.scopes if link.caller is not None else ()
    return Listing(found, at, scopes, gap)


async def _pages(link: HubLink, hub: HubClient) -> tuple[dict[str, HubUser], str]:
    """Those of one pass, and why they are not all of them. As on the feed's first load the hub has
    half of the time for itself."""
    found: dict[str, HubUser] = {}
    totals: set[int] = set()
    offset: int | None = 0
    clock = asyncio.get_running_loop()
    while offset is not None:
        began = clock.time()
        page = await hub.users(offset=offset, sort="id", stopped=True)
        ended = clock.time()
        link.time.learn(_ALL, ended - began)
        found |= {user.name: user for user in page.items}
        totals.add(page.pagination.total)
        following = page.pagination.next
        if following is not None and following.offset <= offset:
            return found, f"the hub's pages do not go on after {len(found):,} users"
        offset = following.offset if following is not None else None
        if offset is not None:
            await asyncio.sleep(ended - began)
    if totals != {len(found)}:
        most = max(totals)
        return found, f"the hub told {len(found):,} users of {most:,}: some came or went meanwhile"
    return found, ""
