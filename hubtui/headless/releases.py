"""`releases` and `history`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hubtui.errors import NotFoundError
from hubtui.headless import shapes
from hubtui.headless.output import Answer, Note
from hubtui.headless.run import Run, ask, require, scope_of, store_notes
from hubtui.headless.text import fitted
from hubtui.model.age import age
from hubtui.model.release import RevisionHead
from hubtui.model.trail import Finding, trail
from hubtui.services.releases import Summary
from hubtui.services.session import Session
from hubtui.services.store import Store, utc_now
from hubtui.services.workflow_runs import REVISIONS
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.grid import table
from hubtui.views.signs import status_sign
from hubtui.views.table import Column
from hubtui.views.workflow_runs import run_cell

Rows = Sequence[tuple[RevisionHead, Summary]]

_RUNS = 5
"""Runs that are printed as text; JSON has all that were read."""

_RELEASE = Column("release", "RELEASE", 12)
_REVISION = Column("revision", "REVISION", 8, align="right")
_REST = (
    Column("status", "STATUS", 12),
    Column("updated", "UPDATED", 7, align="right", rank=1),
    Column("chart", "CHART", 10, rank=2),
    Column("app", "APP", 5, rank=3),
    Column("description", "DESCRIPTION", 16, grow=True),
)


async def releases(run: Run) -> int:
    """The newest revision of every release, the hub's first."""

    async def question(session: Session) -> Answer:
        found = session.releases
        await session.feeds.fill(found.store)
        require(found.store)
        names = sorted(found.names(), key=lambda name: (name != session.release, name))
        heads = [found.heads(name)[0] for name in names]
        rows = list(zip(heads, await found.summaries(heads), strict=True))
        answer = _answer("releases", session, rows, (_RELEASE, _REVISION, *_REST))
        return await with_runs(session, answer)

    return await ask(run, question, _storage)


async def with_runs(session: Session, answer: Answer) -> Answer:
    """The answer with the runs of the workflow that deploys the hub, where one is configured."""
    runs = session.workflow_runs
    if not runs.configured:
        return answer
    now = utc_now()
    await asyncio.gather(
        runs.read(now),
        session.releases.summaries(session.releases.heads(session.release)[:REVISIONS]),
    )
    made = runs.made(now)
    shown = [shapes.workflow_run(run, made.get(run.id)) for run in runs.runs]
    about = {"repository": runs.repository, "workflow": runs.workflow, "runs": shown}
    notes = (Note("github", str(runs.error)),) if runs.error is not None else ()
    lines = [run_cell(run, made.get(run.id), now) for run in runs.runs[:_RUNS]]
    title = cell(f"Runs of {runs.workflow} in {runs.repository}", Tone.MUTED)
    told = [(), title, *lines] if lines else []
    return replace(
        answer,
        body={**answer.body, "workflow": about},
        lines=lambda width: [*answer.lines(width), *fitted(told, width)],
        notes=(*answer.notes, *notes),
    )


async def history(run: Run, release: str) -> int:
    """All revisions of one release, newest first; by default the hub's."""

    async def question(session: Session) -> Answer:
        heads = await heads_of(run, session, release or session.release)
        rows = list(zip(heads, await session.releases.summaries(heads), strict=True))
        told = {head.revision: summary.description for head, summary in rows}
        name = heads[0].release
        here = await asyncio.to_thread(session.operations.live_here, name)
        found = trail(heads, told, utc_now(), helm_here=bool(here))
        answer = _answer("history", session, rows, (_REVISION, *_REST))
        return replace(
            answer,
            body={**answer.body, "trail": [shapes.finding(each) for each in found]},
            lines=lambda width: [*answer.lines(width), *trail_lines(found)],
        )

    return await ask(run, question, _storage)


def trail_lines(found: Sequence[Finding]) -> list[Cell]:
    """What happened, a sentence a line, below the table."""
    return [(), *(cell(each.sentence, Tone.SOON) for each in found)] if found else []


def _storage(session: Session) -> Sequence[Store[Any]]:
    return (session.releases.store,)


async def heads_of(run: Run, session: Session, release: str) -> list[RevisionHead]:
    """The revisions of a release, newest first.

    Raises NotFoundError when there are none, DeniedError, UnreachableError.
    """
    if run.watch:
        await session.feeds.fill(session.releases.store)
        require(session.releases.store)
        heads = session.releases.heads(release)
    else:
        heads = await session.releases.refresh(release)
    if not heads:
        raise NotFoundError(
            f"No revision of a release {release!r} is stored in namespace {session.namespace}",
            status=404,
            remedy="`hubtui releases` lists the releases there are.",
        )
    return heads


def payload_notes(rows: Rows) -> tuple[Note, ...]:
    """The payloads that could not be read."""
    return tuple(
        Note(f"{head.release} revision {head.revision}", summary.error)
        for head, summary in rows
        if summary.error
    )


def _answer(kind: str, session: Session, rows: Rows, columns: Sequence[Column]) -> Answer:
    return Answer(
        kind=kind,
        scope=scope_of(session),
        body={"items": [shapes.revision(*row) for row in rows]},
        lines=lambda width: table(
            columns, [[_cell(column.id, *row) for column in columns] for row in rows], width
        ),
        notes=payload_notes(rows) + store_notes(session.releases.store),
    )


def _cell(column: str, head: RevisionHead, summary: Summary) -> Cell:
    if column == "status":
        sign, tone = status_sign(head.status)
        return ((f"{sign} ", tone), (head.status.value, tone))
    if column == "updated":
        return cell(age(summary.updated or head.created, utc_now()), Tone.MUTED)
    if column == "description":
        return cell(summary.error, Tone.NOW) if summary.error else cell(summary.description)
    words = {
        "release": head.release,
        "revision": str(head.revision),
        "chart": f"{summary.chart}-{summary.chart_version}" if summary.chart else "",
        "app": summary.app,
    }
    return cell(words[column])
