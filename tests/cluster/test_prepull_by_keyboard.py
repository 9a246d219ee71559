"""Images are chosen, planned and pulled by keyboard; node by image, to the end."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from hubtui.config import Settings
from hubtui.model import prepulling
from hubtui.model.deployment import ValuesMode
from hubtui.model.plan import Result
from hubtui.services.actions.upgrade_request import UpgradeRequest
from hubtui.tui.app import HubtuiApp
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.prepull import PrepullScreen, prepull_screen
from hubtui.tui.screens.progress import ProgressScreen
from tests.cluster.clusters import Cluster
from tests.cluster.pulled import MISSING, clear, daemonsets, leave, pullers_nodes
from tests.testbed.users import NAMESPACE
from tests.tui.prepared import shown, until

pytestmark = pytest.mark.usefixtures("state")

SIZE = (160, 48)


@pytest.fixture(autouse=True)
def cleared(cluster: Cluster) -> Iterator[None]:
    clear(cluster)
    yield
    clear(cluster)


def app_on(cluster: Cluster, **more: Any) -> HubtuiApp:
    return HubtuiApp(Settings(kubeconfig=str(cluster.kubeconfig), namespace=NAMESPACE, **more))


def _said(app: HubtuiApp) -> str:
    return " ".join(str(note.message) for note in app._notifications)


async def choosing(pilot: Pilot[Any], *images: str) -> PrepullScreen:
    """On the screen with the images, which are there."""
    app = pilot.app
    assert isinstance(app, HubtuiApp)
    await shown(pilot, "3 Nodes")
    assert app.session is not None
    if images:
        app.push_screen(prepull_screen(app.session, images))
    else:
        await pilot.press("3", "p")
    await until(pilot, lambda: isinstance(app.screen, PrepullScreen), "the images")
    screen = app.screen
    assert isinstance(screen, PrepullScreen)
    await shown(pilot, "nodes take a puller")
    return screen


async def planned(pilot: Pilot[Any]) -> PlanScreen:
    """On the plan, with its field in the focus."""
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, PlanScreen), "the plan")
    await until(pilot, lambda: isinstance(app.screen.focused, Input), "the field")
    assert isinstance(app.screen, PlanScreen)
    return app.screen


async def test_one_that_is_typed_comes_and_one_that_nobody_has_is_ended_early(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepulling, "FINAL_AFTER", 600.0)
    good, nodes = f"example.org/course/keys:{secrets.token_hex(4)}", pullers_nodes(cluster)
    app = app_on(cluster)
    async with app.run_test(size=SIZE) as pilot:
        screen = await choosing(pilot, MISSING)
        assert screen.table.marks == {MISSING}
        await pilot.press("tab", *good, "enter", "enter")
        await planned(pilot)
        await shown(pilot, f"{good}: lacking on")
        await pilot.press(*"hub", "enter")
        await until(pilot, lambda: isinstance(app.screen, ProgressScreen), "the progress")
        assert app.session is not None
        (operation,) = app.session.operations.all
        await shown(pilot, f"0 of {len(nodes)} nodes have all images")
        await shown(pilot, "not found")
        for node in nodes:
            await shown(pilot, node)
        await pilot.press("i")
        await until(pilot, lambda: operation.done, "the end")
        await shown(pilot, "ended early: 0 of")
    assert operation.outcome is not None
    assert operation.outcome.result is Result.INTERRUPTED
    assert daemonsets(cluster) == []


async def test_nothing_marked_is_no_plan_and_what_is_left_can_be_taken_away(
    cluster: Cluster,
) -> None:
    leave(cluster, "hubtui-prepull-keys", "2026-01-01T00:00:00Z")
    app = app_on(cluster)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "hubtui-prepull-keys" in _said(app), "a word at the start")
        screen = await choosing(pilot)
        screen.table.set_marks(())
        await until(pilot, lambda: screen.table.cursor, "the first row")
        await shown(pilot, "No image is marked")
        await pilot.press("p")
        assert app.screen is screen
        await pilot.press("space")
        await shown(pilot, "Left of an earlier prepull: hubtui-prepull-keys")
        await pilot.press("X")
        await planned(pilot)
        await pilot.press(*"hub", "enter")
        await until(pilot, lambda: isinstance(app.screen, ProgressScreen), "the progress")
        await shown(pilot, "1 of 1 DaemonSet deleted")
    assert daemonsets(cluster) == []


async def test_read_only_shows_the_plan_and_does_nothing(cluster: Cluster) -> None:
    app = app_on(cluster, read_only=True)
    async with app.run_test(size=SIZE) as pilot:
        await choosing(pilot, MISSING)
        await pilot.press("p")
        await planned(pilot)
        await pilot.press(*"hub", "enter")
        assert isinstance(app.screen, PlanScreen)
    assert daemonsets(cluster) == []


async def test_from_the_plan_of_an_upgrade_its_images_are_pulled_beforehand(
    cluster: Cluster,
) -> None:
    tag = f"planned-{secrets.token_hex(4)}"
    request = UpgradeRequest(mode=ValuesMode.REUSE, set_strings=(f"singleuser.image.tag={tag}",))
    app = app_on(cluster, helm=str(cluster.helm()))
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, "3 Nodes")
        assert app.session is not None
        app.push_screen(PlanScreen(app.session, "upgrade", request, "Upgrade"))
        await planned(pilot)
        await pilot.press("tab", "tab", "tab", "p")
        await until(pilot, lambda: isinstance(app.screen, PrepullScreen), "the images")
        await shown(pilot, "Images of the planned upgrade")
        await shown(pilot, f":{tag}")
        screen = app.screen
        assert isinstance(screen, PrepullScreen)
        await until(pilot, lambda: screen.table.marks, "the new image is marked")
        await pilot.press("p")
        await until(pilot, lambda: app.screen is not screen, "the plan")
        await planned(pilot)
        await shown(pilot, "Prepull 1 image")
        await pilot.press(*"hub", "enter")
        await until(pilot, lambda: isinstance(app.screen, ProgressScreen), "the progress")
        (operation,) = app.session.operations.all
        await until(pilot, lambda: operation.done, "the end")
    assert operation.outcome is not None
    assert operation.outcome.result is Result.OK
    assert operation.plan.targets[0].endswith(f":{tag}")
