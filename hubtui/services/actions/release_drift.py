"""What was changed by hand since the revision in force: another revision may take it away."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hubtui.errors import ApiError, DecodeError
from hubtui.model.diff import ObjectDiff, RevisionDiff
from hubtui.model.plan import Check
from hubtui.model.release import Status, in_force
from hubtui.services.actions import ActionSession
from hubtui.services.actions.common import counted, ok, warn
from hubtui.services.actions.release_facts import Facts
from hubtui.services.drift import Drift

NAME: Final = "edits by hand"
NAMED: Final = 3


async def check(session: ActionSession, facts: Facts, what: str) -> Check:
    """Compares the revision in force with the cluster: a failed one has changed only a part of it.

    `what` is what may undo the edits: "a rollback".

    Raises UnreachableError.
    """
    newest = facts.newest
    force = in_force(facts.heads) or newest
    if newest.status.pending:
        why = f"revision {newest.revision} is {newest.status}: what it changes looks like an edit"
        return warn(NAME, f"? not compared: {why}")
    try:
        payload = facts.current.payload if force == newest else None
        payload = payload or await session.releases.payload(force)
    except (ApiError, DecodeError) as error:
        return warn(NAME, f"? not compared: revision {force.revision} cannot be read: {error.what}")
    found = await Drift(session.client).compare(payload, facts.redactor)
    checked = verdict(found, what, same=facts.target.head.revision == force.revision)
    if newest.status is not Status.FAILED:
        return checked
    part = f"revision {newest.revision} failed and may have applied a part of itself"
    return replace(checked, evidence=f"{checked.evidence}; {part}")


def verdict(found: RevisionDiff, what: str, *, same: bool) -> Check:
    """What was found, in words; with `same` it is what a rollback is for."""
    edited = [each for each in found.objects if each.counted]
    unread = f"; ? {counted(len(found.unread), 'object')} not read" if found.unread else ""
    since = f"since revision {found.before}"
    if not edited:
        return ok(NAME, f"none: the cluster is as revision {found.before} says{unread}")
    words = "; ".join(_words(each) for each in edited[:NAMED])
    more = f"; and {len(edited) - NAMED} more objects" if len(edited) > NAMED else ""
    if same:
        return ok(NAME, f"these are undone ({since}): {words}{more}{unread}")
    return warn(NAME, f"{what} may undo ({since}): {words}{more}{unread}")


def _words(each: ObjectDiff) -> str:
    if each.broken:
        return f"{each.title}: {each.broken}"
    changes = [change for change in each.changes if not change.noise]
    paths = [
        f"{change.path} (by {change.by})" if change.by else change.path
        for change in changes[:NAMED]
        if change.path
    ]
    more = f" and {len(changes) - NAMED} more" if len(changes) > NAMED else ""
    return f"{each.title}: {', '.join(paths) or each.kind.value}{more}"
