"""The plan: everything that decides is on the screen, and nothing happens before the name."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, Label

from hubtui.clients import cluster_flags
from hubtui.services.journal import Journal
from hubtui.tui.screens.overview import OverviewScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.widgets.confirm_line import ConfirmLine
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, ready, shown, until

SIZES = ((160, 48), (160, 40), (100, 30), (80, 24))


async def planned(pilot: Pilot[Any], app: PreparedApp) -> PlanScreen:
    await ready(pilot)
    await pilot.press("j", "r")
    await until(pilot, lambda: isinstance(app.screen.focused, Input), "the field")
    app._beat()
    await pilot.pause()
    assert isinstance(app.screen, PlanScreen)
    return app.screen


def joined(text: str) -> str:
    """The words on the screen without frames and line ends."""
    return " ".join(text.replace("│", " ").split())


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_the_equivalent_command_is_shown_whole_above_the_field(
    make: Make, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    long = Path("/home/ada/.kube", "clusters-" * 3) / "hubs.yaml"
    monkeypatch.setattr(cluster_flags, "kubeconfigs", lambda *_: [long])
    app = make()
    async with app.run_test(size=size) as pilot:
        screen = await planned(pilot, app)
        await until(pilot, lambda: "The same as: helm rollback hub 11" in app.text, "the command")
        words = screen.query_one(ConfirmLine).query(Label)
        assert all(screen.region.contains_region(label.region) for label in words)
        for part in ("--namespace hub", "--kube-context gke-eu-prod", "hubs.yaml", "Type hub"):
            assert part in joined(app.text)


@pytest.mark.parametrize("part", ["#plan-changes TextTable", "#checks", "#plan-notices LiveTable"])
async def test_c_copies_the_command_from_wherever_one_reads(make: Make, part: str) -> None:
    app = make()
    async with app.run_test(size=(160, 48)) as pilot:
        screen = await planned(pilot, app)
        screen.query_one(part).focus()
        await pilot.press("c")
        assert app.clipboard.startswith("helm rollback hub 11 --namespace hub ")
        assert app.told() == ["Copied the command."]


async def test_a_plan_without_a_diff_has_its_command_too(make: Make) -> None:
    app = make()
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        await pilot.press("2", "B")
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "the field")
        app._beat()
        await pilot.pause()
        await shown(pilot, "kubectl rollout restart deployment/hub")
        await pilot.press("tab", "tab", "tab", "c")
        assert app.clipboard.startswith("kubectl rollout restart deployment/hub ")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_checks_field_and_buttons_are_on_the_screen_together(
    make: Make, size: tuple[int, int]
) -> None:
    app = make()
    async with app.run_test(size=size) as pilot:
        screen = await planned(pilot, app)
        for name in ("#checks", "#confirm-name", "#confirm-cancel", "#confirm-go", "DiffFrame"):
            widget = screen.query_one(name)
            assert widget.region.area > 0, name
            assert screen.region.contains_region(widget.region), name
            assert widget.content_region.height > 0, name
        text = app.text
    for words in ("target is complete", "nothing is running", "helm rollback", "Type hub"):
        assert words in text
    assert "which becomes revision 13" in text


async def test_even_the_smallest_terminal_shows_checks_and_field(make: Make) -> None:
    app = make()
    async with app.run_test(size=(40, 10)) as pilot:
        screen = await planned(pilot, app)
        for name in ("#checks", "#confirm-name"):
            widget = screen.query_one(name)
            assert widget.region.area > 0
            assert screen.region.contains_region(widget.region)
        await shown(pilot, "Type hub")


async def test_tab_goes_from_part_to_part_and_round(make: Make) -> None:
    app = make()
    async with app.run_test(size=(160, 48)) as pilot:
        screen = await planned(pilot, app)
        order = []
        for _ in range(6):
            order.append(screen.focused)
            await pilot.press("tab")
        parts = ("#confirm-name", "#confirm-cancel", "DiffFrame TextTable", "#checks")
        assert order[:4] == [screen.query_one(part) for part in parts]
        assert order[4] is screen.query_one("#plan-notices DocumentTable")
        assert order[5] is order[0]
        await pilot.press("shift+tab")
        assert screen.focused is screen.query_one("#confirm-name")


async def test_enter_and_the_button_wait_for_the_whole_name(make: Make) -> None:
    app = make()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await planned(pilot, app)
        go = screen.query_one("#confirm-go", Button)
        for key in "hu":
            await pilot.press(key, "enter")
            await pilot.click("#confirm-go")
            assert go.disabled
            assert app.screen is screen
        await pilot.press("b")
        await until(pilot, lambda: not go.disabled, "the button")
        await pilot.press("x")
        await until(pilot, lambda: go.disabled, "the button, dim again")
        assert app.prepared.operations.all == []


@pytest.mark.parametrize("leave", ["escape", "the button"])
async def test_leaving_a_plan_does_nothing(make: Make, leave: str) -> None:
    app = make()
    async with app.run_test(size=(100, 30)) as pilot:
        await planned(pilot, app)
        await pilot.press(*"hub")
        if leave == "escape":
            await pilot.press("escape")
        else:
            await pilot.click("#confirm-cancel")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen), "the overview")
        assert app.prepared.operations.all == []
    assert not Journal().path.exists()
    verbs = {call.verb for call in app.client.calls if "selfsubject" not in call.resource}
    assert verbs <= {"get", "list", "watch", "patch"}
    assert all(
        call.query.get("dryRun") == "All" for call in app.client.calls if call.verb == "patch"
    )


async def test_read_only_shows_the_plan_and_why_it_stays_one(make: Make) -> None:
    app = make(read_only=True)
    async with app.run_test(size=(160, 48)) as pilot:
        screen = await planned(pilot, app)
        await pilot.press(*"hub", "enter")
        await pilot.click("#confirm-go")
        assert app.screen is screen
        assert screen.query_one("#confirm-go", Button).disabled
        await shown(pilot, "Roll back is not possible: started with --read-only")
        assert app.prepared.operations.all == []


async def test_leaving_while_it_starts_shows_no_progress_over_the_overview(make: Make) -> None:
    app = make()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await planned(pilot, app)
        app.client.hold = asyncio.Event()
        await pilot.press(*"hub")
        app.simulate_key("enter")
        async with asyncio.timeout(30):
            await app.client.held.wait()  # the last look before the write
        screen.dismiss(None)
        app.client.hold.set()
        await until(pilot, lambda: app.told(), "what became of it")
        assert isinstance(app.screen, OverviewScreen)
        assert app.told()[-1].endswith("is under way; ctrl+e shows it.")
