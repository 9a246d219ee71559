"""A rollback by keyboard: the real screen, the real helm, the real control plane."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from hubtui.config import Settings
from hubtui.model.plan import Result
from hubtui.services.operation import Operation
from hubtui.tui.app import HubtuiApp
from hubtui.tui.screens.operations import OperationsScreen
from hubtui.tui.screens.overview import OverviewScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.progress import ProgressScreen
from hubtui.tui.screens.quit import QuitScreen
from hubtui.tui.widgets.live_table import LiveTable
from tests.cluster.small_release import NAME, SmallRelease
from tests.testbed import Testbed
from tests.testbed.processes import wait_for
from tests.tui.prepared import shown, until
from tests.tui.tables import screen_lines

pytestmark = pytest.mark.usefixtures("state")

SIZE = (160, 48)
HELD_HELM = """#!/bin/sh
[ "$1" = version ] || until [ -e {go} ]; do sleep 0.05; done
exec {helm} "$@"
"""


def app_on(release: SmallRelease, **more: Any) -> HubtuiApp:
    usual = {
        "kubeconfig": str(release.cluster.kubeconfig),
        "namespace": release.namespace,
        "release": NAME,
        "helm": str(release.helm),
    }
    return HubtuiApp(Settings(**{**usual, **more}))


class HeldHelm:
    """A helm that waits before it begins, as a slow cluster would have it."""

    def __init__(self, release: SmallRelease, folder: Path) -> None:
        self._go = folder / "go"
        self.path = folder / "held-helm"
        self.path.write_text(HELD_HELM.format(go=self._go, helm=release.helm))
        self.path.chmod(0o700)

    def go(self) -> None:
        self._go.touch()


@pytest.fixture
def held(small: SmallRelease, tmp_path: Path) -> Iterator[HeldHelm]:
    helm = HeldHelm(small, tmp_path)
    yield helm
    helm.go()  # whatever becomes of the test, no helm is left behind


async def plan(pilot: Pilot[Any], *keys: str) -> PlanScreen:
    """To the plan of a rollback: down to the revision, `r`."""
    await shown(pilot, "superseded")
    await pilot.press(*keys, "r")
    await until(pilot, lambda: isinstance(pilot.app.screen.focused, Input), "a plan")
    assert isinstance(pilot.app.screen, PlanScreen)
    return pilot.app.screen


async def started(pilot: Pilot[Any]) -> Operation:
    """The operation, once its screen is there."""
    await until(pilot, lambda: isinstance(pilot.app.screen, ProgressScreen), "the progress")
    assert isinstance(pilot.app, HubtuiApp)
    assert pilot.app.session is not None
    (operation,) = pilot.app.session.operations.all
    return operation


def status_line(app: HubtuiApp) -> str:
    return screen_lines(app)[0]


async def test_r_the_name_and_enter_roll_back_the_hub(testbed: Testbed, admin: Path) -> None:
    settings = Settings(kubeconfig=str(admin), namespace="hub", helm=str(testbed.helm()))
    app = HubtuiApp(settings)
    try:
        async with app.run_test(size=SIZE) as pilot:
            await plan(pilot, "down")
            await pilot.press(*"hub", "enter")
            operation = await started(pilot)
            await until(pilot, lambda: operation.done, "the end")
            await shown(pilot, "the hub answers /hub/health")
            assert app.session is not None
            (entry,) = app.session.operations.journal.read().entries
            heads = await app.session.releases.refresh("hub")
            await pilot.press("escape")
            await shown(pilot, f"rev {heads[0].revision}")
    finally:
        testbed.reset()
    assert operation.outcome is not None
    assert operation.outcome.result is Result.OK
    assert entry.outcome is not None
    assert (entry.action, entry.release, entry.outcome.result) == ("rollback", "hub", Result.OK)
    assert heads[0].status == "deployed"
    assert operation.outcome.revision == heads[0].revision


async def test_escape_leaves_the_screen_and_the_operation_goes_on(
    small: SmallRelease, held: HeldHelm
) -> None:
    app = app_on(small, helm=str(held.path))
    async with app.run_test(size=SIZE) as pilot:
        await plan(pilot, "down", "down")
        await pilot.press(*NAME, "enter")
        operation = await started(pilot)
        await shown(pilot, "esc leaves this screen, not the operation")
        await pilot.press("escape")
        assert isinstance(app.screen, OverviewScreen)
        await until(pilot, lambda: "Roll back small to revision 1: applying" in status_line(app))
        assert not operation.done
        await pilot.press("ctrl+e")
        assert isinstance(app.screen, OperationsScreen)
        table = app.screen.query_one(LiveTable)
        await until(pilot, lambda: table.cursor == operation.id, "its row under the cursor")
        await pilot.press("enter")
        assert isinstance(app.screen, ProgressScreen)
        held.go()
        await until(pilot, lambda: operation.done, "the end")
        await shown(pilot, "Revision 4 is deployed with the content of 1")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: "Roll back small" not in status_line(app))
    assert small.mark() == "one"
    assert max(small.statuses()) == 4


async def test_the_wrong_name_starts_nothing(small: SmallRelease) -> None:
    app = app_on(small)
    async with app.run_test(size=SIZE) as pilot:
        screen = await plan(pilot, "down")
        go = screen.query_one("#confirm-go", Button)
        for typed in ("smal", "L", "x"):
            await pilot.press(*typed, "enter")
            assert app.screen is screen
            assert go.disabled
        await pilot.click("#confirm-go")
        assert app.screen is screen
        assert app.session is not None
        assert app.session.operations.all == []
        await pilot.press("escape")
        assert isinstance(app.screen, OverviewScreen)
    assert max(small.statuses()) == 3


async def test_a_stop_is_passed_with_enter_on_it_and_taken_back(small: SmallRelease) -> None:
    small.set_status(3, "pending-upgrade")
    app = app_on(small)
    async with app.run_test(size=SIZE) as pilot:
        screen = await plan(pilot, "down")
        go = screen.query_one("#confirm-go", Button)
        await pilot.press(*NAME, "enter")
        assert app.screen is screen
        assert go.disabled
        await shown(pilot, "nothing is running says stop")
        checks = screen.query_one("#checks")
        while app.screen.focused is not checks:
            await pilot.press("tab")
        await pilot.press("enter")
        await shown(pilot, "(overridden by you)")
        assert not go.disabled
        await pilot.press("enter")
        await until(pilot, lambda: go.disabled, "the override taken back")
        await pilot.press("enter")
        await until(pilot, lambda: not go.disabled, "the override again")
        while not isinstance(app.screen.focused, Input):
            await pilot.press("tab")
        await pilot.press("enter")
        operation = await started(pilot)
        await until(pilot, lambda: operation.done, "the end")
        assert app.session is not None
        (entry,) = app.session.operations.journal.read().entries
    assert "nothing is running" in entry.overrides
    assert small.mark() == "two"


async def test_quitting_asks_while_it_runs(small: SmallRelease, held: HeldHelm) -> None:
    app = app_on(small, helm=str(held.path))
    async with app.run_test(size=SIZE) as pilot:
        await plan(pilot, "down")
        await pilot.press(*NAME, "enter")
        operation = await started(pilot)
        for key, no in (("q", "escape"), ("ctrl+c", "n"), ("ctrl+q", "enter")):
            await pilot.press(key)
            await until(pilot, lambda: isinstance(app.screen, QuitScreen), f"asked after {key}")
            await shown(pilot, "is under way")
            await pilot.press(no)
            assert isinstance(app.screen, ProgressScreen)
            assert not operation.done
        held.go()
        await until(pilot, lambda: operation.done, "the end")
        await pilot.press("q")
        assert not isinstance(app.screen, QuitScreen)
    assert app.return_value == 0


async def test_quitting_leaves_helm_alone_and_the_next_start_says_how_it_ended(
    small: SmallRelease, held: HeldHelm
) -> None:
    app = app_on(small, helm=str(held.path))
    async with app.run_test(size=SIZE) as pilot:
        await plan(pilot, "down")
        await pilot.press(*NAME, "enter")
        await started(pilot)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitScreen), "the question")
        await pilot.press("y")
    assert app.return_value == 0
    held.go()
    assert await asyncio.to_thread(wait_for, lambda: small.statuses().get(4) == "deployed", 60)
    again = app_on(small)
    async with again.run_test(size=SIZE) as pilot:
        await until(
            pilot,
            lambda: any("was interrupted" in str(n.message) for n in again._notifications),
            "what became of it",
        )
        assert again.session is not None
        (entry,) = again.session.operations.journal.read().entries
    assert entry.outcome is not None
    assert entry.outcome.revision == 4
