"""The forms of a spawn check and of a maintenance, and going on with one that ended early."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from hubtui.model.plan import Outcome, Result
from hubtui.services.actions.maintenance import MaintenanceRequest
from hubtui.services.actions.spawn_check import SpawnCheckRequest
from hubtui.services.journal import Line
from hubtui.services.operation import Operation
from hubtui.tui.screens.maintenance import MaintenanceScreen, SpawnCheckScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.progress import ProgressScreen
from tests.tui import prepared
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, ready, shown, until
from tests.tui.upgrading import operation
from tests.tui.world import NOW

SIZE = (100, 30)


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.freeze(monkeypatch)


async def at_users(pilot: Pilot[Any]) -> None:
    await shown(pilot, "bump image")
    await pilot.press("4")
    await shown(pilot, "farid@uni.example")


async def in_form(pilot: Pilot[Any], app: PreparedApp, screen: type) -> None:
    """A form is on top, and its first field has the focus."""
    await until(pilot, lambda: isinstance(app.screen, screen), "the form")
    await until(pilot, lambda: isinstance(app.screen.focused, Input), "the field")


async def planned(pilot: Pilot[Any], app: PreparedApp) -> object:
    await until(pilot, lambda: isinstance(app.screen, PlanScreen), "a plan")
    assert isinstance(app.screen, PlanScreen)
    return app.screen._request


async def test_a_canary_is_asked_for_the_user_under_the_cursor(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        await at_users(pilot)
        await pilot.press("K")
        await in_form(pilot, app, SpawnCheckScreen)
        await pilot.press("enter", "enter", "enter", "x", "enter")
        await shown(pilot, "is no length of time")
        await pilot.press("enter")
        assert isinstance(app.screen, SpawnCheckScreen)
        await pilot.press("shift+tab", "end", "backspace", "enter", "enter")
        assert await planned(pilot, app) == SpawnCheckRequest("farid@uni.example")


async def test_a_maintenance_is_asked_for_with_its_batches(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        await at_users(pilot)
        await pilot.press("M")
        await in_form(pilot, app, MaintenanceScreen)
        await pilot.press("enter", "end", "backspace", "backspace", "5", "enter", "enter")
        await pilot.press(*"eve*", "enter", *"yes", "enter", "enter")
        wanted = MaintenanceRequest(batch=5, only="eve*", idle_only=True)
        assert await planned(pilot, app) == wanted


async def test_one_that_ended_early_is_gone_on_with_from_its_progress(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        session = app.prepared
        plan = replace(operation(session).plan, action="maintenance", title="Maintenance")
        begun = Line(
            id=plan.id, event="started", at=NOW, action="maintenance",
            server=session.context.server, namespace="hub", release="hub",
        )  # fmt: skip
        await session.operations.journal.append(begun)
        over = Operation(plan.id, plan)
        over.end(Outcome(Result.INTERRUPTED, "1 of 3 servers stopped"))
        app.push_screen(ProgressScreen(over))
        await shown(pilot, "1 of 3 servers stopped")
        await pilot.press("M")
        assert await planned(pilot, app) == MaintenanceRequest(resume=True)
