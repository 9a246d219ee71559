"""Sets how many placeholders there are, until the next upgrade of the release.

What `kubectl scale` does: the StatefulSet's scale changes, nothing else of it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from hubtui.clients.cluster_flags import kubectl_command
from hubtui.clients.gate import Call, WriteToken
from hubtui.errors import (
    ApiError,
    ChangedSinceError,
    HubtuiError,
    NotFoundError,
    UnreachableError,
    UsageError,
)
from hubtui.model.kinds import STATEFULSETS
from hubtui.model.kube import Pod, StatefulSet
from hubtui.model.plan import Check, Level, Outcome, Permit, Phase, Plan, Progress, Result
from hubtui.services.actions import ActionSession, Report, following
from hubtui.services.actions import placeholder_facts as facts_of
from hubtui.services.actions.common import (
    check_basis,
    counted,
    new_id,
    newest_revision,
    own_command,
    place_of,
    release_is_quiet,
    right,
)
from hubtui.services.actions.placeholder_facts import Facts
from hubtui.services.journal import Entry

NAME: Final = "scale-placeholders"

TRIES: Final = 5
"""The object changes with each pod that comes; a write is held to the version that was read."""

COME: Final = 60.0
"""Seconds in which the pods are made and looked at by a scheduler."""

MOST: Final = 1000
"""More are asked for by mistake."""

_CONFLICT: Final = 409


@dataclass(frozen=True, slots=True)
class ScaleRequest:
    """How many there shall be. Raises UsageError for a number that cannot be meant."""

    number: int

    def __post_init__(self) -> None:
        if not 0 <= self.number <= MOST:
            raise UsageError(f"{self.number} placeholders cannot be meant: 0 to {MOST}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalePlan(Plan):
    """A plan to have `number` placeholders in the StatefulSet `workload`; `value` is what has it
    last, as a setting: `scheduling.userPlaceholder.replicas: 4`."""

    number: int
    workload: str
    value: str


async def plan(session: ActionSession, request: ScaleRequest) -> ScalePlan:
    """Reads everything anew and says what the number would do.

    Raises NotFoundError where the hub has no placeholders, DeniedError, UnreachableError.
    """
    facts = await facts_of.read(session, request.number)
    number, name, before = request.number, facts.name, facts.replicas
    return ScalePlan(
        id=new_id(),
        action=NAME,
        title=f"{counted(number, 'placeholder')} for {session.release or session.namespace}",
        summary=f"StatefulSet {name} goes from {before} to {counted(number, 'replica')}, until "
        "the next upgrade",
        **place_of(session),
        targets=(f"statefulset {name}",),
        checks=await _checks(session, facts, number),
        notices=facts_of.notices(facts, number),
        undo=own_command(session, [NAME, str(before)]),
        confirm=session.release or name,
        basis=facts.basis,
        command=_command(session, name, before, number),
        means="one PATCH of its scale, held to the version that was read",
        permits=(Permit("patch", STATEFULSETS.resource, session.namespace, name, "scale"),),
        details=(("statefulset", name), ("before", str(before)), ("number", str(number))),
        texts=(facts_of.lasting(facts, number),),
        number=number,
        workload=name,
        value=facts_of.setting(facts, number),
    )


async def _checks(session: ActionSession, facts: Facts, number: int) -> tuple[Check, ...]:
    found = (
        facts_of.there(facts, number),
        facts_of.priority(facts, number),
        facts_of.room(facts, number),
        facts_of.quota(session, facts, number),
        facts_of.values(facts, number),
        await release_is_quiet(session, facts.newest),
        await right(session, "patch", STATEFULSETS.resource, facts.name, subresource="scale"),
    )
    return tuple(check for check in found if check is not None)


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Sets the number and watches until the pods are made, or gone.

    Raises ChangedSinceError before anything is written when the plan no longer holds.
    """
    if not isinstance(plan, ScalePlan):
        raise TypeError(plan.action)
    workload = await _still_holds(session, plan)
    await report.begin()
    report.progress(Progress(Phase.APPLYING, note=f"sets {counted(plan.number, 'replica')}"))
    try:
        await _scale(session, workload, plan.number, token)
    except ChangedSinceError:
        raise
    except HubtuiError as error:
        return Outcome(Result.FAILED, f"{plan.workload} was not scaled: {error.what}")
    return await _watched(session, plan, report)


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:
    """What one that nobody watched has left behind: one look, no waiting."""
    details = dict(entry.details)
    name, number = details.get("statefulset", ""), details.get("number", "")
    try:
        now = await session.client.get(STATEFULSETS, session.namespace, name)
    except NotFoundError:
        return Outcome(Result.INTERRUPTED, f"hubtui was ended; StatefulSet {name} is gone")
    replicas = counted(now.spec.replicas, "replica")
    if str(now.spec.replicas) != number:
        words = f"hubtui was ended; {name} has {replicas}, not {number}"
        return Outcome(Result.INTERRUPTED, words)
    pods = await facts_of.pods_of(session)
    return Outcome(Result.OK, f"hubtui was ended; {name} has {replicas}, {_standing(pods)}")


async def _still_holds(session: ActionSession, plan: ScalePlan) -> StatefulSet:
    try:
        workload = await session.client.get(STATEFULSETS, plan.namespace, plan.workload)
    except NotFoundError as error:
        raise ChangedSinceError(error.what, meaning="Nothing was written.") from error
    newest = await newest_revision(session)
    check_basis(plan, await facts_of.basis_of(session, workload, newest))
    return workload


async def _scale(
    session: ActionSession, workload: StatefulSet, number: int, token: WriteToken
) -> None:
    """Sets the number of one StatefulSet, if nobody else has set it since.

    Raises ChangedSinceError, ApiError when it is refused, UnreachableError when the cluster does
    not say whether it took it.
    """
    before = workload.metadata.uid, workload.spec.replicas
    name = workload.metadata.name
    for _ in range(TRIES):
        try:
            await _patch(session, workload, number, token)
        except UnreachableError:
            if await _was_taken(session, name, number):
                return
            raise
        except ApiError as error:
            if error.status != _CONFLICT:
                raise
            workload = await session.client.get(STATEFULSETS, session.namespace, name)
            if (workload.metadata.uid, workload.spec.replicas) != before:
                break
        else:
            return
    raise ChangedSinceError(f"{name} has changed just now", meaning="Nothing was written.")


async def _patch(
    session: ActionSession, workload: StatefulSet, number: int, token: WriteToken
) -> None:
    meta = workload.metadata
    body: dict[str, Any] = {
        "metadata": {"resourceVersion": meta.resource_version},
        "spec": {"replicas": number},
    }
    query = {"fieldManager": "hubtui"}
    call = Call("patch", STATEFULSETS.resource, meta.namespace, meta.name, "scale", query)
    await session.client.request(
        call,
        kind=STATEFULSETS,
        body=body,
        token=token,
        content_type="application/merge-patch+json",
    )


async def _was_taken(session: ActionSession, name: str, number: int) -> bool:
    """Whether a write whose answer was lost has arrived."""
    try:
        now = await session.client.get(STATEFULSETS, session.namespace, name)
    except HubtuiError:
        return False
    return now.spec.replicas == number


async def _watched(session: ActionSession, plan: ScalePlan, report: Report) -> Outcome:
    """Waits until as many pods are there, each on a node or told that there is none."""
    loop = asyncio.get_running_loop()
    limit, error = loop.time() + COME, ""
    pods: tuple[Pod, ...] = ()
    while True:
        try:
            pods, error = await facts_of.pods_of(session), ""
        except HubtuiError as problem:
            error = problem.what
        note = error or f"{_standing(pods)}, {plan.number} are meant"
        report.progress(Progress(Phase.VERIFYING, note=note))
        if not error and len(pods) == plan.number and all(map(_is_decided, pods)):
            return _scaled(plan, pods)
        if loop.time() > limit:
            return _late(plan, pods, error)
        await asyncio.sleep(following.CADENCE)


def _scaled(plan: ScalePlan, pods: tuple[Pod, ...]) -> Outcome:
    words = f"{plan.workload} has {counted(plan.number, 'replica')}"
    words += f": {_standing(pods)}" if pods else ""
    lasts = next(check.level is Level.OK for check in plan.checks if check.name == "values")
    value = f"The next helm upgrade or rollback resets it: put {plan.value} into the values."
    return Outcome(
        Result.OK, words, next_steps=(*(() if lasts else (value,)), f"Back: {plan.undo}")
    )


def _late(plan: ScalePlan, pods: tuple[Pod, ...], error: str) -> Outcome:
    head = f"{plan.workload} was set to {counted(plan.number, 'replica')}"
    if error:
        return Outcome(Result.UNVERIFIED, f"{head}, and its pods cannot be seen: {error}")
    unseen = [pod.metadata.name for pod in pods if not _is_decided(pod)]
    words = f"{head}, but there are {counted(len(pods), 'pod')}"
    if unseen:
        words += f", and no scheduler has looked at {', '.join(unseen[:3])}"
    return Outcome(
        Result.FAILED, words, next_steps=("Look at the pods: why (w) says what they wait for.",)
    )


def _standing(pods: tuple[Pod, ...]) -> str:
    placed = sum(1 for pod in pods if pod.spec.node_name)
    waiting = len(pods) - placed
    if not pods:
        return "no placeholder is there"
    words = f"{counted(placed, 'placeholder')} on nodes"
    return words + (f", {waiting} waiting for room, as meant" if waiting else "")


def _is_decided(pod: Pod) -> bool:
    """Whether it has a node, or a scheduler found none; one that ends is not."""
    if pod.metadata.deletion_timestamp is not None:
        return False
    told = next((c for c in pod.status.conditions if c.type == "PodScheduled"), None)
    return bool(pod.spec.node_name) or (told is not None and told.status == "False")


def _command(session: ActionSession, name: str, before: int, number: int) -> str:
    words = ["scale", f"statefulset/{name}", f"--replicas={number}", f"--current-replicas={before}"]
    return kubectl_command(
        session.settings, session.context, [*words, "--namespace", session.namespace]
    )
