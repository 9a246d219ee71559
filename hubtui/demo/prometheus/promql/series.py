"""What the evaluator is given, and what it makes of it. Times are milliseconds, as in Prometheus:
what lies on the edge of a window would else be a matter of rounding."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from hubtui.demo.prometheus.refusals import QueryRefusedError
from hubtui.demo.prometheus.selecting import NAME, Selector

LOOKBACK: Final = 300_000
"""For so long a sample is the value of its series."""

Labels = Mapping[str, str]
Cells = list[float | None]
"""A value at each time that is asked about, None where there is none."""


class Spans:
    """The samples of a series in each window: how many, and when two of them were taken. Series
    that were scraped together have the same; `shape` is what a reader made of it."""

    def __init__(self, sizes: list[int], first_at: list[int], last_at: list[int]) -> None:
        self.sizes, self.first_at, self.last_at = sizes, first_at, last_at
        self.shape: object = None


class Windows(NamedTuple):
    """Two samples of a series in each window."""

    spans: Spans
    first: Cells
    last: Cells


class Series(Protocol):
    """One series as it is stored."""

    @property
    def labels(self) -> Labels:
        """Its labels, its name among them."""

    def at(self, times: Sequence[int]) -> Cells:
        """Its value at each time: the last sample, when that is not older than LOOKBACK."""

    def stamps(self, times: Sequence[int]) -> Cells:
        """When the sample of `at` was taken (seconds)."""

    def samples(self, start: int, end: int) -> tuple[Sequence[int], Sequence[float]]:
        """Times and values from a time to another, both included."""

    def windows(
        self,
        starts: Sequence[int],
        ends: Sequence[int],
        /,
        *,
        last_two: bool = False,
        rising: bool = False,
    ) -> Windows | None:
        """First and last sample of each window, or its last two. None where only the samples
        tell, or where it does not always rise and `rising` is asked for."""


class Source(Protocol):
    """Where series are."""

    def select(self, selector: Selector, start: int, end: int) -> Iterable[Series]:
        """Those that fit a selector and may have samples between two times."""


@dataclass(frozen=True, slots=True)
class Column:
    """One series of an answer: its labels and its cells."""

    labels: Labels
    cells: Cells


class Samples:
    """A series of which the samples are kept."""

    def __init__(self, labels: Labels, times: Sequence[int], values: Sequence[float]) -> None:
        self.labels, self._times, self._values = labels, times, values

    def at(self, times: Sequence[int]) -> Cells:
        """See Series."""
        return [self._values[i] if i >= 0 else None for i in self._indexes(times)]

    def stamps(self, times: Sequence[int]) -> Cells:
        """See Series."""
        return [self._times[i] / 1000 if i >= 0 else None for i in self._indexes(times)]

    def _indexes(self, times: Sequence[int]) -> Iterator[int]:
        for when in times:
            i = bisect_right(self._times, when) - 1
            yield i if i >= 0 and self._times[i] >= when - LOOKBACK else -1

    def samples(self, start: int, end: int) -> tuple[Sequence[int], Sequence[float]]:
        """See Series."""
        low, high = bisect_left(self._times, start), bisect_right(self._times, end)
        return self._times[low:high], self._values[low:high]

    def windows(
        self,
        _starts: Sequence[int],
        _ends: Sequence[int],
        /,
        *,
        last_two: bool = False,
        rising: bool = False,
    ) -> Windows | None:
        """See Series: only the samples tell."""
        del last_two, rising
        return None


def unnamed(labels: Labels) -> Labels:
    """Labels without the name of the metric."""
    return {key: value for key, value in labels.items() if key != NAME}


def failed(words: str) -> QueryRefusedError:
    """A query that makes no sense of what there is."""
    return QueryRefusedError("execution", words)


def settled(columns: Iterable[Column]) -> list[Column]:
    """One column for each set of labels. Raises QueryRefusedError where two have a value at the
    same time."""
    found: dict[frozenset[tuple[str, str]], Column] = {}
    for column in columns:
        key = frozenset(column.labels.items())
        known = found.get(key)
        if known is not None:
            both = zip(known.cells, column.cells, strict=True)
            if any(a is not None and b is not None for a, b in both):
                raise failed("vector cannot contain metrics with the same labelset")
            pairs = zip(known.cells, column.cells, strict=True)
            column = Column(known.labels, [a if b is None else b for a, b in pairs])
        found[key] = column
    return list(found.values())
