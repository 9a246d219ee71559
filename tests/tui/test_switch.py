"""From one hub to another with `H`, also while the present one is dead; nothing of it stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from hubtui.clients.detached import runs
from hubtui.clients.kube import KubeClient
from hubtui.clients.kubeconfig import contexts
from hubtui.config import Settings
from hubtui.errors import UnreachableError
from hubtui.services import opening
from hubtui.services.discovery import Hub
from hubtui.services.journal import Journal
from hubtui.services.operation import Operation
from hubtui.services.session import Found, Session
from hubtui.tui.panes.base import Pane
from hubtui.tui.screens import picker
from hubtui.tui.screens.overview import PANES, OverviewScreen
from hubtui.tui.screens.picker import PickerScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.progress import ProgressScreen
from hubtui.tui.screens.quit import QuitScreen
from hubtui.tui.widgets.live_table import LiveTable
from tests.tui import prepared
from tests.tui.prepared import CONTEXT, OTHER, PreparedClient, shown, until
from tests.tui.tables import screen_lines
from tests.tui.walk import StayingApp

DEAD = UnreachableError("https://127.0.0.1:1 does not answer: refused")
RELEASES = {CONTEXT: "hub", OTHER: "research"}
SIZE = (160, 48)


class Clusters:
    """Two contexts with a hub each; those of `dead` do not answer, `slow` ones when it is set."""

    def __init__(self) -> None:
        self.dead: set[str] = set()
        self.slow: dict[str, asyncio.Event] = {}
        self.opened: list[Session] = []

    async def connect(self, settings: Settings, client: KubeClient, *, live: bool) -> Session:
        name = client.context.name
        if name in self.slow:
            await self.slow[name].wait()
        if name in self.dead:
            raise DEAD
        session = prepared.session(settings, hub=RELEASES[name])
        self.opened.append(session)
        return session

    async def hubs_of(self, settings: Settings) -> AsyncIterator[Found]:
        for context in contexts(settings):
            if context.name in self.dead:
                yield context, [], DEAD
            else:
                yield context, [Hub("hub", RELEASES[context.name], "hub")], None


@pytest.fixture
def clusters(monkeypatch: pytest.MonkeyPatch) -> Clusters:
    found = Clusters()
    monkeypatch.setattr(opening, "connect", found.connect)
    monkeypatch.setattr(picker, "hubs_of", found.hubs_of)
    return found


@pytest.fixture
def app(clusters: Clusters, tmp_path: Path) -> StayingApp:
    return StayingApp(prepared.settings(tmp_path))


def text(app: StayingApp) -> str:
    return "\n".join(screen_lines(app))


def client(session: Session) -> PreparedClient:
    assert isinstance(session.client, PreparedClient)
    return session.client


async def choose(pilot: Pilot[Any], context: str) -> None:
    """`H`, then the hub of a context."""
    await pilot.press("H")
    await until(pilot, lambda: isinstance(pilot.app.screen, PickerScreen), "the picker")
    screen = pilot.app.screen
    assert isinstance(screen, PickerScreen)
    await until(pilot, lambda: any(c.hub for c in screen._view.choices.values()), "hubs")
    await shown(pilot, RELEASES[context])
    table = screen.query_one(LiveTable)
    await pilot.press("g")
    while screen._view.choices[table.cursor or ""].context.name != context:
        await pilot.press("down")
    await pilot.press("enter")


async def opened(pilot: Pilot[Any], app: StayingApp, context: str) -> None:
    """The hub of a context is on the screen."""
    await until(
        pilot,
        lambda: (
            app.session is not None
            and app.session.context.name == context
            and app.screen is app._overview
            and len(app._overview.query(Pane)) == len(PANES)
            and "bump image" in text(app)
        ),
        f"the hub of {context}",
    )


async def test_h_works_while_the_present_server_is_dead(
    clusters: Clusters, app: StayingApp
) -> None:
    clusters.dead = {CONTEXT}
    async with app.run_test(size=SIZE) as pilot:
        await shown(pilot, "127.0.0.1:1 does not answer: refused")
        await shown(pilot, "H chooses another hub")
        await choose(pilot, OTHER)
        await opened(pilot, app, OTHER)
        assert "hub › research" in text(app).splitlines()[0]
        assert "does not answer" not in text(app)


async def test_a_hub_that_does_not_answer_is_not_mistaken_for_the_one_before(
    clusters: Clusters, app: StayingApp
) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, app, CONTEXT)
        clusters.dead = {OTHER}
        app.push_screen(PickerScreen(app.settings), app._chosen)
        await shown(pilot, "does not answer")
        await pilot.press("G", "enter")
        await until(pilot, lambda: OTHER in text(app).splitlines()[0], "the other context")
        await until(pilot, lambda: "does not answer: refused" in text(app), "the error")
        assert "bump image" not in text(app)
        assert app.session is None
        await choose(pilot, CONTEXT)
        await opened(pilot, app, CONTEXT)


@pytest.mark.parametrize("path", [("j", "d"), ("2", "l"), ("enter",), ("j", "r")], ids=str)
async def test_no_screen_of_the_old_hub_stays_under_the_new_one(
    clusters: Clusters, app: StayingApp, path: tuple[str, ...]
) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, app, CONTEXT)
        await pilot.press(*path)
        if path[-1] == "r":
            await until(pilot, lambda: isinstance(app.screen.focused, Input), "the plan")
            await pilot.press("tab")
        assert not isinstance(app.screen, OverviewScreen)
        await choose(pilot, OTHER)
        await opened(pilot, app, OTHER)
        assert [type(screen).__name__ for screen in app.screen_stack[1:]] == ["OverviewScreen"]
        assert text(app).splitlines()[0].strip().startswith(f"hubtui  {OTHER}")


async def test_an_answer_of_the_old_hub_never_appears_under_the_new_one(
    clusters: Clusters, app: StayingApp
) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, app, CONTEXT)
        old = client(clusters.opened[0])
        old.hold = asyncio.Event()
        await pilot.press("j", "r")
        async with asyncio.timeout(30):
            await old.held.wait()
        assert isinstance(app.screen, PlanScreen)
        clusters.slow[OTHER] = asyncio.Event()
        await choose(pilot, OTHER)
        await shown(pilot, f"Looking for the hub in context {OTHER}")
        assert app.session is None
        old.hold.set()
        for key in ("1", "2", "r", "d", "l", "enter", "space"):
            await pilot.press(key)
            assert len(app.screen_stack) == 2
            assert "bump image" not in text(app)
        clusters.slow[OTHER].set()
        await opened(pilot, app, OTHER)
        assert [str(note.message) for note in app._notifications] == []
        assert app.session is clusters.opened[1]


async def started(pilot: Pilot[Any], app: StayingApp) -> Operation:
    """A rollback that helm is at work on, by its keys."""
    table = app._overview.query_one("#releases", Pane).table
    await until(pilot, lambda: table.cursor is not None and table.has_focus, "the cursor")
    first = table.cursor
    await pilot.press("j")
    await until(pilot, lambda: table.cursor != first, "the next revision")
    await pilot.press("r")
    await until(pilot, lambda: isinstance(app.screen.focused, Input), "the plan")
    await pilot.press(*RELEASES[CONTEXT], "enter")
    await until(pilot, lambda: isinstance(app.screen, ProgressScreen), "the progress")
    assert app.session is not None
    (operation,) = app.session.operations.running
    return operation


async def test_an_operation_is_watched_to_its_end_under_another_hub(
    clusters: Clusters, app: StayingApp, tmp_path: Path
) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, app, CONTEXT)
        operation = await started(pilot, app)
        await choose(pilot, OTHER)
        await opened(pilot, app, OTHER)
        where = f"Roll back hub to revision 11 on {CONTEXT}: applying"
        await until(pilot, lambda: where in text(app).splitlines()[0], "the status line")
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitScreen), "the question")
        await pilot.press("escape", "ctrl+e")
        await shown(pilot, "Roll back hub to revisi…")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ProgressScreen), "the progress")
        await shown(pilot, "Roll back hub to revision 11")
        assert not operation.done
        prepared.let_helm_end(tmp_path)
        await until(pilot, lambda: operation.done, "the end")
        await until(pilot, lambda: list(app._notifications), "a word on it")
        said = [str(note.message) for note in app._notifications]
        assert operation.outcome is not None
        assert said == [f"Roll back hub to revision 11 on {CONTEXT}: {operation.outcome.summary}"]
        await until(pilot, lambda: where not in text(app).splitlines()[0], "a quiet line")
        (entry,) = Journal().read().entries
        assert entry.outcome is not None
        await until(pilot, lambda: client(clusters.opened[0])._closed, "the old connection")


async def test_quitting_under_another_hub_leaves_helm_alone(
    clusters: Clusters, app: StayingApp, tmp_path: Path
) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, app, CONTEXT)
        operation = await started(pilot, app)
        await choose(pilot, OTHER)
        await opened(pilot, app, OTHER)
    assert operation.outcome is None
    assert all(client(session)._closed for session in clusters.opened)
    (entry,) = Journal().read().entries
    assert entry.process is not None
    assert runs(entry.process.pid, entry.process.started)
    prepared.let_helm_end(tmp_path)


async def test_the_last_choice_wins(clusters: Clusters, app: StayingApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, app, CONTEXT)
        clusters.slow[OTHER] = asyncio.Event()
        await choose(pilot, OTHER)
        await shown(pilot, f"Looking for the hub in context {OTHER}")
        await choose(pilot, CONTEXT)
        await opened(pilot, app, CONTEXT)
        clusters.slow[OTHER].set()
        await pilot.pause(0.1)
        assert app.session is clusters.opened[-1]
        assert app.session.context.name == CONTEXT
        assert len(clusters.opened) == 2


async def test_escape_in_the_picker_keeps_the_hub(clusters: Clusters, app: StayingApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, app, CONTEXT)
        await pilot.press("H")
        await until(pilot, lambda: isinstance(app.screen, PickerScreen), "the picker")
        await pilot.press("escape")
        await opened(pilot, app, CONTEXT)
        assert app.session is clusters.opened[0]
        assert len(clusters.opened) == 1
