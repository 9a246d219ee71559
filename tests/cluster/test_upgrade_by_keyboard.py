"""An upgrade by keyboard: chosen, planned, confirmed and watched, with the real helm."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from hubtui.model.plan import Result
from hubtui.services.operation import Operation
from hubtui.tui.app import HubtuiApp
from hubtui.tui.screens.overview import OverviewScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.progress import ProgressScreen
from hubtui.tui.screens.upgrade import UpgradeScreen
from hubtui.tui.widgets.choice_table import ChoiceTable
from tests.cluster.evidence import Asked
from tests.cluster.small_release import NAME, SmallRelease
from tests.cluster.test_rollback_by_keyboard import SIZE, app_on
from tests.tui.prepared import shown, until

pytestmark = pytest.mark.usefixtures("state")

FILES, CHART, EDIT = 1, 2, 4
RESET, REUSE, RESET_THEN_REUSE = range(3)


async def choose(pilot: Pilot[Any], name: str, at: int) -> None:
    table = pilot.app.screen.query_one(name, ChoiceTable)
    await until(pilot, lambda: table.document.keys(), "the choices")
    table.focus()
    await pilot.press("g")
    while table.chosen(table.cursor or "0") != at:
        await pilot.press("j")
    await pilot.press("enter")


async def opened(pilot: Pilot[Any], source: int) -> UpgradeScreen:
    await shown(pilot, "superseded")
    await pilot.press("u")
    await until(pilot, lambda: isinstance(pilot.app.screen, UpgradeScreen), "the screen")
    screen = pilot.app.screen
    assert isinstance(screen, UpgradeScreen)
    await until(pilot, lambda: screen._now is not None, "the running revision")
    await choose(pilot, "#upgrade-sources", source)
    return screen


async def planned(pilot: Pilot[Any], screen: UpgradeScreen, mode: int) -> PlanScreen:
    await choose(pilot, "#upgrade-modes", mode)
    button = screen.query_one("#upgrade-plan")
    await until(pilot, lambda: button.has_focus, "the button")
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen.focused, Input), "a plan")
    assert isinstance(pilot.app.screen, PlanScreen)
    return pilot.app.screen


async def done(pilot: Pilot[Any]) -> Operation:
    """Types the name, and waits for the end."""
    await pilot.press(*NAME, "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, ProgressScreen), "the progress")
    app = pilot.app
    assert isinstance(app, HubtuiApp)
    assert app.session is not None
    (operation,) = app.session.operations.all
    await until(pilot, lambda: operation.done, "the end")
    return operation


async def test_a_value_file_is_planned_confirmed_and_deployed(
    small: SmallRelease, tmp_path: Path
) -> None:
    (tmp_path / "more.yaml").write_text("mark: four\n")
    app = app_on(small)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot, FILES)
        screen.fields.fill("files", str(tmp_path / "more.yaml"))
        plan = await planned(pilot, screen, RESET)
        await shown(pilot, "four")
        assert plan._plan is not None
        operation = await done(pilot)
        assert operation.outcome is not None
        assert operation.outcome.result is Result.OK, operation.outcome
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen), "the overview")
        assert app._overview.panes[0]._typed.files == ""  # type: ignore[attr-defined]
    assert small.mark() == "four"


async def test_an_edit_of_the_running_values_is_planned_and_deployed(
    small: SmallRelease, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "ed"
    editor.write_text("#!/bin/sh\nsed -i 's/mark: three/mark: five/' \"$1\"\n")
    editor.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(editor))
    monkeypatch.setattr(HubtuiApp, "suspend", lambda _: nullcontext())
    app = app_on(small)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot, EDIT)
        await until(pilot, lambda: screen.typed.overlay, "the edit")
        await planned(pilot, screen, REUSE)
        operation = await done(pilot)
        assert operation.outcome is not None
        assert operation.outcome.ok, operation.outcome
    assert small.mark() == "five"


async def test_a_chart_that_cannot_be_rendered_stops_and_what_was_typed_is_still_there(
    small: SmallRelease, tmp_path: Path
) -> None:
    (small.chart / "templates" / "broken.yaml").write_text('{{ fail "not with me" }}\n')
    app = app_on(small)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot, CHART)
        screen.fields.fill("chart", str(small.chart))
        await planned(pilot, screen, RESET_THEN_REUSE)
        await shown(pilot, "not with me")
        await pilot.press(*NAME, "enter")
        assert isinstance(app.screen, PlanScreen)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen, "the screen again")
        assert screen.fields.line("chart").value == str(small.chart)
    assert small.mark() == "three"


async def test_in_read_only_mode_there_is_a_plan_and_no_way_on(
    small: SmallRelease, reads_all: Path, tmp_path: Path
) -> None:
    (tmp_path / "more.yaml").write_text("mark: four\n")
    asked = Asked(small.cluster, "readonly-admin")
    app = app_on(small, kubeconfig=str(reads_all), read_only=True)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot, FILES)
        screen.fields.fill("files", str(tmp_path / "more.yaml"))
        plan = await planned(pilot, screen, RESET)
        await pilot.press(*NAME, "enter")
        assert plan.query_one("#confirm-go", Button).press().disabled
        await pilot.pause()
        assert app.screen is plan
        assert app.session is not None
        assert app.session.operations.all == []
    assert len(asked.entries) > 10
    assert asked.writes() == []
    assert small.mark() == "three"
