"""Empties a node: cordons it, and waits for its servers, stops them, or evicts what is on it.

Users' servers are stopped through the hub wherever it answers. It can be asked to end early at any
time, and gone on with by the same command: what is left is read anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from hubtui.clients.gate import WriteToken
from hubtui.clients.hub import permit_stop
from hubtui.errors import ChangedSinceError, NotFoundError
from hubtui.model.kinds import NODES, PODS
from hubtui.model.kube_needs import Node
from hubtui.model.plan import Outcome, Permit, Plan
from hubtui.services.actions import (
    ActionSession,
    Report,
    drain_choice,
    drain_facts,
    drain_words,
)
from hubtui.services.actions.common import (
    check_basis,
    new_id,
    own_command,
    place_of,
    who_answers,
)
from hubtui.services.actions.cordon_patch import permit
from hubtui.services.actions.drain_checks import checks
from hubtui.services.actions.drain_choice import Choice
from hubtui.services.actions.drain_choice import DrainRequest as DrainRequest
from hubtui.services.actions.drain_choice import Way as Way
from hubtui.services.actions.drain_facts import Facts
from hubtui.services.actions.drain_outcome import left_by
from hubtui.services.actions.drain_run import Drain
from hubtui.services.culler import Culler
from hubtui.services.journal import Entry

NAME = drain_choice.NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainPlan(Plan):
    """A plan to empty one node."""

    request: DrainRequest
    choice: Choice
    culler: Culler


async def plan(session: ActionSession, request: DrainRequest) -> DrainPlan:
    """Reads everything anew and says what the drain would do.

    Raises NotFoundError when there is no such node, DeniedError, UnreachableError.
    """
    return await plan_of(session, await drain_facts.read(session, request.node), request)


async def plan_of(session: ActionSession, facts: Facts, request: DrainRequest) -> DrainPlan:
    """The plan of a way, from what was read. Raises UnreachableError."""
    choice = drain_choice.choose(facts, request, session.settings.hub.keep)
    return DrainPlan(
        id=new_id(),
        action=NAME,
        title=f"Drain node {facts.name}: {drain_words.TITLES[request.way].lower()}",
        summary=drain_words.summary(facts, request, choice),
        **place_of(session),
        targets=_targets(facts, choice),
        checks=await checks(session, facts, request, choice),
        notices=drain_words.notices(facts, request, choice),
        texts=drain_words.texts(facts, choice),
        undo=f"hubtui uncordon {facts.name}; servers that were stopped do not come back with it",
        confirm=facts.name,
        basis=facts.basis(request.way, choice.word),
        command=own_command(session, [*drain_words.words_of(request), "--confirm", facts.name]),
        means=drain_words.means(request),
        permits=_permits(session.namespace, facts.name, choice),
        details=(
            ("node", facts.name),
            ("uid", facts.node.metadata.uid),
            ("command", " ".join(["hubtui", *drain_words.words_of(request)])),
            ("way", request.way.value),
        ),
        lock=f"node {facts.name}",
        interruptible=True,
        request=request,
        choice=choice,
        culler=facts.culler,
    )


def _targets(facts: Facts, choice: Choice) -> tuple[str, ...]:
    return (
        f"node {facts.name}",
        *(f"server {planned.key}" for planned in choice.stops),
        *(f"pod {each.title}" for each in choice.evicted),
    )


def _permits(namespace: str, node: str, choice: Choice) -> tuple[Permit, ...]:
    """The node's mark, each server by name, each eviction by the pod's name."""
    found = [permit(node)]
    found += [permit_stop(namespace, planned.key) for planned in choice.stops]
    found += [
        Permit("create", PODS.resource, each.namespace, each.name, "eviction")
        for each in choice.evict
    ]
    return tuple(dict.fromkeys(found))


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Drains the node.

    Held to the cluster, the node and its mark; what is on it is looked at again, pod by pod, just
    before each write. Raises ChangedSinceError before anything is written.
    """
    if not isinstance(plan, DrainPlan):
        raise TypeError(plan.action)
    node = await _still_holds(session, plan)
    await report.begin()
    choice, culler = plan.choice, plan.culler
    return await Drain(session, plan.request, choice, culler, node, token, report).run()


async def _still_holds(session: ActionSession, plan: DrainPlan) -> Node:
    """The node, if the plan holds still."""
    name = plan.request.node
    try:
        node = await session.client.get(NODES, "", name)
    except NotFoundError as error:
        raise ChangedSinceError(f"Node {name} is gone", meaning="Nothing was written.") from error
    before = dict(plan.basis.values)
    cluster = await who_answers(session)
    hub = drain_facts.hub_word(session)
    check_basis(plan, drain_facts.basis_of(cluster, hub, node, before["way"], before["pods"]))
    return node


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:
    """What a drain that nobody watched has left: one look at the node.

    Raises UnreachableError, DeniedError.
    """
    return await left_by(session, dict(entry.details))
