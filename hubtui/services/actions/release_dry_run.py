"""What the server would refuse of a new revision: each object applied as helm 4 would, but dry.

helm itself has no dry run that sends its writes (design §3). A conflict with somebody's edit
by hand ends a real one half-way, with no revision deployed; so does a field that cannot change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from hubtui.clients.gate import Call
from hubtui.clients.kube import KubeClient
from hubtui.errors import ApiError, NotFoundError, ReadOnlyError
from hubtui.model import kube
from hubtui.model.kinds import Kind
from hubtui.model.manifest import Resource
from hubtui.model.plan import Check, Level
from hubtui.services.actions.release_facts import Facts
from hubtui.services.actions.release_rights import resource_of
from hubtui.services.feeds import REVIEWS_AT_ONCE

NAME: Final = "dry run"
NAMED: Final = 3
"""Refusals that are told in full; the others are counted."""

_APPLY: Final = {"dryRun": "All", "fieldManager": "helm", "force": "false"}
"""helm 4's field manager, and that it does not overrule others (facts.md §5.4)."""


async def check(client: KubeClient, facts: Facts, namespace: str) -> Check | None:
    """Asks for every object; None where helm would not apply on the server's side.

    Raises UnreachableError.
    """
    if not facts.server_side:
        return None
    at_once = asyncio.Semaphore(REVIEWS_AT_ONCE)

    async def one(item: Resource) -> str:
        async with at_once:
            # The server repeats what it refuses, a Secret's values too.
            return facts.redactor.mask_text(await _refusal(client, item, namespace))

    items = facts.target.resources
    try:
        answers = await asyncio.gather(*(one(item) for item in items))
    except ReadOnlyError:
        return Check(NAME, Level.WARN, "not asked: hubtui is read-only")
    return _verdict(items, answers)


async def _refusal(client: KubeClient, item: Resource, namespace: str) -> str:
    """Why the server would refuse an object; empty when it would take it."""
    plural, _, _group = resource_of(item)[0].partition(".")
    group, _, version = item.api_version.rpartition("/")
    where = item.key(namespace).namespace
    kind = Kind(group, version, plural, item.kind, kube.Object, namespaced=bool(where))
    call = Call("patch", kind.resource, where, item.name, query=_APPLY)
    try:
        await client.request(
            call, kind=kind, body=item.body, content_type="application/apply-patch+yaml"
        )
    except NotFoundError:
        return "the server knows no such kind"
    except ApiError as error:
        return error.what.removeprefix(f"{call}: ")
    return ""


def _verdict(items: Sequence[Resource], answers: Sequence[str]) -> Check:
    refused = [(item, why) for item, why in zip(items, answers, strict=True) if why]
    if not refused:
        return Check(NAME, Level.OK, f"the server would take all {len(items)} objects")
    details = tuple(f"{item.title}: {why}" for item, why in refused)
    told = "; ".join(details[:NAMED])
    more = f"; and {len(refused) - NAMED} more" if len(refused) > NAMED else ""
    evidence = f"the server would refuse {len(refused)} of {len(items)} objects: {told}{more}"
    return Check(NAME, Level.STOP, evidence, overridable=True, details=details)
