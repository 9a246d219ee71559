"""The metrics pane."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from textual.binding import BindingType

from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui import keys, of_dashboard, of_metric
from hubtui.tui.panes.base import LookingPane
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.views.cells import Cell, plain
from hubtui.views.metrics import WINDOWS, MetricsView

WHO = "metrics pane"
"""Who looks, for the sources."""

COMPARED = 2
"""Metrics on one plot: it has two axes."""


class MetricsPane(LookingPane):
    """Numbers with their past; enter plots one, or the marked one beside it."""

    TITLE = "Metrics"
    NUMBER = 6
    RESTS_AFTER = timedelta(minutes=1)
    SORTS = ("worst", "title", "group", "source")
    FILTER_WORDS = "text, or group: source:"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("panes-rows", "metrics")]

    def __init__(self, session: Session) -> None:
        self.view = MetricsView(session.metrics)
        super().__init__(session, self.view)

    # -- what is shown

    def words(self) -> Cell:
        return self.view.strip_words()

    def headline_words(self, now: datetime) -> Cell:
        return self.view.headline_cell()

    def look(self) -> None:
        self.session.metrics.start(WHO)

    def leave(self) -> None:
        self.session.metrics.pause(WHO)

    # -- rows

    def order_by(self, column: str, *, reverse: bool) -> None:
        self.view.set_sort(column, reverse=reverse)

    def copied(self, key: str) -> str:
        row = self.view.row(key)
        if row is None:
            return key
        return " ".join(
            words for part in self.view.cells(key, utc_now())[:3] if (words := plain(part))
        )

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        row = self.view.row(message.key)
        if row is None:
            return
        if not row.source:
            of_metric.open_details(self.app, self.session, message.key)
            return
        others = self.table.marks - {message.key}
        marks = [key for key in self._known() if key in others]
        if len(marks) >= COMPARED:
            self.app.notify("Two are compared: leave one marked.", timeout=4)
            return
        rows = [row, *(each for key in marks if (each := self.view.row(key)) is not None)]
        subjects = [of_metric.of_metric(self.session, each.metric) for each in rows]
        of_metric.open_plot(self.app, self.session, subjects, self.session.metrics.window)

    def _known(self) -> list[str]:
        return [row.metric.id for row in self.session.metrics.rows() if row.source]

    def action_why(self) -> None:
        """What the metric under the cursor means, and why it is missing."""
        if self.table.cursor is not None:
            of_metric.open_details(self.app, self.session, self.table.cursor)

    def action_look_back(self) -> None:
        """Sparklines over the next time."""
        window = self.session.metrics.window
        at = WINDOWS.index(window) if window in WINDOWS else -1
        self.view.look_back(WINDOWS[(at + 1) % len(WINDOWS)])

    def action_dashboards(self) -> None:
        """Grafana's dashboards."""
        of_dashboard.open_list(self.app, self.session)

    def action_sources(self) -> None:
        """Which sources of numbers there are."""
        of_metric.open_sources(self.app, self.session)
