"""Operators between two: numbers, series and a number, series that find each other by labels.

Source: Prometheus 2.42, promql/engine.go (VectorBinop, VectorscalarBinop, VectorAnd, …).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from hubtui.demo.prometheus.promql.numbers import COMPARED, OPERATIONS
from hubtui.demo.prometheus.promql.series import Cells, Column, Labels, failed, settled, unnamed
from hubtui.demo.prometheus.promql.tree import Binary, Matching
from hubtui.demo.prometheus.promql.words import COMPARISONS
from hubtui.demo.prometheus.selecting import NAME

Signature = tuple[tuple[str, str], ...]
Groups = dict[Signature, list[Column]]

_MANY: Final = "many-to-many matching not allowed: matching labels must be unique on one side"
_EXPLICIT: Final = (
    "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
)
_UNIQUE: Final = "multiple matches for labels: grouping labels must ensure unique matches"


def of_numbers(node: Binary, left: Sequence[float], right: Sequence[float]) -> list[float]:
    """Two numbers at each time."""
    pairs = zip(left, right, strict=True)
    if node.operator in COMPARISONS:
        compared = COMPARED[node.operator]
        return [float(compared(a, b)) for a, b in pairs]
    operation = OPERATIONS[node.operator]
    return [operation(a, b) for a, b in pairs]


def with_number(
    node: Binary, columns: Iterable[Column], numbers: Sequence[float], *, number_is_left: bool
) -> list[Column]:
    """Each series with a number; the value of a comparison is that of the series."""
    found = []
    for column in columns:
        mine: Sequence[float | None] = column.cells
        left, right = (numbers, mine) if number_is_left else (mine, numbers)
        cells = _cells(node, left, right, kept=mine)
        found.append(Column(_labels(node, column.labels), cells))
    return settled(found)


def _labels(node: Binary, labels: Labels) -> Labels:
    is_kept = node.operator in COMPARISONS and not node.asks
    return labels if is_kept else unnamed(labels)


def _cells(
    node: Binary,
    left: Sequence[float | None],
    right: Sequence[float | None],
    kept: Sequence[float | None],
) -> Cells:
    pairs = zip(left, right, strict=True)
    if node.operator not in COMPARISONS:
        operation = OPERATIONS[node.operator]
        return [None if a is None or b is None else operation(a, b) for a, b in pairs]
    compared = COMPARED[node.operator]
    if node.asks:
        return [None if a is None or b is None else float(compared(a, b)) for a, b in pairs]
    each = zip(left, right, kept, strict=True)
    return [k if a is not None and b is not None and compared(a, b) else None for a, b, k in each]


def of_vectors(node: Binary, left: list[Column], right: list[Column]) -> list[Column]:
    """Series with series: sets, or values of those whose labels match."""
    signature = _signature(node.matching)
    if node.operator in _SETS:
        return _SETS[node.operator](left, right, signature)
    matching = node.matching
    many, one = (right, left) if matching.many == "right" else (left, right)
    side = "left" if matching.many == "right" else "right"
    ones = _grouped(one, signature)
    if any(len(columns) > 1 for columns in ones.values()):
        is_asked = _there(many) if many else [False] * len(one[0].cells)
        for signed, columns in ones.items():
            _check_one(columns, signed, side, is_asked)
    found: dict[tuple[Signature, frozenset[tuple[str, str]]], Column] = {}
    words = _UNIQUE if matching.many else _EXPLICIT
    for column in many:
        signed = signature(column.labels)
        for other in ones.get(signed, ()):
            made = _pair(node, column, other)
            key = signed, frozenset(made.labels.items())
            found[key] = _joined(found[key], made, words) if key in found else made
    return settled(found.values())


def _pair(node: Binary, many: Column, one: Column) -> Column:
    left, right = (one, many) if node.matching.many == "right" else (many, one)
    cells = _cells(node, left.cells, right.cells, kept=left.cells)
    labels = dict(_labels(node, many.labels))
    matching = node.matching
    if not matching.many:
        for label in tuple(labels):
            if (label in matching.labels) is not matching.on:
                del labels[label]
    for label in matching.include:
        labels.pop(label, None)
        if one.labels.get(label):
            labels[label] = one.labels[label]
    return Column(labels, cells)


def _joined(known: Column, more: Column, words: str) -> Column:
    pairs = list(zip(known.cells, more.cells, strict=True))
    if any(a is not None and b is not None for a, b in pairs):
        raise failed(words)
    return Column(known.labels, [a if b is None else b for a, b in pairs])


def _check_one(columns: list[Column], signed: Signature, side: str, is_asked: list[bool]) -> None:
    """Of the side that is to be one, each time has one, where the other side has any."""
    for asked, *cells in zip(is_asked, *(each.cells for each in columns), strict=True):
        if asked and sum(cell is not None for cell in cells) > 1:
            twice = [c for c, cell in zip(columns, cells, strict=True) if cell is not None][1::-1]
            group = _shown(dict(signed))
            which = ", ".join(_shown(each.labels) for each in twice)
            words = f"found duplicate series for the match group {group} on the {side} hand-side "
            raise failed(f"{words}of the operation: [{which}];{_MANY}")


def _shown(labels: Labels) -> str:
    return "{" + ", ".join(f'{key}="{value}"' for key, value in sorted(labels.items())) + "}"


def _signature(matching: Matching) -> Callable[[Labels], Signature]:
    wanted = sorted(set(matching.labels))
    if matching.on:
        return lambda labels: tuple((each, labels[each]) for each in wanted if each in labels)
    left_out = {*wanted, NAME}
    return lambda labels: tuple(sorted(i for i in labels.items() if i[0] not in left_out))


def _grouped(columns: Iterable[Column], signature: Callable[[Labels], Signature]) -> Groups:
    found: Groups = {}
    for column in columns:
        found.setdefault(signature(column.labels), []).append(column)
    return found


def _there(columns: list[Column]) -> list[bool]:
    """When there is one of them."""
    cells = zip(*(each.cells for each in columns), strict=True)
    return [any(cell is not None for cell in each) for each in cells]


def _kept(
    columns: list[Column],
    others: list[Column],
    signature: Callable[[Labels], Signature],
    *,
    where: bool,
) -> list[Column]:
    """What has, or has not, one among the others."""
    there = {signed: _there(group) for signed, group in _grouped(others, signature).items()}
    found = []
    for column in columns:
        known = there.get(signature(column.labels))
        if known is None:
            if not where:
                found.append(column)
            continue
        pairs = zip(column.cells, known, strict=True)
        found.append(
            Column(column.labels, [c if is_there is where else None for c, is_there in pairs])
        )
    return found


def _and(
    left: list[Column], right: list[Column], of: Callable[[Labels], Signature]
) -> list[Column]:
    return _kept(left, right, of, where=True)


def _unless(
    left: list[Column], right: list[Column], of: Callable[[Labels], Signature]
) -> list[Column]:
    return _kept(left, right, of, where=False)


def _or(left: list[Column], right: list[Column], of: Callable[[Labels], Signature]) -> list[Column]:
    return settled([*left, *_kept(right, left, of, where=False)])


_SETS: Final = {"and": _and, "or": _or, "unless": _unless}
