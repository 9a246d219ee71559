"""The alerts that concern the hub: a list, worst first, with the one under the cursor in full."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.model.alerts import Alert
from hubtui.model.problem import Problem
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui import keys
from hubtui.tui.screens.listing import ListScreen
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.save_line import SaveLine
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.text_table import DocumentTable
from hubtui.views import alerts as views
from hubtui.views.cells import Cell
from hubtui.views.document import Document, Hung
from hubtui.views.rows import Rows
from hubtui.views.table import Freshness

_WHO = "alerts"


class AlertsScreen(ListScreen):
    """Enter opens the runbook of hubtui's own problem where one is about the same; `copy` takes
    the alert's runbook link, or the alert where it has none."""

    KIND = "alerts"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "alerts")]

    def __init__(self, session: Session) -> None:
        self._rows = Rows(views.COLUMNS, empty=views.ASKING)
        super().__init__(session, self._rows)
        self._details = Document(self._detail_lines)
        self._known: dict[str, Alert] = {}
        self._shown: Alert | None = None
        self._same: Problem | None = None
        self._painted: tuple[int, datetime] | None = None

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame("Alerts", id="problems"):
            yield LiveTable(self._rows, marking=False, id="alerts-table")
            yield SaveLine()
        with PaneFrame("What it says", id="problem"):
            yield DocumentTable(self._details, id="problem-text")
        yield KeyFooter(self.refused())

    def on_mount(self) -> None:
        self._session.alerts.start(_WHO)
        self.call_after_refresh(self._show_at_once)

    def _show_at_once(self) -> None:
        if self.is_current:
            self.beat(utc_now())

    def on_unmount(self) -> None:
        self._session.alerts.pause(_WHO)

    def beat(self, now: datetime) -> None:
        self._take(now)
        super().beat(now)
        self._follow_cursor()

    def _take(self, now: datetime) -> None:
        """What was read last, painted anew each minute for the ages."""
        feed = self._session.alerts
        painted = (feed.version, now.replace(second=0, microsecond=0))
        if not feed.version or painted == self._painted:
            return
        self._painted = painted
        found, missing = feed.found, feed.notes()
        self._known = {alert.key: alert for alert in found.shown} if found else {}
        self._rows.sentence = views.sentence(found, missing)
        self._rows.set(views.rows(found, now) if found else {})
        self._details.touch()
        frame = self.query_one("#problems", PaneFrame)
        frame.show_headline(views.headline(found, missing))
        frame.show_freshness(Freshness(self._session.prometheus.where if found else ""))

    def _detail_lines(self, now: datetime) -> Iterable[Cell | Hung]:
        feed = self._session.alerts
        if self._shown is not None:
            yield from views.lines(self._shown, now, self._same, "enter")
        if self._known:
            yield from views.notes(feed.found, feed.notes())

    def on_live_table_highlighted(self, message: LiveTable.Highlighted) -> None:
        message.stop()
        self._follow_cursor()

    def _follow_cursor(self) -> None:
        """Shows the alert under the cursor."""
        alert = self._known.get(self.table.cursor or "")
        same = self._session.alerts.same_as(alert) if alert is not None else None
        if (alert, same) != (self._shown, self._same):
            self._shown, self._same = alert, same
            self._details.touch()

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        """Enter opens what hubtui knows of the same trouble."""
        message.stop()
        if self._same is not None:
            from hubtui.tui.screens.runbook import RunbookScreen

            self.app.push_screen(RunbookScreen(self._session, self._same))
        elif self._shown is not None:
            self.app.notify("No problem of hubtui's own is about the same.", timeout=3)

    def saved_notes(self) -> Sequence[str]:
        return views.restrictions(self._session.alerts.found, self._session.alerts.notes())

    def copied(self) -> str:
        return self._shown.runbook or self._details.text if self._shown is not None else ""
