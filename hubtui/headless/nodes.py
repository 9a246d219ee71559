"""`nodes`: the pane as text, or all that is known of one node."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import msgspec

from hubtui.errors import HubtuiError, NotFoundError
from hubtui.headless.node_shapes import detail, item, pool
from hubtui.headless.output import Answer, Note
from hubtui.headless.run import Run, Source, ask, require, scope_of
from hubtui.headless.text import fitted
from hubtui.services.node_events import node_events
from hubtui.services.nodes import NodeRow
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.views.cells import EMPTY, Cell, cell
from hubtui.views.grid import table
from hubtui.views.node_cells import legend
from hubtui.views.node_details import Around, node_details
from hubtui.views.nodes import NodesView
from hubtui.views.pod_details import Events
from hubtui.views.table import fit


async def nodes(run: Run, name: str, pool_label: str) -> int:
    """All nodes by pool, or one with its pods, images, conditions and events.

    Without the right to list nodes their pods tell who is where. Raises NotFoundError for one that
    there is not, DeniedError where pods may not be listed, and what `Nodes.fill` raises.
    """
    view: NodesView | None = None

    async def question(session: Session) -> Answer:
        nonlocal view
        await _read(session)
        require(session.pods.stores.pods)
        if name:
            return await _of_one(session, name)
        view = view or _view(session)
        view.drain()
        return _of_all(session, view)

    return await ask(_with_label(run, pool_label), question, _sources, _follow)


def _with_label(run: Run, label: str) -> Run:
    if not label:
        return run
    settings = msgspec.structs.replace(
        run.settings, nodes=msgspec.structs.replace(run.settings.nodes, pool_label=label)
    )
    return replace(run, settings=settings)


def _sources(session: Session) -> Sequence[Source]:
    return (session.nodes.store, session.pods.stores.pods, session.nodes.elsewhere)


async def _follow(session: Session) -> None:
    session.seats.start("watch")
    session.scale_down.start("watch")


async def _read(session: Session) -> None:
    """Everything that an answer joins, once."""
    await asyncio.gather(session.seats.fill(), session.scale_down.read(), _read_users(session))
    session.users.update()
    session.seats.update()


async def _read_users(session: Session) -> None:
    with suppress(HubtuiError):  # its feed keeps the reason
        await session.users.fill()


def _view(session: Session) -> NodesView:
    view = NodesView(session.nodes, session.users, session.seats, session.scale_down)
    view.drain()
    view.unfold_all()
    return view


def _of_all(session: Session, view: NodesView) -> Answer:
    now = utc_now()
    keys = list(view.keys())
    rows = [row for key in keys if isinstance(row := view.row(key), NodeRow)]

    def lines(width: int) -> list[Cell]:
        # A table of text has one blank more between its columns than a pane.
        view.resize(max(1, width - len(fit(view.columns, width)) + 1) if width else 0)
        if not keys:
            return [cell(view.empty())]
        cells = [view.cells(key, now) for key in keys]
        return [cell(view.headline), *table(view.columns, cells, width), EMPTY, legend()]

    return Answer(
        kind="nodes",
        scope=scope_of(session),
        body={
            "items": [item(session, row, now) for row in rows],
            "pools": [pool(each, each.name) for each in session.nodes.pools()],
            "totals": pool(session.nodes.totals(), None),
            "seats": _seats(session),
        },
        lines=lines,
        notes=_notes(session),
        as_of=now,
    )


async def _of_one(session: Session, name: str) -> Answer:
    row, now = session.nodes.row(name), utc_now()
    if row is None:
        raise NotFoundError(
            f"There is no node {name!r}", status=404, remedy="`hubtui nodes` lists them."
        )
    events = await _events(session, name)
    around = Around(
        pods=session.nodes.pods_on(name),
        servers={each.pod.key: each for each in session.users.rows() if each.pod is not None},
        release=session.release,
        seats=session.seats.answer,
        no_seats=session.seats.missing,
        stays=session.scale_down.of(name),
        events=events,
    )
    missing = (Note("events", events),) if isinstance(events, str) else ()
    return Answer(
        kind="nodes",
        scope=scope_of(session),
        body={"items": [{**item(session, row, now), **detail(row, around, now)}]},
        lines=lambda width: fitted([cell(name), *node_details(row, around, now)], width),
        notes=(*_notes(session), *missing),
        as_of=now,
    )


async def _events(session: Session, name: str) -> Events:
    try:
        return await node_events(session.client, name)
    except HubtuiError as error:
        return error.what


def _seats(session: Session) -> dict[str, Any] | None:
    found = session.seats.answer
    if found is None:
        return None
    return {
        "total": found.total,
        "giving_way": found.giving_way,
        "binds": found.binds,
        "at_most": found.at_most,
    }


def _notes(session: Session) -> tuple[Note, ...]:
    found = {(each.source, each.reason): None for each in session.seats.notes()}
    if session.scale_down.missing is not None:
        found[session.scale_down.missing.source, session.scale_down.missing.reason] = None
    if session.seats.answer is None:
        found["seats", session.seats.missing] = None
    error = session.hub_feed.health.error
    if error is not None:
        found["hub", error.what] = None
    return tuple(Note(source, reason) for source, reason in found)
