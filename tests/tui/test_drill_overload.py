"""The drill overload by keyboard: the hub that fills its memory is found before it is killed, and
an upgrade raises the limit."""

from __future__ import annotations

from textual.widgets import Button

from hubtui.model.plan import Result
from hubtui.model.problem import Verb
from hubtui.tui.screens.upgrade import UpgradeScreen
from hubtui.tui.widgets.choice_table import ChoiceTable
from tests.tui.drills import SMALL, confirmed, drill, incidents, problem
from tests.tui.prepared import until


async def test_the_hub_that_fills_is_found_before_it_is_killed_and_gets_more_memory() -> None:
    async with drill("overload", speed=3, size=SMALL) as pilot:
        app = pilot.app
        screen = await problem(pilot, "overload")
        found = screen.view.problem(screen.table.cursor)
        assert found is not None
        assert "of its memory limit" in found.title
        raised = found.fix(Verb.UPGRADE)
        assert raised is not None
        assert raised.sets == (("hub.resources.limits.memory", "1Gi"),)
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, UpgradeScreen), "the upgrade")
        modes = app.screen.query_one("#upgrade-modes", ChoiceTable)
        sources = app.screen.query_one("#upgrade-sources", ChoiceTable)
        await until(pilot, lambda: sources.has_focus, "the sources")
        await pilot.press("tab")
        await until(pilot, lambda: modes.has_focus, "what becomes of the values")
        await pilot.press("j", "j", "enter")
        button = app.screen.query_one("#upgrade-plan", Button)
        await until(pilot, lambda: button.has_focus, "the button")
        await pilot.press("enter")
        outcome = await confirmed(pilot, "hub")
        assert outcome.result is Result.OK, outcome
        await until(pilot, lambda: "overload" not in incidents(pilot), "no problem")
