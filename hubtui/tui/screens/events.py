"""The events of an object or of the namespace, as they come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.model.kinds import EVENTS
from hubtui.model.kube import Event
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui import export, keys
from hubtui.tui.screens.base import BaseScreen
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.tui.widgets.filter_line import FilterLine
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.save_line import SaveLine
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.views.cells import EMPTY, Cell, Tone, cell, plain
from hubtui.views.document import Hung
from hubtui.views.events import About, EventsView, event_cells, event_lines


class EventsScreen(BaseScreen[None]):
    """A live table of events; `e` goes from those of an object to all, and back."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "events")]

    def __init__(self, session: Session, about: About | None = None) -> None:
        super().__init__()
        self._session = session
        self._about = about
        self.view = EventsView(session.feeds.add(EVENTS, session.namespace), about)

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame("Events", id="events"):
            yield LiveTable(self.view, marking=False, id="events-table")
            yield FilterLine(words="text, or status:warning")
            yield SaveLine()
        yield KeyFooter(self.refused())

    @property
    def table(self) -> LiveTable:
        """The table of events."""
        return self.query_one(LiveTable)

    def on_mount(self) -> None:
        self.table.focus()

    def beat(self, now: datetime) -> None:
        super().beat(now)
        frame = self.query_one(PaneFrame)
        whose = str(self.view.about or f"namespace {self._session.namespace}")
        frame.show_headline(cell(f"{whose} · {self.view.headline}", Tone.MUTED))
        frame.show_freshness(self.view.freshness(now))
        text = self.query_one(FilterLine).text
        frame.show_note(cell(f"filter: {text}", Tone.ACCENT) if text else EMPTY)

    def action_events(self) -> None:
        """From the events of the object to those of the namespace, and back."""
        self.view.show(None if self.view.about else self._about or self._under_cursor())

    def _under_cursor(self) -> About | None:
        event = self.view.row(self.table.cursor or "")
        return About(event.involved_object.kind, event.involved_object.name) if event else None

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        event = self.view.row(message.key)
        if event is not None:
            self.app.push_screen(EventScreen(event))

    def action_filter(self) -> None:
        """Opens the filter line."""
        self.query_one(FilterLine).open()

    def on_filter_line_changed(self, message: FilterLine.Changed) -> None:
        message.stop()
        self.view.set_filter(message.text)

    def on_filter_line_kept(self, message: FilterLine.Kept) -> None:
        message.stop()
        self.table.focus()

    def on_filter_line_cleared(self, message: FilterLine.Cleared) -> None:
        message.stop()
        self.view.set_filter("")
        self.table.focus()

    def action_copy(self) -> None:
        """Copies the event under the cursor."""
        event = self.view.row(self.table.cursor or "")
        if event is not None:
            now = datetime.now().astimezone()
            words = (plain(each).strip() for each in event_cells(event, now))
            self.app.copy_to_clipboard("  ".join(word for word in words if word))
            self.app.notify("Copied.", timeout=2)

    def action_save(self) -> None:
        """Asks for a name, and writes all events that the filter leaves to a new file."""
        self.query_one(SaveLine).open(export.proposed("events", "csv"))

    def on_save_line_named(self, message: SaveLine.Named) -> None:
        message.stop()
        self.table.focus()
        fresh = self.view.freshness(utc_now())
        whose = str(self.view.about or "")
        notes = (whose, self.view.headline, fresh.words if fresh.stale else "")
        about = export.about(self._session, "events", notes)
        export.save_table(self.app, message.name, self.view, about)

    def on_save_line_dropped(self, message: SaveLine.Dropped) -> None:
        message.stop()
        self.table.focus()

    def on_unmount(self) -> None:
        self.view.close()


class EventScreen(ReadingScreen):
    """One event, whole."""

    def __init__(self, event: Event) -> None:
        super().__init__(f"Event: {event.reason}")
        self._event = event

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        return event_lines(self._event, now)
