"""Takes a cordon back: the node takes new pods again, image pullers too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hubtui.clients.cluster_flags import kubectl_command
from hubtui.clients.gate import WriteToken
from hubtui.errors import ChangedSinceError, HubtuiError
from hubtui.model.kinds import NODES
from hubtui.model.plan import Outcome, Phase, Plan, Progress, Result
from hubtui.model.pulls import PULLERS_OFF
from hubtui.services.actions import ActionSession, Report, cordon_checks
from hubtui.services.actions import cordon_facts as facts_of
from hubtui.services.actions.common import new_id, place_of, right
from hubtui.services.actions.cordon import left, still_holds
from hubtui.services.actions.cordon_facts import Facts
from hubtui.services.actions.cordon_patch import mark, permit
from hubtui.services.journal import Entry

NAME: Final = "uncordon"


@dataclass(frozen=True, slots=True)
class UncordonRequest:
    """Which node."""

    node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UncordonPlan(Plan):
    """A plan to uncordon one node."""

    node: str


async def plan(session: ActionSession, request: UncordonRequest) -> UncordonPlan:
    """Reads everything anew and says what it would do.

    Raises NotFoundError when there is no such node, DeniedError, UnreachableError.
    """
    facts = await facts_of.read(session, request.node)
    back = f"hubtui cordon {facts.name}" + (" --pullers-off" if facts.pullers_off else "")
    return UncordonPlan(
        id=new_id(),
        action=NAME,
        title=f"Uncordon node {facts.name}",
        summary=f"{facts.name} takes new pods again",
        **place_of(session),
        targets=(f"node {facts.name}",),
        checks=(
            cordon_checks.marked(facts),
            cordon_checks.servers(facts),
            await right(session, "patch", NODES.resource, facts.name, namespaced=False),
        ),
        notices=cordon_checks.uncordon_notices(facts),
        undo=back,
        confirm=facts.name,
        basis=facts.basis,
        command=_command(session, facts),
        means="one PATCH of the node, held to the version that was read",
        permits=(permit(facts.name),),
        details=(("node", facts.name), ("uid", facts.node.metadata.uid)),
        lock=f"node {facts.name}",
        node=facts.name,
    )


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Uncordons it.

    Raises ChangedSinceError before anything is written when the plan no longer holds.
    """
    if not isinstance(plan, UncordonPlan):
        raise TypeError(plan.action)
    node = await still_holds(session, plan, plan.node)
    await report.begin()
    report.progress(Progress(Phase.APPLYING, note=f"uncordons {plan.node}"))
    try:
        await mark(session, node, token, cordoned=False, pullers_off=False)
    except ChangedSinceError:
        raise
    except HubtuiError as error:
        return Outcome(Result.FAILED, f"{plan.node} was not uncordoned: {error.what}")
    return Outcome(Result.OK, f"{plan.node} takes new pods again")


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:
    """What one that nobody watched has left behind: one look, no waiting."""
    return await left(session, dict(entry.details), cordoned=False, pullers_off=False)


def _command(session: ActionSession, facts: Facts) -> str:
    settings, context = session.settings, session.context
    commands = [kubectl_command(settings, context, ["uncordon", facts.name])]
    if facts.pullers_off:
        words = ["taint", "node", facts.name, f"{PULLERS_OFF.key}-"]
        commands.append(kubectl_command(settings, context, words))
    return " && ".join(commands)
