"""What is left over, by keys: marked, also behind a filter, and led to the plan."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from hubtui.services.actions.delete_claim import DeleteClaimRequest
from hubtui.tui.screens.leftovers import LeftoversScreen
from hubtui.tui.screens.plan import PlanScreen
from tests.tui import prepared, world
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, ready, shown, until
from tests.tui.prepared_hub import PreparedWire
from tests.tui.world_storage import _claim, with_storage


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.freeze(monkeypatch)


def left(make: Make, *scopes: str) -> PreparedApp:
    """An app on a hub with two claims of users whom it does not have."""
    known = with_storage(world.hub(world.RELEASE))
    _claim(known, "claim-zoe", "20Gi", user="zoe@uni.example")
    _claim(known, "claim-yan", "5Gi", user="yan@uni.example")
    app = make(known)
    wire = app.prepared.hub_link._wire
    assert isinstance(wire, PreparedWire)
    wire.scopes = list(scopes)
    return app


async def leftovers(pilot: Pilot[Any]) -> LeftoversScreen:
    await ready(pilot)
    await pilot.press("5", "L")
    await until(pilot, lambda: isinstance(pilot.app.screen, LeftoversScreen), "the screen")
    screen = pilot.app.screen
    assert isinstance(screen, LeftoversScreen)
    return screen


async def test_claims_are_marked_and_those_that_a_filter_hides_are_told(make: Make) -> None:
    app = left(make, "list:users", "read:servers")
    async with app.run_test(size=(160, 44)) as pilot:
        screen = await leftovers(pilot)
        await shown(pilot, "The hub has no user zoe@uni.example.")
        await shown(pilot, "its disk is deleted with it")
        await pilot.press("space", "slash", *"yan", "enter")
        await until(pilot, lambda: screen.table.cursor == "claim/claim-yan", "the other one")
        await pilot.press("space")
        await shown(pilot, "2 marked, 25G")
        await pilot.press("X")
        await shown(pilot, "1 of the 2 marked are hidden by the filter")
        assert isinstance(app.screen, PlanScreen)
        names = ("claim-yan", "claim-zoe")
        assert app.screen._request == DeleteClaimRequest(names, ("claim-zoe",))
        await shown(pilot, "Type 2")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen, "back")


async def test_nothing_is_called_left_over_by_a_token_that_is_not_told_of_all(make: Make) -> None:
    app = left(make, "list:users!group=x")
    async with app.run_test(size=(160, 44)) as pilot:
        screen = await leftovers(pilot)
        await shown(pilot, "Nothing is called left over: the hub's token is not told of all users")
        await pilot.press("X")
        await until(pilot, lambda: "Mark some." in app.told(), "what to do")
        assert app.screen is screen
