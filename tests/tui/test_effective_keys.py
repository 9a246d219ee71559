"""What footer, help and palette promise is what the keys do, on each screen."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from hubtui.config import Settings
from hubtui.model.plan import Outcome, Result
from hubtui.services.journal import Journal, Line
from hubtui.tui import keys, theme
from hubtui.tui.commands import Command
from hubtui.tui.keys import FooterEntry
from hubtui.tui.screens.help import HelpScreen
from hubtui.tui.screens.overview import OverviewScreen
from hubtui.tui.screens.progress import ProgressScreen
from hubtui.tui.screens.quit import QuitScreen
from hubtui.tui.widgets.key_footer import BETWEEN, KeyFooter
from tests.tui import prepared, world
from tests.tui.conftest import Make
from tests.tui.prepared import PreparedApp, ready, until
from tests.tui.walk import StayingApp, Walk, place_of

WIDE, NARROW = (160, 48), (100, 30)
"""Where the panes are side by side, and where there is one at a time, which is painted faster."""
PATHS: dict[str, tuple[str, ...]] = {
    "releases": (),
    "pods": ("2",),
    "a pod": ("2", "G"),
    "users": ("4",),
    "a user": ("4", "enter"),
    "what if": ("4", "t"),
    "culling": ("4", "C"),
    "the filter": ("slash",),
    "a revision": ("enter",),
    "the diff": ("j", "d"),
    "the plan": ("j", "r"),
    "its checks": ("j", "r", "shift+tab", "shift+tab"),
    "an upgrade": ("u",),
    "its image": ("u", "j", "j", "j", "enter"),
    "a log": ("2", "l"),
    "details": ("2", "G", "enter"),
    "why": ("2", "G", "w"),
    "operations": ("ctrl+e",),
    "problems": ("exclamation_mark",),
    "the evidence": ("exclamation_mark", "tab"),
    "a runbook": ("exclamation_mark", "enter"),
    "orphans": ("O",),
    "the picker": ("H",),
    "help": ("question_mark",),
}
OF_THE_APP = ("releases", "users", "the diff", "an upgrade", "a log", "problems")
"""Where the app's own keys are pressed too: they reach the app from each screen alike."""
EVERYWHERE = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())


class WalkedApp(StayingApp, PreparedApp):
    """The app on a fake session, which stays when it is asked to end."""


@pytest.fixture
async def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WalkedApp:
    """With an operation in the journal, and two pods that the hub knows nothing of."""
    prepared.freeze(monkeypatch)
    monkeypatch.setattr("hubtui.model.orphans.APART", 0.0)  # one look tells what lasts
    monkeypatch.chdir(tmp_path)  # what is saved lands here
    now = datetime.now(UTC)
    over = Outcome(Result.OK, "Revision 10 is deployed")
    for name in ("one", "two"):
        title = "Roll back hub to revision 9"
        await Journal().append(Line(name, "started", now, who="carla", title=title))
        await Journal().append(Line(name, "finished", now, outcome=over))
    known = world.hub()
    for name in ("yu", "zoe"):
        notes = {"hub.jupyter.org/username": name}
        orphan = world.pod(f"jupyter-{name}", "singleuser-server", "hub", 50, annotations=notes)
        known.add("pods", orphan)
    return WalkedApp(prepared.session(prepared.settings(tmp_path), known))


def seen(app: StayingApp) -> tuple[object, ...]:
    """All that a key can change before one's eyes, or in the clipboard."""
    lines = [list(strip) for strip in app.screen._compositor.render_strips()]
    told = [note.message for note in app._notifications]
    return (app.screen, app.screen.focused, lines, told, app.clipboard, app.ended, app.theme)


async def settled(pilot: Pilot[Any], app: StayingApp) -> tuple[object, ...]:
    """What is seen once nothing moves any more."""
    before: tuple[object, ...] = ()
    while before != (now := seen(app)):
        before = now
        await pilot.pause(0.03)
        app._beat()
    return before


async def changes(pilot: Pilot[Any], app: StayingApp, before: tuple[object, ...]) -> bool:
    """Whether something is seen that was not before."""
    for _ in range(30):
        if seen(app) != before:
            return True
        await pilot.pause(0.01)
        app._beat()
    return False


@EVERYWHERE
async def test_each_entry_of_the_footer_does_something(
    app: WalkedApp, path: tuple[str, ...]
) -> None:
    # A plan's parts are too low there to show what each key does.
    async with app.run_test(size=WIDE if "r" in path else NARROW) as pilot:
        await ready(pilot)
        walk = Walk(app, pilot)
        place = await walk.go(path)
        entries = keys.footer_entries(keys.active_commands(app.screen))
        assert len(entries) > 1
        if path not in {PATHS[name] for name in OF_THE_APP}:
            entries = [entry for entry in entries if not is_the_apps(entry)]
        idle = []
        for entry in entries:
            if place_of(app) != place:
                await walk.go(path)
            if not await _does(walk, entry):
                idle.append(entry)
        assert [f"{entry.keys} {entry.words}" for entry in idle] == []


def is_the_apps(entry: FooterEntry) -> bool:
    """Whether the app itself has these keys, on whatever screen."""
    return all(keys.BY_ID[name].scopes == ("app",) for name in entry.ids)


async def _does(walk: Walk, entry: FooterEntry) -> bool:
    """Whether one of an entry's keys changes something; on a first line, up does not."""
    before = await settled(walk.pilot, walk.app)
    for key in entry.presses:
        await walk.press(key)
        if await changes(walk.pilot, walk.app, before):
            return True
    return False


@EVERYWHERE
async def test_help_lists_exactly_the_keys_that_work_and_each_does_one_thing(
    app: WalkedApp, path: tuple[str, ...]
) -> None:
    async with app.run_test(size=(160, 100)) as pilot:
        await ready(pilot)
        await Walk(app, pilot).go(path)
        assert bound_twice(app) == {}
        active = keys.active_commands(app.screen)
        assert len(active) > 3
        if isinstance(app.screen, HelpScreen):
            return  # its own help is not asked for
        app.action_help()
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        text = " ".join(app.screen.document.text.split())
    listed = [command for command in keys.COMMANDS if f" {command.help} " in f" {text} "]
    assert {c.help for c in listed} == {a.command.help for a in active}
    assert all(keys.key_display(a.key) in text for a in active)


def bound_twice(app: WalkedApp) -> dict[str, set[str]]:
    """The keys that mean several commands here."""
    bound: dict[str, set[str]] = defaultdict(set)
    for node, bindings in app.screen._binding_chain:
        for key, found in bindings:
            named = found.id in keys.BY_ID and found.id
            if named and app._check_action_state(found.action, node):
                bound[key].add(named)
    return {key: names for key, names in bound.items() if len(names) > 1}


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


@pytest.mark.parametrize("path", [(), ("2",), ("2", "G"), ("4",)], ids=str)
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
