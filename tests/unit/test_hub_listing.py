"""All users of a hub, page by page: a list that does not add up says so.

The hub is a fake: pages of a list that may change between two of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from hubtui.errors import DeniedError
from hubtui.model.hub import HubUser, NextPage, Pagination, UserPage
from hubtui.model.hub_listing import Listing
from hubtui.services.hub_listing import read_all
from hubtui.services.hub_time import HubTime
from tests.hub_of_users import jump

SIZE = 3


@dataclass
class Paged:
    """A hub of so many users; `meanwhile` happens before each page after the first."""

    users_there: list[str]
    meanwhile: Callable[[Paged], None] = lambda _hub: None
    stuck: bool = False
    error: Exception | None = None
    asked: list[int] = field(default_factory=list)
    caller: Any = field(default_factory=lambda: SimpleNamespace(scopes=("list:users",)))
    time: HubTime = field(default_factory=HubTime)

    async def open(self) -> Paged:
        return self

    async def users(self, *, offset: int, sort: str, stopped: bool) -> UserPage:
        assert (sort, stopped) == ("id", True)
        if self.error is not None:
            raise self.error
        if offset:
            self.meanwhile(self)
        self.asked.append(offset)
        await asyncio.sleep(0.1)
        items = tuple(HubUser(name=name) for name in self.users_there[offset : offset + SIZE])
        more = offset + SIZE < len(self.users_there)
        following = NextPage(0 if self.stuck else offset + SIZE, SIZE) if more else None
        return UserPage(items, Pagination(offset, SIZE, len(self.users_there), following))


def read(hub: Paged) -> Listing:
    found: list[Listing] = []

    async def story() -> None:
        link: Any = hub
        found.append(await read_all(link))

    jump(story())
    return found[0]


def names(number: int) -> list[str]:
    return [f"user-{n}" for n in range(number)]


@pytest.mark.parametrize("number", [0, 1, SIZE, SIZE + 1, 10])
def test_all_pages_make_a_whole(number: int) -> None:
    hub = Paged(names(number))
    listing = read(hub)
    assert (listing.gap, sorted(listing.users)) == ("", sorted(names(number)))
    assert listing.scopes == ("list:users",)
    assert hub.asked == list(range(0, max(1, number), SIZE))


def goes_once(hub: Paged) -> None:
    """One user is deleted behind the first page: the next page begins with one too few."""
    if "user-0" in hub.users_there:
        hub.users_there.remove("user-0")


def goes_always(hub: Paged) -> None:
    hub.users_there.pop(0)


def test_who_goes_meanwhile_has_it_read_once_more() -> None:
    hub = Paged(names(8), goes_once)
    listing = read(hub)
    assert listing.gap == ""
    assert sorted(listing.users) == sorted(names(8)[1:])


def test_a_list_that_never_adds_up_is_told() -> None:
    assert "some came or went meanwhile" in read(Paged(names(20), goes_always)).gap
    assert "do not go on after 3 users" in read(Paged(names(9), stuck=True)).gap


def test_what_the_hub_refuses_is_raised() -> None:
    with pytest.raises(DeniedError):
        read(Paged(names(1), error=DeniedError("no")))
