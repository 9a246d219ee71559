"""The first hint, and what the screen says of a demo."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from hubtui.config import Demo, Settings, hint_marker
from hubtui.tui.screens.overview import OverviewScreen
from hubtui.tui.widgets.hint_line import HintLine
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.status_line import StatusLine
from tests.tui import prepared
from tests.tui.prepared import PreparedApp, shown, until


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """Where it is noted that the hint was closed."""
    return tmp_path / "state" / "hint-closed"


def hints(pilot: Pilot[int]) -> int:
    return len(pilot.app.screen.query(HintLine))


def app(settings: Settings, marker: Path) -> PreparedApp:
    made = PreparedApp(prepared.session(settings))
    made._overview = OverviewScreen(marker)
    return made


async def test_the_hint_is_closed_by_escape_and_never_comes_back(
    settings: Settings, marker: Path
) -> None:
    async with app(settings, marker).run_test(size=(100, 30)) as pilot:
        await shown(pilot, "New here?")
        await pilot.press("escape")
        await pilot.pause()
        assert hints(pilot) == 0
    async with app(settings, marker).run_test(size=(100, 30)) as pilot:
        await shown(pilot, "bump")
        assert hints(pilot) == 0


async def test_the_hint_is_closed_by_the_mouse(settings: Settings, marker: Path) -> None:
    async with app(settings, marker).run_test(size=(100, 30)) as pilot:
        await shown(pilot, "New here?")
        await pilot.click(HintLine)
        await pilot.pause()
        assert hints(pilot) == 0
    assert [path.name for path in marker.parent.iterdir()] == [marker.name]


async def test_escape_leaves_the_zoom_first(settings: Settings, marker: Path) -> None:
    async with app(settings, marker).run_test(size=(160, 48)) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.focused, LiveTable), "a pane's table")
        await pilot.press("z", "escape")
        await pilot.pause()
        assert hints(pilot) == 1


async def test_a_state_folder_that_cannot_be_written_does_not_hinder(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file")
    async with app(settings, tmp_path / "state" / "hint-closed").run_test() as pilot:
        await shown(pilot, "New here?")
        await pilot.press("escape")
        await pilot.pause()
        assert hints(pilot) == 0


def test_demos_and_real_hubs_share_what_was_closed(tmp_path: Path) -> None:
    demo = Settings(demo=Demo(story="calm", user_state=str(tmp_path / "state")))
    assert hint_marker(demo) == hint_marker(Settings()) == tmp_path / "state" / "hint-closed"


async def test_a_demo_says_so_and_tells_the_way_for_another_terminal(
    settings: Settings, tmp_path: Path
) -> None:
    demo = Demo(story="core", notice="hub: 503 for everybody", folder="/somewhere/demo")
    made = PreparedApp(prepared.session(prepared.settings(tmp_path, demo=demo)))
    async with made.run_test(size=(160, 48)) as pilot:
        await shown(pilot, "DEMO")
        assert made.told() == ["hub: 503 for everybody"]
        assert made.screen.query_one(StatusLine).facts.demo
        await pilot.press("question_mark")
        await shown(pilot, "helm --kubeconfig /somewhere/demo/kubeconfig history hub -n hub")


def test_a_demo_without_helm_is_read_only() -> None:
    settings = Settings(demo=Demo(story="calm", no_writes="the demo needs helm"))
    assert settings.read_only_reason("demo") == "the demo needs helm"
    assert Settings(demo=Demo(story="calm")).read_only_reason("demo") == ""
