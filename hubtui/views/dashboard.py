"""A dashboard as lines of cells: its rows with their panels, as they stand on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from hubtui.model.dashboard import VariableKind
from hubtui.model.dashboard_words import words_of
from hubtui.model.text import one_line
from hubtui.services import import_report
from hubtui.services.board_variables import VariableState
from hubtui.views.cells import EMPTY, SIGN_SOON, Cell, Span, Tone, cell
from hubtui.views.dashboard_layout import GAP, Arrangement, Place, Title
from hubtui.views.dashboard_panel import CHOSEN
from hubtui.views.document import Hung
from hubtui.views.lines import clip, clip_cell, merged, pad

FOLDED: Final = "▸"
UNFOLDED: Final = "▾"

_LONGEST_VALUE: Final = 24

Draw = Callable[[Place], Sequence[Cell]]
"""The lines of a panel, as many as its place has and as wide."""


def row_line(title: Title, width: int, *, chosen: bool = False) -> Cell:
    """The title of a row: whether it is folded, and how many panels it has."""
    sign = FOLDED if title.folded else UNFOLDED
    count = f"{title.panels} panels" if title.panels != 1 else "1 panel"
    notes = "; ".join(title.notes)
    tone = Tone.ACCENT if chosen else Tone.STRONG
    spans: list[Span] = [
        (f"{CHOSEN} " if chosen else "", Tone.ACCENT),
        (f"{sign} {one_line(title.words)}", tone),
        (f"  {count}", Tone.MUTED),
    ]
    if notes:
        spans.append((f"  {SIGN_SOON} {one_line(notes)}", Tone.SOON))
    return pad(merged(spans), width)


def lines_between(
    arrangement: Arrangement, width: int, top: int, bottom: int, draw: Draw, chosen: str = ""
) -> list[Cell]:
    """The lines of a dashboard from `top` on, before `bottom`; only the panels that are seen there
    are drawn."""
    titles = {each.y: each for each in arrangement.titles if top <= each.y < bottom}
    seen = [(place, draw(place)) for place in arrangement.within(top, bottom)]
    seen.sort(key=lambda pair: pair[0].x)
    found = []
    for y in range(top, bottom):
        if (title := titles.get(y)) is not None:
            found.append(row_line(title, width, chosen=title.key == chosen))
            continue
        found.append(pad(merged(_across(seen, y)), width))
    return found


def _across(seen: Sequence[tuple[Place, Sequence[Cell]]], y: int) -> Iterator[Span]:
    """The line of each panel that has one there, side by side."""
    at = 0
    for place, lines in seen:
        row = y - place.y
        if 0 <= row < len(lines):
            if place.x > at:
                yield " " * (place.x - at), Tone.PLAIN
            yield from lines[row]
            at = place.x + place.width


def variables_line(variables: Sequence[VariableState], width: int) -> Cell:
    """The variables with what they stand for; one that has an error says so. There is one
    Prometheus, so which one is not said each time."""
    spans: list[Span] = []
    for state in variables:
        if state.variable.hidden or state.variable.kind is VariableKind.DATASOURCE:
            continue
        value = clip(one_line(words_of(state.chosen)) or "none", _LONGEST_VALUE)
        if spans:
            spans.append((" " * GAP, Tone.PLAIN))
        spans.append((f"{one_line(state.variable.title)} ", Tone.MUTED))
        spans.append((value, Tone.STRONG))
        if state.error is not None:
            spans.append((f" {SIGN_SOON}", Tone.SOON))
    return clip_cell(tuple(spans), width) if spans else EMPTY


def report_lines(left: Sequence[import_report.Line]) -> list[Cell | Hung]:
    """The import report: what is not shown as Grafana shows it, by where it is."""
    if not left:
        return [cell("Everything of it is shown.", Tone.MUTED)]
    return [
        Hung(((f"{one_line(each.where)}: ", Tone.STRONG), *cell(each.words)), 2) for each in left
    ]


def headline(time: tuple[str, str]) -> Cell:
    """Which time is looked at."""
    start, end = time
    if end == "now" and start.startswith("now-"):
        return cell(f"last {start.removeprefix('now-')}", Tone.MUTED)
    return cell(f"{start} to {end}", Tone.MUTED)


def note(told: int, last: int, height: int) -> Cell:
    """How much of it was seen, and how much the import report tells."""
    spans: list[Span] = []
    if last < height:
        spans.append((f"{last} of {height} lines", Tone.MUTED))
    if told:
        words = f"{told} notes in the report" if told > 1 else "1 note in the report"
        spans += [(" · ", Tone.MUTED)] if spans else []
        spans.append((words, Tone.SOON))
    return tuple(spans)
