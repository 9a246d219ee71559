"""One panel of a dashboard as lines of cells, whatever is known of it: never an empty place without
a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final

from hubtui.model.dashboard import Kind
from hubtui.model.points import finite
from hubtui.model.text import one_line
from hubtui.services.board_panels import PanelError, PanelState
from hubtui.views.cells import EMPTY, SIGN_NOW, SIGN_SOON, Cell, Span, Tone, cell
from hubtui.views.dashboard_heatmap import heatmap_lines
from hubtui.views.dashboard_lines import plot_panel
from hubtui.views.dashboard_numbers import number_lines
from hubtui.views.dashboard_table import table_lines
from hubtui.views.document import Hung, wrap_cell
from hubtui.views.lines import clip, clip_cell, merged, pad, width_of
from hubtui.views.markdown import markdown_lines

RULE: Final = "─"
CHOSEN: Final = "›"
CARET: Final = "^"
_INDENT: Final = 2
_NOTE_FROM: Final = 6
"""Lines of a panel from which on one of them is for its notes."""


def panel_lines(
    state: PanelState, width: int, height: int, now: datetime, *, chosen: bool = False
) -> list[Cell]:
    """The panel in exactly `height` lines of `width` cells: its title, and what it shows."""
    title = title_line(state, width, chosen=chosen)
    return [title, *body_lines(state, width, height - 1, now)][:height]


def title_line(state: PanelState, width: int, *, chosen: bool = False) -> Cell:
    """The title in a rule, with what is wrong at its end; a sign tells the chosen one."""
    tone = Tone.ACCENT if chosen else Tone.MUTED
    end = _trouble(state)
    words = one_line(state.panel.title) or f"Panel {state.panel.id}"
    room = max(0, width - width_of(end) - 6)
    spans: list[Span] = [
        (f"{CHOSEN if chosen else RULE} ", tone),
        (clip(words, room), Tone.ACCENT if chosen else Tone.STRONG),
        (" ", tone),
    ]
    last = ((" ", tone), *end) if end else EMPTY
    rest = width - width_of(spans) - width_of(last)
    return pad(merged([*spans, (RULE * max(0, rest), tone), *last]), width)


def has_numbers(state: PanelState) -> bool:
    """Whether there is anything to draw: a line, or a row of a table."""
    return bool(state.lines) or any(frame.length for frame in state.frames)


def _trouble(state: PanelState) -> Cell:
    if not state.errors:
        return EMPTY
    if has_numbers(state):
        letters = ", ".join(dict.fromkeys(each.ref for each in state.errors))
        return cell(f"{SIGN_SOON} no answer to {letters}", Tone.SOON)
    return cell(f"{SIGN_NOW} no answer", Tone.NOW)


def body_lines(state: PanelState, width: int, height: int, now: datetime) -> list[Cell]:
    """What stands below the title, in exactly `height` lines."""
    notes = _notes(state)
    shows = state.panel.kind not in (Kind.TEXT, Kind.UNSUPPORTED)
    drawable = shows and has_numbers(state)
    below: list[Cell] = []
    if drawable and notes and height >= _NOTE_FROM:
        below = [clip_cell(cell("; ".join(notes), Tone.MUTED), width)]
    room = height - len(below)
    found = _drawn(state, width, room, now) if drawable else []
    if not found:
        found = list(_wrapped(words_instead(state), width))
        below = []
    if len(found) > height - len(below):
        found = [*found[: max(0, height - len(below) - 1)], cell("…", Tone.MUTED)]
    blank = [EMPTY] * (height - len(below) - len(found))
    return [pad(line, width) for line in [*found, *blank, *below]][: max(0, height)]


def _notes(state: PanelState) -> list[str]:
    return [one_line(each) for each in (*state.panel.notes, *state.notes)]


_DRAW: Final[dict[Kind, Callable[[PanelState, int, int, datetime], list[Cell]]]] = {
    Kind.TIMESERIES: plot_panel,
    Kind.STAT: number_lines,
    Kind.GAUGE: number_lines,
    Kind.BARGAUGE: number_lines,
    Kind.TABLE: table_lines,
    Kind.HEATMAP: lambda state, width, height, _: heatmap_lines(state, width, height),
}


def _drawn(state: PanelState, width: int, height: int, now: datetime) -> list[Cell]:
    if state.panel.kind is Kind.TIMESERIES and not state.lines:
        # What has no time any more, after its transformations, can only be read.
        return table_lines(state, width, height, now)
    return _DRAW[state.panel.kind](state, width, height, now)


def words_instead(state: PanelState) -> Iterator[Cell | Hung]:
    """What is told where there are no numbers: the text of a text panel, why nothing is drawn,
    what is wrong with a query."""
    panel = state.panel
    if panel.kind is Kind.TEXT:
        yield from markdown_lines(panel.content or panel.description or "No text.")
        return
    if panel.kind is Kind.UNSUPPORTED:
        yield from _told(_notes(state), Tone.SOON)
        return
    if state.errors:
        for each in state.errors:
            yield from error_lines(each, several=len(panel.targets) > 1)
        yield from _told(_notes(state), Tone.MUTED)
    elif not panel.targets:
        yield cell("It asks Prometheus nothing.", Tone.SOON)
        yield from _told(_notes(state), Tone.MUTED)
    elif not state.asked:
        yield cell("Asking …", Tone.MUTED)
    elif has_numbers(state):
        if any(finite(line.points) for line in state.lines) or not state.lines:
            yield cell("Its numbers have no room here, or none of them is shown.", Tone.MUTED)
        else:
            yield cell("None of its samples is a number that can be drawn.", Tone.MUTED)
    else:
        yield cell("Nothing in this time.", Tone.MUTED)
        yield from _told(_notes(state), Tone.MUTED)


def _told(notes: Iterable[str], tone: Tone) -> Iterator[Hung]:
    for note in notes:
        begins = note.partition(" ")[0].isalpha()  # the name of a metric stays as it is
        words = note[:1].upper() + note[1:] if begins else note
        end = "" if words.endswith((".", "?", ":")) else "."
        yield Hung(cell(f"{words}{end}", tone), _INDENT)


def error_lines(failed: PanelError, *, several: bool = False) -> Iterator[Cell | Hung]:
    """What is wrong with a query; where its place is known, the line of it with a caret below."""
    error = failed.error
    lead = f"{failed.ref}: " if several else ""
    yield Hung(((f"{SIGN_NOW} ", Tone.NOW), (one_line(f"{lead}{error.what}"), Tone.PLAIN)), _INDENT)
    position = getattr(error, "position", None)
    if isinstance(position, int) and 0 <= position <= len(failed.query):
        yield from _marked(failed.query, position)
    for words in (error.meaning, error.remedy):
        if words:
            yield Hung(cell(words, Tone.MUTED), _INDENT)


_AROUND: Final = 30
"""Characters of a query that are shown before and after the place of an error."""


def _marked(query: str, position: int) -> Iterator[Cell]:
    start = query.rfind("\n", 0, position) + 1
    end = query.find("\n", position)
    line = query[start : end if end >= 0 else len(query)]
    at = position - start
    first = max(0, at - _AROUND)
    before = "…" if first else ""
    shown = line[first : at + _AROUND]
    after = "…" if at + _AROUND < len(line) else ""
    # Signs of one cell for each character, so that the caret stands below the right one.
    flat = "".join(sign if sign.isprintable() else " " for sign in shown)
    yield ((f"{before}{flat}{after}", Tone.ACCENT),)
    yield ((" " * (len(before) + at - first) + CARET, Tone.NOW),)


def _wrapped(lines: Iterable[Cell | Hung], width: int) -> Iterator[Cell]:
    for line in lines:
        bare, indent = (line.cell, line.indent) if isinstance(line, Hung) else (line, None)
        if width_of(bare) <= width:
            yield bare
        else:
            yield from wrap_cell(bare, max(1, width), indent)
