"""A stuck release: what tells whether a helm is at work, and which way out is taken."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.errors import HubtuiError
from hubtui.services.actions.recover import NAME, RecoverRequest, Way
from hubtui.services.actions.recover_ways import Survey, survey
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui import export, keys
from hubtui.tui.screens.base import BaseScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.save_line import SaveLine
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.text_table import DocumentTable
from hubtui.views.cells import Cell, Tone
from hubtui.views.document import Document, Hung
from hubtui.views.recover import Ways, offer_lines, stuck_lines
from hubtui.views.table import Freshness


class RecoverScreen(BaseScreen[None]):
    """The ways out; enter on one leads to its plan, for marking after the name of a file."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "recover")]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._ways = Ways()
        self._survey: Survey | None = None
        self._details = Document(self._lines)
        self._work: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame("Ways out", id="recover"):
            yield LiveTable(self._ways, marking=False, id="recover-ways")
            yield SaveLine()
        with PaneFrame("What tells for which", id="recover-details"):
            yield DocumentTable(self._details)
        yield KeyFooter(self.refused())

    @property
    def table(self) -> LiveTable:
        """The list of ways."""
        return self.query_one("#recover-ways", LiveTable)

    def on_mount(self) -> None:
        self.table.focus()
        frame = self.query_one("#recover", PaneFrame)
        frame.show_freshness(Freshness("looking: this only reads"))
        self._work = asyncio.create_task(self._look(), name="recover")

    async def _look(self) -> None:
        try:
            self._survey = await survey(self._session)
        except HubtuiError as error:
            self.notify(str(error), title="Recover", severity="error", timeout=20, markup=False)
            self.dismiss(None)
            return
        self._ways.show(self._survey)
        frame = self.query_one("#recover", PaneFrame)
        frame.show_freshness(Freshness("nothing has been done yet"))
        self._details.touch()
        self.beat(utc_now())

    def _lines(self, now: datetime) -> Iterable[Cell | Hung]:
        if self._survey is None:
            return
        offer = self._ways.offers.get(self.table.cursor or "")
        if offer is not None:
            yield from offer_lines(offer)
            yield ()
        yield from stuck_lines(self._survey)
        if self._survey.advice:
            yield ()
            yield ((self._survey.advice, Tone.MUTED),)

    def on_live_table_highlighted(self, message: LiveTable.Highlighted) -> None:
        message.stop()
        self._details.touch()

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        offer = self._ways.offers.get(message.key) if message.table is self.table else None
        if offer is None:
            return
        if offer.plan is None:
            self.notify(f"Not this way: {offer.why_not}.", severity="warning", markup=False)
        elif offer.way is Way.MARK_FAILED and self._survey is not None:
            stuck = self._survey.stuck
            name = f"{stuck.release}-revision-{stuck.revision}"
            self.query_one(SaveLine).open(export.proposed(name, "json"))
        else:
            self._plan(RecoverRequest(offer.way), "Roll back")

    def on_save_line_named(self, message: SaveLine.Named) -> None:
        message.stop()
        self.table.focus()
        self._plan(RecoverRequest(Way.MARK_FAILED, message.name), "Mark failed")

    def on_save_line_dropped(self, message: SaveLine.Dropped) -> None:
        message.stop()
        self.table.focus()

    def _plan(self, request: RecoverRequest, button: str) -> None:
        """The plan takes the place of this screen: what it rests on may change from now on."""
        self.app.switch_screen(PlanScreen(self._session, NAME, request, button))

    def action_copy(self) -> None:
        """Copies what is shown."""
        self.app.copy_to_clipboard(self._details.text)
        self.app.notify("Copied.", timeout=2)

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()
