"""One number of the metrics pane in words: what it means, where it is from, why it is missing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual.binding import BindingType

from hubtui.services.session import Session
from hubtui.tui import keys
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.views import plotted
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung

NEW = 10.0
"""Seconds after which ages are told anew."""

WHO = "metric details"


class MetricDetailsScreen(ReadingScreen):
    """A document about one metric, as live as the pane."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "metric")]

    def __init__(self, session: Session, metric: str) -> None:
        row = session.metrics.row(metric)
        super().__init__(row.metric.title if row is not None else "Metric")
        self._session = session
        self._metric = metric
        self._changes = session.metrics.subscribe()
        self._told = 0.0

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        metrics = self._session.metrics
        row = metrics.row(self._metric)
        if row is None:
            yield cell("Asking for numbers …", Tone.MUTED)
            return
        yield from plotted.about(row, metrics.question(row.metric), now)

    def on_mount(self) -> None:
        super().on_mount()
        self._session.metrics.start(WHO)

    def beat(self, now: datetime) -> None:
        self._session.metrics.update()
        _, changed = self._changes.drain()
        if self._metric in changed or now.timestamp() - self._told >= NEW:
            self._told = now.timestamp()
            self.document.touch()
        super().beat(now)

    def on_unmount(self) -> None:
        self._session.metrics.unsubscribe(self._changes)
        self._session.metrics.pause(WHO)
