"""A query worked out for all its times at once: labels are looked at once for each series, and
numbers column by column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, cast

from hubtui.demo.prometheus.promql import functions, ranging
from hubtui.demo.prometheus.promql.aggregating import aggregated
from hubtui.demo.prometheus.promql.combining import of_numbers, of_vectors, with_number
from hubtui.demo.prometheus.promql.series import (
    Cells,
    Column,
    Samples,
    Series,
    Source,
    failed,
    settled,
    unnamed,
)
from hubtui.demo.prometheus.promql.tree import (
    Aggregation,
    Binary,
    Call,
    Negative,
    Node,
    Number,
    Parens,
    Range,
    Subquery,
    Text,
    Vector,
)

Value = list[Column] | list[float] | str
"""Series, a number at each time, or a string."""

USUAL_STEP: Final = 60_000
"""Between two times of a subquery that names no step: the evaluation interval."""

MOST_TIMES: Final = 50_000
"""At so many times a subquery is worked out; a real one is limited by its samples."""


class Evaluation:
    """One query on a source, at the times that are asked about (milliseconds)."""

    def __init__(
        self, source: Source, times: Sequence[int], ends: tuple[int, int] | None = None
    ) -> None:
        self._source = source
        self._times = times
        self._ends = ends or (times[0], times[-1])

    def of(self, node: Node) -> Value:
        """What a tree gives. Raises QueryRefusedError."""
        match node:
            case Number():
                return [node.value] * len(self._times)
            case Text():
                return node.value
            case Vector():
                times = self._moved(node)
                found = self._select(node, times[0] - 300_000, times[-1])
                return _there(Column(each.labels, each.at(times)) for each in found)
            case Parens():
                return self.of(node.inner)
            case Negative():
                return self._negative(node)
            case Aggregation():
                given: Value = self.of(node.parameter) if node.parameter is not None else []
                parameter = cast("list[float] | str", given)
                return _there(aggregated(node, self._columns(node.inner), parameter))
            case Binary():
                return self._binary(node)
            case Call():
                return self._call(node)
            case Range() | Subquery():
                return [Column(each.labels, each.at(self._times)) for each in self._window(node)[0]]

    def samples(self, node: Range | Subquery) -> list[tuple[Series, int, int]]:
        """The series of a range, and the ends of the last window: what an instant query for a
        range answers."""
        series, starts, ends = self._window(node)
        return [(each, starts[-1], ends[-1]) for each in series]

    def _columns(self, node: Node) -> list[Column]:
        return cast("list[Column]", self.of(node))

    def _numbers(self, node: Node) -> list[float]:
        return cast("list[float]", self.of(node))

    def _moved(self, node: Vector | Subquery) -> Sequence[int]:
        if node.fixed is not None:
            ends = {"start": self._ends[0], "end": self._ends[1]}
            at = node.fixed if isinstance(node.fixed, int) else ends[node.fixed]
            return [at - node.offset] * len(self._times)
        if not node.offset:
            return self._times
        return [when - node.offset for when in self._times]

    def _select(self, node: Vector, start: int, end: int) -> Iterable[Series]:
        return self._source.select(node.selector, start, end)

    def _window(self, node: Node) -> tuple[list[Series], Sequence[int], Sequence[int]]:
        """The series of a range, and where its windows begin and end."""
        while isinstance(node, Parens):
            node = node.inner
        if isinstance(node, Range):
            ends = self._moved(node.vector)
            starts = [when - node.length for when in ends]
            return list(self._select(node.vector, starts[0], ends[-1])), starts, ends
        node = cast("Subquery", node)
        ends = self._moved(node)
        starts = [when - node.length for when in ends]
        step = node.step or USUAL_STEP
        times = range(-(-starts[0] // step) * step, ends[-1] + 1, step)
        if len(times) > MOST_TIMES:
            raise failed("the demo's small Prometheus has no time for so long a subquery")
        if not times:
            return [], starts, ends
        inner = Evaluation(self._source, times, self._ends)
        return [_sampled(column, times) for column in inner._columns(node.inner)], starts, ends

    def _negative(self, node: Negative) -> Value:
        found = self.of(node.inner)
        if found and isinstance(found[0], float):
            return [-value for value in cast("list[float]", found)]
        return functions.mapped(cast("list[Column]", found), lambda value: -value)

    def _binary(self, node: Binary) -> Value:
        left, right = self.of(node.left), self.of(node.right)
        numbers = [bool(each) and isinstance(each[0], float) for each in (left, right)]
        match numbers:
            case [True, True]:
                return of_numbers(node, cast("list[float]", left), cast("list[float]", right))
            case [True, False]:
                columns, given = cast("list[Column]", right), cast("list[float]", left)
                return _there(with_number(node, columns, given, number_is_left=True))
            case [False, True]:
                columns, given = cast("list[Column]", left), cast("list[float]", right)
                return _there(with_number(node, columns, given, number_is_left=False))
            case _:
                both = cast("list[Column]", left), cast("list[Column]", right)
                return _there(of_vectors(node, *both))

    def _call(self, node: Call) -> Value:
        name, given = node.name, node.arguments
        if name in functions.EACH:
            return functions.mapped(self._columns(given[0]), functions.EACH[name])
        if name in functions.WHEN:
            now = [Column({}, [when / 1000 for when in self._times])]
            columns = self._columns(given[0]) if given else now
            return functions.mapped(columns, functions.WHEN[name])
        own = _OWN.get(name)
        if own is not None:
            return own(self, given)
        return self._over(name, given)

    def _over(self, name: str, given: tuple[Node, ...]) -> list[Column]:
        at = 1 if name == "quantile_over_time" else 0
        series, starts, ends = self._window(given[at])
        other = self._numbers(given[1 - at]) if len(given) > 1 else [0.0] * len(self._times)
        found = []
        for each in series:
            cells = ranging.over(name, each, starts, ends, other, self._times)
            if any(cell is not None for cell in cells):
                labels = each.labels if name == "last_over_time" else unnamed(each.labels)
                found.append(Column(labels, cells))
        if len({frozenset(each.labels.items()) for each in found}) < len(found):
            raise failed("vector cannot contain metrics with the same labelset")
        return found

    def _absent(self, given: tuple[Node, ...]) -> list[Column]:
        node = given[0]
        selector = node.selector if isinstance(node, Vector) else None
        return _there(functions.absent(self._columns(node), selector, len(self._times)))

    def _absent_over_time(self, given: tuple[Node, ...]) -> list[Column]:
        node = given[0]
        selector = node.vector.selector if isinstance(node, Range) else None
        columns = self._over("present_over_time", given)
        return _there(functions.absent(columns, selector, len(self._times)))

    def _timestamp(self, given: tuple[Node, ...]) -> list[Column]:
        node = given[0]
        while isinstance(node, Parens):
            node = node.inner
        if isinstance(node, Vector):
            times = self._moved(node)
            found = self._select(node, times[0] - 300_000, times[-1])
            told = (Column(unnamed(each.labels), each.stamps(times)) for each in found)
            return settled(_there(told))
        now = [when / 1000 for when in self._times]
        return settled(Column(unnamed(c.labels), _where(c.cells, now)) for c in self._columns(node))

    def _quantile(self, given: tuple[Node, ...]) -> list[Column]:
        numbers, columns = self._numbers(given[0]), self._columns(given[1])
        return _there(functions.histogram_quantile(numbers, columns))

    def _clamp(self, given: tuple[Node, ...], least: int | None, most: int | None) -> list[Column]:
        bounds = [None if each is None else self._numbers(given[each]) for each in (least, most)]
        return _there(functions.clamped(self._columns(given[0]), *bounds))

    def _round(self, given: tuple[Node, ...]) -> list[Column]:
        to = self._numbers(given[1]) if len(given) > 1 else [1.0] * len(self._times)
        return functions.rounded(self._columns(given[0]), to)

    def _replace(self, given: tuple[Node, ...]) -> list[Column]:
        target, replacement, source, pattern = (str(self.of(each)) for each in given[1:])
        columns = self._columns(given[0])
        return functions.label_replace(columns, target, replacement, source, pattern)

    def _join(self, given: tuple[Node, ...]) -> list[Column]:
        words = [str(self.of(each)) for each in given[1:]]
        return functions.label_join(self._columns(given[0]), *words)

    def _sorted(self, given: tuple[Node, ...], *, falling: bool) -> list[Column]:
        return functions.ordered(self._columns(given[0]), falling=falling)

    def _scalar(self, given: tuple[Node, ...]) -> list[float]:
        return functions.scalar(self._columns(given[0]), len(self._times))

    def _vector(self, given: tuple[Node, ...]) -> list[Column]:
        return [Column({}, list(self._numbers(given[0])))]

    def _time(self, _given: tuple[Node, ...]) -> list[float]:
        return [when / 1000 for when in self._times]

    def _pi(self, _given: tuple[Node, ...]) -> list[float]:
        return [3.141592653589793] * len(self._times)


_OWN: Final[dict[str, Callable[[Evaluation, tuple[Node, ...]], Value]]] = {
    "absent": Evaluation._absent,
    "absent_over_time": Evaluation._absent_over_time,
    "clamp": lambda found, given: found._clamp(given, 1, 2),
    "clamp_max": lambda found, given: found._clamp(given, None, 1),
    "clamp_min": lambda found, given: found._clamp(given, 1, None),
    "histogram_quantile": Evaluation._quantile,
    "label_join": Evaluation._join,
    "label_replace": Evaluation._replace,
    "pi": Evaluation._pi,
    "round": Evaluation._round,
    "scalar": Evaluation._scalar,
    "sort": lambda found, given: found._sorted(given, falling=False),
    "sort_desc": lambda found, given: found._sorted(given, falling=True),
    "time": Evaluation._time,
    "timestamp": Evaluation._timestamp,
    "vector": Evaluation._vector,
}


def _there(columns: Iterable[Column]) -> list[Column]:
    """Those that have a value at any time."""
    return [c for c in columns if any(cell is not None for cell in c.cells)]


def _where(cells: Cells, told: Sequence[float]) -> Cells:
    return [None if cell is None else each for cell, each in zip(cells, told, strict=True)]


def _sampled(column: Column, times: Sequence[int]) -> Samples:
    """A column as a series: its cells are the samples."""
    there = [
        (when, cell) for when, cell in zip(times, column.cells, strict=True) if cell is not None
    ]
    return Samples(column.labels, [when for when, _ in there], [cell for _, cell in there])
