"""The dashboards there are: of ConfigMaps, a Grafana, a folder; or one that is named."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.errors import HubtuiError
from hubtui.model.dashboard import Dashboard
from hubtui.services.dashboards import Offers
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui import keys, of_dashboard
from hubtui.tui.screens.listing import FilterScreen
from hubtui.tui.widgets.filter_line import FilterLine
from hubtui.tui.widgets.import_line import ImportLine
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.views import dashboards as views
from hubtui.views.cells import Tone, cell
from hubtui.views.rows import Rows
from hubtui.views.table import Freshness


class DashboardsScreen(FilterScreen[None]):
    """A list; enter opens one."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "dashboards")]
    rows: Rows

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.rows = Rows(views.COLUMNS, empty=views.LOOKING)
        self._offers: Offers | None = None
        self._looking: asyncio.Task[None] | None = None
        self._opening: asyncio.Task[None] | None = None
        self._failed = ""

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame("Dashboards", id="dashboards"):
            yield LiveTable(self.rows, marking=False)
            yield FilterLine(words="words of its name or place")
            yield ImportLine()
        yield KeyFooter(self.refused())

    @property
    def frame(self) -> PaneFrame:
        """The frame around it."""
        return self.query_one("#dashboards", PaneFrame)

    def on_mount(self) -> None:
        self.table.focus()
        self.action_read_anew()

    def action_read_anew(self) -> None:
        """Looks for them again."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="dashboards")

    async def _look(self) -> None:
        self.frame.show_freshness(Freshness("looking"))
        try:
            async for offers in self._session.dashboards.looking():
                self._show(offers)
        except HubtuiError as error:
            self.rows.sentence = str(error)
            self.rows.set({})
            self.frame.show_freshness(Freshness("not read", Tone.NOW))

    def _show(self, offers: Offers) -> None:
        self._offers = offers
        self.rows.sentence = views.LOOKING if offers.waits else views.sentence(offers)
        self.rows.set(views.rows(offers))
        self.frame.show_headline(views.headline(offers))
        self.frame.show_freshness(Freshness("looking" if offers.waits else ""))

    def beat(self, now: datetime) -> None:
        super().beat(now)
        note = cell(self._failed, Tone.NOW) if self._failed else self.filter_note()
        if not note and self._offers is not None:
            note = views.note(self._offers)
        self.frame.show_note(note)

    # -- opening

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        known = self._offers.found if self._offers is not None else ()
        found = next((each for each in known if each.key == message.key), None)
        if found is None:
            return
        if found.fault:
            self._failed = f"{found.title}: {found.fault}"
            return
        self._open(self._session.dashboards.open(found))

    def _open(self, reading: Awaitable[Dashboard]) -> None:
        if self._opening is not None:
            self._opening.cancel()
        self._failed = ""
        self.frame.show_freshness(Freshness("reading"))
        self._opening = asyncio.create_task(self._read(reading), name="dashboard")

    async def _read(self, reading: Awaitable[Dashboard]) -> None:
        try:
            dashboard = await reading
        except HubtuiError as error:
            self._failed = str(error)
            self.beat(utc_now())
            return
        finally:
            self.frame.show_freshness(Freshness(""))
        of_dashboard.open_dashboard(self.app, self._session, dashboard)

    def action_import(self) -> None:
        """Asks for a file or an address."""
        self.query_one(ImportLine).open("")

    def on_import_line_named(self, message: ImportLine.Named) -> None:
        message.stop()
        self.table.focus()
        self._open(self._session.dashboards.bring(message.place))

    def on_import_line_dropped(self, message: ImportLine.Dropped) -> None:
        message.stop()
        self.table.focus()

    def on_unmount(self) -> None:
        for task in (self._looking, self._opening):
            if task is not None:
                task.cancel()
