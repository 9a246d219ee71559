"""Functions over ranges of samples: rates, slopes, and what happened over a time.

Source: Prometheus 2.42, promql/functions.go. A range has both its ends in it.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Final, NamedTuple, cast

from hubtui.demo.prometheus.promql.numbers import mean, quantile, summed, variance
from hubtui.demo.prometheus.promql.series import Cells, Series, Windows

Times = Sequence[int]
Values = Sequence[float]


def over(
    name: str, series: Series, starts: Times, ends: Times, given: Sequence[float], now: Times
) -> Cells:
    """A function of the samples in each window. `given` is its other argument at each time,
    `now` the time itself, which is not the window's end when that has an offset."""
    found = _by_ends(name, series, starts, ends)
    if found is not None:
        return found
    slices = _slices(series, starts, ends)
    if name in _RATES:
        is_counter, is_rate = _RATES[name]
        return [
            _of_samples(times, values, start, end, is_counter=is_counter, is_rate=is_rate)
            for (times, values), start, end in zip(slices, starts, ends, strict=True)
        ]
    if name == "quantile_over_time":
        each = zip(slices, given, strict=True)
        return [quantile(q, values) if values else None for (_, values), q in each]
    if name == "predict_linear":
        each3 = zip(slices, given, now, strict=True)
        return [_predicted(times, values, at, far) for (times, values), far, at in each3]
    return [_OF[name](times, values) if values else None for times, values in slices]


_RATES: Final = {"rate": (True, True), "increase": (True, False), "delta": (False, False)}


def _by_ends(name: str, series: Series, starts: Times, ends: Times) -> Cells | None:
    """The answer from the ends of the windows alone, where the series tells them."""
    if name not in _RATES and name not in ("irate", "idelta") and name not in _LAST:
        return None
    rising, last_two = name in ("rate", "increase"), name in ("irate", "idelta")
    windows = series.windows(starts, ends, last_two=last_two, rising=rising)
    if windows is None:
        return None
    if name in _RATES:
        is_counter, is_rate = _RATES[name]
        return _rates(windows, starts, ends, is_counter=is_counter, is_rate=is_rate)
    if name in _LAST:
        each = zip(windows.spans.sizes, windows.last, strict=True)
        of = _LAST[name]
        return [None if last is None else of(size, last) for size, last in each]
    spans = windows.spans
    found = zip(spans.first_at, windows.first, spans.last_at, windows.last, strict=True)
    return [
        None if a is None or b is None or x == y else _instant(name, x, a, y, b)
        for x, a, y, b in found
    ]


_LAST: Final[dict[str, Callable[[int, float], float]]] = {
    "last_over_time": lambda _, last: last,
    "present_over_time": lambda *_: 1.0,
    "count_over_time": lambda size, _: float(size),
}


class _Shape(NamedTuple):
    """Of a window: seconds from its begin to the first sample, between its samples, what is added
    at both ends, and what of a step at most is."""

    to_start: float
    sampled: float
    before: float
    after: float
    most: float
    seconds: float


def _shape(size: int, first_at: int, last_at: int, start: int, end: int) -> _Shape | None:
    if size < 2:
        return None
    to_start, to_end = (first_at - start) / 1000, (end - last_at) / 1000
    sampled = (last_at - first_at) / 1000
    usual = sampled / (size - 1)
    most = usual * 1.1
    before = to_start if to_start < most else usual / 2
    after = to_end if to_end < most else usual / 2
    return _Shape(to_start, sampled, before, after, most, (end - start) / 1000)


def _rates(
    windows: Windows, starts: Times, ends: Times, *, is_counter: bool, is_rate: bool
) -> Cells:
    spans = windows.spans
    if spans.shape is None:
        each = zip(spans.sizes, spans.first_at, spans.last_at, starts, ends, strict=True)
        spans.shape = [_shape(*of) for of in each]
    shapes = cast("list[_Shape | None]", spans.shape)
    return [
        None
        if shape is None or first is None or last is None
        else _extrapolated(shape, first, last - first, is_counter, is_rate)
        for shape, first, last in zip(shapes, windows.first, windows.last, strict=True)
    ]


def _extrapolated(
    shape: _Shape, first: float, gained: float, is_counter: bool, is_rate: bool
) -> float:
    """What was gained, as if samples went up to both ends of the window."""
    if gained == 0:
        return 0.0
    to_start, sampled, before, after, most, seconds = shape
    if is_counter and gained > 0 and first >= 0:
        # A counter does not begin below zero.
        to_zero = sampled * (first / gained)
        if to_zero < to_start and to_zero < most:
            before = to_zero
    factor = (sampled + before + after) / sampled
    return gained * (factor / seconds if is_rate else factor)


def _slices(series: Series, starts: Times, ends: Times) -> Iterator[tuple[Times, Values]]:
    """The samples of each window: read once where windows overlap."""
    if not starts:
        return
    low, high = min(starts), max(ends)
    if sum(end - start for start, end in zip(starts, ends, strict=True)) < high - low:
        for start, end in zip(starts, ends, strict=True):
            yield series.samples(start, end)
        return
    times, values = series.samples(low, high)
    for start, end in zip(starts, ends, strict=True):
        a, b = bisect_left(times, start), bisect_right(times, end)
        yield times[a:b], values[a:b]


def _of_samples(
    times: Times, values: Values, start: int, end: int, *, is_counter: bool, is_rate: bool
) -> float | None:
    if len(values) < 2:
        return None
    shape = _shape(len(values), times[0], times[-1], start, end)
    gained = values[-1] - values[0]
    if is_counter:
        gained += sum(before for before, value in pairwise(values) if value < before)
    return _extrapolated(shape, values[0], gained, is_counter, is_rate) if shape else None


def _instant(name: str, first_at: int, first: float, last_at: int, last: float) -> float | None:
    if name == "idelta":
        return last - first
    gained = last if last < first else last - first
    return gained / ((last_at - first_at) / 1000)


def _last_two(name: str, times: Times, values: Values) -> float | None:
    if len(values) < 2:
        return None
    return _instant(name, times[-2], values[-2], times[-1], values[-1])


def _line(times: Times, values: Values, at: int) -> tuple[float, float]:
    """Slope a second, and the value at a time, of the line of least squares."""
    first = values[0]
    if all(value == first for value in values):
        return (0.0, first) if math.isfinite(first) else (math.nan, math.nan)
    xs = [(when - at) / 1000 for when in times]
    count, sum_x, sum_y = len(xs), summed(xs), summed(values)
    products = summed(x * y for x, y in zip(xs, values, strict=True))
    cov = products - sum_x * sum_y / count
    var = summed(x * x for x in xs) - sum_x * sum_x / count
    slope = cov / var
    return slope, sum_y / count - slope * sum_x / count


def _deriv(times: Times, values: Values) -> float | None:
    return _line(times, values, times[0])[0] if len(values) > 1 else None


def _predicted(times: Times, values: Values, at: int, seconds: float) -> float | None:
    if len(values) < 2:
        return None
    slope, level = _line(times, values, at)
    return slope * seconds + level


def largest(values: Sequence[float]) -> float:
    """The largest; NaN only where all are."""
    return max((value for value in values if value == value), default=math.nan)


def smallest(values: Sequence[float]) -> float:
    """The smallest; NaN only where all are."""
    return min((value for value in values if value == value), default=math.nan)


def _changes(_times: Times, values: Values) -> float:
    return float(sum(a != b and not (a != a and b != b) for a, b in pairwise(values)))


def _resets(_times: Times, values: Values) -> float:
    return float(sum(b < a for a, b in pairwise(values)))


_OF: Final[dict[str, Callable[[Times, Values], float | None]]] = {
    "irate": partial(_last_two, "irate"),
    "idelta": partial(_last_two, "idelta"),
    "deriv": _deriv,
    "changes": _changes,
    "resets": _resets,
    "avg_over_time": lambda _, values: mean(values),
    "count_over_time": lambda _, values: float(len(values)),
    "last_over_time": lambda _, values: values[-1],
    "max_over_time": lambda _, values: largest(values),
    "min_over_time": lambda _, values: smallest(values),
    "present_over_time": lambda *_: 1.0,
    "stddev_over_time": lambda _, values: math.sqrt(variance(values)),
    "stdvar_over_time": lambda _, values: variance(values),
    "sum_over_time": lambda _, values: summed(values),
}
