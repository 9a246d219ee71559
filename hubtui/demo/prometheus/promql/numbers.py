"""Arithmetic as Go does it: nothing is raised, what has no value is NaN or infinite.

Source: Prometheus 2.42, promql/{engine,functions,quantile}.go.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Final


def _divided(left: float, right: float) -> float:
    if right:
        return left / right
    if left == 0 or left != left or right != right:
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _modulo(left: float, right: float) -> float:
    if right == 0 or math.isinf(left):
        return math.nan
    return math.fmod(left, right)


def _power(left: float, right: float) -> float:
    try:
        return math.pow(left, right)
    except OverflowError:
        is_odd = right == int(right) and int(right) % 2 == 1
        return -math.inf if left < 0 and is_odd else math.inf
    except ValueError:
        if left == 0:
            is_odd = right == int(right) and int(right) % 2 == 1
            return math.copysign(math.inf, left) if is_odd else math.inf
        return math.nan


OPERATIONS: Final[dict[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
    "%": _modulo,
    "^": _power,
    "atan2": math.atan2,
}
COMPARED: Final[dict[str, Callable[[float, float], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def summed(values: Iterable[float]) -> float:
    """The sum, of infinite values too."""
    kept = list(values)
    try:
        return math.fsum(kept)
    except (ValueError, OverflowError):
        return sum(kept)


def mean(values: Sequence[float]) -> float:
    """The mean."""
    return summed(values) / len(values)


def variance(values: Sequence[float]) -> float:
    """The variance of a population."""
    middle = mean(values)
    if not math.isfinite(middle):
        return math.nan
    return summed((value - middle) * (value - middle) for value in values) / len(values)


def quantile(q: float, values: Sequence[float]) -> float:
    """The q-quantile, between two values where it falls between them."""
    if not values or q != q:
        return math.nan
    if not 0 <= q <= 1:
        return math.inf if q > 1 else -math.inf
    # NaN is the smallest.
    ordered = sorted(values, key=lambda value: (value == value, value if value == value else 0))
    rank = q * (len(ordered) - 1)
    low = max(0, math.floor(rank))
    high = min(len(ordered) - 1, low + 1)
    weight = rank - math.floor(rank)
    return ordered[low] * (1 - weight) + ordered[high] * weight


def of_buckets(q: float, buckets: list[tuple[float, float]]) -> float:
    """The q-quantile of a histogram: upper bounds, and how many are not above them."""
    if q != q:
        return math.nan
    if not 0 <= q <= 1:
        return math.inf if q > 1 else -math.inf
    merged = _merged(sorted(buckets))
    if len(merged) < 2 or merged[-1][0] != math.inf or not merged[-1][1]:
        return math.nan
    rank = q * merged[-1][1]
    number = next((n for n, (_, count) in enumerate(merged[:-1]) if count >= rank), len(merged) - 1)
    if number == len(merged) - 1:
        return merged[-2][0]
    end, count = merged[number]
    if number == 0:
        return end if end <= 0 else _divided(end * rank, count)
    start, before = merged[number - 1]
    return start + (end - start) * _divided(rank - before, count - before)


def _merged(buckets: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Buckets of one bound together, and none with less than the one below it."""
    found: list[tuple[float, float]] = []
    for bound, count in buckets:
        if found and found[-1][0] == bound:
            found[-1] = (bound, found[-1][1] + count)
        else:
            found.append((bound, count))
    most = -math.inf
    for number, (bound, count) in enumerate(found):
        most = max(most, count)
        found[number] = (bound, most)
    return found


def written(value: float) -> str:
    """A number as Go writes it in JSON: no exponent, but for very small and very large ones."""
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value and not 1e-6 <= abs(value) < 1e21:
        return repr(value)
    return plain(value)


def plain(value: float) -> str:
    """A number with all its digits."""
    if value != value or math.isinf(value):
        return written(value)
    return str(int(value)) if value == int(value) else f"{Decimal(repr(value)):f}"
