"""Restarts one part of the hub: its Deployment makes new pods from the same template.

What `kubectl rollout restart` does: an annotation in the pod template changes, nothing else.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hubtui.clients.cluster_flags import kubectl_command
from hubtui.clients.gate import WriteToken
from hubtui.errors import ApiError, ChangedSinceError, NotFoundError, UnreachableError
from hubtui.model.age import duration, rfc3339
from hubtui.model.kinds import RESTARTED_DEPLOYMENTS
from hubtui.model.kube_changes import RESTARTED_AT, RestartedDeployment
from hubtui.model.plan import FailedObject, Outcome, Permit, Phase, Plan, Progress, Result, Step
from hubtui.services import journal
from hubtui.services.actions import ActionSession, Report, following
from hubtui.services.actions import restart_facts as read
from hubtui.services.actions.common import (
    check_basis,
    counted,
    new_id,
    newest_revision,
    place_of,
    release_is_quiet,
    right,
)
from hubtui.services.hub_health import Health
from hubtui.services.journal import Entry
from hubtui.services.rollouts import Look, Rollouts

NAME = "restart"

ASK_AGAIN = 60.0
"""Seconds for which a cluster that does not answer is asked whether it took the write."""


@dataclass(frozen=True, slots=True)
class RestartRequest:
    """Which part: hub, proxy, autohttps or user-scheduler."""

    component: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartPlan(Plan):
    """A plan to restart `component`, which is the Deployment `deployment`."""

    component: str
    deployment: str


async def plan(session: ActionSession, request: RestartRequest) -> RestartPlan:
    """Reads everything anew and says what a restart would do.

    Raises UsageError for a part that cannot be restarted, NotFoundError for one that the hub does
    not have, DeniedError, UnreachableError.
    """
    facts = await read.read(session, request.component)
    checks = (
        read.can_restart(facts),
        read.rollout_is_over(facts),
        await release_is_quiet(session, facts.newest),
        await right(session, "patch", "deployments.apps", facts.name),
    )
    namespace, name = session.namespace, facts.name
    command = ["rollout", "restart", f"deployment/{name}", "--namespace", namespace]
    permit = Permit("patch", "deployments.apps", namespace, name)
    return RestartPlan(
        id=new_id(),
        action=NAME,
        title=f"Restart {facts.component} of {session.release or namespace}",
        summary=f"Deployment {name} makes {counted(facts.deployment.spec.replicas, 'new pod')} "
        "with the same image and configuration",
        **place_of(session),
        targets=(f"deployment {name}",),
        checks=checks,
        notices=read.notices(facts),
        undo="there is nothing to undo: the new pods are made like the old ones",
        confirm=session.release or name,
        basis=facts.basis,
        command=kubectl_command(session.settings, session.context, command),
        means="one PATCH of the pod template's annotation; the rollout goes on without hubtui",
        permits=(permit,),
        details=(("component", facts.component), ("deployment", name)),
        component=facts.component,
        deployment=name,
    )


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Restarts it and watches until it is ready.

    Raises ChangedSinceError before anything is written when the plan no longer holds.
    """
    if not isinstance(plan, RestartPlan):
        raise TypeError(plan.action)
    deployment = await _still_holds(session, plan)
    await report.begin()
    report.progress(Progress(Phase.APPLYING, note="asks for new pods"))
    moment = rfc3339(journal.now()) or ""
    try:
        await _patch(session, deployment, moment, token)
    except UnreachableError as error:
        if not await _was_taken(session, plan.deployment, moment):
            return Outcome(Result.FAILED, f"The restart did not reach the cluster: {error.what}")
    except ApiError as error:
        if error.status in _CHANGED:
            raise ChangedSinceError(
                f"Deployment {plan.deployment} has changed just now", meaning="Nothing was written."
            ) from error
        return Outcome(Result.FAILED, f"The restart was refused: {error.what}")
    return await _watched(session, deployment, plan.component, report)


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:
    """What a restart that nobody watched has left behind: one look, no waiting."""
    details = dict(entry.details)
    name, component = details.get("deployment", ""), details.get("component", "")
    try:
        deployment = await read.get(session, name)
    except NotFoundError:
        return Outcome(Result.INTERRUPTED, f"Deployment {name} is not there any more")
    if not _since(deployment.restarted_at, entry.at):
        return Outcome(Result.INTERRUPTED, f"hubtui was ended before {component} was restarted")
    look = await Rollouts(session.client, (read.target_of(deployment, component),)).look()
    state = "and is ready" if look.complete else "and is not ready yet"
    result = Result.OK if look.complete else Result.INTERRUPTED
    if look.unseen:
        state, result = f"and is not verified: {look.unseen}", Result.UNVERIFIED
    words = f"hubtui was ended; {component} was restarted at {deployment.restarted_at} {state}"
    return Outcome(result, words, steps=look.steps)


_CHANGED = (409, 422)
"""What a JSON patch whose test fails is answered with."""


async def _still_holds(session: ActionSession, plan: RestartPlan) -> RestartedDeployment:
    try:
        deployment = await read.get(session, plan.deployment)
    except NotFoundError as error:
        raise ChangedSinceError(error.what, meaning="Nothing was written.") from error
    newest = await newest_revision(session)
    check_basis(plan, await read.basis_of(session, deployment, newest))
    return deployment


async def _patch(
    session: ActionSession, deployment: RestartedDeployment, moment: str, token: WriteToken
) -> None:
    """Writes the annotation, and only into the very template that the plan was made from."""
    meta = deployment.metadata
    above = "/spec/template/metadata/annotations"
    steps: list[dict[str, Any]] = [
        {"op": "test", "path": "/metadata/uid", "value": meta.uid},
        {"op": "test", "path": "/metadata/generation", "value": meta.generation},
    ]
    if deployment.template_annotations is None:
        steps.append({"op": "add", "path": above, "value": {}})
    key = RESTARTED_AT.replace("/", "~1")
    steps.append({"op": "add", "path": f"{above}/{key}", "value": moment})
    await session.client.request(
        read.call_of(meta.namespace, meta.name),
        kind=RESTARTED_DEPLOYMENTS,
        body=steps,
        token=token,
        content_type="application/json-patch+json",
    )


async def _was_taken(session: ActionSession, name: str, moment: str) -> bool:
    """Whether a write whose answer was lost has arrived. Raises UnreachableError."""
    loop = asyncio.get_running_loop()
    limit = loop.time() + ASK_AGAIN
    while True:
        try:
            return (await read.get(session, name)).restarted_at == moment
        except UnreachableError:
            if loop.time() > limit:
                raise
        await asyncio.sleep(following.CADENCE)


async def _watched(
    session: ActionSession, deployment: RestartedDeployment, component: str, report: Report
) -> Outcome:
    def tell(phase: Phase, look: Look, note: str) -> None:
        report.progress(Progress(phase, look.steps, note))

    follow = Rollouts(session.client, (read.target_of(deployment, component),))
    limit = duration(session.settings.helm_timeout).total_seconds()
    look, in_time = await following.rollouts(
        follow, tell, limit=limit, stuck_for=following.STUCK_FOR
    )
    if not in_time and not look.error:
        return _not_ready(component, look)
    health = None
    if component == "hub":
        address = read.address_of(session, deployment)
        health = await following.health(session.client, address, look, tell)
    return _restarted(component, deployment.metadata.name, look, health)


def _restarted(component: str, name: str, look: Look, health: Health | None) -> Outcome:
    ready = ", ".join(_ready(step) for step in look.steps)
    if health is not None and health.ok is False:
        return Outcome(
            Result.FAILED,
            f"{component} restarted, {ready}, but it does not answer: {health.evidence}",
            failed=(FailedObject("Deployment", name, health.evidence),),
            next_steps=("Look at the hub's log.",),
            steps=look.steps,
        )
    unseen = [look.unseen] if look.unseen else []
    if health is not None and health.ok is None:
        unseen.append(health.evidence)
    if unseen:
        words = f"{component} was asked to restart, which is not verified"
        notes = tuple(f"Not verified: {why}" for why in unseen)
        return Outcome(Result.UNVERIFIED, words, notes=notes, steps=look.steps)
    answers = f"; {health.evidence}" if health is not None and health.ok else ""
    words = f"{component} restarted: {ready}{answers}"
    return Outcome(Result.OK, words, steps=look.steps)


def _ready(step: Step) -> str:
    if step.desired == 1:
        return "its new pod is ready"
    return f"{step.ready} of {step.desired} new pods are ready"


def _not_ready(component: str, look: Look) -> Outcome:
    return Outcome(
        Result.FAILED,
        f"{component} was restarted, but its new pods do not come",
        failed=look.failed,
        next_steps=("Mend the cause: the rollout then goes on by itself.",),
        steps=look.steps,
    )


def _since(written: str, moment: datetime) -> bool:
    """Whether an annotation was written at a moment or later; it holds whole seconds."""
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return False
    return at.tzinfo is not None and at >= moment.replace(microsecond=0)
