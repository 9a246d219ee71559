"""What can be opened of a dashboard, from wherever it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from textual.app import App

from hubtui.errors import HubtuiError
from hubtui.model.dashboard import Dashboard
from hubtui.model.prometheus import Series
from hubtui.model.query_steps import Window
from hubtui.services.board import Board
from hubtui.services.board_panels import PanelState
from hubtui.services.ranges import LEAST_STEP, RangeAnswer
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.tui.of_metric import Subject
from hubtui.views.dashboard_lines import frame_of, highest_of, shown_lines
from hubtui.views.plot import Limit, Line


def open_list(app: App[Any], session: Session) -> None:
    """The dashboards there are."""
    from hubtui.tui.screens.dashboards import DashboardsScreen

    app.push_screen(DashboardsScreen(session))


def open_dashboard(app: App[Any], session: Session, dashboard: Dashboard) -> None:
    """One of them."""
    from hubtui.tui.screens.dashboard import DashboardScreen

    app.push_screen(DashboardScreen(session, dashboard))


def open_plot(app: App[Any], session: Session, board: Board, state: PanelState) -> None:
    """The lines of a panel on the whole screen, over the board's time up to now."""
    from hubtui.tui.screens.plot import PlotScreen

    length = (state.window or board.window).length
    app.push_screen(PlotScreen(session, [subject_of(board, state)], length))


def subject_of(board: Board, state: PanelState) -> Subject:
    """A panel as a plot asks for it: all its queries at once, its lines as the board draws them."""
    key, panel = state.placed.key, state.panel
    found = state

    async def ask(window: Window | timedelta, columns: int) -> RangeAnswer:
        nonlocal found
        if isinstance(window, timedelta):
            now = board.now()
            window = Window(now - window, now)
        found = await board.over(key, window, columns)
        if found.error is not None and not found.lines:
            raise _again(found.error)
        return RangeAnswer(
            tuple(Series(each.labels, each.points) for each in found.lines),
            found.window or window,
            found.step or LEAST_STEP,
            found.as_of or utc_now(),
            (*found.notes, *(f"query {each.ref}: {each.error.what}" for each in found.errors)),
        )

    title = panel.title or f"Panel {panel.id}"

    def lines(_: RangeAnswer, most: int) -> tuple[list[Line], str]:
        shown = shown_lines(found)
        kept = [line for _, line in highest_of(shown, most)]
        if len(shown) == 1:
            kept = [replace(each, name=f"{title} {each.name}") for each in kept]
        return kept, f"the {len(kept)} highest of {len(shown):,}" if len(kept) < len(shown) else ""

    def limits() -> Sequence[Limit]:
        return frame_of(found, ()).limits

    return Subject(title, ask, lines, limits)


def _again(error: HubtuiError) -> HubtuiError:
    return error.with_traceback(None)


def open_panel(app: App[Any], board: Board, key: str) -> None:
    """All of a panel: its numbers in full, what it asks, what is missing."""
    from hubtui.tui.screens.dashboard_panel import DashboardPanelScreen

    app.push_screen(DashboardPanelScreen(board, key))


def open_variables(app: App[Any], board: Board) -> None:
    """What the variables of a dashboard can be."""
    from hubtui.tui.screens.dashboard_variables import DashboardVariablesScreen

    app.push_screen(DashboardVariablesScreen(board))


def open_report(app: App[Any], board: Board) -> None:
    """What of a dashboard is not shown as Grafana shows it."""
    from hubtui.tui.screens.import_report import ImportReportScreen

    app.push_screen(ImportReportScreen(board))
