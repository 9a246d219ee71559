"""Bars of segments and sparklines, as cells; both have an ASCII form through `lines.to_ascii`."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Final

from hubtui.views.cells import Cell, Span, Tone
from hubtui.views.lines import merged

USED = "━"
REST = "─"
MARK = "│"

LINES: Final = {Tone.TOOL: "═", Tone.WAITING: "╍"}
"""The lines of segments that must be told apart without colours; every other one is USED."""

STEPS = "▁▂▃▄▅▆▇█"

MISSING = "·"
"""A point without a value: unknown is not zero."""


def bar(
    parts: Sequence[tuple[float, Tone]],
    total: float,
    width: int,
    *,
    mark: tuple[float, Tone] | None = None,
) -> Cell:
    """A thin line of `width` cells, one segment for each part of `total`, the rest thin.

    A part above zero takes at least one cell as long as there is room, so that the small is not
    lost; together they never take more than the whole. `mark` is an amount that is shown as a
    stroke on the line, in the cell where it ends; one in PLAIN takes the tone of its segment.
    """
    if width <= 0:
        return ()
    if total <= 0:
        return ((REST * width, Tone.MUTED),)
    spans = _segments(parts, total, width)
    return merged(spans if mark is None else _marked(spans, mark, total, width))


def _segments(parts: Sequence[tuple[float, Tone]], total: float, width: int) -> list[Span]:
    spans: list[Span] = []
    taken = 0
    sum_so_far = 0.0
    for amount, tone in parts:
        if amount <= 0:
            continue
        sum_so_far += amount
        end = round(width * min(1.0, sum_so_far / total))
        length = min(width - taken, max(1, end - taken))
        if length:
            spans.append((LINES.get(tone, USED) * length, tone))
            taken += length
    if taken < width:
        spans.append((REST * (width - taken), Tone.MUTED))
    return spans


def _marked(
    spans: Sequence[Span], mark: tuple[float, Tone], total: float, width: int
) -> list[Span]:
    amount, tone = mark
    at = max(0, min(width - 1, ceil(width * min(1.0, amount / total)) - 1))
    found: list[Span] = []
    for text, own in spans:
        if 0 <= at < len(text):
            shown = own if tone is Tone.PLAIN and own is not Tone.MUTED else tone
            found += [(text[:at], own), (MARK, shown), (text[at + 1 :], own)]
        else:
            found.append((text, own))
        at -= len(text)
    return [span for span in found if span[0]]


def sparkline(
    points: Sequence[float | None], width: int, tone: Tone, *, top: float | None = None
) -> Cell:
    """The points as blocks of eight heights, newest on the right, `width` cells wide.

    Where there are more points than cells, a cell shows the highest of its points: a peak must
    not vanish in a small window. `top` is the value of the full height, by default the highest.
    """
    if width <= 0:
        return ()
    if not points:
        return ((" " * width, Tone.MUTED),)
    buckets = _buckets(points, width)
    known = [value for value in buckets if value is not None]
    highest = top if top is not None else max(known, default=0.0)
    spans: list[Span] = [(" " * (width - len(buckets)), tone)]
    for value in buckets:
        spans.append((MISSING, Tone.MUTED) if value is None else (_step(value, highest), tone))
    return merged(spans)


def _buckets(points: Sequence[float | None], width: int) -> list[float | None]:
    """At most `width` values, each the highest of the points that it stands for."""
    count = len(points)
    if count <= width:
        return list(points)
    buckets: list[float | None] = []
    for index in range(width):
        part = points[index * count // width : (index + 1) * count // width]
        known = [value for value in part if value is not None]
        buckets.append(max(known) if known else None)
    return buckets


def _step(value: float, highest: float) -> str:
    if highest <= 0 or value <= 0:
        return STEPS[0]
    share = min(1.0, value / highest)
    return STEPS[min(len(STEPS) - 1, int(share * (len(STEPS) - 1) + 0.5))]
