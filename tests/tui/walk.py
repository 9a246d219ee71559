"""Walks through the app by its own effective keys, breadth first: each key on each screen.

Nothing here knows which keys there are: they are read from the screen that is on top. What a walk
must not do is told by whoever looks at the server's logs afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Button, Input

from hubtui.services.upgrade_sources import Typed
from hubtui.tui import app as tui
from hubtui.tui import keys
from hubtui.tui.app import HubtuiApp
from hubtui.tui.panes.base import Pane
from hubtui.tui.panes.metrics import MetricsPane
from hubtui.tui.panes.releases import ReleasesPane
from hubtui.tui.panes.users import UsersPane
from hubtui.tui.screens.dashboard import DashboardScreen
from hubtui.tui.screens.dashboards import DashboardsScreen
from hubtui.tui.screens.plan import PlanScreen
from hubtui.tui.screens.recover import RecoverScreen
from hubtui.tui.widgets.filter_line import FilterLine
from hubtui.tui.widgets.live_table import LiveTable
from hubtui.tui.widgets.panel_grid import PanelGrid
from hubtui.tui.widgets.text_table import TextTable
from hubtui.tui.widgets.what_if_line import WhatIfLine
from tests.tui.prepared import until

Path_ = tuple[str, ...]

DEEPEST = 6
"""Keys from the overview to the farthest place; a walk that wants more goes in circles."""


class StayingApp(HubtuiApp):
    """The app, which counts how often it was to end and stays."""

    CSS_PATH = str(Path(tui.__file__).with_name("hubtui.tcss"))
    ended = 0

    def exit(self, *_: Any, **__: Any) -> None:
        self.ended += 1


@dataclass(frozen=True, order=True)
class Place:
    """Where keys mean the same: the screen, the widget with the focus, the kind of row."""

    screen: str
    focus: str
    row: str = ""


def place_of(app: HubtuiApp) -> Place:
    focused = app.screen.focused
    if focused is None:
        return Place(type(app.screen).__name__, "")
    name = f"{type(focused).__name__}#{focused.id or getattr(focused.parent, 'id', '') or ''}"
    row = ""
    if isinstance(focused, LiveTable) and not isinstance(focused, TextTable):
        kind, named, _ = (focused.cursor or "").partition(":")
        kind = kind if named else "row"
        row = f"first {kind}" if focused._view.index == 0 else kind
    return Place(type(app.screen).__name__, name, row if name.startswith("Live") else "")


class Walk:
    """One app, walked through. `paths` leads to each place, `pressed` is what was pressed there."""

    def __init__(self, app: StayingApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot
        self.paths: dict[Place, Path_] = {}
        self.pressed: dict[Place, list[str]] = {}
        self.commands: dict[str, list[str]] = {}
        self._of_app: set[tuple[str, str]] = set()
        self._made: Screen[Any] | None = None

    @property
    def screens(self) -> set[str]:
        """The screens that were walked."""
        return {place.screen for place in self.paths}

    async def home(self) -> None:
        """The overview as it was at the start."""
        app = self.app
        while app.screen is not app._overview:
            app.pop_screen()
        await until(self.pilot, lambda: app.session is not None, "a session")
        session = app.session
        assert session is not None
        await until(self.pilot, lambda: session.releases.store.complete, "releases")
        await until(self.pilot, lambda: app._overview.query(Pane), "panes")
        await self.pilot.pause()
        for pane in app._overview.panes:
            line = pane.query_one(FilterLine)
            line._field.value = ""
            line.remove_class("-open")
            pane.pane_view.set_filter("")
            pane.table.set_marks(())
            unfolded: set[object] = getattr(pane.pane_view, "_open", set())
            for key in unfolded.copy():
                unfolded.discard(key)
            pane.pane_view._stale_order = True  # type: ignore[attr-defined]
            pane.pane_view._arranged = False  # type: ignore[attr-defined]
            if isinstance(pane, ReleasesPane):
                pane._typed = Typed()
            if isinstance(pane, UsersPane):
                pane.query_one(WhatIfLine).close()
                pane.view.ask(None)
                pane.show_all(False)
        app._overview.action_overview()
        app._overview.action_focus_pane(1)
        app._beat()
        for pane in app._overview.panes:
            pane.table.action_top()
        app.clear_notifications()
        await self.pilot.pause()

    async def go(self, path: Path_) -> Place:
        """From the overview along a path."""
        await self.home()
        for key in path:
            await self.press(key)
        return place_of(self.app)

    async def press(self, key: str) -> None:
        """One key, and what comes of it."""
        await self.pilot.press(key)
        await self.settle()

    async def settle(self) -> None:
        screen = self.app.screen
        if isinstance(screen, PlanScreen):
            await until(
                self.pilot,
                lambda: self.app.screen is not screen or self._is_made(screen),
                "a plan",
            )
        if isinstance(screen, RecoverScreen):
            ways = screen.table
            await until(
                self.pilot,
                lambda: self.app.screen is not screen or ways.cursor is not None,
                "the ways out",
            )
        if self.app.session is None:
            await self.home()
        self.app._beat()
        await self._users()
        await self._numbers()
        await self._dashboards()

    async def _users(self) -> None:
        """Until the hub has told its users, where they are looked at."""
        session = self.app.session
        panes = [pane for pane in self.app._overview.query(UsersPane) if pane.is_on_screen]
        if session is not None and panes and self.app.screen is self.app._overview:
            feed = session.hub_feed
            await until(self.pilot, lambda: feed.complete or feed.health.error, "the users")
            self.app._beat()

    async def _numbers(self) -> None:
        """Until a number is known, where they are looked at: what is known stands first, and is
        plotted."""
        session = self.app.session
        panes = [pane for pane in self.app._overview.query(MetricsPane) if pane.is_on_screen]
        if session is not None and panes and self.app.screen is self.app._overview:
            rows = session.metrics.rows
            await until(self.pilot, lambda: any(row.as_of for row in rows()), "a number")
            self.app._beat()

    async def _dashboards(self) -> None:
        """Until they are listed, the one that was chosen is read, and a panel of it is chosen."""
        screen = self.app.screen
        if isinstance(screen, DashboardsScreen):
            tasks = (screen._looking, screen._opening)
            await until(
                self.pilot, lambda: all(task is None or task.done() for task in tasks), "the list"
            )
            self.app._beat()
        shown = self.app.screen
        if isinstance(shown, DashboardScreen):
            board = shown.board
            await until(
                self.pilot,
                lambda: board.ready and any(each.chosen for each in shown.query(PanelGrid)),
                "a panel",
            )

    def _is_made(self, plan: Screen[Any]) -> bool:
        """Whether the plan is there and has once given the focus to its field; tab goes by where
        widgets are, so the field and its buttons have to have their places too."""
        if isinstance(plan.focused, Input) and all(b.size for b in plan.query(Button)):
            self._made = plan
        return self._made is plan

    async def everywhere(self) -> None:
        """Presses every effective key at every place that can be reached."""
        waiting = [(await self.go(()), ())]
        self.paths[waiting[0][0]] = ()
        queue: list[tuple[Place, Path_]] = list(waiting)
        while queue:
            place, path = queue.pop(0)
            for found, way in await self._at(place, path):
                assert len(way) <= DEEPEST, f"{found} needs {way}"
                self.paths[found] = way
                queue.append((found, way))

    async def here(self, path: Path_) -> None:
        """Presses every effective key at the one place that a path leads to."""
        await self._at(await self.go(path), path)

    async def _at(self, place: Place, path: Path_) -> list[tuple[Place, Path_]]:
        await self._find(place, path)
        found: list[tuple[Place, Path_]] = []
        for key in self._keys(place):
            if place_of(self.app) != place:
                await self._find(place, path)
            await self.press(key)
            self.pressed.setdefault(place, []).append(key)
            known = {*self.paths, *(place for place, _ in found)}
            # An earlier key may have helped to get here: only what can be reached again counts.
            if (now := place_of(self.app)) not in known and await self.go((*path, key)) == now:
                found.append((now, (*path, key)))
        # What is below a row shows once it is unfolded.
        below = (*path, "enter", "down")
        now = await self.go(below) if place.row else place
        if now not in {*self.paths, *(place for place, _ in found)}:
            found.append((now, below))
        return found

    def _keys(self, place: Place) -> list[str]:
        """The effective keys here; the app's own, which know nothing of the focus and of rows,
        once on each screen."""
        active = self.app.screen.active_bindings
        own = {(place.screen, key) for key, found in active.items() if found.node is self.app}
        done = {key for _, key in own & self._of_app}
        self._of_app |= own
        return [key for key in active if key not in done]

    async def _find(self, place: Place, path: Path_) -> None:
        # What lives may have moved on: a second look is enough.
        for _ in range(3):
            if await self.go(path) == place:
                return
        raise AssertionError(f"{path} leads to {place_of(self.app)}, not {place}")

    async def palette_of(self, *paths: Path_) -> None:
        """Runs every command that the palette offers where these paths lead."""
        for path in paths:
            screen = (await self.go(path)).screen
            titles = [entry.title for entry in keys.system_commands(self.app, self.app.screen)]
            for title in titles:
                await self.go(path)
                await self._command(title)
                self.commands.setdefault(screen, []).append(title)

    async def _command(self, title: str) -> None:
        await self.pilot.press("ctrl+p")
        palette = self.app.screen
        assert isinstance(palette, CommandPalette), palette
        palette.query_one(Input).value = title.partition("  (")[0]
        await until(self.pilot, lambda: palette._hit_count, f"the palette's entry {title}")
        await self.pilot.press("enter")
        await self.settle()
        if self.app.screen is palette:
            await self.press("enter")

    async def confirm(self, path: Path_, name: str) -> None:
        """Goes to a plan and does all that confirms one: the name, enter, the button."""
        await self.go(path)
        plan = self.app.screen
        assert isinstance(plan, PlanScreen), plan
        field = plan.query_one("ConfirmLine Input", Input)
        field.focus()
        await until(self.pilot, lambda: field.has_focus, "the field")
        await self.pilot.press(*name, "enter")
        await self.settle()
        if self.app.screen is plan:
            await self.pilot.click("#confirm-go")
            await self.settle()
        if self.app.screen is plan:
            plan.query_one("#confirm-go", Button).press()
            await self.settle()
