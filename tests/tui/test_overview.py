"""The overview by its keys, at the sizes that terminals have."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from hubtui.tui.app import HubtuiApp
from hubtui.tui.screens.base import BaseScreen
from hubtui.tui.screens.overview import OverviewScreen
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, ready, until

WIDE, NARROW = (160, 48), (80, 24)
ALL = ["Releases", "Pods", "Nodes", "Users", "Storage", "Metrics"]
SIZES = (WIDE, (100, 30), NARROW, (40, 10))


async def rows(pilot: Pilot[Any], app: PreparedApp) -> str:
    """What stands on the screen after the next beat."""
    await pilot.pause()
    app._beat()
    await pilot.pause()
    return app.text


def visible(app: PreparedApp) -> list[str]:
    return [pane.TITLE for pane in app._overview.panes if pane.is_on_screen]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_number_and_tab_go_to_a_pane(make: Make, size: tuple[int, int]) -> None:
    app = make()
    async with app.run_test(size=size) as pilot:
        await ready(pilot)
        for key, name in (
            ("2", "pods"), ("1", "releases"), ("tab", "pods"), ("tab", "nodes"), ("tab", "users"),
            ("tab", "storage"), ("tab", "metrics"), ("tab", "releases"), ("shift+tab", "metrics"),
            ("4", "users"),
            ("shift+tab", "nodes"), ("shift+tab", "pods"),
        ):  # fmt: skip
            await pilot.press(key)
            await pilot.pause()
            assert app.pane(name).table.has_focus, key
        assert visible(app) == (ALL if size == WIDE else ["Pods"])


async def test_z_gives_a_pane_the_screen_and_0_gives_it_back(make: Make) -> None:
    app = make()
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        for back in ("0", "z", "escape"):
            await pilot.press("2", "z")
            await pilot.pause()
            assert visible(app) == ["Pods"]
            assert app.pane("pods").size.width == WIDE[0]
            await pilot.press(back)
            await pilot.pause()
            assert visible(app) == ALL


async def test_a_narrow_terminal_says_in_the_strip_what_is_hidden(make: Make) -> None:
    app = make()
    async with app.run_test(size=NARROW) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "2 Pods 19 ✗1" in app.text.splitlines()[1])
        await pilot.click("StripLine", offset=(18, 0))
        await pilot.pause()
        assert visible(app) == ["Pods"]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_no_line_is_wider_than_the_terminal_and_the_edges_are_whole(
    make: Make, size: tuple[int, int]
) -> None:
    app = make()
    async with app.run_test(size=size) as pilot:
        await ready(pilot)
        text = await rows(pilot, app)
        panes = len(visible(app))
    lines = text.splitlines()
    assert len(lines) == size[1]
    assert all(len(line) <= size[0] for line in lines)
    assert [text.count(corner) for corner in "╭╮╰╯"] == [panes] * 4


async def test_a_filter_shows_what_matches_until_it_is_cleared(make: Make) -> None:
    app = make()
    async with app.run_test(size=NARROW) as pilot:
        await ready(pilot)
        await pilot.press("2", "slash", *"user:ana", "enter")
        text = await rows(pilot, app)
        assert "ana@uni.example" in text
        assert "bo@uni.example" not in text
        assert "● hub " not in text
        assert app.pane("pods").table.has_focus
        await pilot.press("slash", *"user:bo", "enter")
        text = await rows(pilot, app)
        assert "bo@uni.example" in text
        assert "ana@uni.example" not in text
        await pilot.press("slash", "escape")
        assert "bo@uni.example" in await rows(pilot, app)


async def test_letters_in_a_field_are_letters(make: Make) -> None:
    app = make()
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await pilot.press("slash", *"qrHdz12?", "space")
        await pilot.pause()
        assert isinstance(app.screen, OverviewScreen)
        assert isinstance(app.screen.focused, Input)
        assert app.screen.focused.value == "qrHdz12? "
        assert visible(app) == ALL


async def test_s_sorts_by_the_next_column_and_capital_s_turns_it_round(make: Make) -> None:
    app = make()
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await pilot.press("2", "z", "slash", *"role:users", "enter")
        await rows(pilot, app)
        users = list(app.pane("pods").pane_view.keys())
        orders = set()
        for key in ("s", "S", "s", "S", "s", "s"):
            await pilot.press(key)
            text = await rows(pilot, app)
            titles = next(line for line in text.splitlines() if "ROLE" in line)
            assert "↑" in titles or "↓" in titles
            orders.add(tuple(app.pane("pods").pane_view.keys()))
            assert set(app.pane("pods").pane_view.keys()) == set(users)
        assert len(orders) > 2


async def test_enter_unfolds_a_role_and_folds_it_again(make: Make) -> None:
    app = make()
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        folded = await rows(pilot, app)
        await pilot.press("2", "enter")
        assert "└ hub-6d9c7f0" in await rows(pilot, app)
        await pilot.press("enter")
        again = await rows(pilot, app)
        assert "└ hub-6d9c7f0" not in again
        assert again.count("└") == folded.count("└")


async def test_two_marks_choose_what_d_compares(make: Make) -> None:
    app = make()
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await pilot.press("j", "space", "j", "j", "space")
        assert (await rows(pilot, app)).count("▌") == 2
        await pilot.press("d")
        await until(pilot, lambda: "9 → 11" in app.text, "the diff of the marked revisions")


async def test_c_copies_to_the_terminals_clipboard(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make()
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        written: list[str] = []
        monkeypatch.setattr(app._driver, "write", written.append)
        await pilot.press("j", "c")
        await pilot.pause()
        (sequence,) = [text for text in written if text.startswith("\x1b]52;c;")]
        copied = base64.b64decode(sequence.removeprefix("\x1b]52;c;").rstrip("\a")).decode()
        assert copied == app.clipboard == "hub 11"
        assert app.told() == ["Copied."]


@pytest.mark.parametrize(("slow", "seconds"), [(False, 0.25), (True, 0.5)])
async def test_the_screen_is_looked_over_four_times_a_second_and_twice_over_ssh(
    make: Make, monkeypatch: pytest.MonkeyPatch, slow: bool, seconds: float
) -> None:
    asked: list[tuple[float, object]] = []
    set_interval = HubtuiApp.set_interval

    def noted(self: HubtuiApp, interval: float, callback: Any = None, **more: Any) -> Any:
        asked.append((interval, callback))
        return set_interval(self, interval, callback, **more)

    monkeypatch.setattr(HubtuiApp, "set_interval", noted)
    app = make(slow=slow)
    async with app.run_test():
        assert [interval for interval, call in asked if call == app._beat] == [seconds]


async def test_a_screen_that_comes_says_at_once_where_one_is(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make()
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        status = (await rows(pilot, app)).splitlines()[0]
        monkeypatch.setattr(BaseScreen, "beat", lambda *_: None)
        await pilot.press("question_mark")
        text = await rows(pilot, app)
    assert "Help" in text
    assert text.splitlines()[0] == status
