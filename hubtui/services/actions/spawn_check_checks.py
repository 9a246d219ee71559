"""What is looked at before a canary is started, and what its user notices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubtui.errors import ApiError
from hubtui.model.hub_scopes import OPERATOR
from hubtui.model.kinds import PODS
from hubtui.model.plan import Check
from hubtui.services.actions import ActionSession
from hubtui.services.actions.common import counted, ok, stop, warn
from hubtui.services.actions.spawn_check_facts import NAMED, Facts
from hubtui.services.actions.stop_checks import scope


async def checks(
    session: ActionSession, facts: Facts, options: Mapping[str, Any]
) -> tuple[Check, ...]:
    """All checks of a spawn check. Raises UnreachableError."""
    found = (
        _user(facts),
        _server(facts),
        named(facts),
        profile(facts, options),
        limit(facts),
        scope(facts.caller, OPERATOR, "start and stop servers"),
        await _sees_pods(session),
    )
    return tuple(check for check in found if check)


def notices(facts: Facts, *, keep: bool) -> tuple[str, ...]:
    """What the user and the hub notice of it."""
    key = facts.key
    told = [
        f"{key.user} sees a server that starts"
        + (" and goes on." if keep else " and goes again, should they look."),
        "A home that the user does not have yet is made by their first spawn, and stays.",
    ]
    most = facts.of_hub("consecutiveFailureLimit")
    most = 5 if most is None else most
    if most:
        times = "the next one" if most == 1 else f"{most} in a row"
        told.append(f"A spawn that fails counts: after {times} the hub restarts itself.")
    if key.server:
        told.append(f"The named server {key.server} stays in the user's list, stopped.")
    return tuple(told)


def _user(facts: Facts) -> Check:
    if facts.user is None:
        return stop("user", f"the hub has no user {facts.key.user}: they have never logged in")
    groups = f", groups {', '.join(facts.user.groups)}" if facts.user.groups else ""
    return ok(
        "user", f"{facts.user.name} is there{', an admin' if facts.user.admin else ''}{groups}"
    )


def _server(facts: Facts) -> Check | None:
    if facts.user is None:
        return None
    if facts.server is None:
        return ok("server", f"{facts.key} does not run")
    words = f"{facts.key} {facts.state}: it is somebody's work, and no canary"
    if facts.of_hub("allowNamedServers") and not facts.key.server:
        words += f"; --server {NAMED} starts another one beside it"
    return stop("server", words)


def named(facts: Facts) -> Check | None:
    """Whether the hub takes a named server."""
    if not facts.key.server or facts.unread:
        return None
    if facts.of_hub("allowNamedServers"):
        return ok("named servers", "hub.allowNamedServers is set")
    return warn("named servers", "hub.allowNamedServers is not set: the hub may refuse it")


def profile(facts: Facts, options: Mapping[str, Any]) -> Check | None:
    """Whether the values know the profile that is asked for."""
    wanted, known = options.get("profile"), facts.profiles()
    if wanted is None or facts.unread:
        return None
    if wanted in known:
        return ok("profile", f"{wanted} is in singleuser.profileList")
    if known:
        words = f"{wanted} is none of those that the values name: {', '.join(known)}"
        return warn("profile", words)
    return warn("profile", "the values name no profile; the hub may refuse it or take its default")


def limit(facts: Facts) -> Check | None:
    """Whether there is room for one more below `hub.activeServerLimit`."""
    if facts.active is None:
        return None
    words = f"{counted(facts.active, 'user')} with servers of {facts.limit} that may run"
    if facts.active >= facts.limit:
        return stop("limit", f"{words}: the hub refuses every other one", overridable=True)
    return ok("limit", words)


async def _sees_pods(session: ActionSession) -> Check | None:
    try:
        if await session.client.can_i("watch", PODS.resource, session.namespace):
            return None
    except ApiError:
        return None
    return warn("pods", "no right to watch pods: only the hub's own word is measured")
