"""Cordons one node: who sits there stays, nobody new comes. On demand image pullers keep off too.

A cordon does not let a hook go on that waits for the node: all daemon pods tolerate it, so the
awaiter goes on counting it. What helps is a NoSchedule taint that the puller does not tolerate.
With it alone the DaemonSet's counts stay as they are until one of its pods changes (Kubernetes
1.36, `syncNodeUpdate` of the controller), so the pod that waits is deleted: it is not made again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any, Final

from hubtui.clients.cluster_flags import kubectl_command
from hubtui.clients.gate import Call, WriteToken
from hubtui.errors import ChangedSinceError, HubtuiError, NotFoundError
from hubtui.model import kube
from hubtui.model.kinds import NODES, PODS
from hubtui.model.kube_needs import Node
from hubtui.model.plan import Check, Level, Outcome, Permit, Phase, Plan, Progress, Result
from hubtui.model.pulls import PULLERS_OFF
from hubtui.services.actions import ActionSession, Report, cordon_checks, following
from hubtui.services.actions import cordon_facts as facts_of
from hubtui.services.actions.common import check_basis, counted, new_id, place_of, right
from hubtui.services.actions.cordon_facts import Facts
from hubtui.services.actions.cordon_patch import is_as_meant, mark, permit
from hubtui.services.journal import Entry

NAME: Final = "cordon"

COUNTED: Final = 20.0
"""Seconds in which the DaemonSet's counts follow."""


@dataclass(frozen=True, slots=True)
class CordonRequest:
    """Which node; with `pullers_off` a hook that waits for it goes on without it."""

    node: str
    pullers_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CordonPlan(Plan):
    """A plan to cordon one node, and to delete the `pods` that wait there: name and uid."""

    node: str
    pullers_off: bool
    pods: tuple[tuple[str, str], ...]


async def plan(session: ActionSession, request: CordonRequest) -> CordonPlan:
    """Reads everything anew and says what the cordon would do.

    Raises NotFoundError when there is no such node, DeniedError, UnreachableError.
    """
    facts = await facts_of.read(session, request.node)
    pods = facts.blocking if request.pullers_off else ()
    names = tuple((pod.metadata.name, pod.metadata.uid) for pod in pods)
    namespace = session.namespace
    return CordonPlan(
        id=new_id(),
        action=NAME,
        title=f"Cordon node {facts.name}" + (", pullers off" if request.pullers_off else ""),
        summary=_summary(facts, request),
        **place_of(session),
        targets=(f"node {facts.name}", *(f"pod {name}" for name, _ in names)),
        checks=await _checks(session, facts, request),
        notices=cordon_checks.cordon_notices(facts, pullers_off=request.pullers_off),
        undo=f"hubtui uncordon {facts.name}",
        confirm=facts.name,
        basis=facts.basis,
        command=_command(session, facts, request),
        means=_means(request, names),
        permits=(
            permit(facts.name),
            *(Permit("delete", PODS.resource, namespace, name) for name, _ in names),
        ),
        details=(
            ("node", facts.name),
            ("uid", facts.node.metadata.uid),
            ("pullers off", "yes" if request.pullers_off else "no"),
        ),
        lock=f"node {facts.name}",
        node=facts.name,
        pullers_off=request.pullers_off,
        pods=names,
    )


async def _checks(
    session: ActionSession, facts: Facts, request: CordonRequest
) -> tuple[Check, ...]:
    found = (
        cordon_checks.state(facts, pullers_off=request.pullers_off),
        cordon_checks.servers(facts),
        cordon_checks.room(facts),
        cordon_checks.core(facts),
        cordon_checks.puller(facts, pullers_off=request.pullers_off),
        await right(session, "patch", NODES.resource, facts.name, namespaced=False),
        await _may_delete(session, facts, request),
    )
    return tuple(check for check in found if check)


async def _may_delete(session: ActionSession, facts: Facts, request: CordonRequest) -> Check | None:
    """The first pod that may not be deleted, if any."""
    for pod in facts.blocking if request.pullers_off else ():
        check = await right(session, "delete", PODS.resource, pod.metadata.name)
        if check.level is not Level.OK:
            return replace(check, name="right to delete")
    return None


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Cordons it, and watches whether a hook that waited for it goes on.

    Raises ChangedSinceError before anything is written when the plan no longer holds.
    """
    if not isinstance(plan, CordonPlan):
        raise TypeError(plan.action)
    node = await still_holds(session, plan, plan.node)
    await report.begin()
    report.progress(Progress(Phase.APPLYING, note=f"cordons {plan.node}"))
    off = plan.pullers_off or facts_of.is_marked(node)
    try:
        await mark(session, node, token, cordoned=True, pullers_off=off)
    except ChangedSinceError:
        raise
    except HubtuiError as error:
        return Outcome(Result.FAILED, f"{plan.node} was not cordoned: {error.what}")
    kept = [words for pod in plan.pods if (words := await _delete(session, plan, pod, token))]
    if not plan.pods:
        return Outcome(Result.OK, f"{plan.node} takes no new pods", next_steps=(_back(plan.node),))
    return await _released(session, plan, report, tuple(kept))


async def still_holds(session: ActionSession, plan: Plan, name: str) -> Node:
    """The node, if the plan holds still. Raises ChangedSinceError."""
    try:
        node = await session.client.get(NODES, "", name)
    except NotFoundError as error:
        raise ChangedSinceError(f"Node {name} is gone", meaning="Nothing was written.") from error
    pods = await facts_of.pods_on(session, name)
    pullers = facts_of.blocking(pods or (), session.release)
    check_basis(plan, await facts_of.basis_of(session, node, pullers))
    return node


async def _delete(
    session: ActionSession, plan: CordonPlan, pod: tuple[str, str], token: WriteToken
) -> str:
    """Deletes one pod that waits; why it was not, or nothing."""
    name, uid = pod
    options: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": uid},
    }
    call = Call("delete", PODS.resource, plan.namespace, name)
    try:
        await session.client.request(call, kind=PODS, body=options, token=token)
    except NotFoundError:
        return ""
    except HubtuiError as error:
        return f"Pod {name} was not deleted: {error.what}"
    return ""


async def _released(
    session: ActionSession, plan: CordonPlan, report: Report, kept: tuple[str, ...]
) -> Outcome:
    """Waits until the awaiter's counts are without the node."""
    done, limit = f"{plan.node} takes no new pods and no image pullers", _time() + COUNTED
    while True:
        try:
            puller = await facts_of.hook_puller(session)
            gone = not facts_of.blocking(
                await facts_of.pods_on(session, plan.node) or (), session.release
            )
        except HubtuiError as error:
            words = f"{done}; what the hook waits for is not known: {error.what}"
            return Outcome(Result.UNVERIFIED, words, notes=kept)
        if puller is None:
            return Outcome(Result.OK, f"{done}; the hook is over", notes=kept)
        report.progress(Progress(Phase.VERIFYING, note=_counts(puller)))
        if gone and _goes_on(puller):
            return Outcome(Result.OK, f"{done}; the hook goes on: {_counts(puller)}", notes=kept)
        if _time() > limit:
            return _waits(plan, puller, done, kept)
        await asyncio.sleep(following.CADENCE)


def _time() -> float:
    return asyncio.get_running_loop().time()


def _goes_on(puller: kube.DaemonSet) -> bool:
    return puller.status.number_ready >= puller.status.current_number_scheduled


def _counts(puller: kube.DaemonSet) -> str:
    status = puller.status
    name = puller.metadata.name
    return f"{name}: {status.number_ready} of {status.current_number_scheduled} nodes ready"


def _waits(plan: CordonPlan, puller: kube.DaemonSet, done: str, kept: tuple[str, ...]) -> Outcome:
    if kept:
        return Outcome(Result.FAILED, f"{done}, but a puller waits there still", notes=kept)
    return Outcome(
        Result.OK,
        f"{done}; the hook waits for other nodes: {_counts(puller)}",
        next_steps=(_back(plan.node),),
    )


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:
    """What a cordon that nobody watched has left behind: one look, no waiting."""
    details = dict(entry.details)
    off = details.get("pullers off") == "yes"
    return await left(session, details, cordoned=True, pullers_off=off)


async def left(
    session: ActionSession, details: dict[str, str], *, cordoned: bool, pullers_off: bool
) -> Outcome:
    """Whether a node has the marks that were meant. Raises UnreachableError, DeniedError."""
    name = details.get("node", "")
    try:
        node = await session.client.get(NODES, "", name)
    except NotFoundError:
        return Outcome(Result.INTERRUPTED, f"hubtui was ended; node {name} is gone")
    words = "is cordoned" if node.spec.unschedulable else "is not cordoned"
    if facts_of.is_marked(node):
        words += f" and has the taint {PULLERS_OFF}"
    meant = is_as_meant(node, cordoned=cordoned, pullers_off=pullers_off)
    result = Result.OK if meant else Result.INTERRUPTED
    return Outcome(result, f"hubtui was ended; node {name} {words}")


def _back(node: str) -> str:
    return f"hubtui uncordon {node} takes it back."


def _summary(facts: Facts, request: CordonRequest) -> str:
    stay = f", {counted(facts.servers, 'server')} on it stay" if facts.servers else ""
    words = f"{facts.name} takes no new pods{stay}"
    if request.pullers_off:
        words += "; image pullers keep off, so that a hook does not wait for it"
    return words


def _means(request: CordonRequest, pods: tuple[tuple[str, str], ...]) -> str:
    patch = "one PATCH of the node, held to the version that was read"
    if not request.pullers_off:
        return patch
    deletes = f"; then a DELETE of {', '.join(name for name, _ in pods)}" if pods else ""
    return f"{patch}: spec.unschedulable and the taint {PULLERS_OFF}:{PULLERS_OFF.effect}{deletes}"


def _command(session: ActionSession, facts: Facts, request: CordonRequest) -> str:
    settings, context = session.settings, session.context
    commands = [kubectl_command(settings, context, ["cordon", facts.name])]
    if request.pullers_off:
        taint = f"{PULLERS_OFF.key}=:{PULLERS_OFF.effect}"
        commands.append(kubectl_command(settings, context, ["taint", "node", facts.name, taint]))
        names = [pod.metadata.name for pod in facts.blocking]
        words = ["delete", "pod", *names, "--namespace", session.namespace]
        commands += [kubectl_command(settings, context, words)] if names else []
    return " && ".join(commands)
