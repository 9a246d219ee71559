"""The drill hook-puller by keyboard: from the pager's line to the hub that is well again."""

from __future__ import annotations

import pytest

from hubtui.model.plan import Result
from hubtui.tui.screens.logs import LogsScreen
from hubtui.tui.screens.pullers import PullersScreen
from hubtui.tui.screens.why import PodWhyScreen
from tests.tui.drills import SIZE, confirmed, drill, incidents, problem, session_of, statuses
from tests.tui.prepared import shown, until
from tests.tui.tables import screen_lines

SLOW = 0.5
"""The colleague's helm has three minutes left: here six."""


@pytest.mark.parametrize("size", [SIZE, (80, 24)], ids=str)
async def test_the_node_is_left_out_and_the_upgrade_goes_on(size: tuple[int, int]) -> None:
    async with drill("hook-puller", speed=SLOW, size=size) as pilot:
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
