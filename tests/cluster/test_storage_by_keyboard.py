"""Storage by keyboard: a claim that is not bound is explained, two of one export are one disk."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from hubtui.config import Settings
from hubtui.tui.app import HubtuiApp
from hubtui.tui.panes.storage import StoragePane
from hubtui.tui.screens.claim_details import ClaimDetailsScreen, ClaimWhyScreen, DiskDetailsScreen
from tests.cluster.claims import Claims
from tests.cluster.clusters import Cluster
from tests.testbed.users import NAMESPACE
from tests.tui.prepared import shown, text, until

pytestmark = pytest.mark.usefixtures("state")

SIZE = (160, 60)
NO_CLASS, SHARED, SECOND = "keyed-no-class", "keyed-home-nfs", "keyed-home-nfs-2"


async def filtered(pilot: Pilot[Any], words: str, key: str) -> StoragePane:
    """In the pane, which shows what matches; the cursor is on one row of it."""
    await shown(pilot, "5 Storage")
    await pilot.press("5", "slash", *words, "enter")
    pane = pilot.app.screen.query_one(StoragePane)
    await until(pilot, lambda: key in pane.view.keys(), key)  # noqa: SIM118
    await pilot.press("G")
    await until(pilot, lambda: pane.table.cursor == key, f"the cursor on {key}")
    return pane


def app_on(cluster: Cluster) -> HubtuiApp:
    return HubtuiApp(Settings(kubeconfig=str(cluster.kubeconfig), namespace=NAMESPACE))


async def test_a_claim_without_a_class_says_what_it_lacks_until_it_is_gone(
    cluster: Cluster, claims: Claims
) -> None:
    claims.make(NO_CLASS, storage_class="")
    app = app_on(cluster)
    async with app.run_test(size=SIZE) as pilot:
        pane = await filtered(pilot, "claim:keyed", f"claim:{NO_CLASS}")
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, ClaimWhyScreen), "why")
        await until(pilot, lambda: "It names no class." in text(pilot), "the reason")
        await pilot.press("escape", "enter")
        await until(pilot, lambda: isinstance(app.screen, ClaimDetailsScreen), "the details")
        await shown(pilot, "It has none yet.")
        claims.delete(NO_CLASS)
        await shown(pilot, "The claim is gone; this is how it was.")
        await pilot.press("escape")
        await until(pilot, lambda: not pane.view.keys(), "an empty pane")
        await shown(pilot, "No claim matches claim:keyed.")


async def test_claims_of_one_export_are_one_disk(cluster: Cluster, claims: Claims) -> None:
    for name in (SHARED, SECOND):
        claims.make_nfs(name, "10.99.0.9", "/export/keyed")
    claims.bound(SHARED, SECOND)
    claims.mount("keyed-1", SHARED)
    claims.mount("keyed-2", SECOND)
    app = app_on(cluster)
    async with app.run_test(size=SIZE) as pilot:
        disk = "disk:nfs:10.99.0.9:/export/keyed"
        pane = await filtered(pilot, "disk:export/keyed", f"claim:{SECOND}")
        await pilot.press("g")
        await until(pilot, lambda: pane.table.cursor == disk, "the cursor on the disk")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DiskDetailsScreen), "the details")
        for words in ("nfs 10.99.0.9", "Claims on it 2", "keyed-1", "keyed-2"):
            await shown(pilot, words)
