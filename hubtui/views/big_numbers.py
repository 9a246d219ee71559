"""Numbers three lines high, drawn with lines."""

from __future__ import annotations

from typing import Final

HEIGHT: Final = 3

_BLANK: Final = "   "
_DRAWN: Final = {
    "0": ("╭─╮", "│ │", "╰─╯"),
    "1": (" ╷ ", " │ ", " ╵ "),
    "2": ("╶─╮", "╭─╯", "╰─╴"),
    "3": ("╶─╮", "╶─┤", "╶─╯"),
    "4": ("╷ ╷", "╰─┤", "  ╵"),
    "5": ("╭─╴", "╰─╮", "╶─╯"),
    "6": ("╭─╴", "├─╮", "╰─╯"),
    "7": ("╶─╮", "  │", "  ╵"),
    "8": ("╭─╮", "├─┤", "╰─╯"),
    "9": ("╭─╮", "╰─┤", "╶─╯"),
    ".": (" ", " ", "."),
    ",": (" ", " ", ","),
    "-": (_BLANK, "╶─╴", _BLANK),
    " ": (" ", " ", " "),
}


def big(text: str, width: int) -> list[str] | None:
    """The text in three lines: what begins it and can be drawn large, the rest at their foot.
    None where that is nothing, or wider than there is room."""
    drawn = 0
    while drawn < len(text) and text[drawn] in _DRAWN:
        drawn += 1
    head, rest = text[:drawn].rstrip(), text[drawn:]
    if not head or not any(sign.isdigit() for sign in head):
        return None
    # A number goes on behind its unit, as in `2 d 4 h`: then large figures would tear it apart.
    if any(sign.isdigit() for sign in rest):
        return None
    lines = ["".join(_DRAWN[sign][row] for sign in head) for row in range(HEIGHT)]
    lines[-1] += f" {rest}" if rest else ""
    return lines if max(map(len, lines)) <= width else None
