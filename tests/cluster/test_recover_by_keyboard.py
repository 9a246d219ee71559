"""A stuck release is freed by keyboard: the real screen, a real helm that was killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from hubtui.model.plan import Result
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.recover import RecoverScreen
from tests.cluster.evidence import Asked
from tests.cluster.small_release import NAME, SmallRelease
from tests.cluster.stuck import end_hook, history, leave_pending, mode_of, text_of
from tests.cluster.test_rollback_by_keyboard import SIZE, app_on, started
from tests.tui.prepared import shown, until

pytestmark = pytest.mark.usefixtures("state")


@pytest.fixture
def stuck(small: SmallRelease) -> SmallRelease:
    """Revision 4 is pending-upgrade, its hook is gone, and nobody is at work on it."""
    leave_pending(small)
    end_hook(small)
    return small


async def chosen(pilot: Pilot[Any], *keys: str) -> None:
    """To a way out: `R`, and down to it."""
    await shown(pilot, "superseded")
    await pilot.press("R")
    await until(pilot, lambda: isinstance(pilot.app.screen, RecoverScreen), "the ways out")
    await shown(pilot, "Mark revision 4 as failed")
    await pilot.press(*keys, "enter")


async def confirmed(pilot: Pilot[Any]) -> None:
    """The one stop is passed, that the revision is young; then the name and enter."""
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen), "the plan")
    screen = pilot.app.screen
    await until(pilot, lambda: isinstance(screen.focused, Input), "the field of the name")
    await shown(pilot, "nothing is running says stop")
    checks = screen.query_one("#checks")
    while screen.focused is not checks:
        await pilot.press("tab")
    await pilot.press("enter")
    await shown(pilot, "(overridden by you)")
    while not isinstance(screen.focused, Input):
        await pilot.press("tab")
    await pilot.press(*NAME, "enter")


async def test_the_revision_is_marked_as_failed(stuck: SmallRelease, tmp_path: Path) -> None:
    keep = tmp_path / "kept.json"
    app = app_on(stuck)
    async with app.run_test(size=SIZE) as pilot:
        await chosen(pilot, "down")
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "the name of a file")
        field = app.screen.focused
        assert isinstance(field, Input)
        field.value = str(keep)
        await pilot.press("enter")
        await confirmed(pilot)
        operation = await started(pilot)
        await until(pilot, lambda: operation.done, "the end")
        await shown(pilot, "Revision 4 is failed, revision 3 is deployed: helm can upgrade again")
        await shown(pilot, "The cluster is as revision 3 says.")
        assert app.session is not None
        (entry,) = app.session.operations.journal.read().entries
        await pilot.press("escape")
        await shown(pilot, "4 failed, 3 stays deployed")
    assert entry.outcome is not None
    assert (entry.action, entry.outcome.result) == ("recover", Result.OK)
    assert entry.overrides == ("nothing is running",)
    assert history(stuck)[4][0] == "failed"
    assert (mode_of(keep), text_of(keep) is not None) == (0o600, True)
    stuck.upgrade("five")
    assert stuck.mark() == "five"


async def test_the_release_is_rolled_back(stuck: SmallRelease) -> None:
    app = app_on(stuck)
    async with app.run_test(size=SIZE) as pilot:
        await chosen(pilot)
        await confirmed(pilot)
        operation = await started(pilot)
        await until(pilot, lambda: operation.done, "the end")
        await shown(pilot, "Revision 5 is deployed with the content of 3")
    assert history(stuck)[5] == ("deployed", "Rollback to 3")
    assert stuck.mark() == "three"


async def test_in_read_only_mode_there_is_a_plan_and_no_way_on(
    stuck: SmallRelease, reads_all: Path
) -> None:
    asked = Asked(stuck.cluster, "readonly-admin")
    app = app_on(stuck, kubeconfig=str(reads_all), read_only=True)
    async with app.run_test(size=SIZE) as pilot:
        await chosen(pilot)
        await until(pilot, lambda: isinstance(app.screen, PlanScreen), "the plan")
        await until(pilot, lambda: isinstance(app.screen.focused, Input), "the field of the name")
        await pilot.press(*NAME, "enter")
        assert isinstance(app.screen, PlanScreen)
        button = app.screen.query_one("#confirm-go", Button)
        assert button.press().disabled
        await pilot.pause()
        assert isinstance(app.screen, PlanScreen)
        assert app.session is not None
        assert app.session.operations.all == []
    assert len(asked.entries) > 10
    assert asked.writes() == []
    assert history(stuck)[4][0] == "pending-upgrade"
