"""Claims that nobody comes back to and volumes whose claim is gone, as of the last look."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from hubtui.clients.cluster_flags import kubectl_command
from hubtui.model.kube_needs import WholeClaim
from hubtui.model.leftovers import Kind, Leftover, Verdict, leftover_of, released
from hubtui.model.why_facts import Missing
from hubtui.services import leftover_facts
from hubtui.services.leftover_facts import Facts
from hubtui.services.unhurried import unhurried

if TYPE_CHECKING:
    from hubtui.services.session import Session

_OF_KNOWN: Final = frozenset({Kind.NO_SERVER, Kind.OLD_NAME})
"""Leftovers of users whom the hub has."""

_ORDER: Final = {kind: number for number, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one look has found. `refusal` is why no claim may be called left over; volumes are told
    all the same. `users` counts the hub's, None where they were not told."""

    at: datetime
    items: tuple[Leftover, ...] = ()
    refusal: str = ""
    claims: int = 0
    users: int | None = None
    missing: tuple[Missing, ...] = ()


class Leftovers:
    """The leftovers of one hub. It asks only when it is told to look: all users of the hub are
    read, a page at a time, and the claims, pods and volumes are listed once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._looking = asyncio.Lock()
        self.found: Found | None = None
        """What the last look gave."""

    async def look(self) -> tuple[Leftover, ...]:
        """Reads everything anew. Raises DeniedError, UnreachableError where claims or pods cannot
        be read; what else could not be is in `found`."""
        async with self._looking:
            facts = await self.read()
            self.found = Found(
                at=facts.at,
                items=tuple(sorted(await unhurried(self._judged(facts)), key=_place)),
                refusal=facts.refusal,
                claims=len(facts.claims),
                users=len(facts.listing.users) if facts.listing is not None else None,
                missing=facts.missing,
            )
            return self.found.items

    async def read(self) -> Facts:
        """What a look judges by, for a plan. Raises as `look`."""
        facts = await leftover_facts.read(self._session)
        self._session.storage.update()  # `described` takes its rows
        return facts

    def described(self, facts: Facts, claim: WholeClaim, verdict: Verdict) -> Leftover:
        """A claim with what is known of its size and use, be it left over or not."""
        left = leftover_of(claim, verdict, facts.volume_of(claim))
        row = self._session.storage.row(left.name)
        if row is None or row.claim.metadata.uid != claim.metadata.uid:
            return replace(left, last_used=_seen(facts, left))
        used = row.figures.used if row.figures is not None and not row.figures.doubt else None
        # What the hub saw of a user says nothing of a claim that they have no more.
        last = None if left.kind in _OF_KNOWN else row.last_used or _seen(facts, left)
        return replace(left, used=used, last_used=last)

    def command_of(self, leftover: Leftover) -> str:
        """What takes away a volume, for whoever has the right; "" for a claim."""
        if not leftover.is_volume:
            return ""
        session, words = self._session, ["delete", "pv", leftover.name]
        return kubectl_command(session.settings, session.context, words)

    def _judged(self, facts: Facts) -> Generator[None, None, list[Leftover]]:
        found = []
        for claim in facts.claims.values():
            verdict = facts.verdict(claim)
            if verdict.kind is not None:
                found.append(self.described(facts, claim, verdict))
            yield
        for volume in (facts.volumes or {}).values():
            left = released(volume, self._session.namespace)
            if left is not None:
                found.append(left)
            yield
        return found


def _place(leftover: Leftover) -> tuple[int, int, str]:
    """By kind, the largest first."""
    return _ORDER[leftover.kind], -(leftover.size or 0), leftover.name


def _seen(facts: Facts, left: Leftover) -> datetime | None:
    """When the hub saw the server of a claim last that is no leftover."""
    user = facts.listing.users.get(left.user) if facts.listing is not None else None
    if user is None or left.kind is not Kind.NONE:
        return None
    server = user.servers.get(left.server)
    return server.last_activity if server is not None else user.last_activity
