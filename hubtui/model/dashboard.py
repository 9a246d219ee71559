"""A Grafana dashboard as far as a terminal can show it.

Source: Grafana 11, dashboard JSON model (schemaVersion 39), and the panels of Grafana 5 to 7
(schemaVersion 14 to 26); facts.md §8.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

COLUMNS: Final = 24
"""Columns of Grafana's grid."""


class Kind(StrEnum):
    """What a panel is drawn as."""

    TIMESERIES = "timeseries"
    STAT = "stat"
    GAUGE = "gauge"
    BARGAUGE = "bargauge"
    TABLE = "table"
    HEATMAP = "heatmap"
    TEXT = "text"
    UNSUPPORTED = "unsupported"


class Format(StrEnum):
    """What an answer is taken as."""

    SERIES = "time_series"
    TABLE = "table"
    HEATMAP = "heatmap"


@dataclass(frozen=True, slots=True)
class Grid:
    """Where a panel stands, in Grafana's grid of 24 columns; a line has some 30 pixels."""

    x: int = 0
    y: int = 0
    width: int = 12
    height: int = 8


@dataclass(frozen=True, slots=True)
class Threshold:
    """From a value on (None: from the start) numbers have a colour, as Grafana names it."""

    value: float | None
    colour: str


@dataclass(frozen=True, slots=True)
class ValueMapping:
    """A text in the place of a value, of values between two, or of what has no number."""

    words: str
    value: str = ""
    least: float | None = None
    most: float | None = None
    special: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """How numbers of a field are shown: with `limited` its thresholds are lines in a plot, on the
    `right` it has an axis of its own, and `apart` it stands on no other in a panel that stacks. Its
    line goes on over `bridged` seconds without a sample, infinitely many if need be."""

    unit: str = ""
    decimals: int | None = None
    least: float | None = None
    most: float | None = None
    thresholds: tuple[Threshold, ...] = ()
    percentage: bool = False
    mappings: tuple[ValueMapping, ...] = ()
    name: str = ""
    hidden: bool = False
    no_value: str = ""
    limited: bool = False
    right: bool = False
    apart: bool = False
    bridged: float = 0.0

    def mapped(self, value: float | None) -> str:
        """The text that stands for a value; empty where the number itself does."""
        for each in self.mappings:
            if _is_for(each, value):
                return each.words
        return self.no_value if value is None else ""

    def colour_of(self, value: float) -> str:
        """The colour of the threshold that a value has passed; empty where there is none."""
        passed = [t for t in self.limits if t.value is None or value >= t.value]
        return passed[-1].colour if passed else ""

    @property
    def limits(self) -> tuple[Threshold, ...]:
        """The thresholds; those that are shares of the least and the most as the values that they
        stand for, none where these are not told."""
        if not self.percentage:
            return self.thresholds
        low, high = self.least, self.most
        if low is None or high is None or high <= low:
            return ()
        return tuple(
            each if each.value is None
            else Threshold(low + each.value / 100 * (high - low), each.colour)
            for each in self.thresholds
        )  # fmt: skip


def _is_for(mapping: ValueMapping, value: float | None) -> bool:
    if mapping.special:
        nothing = value is None or value != value
        return {
            "null": value is None,
            "nan": value is not None and nothing,
            "null+nan": nothing,
            "true": value == 1,
            "false": value == 0,
        }.get(mapping.special, False)
    if value is None:
        return mapping.value == "null"
    if mapping.value:
        try:
            return float(mapping.value) == value
        except ValueError:
            return False
    if mapping.least is None and mapping.most is None:
        return False
    above = mapping.least is None or value >= mapping.least
    return above and (mapping.most is None or value <= mapping.most)


@dataclass(frozen=True, slots=True)
class Override:
    """Another look for the fields that match; `changes` are fields of `Look`."""

    how: str
    pattern: str
    changes: dict[str, Any] = field(default_factory=dict)

    def matches(self, name: str, ref: str) -> bool:
        """Whether it is for a field: by its name, a pattern of it, or the query it is from."""
        if self.how == "byRegexp":
            try:
                return re.search(_pattern(self.pattern), name) is not None
            except re.error:
                return False
        if self.how == "byFrameRefID":
            return self.pattern == ref
        return self.how == "byName" and self.pattern == name


def _pattern(written: str) -> str:
    """The pattern in `/…/`, or the whole."""
    found = re.fullmatch(r"/(.*)/[a-z]*", written, re.DOTALL)
    return found[1] if found else written


@dataclass(frozen=True, slots=True)
class Target:
    """One query of a panel. `interval` is the least step as it is written, `factor` by how much
    the step is longer than needed."""

    ref: str
    expr: str
    legend: str = ""
    instant: bool = False
    format: Format = Format.SERIES
    interval: str = ""
    factor: int = 1
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Transformation:
    """What is done to the answers before they are shown, in Grafana's words; `filtered` where that
    is to some of them only."""

    id: str
    options: Any
    filtered: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel. `written_kind` is Grafana's word for it; `notes` say what of it is not shown.

    `calculations` are the reducers of numbers and tables (`lastNotNull`), `legend_calculations`
    those of a legend. `fields` is a pattern of the fields whose numbers are shown, all where it is
    empty. `content` is the text of a text panel, `sort` the columns to sort by with whether they
    fall. It asks for `most_points` a series, 0: as many as there is room for. `from_time` and
    `shift` are relative times of its own, as written. It is repeated for each value of the variable
    `repeat`: below each other, or `per_row` side by side.
    """

    id: int
    title: str
    kind: Kind
    written_kind: str
    grid: Grid = Grid()
    description: str = ""
    targets: tuple[Target, ...] = ()
    look: Look = Look()
    overrides: tuple[Override, ...] = ()
    transformations: tuple[Transformation, ...] = ()
    calculations: tuple[str, ...] = ()
    legend_calculations: tuple[str, ...] = ()
    fields: str = ""
    stacked: bool = False
    content: str = ""
    sort: tuple[tuple[str, bool], ...] = ()
    buckets: bool = False
    interval: str = ""
    most_points: int = 0
    from_time: str = ""
    shift: str = ""
    repeat: str = ""
    repeat_down: bool = False
    per_row: int = 4
    notes: tuple[str, ...] = ()

    def shows(self, *names: str) -> bool:
        """Whether it shows the numbers of a field that has one of these names."""
        if not self.fields:
            return True
        return any(Override("byRegexp", self.fields).matches(each, "") for each in names)

    def look_of(self, name: str, ref: str = "") -> Look:
        """How one of its fields is shown."""
        look = self.look
        for override in self.overrides:
            if override.matches(name, ref):
                look = replace(look, **override.changes)
        return look


@dataclass(frozen=True, slots=True)
class Section:
    """A row of Grafana's, with the panels below it; the first has no title where the dashboard does
    not begin with one."""

    title: str
    panels: tuple[Panel, ...]
    collapsed: bool = False
    repeat: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """A value that a variable can have."""

    text: str
    value: str


class VariableKind(StrEnum):
    """Where a variable's values come from."""

    QUERY = "query"
    CUSTOM = "custom"
    CONSTANT = "constant"
    TEXTBOX = "textbox"
    INTERVAL = "interval"
    DATASOURCE = "datasource"
    UNSUPPORTED = "unsupported"


ALL: Final = "$__all"
"""The value that stands for all values."""

AUTO: Final = "$__auto"
"""The value of an interval that is fitted to the window."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a dashboard; `current` are its chosen values, `options` those written with it,
    `all_value` what stands for all of them (empty: all joined), `sort` Grafana's number. One of
    the kind interval can be fitted to the window: to `auto_count` parts of it (0: it cannot), none
    shorter than `auto_least`. One that is `of_time` is asked for anew with another time."""

    name: str
    kind: VariableKind
    label: str = ""
    query: str = ""
    regex: str = ""
    multi: bool = False
    include_all: bool = False
    all_value: str = ""
    current: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    hidden: bool = False
    sort: int = 0
    auto_count: int = 0
    auto_least: str = ""
    of_time: bool = False

    @property
    def title(self) -> str:
        """What it is called on the screen."""
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard; `notes` say what of it as a whole is not understood. Its days are those of UTC,
    else of whoever looks at it."""

    title: str
    uid: str = ""
    tags: tuple[str, ...] = ()
    start: str = "now-6h"
    end: str = "now"
    utc: bool = False
    schema: int = 0
    sections: tuple[Section, ...] = ()
    variables: tuple[Variable, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels, in their order."""
        return tuple(panel for section in self.sections for panel in section.panels)

    def report(self) -> list[tuple[str, str]]:
        """Everything that is not shown as Grafana shows it: where, and what."""
        found = [("dashboard", note) for note in self.notes]
        for panel in self.panels:
            found += [(panel.title or f"panel {panel.id}", note) for note in panel.notes]
        return found


def variables_by_name(variables: Iterable[Variable]) -> dict[str, Variable]:
    """The variables by name; of two of one name the later counts."""
    return {variable.name: variable for variable in variables}
