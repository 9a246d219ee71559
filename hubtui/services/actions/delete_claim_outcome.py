"""How a run over claims ended, in words: how many, which not and why, and what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from hubtui.errors import NotFoundError
from hubtui.model.kinds import CLAIMS
from hubtui.model.plan import FailedObject, Outcome, Result
from hubtui.model.why_facts import listed
from hubtui.services.actions import ActionSession
from hubtui.services.actions.common import counted
from hubtui.services.actions.delete_claim_run import STATES, Deletions, End, Fate
from hubtui.services.actions.delete_claim_steps import KIND, kept, step

NAMED: Final = 30
"""Claims that an outcome names of a kind; the rest is counted. The plan has all of them."""

_AGAIN: Final = "Plan again: what is left is in the new plan."


def outcome_of(run: Deletions) -> Outcome:
    """The outcome of a run."""
    failed = run.of(Fate.FAILED)
    steps = tuple(step(end.claim.name, STATES[end.fate], end.words) for end in run.ends)
    return Outcome(
        _result(run),
        _summary(run),
        failed=tuple(FailedObject(KIND, end.claim.name, end.words) for end in failed[:NAMED]),
        next_steps=(_AGAIN,) if run.of(Fate.LEFT) else (),
        notes=tuple(_notes(run)),
        steps=kept(steps),
    )


def _result(run: Deletions) -> Result:
    if run.refused or run.of(Fate.FAILED):
        return Result.FAILED
    return Result.INTERRUPTED if run.interrupted else Result.OK


def _summary(run: Deletions) -> str:
    done, of = len(run.of(Fate.DELETED)), len(run.ends)
    words = f"{counted(of, 'claim')} deleted"
    if done != of:
        words = f"{done:,} of {words}"
    parts = [
        f"{len(ends):,} {fate.value}"
        for fate in (Fate.GONE, Fate.SKIPPED, Fate.FAILED, Fate.LEFT)
        if (ends := run.of(fate))
    ]
    whole = ", ".join([words, *parts])
    if run.refused:
        return f"{whole}: nothing more was begun"
    return f"{whole}: it was interrupted" if run.interrupted else whole


def _notes(run: Deletions) -> Iterator[str]:
    if run.refused:
        yield run.refused
    deleted = run.of(Fate.DELETED)
    if deleted:
        yield f"deleted: {_named(deleted)}"
    volumes = [end.claim.stays for end in deleted if end.claim.stays]
    if volumes:
        yield f"volumes that stay, Released: {listed(volumes, NAMED)}"
    for end in (*run.of(Fate.SKIPPED), *run.of(Fate.GONE))[:NAMED]:
        yield f"{end.claim.name}: {end.words or 'it was not there any more'}"
    if left := run.of(Fate.LEFT):
        yield f"left: {_named(left)}"


def _named(ends: Sequence[End]) -> str:
    return listed([end.claim.name for end in ends], NAMED)


async def left_by(session: ActionSession, planned: Sequence[tuple[str, str]]) -> Outcome:
    """What a run that nobody watched has left of claims, each with its uid. Raises
    UnreachableError, DeniedError."""
    there: list[str] = []
    leaving: list[str] = []
    for name, uid in planned:
        try:
            claim = await session.client.get(CLAIMS, session.namespace, name)
        except NotFoundError:
            continue
        if claim.metadata.uid == uid:
            (leaving if claim.metadata.deletion_timestamp else there).append(name)
    of = counted(len(planned), "claim")
    notes = [f"on the way out: {listed(leaving, NAMED)}"] if leaving else []
    if not there and not leaving:
        return Outcome(Result.OK, f"hubtui was ended; none of the {of} is there any more")
    if there:
        notes.append(f"left: {listed(there, NAMED)}")
    words = f"hubtui was ended; {len(there):,} of {of} {'was' if len(there) == 1 else 'were'} not"
    return Outcome(
        Result.INTERRUPTED,
        f"{words} deleted",
        notes=tuple(notes),
        next_steps=(_AGAIN,) if there else (),
    )
