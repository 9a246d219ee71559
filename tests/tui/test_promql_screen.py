"""The PromQL line by its keys: words that fit, an answer, a fault, a wait, and what is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from hubtui.services import promql_names
from hubtui.services.queries_kept import KeptQueries
from hubtui.tui.screens.plot import PlotScreen
from hubtui.tui.screens.promql import PromqlScreen
from tests.tui import prepared, world
from tests.tui.conftest import Make
from tests.tui.prepared import shown, until
from tests.tui.prepared_prometheus import PreparedPrometheus
from tests.tui.world_metrics import with_metrics

SIZE = (120, 40)


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.freeze(monkeypatch)
    monkeypatch.setattr(promql_names, "EVERY", 0.0)


def kept(tmp_path: Path) -> KeptQueries:
    found = KeptQueries(tmp_path / "state")
    found.read()
    return found


async def test_a_query_is_typed_asked_plotted_mended_and_kept(make: Make, tmp_path: Path) -> None:
    app = make(with_metrics(world.hub()))
    prometheus = app.prepared.prometheus._found
    assert isinstance(prometheus, PreparedPrometheus)
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, "bump image")
        await pilot.press("colon")
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "the line")
        screen = app.screen
        assert isinstance(screen, PromqlScreen)

        await pilot.press(*"kube_p")
        await shown(pilot, "▸ kube_pod_info")
        await pilot.press("tab", *"{nod")
        await shown(pilot, "▸ node ")
        await pilot.press("tab", "=", '"')
        await shown(pilot, "▸ users-1")
        await pilot.press("shift+tab", "tab", "}")
        assert screen.line.text == 'kube_pod_info{node="users-2"}'
        await pilot.press("enter")
        await shown(pilot, "1 series")
        await until(pilot, lambda: screen.table.has_focus, "the answer")
        await shown(pilot, "jupyter-bo")

        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, PlotScreen), "the plot")
        await pilot.press("colon")
        await until(pilot, lambda: screen.line.is_typed_in, "the line")
        await pilot.press("ctrl+s", *"bo", "enter")
        await until(pilot, lambda: screen.line.is_typed_in, "the line")

        screen.line.write("kube_pod_info foo")
        await pilot.press("enter")
        await shown(pilot, "✗ parse error: unexpected foo")
        await shown(pilot, f"{' ' * len('kube_pod_info ')}^")
        await until(pilot, lambda: screen.line.cursor == len("kube_pod_info "), "the fault")

        prometheus.answers.clear()
        await pilot.press(*["delete"] * 3, "enter")
        await shown(pilot, "esc ends it")
        await pilot.press("escape")
        await shown(pilot, "without an answer")
        prometheus.answers.set()

        await pilot.press("up")
        assert screen.line.text == "kube_pod_info foo"
        await pilot.press("ctrl+l")
        await shown(pilot, "saved    bo")
        await shown(pilot, "hubtui   Running servers")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen, "the line again")
        assert screen.line.text == 'kube_pod_info{node="users-2"}'
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not screen, "the overview")
    assert prometheus.asked == [
        'kube_pod_info{node="users-2"}', "kube_pod_info foo", "kube_pod_info",
    ]  # fmt: skip
    assert kept(tmp_path).saved == {"bo": 'kube_pod_info{node="users-2"}'}
    assert kept(tmp_path).asked == tuple(prometheus.asked)
