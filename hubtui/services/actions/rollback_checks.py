"""The check of a rollback's target."""

from __future__ import annotations

from hubtui.model.plan import Check
from hubtui.model.release import Status
from hubtui.services.actions.common import ok, stop, warn
from hubtui.services.actions.release_facts import Facts


def target_is_complete(facts: Facts) -> Check:
    """Whether the target, and the current revision that helm reads too, can be used."""
    name = "target is complete"
    for side in (facts.target, facts.current):
        number = side.head.revision
        if side.error:
            return stop(name, f"revision {number} cannot be read: {side.error}")
    target = facts.target
    number = target.head.revision
    if target.broken:
        first = target.broken[0]
        line = f", line {first.line}" if first.line else ""
        return stop(name, f"revision {number}: {first.title}{line}: {first.error}")
    hooks = len(target.content.hooks) if target.content else 0
    evidence = f"revision {number} decodes: {len(target.resources)} objects, {hooks} hooks"
    status = target.head.status
    if target.head is facts.newest and not status.pending:
        return warn(name, f"{evidence}; it is the newest one: only edits by hand are undone")
    if status.pending or status in (Status.UNINSTALLING, Status.UNINSTALLED):
        return stop(name, f"{evidence}; but it is {status}: it never worked", overridable=True)
    if status is Status.FAILED:
        return warn(name, f"{evidence}; but it failed: it was never deployed as a whole")
    if repeated := [item for item in target.resources if item.repeated]:
        item = repeated[0]
        one = item.repeated[0]
        words = f"{item.title} has {one.key} twice (line {one.line}): helm takes the last one"
        more = f", and {len(repeated) - 1} more objects" if len(repeated) > 1 else ""
        return warn(name, f"{evidence}; {words}{more}")
    return ok(name, evidence)
