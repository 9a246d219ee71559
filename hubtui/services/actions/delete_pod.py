"""Deletes one pod that is stuck: exactly that one, never its successor of the same name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hubtui.clients.cluster_flags import kubectl_command
from hubtui.clients.gate import Call, WriteToken
from hubtui.errors import (
    ApiError,
    ChangedSinceError,
    NotFoundError,
    UnreachableError,
    UsageError,
)
from hubtui.model.kinds import PODS, WHOLE_PODS
from hubtui.model.plan import Check, Outcome, Permit, Phase, Plan, Progress, Result
from hubtui.model.podstate import state_of
from hubtui.services import journal
from hubtui.services.actions import ActionSession, Report, pod_gone
from hubtui.services.actions import delete_pod_checks as checks
from hubtui.services.actions import delete_pod_facts as facts_of
from hubtui.services.actions.common import (
    check_basis,
    new_id,
    place_of,
    release_is_quiet,
    right,
    typable,
)
from hubtui.services.actions.delete_pod_facts import DEFAULT_GRACE, Facts
from hubtui.services.actions.pod_gone import Deleted
from hubtui.services.journal import Entry

NAME = "delete-pod"


@dataclass(frozen=True, slots=True)
class DeletePodRequest:
    """Which pod; `grace` are the seconds that it has to end, by default its own. `force` has the
    apiserver forget it without asking its node: then there is no grace. `orphan`: the hub is asked
    and must know no server for it."""

    pod: str
    force: bool = False
    grace: int | None = None
    orphan: bool = False

    def __post_init__(self) -> None:
        if self.grace is not None and (self.force or self.grace < 1):
            raise UsageError(
                "A pod has no time to end when it is deleted by force"
                if self.force
                else "A pod has a second to end at least",
                remedy="Use --force alone for a pod whose node does not answer.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePodPlan(Plan):
    """A plan to delete one pod."""

    deleted: Deleted
    force: bool
    asked_grace: int | None
    orphan: bool = False


async def plan(session: ActionSession, request: DeletePodRequest) -> DeletePodPlan:
    """Reads everything anew and says what the deletion would do.

    Raises NotFoundError when there is no such pod, DeniedError, UnreachableError.
    """
    facts = await facts_of.read(session, request.pod, orphan=request.orphan)
    grace = 0 if request.force else request.grace or _grace(facts)
    namespace = session.namespace
    return DeletePodPlan(
        id=new_id(),
        action=NAME,
        title=f"Delete pod {facts.name}" + (" by force" if request.force else ""),
        summary=_summary(facts, grace),
        **place_of(session),
        targets=(f"pod {facts.name}",),
        checks=await _checks(session, facts, request),
        notices=checks.notices(facts, grace),
        undo="there is no way back to this pod",
        confirm=_typed(facts),
        basis=facts.basis,
        command=_command(session, facts, request),
        means="one DELETE, held to the uid of this pod: a successor is never hit",
        permits=(Permit("delete", "pods", namespace, facts.name),),
        details=(("pod", facts.name), ("uid", facts.pod.metadata.uid)),
        deleted=Deleted(namespace, facts.name, facts.pod.metadata.uid, grace, facts.workload),
        force=request.force,
        asked_grace=request.grace,
        orphan=request.orphan,
    )


async def _checks(
    session: ActionSession, facts: Facts, request: DeletePodRequest
) -> tuple[Check, ...]:
    now = journal.now()
    found = (
        checks.hubs_view(facts),
        checks.leaving(facts, now, force=request.force, grace=request.grace),
        checks.force(facts, wanted=request.force),
        checks.is_stuck(facts, now),
        checks.comes_again(facts),
        checks.budgets(facts),
        await release_is_quiet(session, facts.newest),
        await right(session, "delete", "pods", facts.name),
    )
    return tuple(check for check in found if check)


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Deletes it and watches until it is gone and its successor is ready.

    Raises ChangedSinceError before anything is written when the plan no longer holds.
    """
    if not isinstance(plan, DeletePodPlan):
        raise TypeError(plan.action)
    await _still_holds(session, plan)
    await report.begin()
    report.progress(Progress(Phase.APPLYING, note="deletes the pod"))
    try:
        await _delete(session, plan, token)
    except NotFoundError:
        return Outcome(Result.OK, f"Pod {plan.deleted.name} was gone already")
    except UnreachableError as error:
        report.progress(
            Progress(Phase.APPLYING, note=error.what)
        )  # the watch tells what came of it
    except ApiError as error:
        if error.status == _CONFLICT:
            raise ChangedSinceError(
                f"Pod {plan.deleted.name} is another one now", meaning="Nothing was deleted."
            ) from error
        return Outcome(Result.FAILED, f"The pod was not deleted: {error.what}")
    return await pod_gone.watch(session, plan.deleted, report)


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:
    """What a deletion that nobody watched has left behind: one look, no waiting."""
    details = dict(entry.details)
    name, uid = details.get("pod", ""), details.get("uid", "")
    pod = await pod_gone.look_once(session, Deleted(entry.namespace, name, uid, 0))
    if pod is None:
        return Outcome(Result.OK, f"hubtui was ended; pod {name} is gone")
    left = "is on its way out" if pod.metadata.deletion_timestamp else "was not deleted"
    return Outcome(
        Result.INTERRUPTED, f"hubtui was ended; pod {name} {left}: {state_of(pod).status}"
    )


_CONFLICT = 409


async def _still_holds(session: ActionSession, plan: DeletePodPlan) -> None:
    try:
        pod = await session.client.get(WHOLE_PODS, plan.namespace, plan.deleted.name)
    except NotFoundError as error:
        raise ChangedSinceError(
            f"Pod {plan.deleted.name} is gone by itself", meaning="Nothing was written."
        ) from error
    hub = await facts_of.hubs_word(session, pod) if plan.orphan else ""
    check_basis(plan, await facts_of.basis_of(session, pod, hub))


async def _delete(session: ActionSession, plan: DeletePodPlan, token: WriteToken) -> None:
    options: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": plan.deleted.uid},
    }
    grace = 0 if plan.force else plan.asked_grace
    if grace is not None:
        options["gracePeriodSeconds"] = grace
    call = Call("delete", PODS.resource, plan.deleted.namespace, plan.deleted.name)
    await session.client.request(call, kind=PODS, body=options, token=token)


def _grace(facts: Facts) -> int:
    seconds = facts.pod.spec.termination_grace_period_seconds
    return DEFAULT_GRACE if seconds is None else seconds


def _summary(facts: Facts, grace: int) -> str:
    where = f" on node {facts.pod.spec.node_name}" if facts.pod.spec.node_name else ""
    how = f"with {grace} s to end" if grace else "at once"
    return f"{facts.state.status}{where}: deleted {how}"


def _typed(facts: Facts) -> str:
    """The user whose server it is, where that can be typed; else the pod."""
    return typable(facts.user, facts.name)


def _command(session: ActionSession, facts: Facts, request: DeletePodRequest) -> str:
    words = ["delete", "pod", facts.name, "--namespace", session.namespace]
    last: tuple[str, ...] = ()
    if request.force:
        last = ("--grace-period=0", "--force")
    elif request.grace is not None:
        last = (f"--grace-period={request.grace}",)
    return kubectl_command(session.settings, session.context, words, *last)
