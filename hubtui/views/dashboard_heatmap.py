"""A heatmap: time from the left to the right, buckets from the bottom to the top, and in each cell
a block that is the fuller the more fell into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, isfinite
from typing import Final

from hubtui.model.panel_lines import PanelLine
from hubtui.model.units import text_of
from hubtui.services.board_panels import PanelState
from hubtui.views import plot_axes
from hubtui.views.cells import Cell, Span, Tone
from hubtui.views.lines import clip, merged, pad
from hubtui.views.plot import Place, time_rows

SHADES: Final = "·░▒▓█"
"""From little to much; where nothing fell there is a blank."""

_LEAST: Final = (24, 4)
_LABEL: Final = 10
_ROWS_A_LABEL: Final = 2


@dataclass(frozen=True, slots=True)
class Bucket:
    """What fell between two values, at each moment that there is a sample of."""

    low: float
    high: float
    counts: tuple[float, ...]


def heatmap_lines(state: PanelState, width: int, height: int) -> list[Cell]:
    """The heatmap in at most `height` lines, its axis and what the shades mean below."""
    window, look = state.window, state.panel.look
    if window is None or width < _LEAST[0] or height < _LEAST[1]:
        return []
    start, end = window.start.timestamp(), window.end.timestamp()
    rows = height - 3
    times = sorted({at for line in state.lines for at, _ in line.points if start <= at <= end})
    buckets = _of_buckets(state.lines, times) or _of_values(state.lines, times, rows, look.unit)
    if not buckets:
        return []
    buckets = _fitting(buckets, rows)
    each_high = max(1, rows // len(buckets))
    every = 1 if each_high > 1 else _ROWS_A_LABEL
    labels = _labels(buckets, look.unit, look.decimals, every)
    gutter = max(map(len, labels))
    place = Place(gutter + 1, max(1, width - gutter - 1), start, end)
    step = state.step.total_seconds() if state.step is not None else 0.0
    columns = _columns(times, place, step)
    most = max((count for each in buckets for count in each.counts), default=0.0)
    lines = []
    for bucket, label in zip(reversed(buckets), reversed(labels), strict=True):
        for part in range(each_high):
            spans = _row(bucket, columns, "" if part else label, gutter, most)
            lines.append(pad(merged(spans), width))
    return [*lines, *time_rows(place, width), _key(buckets, most, width)]


def _columns(times: Sequence[float], place: Place, step: float) -> list[list[int]]:
    """Which moments each column shows: a sample stands for the time since the one before."""
    found: list[list[int]] = [[] for _ in range(place.width)]
    for index, at in enumerate(times):
        last = place.column(at)
        if last is not None:
            before = place.column(at - step)
            first = 0 if before is None else before + 1
            for column in range(min(first, last), last + 1):
                found[column].append(index)
    return found


def _of_buckets(lines: Sequence[PanelLine], times: Sequence[float]) -> list[Bucket]:
    """The buckets of a histogram, each named by its upper limit; none where that is not what the
    answer is."""
    limits = [_limit(line) for line in lines]
    if not times or any(limit is None for limit in limits):
        return []
    found: list[Bucket] = []
    below = -inf
    known = sorted(
        ((limit, line) for limit, line in zip(limits, lines, strict=True) if limit is not None),
        key=lambda pair: pair[0],
    )
    for limit, line in known:
        values = {at: value for at, value in line.points if isfinite(value)}
        found.append(Bucket(below, limit, tuple(max(0.0, values.get(at, 0.0)) for at in times)))
        below = limit
    return found


def _limit(line: PanelLine) -> float | None:
    try:
        return float(line.labels.get("le", line.name))
    except ValueError:
        return None


def _of_values(
    lines: Sequence[PanelLine], times: Sequence[float], rows: int, unit: str
) -> list[Bucket]:
    """The values of all series sorted into buckets: how many series were in each at a moment."""
    places = {at: index for index, at in enumerate(times)}
    points = [
        (places[at], value)
        for line in lines
        for at, value in line.points
        if at in places and isfinite(value)
    ]
    if not points:
        return []
    low = min(value for _, value in points)
    high = max(value for _, value in points)
    low = 0.0 if 0 <= low <= high / 2 else low
    step = plot_axes.round_step((high - low) / max(1, rows - 1) or abs(high) or 1.0, unit)
    first = int(low // step)
    count = min(rows, int(high // step) - first + 1)
    counts = [[0.0] * len(times) for _ in range(count)]
    for place, value in points:
        counts[min(count - 1, max(0, int(value // step) - first))][place] += 1
    return [
        Bucket((first + row) * step, (first + row + 1) * step, tuple(each))
        for row, each in enumerate(counts)
    ]


def _fitting(buckets: list[Bucket], rows: int) -> list[Bucket]:
    """At most `rows` buckets: empty ones at the ends go first, then neighbours become one."""
    while len(buckets) > rows and not any(buckets[-1].counts):
        buckets = buckets[:-1]
    while len(buckets) > rows and not any(buckets[0].counts):
        buckets = buckets[1:]
    each = -(-len(buckets) // max(1, rows))
    return [_together(buckets[at : at + each]) for at in range(0, len(buckets), each)]


def _together(buckets: Sequence[Bucket]) -> Bucket:
    sums = tuple(sum(column) for column in zip(*(each.counts for each in buckets), strict=True))
    return Bucket(buckets[0].low, buckets[-1].high, sums)


def _labels(buckets: Sequence[Bucket], unit: str, decimals: int | None, every: int) -> list[str]:
    found = []
    for index, each in enumerate(buckets):
        first = index % every == 0 or each.high == inf
        found.append(clip(text_of(each.high, unit, decimals), _LABEL) if first else "")
    return found


def _row(
    bucket: Bucket, columns: Sequence[Sequence[int]], label: str, gutter: int, most: float
) -> list[Span]:
    spans: list[Span] = [(f"{label:>{gutter}}", Tone.MUTED), ("┤" if label else "│", Tone.MUTED)]
    for column in columns:
        count = max((bucket.counts[index] for index in column), default=0.0)
        spans.append((_shade(count, most), Tone.TOOL))
    return spans


def _shade(count: float, most: float) -> str:
    if count <= 0 or most <= 0:
        return " "
    return SHADES[min(len(SHADES) - 1, int(count / most * len(SHADES)))]


def _key(buckets: Sequence[Bucket], most: float, width: int) -> Cell:
    """What the shades stand for."""
    counted = all(count == int(count) for each in buckets for count in each.counts)
    spans: list[Span] = []
    before = 0.0
    for index, shade in enumerate(SHADES):
        highest = most * (index + 1) / len(SHADES)
        if counted and index + 1 < len(SHADES):
            highest = ceil(highest) - 1
        if highest > before:
            spans += [("  " if spans else "", Tone.PLAIN), (shade, Tone.TOOL)]
            spans.append((f" ≤ {text_of(highest)}", Tone.MUTED))
        before = highest
    return pad(merged(spans), width)
