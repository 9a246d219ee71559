"""The ways to empty a node, by keys: from the nodes pane, and from a drain that ended early."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hubtui.model.plan import Outcome, Result
from hubtui.services.actions.drain import DrainRequest, Way
from hubtui.services.operation import Operation
from hubtui.tui.screens.drain import DrainScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.progress import ProgressScreen
from tests.tui import prepared
from tests.tui.conftest import Make
from tests.tui.prepared import ready, shown, until
from tests.tui.upgrading import operation

NODE = "user-2"


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.freeze(monkeypatch)


async def test_the_ways_are_told_and_enter_leads_to_the_plan_of_one(make: Make) -> None:
    app = make()
    async with app.run_test(size=(140, 40)) as pilot:
        await ready(pilot)
        app.push_screen(DrainScreen(app.prepared, NODE))
        await shown(pilot, "Cordon and wait for the culler")
        await shown(pilot, f"{NODE} takes no new pods")
        await pilot.press("down")
        await shown(pilot, "idle for 30 m stopped")
        await pilot.press("shift+tab", "end", "backspace", "backspace", "backspace", *"2h", "enter")
        await shown(pilot, "idle for 2 h stopped")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen), "a plan")
        assert isinstance(app.screen, PlanScreen)
        assert app.screen._request == DrainRequest(NODE, Way.IDLE, idle=7200.0)
        await pilot.press("escape")
        await shown(pilot, "Cordon and wait for the culler")


async def test_one_that_ended_early_is_gone_on_with_from_its_progress(make: Make) -> None:
    app = make()
    async with app.run_test(size=(140, 40)) as pilot:
        await ready(pilot)
        known = operation(app.prepared).plan
        plan = replace(known, action="drain", title="Drain", targets=(f"node {NODE}",))
        over = Operation(plan.id, plan)
        over.end(Outcome(Result.INTERRUPTED, f"{NODE} is cordoned, 1 server left"))
        app.push_screen(ProgressScreen(over))
        await shown(pilot, "1 server left")
        await shown(pilot, "D drain")
        await pilot.press("D")
        await shown(pilot, f"Drain {NODE}")


async def test_d_on_a_node_tells_the_ways(make: Make) -> None:
    app = make()
    async with app.run_test(size=(160, 44)) as pilot:
        await ready(pilot)
        await pilot.press("3")
        await shown(pilot, NODE)
        await pilot.press("slash", *NODE, "enter")
        await pilot.press("j", "j")
        await pilot.press("D")
        await shown(pilot, f"Drain {NODE}")
