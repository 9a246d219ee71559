"""What a deletion of claims is planned from: the claims as they are, and what is said of each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Final

from hubtui.errors import HubtuiError, UnreachableError, UsageError
from hubtui.model.hub import ServerKey
from hubtui.model.hub_listing import Listing
from hubtui.model.hub_scopes import Use, lacking
from hubtui.model.kube_needs import WholeClaim
from hubtui.model.leftovers import Kind, Leftover, Verdict, fate, owner_of, reclaim_of
from hubtui.model.plan import Basis
from hubtui.model.text import one_line
from hubtui.model.why_facts import Missing
from hubtui.services.actions import ActionSession
from hubtui.services.actions.common import who_answers
from hubtui.services.actions.stop_facts import hub_in_words, users_of

EACH: Final = 50
"""Claims up to which a basis names each; of more it has one word for all."""

NOT_ASKED: Final = "not reached"
"""Which hub it is, where none answers."""

_NAMES: Final = (Use("whom there is", ("read:users:name", "read:users", "list:users")),)

_LIKE: Final = 5


@dataclass(frozen=True, slots=True)
class Chosen:
    """A claim that is to be deleted, and what is said of it. `leftover` has its use and size, also
    where it is none; `reclaim` is the policy of its volume."""

    claim: WholeClaim
    verdict: Verdict
    leftover: Leftover
    reclaim: str

    @property
    def name(self) -> str:
        return self.claim.metadata.name

    @property
    def owner(self) -> ServerKey | None:
        """Whose it was, by its annotation."""
        return owner_of(self.claim)

    @property
    def fate(self) -> str:
        """What becomes of its data."""
        return fate(self.claim.spec.volume_name, self.reclaim)

    @property
    def standing(self) -> str:
        """This very claim, what is said of it and what becomes of its data, in words: what a plan
        rests on."""
        meta = self.claim.metadata
        words = f"{self.verdict.words}; {self.fate}"
        return f"{words} (version {meta.resource_version} of {meta.uid})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFacts:
    """What was read at `at`. `unknown` are names of which there is no claim, `refusal` why nobody
    may be called gone; then `absent` are those of whom the hub said, asked by name, that it has
    none, and `untold` those of whom it does not say."""

    at: datetime
    chosen: tuple[Chosen, ...]
    unknown: tuple[str, ...]
    there: tuple[str, ...]
    listing: Listing | None
    refusal: str
    absent: frozenset[str]
    untold: frozenset[str]
    missing: tuple[Missing, ...]
    basis: Basis


async def read(session: ActionSession, names: Sequence[str]) -> ClaimFacts:
    """Reads claims, pods, volumes and the hub's users anew. Raises DeniedError, UnreachableError
    where claims or pods cannot be read."""
    facts = await session.leftovers.read()
    claims = [facts.claims[name] for name in names if name in facts.claims]
    there = await _there(session, claims) if facts.refusal else {}
    chosen = []
    for claim in claims:
        verdict, volume = _unless_there(facts.verdict(claim), claim, there), facts.volume_of(claim)
        shown = session.leftovers.described(facts, claim, verdict)
        chosen.append(Chosen(claim, verdict, shown, reclaim_of(claim, volume)))
    answers = await who_answers(session)
    return ClaimFacts(
        at=facts.at,
        chosen=tuple(chosen),
        unknown=tuple(name for name in names if name not in facts.claims),
        there=tuple(facts.claims),
        listing=facts.listing,
        refusal=facts.refusal,
        absent=frozenset(user for user, known in there.items() if known is False),
        untold=frozenset(user for user, known in there.items() if known is None),
        missing=facts.missing,
        basis=Basis.of({**answers, "hub": await _hub(session), **_standings(chosen)}),
    )


async def _there(session: ActionSession, claims: Iterable[WholeClaim]) -> dict[str, bool | None]:
    """Whether the hub has the users of claims, each asked for by name: a list that may lack
    somebody says nothing of them. None where it does not say; empty where no hub is reached."""
    owners = dict.fromkeys(owner.user for claim in claims if (owner := owner_of(claim)))
    try:
        hub = await session.hub_link.open()
    except HubtuiError:
        return {}
    try:
        found = await users_of(hub, list(owners))
    except UnreachableError:
        return {}
    except HubtuiError:
        return dict.fromkeys(owners)
    caller = session.hub_link.caller
    # Of a user whom its token is not to know of the hub says that there is none.
    blind = caller is None or bool(lacking(_NAMES, caller.scopes))
    return {user: True if user in found else None if blind else False for user in owners}


def _unless_there(verdict: Verdict, claim: WholeClaim, there: Mapping[str, bool | None]) -> Verdict:
    """What is said of a claim, where the list cannot be relied on and its user was asked for."""
    owner = owner_of(claim)
    if owner is None or verdict.hard or not there.get(owner.user):
        return verdict
    return Verdict(f"it is of {owner.user}, whom the hub has", hard=True)


async def _hub(session: ActionSession) -> str:
    try:
        return await hub_in_words(session)
    except HubtuiError:
        return NOT_ASKED


def _standings(chosen: Iterable[Chosen]) -> dict[str, str]:
    found = {f"claim {each.name}": each.standing for each in chosen}
    if len(found) <= EACH:
        return found
    text = "\0".join(f"{name}\1{words}" for name, words in sorted(found.items()))
    return {"claims": f"{len(found)} ({hashlib.sha256(text.encode()).hexdigest()[:12]})"}


def no_such_claim(facts: ClaimFacts) -> UsageError:
    """Says which names are like those that there are not."""
    few = ", ".join(one_line(name) for name in facts.unknown[:_LIKE])
    more = len(facts.unknown) - _LIKE
    near: list[str] = []
    for name in facts.unknown[:_LIKE]:
        near += get_close_matches(name, facts.there, n=_LIKE)
    return UsageError(
        f"There is no claim {few}" + (f" and {more} more" if more > 0 else ""),
        remedy=f"There is: {', '.join(dict.fromkeys(near))}." if near else "",
    )


def of_kind(chosen: Iterable[Chosen], *kinds: Kind) -> list[Chosen]:
    """Those that are left over for one of these reasons."""
    return [each for each in chosen if each.verdict.kind in kinds]
