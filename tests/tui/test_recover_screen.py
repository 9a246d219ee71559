"""The ways out of a stuck release by keyboard: from the pane, from the problem, to the plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from hubtui.services.actions import release_pending
from hubtui.tui.screens.overview import OverviewScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.recover import RecoverScreen
from hubtui.tui.widgets.save_line import SaveLine
from tests.tui import prepared
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, ready, shown, until
from tests.tui.test_problems_screen import calm, problems, stuck

SIZE = (150, 45)
SMALL = (80, 24)


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody changes anything here: there is nothing to wait for."""
    prepared.freeze(monkeypatch)
    monkeypatch.setattr(release_pending, "GRACE", 0.0)


async def ways(pilot: Pilot[Any]) -> RecoverScreen:
    """The screen, with the ways on it; the status line tells the revision before the panes do."""
    await until(pilot, lambda: "R" in pilot.app.screen.active_bindings, "the key")
    await pilot.press("R")
    await until(pilot, lambda: isinstance(pilot.app.screen, RecoverScreen), "the ways out")
    await shown(pilot, "Mark revision 13 as failed")
    assert isinstance(pilot.app.screen, RecoverScreen)
    return pilot.app.screen


async def planned(app: PreparedApp, pilot: Pilot[Any]) -> PlanScreen:
    await until(pilot, lambda: isinstance(app.screen, PlanScreen), "the plan")
    await until(pilot, lambda: isinstance(app.screen.focused, Input), "the field of the name")
    assert isinstance(app.screen, PlanScreen)
    return app.screen


@pytest.mark.parametrize("size", [SIZE, SMALL])
async def test_the_ways_are_told_with_the_evidence(make: Make, size: tuple[int, int]) -> None:
    app = make(stuck())
    async with app.run_test(size=size) as pilot:
        await shown(pilot, "13")
        await ways(pilot)
        await shown(pilot, "Roll back to revision 12")
        await shown(pilot, "Helm's own way")
        await shown(pilot, "nothing has been done yet")
        await pilot.press("j")
        await shown(pilot, "only helm's record changes")
        await pilot.press("escape")
        assert isinstance(app.screen, OverviewScreen)


async def test_on_the_smallest_terminal_the_part_with_the_focus_has_the_room(make: Make) -> None:
    app = make(stuck())
    async with app.run_test(size=(40, 10)) as pilot:
        await shown(pilot, "13 is pending")
        screen = await ways(pilot)
        await shown(pilot, "Roll back to revision 12")
        await pilot.press("tab")
        await until(pilot, lambda: screen.focused is not screen.table, "the details")
        await shown(pilot, "does ")
        await pilot.press("G")
        await shown(pilot, "starts from it")


async def test_rolling_back_leads_to_the_plan_of_a_rollback(make: Make) -> None:
    app = make(stuck())
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await ways(pilot)
        await pilot.press("enter")
        await planned(app, pilot)
        await shown(pilot, "revision 13 is pending-upgrade: revision 13 → 12")
        await shown(pilot, "helm on this machine")
        await pilot.press("escape")
        assert isinstance(app.screen, OverviewScreen)


async def test_marking_asks_for_a_file_first(make: Make, tmp_path: Path) -> None:
    app = make(stuck())
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        screen = await ways(pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "the name of a file")
        field = app.screen.focused
        assert isinstance(field, Input)
        assert field.value.startswith("hub-revision-13-")
        await pilot.press("escape")
        assert app.screen is screen
        assert app.screen.focused is screen.table
        await pilot.press("enter")
        field.value = str(tmp_path / "kept.json")
        await pilot.press("enter")
        plan = await planned(app, pilot)
        await shown(pilot, "Mark revision 13 of hub as failed")
        await shown(pilot, "pending-upgrade → failed")
        go = plan.query_one("#confirm-go", Button)
        assert go.disabled
        await pilot.press(*"hub")
        await until(pilot, lambda: not go.disabled, "the button")
        await pilot.press("escape")
        assert isinstance(app.screen, OverviewScreen)


async def test_from_the_problem(make: Make) -> None:
    app = make(stuck())
    async with app.run_test(size=SIZE) as pilot:
        await problems(pilot, app, "Release hub is stuck")
        await shown(pilot, "R   Choose a way out")
        screen = await ways(pilot)
        assert not screen.query_one(SaveLine).has_class("-open")


async def test_nothing_is_recovered_that_is_not_stuck(make: Make) -> None:
    app = make(calm())
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await pilot.press("R")
        await until(pilot, lambda: any("is not pending" in each for each in app.told()), "the word")
        assert isinstance(app.screen, OverviewScreen)


async def test_in_read_only_the_plan_is_shown_and_its_button_stays_dim(make: Make) -> None:
    app = make(stuck(), read_only=True)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        await ways(pilot)
        await pilot.press("enter")
        plan = await planned(app, pilot)
        await pilot.press(*"hub", "enter")
        assert app.screen is plan
        assert plan.query_one("#confirm-go", Button).disabled
        await shown(pilot, "--read-only")
