"""Where hub, pods and routes disagree: a table, and what mends the line under the cursor."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.model.disagreement import Disagreement
from hubtui.services.orphans import Found
from hubtui.services.session import Session
from hubtui.tui import keys
from hubtui.tui.screens.listing import ListScreen
from hubtui.tui.screens.starting import FromProblem
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.save_line import SaveLine
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.text_table import DocumentTable
from hubtui.views import orphans as views
from hubtui.views.cells import Cell, plain
from hubtui.views.document import Document, Hung
from hubtui.views.rows import Rows

log = logging.getLogger(__name__)

EVERY: Final = 10.0
"""Seconds between two looks while the screen is open."""

SOON: Final = 5.0
"""The same when the next one tells whether something lasts."""

SHARE: Final = 20
"""A look that takes long is made less often."""


class OrphansScreen(FromProblem, ListScreen):
    """The disagreements of the hub; the verbs' keys start what mends the one under the cursor."""

    KIND = "orphans"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "orphans")]

    def __init__(self, session: Session) -> None:
        self._rows = Rows(views.COLUMNS, empty=views.LOOKING)
        super().__init__(session, self._rows)
        self._details = Document(self._detail_lines)
        self._found: Found | None = None
        self._known: dict[str, Disagreement] = {}
        self._shown: Disagreement | None = None
        self._version = -1
        self._work: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame("Orphans", id="problems"):
            yield LiveTable(self._rows, marking=False, id="orphans-table")
            yield SaveLine()
        with PaneFrame("What mends it", id="problem"):
            yield DocumentTable(self._details, id="problem-text")
        yield KeyFooter(self.refused())

    def on_mount(self) -> None:
        self._work = asyncio.create_task(self._follow(), name="orphans")
        self._work.add_done_callback(_report)

    async def _follow(self) -> None:
        while True:
            found = await self._session.orphans.look()
            await asyncio.sleep(max(SOON if found.soon else EVERY, SHARE * found.took))

    def problem(self) -> Disagreement | None:
        return self._known.get(self.table.cursor or "") if self.is_mounted else None

    def _detail_lines(self, now: datetime) -> Iterable[Cell | Hung]:
        if self._shown is not None:
            yield from views.lines(self._shown, self.key_of)
        if self._found is not None:
            notes = list(views.notes(self._found))
            yield from ((), *notes) if notes and self._shown is not None else notes

    def beat(self, now: datetime) -> None:
        self._take(now)
        super().beat(now)
        self._follow_cursor()

    def _take(self, now: datetime) -> None:
        """What the last look gave, whoever has looked."""
        orphans = self._session.orphans
        found = orphans.found
        if found is None or orphans.version == self._version:
            return
        self._version = orphans.version
        self._found = found
        self._known = {each.key: each for each in found.lasting}
        self._rows.sentence = views.sentence(found)
        self._rows.set(views.rows(found, now))
        self._details.touch()
        self.query_one("#problems", PaneFrame).show_headline(views.headline(found))

    def on_live_table_highlighted(self, message: LiveTable.Highlighted) -> None:
        message.stop()
        self._follow_cursor()

    def _follow_cursor(self) -> None:
        """Shows the disagreement under the cursor, and the keys that help there."""
        each = self.problem()
        if each == self._shown:
            return
        before, self._shown = self._shown, each
        self._details.touch()
        if (each.fixes if each else ()) != (before.fixes if before else ()):
            self.refresh_bindings()

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        """Enter shows the pod that is concerned, where there is one."""
        message.stop()
        each = self.problem()
        if each is None or not each.pod:
            return
        key = f"{self._session.namespace}/{each.pod}"
        if self._session.pods.stores.pods.get(key) is not None:
            from hubtui.tui.screens.pod_details import PodDetailsScreen

            self.app.push_screen(PodDetailsScreen(self._session, key))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what helps with the line under the cursor."""
        return self.offers(action)

    def copied(self) -> str:
        return self._details.text if self._shown is not None else ""

    def saved_notes(self) -> Sequence[str]:
        return [plain(note) for note in views.notes(self._found)] if self._found else ()

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("hub and cluster could not be compared", exc_info=error)
