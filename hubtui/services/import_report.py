"""What of a dashboard is not shown as Grafana shows it: its own words, and what running it told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubtui.services.board import Board


@dataclass(frozen=True, slots=True)
class Line:
    """One thing: where it is, and what it is."""

    where: str
    words: str


def report(board: Board) -> list[Line]:
    """Everything that is known so far; panels that were not asked yet are counted."""
    found = [Line(where, words) for where, words in board.dashboard.report()]
    found += _of_variables(board)
    waiting = 0
    for section in board.sections:
        found += [Line(section.title or "row", words) for words in section.notes]
        for each in section.panels:
            state = board.panel(each.key)
            where = state.panel.title or f"panel {state.panel.id}"
            waiting += not state.asked
            found += [Line(where, f"query {one.ref}: {one.error.what}") for one in state.errors]
            if not state.errors:
                found += [Line(where, words) for words in state.notes]
    if waiting:
        found.append(Line("dashboard", f"{waiting} panels were not asked yet"))
    return list(dict.fromkeys(found))


def _of_variables(board: Board) -> Iterator[Line]:
    for state in board.variables:
        where = f"${state.variable.name}"
        if state.error is not None:
            yield Line(where, state.error.what)
        for words in state.notes:
            yield Line(where, words)
    for words in board.notes:
        yield Line("dashboard", words)
