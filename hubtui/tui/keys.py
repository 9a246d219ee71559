"""One registry of commands: the keys, the footer, the palette, the help screen and the README.

A command's id is what a user's keymap names (`keys.rollback = "b"`); it is also the id of its
Textual binding, so that `App.set_keymap` moves it. Nothing here imports Textual until bindings are
made: the README and the headless commands read the registry too.

What Textual binds by itself and hubtui does not keep:

* `ctrl+q` quits without asking and `ctrl+c` copies a selection or shows a hint: both ask like `q`
  here. The classes of the app and of its screens say `inherit_bindings=False`.
* `tab` and `shift+tab` walk through every widget of a screen: here they walk through the panes, and
  through the parts of a plan.
* The arrows, home, end and page keys of scrolling containers: a live table moves its cursor.
* Of the palette's own entries only Theme stays: Quit does not ask, Screenshot writes to the disk,
  Keys and Maximize have hubtui's own `?` and `z`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from hubtui.tui.command import LAYERS, Command
from hubtui.tui.commands import COMMANDS

if TYPE_CHECKING:
    from textual.app import App, SystemCommand
    from textual.binding import ActiveBinding, BindingType
    from textual.dom import DOMNode
    from textual.screen import Screen

__all__ = [
    "BY_ID",
    "COMMANDS",
    "LAYERS",
    "Active",
    "Command",
    "FooterEntry",
    "active_commands",
    "bindings",
    "fit_footer",
    "footer_entries",
    "key_display",
    "keymap_errors",
    "markdown_table",
    "system_commands",
]

BY_ID: Mapping[str, Command] = {command.id: command for command in COMMANDS}

_PRINTED = {
    "slash": "/",
    "question_mark": "?",
    "exclamation_mark": "!",
    "colon": ":",
    "plus": "+",
    "minus": "-",
    "less_than_sign": "<",
    "greater_than_sign": ">",
}
_NAMES = _PRINTED | {
    "escape": "esc",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "page up",
    "pagedown": "page down",
}


@dataclass(frozen=True, slots=True)
class Active:
    """A command that applies now, with the key that reaches it; `enabled` as Textual sees it.

    `node` is the widget, screen or app whose action it calls.
    """

    command: Command
    key: str
    enabled: bool = True
    node: DOMNode | None = None


@dataclass(frozen=True, slots=True)
class FooterEntry:
    """One entry of the footer: its commands, keys and words; the lowest weight is cut first.

    `presses` are Textual's names of the keys, for the mouse.
    """

    ids: tuple[str, ...]
    presses: tuple[str, ...]
    keys: str
    words: str
    weight: int
    enabled: bool = True

    @property
    def width(self) -> int:
        """Terminal cells; keys and words are our own, one cell a character."""
        return len(self.keys) + 1 + len(self.words)


def key_display(key: str) -> str:
    """A key as it is written on the screen and in the README."""
    *modifiers, name = key.split("+")
    return "+".join([*modifiers, _NAMES.get(name, name)])


def bindings(*scopes: str) -> list[BindingType]:
    """The Textual bindings of the commands that belong to one of the scopes."""
    from textual.binding import Binding

    wanted = set(scopes)
    return [
        Binding(
            ",".join(command.keys),
            command.action,
            command.title,
            show=bool(command.footer),
            tooltip=command.help,
            id=command.id,
            priority=command.priority,
        )
        for command in COMMANDS
        if wanted.intersection(command.scopes)
    ]


def active_commands(screen: Screen[Any]) -> list[Active]:
    """The commands that can be reached from the screen's focus, in the registry's order.

    Read from the effective bindings: a remapped key counts, one that a field takes as text does
    not. Of several keys the command's first one is named.
    """
    found: dict[str, list[Active]] = {}
    for key, active in screen.active_bindings.items():
        command = BY_ID.get(active.binding.id or "")
        if command is not None and _is_there(active) and not _is_typed(screen, key):
            found.setdefault(command.id, []).append(
                Active(command, key, active.enabled, active.node)
            )
    return [min(found[c.id], key=_rank) for c in COMMANDS if c.id in found]


def _rank(active: Active) -> int:
    written = [_PRINTED.get(key, key) for key in active.command.keys]
    key = _PRINTED.get(active.key, active.key)
    return written.index(key) if key in written else len(written)


def _is_typed(screen: Screen[Any], key: str) -> bool:
    character = _PRINTED.get(key, key)
    field = screen.focused
    return field is not None and len(character) == 1 and field.check_consume_key(key, character)


def _is_there(active: ActiveBinding) -> bool:
    name = active.binding.action.partition("(")[0].rpartition(".")[2]
    return any(hasattr(active.node, f"{prefix}action_{name}") for prefix in ("", "_"))


def footer_entries(active: Iterable[Active]) -> list[FooterEntry]:
    """The footer's entries; commands that stand together with the same words share one."""
    shown = sorted((a for a in active if a.command.footer), key=_place)
    entries = []
    for words, group in groupby(shown, key=lambda a: a.command.footer):
        members = list(group)
        entries.append(
            FooterEntry(
                ids=tuple(member.command.id for member in members),
                presses=tuple(member.key for member in members),
                keys=_together([key_display(member.key) for member in members]),
                words=words,
                weight=max(member.command.weight for member in members),
                enabled=any(member.enabled for member in members),
            )
        )
    return entries


def fit_footer(entries: Sequence[FooterEntry], width: int, between: int) -> list[FooterEntry]:
    """The entries that fit into `width` cells, `between` cells apart, in their order."""
    shown = list(entries)
    while shown and sum(e.width for e in shown) + between * (len(shown) - 1) > width:
        shown.remove(min(shown, key=lambda entry: entry.weight))
    return shown


def _place(active: Active) -> int:
    return COMMANDS.index(active.command)


def _together(keys: Sequence[str]) -> str:
    if len(keys) > 1 and all(key.isdecimal() for key in keys):
        numbers = [int(key) for key in keys]
        if numbers == list(range(numbers[0], numbers[-1] + 1)):
            return f"{keys[0]}-{keys[-1]}"
    arrows = all(key in "↑↓←→" for key in keys)
    return "".join(keys) if arrows else " ".join(keys)


def system_commands(app: App[Any], screen: Screen[Any]) -> Iterable[SystemCommand]:
    """The palette's entries: what applies on the screen, and the choice of a theme.

    For `App.get_system_commands`, which otherwise offers Textual's own.
    """
    from textual.app import SystemCommand

    for active in active_commands(screen):
        command = active.command
        if command.palette and active.enabled:
            run = partial(app.run_action, command.action, active.node)
            # No brackets: the palette takes a title for markup, and `[/]` for an error.
            title = f"{command.title}  ({key_display(active.key)})"
            yield SystemCommand(title, command.help, run)
    yield SystemCommand("Theme", "Change the colours", app.action_change_theme)


def markdown_table() -> str:
    """The table of keys for the README."""
    lines = ["| keys | what |", "|---|---|"]
    group = ""
    for command in sorted(COMMANDS, key=lambda command: _groups().index(command.group)):
        if command.group != group:
            group = command.group
            lines.append(f"| **{group}** | |")
        shown = " ".join(f"`{key_display(key)}`" for key in command.keys)
        lines.append(f"| {shown} | {command.help} |")
    return "\n".join(lines) + "\n"


def _groups() -> list[str]:
    return list(dict.fromkeys(command.group for command in COMMANDS))


def keymap_errors(keymap: Mapping[str, str]) -> list[str]:
    """What is wrong with a user's keymap, in sentences; an empty list is a good keymap."""
    errors = [
        f"There is no command {name}; `hubtui config` lists them."
        for name in keymap
        if name not in BY_ID
    ]
    for layers in LAYERS.values():
        errors.extend(_clashes(layers, keymap))
    return list(dict.fromkeys(errors))


def _clashes(layers: Sequence[str], keymap: Mapping[str, str]) -> Iterable[str]:
    taken: dict[str, str] = {}
    for command in COMMANDS:
        if not set(layers).intersection(command.scopes):
            continue
        for key in keymap.get(command.id, ",".join(command.keys)).split(","):
            other = taken.setdefault(key.strip(), command.id)
            if other != command.id:
                yield f"The key {key_display(key)} is asked for by {other} and by {command.id}."
