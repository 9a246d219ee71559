"""The registry is the one place of keys: nothing clashes, everything has its words."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from textual.app import App
from textual.screen import Screen

from hubtui.tui import keys
from hubtui.tui.keys import BY_ID, COMMANDS, LAYERS, Active


def test_ids_are_unique_and_every_scope_is_in_a_layer() -> None:
    assert len(BY_ID) == len(COMMANDS)
    known = {scope for layers in LAYERS.values() for scope in layers}
    assert {scope for command in COMMANDS for scope in command.scopes} <= known


def test_no_key_has_two_meanings_where_it_is_pressed() -> None:
    assert keys.keymap_errors({}) == []


def test_every_command_says_what_it_does() -> None:
    for command in COMMANDS:
        assert command.title
        assert command.help
        assert "!" not in command.help
        assert not command.footer or command.weight > 0


def test_a_danger_is_never_reached_by_enter_or_space() -> None:
    for command in COMMANDS:
        if command.danger:
            assert not {"enter", "space"} & set(command.keys)


def test_what_is_wrong_with_a_keymap_is_said() -> None:
    assert keys.keymap_errors({"rollback": "b"}) == []
    assert keys.keymap_errors({"roll": "b"}) == [
        "There is no command roll; `hubtui config` lists them."
    ]
    assert keys.keymap_errors({"rollback": "e"}) == [
        "The key e is asked for by events and by rollback."
    ]


def test_the_registry_does_not_load_textual() -> None:
    code = (
        "import sys, hubtui.tui.keys as k; k.markdown_table();"
        "sys.exit(any(m.split('.')[0] in ('textual', 'rich') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_readme_names_every_key() -> None:
    table = keys.markdown_table()
    for command in COMMANDS:
        assert f"`{keys.key_display(command.keys[0])}`" in table or " " in keys.key_display(
            command.keys[0]
        )
        assert command.help in table


def test_the_footer_joins_what_belongs_together() -> None:
    shown = ["focus-releases", "focus-pods", "up", "down", "next-change", "previous-change"]
    entries = keys.footer_entries([Active(BY_ID[name], BY_ID[name].keys[0]) for name in shown])
    assert [(entry.keys, entry.words) for entry in entries] == [
        ("1-2", "pane"),
        ("↑↓", "move"),
        ("n N", "next, previous"),
    ]


def test_an_entry_is_dim_when_none_of_its_commands_may_run() -> None:
    rollback = Active(BY_ID["rollback"], "r", enabled=False)
    assert not keys.footer_entries([rollback])[0].enabled
    assert keys.footer_entries([replace(rollback, enabled=True)])[0].enabled


class _App(App[None], inherit_bindings=False):
    BINDINGS = keys.bindings("app")

    def __init__(self) -> None:
        super().__init__()
        self.asked = Counter[str]()

    def action_ask_quit(self) -> None:
        self.asked["quit"] += 1

    def action_other_hub(self) -> None:
        self.asked["other-hub"] += 1


async def test_a_key_can_be_moved_and_no_key_quits_without_asking() -> None:
    app = _App()
    async with app.run_test() as pilot:
        app.set_keymap({"other-hub": "X"})
        await pilot.press("H", "X", "q", "ctrl+q", "ctrl+c")
        assert app.asked == {"other-hub": 1, "quit": 3}
        names = {active.command.id: active.key for active in keys.active_commands(app.screen)}
        assert names["other-hub"] == "X"


async def test_the_palette_offers_our_commands_and_nothing_of_textuals_but_the_theme() -> None:
    app = _App()
    async with app.run_test():
        screen: Screen[object] = app.screen
        titles = [command.title for command in keys.system_commands(app, screen)]
    assert "Other hub  (H)" in titles
    assert "Theme" in titles
    assert not {"Screenshot", "Keys", "Maximize"} & set(titles)


def test_the_readme_holds_the_table_of_keys() -> None:
    readme = Path(__file__).parents[2] / "README.md"
    assert keys.markdown_table() in readme.read_text(encoding="utf-8")
