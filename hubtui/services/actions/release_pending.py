"""Whether a helm may be at work on a release: what its newest revision and this machine tell."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hubtui.model.age import duration, precise, seconds_between
from hubtui.model.plan import Check
from hubtui.model.release import RevisionHead
from hubtui.services import journal
from hubtui.services.actions import ActionSession
from hubtui.services.actions.common import ok, stop, warn
from hubtui.services.actions.release_facts import heads_of

GRACE: Final = 3.0
"""Seconds between the two looks at a pending revision."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What is known of a helm that may be at work.

    `later` is the newest revision after the grace time, `live_here` the operation that holds the
    release's lock on this machine, `left_by` the ended operation that began the newest revision.
    """

    later: RevisionHead | None = None
    live_here: str = ""
    left_by: str = ""
    timeout: str = "10m"


async def look(session: ActionSession, newest: RevisionHead) -> Pending:
    """Looks at a pending revision twice: one that changes belongs to a helm at work.

    Raises DeniedError, UnreachableError.
    """
    later, left_by = None, ""
    operations, release = session.operations, session.release
    if newest.status.pending:
        await asyncio.sleep(GRACE)
        later = (await heads_of(session))[0]
        left_by = await asyncio.to_thread(operations.left_by, release, newest.revision)
    here = await asyncio.to_thread(operations.live_here, release)
    return Pending(later, here, left_by, session.settings.helm_timeout)


async def check(session: ActionSession, newest: RevisionHead) -> Check:
    """Whether a helm may be at work. Raises DeniedError, UnreachableError."""
    return nothing_is_running(newest, await look(session, newest), journal.now())


def nothing_is_running(newest: RevisionHead, look: Pending, now: datetime) -> Check:
    """Whether a helm may be at work.

    Only what runs on this machine can be seen: helm elsewhere is told by its pending revision.
    """
    name = "nothing is running"
    if look.live_here:
        return stop(name, f"on this machine: {look.live_here}")
    if not newest.status.pending:
        return ok(name, "no pending revision, no helm seen from here")
    what = f"revision {newest.revision} is {newest.status}"
    if look.later is None or _version(look.later) != _version(newest):
        return stop(name, f"{what} and has just changed: a helm is at work", overridable=True)
    if look.left_by:
        return warn(name, f"{what}: left by a {look.left_by}, whose helm has ended on this machine")
    since = newest.modified or newest.created
    if since is None:
        return stop(name, f"{what}, since when is unknown", overridable=True)
    age = seconds_between(since, now)
    words = f"{what} for {precise(age)}"
    if timedelta(seconds=age) <= duration(look.timeout):
        return stop(
            name,
            f"{words}: less than the timeout of {look.timeout}, a helm elsewhere may be at work",
            overridable=True,
        )
    return warn(
        name, f"{words} and unchanged for {GRACE:g} s, no helm seen from here: this is the way out"
    )


def _version(head: RevisionHead) -> tuple[str, str, str]:
    return head.uid, head.resource_version, head.status
