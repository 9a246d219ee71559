"""What is typed faster than the screen answers goes where it was meant."""

from __future__ import annotations

from textual import events
from textual.keys import _character_to_key
from textual.widgets import Input

from hubtui.tui.screens.help import HelpScreen
from hubtui.tui.screens.overview import OverviewScreen
from hubtui.tui.screens.plan import PlanScreen
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, ready, until

SIZE = (160, 48)


def at_once(app: PreparedApp, *keys: str) -> None:
    """Keys that arrive in one piece, as on a slow link."""
    for key in keys:
        if len(key) == 1:
            app.post_message(events.Key(_character_to_key(key), key))
        else:
            app.post_message(events.Key(key, "\r" if key == "enter" else None))


async def test_what_follows_the_slash_is_the_filter(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        at_once(app, "2", *"/role:users", "enter", "j")
        await until(pilot, lambda: "role:users" in app.text, "the filter")
        assert isinstance(app.screen, OverviewScreen)
        pods = app._overview.panes[1]
        await until(pilot, lambda: pods.table.has_focus, "the rows again")
        assert pods.query_one(Input).value == "role:users"
        # Before the app is closed, every key has come to where it was meant.
        await until(pilot, lambda: pods.table.cursor != pods.pane_view.keys()[0], "the next row")


async def test_what_is_typed_while_a_plan_is_made_is_for_the_plan(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        at_once(app, "j", "r", "?", "escape")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen), "the plan")
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "its field")


async def test_a_key_behind_one_that_opens_a_screen_acts_on_that_screen(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot)
        at_once(app, "?", "escape", "?")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen), "the help")
        at_once(app, "escape")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen), "the overview")
