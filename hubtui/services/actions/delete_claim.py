"""Deletes claims that somebody named or marked: exactly those of the plan, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from hubtui.clients.cluster_flags import kubectl_command
from hubtui.clients.gate import WriteToken
from hubtui.errors import UsageError
from hubtui.model.kinds import CLAIMS
from hubtui.model.plan import Outcome, Permit, Plan
from hubtui.services.actions import ActionSession, Report
from hubtui.services.actions import delete_claim_checks as checks
from hubtui.services.actions import delete_claim_facts as facts_of
from hubtui.services.actions.common import check_basis, counted, new_id, place_of
from hubtui.services.actions.delete_claim_facts import ClaimFacts
from hubtui.services.actions.delete_claim_outcome import left_by, outcome_of
from hubtui.services.actions.delete_claim_run import Run, ToDelete
from hubtui.services.journal import Entry

NAME: Final = "delete-claim"

MEANS: Final = (
    "one DELETE after the other, each held to the uid and version of its claim; just before, hub "
    "and pods are asked once more, and a claim that is in use is skipped"
)


@dataclass(frozen=True, slots=True)
class DeleteClaimRequest:
    """Which claims; `hidden` are those of them that a filter hides on the screen."""

    names: tuple[str, ...]
    hidden: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.names:
            raise UsageError("No claim is named", remedy="Name some: hubtui delete-claim CLAIM….")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteClaimPlan(Plan):
    """A plan to delete `claims`."""

    claims: tuple[ToDelete, ...]


async def plan(session: ActionSession, request: DeleteClaimRequest) -> DeleteClaimPlan:
    """Reads everything anew and says what the deletion would do.

    Raises UsageError for a claim that there is not, DeniedError, UnreachableError.
    """
    names = tuple(dict.fromkeys(request.names))
    facts = await facts_of.read(session, names)
    if facts.unknown:
        raise facts_of.no_such_claim(facts)
    number = counted(len(names), "claim")
    return DeleteClaimPlan(
        id=new_id(),
        action=NAME,
        title=f"Delete claim {names[0]}" if len(names) == 1 else f"Delete {number}",
        summary=f"{number} deleted: {checks.data(facts.chosen).evidence}",
        **place_of(session),
        targets=tuple(f"claim {name}" for name in names),
        checks=(
            *checks.checks(facts, request.hidden),
            await checks.rights(session, facts.chosen),
        ),
        notices=tuple(checks.notices(facts.chosen)),
        undo=checks.undo(facts.chosen),
        confirm=names[0] if len(names) == 1 else str(len(names)),
        basis=facts.basis,
        command=kubectl_command(
            session.settings,
            session.context,
            ["delete", "pvc", *names, "--namespace", session.namespace],
        ),
        means=MEANS,
        permits=tuple(Permit("delete", CLAIMS.resource, session.namespace, name) for name in names),
        details=_details(facts),
        lock=f"the claims of {session.namespace}/{session.release}",
        interruptible=True,
        claims=tuple(ToDelete.of(each, facts) for each in facts.chosen),
    )


def _details(facts: ClaimFacts) -> tuple[tuple[str, str], ...]:
    """What a later hubtui needs to tell what is left."""
    uids = [(each.name, each.claim.metadata.uid) for each in facts.chosen]
    return ((CLAIMS.plural, msgspec.json.encode(uids).decode()),)


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Deletes the claims of a plan, each followed until it is gone.

    Raises ChangedSinceError before anything is written when one of them, its use or what the hub
    says of its user is not as the plan has it.
    """
    if not isinstance(plan, DeleteClaimPlan):
        raise TypeError(plan.action)
    names = [each.name for each in plan.claims]
    check_basis(plan, (await facts_of.read(session, names)).basis)
    await report.begin()
    return outcome_of(await Run(session, plan.claims, token, report).to_the_end())


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:
    """What a deletion that nobody watched has left: one look at its claims."""
    text = dict(entry.details).get(CLAIMS.plural, "[]")
    return await left_by(session, msgspec.json.decode(text, type=list[tuple[str, str]]))
