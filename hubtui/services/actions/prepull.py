"""Pulls images to nodes before anybody needs them, with a DaemonSet of its own.

Its pods go where users' pods go and may pull what they run; they ask for nothing and do nothing.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, replace
from typing import Final

from hubtui.clients.cluster_flags import kubectl_command
from hubtui.clients.gate import WriteToken
from hubtui.model.age import precise, written
from hubtui.model.kinds import DAEMONSETS
from hubtui.model.plan import Outcome, Permit, Plan, Result
from hubtui.model.prepull import Puller, daemonset, name_of
from hubtui.services import journal
from hubtui.services.actions import ActionSession, Report
from hubtui.services.actions import prepull_facts as facts_of
from hubtui.services.actions.common import check_basis, counted, new_id, place_of, who_answers
from hubtui.services.actions.prepull_checks import checks, notices
from hubtui.services.actions.prepull_facts import Facts, PrepullRequest
from hubtui.services.actions.prepull_outcome import CLEAN, outcome_of
from hubtui.services.actions.prepull_run import Deed, Run
from hubtui.services.journal import Entry
from hubtui.services.prepull import in_force_cargo, left_behind

NAME: Final = "prepull"

SETS: Final = 5
"""DaemonSets at most: each further one brings what waits behind an image that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepullPlan(Plan):
    """A plan to pull images."""

    deed: Deed


async def plan(session: ActionSession, request: PrepullRequest) -> PrepullPlan:
    """Reads everything anew and says what would be pulled where.

    Raises DeniedError, UnreachableError, DecodeError for a revision that cannot be read,
    UsageError where there is nothing to pull.
    """
    facts = await facts_of.read(session, request)
    id_ = new_id()
    deed = _deed(session, facts, request, id_)
    name = deed.names[0]
    return PrepullPlan(
        id=id_,
        action=NAME,
        title=f"Prepull {counted(len(deed.images), 'image')}",
        summary=_summary(facts),
        **place_of(session),
        targets=tuple(f"image {image}" for image in deed.images),
        checks=await checks(session, facts, name),
        notices=notices(facts),
        undo="it takes itself back; images stay until a node's kubelet needs the room",
        confirm=session.release or session.namespace,
        basis=facts.basis,
        command=_command(session, deed),
        means=_means(facts, request),
        permits=tuple(
            Permit(verb, DAEMONSETS.resource, session.namespace, each)
            for each in deed.names
            for verb in ("create", "delete")
        ),
        details=(
            ("daemonset", name),
            ("images", " ".join(deed.images)),
            ("timeout", written(request.timeout)),
        ),
        lock=lock_of(session),
        interruptible=True,
        deed=deed,
    )


def lock_of(session: ActionSession) -> str:
    """What no two prepulls of one machine hold at the same time."""
    return f"prepulls of {session.namespace}"


def _deed(session: ActionSession, facts: Facts, request: PrepullRequest, id_: str) -> Deed:
    images = tuple(each.image for each in facts.images)
    return Deed(
        puller=Puller(
            namespace=session.namespace,
            release=session.release,
            operation=id_.lower(),
            owner=journal.who(),
            until=facts_of.until(journal.now(), request.timeout),
            wear=facts.wear,
        ),
        pod=facts.pod,
        images=images,
        seconds=request.timeout,
        names=tuple(name_of(id_, number) for number in range(1, min(SETS, len(images)) + 1)),
    )


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Makes the DaemonSet, follows it, and deletes it; also when it fails, hangs or is interrupted.

    Raises ChangedSinceError before anything is written when the plan no longer holds.
    """
    if not isinstance(plan, PrepullPlan):
        raise TypeError(plan.action)
    force = await in_force_cargo(session)
    check_basis(plan, facts_of.basis_of(await who_answers(session), force.head))
    await report.begin()
    deed = plan.deed
    began = replace(deed.puller, until=facts_of.until(journal.now(), deed.seconds))
    return outcome_of(await Run(session, replace(deed, puller=began), token, report).to_the_end())


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:
    """Whether the DaemonSet of a prepull that nobody watched is left: one look, no waiting."""
    found = [each for each in await left_behind(session) if each.operation == entry.id.lower()]
    done = f"; {counted(len(entry.done), 'node')} had all images" if entry.done else ""
    if not found:
        words = f"hubtui was ended; nothing of its image puller is left{done}"
        return Outcome(Result.INTERRUPTED, words)
    names = ", ".join(each.name for each in found)
    return Outcome(
        Result.INTERRUPTED,
        f"hubtui was ended, and its image puller is left: DaemonSet {names}{done}. "
        f"To take it away: {CLEAN}",
        next_steps=(f"{CLEAN} takes it away.",),
    )


def _summary(facts: Facts) -> str:
    images = counted(len(facts.images), "image")
    if facts.seen.nodes is None:
        return f"{images} on every node that takes a puller"
    nodes = f"{len(facts.missing)} of {counted(len(facts.nodes), 'node')}"
    lack = "lacks" if len(facts.missing) == 1 else "lack"
    sure = "" if not any(each.unknown for each in facts.seen.images) else ", or may"
    return f"{images}; {nodes} {lack} {'it' if len(facts.images) == 1 else 'some'}{sure}"


def _means(facts: Facts, request: PrepullRequest) -> str:
    planned = " as it is planned" if facts.planned else ""
    return (
        f"a DaemonSet with the tolerations, affinity and pull secrets of {facts.wear.source}"
        f"{planned}, an init container for each image; new nodes are included; it is deleted at "
        f"the end, after {precise(request.timeout)} at the latest"
    )


def _command(session: ActionSession, deed: Deed) -> str:
    """The same by hand: make it, wait, delete it."""
    name, namespace = deed.names[0], ["--namespace", session.namespace]
    body = json.dumps(daemonset(deed.puller, name, deed.images), separators=(",", ":"))
    settings, context = session.settings, session.context

    def kubectl(*words: str) -> str:
        return kubectl_command(settings, context, [*words, *namespace])

    wait = ["rollout", "status", f"daemonset/{name}", f"--timeout={written(deed.seconds)}"]
    make, delete = kubectl("create", "-f", "-"), kubectl("delete", "daemonset", name)
    return f"printf %s {shlex.quote(body)} | {make} && {kubectl(*wait)}; {delete}"
