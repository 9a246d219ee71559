"""`storage`: the pane as text, or all that is known of one claim or one shared disk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from hubtui.errors import HubtuiError, NotFoundError
from hubtui.headless.hub_db import database
from hubtui.headless.output import Answer, Note
from hubtui.headless.run import Run, Source, ask, require, scope_of
from hubtui.headless.storage_shapes import detail, disk, home, item
from hubtui.headless.text import fitted
from hubtui.model.claims import ClaimKind
from hubtui.model.kinds import CLAIMS
from hubtui.services.events_of import events_of
from hubtui.services.session import Session
from hubtui.services.store import Health, Subscription, utc_now
from hubtui.views.cells import Cell, Tone, cell, join
from hubtui.views.grid import table
from hubtui.views.pod_details import Events
from hubtui.views.storage import StorageView
from hubtui.views.storage_around import around_claim, around_disk
from hubtui.views.storage_books import Disk
from hubtui.views.storage_details import claim_details, disk_details
from hubtui.views.table import fit

GROWERS = 10
"""Homes that are told by how fast they grow."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the storage is asked for: a claim or disk by name, or all that matches a filter;
    `everyone` names each claim in the text."""

    name: str = ""
    text: str = ""
    everyone: bool = False


async def storage(run: Run, wanted: Wanted) -> int:
    """What fills up: claims by kind and shared disks, or one of them with all that is known of it.

    Raises NotFoundError for one that there is not, DeniedError where claims may not be listed, and
    what `Storage.fill` raises.
    """
    view: StorageView | None = None

    async def question(session: Session) -> Answer:
        nonlocal view
        if view is None or not run.watch:
            await _read(session)
        require(session.storage.claims)
        view = view or _view(session, wanted)
        view.drain()
        if wanted.name:
            return await _of_one(session, view, wanted.name)
        return _of_all(session, view)

    return await ask(run, question, _sources, _follow)


class _Figures:
    """What is measured, as a source of changes: as well as the claims are."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def health(self) -> Health:
        return self._session.storage.claims.health

    def subscribe(self) -> Subscription:
        return self._session.disks.subscribe()


def _sources(session: Session) -> Sequence[Source]:
    return (session.storage.claims, session.pods.stores.pods, _Figures(session))


async def _follow(session: Session) -> None:
    session.storage.start("watch")
    session.trends.start("watch")
    session.homes.start("watch")


async def _read(session: Session) -> None:
    """Everything that an answer joins, once."""
    await asyncio.gather(session.storage.fill(), _read_users(session))
    session.storage.update()
    await asyncio.gather(session.trends.fill(), session.homes.fill(), session.nfs_servers.fill())


async def _read_users(session: Session) -> None:
    with suppress(HubtuiError):  # its feed keeps the reason
        await session.users.fill()


def _view(session: Session, wanted: Wanted) -> StorageView:
    pods = session.pods.stores.pods
    view = StorageView(session.storage, session.disks, session.trends, session.homes, pods)
    view.serve(session.nfs_servers.servers())
    view.set_filter(wanted.text)
    if wanted.everyone:
        view.unfold_all()
    return view


def _of_all(session: Session, view: StorageView) -> Answer:
    now = utc_now()

    def lines(width: int) -> list[Cell]:
        # A table of text has one blank more between its columns than a pane.
        view.resize(max(1, width - len(fit(view.columns, width)) + 1) if width else 0)
        keys = list(view.keys())
        if not keys:
            return [cell(view.empty())]
        fresh = view.freshness(now)
        head = join(view.headline_cell(now), cell(f"· {fresh.words}", Tone.MUTED))
        return [head, *table(view.columns, [view.cells(key, now) for key in keys], width)]

    return Answer(
        kind="storage",
        scope=scope_of(session),
        body={
            "items": [item(row, view.books, now) for row in view.claims()],
            "disks": [disk(each, now) for each in view.books.disks.values()],
            "homes": [home(each) for each in session.homes.growers(GROWERS)],
        },
        lines=lines,
        notes=_notes(session),
        as_of=now,
    )


async def _of_one(session: Session, view: StorageView, name: str) -> Answer:
    row, now = session.storage.row(name), utc_now()
    if row is None:
        return _of_disk(session, _disk(view, name), now)
    if row.kind is ClaimKind.HUB_DB:
        await session.hub_db.look()
    around = around_claim(session, row, await _events(session, name))
    missing = (Note("events", around.events),) if isinstance(around.events, str) else ()
    shape = {**item(row, view.books, now), **detail(around, row.mounted_by, now)}
    if row.kind is ClaimKind.HUB_DB:
        shape["database"] = database(session.hub_db.known)
    return Answer(
        kind="storage",
        scope=scope_of(session),
        body={"items": [shape]},
        lines=lambda width: fitted([cell(name), *claim_details(row, around, now)], width),
        notes=(*_notes(session), *missing),
        as_of=now,
    )


def _disk(view: StorageView, name: str) -> Disk:
    for each in view.books.disks.values():
        if name in (each.name, each.row.disk, each.row.path):
            return each
    raise NotFoundError(
        f"There is no claim or disk {name!r}", status=404, remedy="`hubtui storage` lists them."
    )


def _of_disk(session: Session, found: Disk, now: datetime) -> Answer:
    around = around_disk(session, found)
    shape = {**disk(found, now), **detail(around, found.row.pods, now)}
    return Answer(
        kind="storage",
        scope=scope_of(session),
        body={"items": [], "disks": [shape]},
        lines=lambda width: fitted([cell(found.name), *disk_details(found, around, now)], width),
        notes=_notes(session),
        as_of=now,
    )


async def _events(session: Session, name: str) -> Events:
    try:
        return await events_of(session.client, session.namespace, CLAIMS.kind, name)
    except HubtuiError as error:
        return error.what


def _notes(session: Session) -> tuple[Note, ...]:
    found = {(each.source, each.reason): None for each in session.storage.notes()}
    if session.trends.missing:
        found["trends", session.trends.missing] = None
    if session.homes.missing:
        found["homes", session.homes.missing] = None
    error = session.hub_feed.health.error
    if error is not None:
        found["hub", error.what] = None
    return tuple(Note(source, reason) for source, reason in found)
