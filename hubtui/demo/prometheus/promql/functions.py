"""Functions of series and numbers.

Source: Prometheus 2.42, promql/functions.go.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from hubtui.demo.prometheus.promql.numbers import of_buckets
from hubtui.demo.prometheus.promql.series import Cells, Column, Labels, failed, settled, unnamed
from hubtui.demo.prometheus.selecting import NAME, Selector

_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)


def _safe(of: Callable[[float], float], above: float = math.inf) -> Callable[[float], float]:
    """A function of mathematics that gives NaN, or what it goes to, where Python raises."""

    def safe(value: float) -> float:
        try:
            return of(value)
        except ValueError:
            return math.nan
        except OverflowError:
            return above if value > 0 else -above

    return safe


def _logarithm(of: Callable[[float], float]) -> Callable[[float], float]:
    return lambda value: -math.inf if value == 0 else _safe(of)(value)


def _rounded(of: Callable[[float], int]) -> Callable[[float], float]:
    return lambda value: float(of(value)) if math.isfinite(value) else value


def _sign(value: float) -> float:
    return value if value != value or value == 0 else math.copysign(1.0, value)


_PLAIN: Final = ("acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "sin", "sqrt", "tan")
EACH: Final[dict[str, Callable[[float], float]]] = {
    **{name: _safe(getattr(math, name)) for name in (*_PLAIN, "tanh")},
    "abs": abs,
    "ceil": _rounded(math.ceil),
    "floor": _rounded(math.floor),
    "cosh": lambda value: _safe(math.cosh)(abs(value)),
    "sinh": _safe(math.sinh),
    "deg": math.degrees,
    "rad": math.radians,
    "exp": lambda value: 0.0 if value < -745.2 else _safe(math.exp)(value),
    "ln": _logarithm(math.log),
    "log2": _logarithm(math.log2),
    "log10": _logarithm(math.log10),
    "sgn": _sign,
}


def _when(of: Callable[[datetime], int]) -> Callable[[float], float]:
    def told(value: float) -> float:
        try:
            return float(of(datetime.fromtimestamp(math.floor(value), UTC)))
        except (ValueError, OverflowError, OSError):
            return math.nan

    return told


def _days(when: datetime) -> int:
    later = when.replace(day=28, hour=0).toordinal() + 4
    return (datetime.fromordinal(later).replace(day=1).toordinal()) - when.replace(
        day=1
    ).toordinal()


WHEN: Final[dict[str, Callable[[float], float]]] = {
    "day_of_month": _when(lambda when: when.day),
    "day_of_week": _when(lambda when: when.isoweekday() % 7),
    "day_of_year": _when(lambda when: when.timetuple().tm_yday),
    "days_in_month": _when(_days),
    "hour": _when(lambda when: when.hour),
    "minute": _when(lambda when: when.minute),
    "month": _when(lambda when: when.month),
    "year": _when(lambda when: when.year),
}


def mapped(columns: list[Column], of: Callable[[float], float]) -> list[Column]:
    """Each value changed; the name is lost, for it is another thing now."""
    return settled(
        Column(unnamed(c.labels), [None if v is None else of(v) for v in c.cells]) for c in columns
    )


def clamped(
    columns: list[Column], least: Sequence[float] | None, most: Sequence[float] | None
) -> list[Column]:
    """Values within bounds; none where the lower is above the upper."""
    found = []
    for column in columns:
        cells: Cells = list(column.cells)
        if least is not None and most is not None:
            bounds = zip(cells, least, most, strict=True)
            cells = [None if low > high else cell for cell, low, high in bounds]
        if most is not None:
            cells = [_bound(cell, each, min) for cell, each in zip(cells, most, strict=True)]
        if least is not None:
            cells = [_bound(cell, each, max) for cell, each in zip(cells, least, strict=True)]
        found.append(Column(unnamed(column.labels), cells))
    return settled(found)


def _bound(cell: float | None, bound: float, of: Callable[[float, float], float]) -> float | None:
    if cell is None:
        return None
    return math.nan if cell != cell or bound != bound else of(cell, bound)


def rounded(columns: list[Column], to: Sequence[float]) -> list[Column]:
    """Values as multiples of something, halves upwards."""
    found = []
    for column in columns:
        cells: Cells = [
            None if cell is None else _multiple(cell, each)
            for cell, each in zip(column.cells, to, strict=True)
        ]
        found.append(Column(unnamed(column.labels), cells))
    return settled(found)


def _multiple(value: float, to: float) -> float:
    # As Prometheus: by the inverse, so that 0.1 makes no 0.30000000000000004.
    inverse = 1 / to if to else math.inf
    scaled = value * inverse + 0.5
    return math.floor(scaled) / inverse if math.isfinite(scaled) else math.nan


def histogram_quantile(q: Sequence[float], columns: list[Column]) -> list[Column]:
    """The quantile of each histogram, which is series that differ in `le` alone."""
    groups: dict[frozenset[tuple[str, str]], tuple[Labels, list[tuple[float, Cells]]]] = {}
    for column in columns:
        labels = {k: v for k, v in column.labels.items() if k not in (NAME, "le")}
        try:
            bound = float(column.labels.get("le", ""))
        except ValueError:
            continue
        key = frozenset(labels.items())
        groups.setdefault(key, (labels, []))[1].append((bound, column.cells))
    found = []
    for kept, buckets in groups.values():
        bounds = [bound for bound, _ in buckets]
        told: Cells = []
        for counts, each in zip(zip(*(cells for _, cells in buckets), strict=True), q, strict=True):
            there = [(b, c) for b, c in zip(bounds, counts, strict=True) if c is not None]
            told.append(of_buckets(each, there) if there else None)
        found.append(Column(kept, told))
    return found


def label_replace(
    columns: list[Column], target: str, replacement: str, source: str, pattern: str
) -> list[Column]:
    """Each series with a label made of another. Raises QueryRefusedError."""
    try:
        regex = re.compile(pattern)
    except re.error:
        raise failed(f"invalid regular expression in label_replace(): {pattern}") from None
    _named(target, "invalid destination label name in label_replace()")
    found: list[Column] = []
    for column in columns:
        match = regex.fullmatch(column.labels.get(source, ""))
        labels: Labels = column.labels
        if match is not None:
            value = expanded(replacement, match)
            others = {k: v for k, v in labels.items() if k != target}
            labels = {**others, target: value} if value else others
        found.append(Column(labels, column.cells))
    return settled(found)


_REFERENCE: Final = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})", re.ASCII)


def expanded(template: str, match: re.Match[str]) -> str:
    """A template with `$1` and `$name`, as Go expands it; what is not there is empty."""

    def group(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name is None:
            return "$"
        try:
            return match[int(name) if name.isdigit() else name] or ""
        except IndexError:
            return ""

    return _REFERENCE.sub(group, template)


def label_join(columns: list[Column], target: str, between: str, *sources: str) -> list[Column]:
    """Each series with a label made of several. Raises QueryRefusedError."""
    _named(target, "invalid destination label name in label_join()")
    found = []
    for column in columns:
        value = between.join(column.labels.get(each, "") for each in sources)
        labels = {k: v for k, v in column.labels.items() if k != target}
        found.append(Column({**labels, target: value} if value else labels, column.cells))
    return settled(found)


def _named(label: str, words: str) -> None:
    if not _LABEL.fullmatch(label):
        raise failed(f"{words}: {label}")


def absent(columns: list[Column], selector: Selector | None, count: int) -> list[Column]:
    """1 while there is nothing, with what the selector asked to be equal as its labels."""
    labels: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in selector.matchers if selector else ():
        if matcher.label == NAME:
            continue
        if matcher.operator == "=" and matcher.label not in seen:
            labels[matcher.label] = matcher.value
        else:
            labels.pop(matcher.label, None)
        seen.add(matcher.label)
    there = [False] * count
    for column in columns:
        for number, cell in enumerate(column.cells):
            there[number] = there[number] or cell is not None
    told = {key: value for key, value in labels.items() if value}
    return [Column(told, [None if each else 1.0 for each in there])]


def scalar(columns: list[Column], count: int) -> list[float]:
    """The one series as a number; NaN where it is not one."""
    found = []
    for number in range(count):
        values = [c.cells[number] for c in columns if c.cells[number] is not None]
        (value,) = values if len(values) == 1 else (math.nan,)
        found.append(math.nan if value is None else value)
    return found


def ordered(columns: list[Column], *, falling: bool) -> list[Column]:
    """By value, NaN last; what order a range has is its reader's."""

    def key(column: Column) -> tuple[bool, float]:
        value = column.cells[-1] if column.cells else None
        if value is None or value != value:
            return True, 0.0
        return False, -value if falling else value

    return sorted(columns, key=key)
