"""Samples of two hours with gaps, resets and NaN, and random questions about them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from tests.testbed.history import Points

Line = tuple[dict[str, str], Points]
"""Labels and samples of a series."""

BEGIN = 1_790_000_400
EVERY, COUNT = 60, 120

_RANGES = ("90s", "5m", "12m", "31m")
_LABELS = ("pod", "node", "code", "le", "path")
_RATES = ("rate", "increase", "delta", "irate", "idelta", "changes", "resets", "deriv")
_OVER = ("avg", "min", "max", "sum", "count", "last", "stddev", "stdvar", "present")
_EACH = ("abs", "ceil", "floor", "sqrt", "exp", "ln", "log2", "log10", "sgn", "round")
_AGGREGATIONS = ("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar")
_ARITHMETIC = ("+", "-", "*", "/", "%", "^")
_COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")


def samples(seed: int) -> list[Line]:
    """Series of counters with resets, of gauges, of pods and of a histogram."""
    dice = Random(seed)
    found: list[Line] = []
    for pod, node in (("a", "n1"), ("b", "n1"), ("c", "n2"), ("d", "n2")):
        labels = {"pod": pod, "node": node}
        # One has a gap, and one ends early.
        gap = (40, 52) if pod == "b" else (62, COUNT) if pod == "c" else (0, 0)
        code = {"code": dice.choice(("200", "404", "500"))}
        counter = _points(_counter(dice), gap)
        found.append(({"__name__": "requests_total", **labels, **code}, counter))
        found.append(({"__name__": "memory_bytes", **labels}, _points(_gauge(dice, pod), gap)))
        ones = _points(iter([1.0] * COUNT), (0, 0))
        found.append(({"__name__": "pod_info", **labels, "image": f"image-{pod}"}, ones))
    for path in ("/x", "/y"):
        found += _histogram(dice, path)
    return found


def _points(values: Iterator[float], gap: tuple[int, int]) -> Points:
    times = (datetime.fromtimestamp(BEGIN + EVERY * n, UTC) for n in range(COUNT))
    both = enumerate(zip(times, values, strict=True))
    return [each for number, each in both if not gap[0] <= number < gap[1]]


def _counter(dice: Random) -> Iterator[float]:
    value = 0.0
    for _ in range(COUNT):
        value = 0.0 if dice.random() < 0.02 else value + dice.choice((0, 0, 1, 3, 5.5))
        yield value


def _gauge(dice: Random, pod: str) -> Iterator[float]:
    for _ in range(COUNT):
        odd = math.nan if pod == "d" else dice.uniform(6, 8)
        yield dice.choice((dice.uniform(0, 100), dice.uniform(-5, 5), odd))


def _histogram(dice: Random, path: str) -> list[Line]:
    bounds = ("0.1", "0.5", "1", "5", "+Inf")
    counts = [0] * len(bounds)
    columns: list[list[float]] = [[] for _ in bounds]
    for _ in range(COUNT):
        for _ in range(dice.choice((0, 1, 2, 4))):
            for place in range(dice.randrange(len(bounds)), len(bounds)):
                counts[place] += 1
        for column, count in zip(columns, counts, strict=True):
            column.append(float(count))
    return [
        ({"__name__": "took_bucket", "path": path, "le": bound}, _points(iter(column), (0, 0)))
        for bound, column in zip(bounds, columns, strict=True)
    ]


def questions(seed: int, count: int) -> list[str]:
    """So many queries; most make sense, some are refused."""
    return [_Asks(Random(f"{seed}/{number}")).vector(3) for number in range(count)]


class _Asks:
    def __init__(self, dice: Random) -> None:
        self._dice = dice

    def vector(self, depth: int) -> str:
        """An expression of series, so many levels deep at most."""
        if depth == 0:
            return self._selector() + self._dice.choice(("", "", "", " offset 7m"))
        made = (self._function, self._rate, self._aggregation, self._binary, self._labelled)
        return self._dice.choice((*made, self._rate, self._aggregation))(depth)

    def _selector(self) -> str:
        names = ("requests_total", "memory_bytes", "memory_bytes", "pod_info", "took_bucket")
        matcher = self._dice.choice(
            ("", "", "", "", '{pod="a"}', '{node=~"n1|n3|"}', '{pod!="d"}', '{node!~"n2.*"}')
        )
        return self._dice.choice(names) + matcher

    def _range(self, depth: int) -> str:
        if depth > 1 and self._dice.random() < 0.2:
            return f"({self.vector(depth - 2)})[{self._dice.choice(_RANGES)}:2m]"
        moved = self._dice.choice(("", "", " offset 4m"))
        return f"{self._selector()}[{self._dice.choice(_RANGES)}]{moved}"

    def _rate(self, depth: int) -> str:
        number = self._dice.random()
        if number < 0.1:
            return f"quantile_over_time({self._dice.choice((0, 0.4, 1, 2))}, {self._range(depth)})"
        if number < 0.2:
            return f'predict_linear(memory_bytes{{pod!="d"}}[{self._dice.choice(_RANGES)}], 600)'
        if number < 0.3:
            took = f"rate(took_bucket[{self._dice.choice(_RANGES)}])"
            took = self._dice.choice((took, f"sum by (le) ({took})"))
            return f"histogram_quantile({self._dice.choice((0.1, 0.5, 0.95))}, {took})"
        names = (*_RATES, *(f"{each}_over_time" for each in _OVER))
        return f"{self._dice.choice(names)}({self._range(depth)})"

    def _function(self, depth: int) -> str:
        inner = self.vector(depth - 1)
        return self._dice.choice(
            (
                f"{self._dice.choice(_EACH)}({inner})",
                f"clamp_min({inner}, {self._dice.uniform(-2, 9):.2f})",
                f"clamp_max({inner}, {self._dice.uniform(-2, 9):.2f})",
                f"-{inner}",
                f"absent({inner})",
                f"timestamp({inner})",
                f"vector(scalar({inner}))",
                f"sort({inner})",
            )
        )

    def _labelled(self, depth: int) -> str:
        inner, label = self.vector(depth - 1), self._dice.choice(_LABELS)
        return self._dice.choice(
            (
                f'label_replace({inner}, "x", "$1-x", "{label}", "(.)(.*)")',
                f'label_replace({inner}, "{label}", "", "{label}", ".*")',
                f'label_join({inner}, "x", "/", "node", "{label}")',
            )
        )

    def _grouping(self) -> str:
        labels = ", ".join(self._dice.sample(_LABELS, self._dice.randint(0, 2)))
        return self._dice.choice(("", f" by ({labels})", f" without ({labels})"))

    def _aggregation(self, depth: int) -> str:
        inner, grouping = self.vector(depth - 1), self._grouping()
        if self._dice.random() < 0.15:
            return f"quantile{grouping} ({self._dice.choice((0, 0.3, 1))}, {inner})"
        return f"{self._dice.choice(_AGGREGATIONS)}{grouping} ({inner})"

    def _binary(self, depth: int) -> str:
        left, right = self.vector(depth - 1), self.vector(depth - 1)
        if self._dice.random() < 0.4:
            labels = ", ".join(self._dice.sample(("pod", "node", "path"), 2))
            operator = self._dice.choice((*_ARITHMETIC, *_COMPARISONS))
            return f"({left}) {operator} on ({labels}) group_left () max by ({labels}) ({left})"
        sides = self._dice.choice(((left, "2"), ("3", right), (left, right), (left, right)))
        labels = ", ".join(self._dice.sample(_LABELS[:3], self._dice.randint(0, 2)))
        matching = ""
        if sides == (left, right):
            many = self._dice.choice(("", "", " group_left ()", " group_right (image)"))
            matching = self._dice.choice(("", f" on ({labels}){many}", f" ignoring ({labels})"))
        if sides == (left, right) and self._dice.random() < 0.4:
            operator = self._dice.choice(("and", "or", "unless"))
            matching = self._dice.choice(("", f" on ({labels})"))
        elif self._dice.random() < 0.4:
            operator = self._dice.choice(_COMPARISONS) + self._dice.choice(("", " bool"))
        else:
            operator = self._dice.choice(_ARITHMETIC)
        return f"({sides[0]}) {operator}{matching} ({sides[1]})"
