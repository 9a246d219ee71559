"""Rolls the release back to an earlier revision, with the helm binary.

helm copies chart, values, manifest and hooks of the target into a new revision; it renders nothing
anew and runs no pre-upgrade hooks (facts.md §5.2).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hubtui.clients import kubeconfig
from hubtui.clients.cluster_flags import helm_command
from hubtui.clients.detached import Detached
from hubtui.clients.gate import WriteToken
from hubtui.clients.helm import Helm, rollback_words
from hubtui.errors import ToolError
from hubtui.model.plan import Check, Outcome, Permit, Phase, Plan, Progress
from hubtui.services.actions import (
    ActionSession,
    Report,
    release_immutable,
    release_notices,
    release_removed,
)
from hubtui.services.actions import release_checks as checks
from hubtui.services.actions.common import begin, check_basis, new_id, place_of
from hubtui.services.actions.release_answers import ask
from hubtui.services.actions.release_facts import Facts, heads_of
from hubtui.services.actions.release_outcome import Deed
from hubtui.services.actions.release_watch import Watch
from hubtui.services.actions.rollback_checks import target_is_complete
from hubtui.services.actions.rollback_facts import basis_of, read
from hubtui.services.journal import Entry
from hubtui.services.releases import head_of

NAME = "rollback"


@dataclass(frozen=True, slots=True)
class RollbackRequest:
    """Which revision to go back to."""

    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackPlan(Plan):
    """A plan to roll back: `current` is the newest revision, `target` what is gone back to.

    `helm` is what would do it; None when a check says why there is none.
    """

    current: int
    target: int
    revisions: int
    helm: Helm | None


async def plan(session: ActionSession, request: RollbackRequest) -> RollbackPlan:
    """Reads everything anew and says what a rollback would do.

    Raises NotFoundError for a revision that does not exist, DeniedError, UnreachableError.
    """
    facts = await read(session, request.revision)
    answers = await ask(session, facts, "a rollback")
    found = (
        target_is_complete(facts),
        answers.quiet,
        answers.owner,
        checks.hub_database(facts.current, facts.target),
        checks.helm_fits(facts),
        answers.rights,
        release_immutable.check(facts, session.namespace),
        release_removed.check(facts, session.namespace),
        answers.dry_run,
        answers.edits,
        answers.images,
        checks.history(facts),
    )
    noticed = release_notices.notices(facts, answers.servers)
    return _plan(session, facts, tuple(check for check in found if check), noticed)


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Runs helm and watches until the release has come or has failed.

    Raises ChangedSinceError before anything is written when the plan no longer holds, ToolError
    without a helm or when it cannot be started.
    """
    if not isinstance(plan, RollbackPlan):
        raise TypeError(plan.action)
    if plan.helm is None:
        raise ToolError("helm is not there", meaning="Nothing was written.")
    await _still_holds(session, plan)
    await report.begin()
    errors = report.words()
    argv = plan.helm.rollback_argv(plan.release, plan.target, plan.namespace, plan.revisions)
    helm = plan.helm.start(argv, token, operation=plan.id, errors=errors, lock=report.lock)
    await begin(helm, report, errors)
    report.progress(Progress(Phase.APPLYING, note="helm applies the revision"))
    return await _watch(session, report, plan.current, plan.target, str(errors)).to_the_end(helm)


async def resume(
    session: ActionSession, entry: Entry, process: Detached, report: Report
) -> Outcome:
    """Watches a helm that another hubtui started, to the end."""
    current, target, errors = _remembered(entry)
    report.progress(Progress(Phase.APPLYING, note="helm was started by an earlier hubtui"))
    return await _watch(session, report, current, target, errors).to_the_end(process)


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:
    """What a rollback that nobody watched has left behind: one look, no waiting."""
    current, target, errors = _remembered(entry)
    watch = _watch(session, None, current, target, errors)
    return await watch.aftermath(begun=entry.process is not None)


def deed(current: int, target: int) -> Deed:
    """What helm does in a rollback, in words."""
    return Deed(
        makes=current + 1,
        back=current,
        content=f"the content of {target}",
        what=f"revision {target}",
        again="plan the rollback again",
        pending=(f"Roll back again, to {target} or to {current}: that is the way out.",),
        failed=(f"Mend the cause, then roll back to {target} again.",),
    )


def _watch(
    session: ActionSession, report: Report | None, current: int, target: int, errors: str
) -> Watch:
    return Watch(session, report, NAME, deed(current, target), target, errors)


def _remembered(entry: Entry) -> tuple[int, int, str]:
    details = dict(entry.details)
    errors = entry.process.output if entry.process else ""
    return int(details.get("current", 0)), int(details.get("target", 0)), errors


async def _still_holds(session: ActionSession, plan: RollbackPlan) -> None:
    heads = await heads_of(session)
    server, authority = await asyncio.to_thread(
        kubeconfig.identity, session.settings, session.context
    )
    check_basis(plan, basis_of(heads, head_of(heads, plan.target), server, authority))


def _plan(
    session: ActionSession, facts: Facts, found: tuple[Check, ...], noticed: tuple[str, ...]
) -> RollbackPlan:
    current, target = facts.newest.revision, facts.target.head.revision
    release, namespace = session.release, session.namespace
    return RollbackPlan(
        id=new_id(),
        action=NAME,
        title=f"Roll back {release} to revision {target}",
        summary=f"revision {current} → {target}, which becomes revision {facts.next_revision}",
        **place_of(session),
        targets=(f"release {release}", f"revision {target}"),
        checks=found,
        changes=facts.changes,
        notices=noticed,
        undo=f"roll back to {current} (it stays in the history)",
        confirm=release,
        basis=basis_of(facts.heads, facts.target.head, facts.server, facts.authority),
        command=_command(session, facts),
        means=_means(session, facts),
        permits=(Permit("rollback", "helm", namespace, release),),
        details=(
            ("current", str(current)),
            ("target", str(target)),
            ("makes", str(facts.next_revision)),
        ),
        current=current,
        target=target,
        revisions=len(facts.heads),
        helm=facts.helm,
    )


def _command(session: ActionSession, facts: Facts) -> str:
    """The equivalent command, for somebody's own terminal."""
    target, present = facts.target.head.revision, len(facts.heads)
    words = rollback_words(session.settings, session.release, target, session.namespace, present)
    return helm_command(session.settings, session.context, words)


def _means(session: ActionSession, facts: Facts) -> str:
    helm = str(facts.version) if facts.version else "no helm"
    timeout = session.settings.helm_timeout
    return f"{helm} · timeout {timeout} · cleans up on failure · goes on if this connection drops"
