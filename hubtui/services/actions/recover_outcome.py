"""What marking a revision has come to: revision, status, manifest in force, workloads."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from hubtui.errors import ApiError, DecodeError, HubtuiError, UnreachableError
from hubtui.model.diff import RevisionDiff
from hubtui.model.diff_content import content_steps
from hubtui.model.plan import Outcome, Result
from hubtui.model.release import Payload, RevisionHead, Status, in_force
from hubtui.model.text import one_line
from hubtui.services.actions import ActionSession, following
from hubtui.services.actions.common import counted
from hubtui.services.actions.release_facts import heads_of
from hubtui.services.drift import Drift
from hubtui.services.rollouts import Look, Rollouts, targets_of
from hubtui.services.unhurried import unhurried

ASK_AGAIN: Final = 60.0
"""Seconds for which a cluster that does not answer is asked whether it took the write."""

_NAMED: Final = 3


async def has_status(session: ActionSession, revision: int, status: Status) -> bool:
    """Whether a write whose answer was lost has arrived. Raises UnreachableError."""
    loop = asyncio.get_running_loop()
    limit = loop.time() + ASK_AGAIN
    while True:
        try:
            heads = await heads_of(session)
        except UnreachableError:
            if loop.time() > limit:
                raise
        else:
            return any(head.revision == revision and head.status is status for head in heads)
        await asyncio.sleep(following.CADENCE)


def not_marked(revision: int, was: str, error: HubtuiError, kept: Path) -> Outcome:
    """The server did not take it, or it is not known whether it did."""
    if isinstance(error, UnreachableError):
        return Outcome(
            Result.INTERRUPTED,
            f"Whether revision {revision} was marked is not known: {error.what}",
            notes=(_kept(str(kept)),),
            next_steps=("Once the cluster answers, `hubtui history` says what it is.",),
        )
    return Outcome(
        Result.FAILED,
        f"Revision {revision} was not marked and stays {was}: {error.what}",
        notes=(_kept(str(kept)),),
        next_steps=("Look at a new plan.",),
    )


async def marked(session: ActionSession, revision: int, kept: str) -> Outcome:
    """Looks at the release, and at what the revision in force asks of the cluster.

    Raises DeniedError, UnreachableError.
    """
    heads = await heads_of(session)
    if (wrong := await _disagrees(session, heads, revision)) is not None:
        return Outcome(Result.FAILED, wrong, notes=(_kept(kept),), revision=heads[0].revision)
    force = in_force(heads) or heads[0]
    deployed = force.status is Status.DEPLOYED
    done = f"Revision {revision} is failed"
    done += f", revision {force.revision} is deployed" if deployed else ", no revision is deployed"
    try:
        payload = await session.releases.payload(force)
        found = await Drift(session.client).compare(payload, await session.redactor())
        look = await _workloads(session, payload)
    except (ApiError, DecodeError, UnreachableError) as error:
        found, look = None, Look(error=f"the cluster was not compared: {error.what}")
    notes = [_manifest(found, force.revision), _ready(look)] if found is not None else []
    notes += [f"Not verified: {look.unseen}"] if look.unseen else []
    return Outcome(
        Result.UNVERIFIED if look.unseen else Result.OK,
        f"{done}: helm can upgrade again",
        notes=(*notes, _kept(kept)),
        next_steps=_next(found, force if deployed else None),
        revision=heads[0].revision,
        steps=look.steps,
    )


async def _disagrees(
    session: ActionSession, heads: tuple[RevisionHead, ...], revision: int
) -> str | None:
    """What of the record is not as it should be: the newest revision, its label, its payload."""
    newest = heads[0]
    if newest.revision != revision:
        return (
            f"Somebody has made revision {newest.revision} in the meantime: it is {newest.status}"
        )
    if newest.status is not Status.FAILED:
        return f"Revision {revision} is {newest.status} again: somebody else has changed it"
    try:
        inside = (await session.releases.payload(newest)).status
    except HubtuiError as error:
        return f"Revision {revision} is failed, but cannot be read: {error.what}"
    if inside is not Status.FAILED:
        return f"The label of revision {revision} says failed, what helm keeps inside says {inside}"
    return None


async def _workloads(session: ActionSession, payload: Payload) -> Look:
    """How far the workloads of a revision are."""
    documents = (await unhurried(content_steps(payload))).objects
    return await Rollouts(session.client, targets_of(documents, session.namespace)).look()


def _ready(look: Look) -> str:
    """Which workloads are not there as they should be; only told, since nothing was rolled out."""
    if not look.waiting:
        return f"{counted(len(look.steps), 'workload')} looked at: none waits."
    waiting = ", ".join(f"{step.title} {'/'.join(step.counts)}" for step in look.waiting[:_NAMED])
    return f"Not ready: {waiting}{_more(len(look.waiting))}."


def _manifest(found: RevisionDiff, revision: int) -> str:
    """Whether the cluster holds what a revision says."""
    edited = [each.title for each in found.objects if each.counted]
    unread = f"; {counted(len(found.unread), 'object')} could not be read" if found.unread else ""
    if not edited:
        return f"The cluster is as revision {revision} says{unread}."
    named = ", ".join(edited[:_NAMED]) + _more(len(edited))
    are = "is" if len(edited) == 1 else "are"
    return f"{named} {are} not as revision {revision} says{unread}."


def _more(count: int) -> str:
    return f" and {count - _NAMED} more" if count > _NAMED else ""


def _next(found: RevisionDiff | None, deployed: RevisionHead | None) -> tuple[str, ...]:
    steps = ["Upgrade again, from a place that lives as long as helm does."]
    if deployed is not None and found is not None and any(each.counted for each in found.objects):
        steps.append(
            f"Or roll back to {deployed.revision}: it undoes what the failed one had applied."
        )
    return tuple(steps)


def _kept(path: str) -> str:
    return f"The revision as it was is kept in {one_line(path)}, secrets among it."
