"""What is looked at before servers are stopped, and what their users notice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final

from hubtui.model.age import precise, seconds_between
from hubtui.model.hub import Caller, ServerKey
from hubtui.model.hub_scopes import OPERATOR, Use, lacking
from hubtui.model.plan import Check
from hubtui.services.actions.common import counted, ok, stop, warn
from hubtui.services.actions.stop_facts import Server, named

IN_USE: Final = 300.0
"""Seconds: a server tells the hub of activity every 5 minutes, give or take (facts.md §3)."""

STOPS: Final = OPERATOR[:1]
"""What a token needs to stop servers."""

COARSE: Final = 600.0
"""Seconds of idleness below which a server in use may count as idle."""

SERVERS: Final = "servers"
"""The check that names all servers of a plan, and stops one with nothing to do."""


@dataclass(frozen=True, slots=True)
class Excluded:
    """Servers that a plan leaves alone, and why."""

    why: str
    servers: tuple[ServerKey, ...]


def servers(chosen: Sequence[Server], now: datetime, nothing: str) -> Check:
    """All servers with their idle time, the longest idle first; `nothing` where there are none."""
    if not chosen:
        return stop(SERVERS, nothing)
    users = len({each.user.name for each in chosen})
    first, last = idle(chosen[0], now), idle(chosen[-1], now)
    span = f"idle for {first}" if first == last else f"idle for {last} to {first}"
    words = f"{counted(len(chosen), 'server')} of {counted(users, 'user')}, {span}"
    return replace(ok(SERVERS, words), details=tuple(line(each, now) for each in chosen))


def line(each: Server, now: datetime) -> str:
    """One server of a plan in one line."""
    if each.server.pending == "spawn":
        return f"{each.key}: is starting; its start is cancelled"
    if each.server.last_activity is None:
        return f"{each.key}: no activity since its start {idle(each, now)} ago"
    started = each.server.started
    since = f", started {precise(seconds_between(started, now))} ago" if started else ""
    return f"{each.key}: idle for {idle(each, now)}{since}"


def idle(each: Server, now: datetime) -> str:
    """How long nothing was seen of a server."""
    since = each.idle_since
    return precise(seconds_between(since, now)) if since else "?"


def unsaved(chosen: Sequence[Server], now: datetime) -> Check | None:
    """Whose work may be lost, as far as the hub knows."""
    if not chosen:
        return None
    recent = [each for each in chosen if _in_use(each, now)]
    if not recent:
        words = f"no activity in the last {precise(IN_USE)}; {_KERNELS}"
        return ok("unsaved work", words)
    which = named(each.key for each in recent)
    words = f"{counted(len(recent), 'server')} in use in the last {precise(IN_USE)}: {which}"
    found = warn("unsaved work", f"{words}; {_KERNELS}")
    return replace(found, details=tuple(line(each, now) for each in recent))


_KERNELS: Final = "whether kernels compute is not known: the hub sees the last activity alone"


def _in_use(each: Server, now: datetime) -> bool:
    since = each.idle_since
    return since is None or seconds_between(since, now) <= IN_USE


def excluded(left: Iterable[Excluded]) -> Check | None:
    """Which servers are left alone, and why; all of them in the details."""
    left = [each for each in left if each.servers]
    if not left:
        return None
    words = "; ".join(
        f"{len(each.servers):,} {each.why}: {named(each.servers, 3)}" for each in left
    )
    details = tuple(f"{key}: {each.why}" for each in left for key in each.servers)
    return replace(ok("left alone", words), details=details)


def hidden(keys: Sequence[ServerKey], of: int) -> Check | None:
    """Marks that a filter hides on the screen."""
    if not keys:
        return None
    words = f"{len(keys):,} of the {of:,} marked are hidden by the filter: {named(keys)}"
    return replace(warn("filter", words), details=tuple(map(str, keys)))


def kept(chosen: Iterable[Server], patterns: Sequence[str]) -> Check | None:
    """Servers that a cull would leave alone, where somebody stops them by name."""
    found = [each.key for each in chosen if keeps(each.user.name, patterns)]
    if not found:
        return None
    words = f"hub.keep of the configuration names {named(found)}"
    return replace(warn("kept", words), details=tuple(map(str, found)))


def keeps(user: str, patterns: Sequence[str]) -> str:
    """The pattern of `hub.keep` that a user's name matches; "" for none."""
    return next((pattern for pattern in patterns if fnmatchcase(user, pattern)), "")


def coarse(seconds: float) -> Check | None:
    """A time so short that servers in use may count as idle."""
    if seconds >= COARSE:
        return None
    words = f"{precise(seconds)} is short: servers tell of activity every 5 minutes only"
    return warn("idle time", words)


def scope(caller: Caller | None, uses: Sequence[Use], what: str) -> Check:
    """Whether the token has the scopes for something."""
    if caller is None or not caller.scopes:
        return warn("token", "the hub does not tell what its token may do")
    missing = lacking(uses, caller.scopes)
    if not missing:
        return ok("token", f"the token of {caller.name} may {what}")
    words = f"the token of {caller.name} lacks {', '.join(missing)}"
    return warn("token", words) if "!" in missing[0] else stop("token", words)


def notices(chosen: Sequence[Server], now: datetime) -> tuple[str, ...]:
    """What the users notice."""
    if not chosen:
        return ()
    users = len({each.user.name for each in chosen})
    recent = sum(_in_use(each, now) for each in chosen)
    told = [
        f"{counted(users, 'user')} see{'s' if users == 1 else ''} the server gone; kernels and "
        "terminals end, and what is not saved is lost. Files in the home directory stay.",
        "They start again from the hub's page, which takes as long as a spawn does.",
    ]
    if recent:
        told.insert(0, f"{counted(recent, 'server')} may be in use right now.")
    return tuple(told)
