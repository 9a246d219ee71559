"""The drill hook-puller by keyboard: from the pager's line to the hub that is well again."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Button, Input

from hubtui.demo import launch
from hubtui.demo.seed.values import TYPO
from hubtui.model.kinds import NODES
from hubtui.model.plan import Result
from hubtui.tui.screens.logs import LogsScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.progress import ProgressScreen
from hubtui.tui.screens.pullers import PullersScreen
from hubtui.tui.screens.upgrade import UpgradeScreen
from hubtui.tui.screens.why import PodWhyScreen
from hubtui.tui.widgets.choice_table import ChoiceTable
from tests.tui.drills import (
    SMALL,
    confirmed,
    drill,
    incidents,
    problem,
    session_of,
    statuses,
    story,
)
from tests.tui.prepared import shown, until
from tests.tui.tables import screen_lines

SLOW = 0.5
"""The colleague's helm has three minutes left: here six."""


async def test_the_node_is_left_out_and_the_upgrade_goes_on() -> None:
    async with drill("hook-puller", speed=SLOW, size=SMALL) as pilot:
        app = pilot.app
        await problem(pilot, "hook-puller")
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, PullersScreen), "the pullers")
        await shown(pilot, "▲ blocks pulls 1 for")
        text = " ".join("".join(screen_lines(app)).replace("│", " ").split())
        assert "5 of 6 nodes have all images" in text
        assert "1 more to come" in text
        screen = app.screen
        assert isinstance(screen, PullersScreen)
        row = screen.row()
        assert row is not None
        assert f"{row.node} ◌ · ▲ blocks" in text
        await shown(pilot, "o cordon")
        await pilot.press("o")
        await shown(pilot, f"Cordon node {row.node}, pullers off")
        outcome = await confirmed(pilot, row.node)
        assert outcome.result is Result.OK, outcome
        await until(pilot, lambda: statuses(pilot)[5] == "deployed", "the upgrade")
        await until(pilot, lambda: "hook-puller" not in incidents(pilot), "no problem")
        await pilot.press("o")
        await shown(pilot, f"Uncordon node {row.node}")
        back = await confirmed(pilot, row.node)
        assert back.result is Result.OK, back


async def test_what_the_awaiter_counts_and_why_the_pod_waits_are_a_key_away() -> None:
    async with drill("hook-puller", speed=SLOW) as pilot:
        app = pilot.app
        await problem(pilot, "hook-puller")
        await pilot.press("w")
        await shown(pilot, "▲ blocks pulls 1 for")
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, LogsScreen), "the log")
        await shown(pilot, "5 of 6 nodes currently has the required images")
        await pilot.press("escape")
        await shown(pilot, "▲ blocks pulls 1 for")
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, PodWhyScreen), "why")
        await shown(pilot, "pulls image quay.io/jupyter/scipy-notebook")


async def test_when_the_timeout_ends_it_one_rolls_back() -> None:
    async with drill("hook-puller", speed=60) as pilot:
        await until(pilot, lambda: statuses(pilot).get(5) == "failed", "the timeout")
        await until(pilot, lambda: "hook-puller" not in incidents(pilot), "no problem")
        heads = session_of(pilot).releases.heads("hub")
        assert next(head for head in heads if head.revision == 4).status == "deployed"
        table = pilot.app.screen.query_one("#releases LiveTable")
        await until(pilot, lambda: table.has_focus, "the releases")
        await pilot.press("j", "r")
        await shown(pilot, "becomes revision 6")
        outcome = await confirmed(pilot, "hub")
        assert outcome.result is Result.OK, outcome
        await until(pilot, lambda: statuses(pilot).get(6) == "deployed", "revision 6")


async def test_a_hook_that_fails_shows_the_next_steps_and_what_was_seen_of_it() -> None:
    async with story(launch.Wanted(), size=SMALL, helm_timeout="8s") as pilot:
        app = pilot.app
        await until(pilot, lambda: statuses(pilot).get(4) == "deployed", "the releases")
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, UpgradeScreen), "the sources")
        sources = app.screen.query_one("#upgrade-sources", ChoiceTable)
        await until(pilot, lambda: sources.has_focus and sources.cursor is not None, "sources")
        await pilot.press("j", "j", "j", "enter")
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "the tag")
        await pilot.press(*TYPO, "enter")
        modes = app.screen.query_one("#upgrade-modes", ChoiceTable)
        await until(pilot, lambda: modes.has_focus, "what becomes of the values")
        await pilot.press("enter")
        button = app.screen.query_one("#upgrade-plan", Button)
        await until(pilot, lambda: button.has_focus, "the button")
        await pilot.press("enter")
        outcome = await confirmed(pilot, "hub", over="What can be done next:")
        assert outcome.result is Result.FAILED
        await shown(pilot, "A wrong image on all nodes: correct the values")
        screen = app.screen
        assert isinstance(screen, ProgressScreen)
        text = screen.document.text
        seen = text[text.index("What was seen of Job/hook-image-awaiter:") :]
        places = [seen.index(f"\n  {kind} ") for kind in ("job", "pod", "puller", "event", "log")]
        assert places == sorted(places)
        assert f"scipy-notebook:{TYPO}: not found" in seen
        assert text.index("What can be done next:") < text.index("What was seen of")


async def test_in_read_only_mode_no_key_of_the_pullers_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # what is saved lands here
    wanted = launch.Wanted(drill="hook-puller", speed=SLOW)
    async with story(wanted, read_only=True) as pilot:
        app, client = pilot.app, session_of(pilot).client
        before = await client.list(NODES)
        await problem(pilot, "hook-puller")
        await pilot.press("w")
        await shown(pilot, "▲ blocks pulls 1 for")
        screen = app.screen
        assert isinstance(screen, PullersScreen)
        row = screen.row()
        assert row is not None
        ends = {"q", "ctrl+q", "ctrl+c", "escape"}
        pressed = {key for key in screen.active_bindings if key not in ends}
        assert {"o", "l", "e", "w"} <= pressed
        for key in sorted(pressed):
            await pilot.press(key)
            while app.screen is not screen:
                app.pop_screen()
            if isinstance(screen.focused, Input):
                await pilot.press("escape")
            await pilot.pause()
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen), "a plan")
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "its field")
        await pilot.press(*row.node, "enter")
        assert app.screen.query_one("#confirm-go", Button).disabled
        assert session_of(pilot).operations.all == []
        after = await client.list(NODES)
        assert [(each.metadata.name, each.spec) for each in after] == [
            (each.metadata.name, each.spec) for each in before
        ]
