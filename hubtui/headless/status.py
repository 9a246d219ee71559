"""`status`: the hub in a few lines."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from hubtui.errors import DeniedError, HubtuiError, NotFoundError
from hubtui.headless import shapes
from hubtui.headless.output import Answer, Note
from hubtui.headless.pods import pod_stores
from hubtui.headless.releases import heads_of, payload_notes
from hubtui.headless.run import Run, ask, reason, scope_of, store_notes
from hubtui.headless.text import fact, fitted
from hubtui.model.age import age
from hubtui.model.problem import Counts
from hubtui.model.release import RevisionHead
from hubtui.services.pods import RoleRow
from hubtui.services.prepull_left import left_over, left_words
from hubtui.services.releases import Summary
from hubtui.services.session import Session
from hubtui.services.store import State, Store, utc_now
from hubtui.views.cells import EMPTY, Cell, Tone, cell, join
from hubtui.views.document import Hung
from hubtui.views.grid import table
from hubtui.views.journal import elsewhere_words
from hubtui.views.pods import COLUMNS, PodsView
from hubtui.views.problems import counts_cell
from hubtui.views.signs import status_sign

_DOT: Cell = (("·", Tone.MUTED),)
_SHOWN = ("role", "ready", "restarts", "status")


async def status(run: Run) -> int:
    """Which hub, which versions, which revision, and how its parts are."""

    async def question(session: Session) -> Answer:
        current, notes = await _current(run, session)
        await session.feeds.fill(*pod_stores(session))
        session.pods.update()
        if session.pods.stores.pods.health.state is State.DENIED and current is None:
            raise session.pods.stores.pods.health.error or DeniedError("nothing may be read")
        await session.problems.gather()
        notes += store_notes(*pod_stores(session)) + await _left(session)
        return _answer(session, current, notes)

    return await ask(run, question, _watched)


def _watched(session: Session) -> Sequence[Store[Any]]:
    return (*pod_stores(session), session.releases.store)


_Current = tuple[RevisionHead, Summary] | None


async def _current(run: Run, session: Session) -> tuple[_Current, tuple[Note, ...]]:
    """The newest revision; without it the rest of the status still stands."""
    try:
        heads = await heads_of(run, session, session.release)
    except (DeniedError, NotFoundError) as error:
        return None, (Note("releases", reason(error)),)
    row = (heads[0], (await session.releases.summaries(heads[:1]))[0])
    return row, payload_notes([row])


async def _left(session: Session) -> tuple[Note, ...]:
    """What an earlier hubtui left unfinished, and what the cluster holds of it."""
    try:
        found = await session.operations.recover_interrupted()
        others = await asyncio.to_thread(session.operations.left_elsewhere)
        sets = await left_over(session, utc_now())
    except HubtuiError as error:
        return (Note("operations", reason(error)),)
    told = {left.entry.id.lower() for left in found}
    return (
        *(
            Note(left.entry.title, left.outcome.summary if left.outcome else "still running")
            for left in found
        ),
        *(Note("operations", elsewhere_words(entry)) for entry in others),
        *(Note("prepull", left_words(each)) for each in sets if each.operation not in told),
    )


def _answer(session: Session, current: _Current, notes: tuple[Note, ...]) -> Answer:
    known = session.pods.stores.pods.health.state is not State.DENIED
    roles = session.pods.roles() if known else []
    hub = session.hub
    chart = (current[1].chart_version if current else "") or hub.chart_version
    return Answer(
        kind="status",
        scope=scope_of(session),
        body={
            "value": {
                "server": session.client.server,
                "read_only": session.gate.read_only,
                "hub": {
                    "name": hub.name,
                    "chart_version": chart,
                    "jupyterhub": current[1].app if current else "",
                },
                "revision": shapes.revision(*current) if current else None,
                "problems": _counted(session.problems.counts),
                "pods": session.pods.count if known else None,
                "roles": [shapes.role(each) for each in roles],
            }
        },
        lines=lambda width: [
            *fitted(_facts(session, current, chart), width),
            (),
            *_roles(session, roles, width),
        ],
        notes=notes,
    )


def _counted(counts: Counts | None) -> dict[str, int] | None:
    return {"now": counts.now, "soon": counts.soon} if counts is not None else None


def _facts(session: Session, current: _Current, chart: str) -> list[Cell | Hung]:
    where = f"{session.context.name} / {session.namespace} / {session.release}"
    lines: list[Cell | Hung] = [fact("hub", cell(where, Tone.STRONG))]
    if current is None:
        lines += [fact("chart", cell(chart or "?")), fact("revision", cell("?", Tone.SOON))]
    else:
        head, summary = current
        app = cell(f"JupyterHub {summary.app}" if summary.app else "JupyterHub ?")
        lines.append(fact("chart", join(cell(f"{summary.chart or '?'} {chart}"), _DOT, app)))
        sign, tone = status_sign(head.status)
        since = age(summary.updated or head.created, utc_now())
        words = cell(f"{head.status}, {since} ago", tone)
        lines.append(fact("revision", join(cell(str(head.revision)), ((sign, tone),), words)))
        if summary.error or summary.description:
            lines.append(fact("", cell(summary.error or summary.description, Tone.MUTED)))
    counts = session.problems.counts
    words = counts_cell(counts) if counts is not None else cell("?", Tone.SOON)
    more = cell("· hubtui problems", Tone.MUTED) if counts and counts.now + counts.soon else EMPTY
    lines.append(fact("problems", join(words, more)))
    if session.gate.read_only:
        lines.append(fact("read-only", cell(session.gate.read_only, Tone.ACCENT)))
    return lines


def _roles(session: Session, roles: Sequence[RoleRow], width: int) -> list[Cell]:
    view = PodsView(session.pods)
    # The join was updated before: the view is only asked for its cells.
    view.drain()
    now = utc_now()
    indices = [index for index, column in enumerate(COLUMNS) if column.id in _SHOWN]
    rows = []
    for each in roles:
        cells = view.cells(f"role:{each.role}", now)
        rows.append([cells[index] for index in indices if index < len(cells)])
    return table([COLUMNS[index] for index in indices], rows, width) if rows else []
