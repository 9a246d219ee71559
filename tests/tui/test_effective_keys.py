"""Keys of one's own, keys that change something, and keys that are not for what is below."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Label

from hubtui.config import Demo, Settings
from hubtui.tui import keys, theme
from hubtui.tui.command import Command
from hubtui.tui.screens.overview import OverviewScreen
from hubtui.tui.screens.progress import ProgressScreen
from hubtui.tui.screens.quit import QuitScreen
from hubtui.tui.widgets.key_footer import BETWEEN, KeyFooter
from tests.tui import prepared
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, ready, until

WIDE = (160, 48)


async def test_a_key_of_ones_own_replaces_the_one_of_the_program(make: Make) -> None:
    app = make(keys={"rollback": "b", "other-hub": "ctrl+o"})
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        assert "b roll back" in app.text.splitlines()[-1]
        await pilot.press("j", "r", "H")
        await pilot.pause()
        assert isinstance(app.screen, OverviewScreen)
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "the plan")


async def test_a_keymap_that_clashes_is_said_and_not_used(make: Make) -> None:
    app = make(keys={"rollback": "e"})
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        assert app.told() == ["The key e is asked for by events and by rollback."]
        assert "r roll back" in app.text.splitlines()[-1]


def dangers(app: PreparedApp) -> list[Command]:
    return [a.command for a in keys.active_commands(app.screen) if a.command.danger]


@pytest.mark.parametrize("path", [(), ("2",), ("2", "G"), ("3",), ("4",), ("5",)], ids=str)
async def test_read_only_dims_what_changes_and_says_why(make: Make, path: tuple[str, ...]) -> None:
    app = make(read_only=True)
    off = theme.palette_of(theme.LOOKS[theme.DARK]).off.color
    async with app.run_test(size=(260, 48)) as pilot:
        await ready(pilot)
        await pilot.press(*path)
        await pilot.pause()
        footer = app.text.splitlines()[-1]
        shown = [command for command in dangers(app) if command.footer]
        assert shown
        for command in shown:
            at = footer.index(f" {command.footer}") - 1
            assert app.screen.get_style_at(at, 47).color == off, command.id
            app.clear_notifications()
            await pilot.click(KeyFooter, offset=(at + BETWEEN, 0))
            await pilot.pause()
            assert app.told() == [
                f"{command.title} is not possible: started with --read-only, HUBTUI_READ_ONLY or "
                "read_only in the configuration."
            ]
        assert app.screen.get_style_at(footer.index("quit"), 47).color != off


async def operating(pilot: Pilot[Any], app: PreparedApp) -> None:
    """An operation under way, its progress on the screen."""
    await ready(pilot)
    await pilot.press("j", "r")
    await until(pilot, lambda: isinstance(app.screen.focused, Input), "the plan")
    await pilot.press(*"hub", "enter")
    await until(pilot, lambda: isinstance(app.screen, ProgressScreen), "the progress")


@pytest.mark.parametrize(
    ("demo", "words"),
    [(None, "It goes on without hubtui"), (Demo(story="calm"), "and this with it.")],
    ids=["a cluster", "a demo"],
)
async def test_quitting_says_what_becomes_of_an_operation(
    make: Make, demo: Demo | None, words: str
) -> None:
    app = make(demo=demo)
    async with app.run_test(size=WIDE) as pilot:
        await operating(pilot, app)
        await pilot.press("escape", "q")
        await until(pilot, lambda: isinstance(app.screen, QuitScreen), "the question")
        assert words in str(app.screen.query_one(Label).render())


async def test_keys_of_a_question_stay_in_it(make: Make) -> None:
    app = make()
    async with app.run_test(size=WIDE) as pilot:
        await operating(pilot, app)
        await pilot.press("escape", "q")
        await until(pilot, lambda: isinstance(app.screen, QuitScreen), "the question")
        for key in ("r", "d", "1", "2", "H", "question_mark", "ctrl+e", "ctrl+p", "z", "slash"):
            await pilot.press(key)
            assert isinstance(app.screen, QuitScreen), key
        before = app._overview.focused
        await pilot.press("n")
        await pilot.pause()
        assert isinstance(app.screen, OverviewScreen)
        assert app.screen.focused is before
        assert not app._overview._zoomed
        (operation,) = app.prepared.operations.all
        assert not operation.done


async def test_a_letter_typed_in_the_palette_is_no_command(make: Make) -> None:
    app = make()
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await pilot.press("ctrl+p", *"qrd", "escape")
        await pilot.pause()
        assert isinstance(app.screen, OverviewScreen)
        assert app.is_running
        assert app.told() == []


async def test_a_dead_helm_is_said_and_nothing_runs_any_more(
    make: Make, settings: Settings
) -> None:
    app = make()
    async with app.run_test(size=WIDE) as pilot:
        await operating(pilot, app)
        assert settings.helm
        prepared.let_helm_end(Path(settings.helm).parent)
        (operation,) = app.prepared.operations.all
        await until(pilot, lambda: operation.done, "the end")
        await until(pilot, lambda: "this helm is a fake" in app.text, "helm's words")
        await pilot.press("escape", "q")
        assert not isinstance(app.screen, QuitScreen)
