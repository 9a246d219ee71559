"""Makes a claim larger and follows it until its file system is.

What `kubectl patch pvc` does: the size that is asked for changes, nothing else. The driver's
controller enlarges the volume, the kubelet its file system.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Final

from hubtui.clients.cluster_flags import kubectl_command
from hubtui.clients.gate import Call, WriteToken
from hubtui.errors import (
    ApiError,
    ChangedSinceError,
    HubtuiError,
    NotFoundError,
    UnreachableError,
)
from hubtui.model.claims import asked_of
from hubtui.model.expansion import (
    STORAGE,
    Size,
    Stage,
    Way,
    ability_of,
    exact,
    size_in,
    standing_of,
)
from hubtui.model.kinds import CLAIMS
from hubtui.model.kube_needs import Claim
from hubtui.model.plan import Check, Outcome, Permit, Phase, Plan, Progress, Result
from hubtui.services.actions import ActionSession, Report
from hubtui.services.actions import expand_checks as checks
from hubtui.services.actions import expand_facts as facts_of
from hubtui.services.actions.common import check_basis, new_id, place_of, right
from hubtui.services.actions.expand_facts import Facts
from hubtui.services.actions.expand_follow import Follower, event_key
from hubtui.services.journal import Entry

NAME: Final = "expand"

TRIES: Final = 5
"""The claim changes with each report of its driver; a write is held to the version read."""

_CONFLICT: Final = 409


@dataclass(frozen=True, slots=True)
class ExpandRequest:
    """Which claim, and how large it shall be, as the API takes it: `20Gi`."""

    claim: str
    size: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandPlan(Plan):
    """A plan to have `size` in `claim`; `way` is what its driver can, `setting` what the values
    have to say then, empty where the release does not make the claim or has the size already."""

    claim: str
    size: Size
    way: Way
    setting: str


async def plan(session: ActionSession, request: ExpandRequest) -> ExpandPlan:
    """Reads everything anew and says what the size would do.

    Raises UsageError for what is no size, NotFoundError when there is no such claim, DeniedError,
    UnreachableError.
    """
    size = size_in(request.size)
    facts = await facts_of.read(session, request.claim)
    name = facts.name
    return ExpandPlan(
        id=new_id(),
        action=NAME,
        title=f"Expand {name} to {size.written}",
        summary=f"{name} goes from {exact(facts.size or 0)} to {size.written}",
        **place_of(session),
        targets=(f"claim {name}",),
        checks=await _checks(session, facts, size),
        notices=checks.notices(facts, size),
        undo="no way: a claim never shrinks; a smaller one is a new claim, and a copy",
        confirm=name,
        basis=facts.basis,
        command=_command(session, name, size),
        means="one PATCH of what the claim asks for, held to the version that was read; the "
        "driver does the rest by itself",
        permits=(Permit("patch", CLAIMS.resource, session.namespace, name),),
        details=(("claim", name), ("uid", facts.claim.metadata.uid), ("size", size.written)),
        lock=f"claim {session.namespace}/{name}",
        texts=checks.lasting(facts, size),
        claim=name,
        size=size,
        way=ability_of(facts.volume).way if facts.volume is not None else Way.UNKNOWN,
        setting=checks.setting(facts, size),
    )


async def _checks(session: ActionSession, facts: Facts, size: Size) -> tuple[Check, ...]:
    found = (
        checks.bound(facts),
        checks.allowed(facts),
        checks.driver(facts) if facts.size is not None else None,
        checks.size(facts, size),
        checks.under_way(facts),
        checks.quota(facts, size),
        checks.values(facts, size),
        await right(session, "patch", CLAIMS.resource, facts.name),
    )
    return tuple(check for check in found if check is not None)


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Asks for the size, and follows it.

    Raises ChangedSinceError before anything is written when the plan no longer holds.
    """
    if not isinstance(plan, ExpandPlan):
        raise TypeError(plan.action)
    claim = await _still_holds(session, plan)
    before = await _events_before(session, plan.claim)
    await report.begin()
    report.progress(Progress(Phase.APPLYING, note=f"asks for {plan.size.written}"))
    try:
        await _ask(session, claim, plan.size, token)
    except ChangedSinceError:
        raise
    except HubtuiError as error:
        return Outcome(Result.FAILED, f"{plan.claim} was not expanded: {error.what}")
    await report.step(f"{plan.claim} asks for {plan.size.written}", (f"claim {plan.claim}",))
    follower = Follower(session, plan.claim, plan.size.bytes, plan.way, report)
    return _with_values(plan, await follower.to_the_end(before))


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:
    """How far one is that nobody watched: one look, no waiting."""
    details = dict(entry.details)
    name, size = details.get("claim", ""), size_in(details.get("size", ""))
    try:
        claim = await session.client.get(CLAIMS, session.namespace, name)
        events = await facts_of.events_of(session, name)
    except NotFoundError:
        return Outcome(Result.INTERRUPTED, f"hubtui was ended; claim {name} is gone")
    asked = asked_of(claim) or 0
    if claim.metadata.uid != details.get("uid") or asked < size.bytes:
        words = f"hubtui was ended; {name} asks for {exact(asked)}, not {size.written}"
        return Outcome(Result.INTERRUPTED, words)
    standing = standing_of(claim, size.bytes, events)
    if standing.stage is Stage.DONE:
        return Outcome(Result.OK, f"hubtui was ended; {name} has {size.written}")
    return Outcome(
        Result.UNVERIFIED,
        f"hubtui was ended; {name} asks for {size.written}: {standing.stage}",
        words=standing.said,
        next_steps=("It goes on by itself; hubtui storage says how large it is.",),
    )


def _with_values(plan: ExpandPlan, outcome: Outcome) -> Outcome:
    """The end of an expansion, with what is to be put into the values."""
    if not plan.setting or outcome.result is Result.FAILED:
        return outcome
    step = f"Before the next helm upgrade put into the values: {plan.setting}"
    return replace(outcome, next_steps=(*outcome.next_steps, step))


async def _still_holds(session: ActionSession, plan: ExpandPlan) -> Claim:
    try:
        claim = await session.client.get(CLAIMS, plan.namespace, plan.claim)
    except NotFoundError as error:
        raise ChangedSinceError(error.what, meaning="Nothing was written.") from error
    check_basis(plan, await facts_of.basis_of(session, claim))
    return claim


async def _events_before(session: ActionSession, name: str) -> frozenset[str]:
    try:
        return frozenset(map(event_key, await facts_of.events_of(session, name)))
    except HubtuiError:
        return frozenset()


async def _ask(session: ActionSession, claim: Claim, size: Size, token: WriteToken) -> None:
    """Asks for a size, if nobody else has asked since.

    Raises ChangedSinceError, ApiError when it is refused, UnreachableError when the cluster does
    not say whether it took it.
    """
    name, before = claim.metadata.name, (claim.metadata.uid, asked_of(claim))
    for _ in range(TRIES):
        try:
            await _patch(session, claim, size, token)
        except UnreachableError:
            if await _was_taken(session, claim, size):
                return
            raise
        except ApiError as error:
            if error.status != _CONFLICT:
                raise
            claim = await session.client.get(CLAIMS, session.namespace, name)
            if (claim.metadata.uid, asked_of(claim)) != before:
                break
        else:
            return
    raise ChangedSinceError(f"{name} has changed just now", meaning="Nothing was written.")


async def _patch(session: ActionSession, claim: Claim, size: Size, token: WriteToken) -> None:
    meta = claim.metadata
    call = Call(
        "patch", CLAIMS.resource, meta.namespace, meta.name, query={"fieldManager": "hubtui"}
    )
    await session.client.request(
        call,
        kind=CLAIMS,
        body=_body(size) | {"metadata": {"resourceVersion": meta.resource_version}},
        token=token,
        content_type="application/merge-patch+json",
    )


def _body(size: Size) -> dict[str, Any]:
    return {"spec": {"resources": {"requests": {STORAGE: size.written}}}}


async def _was_taken(session: ActionSession, claim: Claim, size: Size) -> bool:
    """Whether a write whose answer was lost has arrived."""
    try:
        now = await session.client.get(CLAIMS, session.namespace, claim.metadata.name)
    except HubtuiError:
        return False
    return now.metadata.uid == claim.metadata.uid and asked_of(now) == size.bytes


def _command(session: ActionSession, name: str, size: Size) -> str:
    words = ["patch", "pvc", name, "--patch", json.dumps(_body(size), separators=(",", ":"))]
    return kubectl_command(
        session.settings, session.context, [*words, "--namespace", session.namespace]
    )
