"""What changes between two revisions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from hubtui.errors import HubtuiError
from hubtui.model.diff import RevisionDiff
from hubtui.model.redact import Redactor
from hubtui.model.release import RevisionHead
from hubtui.services.session import Session
from hubtui.tui import export, keys
from hubtui.tui.screens.base import BaseScreen
from hubtui.tui.widgets.filter_line import FilterLine
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.save_line import SaveLine
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.text_table import TextTable
from hubtui.views.cells import EMPTY, Cell, Tone, cell
from hubtui.views.diff import DiffView
from hubtui.views.diff_export import exported_diff
from hubtui.views.export import TEXT, form_of
from hubtui.views.table import Freshness

if TYPE_CHECKING:
    from hubtui.tui.app import HubtuiApp


class DiffFrame(PaneFrame):
    """A diff in its frame, with the keys of reading one."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("text", "diff")]

    def __init__(self, title: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(title, id=id)
        self.view = DiffView()
        self.note: Cell = EMPTY

    def compose(self) -> ComposeResult:
        yield TextTable(self.view)
        yield FilterLine(words="text, in everything that is folded too")
        yield SaveLine()

    @property
    def table(self) -> TextTable:
        """The rows of the diff."""
        return self.query_one(TextTable)

    def show(self) -> None:
        """The headline, after the diff was set or replaced, and what can be done about it."""
        self.show_headline(self.view.headline())
        diff = self.view.diff
        self.note = cell(diff.advice, Tone.ACCENT) if diff is not None else EMPTY
        self.show_note(self.note)

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        self._open(message.key)

    def action_unfold(self) -> None:
        """Folds or unfolds what the cursor is on, or shows all of its text."""
        if self.table.cursor is not None:
            self._open(self.table.cursor)

    def _open(self, key: str) -> None:
        if self.view.toggle(key):
            return
        if text := self.view.detail(key):
            from hubtui.tui.screens.text import TextScreen

            self.app.push_screen(TextScreen("In full, secrets masked", text))

    def action_unfold_all(self) -> None:
        """Unfolds everything, or folds all as it was at first."""
        self.view.open_all(not self.view.all_open)

    def action_find(self) -> None:
        """Opens the line for what is searched for."""
        self.query_one(FilterLine).open()

    def on_filter_line_changed(self, message: FilterLine.Changed) -> None:
        message.stop()
        count = self.view.search(message.text)
        rows = "1 row" if count == 1 else f"{count} rows"
        self.show_note(cell(f"{rows} with {message.text}", Tone.ACCENT) if message.text else EMPTY)

    def on_filter_line_kept(self, message: FilterLine.Kept) -> None:
        message.stop()
        self.table.focus()
        if message.text and (key := self.view.next_change(None)) is not None:
            self.table.move_to(key)

    def on_filter_line_cleared(self, message: FilterLine.Cleared) -> None:
        message.stop()
        self.view.search("")
        self.show_note(self.note)
        self.table.focus()

    def action_next_change(self) -> None:
        """To the next change."""
        self._jump(1)

    def action_previous_change(self) -> None:
        """To the change before."""
        self._jump(-1)

    def _jump(self, direction: Literal[1, -1]) -> None:
        key = self.view.next_change(self.table.cursor, direction)
        if key is None:
            what = f"row with {self.view.needle}" if self.view.needle else "change"
            self.app.notify(f"No further {what}.", timeout=2)
        else:
            self.table.move_to(key)

    def action_values_only(self) -> None:
        """Only the values, or everything."""
        self.view.show_values_only(not self.view.values_only)

    def action_copy(self) -> None:
        """Copies the diff as it is shown, secrets masked."""
        self.app.copy_to_clipboard("\n".join(self.view.lines()))
        self.app.notify("Copied the diff as it is shown, secrets masked.", timeout=3)

    def action_save(self) -> None:
        """Asks for a name, and writes the diff to a new file: rows as .csv, the document as .json,
        else the text."""
        diff = self.view.diff
        if diff is not None:
            self.query_one(SaveLine).open(f"diff-{diff.before}-{diff.after}.txt")

    def on_save_line_named(self, message: SaveLine.Named) -> None:
        message.stop()
        self.table.focus()
        session = cast("HubtuiApp", self.app).session
        if session is not None:
            about = export.about(session, "diff")
            form = form_of(message.name) or TEXT
            lines = exported_diff(form, self.view, about)
            export.save_lines(self.app, message.name, lines, masked=True)

    def on_save_line_dropped(self, message: SaveLine.Dropped) -> None:
        message.stop()
        self.table.focus()


class DiffScreen(BaseScreen[None]):
    """Compares two revisions of a release; `live` makes the screen that compares one of them with
    the cluster."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "compared")]

    def __init__(
        self,
        session: Session,
        before: RevisionHead,
        after: RevisionHead,
        live: Callable[[], Screen[None]] | None = None,
    ) -> None:
        super().__init__()
        self._live = live
        self._session = session
        self._before = before
        self._after = after
        self._work: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        yield StatusLine()
        yield DiffFrame(self.heading, id="diff")
        yield KeyFooter(self.refused())

    def on_mount(self) -> None:
        frame = self.query_one(DiffFrame)
        frame.table.focus()
        frame.show_freshness(Freshness("comparing"))
        self._work = asyncio.create_task(self._compare(frame), name="diff")

    @property
    def heading(self) -> str:
        """The title of the frame."""
        return f"{self._before.release}: what changes"

    async def compare(self, redactor: Redactor) -> RevisionDiff:
        """What the screen shows. Raises HubtuiError."""
        return await self._session.releases.compare(self._before, self._after, redactor)

    async def _compare(self, frame: DiffFrame) -> None:
        try:
            diff = await self.compare(await self._session.redactor())
        except HubtuiError as error:
            frame.view.fail(str(error))
            frame.show_freshness(Freshness(error.what, Tone.NOW))
            frame.show_note(cell(error.remedy, Tone.MUTED))
            return
        frame.view.show(diff)
        frame.show()
        frame.show_freshness(Freshness("secrets masked"))

    def action_other_side(self) -> None:
        """Compares the revision with the cluster."""
        if self._live is not None:
            self.app.push_screen(self._live())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is no other side where only one was asked for."""
        return self._live is not None if action == "other_side" else True

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()
