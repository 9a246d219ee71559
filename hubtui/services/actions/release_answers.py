"""What the cluster and this machine answer before helm writes a new revision, all asked at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from hubtui.model.plan import Check
from hubtui.services.actions import (
    ActionSession,
    release_drift,
    release_dry_run,
    release_images,
    release_notices,
    release_owner,
    release_pending,
    release_rights,
)
from hubtui.services.actions.release_facts import Facts
from hubtui.services.actions.release_rights import Need


@dataclass(frozen=True, slots=True)
class Answers:
    """A check for each question, None where there was nothing to ask; `quiet` says whether a helm
    may be at work, `edits` what was changed by hand.

    `servers` is how many user servers run; None when that may not be read.
    """

    rights: Check
    dry_run: Check | None
    quiet: Check
    owner: Check
    images: Check | None
    edits: Check
    servers: int | None


async def ask(
    session: ActionSession,
    facts: Facts,
    what: str,
    *,
    hooks: Sequence[Need] = (),
    pulled: frozenset[str] = frozenset(),
    otherwise: str = release_images.NOT_BEFORE,
) -> Answers:
    """Asks for all of it.

    `what` is what may undo edits: "a rollback"; `hooks` is what helm writes for those that run;
    `pulled` and `otherwise` are as `release_images.check` takes them.

    Raises DeniedError, UnreachableError.
    """
    client, namespace = session.client, session.namespace
    storage = "configmaps" if session.settings.helm_driver == "configmap" else "secrets"
    wanted = [*release_rights.needs(facts, namespace, storage), *hooks]
    (rights, dry_run, quiet, servers), (owner, images, edits) = await asyncio.gather(
        asyncio.gather(
            release_rights.check(client, wanted),
            release_dry_run.check(client, facts, namespace),
            release_pending.check(session, facts.newest),
            release_notices.count_servers(client, namespace, session.release),
        ),
        asyncio.gather(
            release_owner.check(client, facts, namespace),
            release_images.check(client, facts, pulled, otherwise),
            release_drift.check(session, facts, what),
        ),
    )
    return Answers(rights, dry_run, quiet, owner, images, edits, servers)
