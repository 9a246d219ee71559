"""The nodes pane by its keys: folds, details, and what can be planned from it."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from hubtui.services.actions.cordon import CordonRequest
from hubtui.tui.panes.base import REST_AFTER
from hubtui.tui.panes.nodes import NodesPane
from hubtui.tui.screens.drain import DrainScreen
from hubtui.tui.screens.events import EventsScreen
from hubtui.tui.screens.node_details import NodeDetailsScreen, NodeStaysScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.prepull import PrepullScreen
from hubtui.tui.screens.yaml import YamlScreen
from tests.tui import prepared
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, shown, until
from tests.tui.world import NOW

SIZE = (100, 30)


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.freeze(monkeypatch)


async def at_nodes(pilot: Pilot[Any], app: PreparedApp) -> NodesPane:
    """The pane has the focus, its cursor is on the pool of users."""
    await shown(pilot, "bump image")
    await pilot.press("3")
    await shown(pilot, "user-2")
    found = app.pane("nodes")
    assert isinstance(found, NodesPane)
    await until(pilot, lambda: found.table.has_focus and found.table.cursor, "a row")
    return found


@pytest.mark.parametrize("size", [(160, 48), SIZE, (80, 24)], ids=str)
async def test_enter_folds_a_pool_and_shows_a_node(make: Make, size: tuple[int, int]) -> None:
    app = make()
    async with app.run_test(size=size) as pilot:
        nodes = await at_nodes(pilot, app)
        await shown(pilot, "424 seats, pod slots bind")
        await pilot.press("enter")
        await until(pilot, lambda: "user-2" not in app.text, "a folded pool")
        await pilot.press("enter")
        await shown(pilot, "user-2")
        await pilot.press("j")
        assert nodes.table.cursor == "node:user-0"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, NodeDetailsScreen), "the details")
        await shown(pilot, "eve@uni.example")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app._overview, "the overview")


@pytest.mark.parametrize(
    ("key", "screen", "words"),
    [
        ("e", EventsScreen, "Node user-0"),
        ("y", YamlScreen, "n2-highmem-4"),
        ("w", NodeStaysScreen, "Why user-0 stays"),
        ("D", DrainScreen, "user-0"),
        ("p", PrepullScreen, "ds-image"),
    ],
)
async def test_what_is_opened_of_the_node_under_the_cursor(
    make: Make, key: str, screen: type[Any], words: str
) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        await at_nodes(pilot, app)
        await pilot.press("j", key)
        await until(pilot, lambda: isinstance(app.screen, screen), str(screen))
        await shown(pilot, words)


async def test_o_cordons_the_node_and_a_pool_is_none(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        await at_nodes(pilot, app)
        await pilot.press("o")
        assert app.told() == ["Go to a node: enter unfolds a pool."]
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, NodeDetailsScreen), "the details")
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen), "a plan")
        assert isinstance(app.screen, PlanScreen)
        assert app.screen._request == CordonRequest("user-0", False)


async def test_a_pane_that_nobody_sees_asks_nobody_for_the_use_of_nodes(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        nodes = await at_nodes(pilot, app)
        usage = app.prepared.nodes.usage
        await until(pilot, lambda: usage._lookers, "a look at the use of nodes")
        await pilot.press("1")
        nodes._rest()
        assert usage._lookers
        monkeypatch.setattr("hubtui.tui.panes.base.utc_now", lambda: NOW + 2 * REST_AFTER)
        nodes._rest()
        assert not usage._lookers


async def test_the_smallest_terminal_says_how_many_users_are_where(make: Make) -> None:
    app = make()
    async with app.run_test(size=(40, 10)) as pilot:
        await at_nodes(pilot, app)
        line = next(line for line in app.text.splitlines() if "user-1" in line)
        assert line.split()[1:4] == ["└", "user-1", "2"]
        await until(pilot, lambda: "3 Nodes 424 seats" in app.text, "the strip")
