"""A drill as an operator walks it: a demo of its own, with the app on it and the pager's line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from hubtui.config import Settings
from hubtui.demo import launch
from hubtui.demo.opening import opened
from hubtui.demo.scenarios import DRILLS
from hubtui.model.plan import Outcome
from hubtui.services.session import Session
from hubtui.tui.app import HubtuiApp
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.problems import ProblemsScreen
from hubtui.tui.screens.progress import ProgressScreen
from tests.tui.prepared import shown, until

SIZE = (160, 48)
SMALL = (80, 24)
"""The smallest terminal in which a drill can be solved; the other tests of a drill have SIZE."""


@asynccontextmanager
async def drill(
    name: str, *, speed: float = 1.0, size: tuple[int, int] = SIZE
) -> AsyncIterator[Pilot[Any]]:
    """The app on a new demo, in which the drill has just begun: the pager has said so."""
    async with story(launch.Wanted(drill=name, speed=speed), size=size) as pilot:
        yield pilot


@asynccontextmanager
async def story(
    wanted: launch.Wanted, *, size: tuple[int, int] = SIZE, **more: Any
) -> AsyncIterator[Pilot[Any]]:
    """The app on a new demo."""
    with opened(wanted, Settings(**more), ()) as demo:
        settings, _ = await asyncio.to_thread(demo.ready)
        app = HubtuiApp(settings)
        async with app.run_test(size=size) as pilot:
            said = [str(note.message) for note in app._notifications]
            assert said == ([DRILLS[wanted.drill].page] if wanted.drill else [])
            await until(pilot, lambda: app.session is not None, "a session")
            yield pilot


def session_of(pilot: Pilot[Any]) -> Session:
    app = pilot.app
    assert isinstance(app, HubtuiApp)
    assert app.session is not None
    return app.session


def incidents(pilot: Pilot[Any]) -> set[str]:
    """What is on the list of problems."""
    return {problem.incident.value for problem in session_of(pilot).problems.found}


async def problem(pilot: Pilot[Any], incident: str) -> ProblemsScreen:
    """Opens the list by its key and goes to the incident."""
    await until(pilot, lambda: incident in incidents(pilot), incident)
    await pilot.press("exclamation_mark")
    await until(pilot, lambda: isinstance(pilot.app.screen, ProblemsScreen), "the problems")
    screen = pilot.app.screen
    assert isinstance(screen, ProblemsScreen)

    def there() -> bool:
        found = screen.problem()
        return found is not None and found.incident == incident

    for _ in range(10):
        await until(pilot, lambda: screen.table.cursor is not None, "the list")
        if there():
            break
        await pilot.press("j")
    await until(pilot, there, incident)
    await shown(pilot, "What starts from here")
    return screen


async def confirmed(pilot: Pilot[Any], name: str, over: str = "Over") -> Outcome:
    """Types the name into the plan on the screen, and waits for the end of what it starts, and for
    the words that tell it."""
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, PlanScreen), "a plan")
    await until(pilot, lambda: isinstance(app.screen.focused, Input), "its field")
    await pilot.press(*name, "enter")
    await until(pilot, lambda: isinstance(app.screen, ProgressScreen), "the operation")
    operation = session_of(pilot).operations.all[-1]
    async with asyncio.timeout(120):
        outcome = await operation.wait()
    await shown(pilot, over)
    return outcome


def statuses(pilot: Pilot[Any]) -> dict[int, str]:
    """The revisions of the release with their status."""
    session = session_of(pilot)
    heads = session.releases.heads(session.release)
    return {head.revision: head.status.value for head in heads}
