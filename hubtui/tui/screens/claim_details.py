"""One claim, or one shared disk: what is behind it, how full it is, who mounts it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual.binding import BindingType

from hubtui.errors import HubtuiError, NotFoundError
from hubtui.model.claims import ClaimKind
from hubtui.model.kinds import CLAIMS
from hubtui.services import claim_why
from hubtui.services.events_of import events_of
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui import keys, of_claim
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.freshness import freshness
from hubtui.views.pod_details import Events
from hubtui.views.storage_around import around_claim, around_disk, disk_of
from hubtui.views.storage_details import claim_details, disk_details
from hubtui.views.table import Freshness
from hubtui.views.why import claim_why as why_lines

LOOK_EVERY = 10.0
"""Seconds between two looks at the events of the claim, and at what explains it."""

NEW = 10.0
"""Seconds after which lines that change by the clock are told anew."""

WHO = "claim details"


class ClaimScreen(ReadingScreen):
    """A document about a claim, as live as the pane that it was opened from; `claim` is empty for
    a disk that no claim of homes stands for."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("claim")]

    def __init__(self, session: Session, claim: str, heading: str) -> None:
        super().__init__(heading)
        self._session = session
        self._claim = claim
        self._changes = session.storage.subscribe()
        self._trended = session.trends.subscribe()
        self._homes = session.homes.subscribe()
        self._told = 0.0

    def on_mount(self) -> None:
        super().on_mount()
        self._session.storage.start(WHO)
        self._session.trends.start(WHO)
        self._session.homes.start(WHO)

    def beat(self, now: datetime) -> None:
        storage = self._session.storage
        storage.update()
        (_, changed), (_, trended) = self._changes.drain(), self._trended.drain()
        _, homes = self._homes.drain()
        is_late = now.timestamp() - self._told >= NEW
        if homes or is_late or self.concerns(changed | trended):
            self._told = now.timestamp()
            self.document.touch()
        self.frame.show_freshness(freshness(storage.claims.health, now))
        super().beat(now)

    def concerns(self, changed: set[str]) -> bool:
        """Whether what is shown may be another when these claims changed."""
        return self._claim in changed

    def on_unmount(self) -> None:
        self._session.storage.unsubscribe(self._changes)
        self._session.trends.unsubscribe(self._trended)
        self._session.homes.unsubscribe(self._homes)
        self._session.homes.pause(WHO)
        self._session.trends.pause(WHO)
        self._session.storage.pause(WHO)

    def _has_claim(self) -> bool:
        if not self._claim:
            self.app.notify("No claim of homes stands for this disk.", timeout=4)
        return bool(self._claim)

    def action_logs(self) -> None:
        """The logs of the pods that mount the claim."""
        if self._has_claim():
            of_claim.open_logs(self.app, self._session, self._claim)

    def action_events(self) -> None:
        """The events of the claim, as they come."""
        of_claim.open_events(self.app, self._session, self._claim)

    def action_yaml(self) -> None:
        """The claim as YAML."""
        if self._has_claim():
            of_claim.open_yaml(self.app, self._session, self._claim)

    def action_why(self) -> None:
        """Why the claim is not bound."""
        if self._has_claim():
            of_claim.open_why(self.app, self._session, self._claim)

    def action_expand(self) -> None:
        """Asks how large the claim shall be."""
        if self._has_claim():
            of_claim.open_expand(self.app, self._session, self._claim)

    def action_delete_claim(self) -> None:
        """Plans to delete the claim."""
        if self._has_claim():
            of_claim.open_delete(self.app, self._session, self._claim)


class _FollowedScreen(ClaimScreen):
    """Looks at something again and again."""

    _work: asyncio.Task[None] | None = None

    async def look(self) -> None:
        """One look."""
        raise NotImplementedError

    def on_mount(self) -> None:
        super().on_mount()
        self._work = asyncio.create_task(self._follow(), name="claim")

    async def _follow(self) -> None:
        while True:
            await self.look()
            self.document.touch()
            await asyncio.sleep(LOOK_EVERY)

    def on_unmount(self) -> None:
        super().on_unmount()
        if self._work is not None:
            self._work.cancel()


class ClaimDetailsScreen(_FollowedScreen):
    """All that is known of a claim."""

    def __init__(self, session: Session, claim: str) -> None:
        super().__init__(session, claim, f"Claim {claim}")
        self._row = session.storage.row(claim)
        self._events: Events = "Looking for events …"

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        found = self._session.storage.row(self._claim)
        self._row = found or self._row
        if self._row is None:
            yield cell("The claim is gone.", Tone.SOON)
            return
        if found is None:
            yield cell("The claim is gone; this is how it was.", Tone.SOON)
        yield from claim_details(
            self._row, around_claim(self._session, self._row, self._events), now
        )

    async def look(self) -> None:
        session = self._session
        await session.nfs_servers.fill()
        if self._row is not None and self._row.kind is ClaimKind.HUB_DB:
            await session.hub_db.look()
        try:
            self._events = await events_of(
                session.client, session.namespace, CLAIMS.kind, self._claim
            )
        except HubtuiError as error:
            self._events = str(error)


class ClaimWhyScreen(_FollowedScreen):
    """Why a claim is not bound, or not what it asks for."""

    def __init__(self, session: Session, claim: str) -> None:
        super().__init__(session, claim, f"Why: {claim}")
        self._found: list[Cell | Hung] = [cell("Gathering evidence …", Tone.MUTED)]
        self._as_of = Freshness("")

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        return self._found

    async def look(self) -> None:
        try:
            why = await claim_why.of_claim(self._session, self._claim)
        except NotFoundError:
            self._found = [cell("The claim is gone.", Tone.SOON)]
            return
        row = self._session.storage.row(self._claim)
        self._found = list(why_lines(row.claim if row is not None else None, why, utc_now()))


class DiskDetailsScreen(_FollowedScreen):
    """All that is known of a shared disk."""

    def __init__(self, session: Session, disk: str) -> None:
        found = disk_of(session, disk)
        homes = found.homes if found is not None else ()
        name = found.name if found is not None else disk
        super().__init__(session, homes[0] if homes else "", f"Disk {name}")
        self._disk = disk
        self._shown = found

    async def look(self) -> None:
        await self._session.nfs_servers.fill()

    def action_expand(self) -> None:
        """Asks how large the claim shall be that the disk grows with."""
        if claim := self._shown.sized_by if self._shown is not None else "":
            of_claim.open_expand(self.app, self._session, claim)
        else:
            super().action_expand()

    def concerns(self, changed: set[str]) -> bool:
        if self._shown is None:
            return True
        return not changed.isdisjoint((self._disk, *self._shown.row.claims))

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        found = disk_of(self._session, self._disk)
        self._shown = found or self._shown
        if self._shown is None:
            yield cell("The disk is gone: no claim is on it.", Tone.SOON)
            return
        if found is None:
            yield cell("No claim is on the disk any more; this is how it was.", Tone.SOON)
        yield from disk_details(self._shown, around_disk(self._session, self._shown), now)
