"""A plan that cannot be compared with anything: no pane stays empty without a word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.widgets import Button, Input

from hubtui.model.deployment import (
    ChartKind,
    ChartSource,
    GitState,
    Inputs,
    Recipient,
    ValueFile,
    ValuesMode,
)
from hubtui.model.plan import Check, Level, Plan
from hubtui.services.actions.upgrade_request import UpgradeRequest
from hubtui.tui.screens.plan import PlanScreen
from tests.tui import prepared
from tests.tui.conftest import Make
from tests.tui.prepared import ready, shown, until
from tests.tui.upgrading import operation


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.freeze(monkeypatch)


async def test_what_helm_cannot_render_is_said_in_the_place_of_the_diff(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make()
    stop = Check("helm renders it", Level.STOP, "helm cannot render the upgrade: no such chart")

    async def planned(*_: Any) -> Plan:
        return replace(operation(app.prepared).plan, checks=(stop,))

    monkeypatch.setattr(app.prepared.operations, "plan", planned)
    async with app.run_test(size=(160, 48)) as pilot:
        await ready(pilot)
        request = UpgradeRequest(mode=ValuesMode.REUSE)
        app.push_screen(PlanScreen(app.prepared, "upgrade", request, "Upgrade"))
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "the field")
        await shown(pilot, "Not compared: the check 'helm renders it' says stop.")
        await shown(pilot, "Nothing can be said of it.")
        assert "Comparing" not in app.text
        await pilot.press(*"hub")
        assert app.screen.query_one("#confirm-go", Button).disabled


async def test_a_plan_tells_what_it_is_made_from_beside_what_people_notice(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make()
    files = (
        ValueFile("/hubs/common.yaml"),
        ValueFile("/hubs/s.yaml", True, (Recipient("age", "a1"),)),
    )
    chart = ChartSource(ChartKind.REPOSITORY, "jupyterhub", "4.4.0", "https://hub.example", "z2jh")
    git = GitState("/hubs", "main", "0123456789abcdef", "Ada", "More memory")
    inputs = Inputs(files=files, sets=(), chart=chart, git=git)

    async def planned(*_: Any) -> Plan:
        return replace(operation(app.prepared).plan, inputs=inputs)

    monkeypatch.setattr(app.prepared.operations, "plan", planned)
    async with app.run_test(size=(200, 60)) as pilot:
        await ready(pilot)
        request = UpgradeRequest(mode=ValuesMode.REUSE)
        app.push_screen(PlanScreen(app.prepared, "upgrade", request, "Upgrade"))
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "the field")
        table = app.screen.query_one("#plan-notices DocumentTable")
        table.focus()
        for said in (
            "Made from",
            "/hubs/common.yaml",
            "encrypted for age a1",
            "More memory, by Ada",
        ):
            await shown(pilot, said)
