"""The drill orphans by keyboard: three things that disagree, each mended by its key."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from hubtui.model.disagreement import Kind
from hubtui.model.orphans import _PATIENCE
from hubtui.model.plan import Result
from hubtui.tui.screens.orphans import OrphansScreen
from tests.tui.drills import confirmed, drill, incidents
from tests.tui.prepared import shown, until


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two looks are a moment apart, and so is what a hub finds out by itself."""
    monkeypatch.setattr("hubtui.model.orphans.APART", 0.3)
    monkeypatch.setitem(_PATIENCE, Kind.LOST_SERVER, 0.3)
    for name in ("EVERY", "SOON"):
        monkeypatch.setattr(f"hubtui.tui.screens.orphans.{name}", 0.4)
    for name in ("HUB_EVERY", "HUB_AGAIN", "HUB_SOON"):
        monkeypatch.setattr(f"hubtui.services.problems.hub_reading.{name}", 0.5)


async def go_to(pilot: Pilot[Any], screen: OrphansScreen, kind: Kind) -> None:
    """Puts the cursor on the line of a kind."""
    at = [each.split(":")[0] for each in screen.table._view.keys].index(kind)
    await pilot.press("g", *["j"] * at)

    def there() -> bool:
        found = screen.problem()
        return found is not None and found.kind is kind

    await until(pilot, there, kind)


def kinds(screen: OrphansScreen) -> set[str]:
    """What the lines of the table are."""
    return {key.split(":")[0] for key in screen.table._view.keys}


async def test_a_pod_a_server_and_a_route_are_mended_by_keys() -> None:
    async with drill("orphans") as pilot:
        app = pilot.app
        await until(pilot, lambda: "orphans" in incidents(pilot), "the problem")
        await pilot.press("O")
        await until(pilot, lambda: isinstance(app.screen, OrphansScreen), "the screen")
        screen = app.screen
        assert isinstance(screen, OrphansScreen)
        wanted = {Kind.ORPHAN_POD, Kind.LOST_SERVER, Kind.NO_ROUTE}
        await until(pilot, lambda: kinds(screen) == wanted, "all three")
        await go_to(pilot, screen, Kind.ORPHAN_POD)
        orphan = screen.problem()
        assert orphan is not None
        await pilot.press("X")
        await shown(pilot, "the hub knows no server for it")
        assert (await confirmed(pilot, str(orphan.server.user))).result is Result.OK
        await pilot.press("escape")
        await until(pilot, lambda: kinds(screen) == wanted - {Kind.ORPHAN_POD}, "the pod is gone")
        await go_to(pilot, screen, Kind.NO_ROUTE)
        await pilot.press("P")
        assert (await confirmed(pilot, "hub")).result is Result.OK
        await pilot.press("escape")
        await until(pilot, lambda: kinds(screen) == {Kind.LOST_SERVER}, "the route is there")
        await go_to(pilot, screen, Kind.LOST_SERVER)
        await pilot.press("x")
        assert (await confirmed(pilot, "1")).result is Result.OK
        await pilot.press("escape")
        await shown(pilot, "Hub, pods and routes agree: ")
        await until(pilot, lambda: "orphans" not in incidents(pilot), "no problem")
