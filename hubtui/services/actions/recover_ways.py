"""Both ways out of a stuck release side by side, for who has not chosen yet."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from hubtui.model.plan import Check, Plan
from hubtui.model.release import RevisionHead, Status
from hubtui.model.trail import way_back
from hubtui.services import journal
from hubtui.services.actions import ActionSession, recover_checks
from hubtui.services.actions import recover_facts as read
from hubtui.services.actions.recover import UNINSTALL, RecoverRequest, Way, plan
from hubtui.services.actions.recover_facts import Facts

_COPY: Final = "A copy of the record, secrets among it, is kept in a file that you name."


@dataclass(frozen=True, slots=True)
class Offer:
    """One way: its plan, what speaks for it and what against; without a plan, why there is none."""

    way: Way
    title: str
    speaks_for: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    plan: Plan | None = None
    why_not: str = ""

    @property
    def stops(self) -> tuple[Check, ...]:
        """What stops it, but for the file, which is named when it is chosen."""
        checks = self.plan.stops if self.plan else ()
        return tuple(check for check in checks if check.name != recover_checks.FILE)

    @property
    def command(self) -> str:
        """The same without a screen; it prints the plan first."""
        save = " --save FILE" if self.way is Way.MARK_FAILED else ""
        return f"hubtui recover --way {self.way}{save}"


@dataclass(frozen=True, slots=True)
class Survey:
    """A stuck release: the pending revision, the one to go back to, who may be at work, and the
    ways out. `advice` is a further way that hubtui does not go itself."""

    stuck: RevisionHead
    back: RevisionHead | None
    evidence: tuple[Check, ...]
    offers: tuple[Offer, ...]
    advice: str = ""


async def survey(session: ActionSession) -> Survey:
    """Plans both ways; only reads.

    Raises RefusedError when the release is not stuck, DeniedError, UnreachableError.
    """
    heads = await read.stuck_heads(session)
    back = way_back(heads)
    facts, mark, again = await asyncio.gather(
        read.read(session, heads),
        plan(session, RecoverRequest(Way.MARK_FAILED)),
        _rollback(session, back),
    )
    return Survey(
        stuck=heads[0],
        back=back,
        evidence=(
            *recover_checks.alive(facts, journal.now()),
            recover_checks.last_deployed(facts),
        ),
        offers=(_rolling_back(facts, again), _marking(facts, mark)),
        advice="" if back else UNINSTALL,
    )


async def _rollback(session: ActionSession, back: RevisionHead | None) -> Plan | None:
    return None if back is None else await plan(session, RecoverRequest(Way.ROLLBACK))


def _rolling_back(facts: Facts, plan: Plan | None) -> Offer:
    number, back = facts.stuck.revision, facts.back
    if plan is None or back is None:
        why = f"there is no revision before {number} that was applied as a whole"
        return Offer(Way.ROLLBACK, "Roll back", why_not=why)
    return Offer(
        Way.ROLLBACK,
        f"Roll back to revision {back.revision}",
        speaks_for=(
            "Helm's own way: a rollback does not ask whether a revision is pending.",
            f"It takes back what revision {number} had applied: all is as in {back.revision}.",
        ),
        against=(
            "It applies every object, and restarts what differs.",
            f"Revision {number} stays {facts.stuck.status} in the history, as a mark of what was.",
        ),
        plan=plan,
    )


def _marking(facts: Facts, plan: Plan) -> Offer:
    number = facts.stuck.revision
    against = [f"What revision {number} had applied stays, be it a part."]
    if facts.back is not None and facts.back.status is not Status.DEPLOYED:
        against.append("No revision is deployed: nothing tells what should be there.")
    return Offer(
        Way.MARK_FAILED,
        f"Mark revision {number} as failed",
        speaks_for=(
            "Nothing that runs is touched: only helm's record changes.",
            "The right one to upgrade again at once, or where a rollback cannot be.",
        ),
        against=(*against, f"It writes what only helm should write. {_COPY}"),
        plan=plan,
    )
