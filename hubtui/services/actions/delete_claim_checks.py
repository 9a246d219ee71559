"""What is looked at before claims are deleted, and who notices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from hubtui.errors import ApiError
from hubtui.model.age import age
from hubtui.model.kinds import CLAIMS
from hubtui.model.leftovers import DELETE, RETAIN, Kind
from hubtui.model.plan import Check
from hubtui.model.quantity import short_size
from hubtui.model.why_facts import listed
from hubtui.services.actions import ActionSession
from hubtui.services.actions.common import counted, ok, stop, warn
from hubtui.services.actions.delete_claim_facts import Chosen, ClaimFacts, of_kind
from hubtui.services.feeds import REVIEWS_AT_ONCE

CLAIM_LIST: Final = "claims"
"""The check that names all claims of a plan."""

PROTECTION: Final = "kubernetes.io/pvc-protection"
"""Keeps a claim until no pod mounts it; the cluster's own."""


def checks(facts: ClaimFacts, hidden: Sequence[str]) -> Iterator[Check]:
    """All checks but that of the rights. What a claim alone may pass, several may not: each of
    these has to be named by itself."""
    chosen, alone = facts.chosen, len(facts.chosen) == 1
    yield claims(chosen, facts.at)
    yield from _who(facts, alone=alone)
    none = ((each, each.verdict.words) for each in chosen if _is_none(each, facts))
    yield from _each_alone("leftover", none, alone=alone)
    if chosen and all(each.verdict.kind for each in chosen):
        yield ok("leftover", "; ".join(_first([each.verdict.words for each in chosen])))
    doubted = ((each, each.verdict.doubt) for each in chosen if _in_doubt(each))
    yield from _each_alone("look first", doubted, alone=alone)
    yield from _held(chosen)
    yield data(chosen)
    yield from _remembered(facts)
    yield from _newer(facts)
    if hidden:
        words = f"{len(hidden):,} of the {len(chosen):,} marked are hidden by the filter"
        yield replace(warn("filter", f"{words}: {listed(list(hidden))}"), details=tuple(hidden))
    for each in facts.missing:
        if each.source != "hub":
            yield warn(each.source, each.reason)


def claims(chosen: Sequence[Chosen], now: datetime) -> Check:
    """All claims with their size, use, owner and what becomes of the data."""
    sizes = [each.leftover.size for each in chosen if each.leftover.size is not None]
    whole = "" if len(sizes) == len(chosen) else "≥ "
    names = listed([each.name for each in chosen], 5)
    words = f"{counted(len(chosen), 'claim')}, {whole}{short_size(sum(sizes))} in all: {names}"
    return replace(ok(CLAIM_LIST, words), details=tuple(line(each, now) for each in chosen))


def line(each: Chosen, now: datetime) -> str:
    """One claim of a plan in one line."""
    left = each.leftover
    parts = [
        f"of {left.owner}" if left.owner else "of whom is not told",
        short_size(left.size) if left.size is not None else "size ?",
        f"used {short_size(left.used)}" if left.used is not None else "used ?",
        f"last used {age(left.last_used, now)} ago" if left.last_used else "last use not known",
        f"made {age(left.created, now)} ago" if left.created else "",
        f"volume {left.volume}" if left.volume else "",
    ]
    return f"{each.name}: {', '.join(part for part in parts if part)}; {each.fate}"


def _who(facts: ClaimFacts, *, alone: bool) -> Iterator[Check]:
    """Whether the hub's list can be relied on, and what is never deleted."""
    name = "hub's users"
    if facts.untold:
        yield stop(
            name, f"{facts.refusal}; nor does it say whether it has {listed(sorted(facts.untold))}"
        )
    elif facts.refusal:
        yield stop(name, facts.refusal, overridable=alone)
    elif facts.listing is not None:
        yield ok(name, f"{counted(len(facts.listing.users), 'user')}, all of them read just now")
    hard = [each for each in facts.chosen if each.verdict.hard]
    if hard:
        yield _of_each(stop, "protected", ((each, each.verdict.words) for each in hard))


def _is_none(each: Chosen, facts: ClaimFacts) -> bool:
    """Whether a claim is no leftover, for a reason of its own."""
    told = each.verdict.kind is None and not each.verdict.hard
    return told and not (facts.refusal and facts.refusal in each.verdict.words)


def _in_doubt(each: Chosen) -> bool:
    return bool(each.verdict.doubt) and each.claim.metadata.deletion_timestamp is None


def _each_alone(name: str, found: Iterable[tuple[Chosen, str]], *, alone: bool) -> Iterator[Check]:
    """A stop that a claim which is named alone may pass."""
    found = list(found)
    if found:
        check = _of_each(stop, name, found)
        if not alone:
            check = replace(check, evidence=f"{check.evidence}. Such a claim is deleted alone")
        yield replace(check, overridable=alone)


def _held(chosen: Sequence[Chosen]) -> Iterator[Check]:
    """What keeps claims, or takes them away already."""
    leaving = [each for each in chosen if each.claim.metadata.deletion_timestamp is not None]
    if leaving:
        words = [(each, "is being deleted already, and kept by what mounts it") for each in leaving]
        yield _of_each(stop, "deleted", words)
    kept = [
        (each, f"kept by {', '.join(others)}")
        for each in chosen
        if (others := [f for f in each.claim.metadata.finalizers if f != PROTECTION])
    ]
    if kept:
        yield _of_each(warn, "finalizers", kept)


def data(chosen: Sequence[Chosen]) -> Check:
    """What becomes of the data: the policy of each volume decides."""
    gone = [each for each in chosen if each.claim.spec.volume_name and each.reclaim == DELETE]
    kept = [each for each in chosen if each.reclaim == RETAIN]
    bare = [each for each in chosen if not each.claim.spec.volume_name]
    other = len(chosen) - len(gone) - len(kept) - len(bare)
    parts = (
        (len(gone), f"{counted(len(gone), 'disk')} deleted with the data"),
        (len(kept), f"{counted(len(kept), 'volume')} kept, Released, with the data"),
        (len(bare), f"{counted(len(bare), 'claim')} without a volume"),
        (other, f"{counted(other, 'claim')} of whose data it is not known"),
    )
    words = ", ".join(said for number, said in parts if number)
    found = warn("data", words) if gone or other else ok("data", words)
    return replace(found, details=tuple(f"{each.name}: {each.fate}" for each in chosen))


def _remembered(facts: ClaimFacts) -> Iterator[Check]:
    """Whether somebody who has another name now may have one of them."""
    absent, listing = of_kind(facts.chosen, Kind.NO_USER), facts.listing
    if absent and listing is not None and not listing.tells_claims:
        yield warn(
            "renamed users",
            "a user who was renamed keeps the claim of the old name, and the hub does not tell: "
            "that takes the scope admin:server_state",
        )


def _newer(facts: ClaimFacts) -> Iterator[Check]:
    """Claims from after the hub's newest user: a database that was put back from a copy lacks those
    who came since."""
    newest = facts.listing.newest() if facts.listing is not None else None
    if newest is None:
        return
    late = [
        each.name
        for each in of_kind(facts.chosen, Kind.NO_USER)
        if (made := each.claim.metadata.creation_timestamp) is not None and made > newest
    ]
    if late:
        words = f"made after the hub's newest user came: {listed(late)}"
        yield warn("newer", f"{words}. Is its database an older copy?")


def _of_each(
    level: Callable[[str, str], Check], name: str, found: Iterable[tuple[Chosen, str]]
) -> Check:
    """A check that names the first claims with the reason of each, all in its details."""
    details = [f"{each.name}: {words}" for each, words in found]
    return replace(level(name, "; ".join(_first(details))), details=tuple(details))


def _first(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:3]
    if len(lines) > 3:
        yield f"and {len(lines) - 3:,} more"


async def rights(session: ActionSession, chosen: Sequence[Chosen]) -> Check:
    """Whether the caller may delete each. Raises UnreachableError."""
    turn = asyncio.Semaphore(REVIEWS_AT_ONCE)
    what = f"delete {CLAIMS.resource}"

    async def may(name: str) -> bool:
        async with turn:
            return await session.client.can_i("delete", CLAIMS.resource, session.namespace, name)

    try:
        if await may(""):
            return ok("rights", f"{what}: allowed, all of the namespace")
        each = await asyncio.gather(*(may(one.name) for one in chosen))
    except ApiError as error:
        return warn("rights", f"cannot be asked: {error.what}")
    lacking = [one.name for one, allowed in zip(chosen, each, strict=True) if not allowed]
    if not lacking:
        return ok("rights", f"{what}: allowed for each")
    return stop("rights", f"no right to {what} {listed(lacking)}")


def notices(chosen: Sequence[Chosen]) -> Iterator[str]:
    """Who notices."""
    gone = of_kind(chosen, Kind.NO_USER)
    if gone:
        yield (
            f"{counted(len(gone), 'claim')} of users whom the hub does not have: one who comes "
            "back under the same name starts with an empty home."
        )
    others = sorted({e.leftover.owner for e in chosen if e.leftover.owner and e not in gone})
    if others:
        yield f"Gone is what {listed(others, 5)} had in there, whom the hub has."
    yield "Pods are not touched: a claim that a pod mounts is not deleted."


def undo(chosen: Sequence[Chosen]) -> str:
    """The way back, if there is one."""
    if all(each.reclaim == RETAIN for each in chosen):
        return (
            "each volume stays with its data: kubectl patch pv VOLUME -p "
            """'{"spec":{"claimRef":null}}' sets it free for a new claim"""
        )
    return "there is none for a disk that was deleted, but a backup or a snapshot of it"
