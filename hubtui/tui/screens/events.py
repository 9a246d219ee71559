"""The events of an object or of the namespace, as they come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.model.kinds import EVENTS
from hubtui.model.kube import Event
from hubtui.services import node_events
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui import keys
from hubtui.tui.screens.listing import FilteredScreen
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.tui.widgets.filter_line import FilterLine
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.save_line import SaveLine
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.views.cells import Cell, Tone, cell, plain
from hubtui.views.document import Hung
from hubtui.views.events import About, EventsView, event_cells, event_lines


class EventsScreen(FilteredScreen):
    """A live table of events, of the hub's namespace or `of_nodes`; `e` goes from those of an
    object to all, and back."""

    KIND = "events"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "events")]

    def __init__(
        self, session: Session, about: About | None = None, *, of_nodes: bool = False
    ) -> None:
        self._about = about
        self._all = "all nodes" if of_nodes else f"namespace {session.namespace}"
        store = (
            session.feeds.add(EVENTS, node_events.NAMESPACE, fields=node_events.OF_NODES)
            if of_nodes
            else session.feeds.add(EVENTS, session.namespace)
        )
        self.view = EventsView(store, about)
        super().__init__(session, self.view)

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame("Events", id="events"):
            yield LiveTable(self.view, marking=False, id="events-table")
            yield FilterLine(words="text, or status:warning")
            yield SaveLine()
        yield KeyFooter(self.refused())

    def beat(self, now: datetime) -> None:
        super().beat(now)
        frame = self.query_one(PaneFrame)
        whose = str(self.view.about or self._all)
        frame.show_headline(cell(f"{whose} · {self.view.headline}", Tone.MUTED))
        frame.show_freshness(self.view.freshness(now))
        frame.show_note(self.filter_note())

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

    def copied(self) -> str:
        event = self.view.row(self.table.cursor or "")
        if event is None:
            return ""
        words = (plain(each).strip() for each in event_cells(event, datetime.now().astimezone()))
        return "  ".join(word for word in words if word)

    def saved_notes(self) -> Sequence[str]:
        fresh = self.view.freshness(utc_now())
        whose = str(self.view.about or "")
        return (whose, self.view.headline, fresh.words if fresh.stale else "")

    def on_unmount(self) -> None:
        self.view.close()


class EventScreen(ReadingScreen):
    """One event, whole."""

    def __init__(self, event: Event) -> None:
        super().__init__(f"Event: {event.reason}")
        self._event = event

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        return event_lines(self._event, now)
