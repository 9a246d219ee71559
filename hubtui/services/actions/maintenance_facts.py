"""What a maintenance is planned from: who has a server, in which order they are stopped, and what
an earlier one has left."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Final

import msgspec

from hubtui.errors import ApiError, DecodeError, UsageError
from hubtui.model.age import age, rfc3339, seconds_between
from hubtui.model.hub import ServerKey
from hubtui.model.plan import Result
from hubtui.services import journal
from hubtui.services.actions import ActionSession, stop_facts
from hubtui.services.actions.stop_checks import Excluded, keeps
from hubtui.services.actions.stop_facts import Facts, Server
from hubtui.services.actions.stopping_server import ToStop
from hubtui.services.journal import Entry

NAME: Final = "maintenance"

ACTIVE: Final = 600.0
"""Seconds without activity after which a server is taken for idle: the hub hears of activity every
five minutes, give or take (facts.md §3)."""


@dataclass(frozen=True, slots=True)
class MaintenanceRequest:
    """What users are told; how many servers are stopped at a time, and the pause between two such
    batches in seconds; `only` is a pattern of user names, `idle_only` spares servers in use. The
    spawn check at the end is for the user `spawn_check`, "" for none.

    With `resume` all of that is as in the maintenance that was interrupted last.
    """

    message: str = ""
    batch: int = 10
    pause: float = 30.0
    only: str = "*"
    idle_only: bool = False
    spawn_check: str = ""
    resume: bool = False

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise UsageError("A batch has one server at least", remedy="Say --batch 10.")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The servers in the order in which they are stopped, `active` of them in use, and those that
    are left alone. `before` is the maintenance that is gone on with."""

    facts: Facts
    request: MaintenanceRequest
    servers: tuple[Server, ...]
    active: int
    left: tuple[Excluded, ...]
    values: Mapping[str, Any]
    path: tuple[str, ...]
    before: Entry | None = None

    @property
    def to_stop(self) -> tuple[ToStop, ...]:
        """The servers as they were planned; those in use are stopped, too."""
        return tuple(
            replace(ToStop.of(each.user.name, each.server), in_use=not self.request.idle_only)
            for each in self.servers
        )


async def choose(session: ActionSession, request: MaintenanceRequest) -> Chosen:
    """Reads all servers anew.

    Raises UsageError when nothing can be resumed, ConfigError, DeniedError, UnreachableError.
    """
    before = await _interrupted(session) if request.resume else None
    if before is not None:
        request = _request_of(before)
    facts = await stop_facts.read_active(session)
    wanted = still_to_stop(before) if before is not None else None
    chosen: list[Server] = []
    left: dict[str, list[ServerKey]] = {}
    for each in facts.servers:
        why = _left_alone(each, facts.now, request, session.settings.hub.keep)
        if wanted is not None and not is_of(each, wanted):
            why = why or "not of the maintenance that was interrupted"
        if why:
            left.setdefault(why, []).append(each.key)
        else:
            chosen.append(each)
    values, path = await _values(session)
    return Chosen(
        facts=facts,
        request=request,
        servers=tuple(stop_facts.longest_idle_first(chosen)),
        active=sum(is_active(each, facts.now) for each in chosen),
        left=tuple(Excluded(why, tuple(keys)) for why, keys in sorted(left.items())),
        values=values,
        path=path,
        before=before,
    )


def is_active(each: Server, now: datetime) -> bool:
    """Whether a server was in use of late, or starts."""
    since = each.idle_since
    starts = each.server.pending == "spawn"
    return starts or since is None or seconds_between(since, now) < ACTIVE


def _left_alone(
    each: Server, now: datetime, request: MaintenanceRequest, keep: tuple[str, ...]
) -> str:
    if not fnmatchcase(each.user.name, request.only):
        return f"of users other than {request.only}"
    if pattern := keeps(each.user.name, keep):
        return f"kept (hub.keep: {pattern})"
    if each.server.pending == "stop":
        return "stopping already"
    return "in use" if request.idle_only and is_active(each, now) else ""


async def _values(session: ActionSession) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """The values of the hub's chart, and where they stand in those of the release."""
    try:
        return await session.hub_link.values(), tuple(await session.hub_link.chart_path())
    except (ApiError, DecodeError):
        return {}, ()


# -- going on with one that was interrupted


def details(request: MaintenanceRequest, servers: tuple[ToStop, ...]) -> dict[str, str]:
    """What a later hubtui needs to go on with a maintenance."""
    listed = [(str(planned.key), rfc3339(planned.started)) for planned in servers]
    return {
        "servers": msgspec.json.encode(listed).decode(),
        "request": msgspec.json.encode(request).decode(),
    }


def still_to_stop(entry: Entry) -> dict[ServerKey, datetime | None]:
    """The servers of a maintenance that its batches did not come to, with their starts."""
    text = dict(entry.details).get("servers", "[]")
    listed = msgspec.json.decode(text, type=list[tuple[str, datetime | None]])
    done = set(entry.done)
    return {ServerKey.parse(name): started for name, started in listed if name not in done}


def is_of(each: Server, wanted: Mapping[ServerKey, datetime | None]) -> bool:
    """Whether it is the very server that a maintenance was to stop, and no later one of its user.

    Times in the journal have whole seconds.
    """
    if each.key not in wanted:
        return False
    before, now = wanted[each.key], each.server.started
    return before is None or now is None or (now - before).total_seconds() < 1


async def _interrupted(session: ActionSession) -> Entry:
    """The last maintenance of this release, if it did not come to its end. Raises UsageError."""
    entry = await asyncio.to_thread(session.operations.last, NAME)
    if entry is None:
        raise UsageError("No maintenance of this release was begun on this machine")
    if entry.outcome is not None and entry.outcome.result is Result.OK:
        when = age(entry.at, journal.now())
        raise UsageError(f"The last maintenance, {when} ago, came to its end: nothing is left")
    return entry


def _request_of(entry: Entry) -> MaintenanceRequest:
    text = dict(entry.details).get("request", "{}")
    return msgspec.json.decode(text, type=MaintenanceRequest)
