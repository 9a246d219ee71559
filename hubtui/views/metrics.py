"""The metrics pane: what is getting worse. Each number with its arrow, its past and its source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from hubtui.model.age import precise
from hubtui.model.podstate import Severity
from hubtui.model.text import one_line
from hubtui.services.metric_rows import MetricRow
from hubtui.views import metric_cells as told
from hubtui.views.cells import EMPTY, Cell, Tone, cell, plain
from hubtui.views.filters import Filter
from hubtui.views.signs import sign_of, tone_of
from hubtui.views.storage_headline import dotted
from hubtui.views.table import Column, Dirty, Freshness, fit

if TYPE_CHECKING:
    from hubtui.services.metrics import Metrics

WINDOWS: Final = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=7))
"""The times that are looked back over."""

_SPARK: Final = 14
SPARK: Final = 6
"""Which of the columns is the past."""

NAMED: Final = 2
"""Sources that the border names; the others are counted."""

RUNNING: Final = "running-servers"


def columns_for(window: timedelta) -> tuple[Column, ...]:
    """The columns, with the time of the sparklines as their title."""
    return (
        Column("sign", "", 1, sortable=False),
        Column("title", "METRIC", 21),
        Column("value", "NOW", 10, "right"),
        Column("arrow", "", 1, sortable=False),
        Column("before", "1 h AGO", 10, "right", rank=4, sortable=False),
        Column("group", "GROUP", 8, rank=5),
        Column(
            "past", f"LAST {precise(window.total_seconds())}", _SPARK, grow=True, sortable=False
        ),
        Column("of", "WORST", 22, rank=3, sortable=False),
        Column("source", "SOURCE", 17, rank=2),
        Column("age", "AGE", 4, "right", rank=1, sortable=False),
    )


BLANK: Final[tuple[Cell, ...]] = (EMPTY,) * 10


class MetricsView:
    """The view model of the metrics pane; a row's key is the id of its metric."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._seen = metrics.subscribe()
        self._columns = columns_for(metrics.window)
        self._width = 0
        self._spark = _SPARK
        self._filter = Filter()
        self._sort, self._reverse = "worst", False
        self._order: list[str] = []
        self._stale_order = True
        self._repaint = False

    @property
    def columns(self) -> Sequence[Column]:
        return self._columns

    # -- what stands round the rows

    @property
    def headline(self) -> str:
        """What is getting worse, and the filter."""
        return plain(self.headline_cell())

    def headline_cell(self) -> Cell:
        """The same with its tones: what is bad or on the way there, else how many servers run."""
        rows = self._metrics.rows()
        bad = _worst_first(row for row in rows if row.severity or told.gets_worse(row))
        parts = [_short(row) for row in bad[:2]]
        if len(bad) > 2:
            parts.append(cell(f"{len(bad) - 2} more", Tone.MUTED))
        if not bad and (running := self._running(rows)):
            parts.append(cell(running, Tone.MUTED))
        if not bad and any(row.value is not None for row in rows):
            parts.append(cell("nothing gets worse", Tone.MUTED))
        if self._filter:
            parts.append(cell(str(self._filter), Tone.MUTED))
        return dotted(parts)

    def _running(self, rows: Iterable[MetricRow]) -> str:
        row = next((row for row in rows if row.metric.id == RUNNING), None)
        if row is None or row.value is None:
            return ""
        return f"{row.value:,.0f} server{'' if row.value == 1 else 's'}"

    def strip_words(self) -> Cell:
        """The worst in a word, for a strip; true while hidden too."""
        self.absorb()
        bad = _worst_first(row for row in self._metrics.rows() if row.severity)
        if not bad:
            return EMPTY
        worst = max(row.severity for row in bad)
        return cell(f"{sign_of(worst)[0][0]}{len(bad)}", tone_of(worst))

    def note(self) -> Cell:
        """What could not be asked, and why."""
        notes = (f"{note.source}: {one_line(note.reason)}" for note in self._metrics.notes())
        return cell(" · ".join(notes), Tone.MUTED)

    def freshness(self, now: datetime) -> Freshness:
        """Who told, and how long ago."""
        told_by: dict[str, list[datetime]] = {}
        for row in self._metrics.rows():
            if row.as_of is not None:
                told_by.setdefault(row.source, []).append(row.as_of)
        if not told_by:
            return Freshness("no numbers" if self._metrics.notes() else "asking")
        most = sorted(told_by, key=lambda source: -len(told_by[source]))
        words = [f"{name} {told.age_text(max(told_by[name]), now)}" for name in most[:NAMED]]
        others = len(most) - NAMED
        return Freshness(" · ".join([*words, f"{others} more"] if others > 0 else words))

    def empty(self) -> str:
        if self._filter:
            return f"No metric matches {self._filter}."
        return "Asking for numbers …"

    # -- what is shown

    def resize(self, width: int) -> None:
        """So many cells are there for the columns."""
        if width == self._width:
            return
        self._width = width
        self._fit()

    def _fit(self) -> None:
        fitted = dict(fit(self._columns, self._width))
        self._spark = fitted.get(SPARK, _SPARK)
        self._repaint = True

    def look_back(self, window: timedelta) -> None:
        """Sparklines over another time."""
        self._metrics.look_back(window)
        self._columns = columns_for(window)
        self._repaint = True

    def set_filter(self, text: str) -> None:
        """Shows only what matches; words may be `group:` and `source:`."""
        self._filter = Filter.parse(text)
        self._stale_order = True

    def set_sort(self, column: str, *, reverse: bool) -> None:
        """Orders by `worst`, `title`, `group`, `value` or `source`."""
        self._sort, self._reverse = column, reverse
        self._stale_order = True

    # -- rows

    def row(self, key: str) -> MetricRow | None:
        """The metric of a row."""
        return self._metrics.row(key)

    def absorb(self) -> set[str]:
        """Takes in what changed; the ids of the rows."""
        self._metrics.update()
        everything, changed = self._seen.drain()
        return {row.metric.id for row in self._metrics.rows()} if everything else set(changed)

    def keys(self) -> Sequence[str]:
        return self._order

    def drain(self) -> Dirty:
        changed = self.absorb()
        repaint, self._repaint = self._repaint, False
        if not (changed or self._stale_order or repaint):
            return Dirty()
        before, self._order = self._order, self._ordered()
        self._stale_order = False
        dirty = set(self._order) if repaint else changed & set(self._order)
        return Dirty(frozenset(dirty), order=before != self._order)

    def _ordered(self) -> list[str]:
        rows = [row for row in self._metrics.rows() if self._filter.matches(_words(row))]
        worst = self._sort == "worst"
        found = _worst_first(rows) if worst else sorted(rows, key=self._sort_key)
        if self._reverse:
            found.reverse()
        return [row.metric.id for row in found]

    def _sort_key(self, row: MetricRow) -> tuple[str, str]:
        title = row.metric.title.lower()
        return {"group": row.metric.group, "source": row.source}.get(self._sort, ""), title

    # -- cells

    def cells(self, key: str, now: datetime) -> Sequence[Cell]:
        row = self._metrics.row(key)
        if row is None:
            return BLANK
        first = (told.sign_cell(row), cell(row.metric.title), told.value_cell(row))
        group = cell(row.metric.group, Tone.MUTED)
        if told.is_awaited(row):
            return (*first, EMPTY, EMPTY, group, cell("asking …", Tone.MUTED))
        if row.value is None:
            return (*first, EMPTY, EMPTY, group, cell(one_line(row.missing), Tone.MUTED))
        return (
            *first,
            told.arrow_cell(row),
            told.before_cell(row),
            group,
            told.spark_cell(
                row, self._spark, self._metrics.window.total_seconds(), now.timestamp()
            ),
            told.of_cell(row),
            told.source_cell(row),
            told.age_cell(row, now),
        )

    def ticking(self, key: str) -> Literal["never", "minute", "second"]:
        return "minute"


def _worst_first(rows: Iterable[MetricRow]) -> list[MetricRow]:
    """What is red, what is amber, what gets worse, what is known, what is not: each in the order of
    the list."""

    def rank(row: MetricRow) -> tuple[bool, int, bool]:
        severity = row.severity if row.severity > Severity.PAST else Severity.FINE
        unknown = row.value is None and not told.is_awaited(row)
        return (unknown, -severity, not told.gets_worse(row))

    return sorted(rows, key=rank)


def _short(row: MetricRow) -> Cell:
    words = f"{row.metric.title} {told.value_text(row)}"
    if row.severity:
        sign, tone = sign_of(row.severity)[0]
        return ((f"{sign} ", tone), *cell(words, tone), *_arrow(row))
    return (*cell(words, Tone.SOON), *_arrow(row))


def _arrow(row: MetricRow) -> Cell:
    arrow = told.arrow_cell(row)
    return ((" ", Tone.PLAIN), *arrow) if arrow else EMPTY


def _words(row: MetricRow) -> dict[str, str]:
    metric = row.metric
    return {
        "": f"{metric.title} {metric.id} {metric.group} {row.source} {row.of} {metric.meaning}",
        "group": metric.group,
        "source": row.source,
    }
