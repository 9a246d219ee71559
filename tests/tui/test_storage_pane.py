"""The storage pane by its keys: folds, details of disks and claims, why one is not bound."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from textual.pilot import Pilot

from hubtui.tui import keys
from hubtui.tui.panes.base import REST_AFTER
from hubtui.tui.panes.storage import StoragePane
from hubtui.tui.screens.claim_details import (
    ClaimDetailsScreen,
    ClaimWhyScreen,
    DiskDetailsScreen,
)
from hubtui.tui.screens.events import EventsScreen
from hubtui.tui.screens.yaml import YamlScreen
from tests.tui import prepared, world
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, shown, text, until
from tests.tui.world import NOW
from tests.tui.world_storage import with_storage

SIZE = (100, 50)


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.freeze(monkeypatch)


async def at_storage(pilot: Pilot[Any], app: PreparedApp) -> StoragePane:
    """The pane has the focus, its cursor is on the shared disk."""
    await shown(pilot, "bump image")
    await pilot.press("5")
    await shown(pilot, "+24G/d")
    found = app.pane("storage")
    assert isinstance(found, StoragePane)
    await until(pilot, lambda: found.table.has_focus and found.table.cursor, "a row")
    await pilot.press("g")
    return found


def is_on_top(app: PreparedApp, screen: type[Any]) -> bool:
    return isinstance(app.screen, screen)


def says(pilot: Pilot[Any], words: str) -> bool:
    return words in text(pilot)


async def test_enter_shows_a_disk_or_a_claim_and_folds_a_group(make: Make) -> None:
    app = make(with_storage(world.hub()))
    async with app.run_test(size=SIZE) as pilot:
        storage = await at_storage(pilot, app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DiskDetailsScreen), "the disk")
        await shown(pilot, "dmitri@uni.example")
        await shown(pilot, "91% full")
        assert "10.0.0.4" in app.text
        await pilot.press("escape", *"jjjj")
        assert storage.table.cursor == "claim:hub-db-dir"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ClaimDetailsScreen), "the claim")
        await shown(pilot, "SQLite on a claim")
        await shown(pilot, "▁▂")
        active = {each.command.id for each in keys.active_commands(app.screen)}
        assert {"logs", "events", "yaml", "why", "copy", "expand", "delete-claim"} <= active
        await pilot.press("escape", *"jj", "enter")
        await shown(pilot, "grace@uni.example")


async def test_what_is_opened_of_the_claim_under_the_cursor(make: Make) -> None:
    app = make(with_storage(world.hub()))
    async with app.run_test(size=SIZE) as pilot:
        await at_storage(pilot, app)
        await pilot.press("G")
        for key, screen, words in (
            ("w", ClaimWhyScreen, "A volume is made for it where jupyter-ana can run."),
            ("e", EventsScreen, "PersistentVolumeClaim claim-ana"),
            ("y", YamlScreen, "storageClassName: standard"),
        ):
            await pilot.press(key)
            await until(pilot, partial(is_on_top, app, screen), str(screen))
            await until(pilot, partial(says, pilot, words), words)
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is app._overview, "the overview")


async def test_a_pane_that_nobody_sees_asks_nobody_for_figures(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make(with_storage(world.hub()))
    async with app.run_test(size=SIZE) as pilot:
        storage = await at_storage(pilot, app)
        disks = app.prepared.disks
        assert disks._lookers
        await pilot.press("1")
        storage._rest()
        assert disks._lookers
        monkeypatch.setattr("hubtui.tui.panes.base.utc_now", lambda: NOW + 2 * REST_AFTER)
        storage._rest()
        assert not any("storage pane" in who for who in disks._lookers)
