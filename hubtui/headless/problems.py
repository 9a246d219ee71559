"""`problems`: what is wrong with the hub, and the runbooks for it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from hubtui.errors import UsageError
from hubtui.headless import shapes
from hubtui.headless.output import Answer, Note, Scope
from hubtui.headless.run import WATCH_BEAT, Run, opened, require, scope_of
from hubtui.headless.text import fitted
from hubtui.model.age import rfc3339
from hubtui.model.problem import Incident, Problem
from hubtui.services.problems.books import Shelf, shelf_of
from hubtui.services.session import Session
from hubtui.services.store import State, utc_now
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.problems import NONE, problem_lines
from hubtui.views.runbook import runbook_lines


async def problems(run: Run) -> int:
    """Looks once, or with --watch again at every change."""
    async with opened(run) as session:
        seen = -1
        while True:
            await session.problems.gather()
            if session.releases.store.health.state is State.DENIED:
                require(session.pods.stores.pods)
            if session.problems.version != seen:
                seen = session.problems.version
                run.out.show(_answer(session, utc_now()))
            if not run.watch:
                return 0
            await asyncio.sleep(WATCH_BEAT)


def runbook(run: Run, name: str) -> int:
    """Prints the runbooks of an incident; asks no cluster. Raises UsageError for another name."""
    if name not in set(Incident):
        raise UsageError(
            f"There is no incident {name!r}", remedy=f"Incidents are: {', '.join(Incident)}."
        )
    shelf = shelf_of(Incident(name), run.settings.runbooks)
    run.out.show(
        Answer(
            kind="runbook",
            scope=Scope(run.settings.context, run.settings.namespace, run.settings.release),
            body={"items": [{"path": book.path, "text": book.text} for book in shelf.books]},
            lines=lambda width: fitted(runbook_lines(Shelf(shelf.books)), width),
            notes=(Note("runbooks", shelf.note),) if shelf.note else (),
        )
    )
    return 0


def _answer(session: Session, now: datetime) -> Answer:
    found = session.problems.found
    lines: list[Cell | Hung] = []
    for problem in found:
        lines += [*([()] if lines else []), *problem_lines(problem, now)]
    if not found:
        words = NONE if session.problems.counts is not None else "Nothing can be said."
        lines.append(cell(words, Tone.FINE if session.problems.counts else Tone.SOON))
    return Answer(
        kind="problems",
        scope=scope_of(session),
        body={"items": [shape(problem) for problem in found]},
        lines=lambda width: fitted(lines, width),
        notes=tuple(Note(each.source, each.reason) for each in session.problems.missing),
        as_of=now,
    )


def shape(problem: Problem) -> dict[str, Any]:
    """One problem."""
    return {
        "incident": problem.incident.value,
        "subject": problem.subject,
        "level": problem.level.value,
        "title": problem.title,
        "effect": problem.effect,
        "todo": problem.todo,
        "since": rfc3339(problem.since),
        "evidence": [shapes.evidence(each) for each in problem.evidence],
        "missing": [{"source": each.source, "reason": each.reason} for each in problem.missing],
        "targets": [{"kind": each.kind, "name": each.name} for each in problem.targets],
        "fixes": [shapes.fix(fix) for fix in problem.fixes],
        "runbook": problem.incident.value,
    }
