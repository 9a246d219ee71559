"""Answers as tables, which is how a dashboard's transformations see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import inf, isnan
from typing import Final

from hubtui.model.points import Point, finite
from hubtui.model.prometheus import Labels, Sample, Series

Value = float | str | None
"""What stands in a cell: a number, a text, or nothing. Times are milliseconds, as in Grafana."""

TIME: Final = "Time"
VALUE: Final = "Value"


@dataclass(frozen=True, slots=True)
class Field:
    """A column; `labels` are those of the series that it holds, `ref` the query that it is from."""

    name: str
    values: tuple[Value, ...]
    is_time: bool = False
    labels: Labels = field(default_factory=dict)
    ref: str = ""

    @property
    def is_number(self) -> bool:
        """Whether there are numbers in it, and nothing else but gaps."""
        kinds = {type(each) for each in self.values if each is not None}
        return not self.is_time and kinds <= {float, int} and bool(kinds)


@dataclass(frozen=True, slots=True)
class Frame:
    """A table; all fields have as many values."""

    name: str
    fields: tuple[Field, ...]
    ref: str = ""

    @property
    def length(self) -> int:
        """The number of rows."""
        return max((len(each.values) for each in self.fields), default=0)

    def named(self, name: str) -> Field | None:
        """The first field of a name."""
        return next((each for each in self.fields if each.name == name), None)

    def with_fields(self, fields: Iterable[Field]) -> Frame:
        """The same with other fields."""
        return replace(self, fields=tuple(fields))

    def rows(self, indices: Sequence[int]) -> Frame:
        """Some of the rows, in this order."""
        return self.with_fields(
            replace(each, values=tuple(each.values[index] for index in indices))
            for each in self.fields
        )


def frame_of_series(series: Series, name: str, ref: str) -> Frame:
    """A line over time, as a table of two columns."""
    times = tuple(at * 1000 for at, _ in series.points)
    values = tuple(value for _, value in series.points)
    return Frame(
        name,
        (
            Field(TIME, times, is_time=True, ref=ref),
            Field(name, values, labels=series.labels, ref=ref),
        ),
        ref,
    )


def frame_of_samples(samples: Sequence[Sample], ref: str, several: bool) -> Frame:
    """An instant answer as one table: the time, a column for each label, and the value, which is
    called `Value #A` where there is more than one query."""
    names = sorted({name for sample in samples for name in sample.labels if name != "__name__"})
    labels = [
        Field(name, tuple(sample.labels.get(name) for sample in samples), ref=ref) for name in names
    ]
    return Frame(
        ref,
        (
            Field(TIME, tuple(sample.at * 1000 for sample in samples), is_time=True, ref=ref),
            *labels,
            Field(
                f"{VALUE} #{ref}" if several else VALUE,
                tuple(sample.value for sample in samples),
                ref=ref,
            ),
        ),
        ref,
    )


def reduced(points: Sequence[Point], reducer: str) -> float | None:
    """One number for a line, by one of Grafana's reducers; None where it has none."""
    return REDUCERS.get(reducer, _last_not_null)([value for _, value in points])


def _last(values: Sequence[float]) -> float | None:
    return values[-1] if values else None


def _last_not_null(values: Sequence[float]) -> float | None:
    return next((each for each in reversed(values) if not isnan(each)), None)


def _first(values: Sequence[float]) -> float | None:
    return values[0] if values else None


def _first_not_null(values: Sequence[float]) -> float | None:
    return next((each for each in values if not isnan(each)), None)


def _over(calculate: Callable[[list[float]], float]) -> Callable[[Sequence[float]], float | None]:
    def reduce(values: Sequence[float]) -> float | None:
        numbers = finite((0.0, value) for value in values)
        return calculate(numbers) if numbers else None

    return reduce


def _delta(values: list[float]) -> float:
    """What a counter grew by."""
    grown = 0.0
    for before, after in pairwise(values):
        grown += after - before if after >= before else after
    return grown


def _step(values: list[float]) -> float:
    return min((abs(b - a) for a, b in pairwise(values)), default=0.0)


def _deviation(values: list[float]) -> float:
    mean = sum(values) / len(values)
    return float((sum((each - mean) ** 2 for each in values) / len(values)) ** 0.5)


def _percent_change(values: list[float]) -> float:
    return (values[-1] - values[0]) / abs(values[0]) if values[0] else inf


REDUCERS: Final[Mapping[str, Callable[[Sequence[float]], float | None]]] = {
    "last": _last,
    "lastNotNull": _last_not_null,
    "first": _first,
    "firstNotNull": _first_not_null,
    "min": _over(min),
    "max": _over(max),
    "mean": _over(lambda values: sum(values) / len(values)),
    "median": _over(lambda values: sorted(values)[len(values) // 2]),
    "sum": _over(sum),
    "count": lambda values: float(len(values)),
    "range": _over(lambda values: max(values) - min(values)),
    "delta": _over(_delta),
    "diff": _over(lambda values: values[-1] - values[0]),
    "diffperc": _over(_percent_change),
    "step": _over(_step),
    "stdDev": _over(_deviation),
    "variance": _over(lambda values: _deviation(values) ** 2),
    "distinctCount": lambda values: float(len(set(values))),
    "changeCount": _over(lambda v: float(sum(a != b for a, b in pairwise(v)))),
}
"""Grafana's reducers by their ids (Grafana 11, "Calculation types")."""

TITLES: Final = {
    "last": "Last",
    "lastNotNull": "Last *",
    "first": "First",
    "firstNotNull": "First *",
    "min": "Min",
    "max": "Max",
    "mean": "Mean",
    "median": "Median",
    "sum": "Total",
    "count": "Count",
    "range": "Range",
    "delta": "Delta",
    "diff": "Difference",
    "diffperc": "Difference percent",
    "step": "Step",
    "stdDev": "StdDev",
    "variance": "Variance",
    "distinctCount": "Distinct Count",
    "changeCount": "Change Count",
}
"""What a column of a reducer is called, which `organize` may rename."""
