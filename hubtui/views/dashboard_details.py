"""All of one panel: its numbers in full, what it asks, what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from hubtui.model.dashboard import Kind
from hubtui.model.text import one_line
from hubtui.services.board_panels import PanelState
from hubtui.views.cells import EMPTY, Cell, Tone, cell
from hubtui.views.dashboard_lines import plot_panel
from hubtui.views.dashboard_numbers import number_lines
from hubtui.views.dashboard_panel import body_lines, has_numbers, words_instead
from hubtui.views.dashboard_table import table_lines
from hubtui.views.document import INDENT, Hung, fact, heading

_TALL: Final = 24
_ALL: Final = 5_000
"""Lines that a table or a list may have."""


def panel_details(state: PanelState, width: int, now: datetime) -> Iterator[Cell | Hung]:
    """The panel as a document of that width."""
    if has_numbers(state):
        yield from _numbers(state, width, now)
    else:
        yield from words_instead(state)
    panel = state.panel
    if panel.description and panel.kind is not Kind.TEXT:
        yield EMPTY
        yield cell(panel.description)
    notes = [*panel.notes, *state.notes]
    if has_numbers(state) and (notes or state.errors):
        yield EMPTY
        yield heading("What is missing")
        for failed in state.errors:
            yield Hung(cell(f"{INDENT}query {failed.ref}: {failed.error.what}", Tone.SOON), 4)
        for note in notes:
            yield Hung(cell(f"{INDENT}{note}", Tone.MUTED), 4)
    yield from _asked(state)


def _numbers(state: PanelState, width: int, now: datetime) -> Iterator[Cell]:
    kind = state.panel.kind
    if kind is Kind.TABLE or (kind is Kind.TIMESERIES and not state.lines):
        yield from table_lines(state, width, _ALL, now)
    elif kind is Kind.TIMESERIES:
        yield from plot_panel(state, width, _TALL, now)
    elif kind in (Kind.GAUGE, Kind.BARGAUGE, Kind.STAT):
        yield from number_lines(state, width, max(_ALL, _TALL), now)
    else:
        yield from body_lines(state, width, _TALL, now)


def _asked(state: PanelState) -> Iterator[Cell | Hung]:
    sent = dict(state.queries)
    if not state.panel.targets:
        return
    yield EMPTY
    yield heading("What it asks")
    for target in state.panel.targets:
        if target.hidden:
            continue
        query = sent.get(target.ref, target.expr)
        name = f"{target.ref}{' now' if target.instant else ''}"
        yield fact(name, cell(one_line(" ".join(query.split())), Tone.ACCENT), 6)
    if state.step is not None and state.window is not None:
        step = f"{state.step.total_seconds():g} s"
        start, end = (each.astimezone() for each in (state.window.start, state.window.end))
        words = f"from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}, each {step}"
        yield fact("time", cell(words, Tone.MUTED), 6)
