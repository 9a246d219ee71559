"""`why`: what explains a pod, a user's server or a role that is not up; of image pullers the nodes
and images too; of a node why it stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from hubtui.errors import NotFoundError
from hubtui.headless import shapes
from hubtui.headless.output import Answer, Note
from hubtui.headless.pods import pod_stores
from hubtui.headless.pullers import lines_of, matrices_of, shape
from hubtui.headless.run import Run, ask, require, scope_of, store_notes
from hubtui.headless.stays import stays
from hubtui.headless.text import fitted
from hubtui.model.podstate import state_of
from hubtui.model.problem import NODE
from hubtui.model.roles import Role, user_of
from hubtui.model.why import Finding
from hubtui.model.why_facts import without_keys
from hubtui.services.pods import PodRow
from hubtui.services.pullers import PULLERS
from hubtui.services.session import Session
from hubtui.services.store import Store, utc_now
from hubtui.services.why import of_pod, of_role
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.why import pod_why, role_why


async def why(run: Run, name: str) -> int:
    """Explains a pod by its name, a user's pods, a role, or why a node stays."""
    if name.startswith(NODE):
        return await stays(run, name.removeprefix(NODE))

    async def question(session: Session) -> Answer:
        await session.feeds.fill(*stores(session))
        require(session.pods.stores.pods)
        session.pods.update()
        now = utc_now()
        if name in set(Role):
            return await _of_role(session, Role(name), now)
        findings = [await _finding(session, row) for row in _rows(session, name)]
        lines: list[Cell | Hung] = []
        for finding in findings:
            lines += [*([()] if lines else []), *pod_why(finding.pods[0], finding.why, now)]
        return _answer(session, findings, lines, now)

    def stores(session: Session) -> Sequence[Store[Any]]:
        return (*pod_stores(session), *([session.jobs] if name in PULLERS else []))

    return await ask(run, question, stores)


async def _of_role(session: Session, role: Role, now: datetime) -> Answer:
    findings = [_bare(each) for each in await of_role(session, role)]
    if role not in PULLERS:
        return _answer(session, findings, list(role_why(role, findings, now)), now)
    matrices = matrices_of(session, role, now)
    lines = list(lines_of(matrices, now)) or [cell(f"There is no {role}.", Tone.MUTED)]
    if findings:
        lines += [(), *role_why(role, findings, now)]
    answer = _answer(session, findings, lines, now)
    pullers = {"pullers": [shape(matrix) for matrix in matrices]}
    notes = (*answer.notes, *store_notes(session.jobs))
    return replace(answer, body={**answer.body, **pullers}, notes=notes)


def _rows(session: Session, name: str) -> list[PodRow]:
    rows = [r for r in session.pods.rows() if name in (r.pod.metadata.name, user_of(r.pod))]
    if not rows:
        raise NotFoundError(
            f"There is no pod, role or user {name!r} in namespace {session.namespace}",
            status=404,
            remedy="`hubtui pods --all` lists the pods.",
        )
    return sorted(rows, key=lambda row: row.pod.metadata.name)


async def _finding(session: Session, row: PodRow) -> Finding:
    found = without_keys(await of_pod(session, row.pod.metadata.name))
    return Finding(found, (row.pod,), state_of(row.pod).severity)


def _bare(finding: Finding) -> Finding:
    return replace(finding, why=without_keys(finding.why))


def _answer(
    session: Session, findings: Sequence[Finding], lines: list[Cell | Hung], now: datetime
) -> Answer:
    missing = {each: None for finding in findings for each in finding.why.missing}
    return Answer(
        kind="why",
        scope=scope_of(session),
        body={"items": [_shape(finding) for finding in findings]},
        lines=lambda width: fitted(lines, width),
        notes=tuple(Note(each.source, each.reason) for each in missing),
        as_of=now,
    )


def _shape(finding: Finding) -> dict[str, Any]:
    found = finding.why
    return {
        "pods": sorted(pod.metadata.name for pod in finding.pods),
        "users": sorted({user_of(pod) for pod in finding.pods if user_of(pod)}),
        "severity": finding.severity.name.lower(),
        "cause": found.cause.value,
        "why": found.paragraph,
        "happened": found.happened,
        "means": found.means,
        "todo": found.todo,
        "evidence": [shapes.evidence(each) for each in found.evidence],
    }
