"""Choosing what to upgrade from: nothing is implied, nothing typed is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Button, Input

from hubtui.errors import UsageError
from hubtui.model.deployment import ChartKind, ChartSource, ValuesMode
from hubtui.services.actions.upgrade_request import UpgradeRequest
from hubtui.services.upgrade_sources import Source
from hubtui.tui.screens.overview import OverviewScreen
from hubtui.tui.screens.plan import PlanScreen
from tests.tui.conftest import Make
from tests.tui.prepared import until
from tests.tui.upgrade_choices import FOUND, Asked, choose, keep, opened, planned, shows

SIZES = ((160, 48), (100, 30), (80, 24))


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_all_choices_and_the_button_are_on_the_screen_together(
    make: Make, asked: Asked, size: tuple[int, int]
) -> None:
    app = make()
    async with app.run_test(size=size) as pilot:
        screen = await opened(pilot, app)
        for at in range(4):
            await choose(pilot, app, at)
            await shows(pilot, app, "(usual)")
            for widget in ("#upgrade-sources", "#upgrade-modes", "#upgrade-plan"):
                region = screen.query_one(widget).region
                assert region.area > 0
                assert screen.region.contains_region(region), widget
            assert all(screen.region.contains_region(line.region) for line in screen.fields.shown)
        for words in ("Deployment folder", "$EDITOR", "reset-then-reuse", "then this"):
            await shows(pilot, app, words)


async def test_on_the_smallest_terminal_a_key_down_is_the_next_choice(
    make: Make, asked: Asked
) -> None:
    app = make()
    async with app.run_test(size=(40, 10)) as pilot:
        screen = await opened(pilot, app)
        app._beat()
        await pilot.press("down", "down", "down", "enter")
        await until(pilot, lambda: screen.typed.source is Source.TAG, "the fourth source")
        app._beat()
        screen.query_one("#upgrade-modes").focus()
        await pilot.press("g", "down", "down", "enter")
        await until(pilot, lambda: screen.typed.mode is not None, "a mode")
        assert screen.typed.mode is ValuesMode.RESET_THEN_REUSE


async def test_no_mode_is_chosen_by_itself(make: Make, asked: Asked) -> None:
    app = make()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, app)
        button = screen.query_one("#upgrade-plan", Button)
        await choose(pilot, app, 0)
        await pilot.press("enter", "enter")  # through the fields
        await pilot.pause()
        assert screen.typed.mode is None
        assert button.disabled
        await pilot.click("#upgrade-plan")
        assert asked.requests == []
        await keep(pilot, app, 0)
        assert not button.disabled


async def test_a_deployment_folder_is_found_and_told_before_its_plan(
    make: Make, asked: Asked
) -> None:
    app = make()
    async with app.run_test(size=(160, 48)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, 0)
        assert screen.fields.line("folder").value == "/repo"
        for words in (
            "hubploy, hub/prod",
            "deployments/hub/secrets/prod.yaml encrypted for age age1xyz",
            "not built: jupyterhub",
            "main abcdef0123 More memory, by Ada",
            "2 ahead of origin/main",
            "not committed: a.yaml",
        ):
            await shows(pilot, app, words)
        await keep(pilot, app, 0)
        request = await planned(pilot, app, asked)
        assert request == UpgradeRequest(mode=ValuesMode.RESET, deployment=FOUND)


async def test_value_files_go_over_the_chart_that_runs(
    make: Make, asked: Asked, tmp_path: Path
) -> None:
    (tmp_path / "one.yaml").write_text("a: 1\n")
    (tmp_path / "two.yaml").write_text("a: 2\n")
    app = make()
    async with app.run_test(size=(160, 48)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, 1)
        files = screen.fields.line("files")
        await until(pilot, lambda: files.has_focus, "the field")
        files.value = f"{tmp_path}/one.yaml, {tmp_path}/tw"
        files.cursor_position = len(files.value)
        await until(pilot, lambda: files._suggestion, "a suggestion")
        await pilot.press("right")
        assert files.value.endswith("two.yaml")
        await keep(pilot, app, 2)
        request = await planned(pilot, app, asked)
        assert [file.path for file in request.files] == [
            str(tmp_path / name) for name in ("one.yaml", "two.yaml")
        ]
        assert (request.mode, request.chart) == (ValuesMode.RESET_THEN_REUSE, None)


async def test_another_chart_is_asked_for_with_its_version_alone(make: Make, asked: Asked) -> None:
    app = make()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, 2)
        await until(pilot, lambda: screen.fields.line("chart").has_focus, "the field")
        await pilot.press("enter", *"4.4.0", "enter", "enter")
        await keep(pilot, app, 2)
        request = await planned(pilot, app, asked)
        address = "https://hub.jupyter.org/helm-chart/"
        assert request.chart == ChartSource(ChartKind.REPOSITORY, "jupyterhub", "4.4.0", address)
        assert (request.files, request.overlay, request.set_strings) == ((), {}, ())


async def test_only_the_tag_changes_and_it_stays_text(make: Make, asked: Asked) -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, 3)
        await until(pilot, lambda: screen.fields.line("tag").has_focus, "the field")
        await pilot.press(*"2026.10", "enter")
        await keep(pilot, app, 1)
        request = await planned(pilot, app, asked)
        assert request == UpgradeRequest(
            mode=ValuesMode.REUSE, set_strings=("singleuser.image.tag=2026.10",)
        )


@pytest.mark.parametrize(
    ("at", "typed", "words"),
    [
        (0, {"folder": ""}, "No deployment folder is named."),
        (0, {"hub": "nobody"}, "There is no hub nobody in /repo."),
        (1, {}, "No value file is named."),
        (1, {"files": "/nowhere/at/all.yaml"}, "There is no file /nowhere/at/all.yaml."),
        (2, {"chart": ""}, "No chart is named. Name a folder"),
        (3, {}, "No tag is named."),
        (3, {"tag": "a b"}, "'a b' is no tag of an image."),
        (4, {}, "No editor is set. Set VISUAL or EDITOR"),
    ],
)
async def test_what_is_missing_is_said_and_goes_once_it_is_mended(
    make: Make,
    asked: Asked,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    typed: dict[str, str],
    words: str,
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, at)
        for name, value in typed.items():
            screen.fields.fill(name, value)
        await pilot.pause()
        if at < 4:
            await keep(pilot, app, 1)
            await pilot.press("enter")
        await shows(pilot, app, words)
        assert app.screen is screen
        assert asked.requests == []
        await choose(pilot, app, 3)
        assert not screen.query_one("#upgrade-words").has_class("-said")


async def test_going_back_from_a_plan_and_from_the_screen_keeps_what_was_typed(
    make: Make, asked: Asked
) -> None:
    app = make()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, 3)
        await until(pilot, lambda: screen.fields.line("tag").has_focus, "the field")
        await pilot.press(*"2026.12", "enter")
        await keep(pilot, app, 1)
        await planned(pilot, app, asked)
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "the plan")
        assert isinstance(app.screen, PlanScreen)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen, "the screen again")
        assert screen.fields.line("tag").value == "2026.12"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen), "the overview")
        again = await opened(pilot, app)
        assert again.fields.line("tag").value == "2026.12"
        assert again.typed.mode is ValuesMode.REUSE
        await shows(pilot, app, "● Another image tag")


async def test_a_plan_that_cannot_be_made_leads_back_here(make: Make, asked: Asked) -> None:
    asked.error = UsageError("There is no version 9.9.9 of jupyterhub")
    app = make()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, 2)
        screen.fields.fill("version", "9.9.9")
        await keep(pilot, app, 1)
        await planned(pilot, app, asked)
        await until(pilot, app.told, "the error")
        assert app.screen is screen
        assert app.told() == ["There is no version 9.9.9 of jupyterhub."]
        assert screen.fields.line("version").value == "9.9.9"


async def test_read_only_can_look_at_the_plan(make: Make, asked: Asked) -> None:
    app = make(read_only=True)
    async with app.run_test(size=(160, 48)) as pilot:
        screen = await opened(pilot, app)
        await choose(pilot, app, 3)
        screen.fields.fill("tag", "2026.12")
        await keep(pilot, app, 1)
        await planned(pilot, app, asked)
        await shows(pilot, app, "Upgrade is not possible: started with --read-only")
        assert app.screen.query_one("#confirm-go", Button).disabled
