"""A claim is expanded from the storage pane, by keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hubtui.services.session import Session
from hubtui.tui.screens.claim_details import DiskDetailsScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.views.storage_around import disk_of
from hubtui.views.storage_books import Disk
from tests.tui import prepared
from tests.tui.conftest import Make
from tests.tui.prepared import ready, shown, until
from tests.tui.world import hub
from tests.tui.world_storage import with_storage

WIDE = (160, 48)


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.freeze(monkeypatch)


async def test_a_claim_is_expanded_by_keys_with_sizes_first_and_a_plan_then(make: Make) -> None:
    app = make(with_storage(hub()))
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await pilot.press("5")
        await shown(pilot, "+24G/d")
        table = app.pane("storage").table
        await until(pilot, lambda: table.has_focus and table.cursor, "a row")
        await pilot.press("g", *"jjjj")
        assert table.cursor == "claim:hub-db-dir"
        await pilot.press("E")
        await shown(pilot, "hub-db-dir has 1Gi")
        await shown(pilot, "Sizes worth a thought: 2Gi")
        await until(pilot, lambda: app.screen.query("Input"), "the form")
        await pilot.press("backspace", "x")
        await shown(pilot, "is no size")
        await pilot.press("backspace", "i", "enter")
        await until(pilot, lambda: app.screen.query("ConfirmLine Input"), "a plan")
        assert isinstance(app.screen, PlanScreen)
        await shown(pilot, "hub-db-dir goes from 1Gi to 2Gi")
        await pilot.press(*"hub-db-dir", "enter")
        await until(pilot, lambda: [c for c in app.client.calls if c.verb == "patch"], "a write")
        (wrote,) = [each for each in app.client.calls if each.verb == "patch"]
        assert (wrote.resource, wrote.name) == ("persistentvolumeclaims", "hub-db-dir")


async def test_a_disk_grows_with_the_claim_that_its_server_keeps_it_on(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept(session: Session, disk: str) -> Disk | None:
        found = disk_of(session, disk)
        return replace(found, behind=("prometheus-server",)) if found is not None else None

    monkeypatch.setattr("hubtui.tui.screens.claim_details.disk_of", kept)
    app = make(with_storage(hub()))
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await pilot.press("5")
        table = app.pane("storage").table
        await until(pilot, lambda: table.has_focus and table.cursor, "a row")
        await pilot.press("g")
        assert (table.cursor or "").startswith("disk:")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DiskDetailsScreen), "the disk")
        await pilot.press("E")
        await shown(pilot, "prometheus-server has 50Gi")
