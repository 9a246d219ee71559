"""Placeholders are scaled from the nodes pane, by keys."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.progress import ProgressScreen
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, ready, shown, until
from tests.tui.world import hub

WIDE = (160, 48)


def written(app: PreparedApp) -> list[tuple[str, str, str]]:
    return [
        (call.verb, f"{call.resource}/{call.subresource}", call.name)
        for call in app.client.calls
        if call.verb == "patch" and call.query.get("dryRun") != "All"
    ]


async def asked(pilot: Pilot[Any]) -> None:
    """The form, from the nodes pane."""
    await ready(pilot)
    await pilot.press("3", "P")
    await shown(pilot, "holds the room of one user")


async def test_what_a_number_does_is_told_while_it_is_typed(make: Make) -> None:
    app = make(hub())
    async with app.run_test(size=WIDE) as pilot:
        await asked(pilot)
        await shown(pilot, "With 5 placeholders")
        await pilot.press("backspace", "0")
        await shown(pilot, "With 0 placeholders")
        await pilot.press("x")
        await shown(pilot, "'0x' is no number")


async def test_the_plan_asks_for_the_release_and_writes_the_scale_alone(make: Make) -> None:
    app = make(hub())
    async with app.run_test(size=WIDE) as pilot:
        await asked(pilot)
        await pilot.press("backspace", "8", "enter")
        await until(pilot, lambda: app.screen.query("ConfirmLine Input"), "a plan")
        assert isinstance(app.screen, PlanScreen)
        await shown(pilot, "goes from 5 to 8 replicas")
        await shown(pilot, "replicas: 8")
        await pilot.press(*"hub", "enter")
        await until(pilot, lambda: isinstance(app.screen, ProgressScreen), "progress")
        await until(pilot, lambda: written(app), "a write")
        assert written(app) == [("patch", "statefulsets.apps/scale", "user-placeholder")]
