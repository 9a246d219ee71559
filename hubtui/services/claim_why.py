"""Reads what explains a claim; what the session has read already is not asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubtui.errors import HubtuiError, NotFoundError
from hubtui.model import kube
from hubtui.model.kinds import CLAIMS
from hubtui.model.why_claim import ClaimFacts, why_claim
from hubtui.model.why_facts import Missing, Why
from hubtui.services.events_of import events_of

if TYPE_CHECKING:
    from hubtui.services.session import Session


async def of_claim(session: Session, name: str) -> Why:
    """What explains one claim, as `session.storage` has it. Raises NotFoundError."""
    storage = session.storage
    row = storage.row(name)
    if row is None:
        raise NotFoundError(f"There is no claim {name!r}", status=404)
    missing = [
        Missing(source, store.health.error.what)
        for source, store in (("storage classes", storage.classes), ("volumes", storage.volumes))
        if store.health.error is not None
    ]
    events: list[kube.Event] = []
    try:
        events = await events_of(session.client, session.namespace, CLAIMS.kind, name)
    except HubtuiError as error:
        missing.append(Missing("events", error.what))
    known = storage.classes.complete, storage.volumes.complete
    return why_claim(
        ClaimFacts(
            row.claim,
            classes={each.metadata.name: each for each in storage.classes} if known[0] else None,
            volumes={each.metadata.name: each for each in storage.volumes} if known[1] else None,
            pods=row.mounted_by,
            events=events,
            missing=tuple(missing),
        )
    )
