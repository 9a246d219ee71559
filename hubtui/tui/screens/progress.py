"""A running operation, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual.binding import BindingType

from hubtui.services.operations import Operation
from hubtui.tui import keys
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.plan import outcome_lines, progress_lines
from hubtui.views.table import Freshness


class ProgressScreen(ReadingScreen):
    """Watches an operation; leaving it does not end the operation."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("progress")]

    def __init__(self, operation: Operation) -> None:
        super().__init__(operation.plan.title)
        self._operation = operation
        self._version = -1

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        operation = self._operation
        yield cell(operation.plan.summary)
        yield ()
        if operation.outcome is not None:
            yield from outcome_lines(operation.outcome)
            yield ()
        yield from progress_lines(operation.progress)
        if operation.outcome is None:
            yield ()
            yield cell(
                "esc leaves this screen, not the operation; it goes on if the connection drops, "
                "and ctrl+e comes back here.",
                Tone.MUTED,
            )

    def beat(self, now: datetime) -> None:
        if self._operation.version != self._version:
            self._version = self._operation.version
            self.document.touch()
        done = self._operation.done
        self.frame.show_freshness(Freshness("over" if done else "under way"))
        super().beat(now)
