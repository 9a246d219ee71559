"""Upgrades the release, with the helm binary: another chart, other values, or both.

helm renders the upgrade with the server's answers before anybody confirms (`--dry-run=server`);
what it is given then is what was shown, and it comes from memory only.
"""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from hubtui.clients.detached import Detached
from hubtui.clients.gate import WriteToken
from hubtui.clients.helm import Helm
from hubtui.clients.helm_upgrade import Upgrade
from hubtui.config import private_folder, state_dir
from hubtui.errors import ToolError
from hubtui.model.deployment import ChartKind, Inputs
from hubtui.model.plan import Check, Outcome, Permit, Phase, Plan, Progress
from hubtui.model.text import one_line
from hubtui.services import journal
from hubtui.services.actions import (
    ActionSession,
    Report,
    release_checks,
    release_images,
    release_immutable,
    release_last,
    release_notices,
    release_removed,
    release_rights,
    upgrade_checks,
    upgrade_facts,
)
from hubtui.services.actions.common import begin, check_basis, new_id, place_of
from hubtui.services.actions.release_answers import ask
from hubtui.services.actions.release_outcome import Deed
from hubtui.services.actions.release_watch import Watch
from hubtui.services.actions.upgrade_command import command
from hubtui.services.actions.upgrade_facts import Rests, UpgradeFacts
from hubtui.services.actions.upgrade_request import UpgradeRequest, given_sets
from hubtui.services.journal import Entry
from hubtui.services.prepull import cargo_in

NAME = "upgrade"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradePlan(Plan):
    """A plan to upgrade: `force` is the revision that is replaced, `makes` the one that comes.

    `helm` is what would do it; None when a check says why there is none. `timeout` is for how long
    it waits for hooks, as a Go duration.
    """

    force: int
    makes: int
    content: str
    timeout: str
    request: UpgradeRequest = field(repr=False)
    upgrade: Upgrade
    helm: Helm | None


async def plan(session: ActionSession, request: UpgradeRequest) -> UpgradePlan:
    """Reads everything anew and says what an upgrade would do.

    Raises NotFoundError without a release, DeniedError, UnreachableError, and ToolError or
    DecodeError for values and charts that cannot be had.
    """
    id_ = new_id()
    folder = _chart_folder(id_)
    try:
        facts = await upgrade_facts.read(session, request, folder)
    finally:
        await _removed(folder)
    found, servers, pulled = await _checks(session, facts)
    pull = _pull_words(pulled)
    noticed = release_notices.notices(facts.facts, servers, pull)
    return _plan(session, id_, facts, found, noticed)


async def apply(session: ActionSession, plan: Plan, token: WriteToken, report: Report) -> Outcome:
    """Runs helm and watches until the release has come or has failed.

    Raises ChangedSinceError before anything is written when the plan no longer holds, ToolError
    without a helm or when it cannot be started.
    """
    if not isinstance(plan, UpgradePlan):
        raise TypeError(plan.action)
    if plan.helm is None:
        raise ToolError("helm is not there", meaning="Nothing was written.")
    folder = _chart_folder(plan.id)
    try:
        rests = await upgrade_facts.rests_on(session, plan.request, folder)
        check_basis(plan, rests.basis)
        errors = report.words()
        helm = await _started(plan, plan.helm, rests, token, report, errors)
        report.progress(Progress(Phase.STARTING, note="helm renders the chart"))
        watch = _watch(
            session, report, plan.details, str(errors), upgrade_facts.secrets_of(rests.gathered)
        )
        return await watch.to_the_end(helm)
    finally:
        await _removed(folder)


async def resume(
    session: ActionSession, entry: Entry, process: Detached, report: Report
) -> Outcome:
    """Watches a helm that another hubtui started, to the end."""
    report.progress(Progress(Phase.APPLYING, note="helm was started by an earlier hubtui"))
    watch = _watch(session, report, entry.details, _errors(entry), None)
    try:
        return await watch.to_the_end(process)
    finally:
        await _removed(_chart_folder(entry.id))


async def aftermath(session: ActionSession, entry: Entry) -> Outcome:
    """What an upgrade that nobody watched has left behind: one look, no waiting."""
    watch = _watch(session, None, entry.details, _errors(entry), None)
    try:
        return await watch.aftermath(begun=entry.process is not None)
    finally:
        await _removed(_chart_folder(entry.id))


async def _started(
    plan: UpgradePlan, helm: Helm, rests: Rests, token: WriteToken, report: Report, errors: Path
) -> Detached:
    """helm at work: in the journal before it begins, with the values in memory of its own."""
    await report.begin()
    upgrade = upgrade_facts.with_chart(plan.upgrade, rests.chart)
    process = helm.start(
        helm.upgrade_argv(upgrade),
        token,
        operation=plan.id,
        errors=errors,
        lock=report.lock,
        values=rests.document,
    )
    await begin(process, report, errors)
    return process


def _watch(
    session: ActionSession,
    report: Report | None,
    details: tuple[tuple[str, str], ...],
    errors: str,
    secrets: frozenset[str] | None,
) -> Watch:
    known = dict(details)
    makes = int(known.get("makes", 0))
    deed = _deed(makes, int(known.get("force", 0)), known.get("content", ""))
    timeout = known.get("timeout", "")
    return Watch(session, report, NAME, deed, makes, errors, secrets, timeout)


def _deed(makes: int, force: int, content: str) -> Deed:
    """What helm does in an upgrade, in words."""
    return Deed(
        makes=makes,
        back=force or None,
        content=content,
        what=f"revision {makes}",
        again="plan the upgrade again",
        pending=(f"Recover the release (R, hubtui recover), or roll back to {force}.",),
        failed=("Mend the cause, then upgrade again.",),
    )


def _errors(entry: Entry) -> str:
    return entry.process.output if entry.process else ""


def _chart_folder(operation: str) -> Path:
    """Where the running revision's chart is unpacked for helm to read: it holds no values of the
    operator's. Found again by a later hubtui, which removes it."""
    return private_folder(state_dir() / "charts") / operation


async def _removed(folder: Path) -> None:
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _checks(
    session: ActionSession, facts: UpgradeFacts
) -> tuple[tuple[Check, ...], int | None, frozenset[str]]:
    """All checks, how many servers run, and the images that are pulled beforehand."""
    both = facts.facts
    pulled = release_images.pulled_beforehand(both.target)
    answers, last = await asyncio.gather(
        ask(
            session,
            both,
            "an upgrade",
            hooks=release_rights.hook_needs(both.target, session.namespace, NAME),
            pulled=pulled,
            otherwise=upgrade_checks.hook_pulls(pulled),
        ),
        release_last.check(session, both, journal.now()),
    )
    seen = both.target.payload is not None
    found: tuple[Check | None, ...] = (
        upgrade_checks.rendered(facts),
        *upgrade_checks.deployment_folder(facts, session.context.name),
        upgrade_checks.secret_files(facts),
        *upgrade_checks.advice(facts),
        upgrade_checks.not_pending(both.newest, answers.quiet),
        answers.owner,
        release_checks.helm_fits(both),
        answers.rights if seen else None,
        release_immutable.check(both, session.namespace) if seen else None,
        release_removed.check(both, session.namespace),
        answers.dry_run,
        answers.edits,
        answers.images,
        last,
        release_checks.history(both),
    )
    return tuple(check for check in found if check is not None), answers.servers, pulled


def _pull_words(pulled: frozenset[str]) -> str:
    if pulled:
        return "Its image is pulled to every node before anything changes (hook puller)."
    return "Images are not pulled beforehand: the first server on a node waits."


def _plan(
    session: ActionSession,
    id_: str,
    facts: UpgradeFacts,
    found: tuple[Check, ...],
    noticed: tuple[str, ...],
) -> UpgradePlan:
    both, upgrade = facts.facts, facts.upgrade
    force, makes = both.current.head.revision, both.next_revision
    release, namespace = session.release, session.namespace
    target = both.target.payload
    content = f"chart {target.chart.label}" if target else "an unknown chart"
    return UpgradePlan(
        id=id_,
        action=NAME,
        title=f"Upgrade {release} with {content}",
        summary=f"revision {force} → {makes}; values: {upgrade_checks.MODE_WORDS[upgrade.mode]}",
        **place_of(session),
        targets=(f"release {release}", content),
        checks=found,
        changes=both.changes,
        notices=noticed,
        undo=f"roll back to {force} (it stays in the history)",
        confirm=release,
        basis=facts.rests.basis,
        command=command(session, facts),
        means=_means(facts),
        inputs=_inputs(facts),
        permits=(Permit("upgrade", "helm", namespace, release),),
        details=_details(force, makes, content, upgrade.timeout),
        force=force,
        makes=makes,
        content=content,
        timeout=upgrade.timeout,
        request=facts.request,
        upgrade=upgrade,
        helm=both.helm,
        cargo=cargo_in(both.target.content) if both.target.content is not None else None,
    )


def _details(force: int, makes: int, content: str, timeout: str) -> tuple[tuple[str, str], ...]:
    """What a later hubtui needs to go on watching; `_watch` reads it."""
    return (
        ("force", str(force)),
        ("makes", str(makes)),
        ("content", content),
        ("timeout", timeout),
    )


def _inputs(facts: UpgradeFacts) -> Inputs:
    """What it is made from; a chart that was unpacked for helm has no place of its own."""
    request, chart, payload = facts.request, facts.upgrade.chart, facts.facts.target.payload
    sets = given_sets(request)
    if chart.kind is ChartKind.RUNNING:
        chart = replace(chart, reference="")
    if payload is not None:
        chart = replace(chart, name=payload.chart.name, version=payload.chart.version)
    return Inputs(
        files=facts.rests.gathered.files,
        sets=tuple(one_line(text.partition("=")[0]) for each in sets for text in each),
        chart=chart,
        deployment=request.deployment,
        git=request.work_tree,
    )


def _means(facts: UpgradeFacts) -> str:
    helm = str(facts.facts.version) if facts.facts.version else "no helm"
    return (
        f"{helm} · timeout {facts.upgrade.timeout} · cleans up on failure · goes on if this "
        f"connection drops · described as: {facts.upgrade.description}"
    )
