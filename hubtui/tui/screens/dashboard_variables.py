"""The variables of a dashboard with what they can be; enter chooses."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.services.board import Board
from hubtui.services.store import utc_now
from hubtui.tui import keys
from hubtui.tui.screens.listing import FilterScreen
from hubtui.tui.widgets.filter_line import FilterLine
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.value_line import ValueLine
from hubtui.views import dashboard_variables as views
from hubtui.views.rows import Rows
from hubtui.views.table import Freshness


class DashboardVariablesScreen(FilterScreen[None]):
    """Every value of every variable, those that stand now marked."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "variables")]
    rows: Rows

    def __init__(self, board: Board) -> None:
        super().__init__()
        self._board = board
        self.rows = Rows(views.COLUMNS, empty="No value matches.")
        self._choices: dict[str, views.Choice] = {}
        self._work: asyncio.Task[None] | None = None
        self._typed_for = ""
        self._show()

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame("Variables", id="variables"):
            yield LiveTable(self.rows, marking=False)
            yield FilterLine(words="words of the value or its variable")
            yield ValueLine()
        yield KeyFooter(self.refused())

    def on_mount(self) -> None:
        self.table.focus()

    def _show(self) -> None:
        self._choices = views.choices(self._board.variables)
        self.rows.set(views.rows(self._choices))

    def beat(self, now: datetime) -> None:
        super().beat(now)
        frame = self.query_one("#variables", PaneFrame)
        busy = self._work is not None and not self._work.done()
        frame.show_freshness(Freshness("asking" if busy else ""))
        frame.show_note(self.filter_note())

    def on_live_table_selected(self, message: LiveTable.Selected) -> None:
        message.stop()
        choice = self._choices.get(message.key)
        if choice is None:
            return
        if choice.is_typed:
            self._typed_for = choice.variable
            self.query_one(ValueLine).open(choice.value)
        elif choice.after is not None:
            self._choose(choice.variable, choice.after)

    def _choose(self, variable: str, values: tuple[str, ...]) -> None:
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._chosen(variable, values), name="variable")

    async def _chosen(self, variable: str, values: tuple[str, ...]) -> None:
        await self._board.choose(variable, values)
        self._show()
        self.table.beat(utc_now())

    def on_value_line_given(self, message: ValueLine.Given) -> None:
        message.stop()
        self.table.focus()
        self._choose(self._typed_for, (message.value,))

    def on_value_line_dropped(self, message: ValueLine.Dropped) -> None:
        message.stop()
        self.table.focus()
