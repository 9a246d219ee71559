"""The lines that differ between two texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from hubtui.model.diff_lists import opcodes

CONTEXT = 2
"""Unchanged lines that are shown around a change."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `-` of the old text, `+` of the new, a space of both, `@` for lines left out."""

    sign: Literal["-", "+", " ", "@"]
    text: str


def line_diff(
    before: str, after: str, shown_before: str | None = None, shown_after: str | None = None
) -> tuple[Line, ...]:
    """The lines that differ, with a little context.

    `shown_*` are the same texts as they may be shown (masked): the comparison is of the true
    lines, so that a changed secret is a changed line. Empty when the two do not fit line by line.
    """
    old, new = before.split("\n"), after.split("\n")
    old_shown = old if shown_before is None else shown_before.split("\n")
    new_shown = new if shown_after is None else shown_after.split("\n")
    if old[-1] == new[-1] == old_shown[-1] == new_shown[-1] == "":
        # What follows the last line end is no line.
        old, new, old_shown, new_shown = old[:-1], new[:-1], old_shown[:-1], new_shown[:-1]
    if len(old) != len(old_shown) or len(new) != len(new_shown):
        return ()
    return tuple(_lines(opcodes(old, new), old_shown, new_shown))


def _lines(
    codes: Sequence[tuple[str, int, int, int, int]], old: Sequence[str], new: Sequence[str]
) -> Iterator[Line]:
    last = len(codes) - 1
    for index, (tag, old_from, old_to, new_from, new_to) in enumerate(codes):
        if tag != "equal":
            yield from (Line("-", text) for text in old[old_from:old_to])
            yield from (Line("+", text) for text in new[new_from:new_to])
            continue
        head = 0 if index == 0 else CONTEXT
        tail = 0 if index == last else CONTEXT
        left_out = old_to - old_from - head - tail
        if left_out <= 1:
            yield from (Line(" ", text) for text in old[old_from:old_to])
            continue
        yield from (Line(" ", text) for text in old[old_from : old_from + head])
        yield Line("@", f"{left_out} lines the same")
        yield from (Line(" ", text) for text in old[old_to - tail : old_to])
