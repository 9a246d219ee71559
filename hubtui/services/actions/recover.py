"""Recovers a release whose newest revision stays pending: no upgrade can start.

There are two ways. Rolling back is Helm's own: it does not ask whether a revision is pending, and
is planned and carried out as any rollback. Marking the revision as failed changes nothing but
Helm's record of it; what is replaced is kept in a file that the operator names.
"""

from __future__ import annotations

import asyncio
import shlex
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from hubtui.clients.cluster_flags import kubectl_command
from hubtui.clients.gate import Call, WriteToken
from hubtui.errors import (
    ApiError,
    ChangedSinceError,
    HubtuiError,
    RefusedError,
    UnreachableError,
    UsageError,
)
from hubtui.model.kinds import CONFIGMAPS
from hubtui.model.plan import Outcome, Permit, Phase, Plan, Progress, Result
from hubtui.model.release import Status
from hubtui.model.release_storage import to_keep, with_status
from hubtui.model.text import one_line
from hubtui.model.trail import way_back
from hubtui.services import journal
from hubtui.services.actions import ActionSession, Report, recover_outcome, rollback
from hubtui.services.actions import recover_checks as checks
from hubtui.services.actions import recover_facts as read
from hubtui.services.actions.common import check_basis, new_id, place_of, right, who_answers
from hubtui.services.actions.recover_facts import Facts
from hubtui.services.actions.release_facts import heads_of
from hubtui.services.actions.rollback import RollbackRequest
from hubtui.services.journal import Entry
from hubtui.services.save import save

NAME = "recover"

UNINSTALL = (
    "Or `helm uninstall` and install anew: claims of users stay, the hub's own claim goes with "
    "the release unless it is kept."
)


class Way(StrEnum):
    """How a stuck release is recovered."""

    ROLLBACK = "rollback"
    MARK_FAILED = "mark-failed"


@dataclass(frozen=True, slots=True)
class RecoverRequest:
    """Which way; `save` is the new file for what marking replaces."""

    way: Way
    save: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkPlan(Plan):
    """A plan to mark a pending revision as failed: `stored` is its storage object, `version` the
    resource version that is replaced, `keep` the file for it."""

    revision: int
    was: Status
    stored: str
    version: str
    keep: Path | None


async def plan(session: ActionSession, request: RecoverRequest) -> Plan:
    """Reads everything anew and says what this way would do.

    Raises RefusedError when the release is not stuck or there is no revision to go back to,
    UsageError, NotFoundError, DeniedError, UnreachableError.
    """
    heads = await read.stuck_heads(session)
    if request.way is Way.MARK_FAILED:
        return await _marking(session, await read.read(session, heads), request)
    if request.save:
        raise UsageError("--save goes with --way mark-failed: a rollback replaces nothing")
    back = way_back(heads)
    if back is None:
        raise RefusedError(
            f"There is no revision that release {session.release} could be rolled back to",
            meaning="Nothing was written.",
            remedy=f"Use --way mark-failed. {UNINSTALL}",
        )
    facts, found = await asyncio.gather(
        read.read(session, heads), rollback.plan(session, RollbackRequest(back.revision))
    )
    return _as_recovery(found, facts)


def _as_recovery(found: rollback.RollbackPlan, facts: Facts) -> rollback.RollbackPlan:
    """A rollback's plan with all that was seen of a helm at work."""
    stuck = facts.stuck
    return replace(
        found,
        summary=f"revision {stuck.revision} is {stuck.status}: {found.summary}",
        checks=(*checks.more_alive(facts, journal.now()), *found.checks),
        undo=f"upgrade again; revision {stuck.revision} stays in the history as it is",
    )


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Keeps the revision's storage object in the file, marks it as failed, and looks at the result.

    Raises ChangedSinceError before anything is written when the plan no longer holds.
    """
    if not isinstance(plan, MarkPlan):
        raise TypeError(plan.action)
    thing = await _still_holds(session, plan)
    was = plan.was.value
    changed = with_status(
        thing,
        Status.FAILED,
        f"Marked as failed by hubtui: it was {was} and no helm was seen at work",
        journal.now(),
    )
    kept = await asyncio.to_thread(save, str(plan.keep or ""), [to_keep(thing)])
    try:
        await report.begin()
    except BaseException:
        kept.unlink()  # made a moment ago, and nothing has been replaced
        raise
    report.progress(Progress(Phase.APPLYING, note=f"marks revision {plan.revision} as failed"))
    try:
        await _write(session, plan, changed, token)
    except HubtuiError as error:
        return recover_outcome.not_marked(plan.revision, was, error, kept)
    report.progress(Progress(Phase.VERIFYING, note="looks at what the cluster holds"))
    return await recover_outcome.marked(session, plan.revision, str(kept))


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:
    """What a marking that nobody watched has left behind: one look, no waiting."""
    details = dict(entry.details)
    revision, kept = int(details.get("revision", 0)), details.get("keep", "")
    heads = await heads_of(session)
    status = next((head.status for head in heads if head.revision == revision), None)
    if status is Status.FAILED:
        return await recover_outcome.marked(session, revision, kept)
    words = f"is {status}" if status else "is not there any more"
    return Outcome(
        Result.INTERRUPTED,
        f"hubtui was ended before revision {revision} was marked: it {words}",
        notes=(f"If {one_line(kept)} is there, it holds the release's secrets.",),
        revision=heads[0].revision,
    )


async def _still_holds(session: ActionSession, plan: MarkPlan) -> dict[str, object]:
    """The storage object, if it and all else is what the plan was made from."""
    heads, answers = await asyncio.gather(heads_of(session), who_answers(session))
    check_basis(plan, read.basis_of(heads, way_back(heads), answers))
    thing = await read.stored(session, plan.stored)
    metadata = thing.get("metadata")
    version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
    if version != plan.version:
        raise ChangedSinceError(
            f"Revision {plan.revision} has changed since the plan was made",
            meaning="Nothing was written: a helm may be at work.",
            remedy="Look at a new plan.",
        )
    return thing


async def _write(
    session: ActionSession, plan: MarkPlan, changed: dict[str, object], token: WriteToken
) -> None:
    """Replaces the storage object; the server refuses it if the version is another by now.

    Raises RefusedError, ApiError, and UnreachableError when it is not known to be written.
    """
    kind = read.storage_kind(session)
    call = Call("update", kind.resource, plan.namespace, plan.stored)
    try:
        await session.client.request(call, kind=kind, body=changed, token=token, exact=True)
    except UnreachableError as error:
        if not await recover_outcome.has_status(session, plan.revision, Status.FAILED):
            raise RefusedError(f"it did not reach the cluster: {error.what}") from error
    except ApiError as error:
        if error.status == _CONFLICT:
            what = f"revision {plan.revision} has changed just now: a helm may be at work"
            raise ChangedSinceError(what) from error
        raise


_CONFLICT = 409


async def _marking(session: ActionSession, facts: Facts, request: RecoverRequest) -> MarkPlan:
    stuck, kind = facts.stuck, read.storage_kind(session)
    release, namespace, number = session.release, session.namespace, stuck.revision
    keep = _file(request.save)
    found = (
        *checks.alive(facts, journal.now()),
        checks.last_deployed(facts),
        checks.is_readable(facts),
        await right(session, "update", kind.resource, stuck.object_name),
        await asyncio.to_thread(checks.file_is_new, keep),
    )
    where = str(keep) if keep else "FILE"
    return MarkPlan(
        id=new_id(),
        action=NAME,
        title=f"Mark revision {number} of {release} as failed",
        summary=f"revision {number}: {stuck.status} → failed, in helm's record only",
        **place_of(session),
        targets=(f"{kind.kind} {stuck.object_name}",),
        checks=found,
        notices=_notices(facts, where),
        undo=kubectl_command(session.settings, session.context, ["replace", "-f", where]),
        confirm=release,
        basis=facts.basis,
        command=_command(session, facts),
        means=f"one PUT of the {kind.kind}: the status in its label and in what helm keeps inside; "
        f"refused if it has changed; what it replaces is kept in {where}",
        permits=(Permit("update", kind.resource, namespace, stuck.object_name),),
        details=(("revision", str(number)), ("keep", where)),
        revision=number,
        was=stuck.status,
        stored=stuck.object_name,
        version=stuck.resource_version,
        keep=keep,
    )


def _file(name: str) -> Path | None:
    """The whole path of a file that is named; None for none. Raises UsageError."""
    if not name.strip():
        return None
    try:
        return Path(name.strip()).expanduser().absolute()
    except RuntimeError as error:
        raise UsageError(f"{one_line(name)} is no name of a file: {error}") from error


def _notices(facts: Facts, where: str) -> tuple[str, ...]:
    number = facts.stuck.revision
    notices = [
        "Nobody notices anything: nothing that runs is touched, only helm's record changes.",
        f"What revision {number} had applied before its helm ended stays as it is.",
        f"{one_line(where)} holds the release's values and manifests, secrets among them: delete "
        "it when it is not needed any more.",
    ]
    if facts.back is None:
        notices.append(f"After it `helm upgrade` can start again. {UNINSTALL}")
    return tuple(notices)


def _command(session: ActionSession, facts: Facts) -> str:
    """The same with a shell: read, unpack, change, pack, write back."""
    stuck, kind = facts.stuck, read.storage_kind(session)
    what = [kind.kind.lower(), stuck.object_name, "--namespace", session.namespace]
    settings, context = session.settings, session.context
    get = kubectl_command(settings, context, ["get", *what, "-o", "jsonpath={.data.release}"])
    patch = ["patch", *what, "--type", "merge", "--patch-file", "/dev/stdin"]
    times = 1 if kind is CONFIGMAPS else 2
    unpack = " | ".join(["base64 -d"] * times)
    pack = " | ".join(["base64 -w0"] * times)
    sed = shlex.quote(f's/"status":"{stuck.status}"/"status":"failed"/')
    head = '{"metadata":{"labels":{"status":"failed"}},"data":{"release":"'
    return (
        f"{{ printf '{head}'; {get} | {unpack} | gunzip | sed {sed} | gzip -9 | {pack}; "
        f"printf '\"}}}}'; }} | {kubectl_command(settings, context, patch)}"
    )
