"""The idle culler's rule, and the run of it that stops a server (facts.md §1.9, §4).

The rule is jupyterhub-idle-culler's `handle_server`, the same in 1.4 and 2.0: a server that is
ready and has nothing pending goes at the first run at which it was idle for the timeout, or is as
old as the maximum age. The hub knows no more of a server's activity than `last_activity`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from hubtui.model import idle_words
from hubtui.model.hub import HubServer, HubUser, ServerKey
from hubtui.model.idle_grid import Grid
from hubtui.model.values_path import at, mapping_at

__all__ = [
    "CullRule", "Forecast", "Grid", "Rule", "WhatIf", "forecast", "next_to_go", "removal",
    "stops_from", "what_if", "would_cull", "would_remove",
]  # fmt: skip

_TIMEOUT: Final = 600
"""The culler's own, seconds: the chart hands a value on only where it is not 0."""
_CONCURRENCY: Final = 10
_COARSE: Final = 60.0
"""Seconds by which a run's time may be unknown before it is said as a least one."""


class Rule(StrEnum):
    """By what a server goes."""

    IDLE = "idle rule"
    MAX_AGE = "maximum age"


@dataclass(frozen=True, slots=True)
class CullRule:
    """The culler's settings as it has them; times in seconds.

    `max_age` 0 is none. `halved`: `every` is half of the timeout, since none is set. `unread`
    names settings that are no whole numbers, with which the culler ends at once. `known` is False
    where the values tell nothing of a culler.
    """

    enabled: bool = True
    timeout: int = _TIMEOUT
    every: int = _TIMEOUT // 2
    max_age: int = 0
    users: bool = False
    admin_users: bool = True
    remove_named: bool = False
    default_servers: bool = True
    named_servers: bool = True
    concurrency: int = _CONCURRENCY
    halved: bool = False
    unread: tuple[str, ...] = ()
    known: bool = True

    @classmethod
    def of_values(cls, values: Mapping[str, Any]) -> CullRule:
        """The rule of the z2jh chart's values, its defaults included.

        As the chart's jupyterhub_config.py hands them on: none that is 0 or null. Whether default
        or named servers are culled is no value of the chart's.
        """
        if not isinstance(at(values, ("cull",)), Mapping):
            return cls(enabled=False, known=False)
        cull = mapping_at(values, ("cull",))
        numbers = {
            name: _number(cull.get(name)) for name in ("timeout", "every", "maxAge", "concurrency")
        }
        timeout = numbers["timeout"] or _TIMEOUT
        return cls(
            enabled=bool(cull.get("enabled")),
            timeout=timeout,
            every=numbers["every"] or timeout // 2,
            max_age=numbers["maxAge"] or 0,
            users=bool(cull.get("users")),
            admin_users=bool(cull.get("adminUsers")),
            remove_named=bool(cull.get("removeNamedServers")),
            concurrency=numbers["concurrency"] or _CONCURRENCY,
            halved=not numbers["every"],
            unread=tuple(f"cull.{name}" for name, number in numbers.items() if number is None),
        )

    def with_timeout(self, seconds: int) -> CullRule:
        """The rule as it is with another `cull.timeout`; 0 is the culler's own, as in values."""
        timeout = int(seconds) or _TIMEOUT
        unread = tuple(name for name in self.unread if name != "cull.timeout")
        every = timeout // 2 if self.halved else self.every
        return replace(self, timeout=timeout, every=every, unread=unread)

    @property
    def off(self) -> str:
        """Why no server is ever stopped by it; empty where it does its work."""
        return idle_words.off(self)

    def takes(self, server: HubServer) -> bool:
        """Whether the idle rule is for this kind of server, default or named."""
        return self.named_servers if server.name else self.default_servers


def _number(value: object) -> int | None:
    """A setting as the culler's flag reads it; 0 is one that is not handed on, None no number."""
    if not value:
        return 0
    if isinstance(value, float) and value.is_integer():
        return int(value)
    try:
        return None if isinstance(value, (bool, float)) else int(str(value))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Forecast:
    """When a server goes, as far as the hub's answer tells.

    `at` is the run that stops it, the earliest where that is not known, None for never; `words`
    is one sentence for it and does not age while that run lies ahead. `at_least`: it may well be
    later. `latest` is the last run that it can be, without new activity. `since` is when the rule
    applied or will apply. `known` is False where the culler's settings are not.
    """

    at: datetime | None
    rule: Rule | None
    words: str
    at_least: bool = False
    latest: datetime | None = None
    since: datetime | None = None
    known: bool = True

    def due(self, now: datetime) -> bool:
        """Whether a run at `now` would stop it."""
        return self.since is not None and self.since <= now

    @property
    def next_to_go(self) -> float:
        """Sorts the next to go first and those that never go last."""
        return next_to_go(self)


def next_to_go(found: Forecast) -> float:
    """Sorts the next to go first and those that never go last."""
    return found.at.timestamp() if found.at is not None else float("inf")


def stops_from(server: HubServer, rule: CullRule) -> tuple[datetime, Rule] | None:
    """From when on a run stops a server, and by which rule; None for never.

    The one place of the culler's rule: the forecast, the dry run and the what-if ask it.
    """
    if rule.off or server.pending or server.stopped or not server.ready:
        return None
    idle = _after(server.last_activity or server.started, rule.timeout)
    old = _after(server.started, rule.max_age) if rule.max_age else None
    if not rule.takes(server):
        idle = None
    if idle is not None and (old is None or idle <= old):
        return idle, Rule.IDLE
    return None if old is None else (old, Rule.MAX_AGE)


def _after(moment: datetime | None, seconds: int) -> datetime | None:
    if moment is None:
        return None
    try:
        return moment + timedelta(seconds=seconds)
    except OverflowError:  # a time that no culler lives to see
        return None


def forecast(
    server: HubServer, rule: CullRule, now: datetime, grid: Grid, *, renewed: bool = False
) -> Forecast:
    """The run that stops a server, seen at `now`.

    `renewed`: its activity was newer at each of the last looks, so it is in use, and the idle rule
    tells the least time only.
    """
    found = stops_from(server, rule)
    if found is None:
        return Forecast(None, None, idle_words.never(server, rule), known=rule.known)
    since, by = found
    first, last = grid.run_from(max(since, now))
    held = renewed and by is Rule.IDLE
    words = idle_words.goes(server, rule, by is Rule.IDLE, (first, last), now, held)
    return Forecast(
        at=first,
        rule=by,
        words=words,
        at_least=held or (last - first).total_seconds() > _COARSE,
        latest=last,
        since=since,
    )


def would_cull(
    servers: Mapping[ServerKey, HubServer], rule: CullRule, now: datetime
) -> tuple[ServerKey, ...]:
    """The servers that a run at `now` would stop, in the order given."""
    return tuple(
        key
        for key, server in servers.items()
        if (found := stops_from(server, rule)) is not None and found[0] <= now
    )


def would_remove(users: Iterable[HubUser], rule: CullRule, now: datetime) -> tuple[str, ...]:
    """The users whom a run at `now` would delete (`cull.users`), if each stop succeeds at once."""
    return tuple(
        user.name
        for user in users
        if (since := _removed_from(user, rule)) is not None and since <= now
    )


def removal(user: HubUser, rule: CullRule, now: datetime, grid: Grid) -> Forecast:
    """The run that deletes a user, with `cull.users`: it leaves those alone who have a server."""
    since = _removed_from(user, rule)
    if since is None:
        return Forecast(None, None, idle_words.stays(user, rule), known=rule.known)
    first, last = grid.run_from(max(since, now))
    words = idle_words.removed((first, last), now)
    late = (last - first).total_seconds() > _COARSE
    return Forecast(first, None, words, late, last, since)


def _removed_from(user: HubUser, rule: CullRule) -> datetime | None:
    """From when on a run deletes a user; None for never.

    Admins are left alone by the test of idleness only, where `cull.adminUsers` says so.
    """
    if rule.off or not rule.users:
        return None
    idle = _after(user.last_activity or user.created, rule.timeout)
    if user.admin and not rule.admin_users:
        idle = None
    old = _after(user.created, rule.max_age) if rule.max_age else None
    own = [moment for moment in (idle, old) if moment is not None]
    stops = [stops_from(server, rule) for server in user.servers.values() if not server.stopped]
    if not own or None in stops:
        return None
    return max([min(own), *(stop[0] for stop in stops if stop is not None)])


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a run would stop with another timeout: all of it, and how that differs from now's."""

    timeout: int
    goes: tuple[ServerKey, ...]
    more: tuple[ServerKey, ...]
    fewer: tuple[ServerKey, ...]


def what_if(
    servers: Mapping[ServerKey, HubServer], rule: CullRule, seconds: int, now: datetime
) -> WhatIf:
    """The servers that a run at `now` would stop if `cull.timeout` were `seconds`."""
    asked = rule.with_timeout(seconds)
    goes, goes_now = (dict.fromkeys(would_cull(servers, each, now)) for each in (asked, rule))
    return WhatIf(
        timeout=asked.timeout,
        goes=tuple(goes),
        more=tuple(key for key in goes if key not in goes_now),
        fewer=tuple(key for key in goes_now if key not in goes),
    )
