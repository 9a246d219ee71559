"""What was changed by hand since the current revision: a rollback takes it away."""

from __future__ import annotations

from typing import Final

from hubtui.clients.kube import KubeClient
from hubtui.model.diff import ObjectDiff, RevisionDiff
from hubtui.model.plan import Check
from hubtui.services.actions.common import counted, ok, warn
from hubtui.services.actions.rollback_facts import Facts
from hubtui.services.drift import Drift

NAME: Final = "edits by hand"
NAMED: Final = 3


async def check(client: KubeClient, facts: Facts) -> Check | None:
    """Compares the current revision with the cluster; None where it cannot be read.

    Raises UnreachableError.
    """
    payload = facts.current.payload
    if payload is None:
        return None
    found = await Drift(client).compare(payload, facts.redactor)
    return verdict(found, same=facts.target.head.revision == facts.newest.revision)


def verdict(found: RevisionDiff, *, same: bool) -> Check:
    """What was found, in words; with `same` it is what the rollback is for."""
    edited = [each for each in found.objects if each.counted]
    unread = f"; ? {counted(len(found.unread), 'object')} not read" if found.unread else ""
    if not edited:
        return ok(NAME, f"none: the cluster is as revision {found.before} says{unread}")
    words = "; ".join(_words(each) for each in edited[:NAMED])
    more = f"; and {len(edited) - NAMED} more objects" if len(edited) > NAMED else ""
    if same:
        return ok(NAME, f"these are undone: {words}{more}{unread}")
    return warn(NAME, f"a rollback may undo: {words}{more}{unread}")


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
