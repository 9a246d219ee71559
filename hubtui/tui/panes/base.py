"""What the panes share: a frame, a live table, a filter line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from textual.app import ComposeResult

from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui import export
from hubtui.tui.widgets.filter_line import WORDS, FilterLine
from hubtui.tui.widgets.live_table import SIDES, LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.save_line import SaveLine
from hubtui.views.cells import EMPTY, Cell, Tone, cell
from hubtui.views.export import About
from hubtui.views.headlines import Headline
from hubtui.views.table import TableSource

REST_AFTER: Final = timedelta(minutes=5)
"""How long a pane is hidden before nobody is asked for it any more."""


class PaneView(TableSource, Protocol):
    """What a pane's view model can do beyond a table."""

    @property
    def headline(self) -> str:
        """What stands beside the title."""

    def set_filter(self, text: str) -> None:
        """Shows only what matches."""


class LookingView(PaneView, Protocol):
    """What fills the columns that there are, and says what is missing."""

    def resize(self, width: int) -> None:
        """So many cells are there for the columns."""

    def note(self) -> Cell:
        """What stands below: what could not be read, and why."""


class Pane(PaneFrame):
    """One numbered pane on a session."""

    TITLE = ""
    NUMBER = 0
    SORTS: Sequence[str] = ()
    """The columns that `s` goes through, the first one being the order at the start."""

    MARKING = True
    """Whether rows are marked: only where something is done with several."""

    FILTER_WORDS = WORDS
    """What the filter line says that may be typed."""

    def __init__(self, session: Session, view: PaneView) -> None:
        super().__init__(self.TITLE, number=self.NUMBER, id=self.TITLE.lower())
        self.session = session
        self.pane_view = view
        self._sort = 0
        self._reverse = False

    def compose(self) -> ComposeResult:
        yield LiveTable(self.pane_view, marking=self.MARKING, id=f"{self.id}-table")
        yield FilterLine(words=self.FILTER_WORDS)
        yield SaveLine()

    @property
    def table(self) -> LiveTable:
        """The pane's table."""
        return self.query_one(LiveTable)

    def words(self) -> Cell:
        """The pane in a few words, for the strip."""
        return EMPTY

    def strip_headline(self) -> Headline:
        """The pane's place in the strip."""
        return Headline(self.NUMBER, self.TITLE, self.words())

    def headline_words(self, now: datetime) -> Cell:
        """What stands beside the title, with its tones."""
        return cell(self.pane_view.headline, Tone.MUTED)

    def beat(self, now: datetime) -> None:
        """Shows what changed on the frame; the table is beaten with the screen's others."""
        self.show_headline(self.headline_words(now))
        self.show_freshness(self.pane_view.freshness(now))

    def action_filter(self) -> None:
        """Opens the filter line."""
        self.query_one(FilterLine).open()

    def on_filter_line_changed(self, message: FilterLine.Changed) -> None:
        message.stop()
        self.pane_view.set_filter(message.text)

    def on_filter_line_kept(self, message: FilterLine.Kept) -> None:
        message.stop()
        self._to_rows()

    def on_filter_line_cleared(self, message: FilterLine.Cleared) -> None:
        message.stop()
        self.pane_view.set_filter("")
        self._to_rows()

    def _to_rows(self) -> None:
        """To the rows that the filter leaves: a key that is typed behind it means those."""
        self.table.beat(utc_now())
        self.table.focus()

    def action_sort(self) -> None:
        """Sorts by the next column."""
        if self.SORTS:
            self._sort = (self._sort + 1) % len(self.SORTS)
            self._order()

    def action_reverse(self) -> None:
        """Turns the order round."""
        if self.SORTS:
            self._reverse = not self._reverse
            self._order()

    def on_live_table_title_pressed(self, message: LiveTable.TitlePressed) -> None:
        message.stop()
        if message.column in self.SORTS:
            at = self.SORTS.index(message.column)
            self._reverse = not self._reverse if at == self._sort else False
            self._sort = at
            self._order()

    def _order(self) -> None:
        column = self.SORTS[self._sort]
        self.order_by(column, reverse=self._reverse)
        self.table.show_sort(column, descending=self._reverse)

    def order_by(self, column: str, *, reverse: bool) -> None:
        """Orders the rows, in a pane that has SORTS."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Sorting is no key where there is one order."""
        return bool(self.SORTS) if action in ("sort", "reverse") else True

    def action_copy(self) -> None:
        """Copies the words of the row under the cursor."""
        if self.table.cursor is not None:
            self.app.copy_to_clipboard(self.copied(self.table.cursor))
            self.app.notify("Copied.", timeout=2)

    def action_save(self) -> None:
        """Asks for a name, and writes all rows that the filter leaves to a new file."""
        self.query_one(SaveLine).open(export.proposed(self.TITLE.lower(), "csv"))

    def on_save_line_named(self, message: SaveLine.Named) -> None:
        message.stop()
        self.table.focus()
        export.save_table(self.app, message.name, self.pane_view, self._about())

    def _about(self) -> About:
        fresh = self.pane_view.freshness(utc_now())
        notes = (self.pane_view.headline, fresh.words if fresh.stale else "")
        return export.about(self.session, self.TITLE.lower(), notes)

    def on_save_line_dropped(self, message: SaveLine.Dropped) -> None:
        message.stop()
        self.table.focus()

    def copied(self, key: str) -> str:
        """What `c` copies for a row."""
        raise NotImplementedError


class LookingPane(Pane):
    """A pane for which things are read only while it is looked at, and for a while behind."""

    RESTS_AFTER = REST_AFTER

    def __init__(self, session: Session, view: LookingView) -> None:
        super().__init__(session, view)
        self.looking_view = view
        self._looked: datetime | None = None

    def may_look(self) -> bool:
        """Whether the pods have come: they are looked at more, and most else says little without
        them."""
        return self.session.pods.stores.pods.answered.is_set()

    def look(self) -> None:
        """Has things read from here on."""
        raise NotImplementedError

    def leave(self) -> None:
        """Has nothing read any more."""
        raise NotImplementedError

    def beat(self, now: datetime) -> None:
        if self._looked is not None or self.may_look():
            if self._looked is None:
                self.look()
            self._looked = now
        self.looking_view.resize(self.table.size.width - SIDES)
        super().beat(now)
        self.show_note(self.looking_view.note())

    def on_mount(self) -> None:
        self.set_interval(self.RESTS_AFTER.total_seconds() / 10, self._rest)

    def _rest(self) -> None:
        """Nobody has seen the pane for a while."""
        if self._looked is not None and utc_now() - self._looked > self.RESTS_AFTER:
            self._looked = None
            self.leave()

    def on_unmount(self) -> None:
        self.leave()
