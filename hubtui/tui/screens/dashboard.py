"""A Grafana dashboard on the screen: its rows with their panels, and its variables above."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import BindingType

from hubtui.model.dashboard import Dashboard, Kind
from hubtui.services.board import Board
from hubtui.services.import_report import report
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui import export, keys, of_dashboard, theme
from hubtui.tui.screens.base import BaseScreen
from hubtui.tui.widgets.key_footer import KeyFooter
from hubtui.tui.widgets.line import Line
from hubtui.tui.widgets.pane_frame import PaneFrame
from hubtui.tui.widgets.panel_grid import PanelGrid
from hubtui.tui.widgets.save_line import SaveLine
from hubtui.tui.widgets.status_line import StatusLine
from hubtui.tui.widgets.strips import segments
from hubtui.views import dashboard as views
from hubtui.views.board import BoardView
from hubtui.views.cells import Cell, Tone, plain
from hubtui.views.table import Freshness

WHO = "dashboard"


class VariablesLine(Line):
    """The variables with what they stand for."""

    def __init__(self, board: Board) -> None:
        super().__init__()
        self._board = board

    def draw(self, width: int) -> list[Segment]:
        line = views.variables_line(self._board.variables, max(1, width - 2))
        spans: Cell = ((" ", Tone.PLAIN), *line)
        return segments(spans, theme.palette(self.app).tones)


class DashboardScreen(BaseScreen[None]):
    """One dashboard. Only the panels that are seen are asked, and none while another screen is on
    top."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("screen", "dashboard")]

    def __init__(self, session: Session, dashboard: Dashboard) -> None:
        super().__init__()
        self._session = session
        self.board = Board(session, dashboard)
        self.view = BoardView(self.board)
        self._told = 0

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with PaneFrame(self.board.dashboard.title, id="dashboard"):
            if views.variables_line(self.board.variables, self.app.size.width):
                yield VariablesLine(self.board)
            yield PanelGrid(self.view)
            yield SaveLine()
        yield KeyFooter(self.refused())

    @property
    def grid(self) -> PanelGrid:
        """The panels."""
        return self.query_one(PanelGrid)

    def on_mount(self) -> None:
        self.set_focus(self.grid)
        self.board.start(WHO)

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.board.start(WHO)
        self.grid.look()

    def on_screen_suspend(self) -> None:
        self.board.pause(WHO)

    async def on_unmount(self) -> None:
        await self.board.close()

    def beat(self, now: datetime) -> None:
        super().beat(now)
        frame = self.query_one("#dashboard", PaneFrame)
        if self.grid.beat(now):
            for line in self.query(VariablesLine):
                line.redraw()
            self._told = len(report(self.board)) if self.board.ready else 0
            frame.show_headline(views.headline(self.board.time))
        frame.show_note(views.note(self._told, *self.grid.position))
        frame.show_freshness(Freshness("" if self.board.ready else "asking for its variables"))

    # -- panels

    def on_panel_grid_opened(self, message: PanelGrid.Opened) -> None:
        message.stop()
        state = self.view.state(message.key)
        if state is None:
            return
        if state.panel.kind is Kind.TIMESERIES and state.lines:
            of_dashboard.open_plot(self.app, self._session, self.board, state)
        else:
            of_dashboard.open_panel(self.app, self.board, message.key)

    def action_why(self) -> None:
        """What the panel asks, and what is missing."""
        if self.view.state(self.grid.chosen) is not None:
            of_dashboard.open_panel(self.app, self.board, self.grid.chosen)

    # -- what is looked at

    def action_range(self, hours: int) -> None:
        """The last hours up to now."""
        self.board.look(f"now-{hours}h" if hours <= 24 else f"now-{hours // 24}d")
        self.beat(utc_now())

    def action_zoom_in(self) -> None:
        """Half the time."""
        self.board.zoom(0.5)
        self.beat(utc_now())

    def action_zoom_out(self) -> None:
        """Twice the time."""
        self.board.zoom(2.0)
        self.beat(utc_now())

    def action_shift(self, halves: int) -> None:
        """Half a window earlier or later."""
        self.board.shift(halves / 2)
        self.beat(utc_now())

    def action_own_time(self) -> None:
        """The time that the dashboard itself says."""
        self.board.look(self.board.dashboard.start, self.board.dashboard.end)
        self.beat(utc_now())

    def action_variables(self) -> None:
        """What the variables can be."""
        if self.board.variables:
            of_dashboard.open_variables(self.app, self.board)
        else:
            self.app.notify("The dashboard has no variables.", timeout=3)

    def action_report(self) -> None:
        """What is not shown as Grafana shows it."""
        of_dashboard.open_report(self.app, self.board)

    def action_read_anew(self) -> None:
        """Asks for everything again."""
        self._session.prometheus.retry()
        self._session.ranges.forget()
        self.board.retry()
        self.beat(utc_now())

    # -- what else can be done

    def _text(self) -> list[str]:
        now = utc_now()
        cells = self.view.lines(0, self.view.height, "", now)
        return [plain(line).rstrip() for line in cells]

    def action_copy(self) -> None:
        """Copies the whole dashboard as text."""
        self.app.copy_to_clipboard("\n".join(self._text()))
        self.app.notify("Copied.", timeout=2)

    def action_save(self) -> None:
        """Asks for a name, and writes the whole dashboard as text to a new file."""
        self.query_one(SaveLine).open(export.proposed("dashboard", "txt"))

    def on_save_line_named(self, message: SaveLine.Named) -> None:
        message.stop()
        self.set_focus(self.grid)
        export.save_lines(self.app, message.name, self._text())

    def on_save_line_dropped(self, message: SaveLine.Dropped) -> None:
        message.stop()
        self.set_focus(self.grid)
