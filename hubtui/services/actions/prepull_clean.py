"""Deletes what prepulls have left in the cluster: their hubtui was killed, here or elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hubtui.clients.cluster_flags import kubectl_command
from hubtui.clients.gate import WriteToken
from hubtui.errors import ApiError
from hubtui.model.age import age, rfc3339
from hubtui.model.kinds import DAEMONSETS
from hubtui.model.plan import (
    Basis,
    Check,
    FailedObject,
    Outcome,
    Permit,
    Phase,
    Plan,
    Progress,
    Result,
)
from hubtui.model.prepull import Left, may_be_at_work
from hubtui.services import journal
from hubtui.services.actions import ActionSession, Report
from hubtui.services.actions.common import (
    check_basis,
    counted,
    new_id,
    ok,
    place_of,
    stop,
    warn,
    who_answers,
)
from hubtui.services.actions.prepull import lock_of
from hubtui.services.actions.prepull_run import remove
from hubtui.services.journal import Entry
from hubtui.services.prepull import left_behind

NAME: Final = "prepull-clean"

GONE_WITHIN: Final = 30.0
"""Seconds in which the server takes the end of one."""


@dataclass(frozen=True, slots=True)
class PrepullCleanRequest:
    """All that prepulls have left of this release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepullCleanPlan(Plan):
    """A plan to delete DaemonSets of prepulls."""

    left: tuple[Left, ...]


async def plan(
    session: ActionSession,
    request: PrepullCleanRequest,  # noqa: ARG001 - all actions have one
) -> PrepullCleanPlan:
    """Looks what is left. Raises DeniedError, UnreachableError."""
    left = await left_behind(session)
    names = tuple(each.name for each in left)
    return PrepullCleanPlan(
        id=new_id(),
        action=NAME,
        title="Take away what prepulls have left",
        summary=f"{counted(len(left), 'DaemonSet')} of prepulls deleted, with their pods",
        **place_of(session),
        targets=tuple(f"daemonset {name}" for name in names),
        checks=await _checks(session, left),
        notices=("No server is touched; images that were pulled stay on their nodes.",),
        undo="a prepull brings them again",
        confirm=session.release or session.namespace,
        basis=_basis(await who_answers(session), left),
        command=kubectl_command(
            session.settings,
            session.context,
            ["delete", "daemonset", *names, "--namespace", session.namespace],
        ),
        means="a DELETE for each, held to the object that was read",
        permits=tuple(
            Permit("delete", DAEMONSETS.resource, session.namespace, name) for name in names
        ),
        details=(("daemonsets", " ".join(names)),),
        lock=lock_of(session),
        left=left,
    )


async def _checks(session: ActionSession, left: Sequence[Left]) -> tuple[Check, ...]:
    if not left:
        return (stop("left", "no prepull has left anything here"),)
    return (*await _at_work(session, left), await _right(session, left))


async def _at_work(session: ActionSession, left: Sequence[Left]) -> list[Check]:
    """What may still be somebody's work: one of this machine that runs, or one of another machine
    whose time is not over."""
    now = journal.now()
    here = await asyncio.to_thread(session.operations.begun, "prepull")
    runs = {id_.lower(): under_way for id_, under_way in here.items()}
    told = (f"{each.name}: begun {age(each.begun, now)} ago by {each.owner}" for each in left)
    found = [ok("left", "; ".join(told))]
    if mine := [each.name for each in left if runs.get(each.operation)]:
        words = f"on this machine: {', '.join(mine)}; end it early instead (i)"
        found.append(stop("at work", words))
    others = (each for each in left if each.operation not in runs and may_be_at_work(each, now))
    if busy := [f"{each.name} by {each.owner} until {rfc3339(each.until)}" for each in others]:
        words = f"perhaps, on another machine: {'; '.join(busy)}"
        found.append(stop("others at work", words, overridable=True))
    return found


async def _right(session: ActionSession, left: Sequence[Left]) -> Check:
    try:
        may = await asyncio.gather(
            *(
                session.client.can_i("delete", DAEMONSETS.resource, session.namespace, each.name)
                for each in left
            )
        )
    except ApiError as error:
        return warn("rights", f"cannot be asked: {error.what}")
    words = f"delete {DAEMONSETS.resource}"
    return ok("rights", f"{words}: allowed") if all(may) else stop("rights", f"no right to {words}")


def _basis(answers: dict[str, str], left: Iterable[Left]) -> Basis:
    return Basis.of({**answers, **{f"daemonset {each.name}": each.uid for each in left}})


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Deletes them. Raises ChangedSinceError when others are there than the plan says."""
    if not isinstance(plan, PrepullCleanPlan):
        raise TypeError(plan.action)
    check_basis(plan, _basis(await who_answers(session), await left_behind(session)))
    await report.begin()
    failed = []
    for each in plan.left:
        report.progress(Progress(Phase.APPLYING, note=f"deletes {each.name}"))
        if words := await remove(session, each.name, token, GONE_WITHIN, each.uid):
            failed.append(FailedObject("daemonset", each.name, words))
        else:
            await report.step(f"{each.name} is deleted", (each.name,))
    words = f"{len(plan.left) - len(failed)} of {counted(len(plan.left), 'DaemonSet')} deleted"
    return Outcome(Result.FAILED if failed else Result.OK, words, failed=tuple(failed))


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:  # noqa: ARG001
    """What is left of prepulls after a hubtui was ended that cleaned up."""
    left = await left_behind(session)
    if not left:
        return Outcome(Result.OK, "hubtui was ended; nothing of prepulls is left")
    names = ", ".join(each.name for each in left)
    return Outcome(Result.INTERRUPTED, f"hubtui was ended; left of prepulls: {names}")
