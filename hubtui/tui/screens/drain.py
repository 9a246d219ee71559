"""A node that is to be emptied: the ways, whom each of them hits, and when the node is empty."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.errors import HubtuiError, NotFoundError
from hubtui.model.age import age, duration, precise
from hubtui.services.actions.drain import NAME
from hubtui.services.actions.drain_choice import IDLE
from hubtui.services.actions.drain_ways import Survey, survey
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui import keys
from hubtui.tui.screens.asking import AskingScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.widgets.form_fields import Field, FormFields
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.text_table import DocumentTable
from hubtui.views.cells import Cell
from hubtui.views.document import Document, Hung
from hubtui.views.drain import Ways, aboard_lines, offer_lines
from hubtui.views.table import Freshness

LOOK_EVERY: Final = 20.0
"""Seconds between two looks at the node while somebody chooses."""

_HINT: Final = "30m, 1h, 1h30m"


def drain_screen(session: Session, node: str) -> DrainScreen:
    """The ways to empty a node; enter on one leads to its plan."""
    return DrainScreen(session, node)


class DrainScreen(AskingScreen):
    """The ways as rows, looked at anew while they are shown; enter on one leads to its plan."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "draining")]
    DEFAULT_CSS = """
    DrainScreen #drain-form { height: 3; }
    DrainScreen #drain-ways { height: 6; }
    DrainScreen #drain-details { height: 1fr; }
    """

    def __init__(self, session: Session, node: str) -> None:
        super().__init__(session)
        self._node = node
        self._idle = IDLE
        self._ways = Ways()
        self._survey: Survey | None = None
        self._wrong = ""
        self._details = Document(self._lines)
        self._asked = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame(f"Drain {self._node}", id="drain-form"):
            yield FormFields((Field("idle", "Idle for", _HINT),))
        with PaneFrame("Ways", id="drain-ways"):
            yield LiveTable(self._ways, marking=False, id="drain-table")
        with PaneFrame("What it does", id="drain-details"):
            yield DocumentTable(self._details)
        yield KeyFooter(self.refused())

    @property
    def table(self) -> LiveTable:
        """The list of ways."""
        return self.query_one("#drain-table", LiveTable)

    def on_mount(self) -> None:
        form = self.query_one(FormFields)
        form.show(("idle",))
        form.fill("idle", precise(IDLE).replace(" ", ""))
        self.table.focus()
        self._work = asyncio.create_task(self._look(), name="drain")

    async def _look(self) -> None:
        """Looks at the node again and again, at once where another time is typed."""
        while True:
            self._asked.clear()
            if self.is_current or self._survey is None:
                await self._survey_once()
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._asked.wait()
            except TimeoutError:
                continue

    async def _survey_once(self) -> None:
        before = self._survey.facts if self._survey is not None else None
        try:
            found = await survey(self._session, self._node, self._idle, before=before)
        except HubtuiError as error:
            if self._survey is None or isinstance(error, NotFoundError):
                self.notify(str(error), title="Drain", severity="error", timeout=20, markup=False)
                self.dismiss(None)
            self._wrong = error.what
            return
        self._survey, self._wrong = found, ""
        self._ways.show(found)
        self._details.touch()
        self.beat(utc_now())

    def _lines(self, now: datetime) -> Iterable[Cell | Hung]:
        offer = self._ways.offers.get(self.table.cursor or "")
        if offer is not None:
            yield from offer_lines(offer)
            yield from aboard_lines(offer)

    def beat(self, now: datetime) -> None:
        words = "looking: this only reads"
        if self._survey is not None:
            words = f"as of {age(self._survey.facts.now, now)} ago, nothing has been done yet"
        frame = self.query_one("#drain-ways", PaneFrame)
        frame.show_freshness(Freshness(self._wrong or words))
        super().beat(now)

    def on_form_fields_changed(self, message: FormFields.Changed) -> None:
        message.stop()
        try:
            seconds = duration(message.value.replace(" ", "")).total_seconds()
        except ValueError:
            self._wrong = f"a time is written such as {_HINT}"
            return
        self._wrong = ""
        if seconds >= 1 and seconds != self._idle:
            self._idle = seconds
            self._asked.set()

    def on_form_fields_done(self, message: FormFields.Done) -> None:
        message.stop()
        self.table.focus()

    def on_live_table_highlighted(self, message: LiveTable.Highlighted) -> None:
        message.stop()
        self._details.touch()

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        offer = self._ways.offers.get(message.key) if message.table is self.table else None
        if offer is not None:
            self.app.push_screen(PlanScreen(self._session, NAME, offer.request, "Drain"))

    def on_screen_resume(self) -> None:
        self._asked.set()

    def action_copy(self) -> None:
        """Copies what is shown."""
        self.app.copy_to_clipboard(self._details.text)
        self.app.notify("Copied.", timeout=2)

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()
