"""Cells: text with a tone. What the tone looks like is the theme's business."""

from __future__ import annotations

from enum import StrEnum

from hubtui.model.text import one_line


class Tone(StrEnum):
    """What a piece of text says beyond its words; never the only carrier of that meaning.

    The lines of a plot have TOOL, then LINE_2 and so on: hues that say no state.
    """

    PLAIN = "plain"
    STRONG = "strong"
    MUTED = "muted"
    FINE = "fine"
    SOON = "soon"
    NOW = "now"
    TOOL = "tool"
    WAITING = "waiting"
    ACCENT = "accent"
    LINE_2 = "line-2"
    LINE_3 = "line-3"
    LINE_4 = "line-4"


Span = tuple[str, Tone]
Cell = tuple[Span, ...]

EMPTY: Cell = ()

SIGN_FINE = "●"
SIGN_PAST = "○"
SIGN_WAITING = "◌"
SIGN_SOON = "▲"
SIGN_NOW = "✗"
SIGN_UNKNOWN = "?"

ASCII_SIGNS = {
    SIGN_FINE: "*",
    SIGN_PAST: "o",
    SIGN_WAITING: "~",
    SIGN_SOON: "!",
    SIGN_NOW: "x",
    "━": "=",
    "─": "-",
    "═": "#",
    "╍": ":",
    "·": "-",
    "…": "~",
    "└": "`",
    "▸": ">",
    "▾": "v",
    "→": ">",
    "←": "<",
    "›": ">",
    "≥": ">=",
    "↑": "^",
    "↓": "v",
    "×": "x",
    "■": "#",
    "◆": "@",
    "◇": "o",
    "□": "%",
    "┤": "+",
    "├": "+",
    "┴": "+",
    "┘": "+",
    "┊": ":",
    "╌": "-",
}
"""What stands for a sign where the terminal's encoding is not UTF-8."""


def cell(text: str, tone: Tone = Tone.PLAIN) -> Cell:
    """One span of text from inside or outside, on one line."""
    return ((one_line(text), tone),) if text else EMPTY


def join(*cells: Cell) -> Cell:
    """Several cells as one, with a space between those that are not empty."""
    joined: list[Span] = []
    for part in cells:
        if part:
            if joined:
                joined.append((" ", Tone.PLAIN))
            joined.extend(part)
    return tuple(joined)


def plain(cell_: Cell) -> str:
    """The words of a cell without its tones: for search, export and headless output."""
    return "".join(text for text, _ in cell_)
