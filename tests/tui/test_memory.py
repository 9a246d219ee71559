"""A screen that was left is gone: hubtui stays open for days."""

from __future__ import annotations

import gc
from collections import Counter

from textual.screen import Screen
from textual.widgets import Input

from hubtui.tui.widgets.live_table import LiveTable
from tests.tui.conftest import Make
from tests.tui.prepared import ready, until


def alive() -> Counter[str]:
    """The screens and tables that something still holds, by class."""
    gc.collect()
    found = (thing for thing in gc.get_objects() if isinstance(thing, Screen | LiveTable))
    return Counter(type(thing).__name__ for thing in found)


async def test_screens_that_were_left_are_freed(make: Make) -> None:
    app = make()
    async with app.run_test(size=(160, 48)) as pilot:
        await ready(pilot)
        seen = []
        for _ in range(3):
            for path in (("question_mark",), ("2", "l"), ("1", "G", "k", "d"), ("ctrl+e",)):
                await pilot.press(*path)
                await pilot.press("escape", "1", "g")
            await pilot.press("j", "r")
            await until(pilot, lambda: isinstance(app.screen.focused, Input), "the plan")
            await pilot.press("escape", "g")
            await pilot.pause(0.2)
            seen.append(alive())
        assert seen[2] - seen[1] == Counter()
        assert seen[2]["PlanScreen"] <= 1
