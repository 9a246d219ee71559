"""All users of a hub as its pages told them, and why somebody who is not among them may be there
all the same.

Source: JupyterHub's REST API (facts.md §3): a token whose scope is narrowed is told fewer users and
no word of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hubtui.model.age import precise, seconds_between
from hubtui.model.hub import HubUser, ServerKey
from hubtui.model.hub_scopes import Use, lacking

FRESH: Final = timedelta(minutes=5)
"""How long a list says who is not there: a user may come at any moment."""

FEW: Final = 5
"""Absent users up to which nothing is concluded from their number."""

_USERS: Final = (Use("who there is", ("list:users",)),)
_SERVERS: Final = (Use("servers", ("read:servers",)),)
_STATE: Final = (Use("what servers remember", ("admin:server_state",)),)


@dataclass(frozen=True, slots=True)
class Claimant:
    """Whom a claim names, and when it was made."""

    user: str
    created: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Users by name with all their servers, stopped ones too, as read from `at` on.

    `scopes` are those of the token that asked; `gap` says why the pages make no whole list.
    """

    users: Mapping[str, HubUser]
    at: datetime
    scopes: tuple[str, ...] = ()
    gap: str = ""
    _remembered: dict[str, ServerKey] = field(default_factory=dict, compare=False, repr=False)
    _alike: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for user in self.users.values():
            for form in _forms(user.name):
                self._alike.setdefault(form, user.name)
            for server in user.servers.values():
                if server.claim:
                    self._remembered[server.claim] = ServerKey(user.name, server.name)

    @property
    def remembered(self) -> Mapping[str, ServerKey]:
        """The claims that servers remember as theirs, whatever name they have by now."""
        return self._remembered

    def like(self, name: str) -> str:
        """A user whose name differs in capitals or its domain alone: names change so where the hub
        gets another way to log in. "" for none."""
        return next((self._alike[form] for form in _forms(name) if form in self._alike), "")

    @property
    def tells_servers(self) -> bool:
        """Whether a server that is not told is not there."""
        return not lacking(_SERVERS, self.scopes)

    @property
    def tells_claims(self) -> bool:
        """Whether servers tell which claims they remember."""
        return not lacking(_STATE, self.scopes)

    def mistrust(self, claimants: Sequence[Claimant], now: datetime) -> str:
        """Why nobody may be called gone by this list; "" when it can be relied on."""
        if lacks := lacking(_USERS, self.scopes):
            return f"the hub's token is not told of all users: it lacks {', '.join(lacks)}"
        if self.gap:
            return self.gap
        if now - self.at > FRESH:
            return f"the hub's users were read {precise(seconds_between(self.at, now))} ago"
        return self._suspicion(claimants)

    def _suspicion(self, claimants: Sequence[Claimant]) -> str:
        """Why the hub's database may not be the one that the claims come from."""
        if claimants and not self.users:
            return "the hub has no user at all: its database may be new, or another one"
        absent = [each for each in claimants if each.user not in self.users]
        number = len({each.user for each in absent})
        if number <= FEW or len(absent) * 2 <= len(claimants) or self._is_older_than(absent):
            return ""
        return (
            f"the hub has {len(self.users):,} users, and claims name {number:,} others: its "
            "database may be new, or another one"
        )

    def _is_older_than(self, absent: Collection[Claimant]) -> bool:
        """Whether the hub had users before most of these claims were made."""
        joined = [user.created for user in self.users.values() if user.created is not None]
        if not joined:
            return False
        first = min(joined)
        later = sum(1 for each in absent if each.created is not None and each.created > first)
        return later * 2 > len(absent)

    def newest(self) -> datetime | None:
        """When the newest user came, as far as it is told."""
        return max((u.created for u in self.users.values() if u.created), default=None)


def _forms(name: str) -> tuple[str, str]:
    """A name without its capitals, and without its domain."""
    folded = name.casefold()
    return folded, folded.partition("@")[0]
