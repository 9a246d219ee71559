"""The users pane by its keys: marks, plans, the what-if line, and a hub that cannot be asked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from hubtui.model.hub import HubUser, ServerKey
from hubtui.services.actions.cull import CullRequest
from hubtui.services.actions.start import StartRequest
from hubtui.services.actions.stop import StopRequest
from hubtui.tui.panes.base import REST_AFTER
from hubtui.tui.panes.users import UsersPane
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.stopping import CullScreen
from hubtui.tui.screens.user_details import UserDetailsScreen
from tests.tui import prepared, world
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, shown, until
from tests.tui.world import NOW

SIZE = (100, 30)


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.freeze(monkeypatch)


def pane(app: PreparedApp) -> UsersPane:
    found = app.pane("users")
    assert isinstance(found, UsersPane)
    return found


async def at_users(pilot: Pilot[Any], app: PreparedApp) -> UsersPane:
    """The pane is on the screen and the hub has told its users."""
    await shown(pilot, "bump image")
    await pilot.press("4")
    await shown(pilot, "farid@uni.example")
    await until(pilot, lambda: pane(app).table.cursor, "a row")
    return pane(app)


def requested(app: PreparedApp) -> object:
    assert isinstance(app.screen, PlanScreen), app.screen
    return app.screen._request


async def planned(pilot: Pilot[Any], app: PreparedApp) -> object:
    await until(pilot, lambda: isinstance(app.screen, PlanScreen), "a plan")
    return requested(app)


async def test_marks_stay_behind_a_filter_and_the_plan_is_told_of_them(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        users = await at_users(pilot, app)
        await pilot.press("space", "j", "space")
        marks = {"farid@uni.example", "eve@uni.example"}
        assert users.table.marks == marks
        await pilot.press("slash", *"user:eve", "enter")
        await until(pilot, lambda: list(users.view.keys()) == ["eve@uni.example"], "the filter")
        assert users.table.marks == marks
        await pilot.press("x")
        servers = (ServerKey("eve@uni.example"), ServerKey("farid@uni.example"))
        assert await planned(pilot, app) == StopRequest(servers, servers[1:])


async def test_a_mark_goes_with_its_server(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        users = await at_users(pilot, app)
        await pilot.press("space")
        known = app.prepared.hub_feed._table
        eve = world.hub_user("eve@uni.example", world.hub_server("", 165, 0))
        known.put(msgspec.convert(eve, HubUser), NOW)
        app._beat()
        assert users.table.marks == {"farid@uni.example"}
        known.remove("farid@uni.example")
        app._beat()
        assert users.table.marks == frozenset()


async def test_x_stops_the_server_under_the_cursor_and_b_starts_one(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        users = await at_users(pilot, app)
        await pilot.press("b")
        assert app.told() == ["Go to a user without a server: A shows them."]
        await pilot.press("x")
        assert await planned(pilot, app) == StopRequest((ServerKey("farid@uni.example"),))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app._overview, "the overview")
        await pilot.press("A")
        await shown(pilot, "grace@uni.example")
        await pilot.press("G")
        assert users.table.cursor == "grace@uni.example"
        await pilot.press("b")
        assert await planned(pilot, app) == StartRequest(ServerKey("grace@uni.example"), {})


async def test_another_timeout_is_asked_about_and_culled_by(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        users = await at_users(pilot, app)
        await pilot.press("t", *"half", "enter")
        await until(pilot, app.told, "a word")
        assert app.told() == ["A time is written such as 30m, 1h or 1h30m."]
        await pilot.press("t", *"30m", "enter")
        await shown(pilot, "what if 30 m: 2 would go now")
        await shown(pilot, "IF 30m")
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, CullScreen), "the form")
        await shown(pilot, "2 of 6 servers are idle for 30 m or longer.")
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "the field")
        await pilot.press("end", "x")
        await shown(pilot, "A time is written such as")
        await pilot.press("enter")
        assert isinstance(app.screen, CullScreen)
        await pilot.press("backspace", "enter")
        assert await planned(pilot, app) == CullRequest(1800)
        app.pop_screen()
        app.pop_screen()
        await pilot.press("t", "ctrl+u", "enter")
        await until(pilot, lambda: users.view.asked is None, "the timeout in force")


async def test_enter_shows_the_user_as_live_as_the_pane(make: Make) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        await at_users(pilot, app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, UserDetailsScreen), "the details")
        for words in ("by the idle rule: timeout 1 h", "205M of 2G", "User carla took"):
            await shown(pilot, words)
        busy = world.hub_user("farid@uni.example", world.hub_server("", 220, 0))
        app.prepared.hub_feed._table.put(msgspec.convert(busy, HubUser), NOW)
        app._beat()
        await shown(pilot, "66 m · idle since")
        await pilot.press("x")
        assert await planned(pilot, app) == StopRequest((ServerKey("farid@uni.example"),))


async def test_without_a_token_the_pane_says_how_to_add_the_service(make: Make) -> None:
    known = world.hub()
    secret = next(each for each in known.objects["secrets"] if each["metadata"]["name"] == "hub")
    del secret["data"]["hub.services.hubtui.apiToken"]
    app = make(known)
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, "bump image")
        await pilot.press("4")
        await shown(pilot, "The hub cannot be asked.")
        assert "hub.services.hubtui" in " ".join(app.text.split())


async def test_a_pane_that_nobody_sees_leaves_the_hub_alone(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make()
    async with app.run_test(size=SIZE) as pilot:
        users = await at_users(pilot, app)
        feed = app.prepared.hub_feed
        await pilot.press("1")
        users._rest()
        assert feed._lookers
        monkeypatch.setattr("hubtui.tui.panes.base.utc_now", lambda: NOW + 2 * REST_AFTER)
        users._rest()
        assert not feed._lookers
        await pilot.press("4")
        app._beat()
        assert feed._lookers


async def test_the_smallest_terminal_says_who_goes_and_when(make: Make) -> None:
    app = make()
    async with app.run_test(size=(40, 10)) as pilot:
        await at_users(pilot, app)
        line = next(line for line in app.text.splitlines() if "farid" in line)
        assert line.split()[1:3] == ["farid@uni.example", "6"]
