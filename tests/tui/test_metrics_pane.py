"""The metrics pane by its keys: a number plotted, two compared, who told it, a slow Prometheus."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from textual.pilot import Pilot

from hubtui.model.prometheus import Series
from hubtui.model.query_steps import Window
from hubtui.services.ranges import RangeAnswer
from hubtui.tui.of_metric import Subject
from hubtui.tui.panes.metrics import MetricsPane
from hubtui.tui.screens.metric_details import MetricDetailsScreen
from hubtui.tui.screens.plot import PlotScreen
from hubtui.tui.screens.sources import SourcesScreen
from hubtui.views.plotted import lines_of
from tests.tui import prepared, world
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, shown, until
from tests.tui.world import NOW
from tests.tui.world_metrics import with_metrics

SIZE = (100, 40)


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.freeze(monkeypatch)


async def at_metrics(pilot: Pilot[Any], app: PreparedApp) -> MetricsPane:
    """The pane has the focus, its cursor is on the worst number."""
    await shown(pilot, "bump image")
    await pilot.press("6")
    await shown(pilot, "6 Metrics  ▲ Event loop lag p95 240 ms ↑")
    found = app.pane("metrics")
    assert isinstance(found, MetricsPane)
    await until(pilot, lambda: found.table.has_focus and found.table.cursor, "a row")
    await pilot.press("g")
    return found


async def test_the_worst_number_is_plotted_and_what_is_unknown_says_what_to_do(make: Make) -> None:
    app = make(with_metrics(world.hub()))
    async with app.run_test(size=SIZE) as pilot:
        pane = await at_metrics(pilot, app)
        assert pane.table.cursor == "event-loop-lag"
        await pilot.press("enter")
        await shown(pilot, "■ Event loop lag p95  240 ms   min 115 ms  max 240 ms")
        assert isinstance(app.screen, PlotScreen)
        await pilot.press("7")
        await shown(pilot, "last 7 d")
        await shown(pilot, "r12")  # a revision that came in these days
        await pilot.press("left", "left")
        await shown(pilot, "  at ")
        await pilot.press("escape", "n")
        await shown(pilot, "Event loop lag p95 and Running servers")
        await shown(pilot, "◆ Running servers (right)")
        await pilot.press("escape", "space", "j", "enter")
        await shown(pilot, "and Event loop lag p95")
        await pilot.press("escape", "G", "enter")
        await until(pilot, lambda: isinstance(app.screen, MetricDetailsScreen), "the details")
        await shown(pilot, "Prometheus has no such series")
        await shown(pilot, "Enable prometheusExporter of jupyterhub-home-nfs.")
        await pilot.press("escape", "i")
        await until(pilot, lambda: isinstance(app.screen, SourcesScreen), "the sources")
        await shown(pilot, "to mend")


async def test_nobody_is_asked_for_numbers_that_nobody_sees(make: Make) -> None:
    app = make(with_metrics(world.hub()))
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, "bump image")
        metrics = app.prepared.metrics
        assert metrics._task is None
        pane = await at_metrics(pilot, app)
        assert metrics._task is not None
        await pilot.press("1")
        pane._looked = NOW - MetricsPane.RESTS_AFTER - timedelta(seconds=1)
        pane._rest()
        assert metrics._task is None


async def test_a_slow_prometheus_holds_up_no_key(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubtui.tui.screens.plot.SLOW", 0.0)
    monkeypatch.setattr("hubtui.tui.screens.plot.SETTLED", 0.0)
    app, gate, asked = make(), asyncio.Event(), list[tuple[timedelta, int]]()

    async def ask(window: Window | timedelta, columns: int) -> RangeAnswer:
        assert isinstance(window, timedelta)
        asked.append((window, columns))
        await gate.wait()
        points = tuple((NOW.timestamp() - 60 * n, 5.0) for n in reversed(range(60)))
        whole = Window(NOW - window, NOW)
        return RangeAnswer((Series({}, points),), whole, timedelta(seconds=60), NOW)

    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, "bump image")
        subject = Subject("Slow", ask, lambda told, most: lines_of(told, "Slow", "", str, most))
        app.push_screen(PlotScreen(app.prepared, [subject]))
        await shown(pilot, "asking for 0 s")
        await pilot.press("6")
        await shown(pilot, "last 6 h")
        gate.set()
        await shown(pilot, "■ Slow")
        await shown(pilot, "each 1 m")
        await pilot.resize_terminal(140, 40)  # more columns have more samples
        await until(pilot, lambda: len(asked) == 3, "the question for another width")
        windows, (before, _, after) = zip(*asked, strict=True)
        assert list(windows) == [timedelta(hours=each) for each in (1, 6, 6)]
        assert after == before + 40
