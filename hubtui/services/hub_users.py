"""The users of a hub as it told them last: pages go in, readers learn whose rows changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from hubtui.model.hub import HubServer, HubUser, ServerKey, keys_of
from hubtui.services.store import Readable

LOOKS: Final = 3
"""Looks at a server's activity that must each find it renewed."""

LOOK_EVERY: Final = timedelta(seconds=90)
"""Between two of these looks: the hub learns of activity each 60 s (facts.md §3), so a shorter
one would often find what it found before. Three looks span three minutes."""

LOOK_FORGOTTEN: Final = timedelta(minutes=10)
"""A look that lies back longer says nothing of the last ones: nobody looked in between."""


@dataclass(frozen=True, slots=True)
class _Look:
    at: datetime
    started: datetime | None
    activity: datetime | None


class HubUsers(Readable):
    """Users by name: those with active servers, all of them where `everyone` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.by_name: dict[str, HubUser] = {}
        self.everyone = False
        self._looks: dict[ServerKey, tuple[_Look, ...]] = {}
        self._renewed: set[ServerKey] = set()

    @property
    def active(self) -> Mapping[str, HubUser]:
        """Those who have a server."""
        return {name: user for name, user in self.by_name.items() if user.servers}

    def take(self, users: Iterable[HubUser], now: datetime) -> bool:
        """What a hub tells of users; whether anything of it was new."""
        return sum(self.put(user, now) for user in users) > 0

    def put(self, user: HubUser, now: datetime) -> bool:
        """One user as the hub has them now; whether that was new."""
        before = self.by_name.get(user.name)
        if not user.servers and not self.everyone:
            self.remove(user.name)
            return before is not None
        turned = self._look(user, now)
        self.by_name[user.name] = user
        if before is not None and before.servers.keys() != user.servers.keys():
            self._forget(before, set(keys_of(user)))
        if turned or before != user:
            self._touch(user.name)
        return before != user

    def remove(self, name: str) -> None:
        """A user without a server, or one that there is no more."""
        before = self.by_name.pop(name, None)
        if before is not None:
            self._forget(before, set())
            self._touch(name)

    def want(self, everyone: bool) -> None:
        """Whether users without a server are kept."""
        self.everyone = everyone
        if not everyone:
            for name in [name for name, user in self.by_name.items() if not user.servers]:
                self.remove(name)

    def renewed(self, key: ServerKey) -> bool:
        """Whether each of the last looks found newer activity of a server than the one before."""
        return key in self._renewed

    def dirty_all(self) -> None:
        """Has every reader look at everything."""
        self._dirty_all()

    def _look(self, user: HubUser, now: datetime) -> bool:
        """Notes the activity of a user's servers; whether `renewed` has turned for one."""
        turned = False
        for name, server in user.servers.items():
            key = ServerKey(user.name, name)
            looks = self._looks.get(key, ())
            if looks and looks[-1].started == server.started and now - looks[-1].at < LOOK_EVERY:
                continue
            looks = (*_still(looks, server, now), _Look(now, server.started, server.last_activity))
            self._looks[key] = looks
            if _is_renewed(looks) != (key in self._renewed):
                self._renewed ^= {key}
                turned = True
        return turned

    def _forget(self, user: HubUser, but: set[ServerKey]) -> None:
        for key in set(keys_of(user)) - but:
            self._looks.pop(key, None)
            self._renewed.discard(key)


def _still(looks: tuple[_Look, ...], server: HubServer, now: datetime) -> tuple[_Look, ...]:
    """The looks that a further one goes on from."""
    if not looks or looks[-1].started != server.started or now - looks[-1].at > LOOK_FORGOTTEN:
        return ()
    return looks[1 - LOOKS :]


def _is_renewed(looks: tuple[_Look, ...]) -> bool:
    times = [look.activity for look in looks if look.activity is not None]
    return len(times) >= LOOKS and all(a < b for a, b in pairwise(times))
