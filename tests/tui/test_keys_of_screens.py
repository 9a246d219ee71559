"""What footer, help and palette promise is what the keys do, on each screen."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from hubtui.model.plan import Outcome, Result
from hubtui.services.journal import Journal, Line
from hubtui.services.queries_kept import KeptQueries
from hubtui.tui import keys
from hubtui.tui.keys import FooterEntry
from hubtui.tui.screens.help import HelpScreen
from tests.tui import prepared, world
from tests.tui.prepared import PreparedApp, ready
from tests.tui.walk import StayingApp, Walk, place_of
from tests.tui.world_storage import with_storage

WIDE, NARROW = (160, 48), (100, 30)
"""Where the panes are side by side, and where there is one at a time, which is painted faster."""
PATHS: dict[str, tuple[str, ...]] = {
    "releases": (),
    "pods": ("2",),
    "a pod": ("2", "G"),
    "nodes": ("3",),
    "a node": ("3", "G", "enter", "G", "enter"),
    "users": ("4",),
    "a user": ("4", "enter"),
    "storage": ("5",),
    "metrics": ("6",),
    "a plot": ("6", "enter"),
    "what if": ("4", "t"),
    "culling": ("4", "C"),
    "the PromQL line": ("colon", "u"),
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
OF_THE_APP = ("releases", "an upgrade", "a log")
"""Where the app's own keys are pressed too, in a pane, a form and a text: they reach the app from
each screen alike, and `bound_twice` tells where one is taken by another."""


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
    KeptQueries().ask("up")
    known = with_storage(world.hub())
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


@pytest.mark.parametrize("name", PATHS)
async def test_a_key_means_one_thing_is_in_the_help_and_does_what_the_footer_says(
    app: WalkedApp, name: str
) -> None:
    path = PATHS[name]
    # A plan's parts are too low there to show what each key does.
    async with app.run_test(size=WIDE if "r" in path else NARROW) as pilot:
        await ready(pilot)
        walk = Walk(app, pilot)
        place = await walk.go(path)
        assert bound_twice(app) == {}
        active = keys.active_commands(app.screen)
        assert len(active) > 3
        if name != "help":  # its own help is not asked for
            text = await helped(walk)
            listed = {each.help for each in keys.COMMANDS if f" {each.help} " in text}
            assert listed == {each.command.help for each in active}
            assert all(keys.key_display(each.key) in text for each in active)
        entries = keys.footer_entries(active)
        assert len(entries) > 1
        if name not in OF_THE_APP:
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


async def helped(walk: Walk) -> str:
    """What the help of a screen says."""
    walk.app.action_help()
    await walk.pilot.pause()
    assert isinstance(walk.app.screen, HelpScreen)
    text = " ".join(walk.app.screen.document.text.split())
    walk.app.pop_screen()
    await walk.pilot.pause()
    return f" {text} "


def bound_twice(app: WalkedApp) -> dict[str, set[str]]:
    """The keys that mean several commands here."""
    bound: dict[str, set[str]] = defaultdict(set)
    for node, bindings in app.screen._binding_chain:
        for key, found in bindings:
            named = found.id in keys.BY_ID and found.id
            if named and app._check_action_state(found.action, node):
                bound[key].add(named)
    return {key: names for key, names in bound.items() if len(names) > 1}
