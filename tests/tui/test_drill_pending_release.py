"""The drill pending-release by keyboard: both ways out, from the pager's line to the end."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input

from hubtui.model.plan import Result
from hubtui.tui.screens.recover import RecoverScreen
from tests.tui.drills import SMALL, confirmed, drill, incidents, problem, statuses
from tests.tui.prepared import shown, until


async def test_the_release_is_rolled_back() -> None:
    async with drill("pending-release", speed=20, size=SMALL) as pilot:
        app = pilot.app
        await problem(pilot, "pending-release")
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, RecoverScreen), "the ways out")
        await shown(pilot, "Roll back to revision 4")
        await pilot.press("tab", "G")
        await shown(pilot, "last deployed")
        await pilot.press("tab")
        await pilot.press("enter")
        outcome = await confirmed(pilot, "hub")
        assert outcome.result is Result.OK, outcome
        assert "the hub answers" in outcome.summary
        await until(pilot, lambda: statuses(pilot).get(6) == "deployed", "revision 6")
        await until(pilot, lambda: "pending-release" not in incidents(pilot), "no problem")
        await pilot.press("escape")
        await shown(pilot, "Problems")


async def test_the_revision_is_marked_as_failed_and_its_record_kept(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    async with drill("pending-release") as pilot:
        app = pilot.app
        await problem(pilot, "pending-release")
        await pilot.press("R")
        await shown(pilot, "Mark revision 5 as failed")
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "the name of a file")
        field = app.screen.focused
        assert isinstance(field, Input)
        field.value = str(kept)
        await pilot.press("enter")
        await shown(pilot, "in helm's record only")
        outcome = await confirmed(pilot, "hub")
        assert outcome.result is Result.OK, outcome
        assert kept.stat().st_mode & 0o777 == 0o600
        await until(pilot, lambda: statuses(pilot)[5] == "failed", "the mark")
        assert statuses(pilot)[4] == "deployed"
        await until(pilot, lambda: "pending-release" not in incidents(pilot), "no problem")
