"""The drills about disks by keyboard: full homes get room, and a disk that is held comes free."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from hubtui.model.plan import Result
from hubtui.tui.panes.storage import StoragePane
from hubtui.tui.screens.expanding import ExpandScreen
from hubtui.tui.screens.plan import PlanScreen
from tests.tui.drills import confirmed, drill, incidents, problem, session_of
from tests.tui.prepared import shown, until

FAST = 60.0
"""Six minutes pass until a disk is taken from a lost node."""


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disks are read as soon as an operator looks at the list, and again and again."""
    for name in ("FIRST", "FIGURES_EVERY", "FIGURES_SOON", "LOG_EVERY"):
        monkeypatch.setattr(f"hubtui.services.problems.storage_reading.{name}", 0.5)


async def test_full_homes_get_room_by_an_expansion() -> None:
    async with drill("home-full", speed=FAST) as pilot:
        session_of(pilot).disks._every = 0.5
        await problem(pilot, "home-full")
        await shown(pilot, "priya@uni.example")
        await pilot.press("E")
        app = pilot.app
        await until(pilot, lambda: isinstance(app.screen, ExpandScreen), "the size")
        await shown(pilot, "home-nfs has 200Gi")
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "its field")
        field = app.screen.focused
        assert isinstance(field, Input)
        await until(pilot, lambda: field.value, "a proposal")
        await pilot.press(*["backspace"] * len(field.value), *"300Gi", "enter")
        assert (await confirmed(pilot, "home-nfs")).result is Result.OK
        await until(pilot, lambda: "home-full" not in incidents(pilot), "no problem")
        await pilot.press("escape", "escape", "5")
        # It stands below the disk while that is full, and beside it once the new size is seen.
        table = app.screen.query_one("#storage", StoragePane).table
        await until(pilot, lambda: table.move_to("claim:home-nfs"), "the server's claim")
        await pilot.press("E")
        await shown(pilot, "home-nfs has 300Gi")


async def test_the_hubs_disk_comes_free_when_the_pod_that_holds_it_is_deleted_by_force() -> None:
    async with drill("hub-db", speed=FAST) as pilot:
        screen = await problem(pilot, "hub-db")
        found = screen.problem()
        assert found is not None
        holder = next(fix.target for fix in found.fixes if fix.force)
        await pilot.press("X")
        await overridden(pilot, "force")
        assert (await confirmed(pilot, holder)).result is Result.OK
        await until(pilot, lambda: not incidents(pilot) & {"hub-db", "lost-node"}, "no problem")


async def overridden(pilot: Pilot[Any], check: str) -> None:
    """Passes the check that says stop, by enter on it."""
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen), "a plan")
    screen = pilot.app.screen
    await until(pilot, lambda: isinstance(screen.focused, Input), "its field")
    await shown(pilot, f"{check} says stop")
    checks = screen.query_one("#checks")
    while screen.focused is not checks:
        await pilot.press("tab")
    await pilot.press("enter")
    await shown(pilot, "(overridden by you)")
    while not isinstance(screen.focused, Input):
        await pilot.press("tab")
