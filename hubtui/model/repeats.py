"""Rows and panels that stand once for each value of a variable, with their texts filled in.

Source: Grafana 11, "Configure repeating rows" and "Configure repeating panels".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hubtui.model.dashboard import COLUMNS, Dashboard, Grid, Panel, Section
from hubtui.model.dashboard_words import Chosen, Values, shown

MOST: Final = 60
"""Times that one row or panel is repeated at most."""


@dataclass(frozen=True, slots=True)
class PlacedPanel:
    """A panel where it stands. `key` tells it from all others of its dashboard, also when it is
    repeated; `own` are the variables that have one value in it alone."""

    key: str
    panel: Panel
    own: Mapping[str, Chosen] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlacedSection:
    """A row with its panels. `y` of their grids counts from the dashboard's top, as it is written;
    what a repeated one adds moves those below it in the same row. `notes` tell what was left
    out."""

    key: str
    title: str
    panels: tuple[PlacedPanel, ...]
    collapsed: bool = False
    notes: tuple[str, ...] = ()


def placed(dashboard: Dashboard, values: Values) -> tuple[PlacedSection, ...]:
    """The rows of a dashboard as they stand with these values of its variables."""
    counts = Counter(panel.id for panel in dashboard.panels)
    numbers = iter(range(1, len(dashboard.panels) + 1))
    found: list[PlacedSection] = []
    for index, section in enumerate(dashboard.sections):
        keys = []
        for panel, number in zip(section.panels, numbers, strict=False):
            sole = panel.id and counts[panel.id] == 1
            keys.append(str(panel.id) if sole else f"{panel.id}.{number}")
        found += _placed(section, str(index), keys, values)
    return tuple(found)


def _placed(
    section: Section, key: str, keys: Sequence[str], values: Values
) -> Iterator[PlacedSection]:
    for name, own, notes in _each(section.repeat, values):
        inner = {**values, **own}
        panels: list[PlacedPanel] = []
        down = 0
        for panel, panel_key in zip(section.panels, keys, strict=True):
            low = replace(panel, grid=replace(panel.grid, y=panel.grid.y + down))
            copies, more, told = _repeated(low, panel_key + name, inner, own)
            panels += copies
            down += more
            notes = (*notes, *told)
        yield PlacedSection(
            key + name, shown(section.title, inner), tuple(panels), section.collapsed, notes
        )


Copy = tuple[str, Mapping[str, Chosen], tuple[str, ...]]


def _each(variable: str, values: Values) -> list[Copy]:
    """What is added to the key, the value that is its own, and what is to be told."""
    chosen = values.get(variable)
    if not variable or chosen is None:
        told = (f"it is repeated by ${variable}, which is no variable",) if variable else ()
        return [("", {}, told)]
    if not chosen.values:
        return [("", {}, (f"${variable} has no values: it stands once",))]
    told = ()
    if len(chosen.values) > MOST:
        told = (f"the first {MOST} of {len(chosen.values):,} values of ${variable}",)
    return [
        (
            f"/{variable}={value}",
            {variable: Chosen(chosen.variable, (value,))},
            told if index == 0 else (),
        )
        for index, value in enumerate(chosen.values[:MOST])
    ]


def _repeated(
    panel: Panel, key: str, values: Values, own: Mapping[str, Chosen]
) -> tuple[list[PlacedPanel], int, list[str]]:
    """A panel as often as it stands, by how many lines of the grid the next ones are lower, and
    notes."""
    copies = _each(panel.repeat, values)
    count = len(copies)
    grid = panel.grid
    notes: list[str] = []
    found = []
    across = 1 if panel.repeat_down else min(count, panel.per_row)
    width = grid.width if count == 1 or panel.repeat_down else COLUMNS // across
    for index, (name, more, told) in enumerate(copies):
        notes += [f"{panel.title or panel.id}: {words}" for words in told]
        at = grid
        if panel.repeat and count > 1:
            x = grid.x if panel.repeat_down else index % across * width
            at = replace(grid, x=x, y=grid.y + index // across * grid.height, width=width)
        inner = {**own, **more}
        found.append(PlacedPanel(key + name, _worded(panel, at, {**values, **more}), inner))
    lines = -(-count // across)
    return found, (lines - 1) * grid.height, notes


def _worded(panel: Panel, grid: Grid, values: Values) -> Panel:
    return replace(
        panel,
        grid=grid,
        title=shown(panel.title, values),
        description=shown(panel.description, values),
        content=shown(panel.content, values),
    )
