"""The answer to a query as a table, a query with its fault marked, and the words that fit in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf, isfinite, isnan
from typing import Final, Literal

from rich.cells import cell_len

from hubtui.errors import HubtuiError
from hubtui.model.prometheus import telling
from hubtui.model.promql_completion import Offer
from hubtui.model.text import one_line, safe
from hubtui.services.ranges import Evaluation
from hubtui.views.cells import SIGN_NOW, Cell, Tone, cell, join
from hubtui.views.document import Hung
from hubtui.views.filters import Filter
from hubtui.views.lines import CUT, clip, pad
from hubtui.views.table import Column, Dirty, Freshness

NOTHING_ASKED: Final = "Nothing was asked yet."
NO_SERIES: Final = "No series: Prometheus understands the query and has nothing that matches it."

VALUE: Final = "value"
_BEFORE_WORDS: Final = re.compile(r"^.*?[ :]\d+:\d+: ")
_METRIC: Final = "__name__"
_WIDEST: Final = 36
_WORD: Final = 52
"""Cells of a word that is offered."""


@dataclass(frozen=True, slots=True)
class _Row:
    labels: Mapping[str, str]
    value: float | None
    shown: str
    points: tuple[tuple[float, float], ...] = ()


def number(value: float) -> str:
    """A number as Prometheus writes it, with all figures that a reader can use."""
    if isnan(value):
        return "NaN"
    if not isfinite(value):
        return "+Inf" if value == inf else "-Inf"
    return f"{value:.12g}"


class QueryView:
    """The rows of an answer: a value and the labels, those first that tell the series apart."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._words: list[str] = []
        self._columns: tuple[Column, ...] = (Column(VALUE, "VALUE", 12),)
        self._labels: list[str] = []
        self._of_matrix = False
        self._filter = Filter()
        self._sort, self._reverse = "", False
        self._shown: list[str] = []
        self._dirty = Dirty(order=True)
        self.sentence = NOTHING_ASKED

    # -- what is shown

    def show(self, found: Evaluation) -> None:
        """The rows of an answer."""
        answer = found.answer
        self._of_matrix = answer.kind == "matrix"
        if answer.kind == "string":
            self._rows = [_Row({}, None, one_line(answer.text))]
        elif self._of_matrix:
            self._rows = [
                _Row(each.labels, each.points[-1][1], number(each.points[-1][1]), each.points)
                for each in answer.series
            ]
        else:
            self._rows = [
                _Row(each.labels, each.value, number(each.value)) for each in answer.samples
            ]
        self.sentence = NO_SERIES
        self._arrange_columns()
        self._words = [" ".join((row.shown, *row.labels.values())) for row in self._rows]
        self._arrange()

    def say(self, sentence: str) -> None:
        """No rows, and words in their place."""
        self._rows, self._words = [], []
        self.sentence = sentence
        self._arrange()

    def set_filter(self, text: str) -> None:
        """Shows only the rows whose words match."""
        self._filter = Filter.parse(text)
        self._arrange()

    def order_by(self, column: str, *, reverse: bool) -> None:
        """Orders the rows by a column; "" is as Prometheus gave them."""
        self._sort, self._reverse = column, reverse
        self._arrange()

    @property
    def count(self) -> int:
        """How many rows there are, filtered or not."""
        return len(self._rows)

    @property
    def sorts(self) -> Sequence[str]:
        """The columns by which rows can be ordered."""
        return ("", VALUE, *(_id(name) for name in self._labels))

    # -- the table

    @property
    def columns(self) -> Sequence[Column]:
        return self._columns

    def keys(self) -> Sequence[str]:
        return self._shown

    def cells(self, key: str, now: datetime) -> Sequence[Cell]:
        del now
        index = int(key)
        if index >= len(self._rows):
            return ((),) * len(self._columns)
        row = self._rows[index]
        labels = [cell(row.labels.get(name, "")) for name in self._labels]
        return (cell(row.shown, Tone.STRONG), *self._past(row), *labels)

    def _past(self, row: _Row) -> Sequence[Cell]:
        if not self._of_matrix:
            return ()
        ends = (row.points[0][0], row.points[-1][0])
        return (
            cell(f"{len(row.points):,}", Tone.MUTED),
            *(cell(f"{datetime.fromtimestamp(at, UTC).astimezone():%m-%d %H:%M:%S}", Tone.MUTED)
              for at in ends),
        )  # fmt: skip

    def drain(self) -> Dirty:
        dirty, self._dirty = self._dirty, Dirty()
        return dirty

    def ticking(self, key: str) -> Literal["never", "minute", "second"]:
        del key
        return "never"

    def freshness(self, now: datetime) -> Freshness:
        del now
        return Freshness("")

    def empty(self) -> str:
        return self.sentence

    # -- arranging

    def _arrange(self) -> None:
        keys = [
            str(index)
            for index, words in enumerate(self._words)
            if self._filter.matches({"": words})
        ]
        if self._sort:
            keys.sort(key=self._rank, reverse=self._reverse)
        elif self._reverse:
            keys.reverse()
        self._shown = keys
        self._dirty = Dirty(frozenset(keys), order=True)

    def _rank(self, key: str) -> tuple[float, str]:
        row = self._rows[int(key)]
        if self._sort == VALUE:
            # The highest first: that is what is looked for.
            value = row.value
            return (inf if value is None or isnan(value) else -value, "")
        name = next((name for name in self._labels if _id(name) == self._sort), "")
        return (0.0, row.labels.get(name, ""))

    def _arrange_columns(self) -> None:
        values: dict[str, set[str]] = {}
        for row in self._rows:
            for name, value in row.labels.items():
                values.setdefault(name, set()).add(value)
        apart = telling(row.labels for row in self._rows)
        self._labels = sorted(values, key=lambda name: (name not in apart, name != _METRIC, name))
        widest = max((cell_len(row.shown) for row in self._rows), default=0)
        title = "LAST" if self._of_matrix else "VALUE"
        whole = not self._labels
        head = [
            Column(VALUE, title, max(6, widest), align="left" if whole else "right", grow=whole)
        ]
        if self._of_matrix:
            head += [
                Column("samples", "SAMPLES", 7, align="right", rank=1, sortable=False),
                Column("from", "FROM", 14, rank=3, sortable=False),
                Column("to", "TO", 14, rank=2, sortable=False),
            ]
        last = len(self._labels) - 1
        self._columns = (
            *head,
            *(
                _of_label(name, values[name], 3 + index, grow=index == last)
                for index, name in enumerate(self._labels)
            ),
        )


def _id(label: str) -> str:
    """What a label's column is called in a file: its name, where that is free."""
    return f"label_{label}" if label in (VALUE, "samples", "from", "to") else label


def _of_label(name: str, values: set[str], rank: int, *, grow: bool) -> Column:
    title = "METRIC" if name == _METRIC else name
    widest = max(len(title) + 1, *(cell_len(value) for value in values))
    return Column(_id(name), title, min(widest, _WIDEST), grow=grow, rank=rank)


def headline(found: Evaluation) -> Cell:
    """What kind of answer it is, how many series it has, and for when."""
    answer = found.answer
    count = len(answer.samples) + len(answer.series)
    words = {
        "scalar": "a number",
        "string": "a text",
        "vector": f"{count:,} series",
        "matrix": f"{count:,} series over a time",
    }[answer.kind]
    at = found.at.astimezone()
    return join(cell(words), cell(f"at {at:%H:%M:%S}", Tone.MUTED))


# -- a query and what is wrong with it


def marked(query: str, position: int | None, width: int = 0) -> tuple[str, ...]:
    """The query, and below it a sign at the position of the fault; cut to a width around it."""
    shown = one_line(query) if "\n" not in query else query.replace("\n", " ")
    if position is None:
        return (clip(shown, width) if width else shown,)
    start = 0
    if width and cell_len(shown) > width:
        start = max(0, min(position - width // 2, len(shown) - width + 1))
    head = CUT if start else ""
    before = head + shown[start + len(head) : position]
    line = head + shown[start + len(head) :]
    return (clip(line, width) if width else line, " " * cell_len(before) + "^")


def fault_lines(
    error: HubtuiError, query: str, position: int | None, width: int
) -> Iterator[Cell | Hung]:
    """Why there is no answer; where the query is at fault, with the place marked."""
    what = error.what
    if position is not None:
        line, sign = marked(query, position, width)
        yield ((safe(line), Tone.PLAIN),)
        yield ((sign, Tone.NOW),)
        # Who was asked is known, and where it is stands above: there may be few lines.
        what = _BEFORE_WORDS.sub("", what)
    yield Hung(cell(f"{SIGN_NOW} {what}", Tone.NOW), 2)
    for words in (error.meaning, error.remedy):
        if words:
            yield Hung((("  ", Tone.MUTED), *cell(words, Tone.MUTED)), 2)


# -- the words that fit


def offer_lines(offers: Sequence[Offer], chosen: int, height: int) -> Iterator[Cell]:
    """As many of the words as there is room for, with the one that is taken next."""
    room = max(1, height - (len(offers) > height))
    top = max(0, min(chosen - room + 1, len(offers) - room))
    for index, offer in enumerate(offers[top : top + room], top):
        here = index == chosen
        sign, tone = ("▸", Tone.ACCENT) if here else (" ", Tone.PLAIN)
        word = pad(cell(offer.text, tone), _WORD)
        yield ((f"{sign} ", tone), *word, (f" {offer.kind}", Tone.MUTED))
    if (more := len(offers) - room) > 0:
        yield ((f"  {more:,} more: type on, or shift+tab for the next", Tone.MUTED),)
