"""What changes between two revisions."""

from __future__ import annotations

import asyncio
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.errors import HubtuiError
from hubtui.model.release import RevisionHead
from hubtui.services.session import Session
from hubtui.tui import keys
from hubtui.tui.screens.base import BaseScreen
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.text_table import TextTable
from hubtui.views.cells import Tone, cell
from hubtui.views.diff import DiffView
from hubtui.views.table import Freshness


class DiffFrame(PaneFrame):
    """A diff in its frame, with the keys of reading one."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("text", "diff")]

    def __init__(self, title: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(title, id=id)
        self.view = DiffView()

    def compose(self) -> ComposeResult:
        yield TextTable(self.view)

    @property
    def table(self) -> TextTable:
        """The rows of the diff."""
        return self.query_one(TextTable)

    def show(self) -> None:
        """The headline, after the diff was set or replaced."""
        self.show_headline(self.view.headline())

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        self.view.toggle(message.key)

    def action_unfold(self) -> None:
        """Folds or unfolds what the cursor is on."""
        if self.table.cursor is not None:
            self.view.toggle(self.table.cursor)

    def action_next_change(self) -> None:
        """To the next change."""
        self._jump(1)

    def action_previous_change(self) -> None:
        """To the change before."""
        self._jump(-1)

    def _jump(self, direction: Literal[1, -1]) -> None:
        key = self.view.next_change(self.table.cursor, direction)
        if key is None:
            self.app.notify("No further change.", timeout=2)
        else:
            self.table.move_to(key)

    def action_values_only(self) -> None:
        """Only the values, or everything."""
        self.view.show_values_only(not self.view.values_only)

    def action_copy(self) -> None:
        """Copies the diff as it is shown, secrets masked."""
        self.app.copy_to_clipboard("\n".join(self.view.lines()))
        self.app.notify("Copied the diff as it is shown, secrets masked.", timeout=3)


class DiffScreen(BaseScreen[None]):
    """Compares two revisions of a release."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen")]

    def __init__(self, session: Session, before: RevisionHead, after: RevisionHead) -> None:
        super().__init__()
        self._session = session
        self._before = before
        self._after = after
        self._work: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        yield StatusLine()
        yield DiffFrame(f"{self._before.release}: what changes", id="diff")
        yield KeyFooter(self.refused())

    def on_mount(self) -> None:
        frame = self.query_one(DiffFrame)
        frame.table.focus()
        frame.show_freshness(Freshness("comparing"))
        self._work = asyncio.create_task(self._compare(frame), name="diff")

    async def _compare(self, frame: DiffFrame) -> None:
        try:
            redactor = await self._session.redactor()
            diff = await self._session.releases.compare(self._before, self._after, redactor)
        except HubtuiError as error:
            frame.show_freshness(Freshness(error.what, Tone.NOW))
            frame.show_note(cell(error.remedy, Tone.MUTED))
            return
        frame.view.show(diff)
        frame.show()
        frame.show_freshness(Freshness("secrets masked"))

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()
