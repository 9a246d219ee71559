"""The cull forecast in one sentence: when a server goes and why, or why it never does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from hubtui.model.age import precise
from hubtui.model.hub import HubServer, HubUser

if TYPE_CHECKING:
    from hubtui.model.idle import CullRule

Runs = tuple[datetime, datetime]
"""A run of the culler: the earliest and the latest time that it can have."""

_NEAR: Final = timedelta(seconds=60)


def clock(moment: datetime, now: datetime) -> str:
    """A time of day as the operator's clock has it, with the date where that is not today's."""
    local = moment.astimezone()
    time = f"{local.hour:02}:{local.minute:02}"
    return time if local.date() == now.astimezone().date() else f"{local.date()} {time}"


def off(rule: CullRule) -> str:
    """Why the culler stops nothing at all; empty where it does its work."""
    if not rule.known:
        return "the values in force tell no cull settings"
    if not rule.enabled:
        return "culling is off (cull.enabled: false)"
    if rule.unread:
        return f"the culler cannot start: {', '.join(rule.unread)} is no whole number"
    if rule.every <= 0:
        cause = f"half of cull.timeout, {rule.timeout} s," if rule.halved else "cull.every"
        return f"the culler cannot start: {cause} is no interval"
    if rule.concurrency < 0:
        return "each run of the culler fails: cull.concurrency is negative"
    return ""


def never(server: HubServer, rule: CullRule) -> str:
    """Why no run stops a server."""
    if not rule.known:
        return f"not known: {rule.off}"
    if rule.off:
        return f"never, because {rule.off}"
    if server.pending:
        return f"passed over while its {server.pending} is pending; forecast again after that"
    if server.stopped:
        return "never, because it is stopped"
    if not server.ready:
        return "passed over while it is not ready; forecast again after that"
    if not rule.takes(server):
        kind = "named" if server.name else "default"
        return f"never, because {kind} servers are not culled when idle and there is no maximum age"
    if server.started is None and server.last_activity is None:
        return "never, because neither its start nor an activity is known"
    return "never, because the time it is given ends on no date"


def goes(
    server: HubServer, rule: CullRule, by_idle: bool, runs: Runs, now: datetime, renewed: bool
) -> str:
    """When a server goes and by which rule."""
    looks = f"looked at every {precise(rule.every)}"
    if not by_idle:
        begun = f"started {_shown(server.started, now)}"
        limit = f"by the maximum age: {precise(rule.max_age)}"
        return f"{begun}; culled {_when(runs, now)} {limit}, {looks}"
    if server.last_activity is None:
        begun = f"no activity since its start {_shown(server.started, now)}"
    else:
        begun = f"idle since {_shown(server.last_activity, now)}"
    limit = f"by the idle rule: timeout {precise(rule.timeout)}"
    if not renewed:
        return f"{begun}; culled {_when(runs, now)} {limit}, {looks}"
    end = "the maximum age" if rule.max_age else "no rule"
    begun = begun.replace("idle since", "in use: active", 1)
    return (
        f"{begun}, and anew at each of the last looks; culled not before {clock(runs[0], now)} "
        f"{limit}, {looks}; while that goes on {end} stops it"
    )


def _shown(moment: datetime | None, now: datetime) -> str:
    return "?" if moment is None else clock(moment, now)


def _when(runs: Runs, now: datetime) -> str:
    first, last = runs
    if last - first <= _NEAR:
        return f"at {clock(first, now)}"
    return f"between {clock(first, now)} and {clock(last, now)}"


def stays(user: HubUser, rule: CullRule) -> str:
    """Why no run deletes a user."""
    if not rule.known or rule.off:
        return f"{'never, because' if rule.known else 'not known:'} {rule.off}"
    if not rule.users:
        return "never, because users are not culled (cull.users: false)"
    if user.admin and not rule.admin_users and not rule.max_age:
        return "never, because admins are not culled (cull.adminUsers: false); their servers are"
    if user.servers:
        return "not while a server is there that no run stops"
    return "never, because neither an activity nor the creation is known"


def removed(runs: Runs, now: datetime) -> str:
    """When a user is deleted."""
    return f"deleted {_when(runs, now)} by cull.users: true, and their claim by KubeSpawner with it"
