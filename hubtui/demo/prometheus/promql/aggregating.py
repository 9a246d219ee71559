"""Series put together: sums, extremes, counts, the k largest.

Source: Prometheus 2.42, promql/engine.go (aggregation).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from hubtui.demo.prometheus.promql.numbers import mean, plain, quantile, summed, variance
from hubtui.demo.prometheus.promql.ranging import largest, smallest
from hubtui.demo.prometheus.promql.series import Cells, Column, Labels, failed, settled
from hubtui.demo.prometheus.promql.tree import Aggregation
from hubtui.demo.prometheus.selecting import NAME

_OF: Final[dict[str, Callable[[Sequence[float]], float]]] = {
    "sum": summed,
    "avg": mean,
    "min": smallest,
    "max": largest,
    "count": lambda values: float(len(values)),
    "group": lambda _: 1.0,
    # Of a single value it is 0, whatever that is.
    "stddev": lambda values: math.sqrt(variance(values)) if len(values) > 1 else 0.0,
    "stdvar": lambda values: variance(values) if len(values) > 1 else 0.0,
}
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)


def aggregated(
    node: Aggregation, columns: list[Column], parameter: Sequence[float] | str
) -> list[Column]:
    """The columns in groups, each made one; the k largest of each as they are."""
    groups: dict[frozenset[tuple[str, str]], tuple[Labels, list[Column]]] = {}
    for column in columns:
        labels = _grouping(node, column.labels)
        key = frozenset(labels.items())
        groups.setdefault(key, (labels, []))[1].append(column)
    if isinstance(parameter, str):
        return _counted(parameter, groups.values())
    if node.name in ("topk", "bottomk"):
        made = [_outer(node.name, group, parameter) for _, group in groups.values()]
        return [column for group in made for column in group]
    if node.name == "quantile":
        return [Column(labels, _quantiles(group, parameter)) for labels, group in groups.values()]
    of = _OF[node.name]
    return [Column(labels, _cells(of, group)) for labels, group in groups.values()]


def _grouping(node: Aggregation, labels: Labels) -> Labels:
    if node.without:
        left_out = {*node.labels, NAME}
        return {key: value for key, value in labels.items() if key not in left_out}
    return {key: labels[key] for key in node.labels if key in labels}


def _cells(of: Callable[[Sequence[float]], float], group: list[Column]) -> Cells:
    if len(group) == 1 and of is not _OF["count"]:
        return [None if cell is None else of((cell,)) for cell in group[0].cells]
    found: Cells = []
    for cells in zip(*(each.cells for each in group), strict=True):
        values = [cell for cell in cells if cell is not None]
        found.append(of(values) if values else None)
    return found


def _quantiles(group: list[Column], parameter: Sequence[float]) -> Cells:
    found: Cells = []
    cells = zip(*(each.cells for each in group), strict=True)
    for each, q in zip(cells, parameter, strict=True):
        values = [cell for cell in each if cell is not None]
        found.append(quantile(q, values) if values else None)
    return found


def _counted(label: str, groups: Iterable[tuple[Labels, list[Column]]]) -> list[Column]:
    if not _LABEL.fullmatch(label):
        raise failed(f'invalid label name "{label}"')
    found: dict[frozenset[tuple[str, str]], Column] = {}
    for labels, group in groups:
        for number, cells in enumerate(zip(*(each.cells for each in group), strict=True)):
            for cell in cells:
                if cell is not None:
                    told = {**labels, label: plain(cell)}
                    key = frozenset(told.items())
                    if key not in found:
                        found[key] = Column(told, [None] * len(group[0].cells))
                    found[key].cells[number] = (found[key].cells[number] or 0.0) + 1.0
    return list(found.values())


def _outer(name: str, group: list[Column], parameter: Sequence[float]) -> list[Column]:
    """The k largest or smallest at each time, in that order where it is one time."""
    found: dict[int, Column] = {}
    for number, cells in enumerate(zip(*(each.cells for each in group), strict=True)):
        k = parameter[number]
        if k != k or not -(2**63) <= k < 2**63:
            raise failed(f"Scalar value {plain(k)} overflows int64")
        there = [(cell, at) for at, cell in enumerate(cells) if cell is not None]
        sign = -1 if name == "topk" else 1
        # NaN comes last, whichever end is asked for.
        there.sort(
            key=lambda each: (each[0] != each[0], sign * each[0] if each[0] == each[0] else 0)
        )
        for cell, at in there[: max(0, int(k))]:
            if at not in found:
                found[at] = Column(group[at].labels, [None] * len(parameter))
            found[at].cells[number] = cell
    return settled(found.values())
