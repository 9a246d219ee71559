"""The storage pane."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import ClassVar

from textual.binding import BindingType

from hubtui.errors import HubtuiError
from hubtui.services.nfs_servers import SERVICES_EVERY as SERVERS_EVERY
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui import keys, of_claim
from hubtui.tui.panes.base import LookingPane
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.views.cells import Cell
from hubtui.views.storage import StorageView

WHO = "storage pane"
"""Who looks, for the feeds."""


class StoragePane(LookingPane):
    """Claims by kind and shared disks; enter unfolds a group, or shows a claim or a disk."""

    TITLE = "Storage"
    NUMBER = 5
    MARKING = False
    SORTS = (
        "full", "name", "size", "used", "free", "inodes", "trend", "full_in", "age", "last_used",
    )  # fmt: skip
    FILTER_WORDS = "text, or claim: user: phase: class: node: disk:"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("panes-rows", "storage")]

    def __init__(self, session: Session) -> None:
        self.view = StorageView(
            session.storage,
            session.disks,
            session.trends,
            session.homes,
            session.pods.stores.pods,
        )
        super().__init__(session, self.view)
        self._servers: asyncio.Task[None] | None = None

    # -- what is shown

    def words(self) -> Cell:
        return self.view.strip_words(utc_now())

    def headline_words(self, now: datetime) -> Cell:
        return self.view.headline_cell(now)

    def look(self) -> None:
        self.session.storage.start(WHO)
        self.session.trends.start(WHO)
        self.session.homes.start(WHO)
        if self._servers is None:
            self._servers = asyncio.create_task(self._follow_servers(), name="servers of disks")

    async def _follow_servers(self) -> None:
        """A disk is shown together with the claim that its server keeps it on."""
        with suppress(HubtuiError):
            await self.session.storage.fill()
        while True:
            await self.session.nfs_servers.fill()
            self.view.serve(self.session.nfs_servers.servers())
            await asyncio.sleep(SERVERS_EVERY)

    def leave(self) -> None:
        if self._servers is not None:
            self._servers.cancel()
            self._servers = None
        self.session.homes.pause(WHO)
        self.session.trends.pause(WHO)
        self.session.storage.pause(WHO)

    # -- rows

    def order_by(self, column: str, *, reverse: bool) -> None:
        self.view.set_sort(column, reverse=reverse)

    def copied(self, key: str) -> str:
        row = self.view.claim(key)
        return row.name if row is not None else key.partition(":")[2]

    def _claim(self) -> str:
        """The claim under the cursor; says where to go when there is none."""
        row = self.view.claim(self.table.cursor or "")
        if row is not None:
            return row.name
        self.app.notify("Go to a claim: enter unfolds a group.", timeout=4)
        return ""

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        disk = self.view.disk(message.key)
        row = self.view.claim(message.key)
        if disk is not None:
            of_claim.open_disk(self.app, self.session, disk.row.disk)
        elif row is not None:
            of_claim.open_details(self.app, self.session, row.name)
        else:
            self.view.toggle(message.key)

    def action_logs(self) -> None:
        """The logs of the pods that mount the claim under the cursor."""
        if claim := self._claim():
            of_claim.open_logs(self.app, self.session, claim)

    def action_events(self) -> None:
        """The events of the claim under the cursor, else of the namespace."""
        row = self.view.claim(self.table.cursor or "")
        of_claim.open_events(self.app, self.session, row.name if row is not None else "")

    def action_yaml(self) -> None:
        """The claim under the cursor as YAML."""
        if claim := self._claim():
            of_claim.open_yaml(self.app, self.session, claim)

    def action_why(self) -> None:
        """Why the claim under the cursor is not bound, or what is not known of it."""
        if claim := self._claim():
            of_claim.open_why(self.app, self.session, claim)

    def action_leftovers(self) -> None:
        """Claims that nobody comes back to."""
        from hubtui.tui.screens.leftovers import LeftoversScreen

        self.app.push_screen(LeftoversScreen(self.session))

    def action_delete_claim(self) -> None:
        """Plans to delete the claim under the cursor."""
        if claim := self._claim():
            of_claim.open_delete(self.app, self.session, claim)

    def action_expand(self) -> None:
        """Asks how large the claim under the cursor shall be; of a shared disk it is the claim that
        its server keeps it on that grows."""
        disk = self.view.disk(self.table.cursor or "")
        if claim := (disk.sized_by if disk is not None else "") or self._claim():
            of_claim.open_expand(self.app, self.session, claim)
