"""Who deployed last: what the revision says of itself, what the server and our journal say.

Helm stores no author. The server keeps which program wrote the revision's record, and when
(metadata.managedFields); the journal keeps who did what from this machine.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Final

import msgspec

from hubtui.clients.gate import Call
from hubtui.errors import ApiError, RefusedError
from hubtui.model.age import precise, seconds_between
from hubtui.model.description import described
from hubtui.model.managed_fields import Owner, Owners
from hubtui.model.plan import Check
from hubtui.model.release import RevisionHead
from hubtui.model.text import one_line
from hubtui.services.actions import ActionSession
from hubtui.services.actions.common import ok, warn
from hubtui.services.actions.release_facts import Facts
from hubtui.services.journal import Entry
from hubtui.services.releases import storage_kind

NAME: Final = "last deployment"


async def check(session: ActionSession, facts: Facts, now: datetime) -> Check:
    """What is replaced, when it came and by whom. Raises UnreachableError."""
    head = facts.current.head
    written, entry = await asyncio.gather(
        _written(session, head), asyncio.to_thread(_ours, session, head)
    )
    return verdict(facts, written, entry, now)


def verdict(facts: Facts, written: Owner | None, entry: Entry | None, now: datetime) -> Check:
    """The words. `written` is who wrote the revision's record last, `entry` our own journal's."""
    side, newest = facts.current, facts.newest
    number = side.head.revision
    if side.payload is None:
        return warn(NAME, f"revision {number} cannot be read: {side.error}")
    ago = _ago(side.payload.last_deployed, now)
    said = one_line(described(side.payload, facts.redactor))
    words = [f"revision {number}, {side.head.status}{ago}, {side.payload.chart.label}: {said}"]
    if written is not None:
        words.append(f"its record was written by {written.manager}{_ago(written.time, now)}")
    else:
        words.append("? the server does not say which program wrote it")
    if entry is not None:
        words.append(f"in this machine's journal: {entry.action} by {entry.who}")
    else:
        words.append("not from this machine's journal")
    if newest.revision == number:
        return ok(NAME, "; ".join(words))
    return warn(
        NAME, "; ".join([*words, f"since then revision {newest.revision} is {newest.status}"])
    )


def _ago(when: datetime | None, now: datetime) -> str:
    return f" {precise(seconds_between(when, now))} ago" if when else ""


async def _written(session: ActionSession, head: RevisionHead) -> Owner | None:
    """Who wrote the revision's record last, from its metadata alone."""
    kind = storage_kind(session.settings.helm_driver)
    only = {"fieldSelector": f"metadata.name={head.object_name}"}
    try:
        answer = await session.client.request(
            Call("list", kind.resource, session.namespace, query=only), kind=kind
        )
        found: dict[str, Any] = msgspec.json.decode(answer, type=dict[str, Any])
    except (ApiError, msgspec.DecodeError):
        return None
    items = found.get("items")
    live = items[0] if isinstance(items, list) and items else {}
    return Owners.of(live).last() if isinstance(live, dict) else None


def _ours(session: ActionSession, head: RevisionHead) -> Entry | None:
    try:
        return session.operations.that_made(head.release, head.revision)
    except RefusedError:
        return None
