"""A dashboard by its keys: opened from a file, its panels walked, its variables and time chosen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from hubtui.tui.screens.dashboard import DashboardScreen
from hubtui.tui.screens.dashboards import DashboardsScreen
from hubtui.tui.screens.plot import PlotScreen
from hubtui.tui.widgets.import_line import ImportLine
from tests.tui import prepared, world
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, shown, until
from tests.tui.world_metrics import with_metrics

SIZE = (120, 40)
ACTIVE = 'jupyterhub_active_users{period="$period"}'


def panel(number: int, kind: str, title: str, expr: str, **place: int) -> dict[str, Any]:
    return {
        "id": number, "type": kind, "title": title, "gridPos": {"w": 12, "h": 8, **place},
        "targets": [{"refId": "A", "expr": expr, "legendFormat": "{{pod}}{{period}}"}],
    }  # fmt: skip


DASHBOARD = {
    "title": "Our hub",
    "time": {"from": "now-6h", "to": "now"},
    "templating": {"list": [{"name": "period", "type": "custom", "query": "24h,7d"}]},
    "panels": [
        panel(1, "timeseries", "Servers of all", "jupyterhub_running_servers", x=0, y=0),
        panel(2, "stat", "Active in $period", ACTIVE, x=12, y=0),
        panel(3, "geomap", "Where they are", "up", x=0, y=8),
        {
            "id": 9, "type": "row", "title": "Nodes", "collapsed": True, "gridPos": {"y": 16},
            "panels": [panel(4, "table", "Pods by node", "kube_pod_info", x=0, y=17)],
        },
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.freeze(monkeypatch)


async def at_list(pilot: Pilot[Any], app: PreparedApp) -> None:
    await shown(pilot, "bump image")
    await pilot.press("6")
    await until(pilot, lambda: app.pane("metrics").table.has_focus, "the pane")
    await pilot.press("D")
    await until(pilot, lambda: isinstance(app.screen, DashboardsScreen), "the list")


async def bring(pilot: Pilot[Any], app: PreparedApp, path: Path) -> None:
    """Types the file's name."""
    await pilot.press("i")
    line = app.screen.query_one(ImportLine)
    await until(pilot, lambda: line.has_focus_within, "the line")
    line.open(str(path))
    await pilot.press("enter")


async def test_a_file_is_opened_walked_and_its_variables_and_time_are_chosen(
    make: Make, tmp_path: Path
) -> None:
    path = tmp_path / "hub.json"
    path.write_text(json.dumps(DASHBOARD))
    app = make(with_metrics(world.hub()))
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot, app)
        await shown(pilot, "No dashboard was found.")
        await bring(pilot, app, tmp_path / "nowhere.json")
        await shown(pilot, "is no file")
        await bring(pilot, app, path)
        await shown(pilot, "› Servers of all")
        assert isinstance(app.screen, DashboardScreen)
        await shown(pilot, "─ Active in 24h")
        await shown(pilot, "A panel of the type 'geomap' cannot be drawn in a terminal.")
        await shown(pilot, "▸ Nodes  1 panel")

        await pilot.press("v")
        await shown(pilot, "● 24h")
        await pilot.press("G", "enter")
        await shown(pilot, "● 7d")
        await pilot.press("escape")
        await shown(pilot, "─ Active in 7d")
        await pilot.press("d")
        await shown(pilot, "last 24h")
        await pilot.press("less_than_sign")
        await shown(pilot, " to 20")  # a day that is over, by its dates
        await pilot.press("t")
        await shown(pilot, "last 6h")

        await pilot.press("l")
        await shown(pilot, "› Active in 7d")
        await pilot.press("w")
        await shown(pilot, 'jupyterhub_active_users{period="7d"}')
        await pilot.press("escape", "h", "enter")
        await until(pilot, lambda: isinstance(app.screen, PlotScreen), "the plot")
        await shown(pilot, "■ Servers of all")
        await pilot.press("escape", "i")
        await shown(pilot, "Where they are: a panel of the type 'geomap'")
        await pilot.press("escape", "G", "enter")
        await shown(pilot, "▾ Nodes  1 panel")
        await pilot.press("j")
        await shown(pilot, "› Pods by node")
        await shown(pilot, "jupyter-ana")


async def test_nobody_is_asked_for_panels_that_nobody_sees(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "hub.json"
    path.write_text(json.dumps(DASHBOARD))
    app = make(with_metrics(world.hub()))
    async with app.run_test(size=SIZE) as pilot:
        await at_list(pilot, app)
        await bring(pilot, app, path)
        await shown(pilot, "› Servers of all")
        screen = app.screen
        assert isinstance(screen, DashboardScreen)
        await until(pilot, lambda: screen.board.panel("1").asked, "the first panel")
        assert not screen.board.panel("4").asked
        assert screen.board._task is not None
        await pilot.press("i")
        await until(pilot, lambda: app.screen is not screen, "the report")
        await until(pilot, lambda: screen.board._task is None, "rest")
        await pilot.press("escape")
        await until(pilot, lambda: screen.board._task is not None, "work again")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DashboardsScreen), "the list")
        await until(pilot, lambda: screen.board._task is None, "the end")
