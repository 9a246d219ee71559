"""The series of the demo as the evaluator wants them: with the samples that scrapes took."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from hubtui.demo.history import EVERY
from hubtui.demo.prometheus.lines import Line
from hubtui.demo.prometheus.promql.series import LOOKBACK, Cells, Labels, Spans, Windows
from hubtui.demo.prometheus.scraped import KEPT, lines
from hubtui.demo.prometheus.selecting import NAME, Selector
from hubtui.demo.world import World

_COUNTS: Final = ("_total", "_bucket", "_count", "_sum")
"""How the names of counters end; each of their lines only rises."""

Grid = list[float]
"""Scrapes (unix seconds), one for each time that is asked about."""


class Stored:
    """What there is at one moment. Times from outside are milliseconds, a line's are seconds."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.now = world.timeline.now.timestamp()
        self.every = EVERY / world.timeline.speed
        self.latest = self.now // self.every * self.every
        self.oldest = self.now - KEPT
        self._grids: dict[tuple[str, int], tuple[Sequence[int], Grid]] = {}
        self._cuts: dict[tuple[int, int, float, float, bool], Cut] = {}
        self._parts: dict[tuple[int, int, int], Grid] = {}

    def select(self, selector: Selector, start: int, end: int) -> Iterable[Scraped]:
        """Those that fit, and of which there was something."""
        return list(self.each(selector, start, end))

    def each(self, selector: Selector, start: int, end: int) -> Iterator[Scraped]:
        """The same one by one, for who does not need all."""
        low, high = start / 1000 - self.every, end / 1000
        for line in lines(self._world, selector.metric):
            if line.begin <= high and line.end > low and selector.takes(line.labels):
                yield Scraped(self, line)

    def looked(self, times: Sequence[int]) -> Grid:
        """The scrape before each time; without end, where it would be too old or not kept."""
        return self._grid("looked", times, self._looked)

    def before(self, times: Sequence[int]) -> Grid:
        """The last scrape up to each time."""
        return self._grid(
            "before", times, lambda w: min(w / 1000 // self.every * self.every, self.latest)
        )

    def after(self, times: Sequence[int]) -> Grid:
        """The first scrape from each time on."""
        return self._grid("after", times, lambda w: self.next(max(w / 1000, self.oldest)))

    def part(self, grid: Grid, low: int, high: int) -> Grid:
        """A part of a grid, the same list for all who ask for it."""
        if high - low == len(grid):
            return grid
        key = id(grid), low, high
        if key not in self._parts:
            self._parts[key] = grid[low:high]
        return self._parts[key]

    def cut(
        self,
        starts: Sequence[int],
        ends: Sequence[int],
        begin: float,
        end: float,
        *,
        last_two: bool,
    ) -> Cut:
        """The scrapes at both ends of windows that a series had which was there for a time."""
        key = id(starts), id(ends), begin, end, last_two
        if key not in self._cuts:
            firsts, lasts = self.after(starts), self.before(ends)
            if firsts and begin > firsts[0]:
                least = self.next(begin)
                firsts = [max(least, each) for each in firsts]
            if lasts and end <= lasts[-1]:
                most = self.next(end) - self.every
                lasts = [min(most, each) for each in lasts]
            if last_two:
                firsts = [max(a, b - self.every) for a, b in zip(firsts, lasts, strict=True)]
            self._cuts[key] = Cut(starts, firsts, lasts, self.every)
        return self._cuts[key]

    def next(self, when: float) -> float:
        """The first scrape from a time on."""
        return -(-when // self.every) * self.every

    def _looked(self, when: int) -> float:
        seconds = when / 1000
        if seconds < self.oldest:
            return -math.inf
        if seconds > self.latest + LOOKBACK / 1000:
            return math.inf
        return min(seconds // self.every * self.every, self.latest)

    def _grid(self, kind: str, times: Sequence[int], of: Callable[[int], float]) -> Grid:
        # The series of a query are asked for the same times: their scrapes are sought once.
        known = self._grids.get((kind, id(times)))
        if known is None:
            known = self._grids[kind, id(times)] = times, [of(when) for when in times]
        return known[1]


class Cut:
    """Windows as scrapes: the first and the last one of those that have any."""

    def __init__(self, of: Sequence[int], firsts: Grid, lasts: Grid, every: float) -> None:
        self._of = of
        pairs = list(zip(firsts, lasts, strict=True))
        self.there = [number for number, (a, b) in enumerate(pairs) if a <= b]
        self.firsts = [firsts[number] for number in self.there]
        self.lasts = [lasts[number] for number in self.there]
        sizes = [round((b - a) / every) + 1 if a <= b else 0 for a, b in pairs]
        first_at, last_at = ([round(each * 1000) for each in row] for row in (firsts, lasts))
        self.spans = Spans(sizes, first_at, last_at)

    def spread(self, values: Sequence[float | None]) -> Cells:
        """Values of those that have any, with nothing for the others."""
        found: Cells = [None] * len(self._of)
        for number, value in zip(self.there, values, strict=True):
            found[number] = value
        return found


class Scraped:
    """A line as a series."""

    def __init__(self, stored: Stored, line: Line) -> None:
        self._stored, self._line = stored, line

    @property
    def labels(self) -> Labels:
        """See Series."""
        return self._line.labels

    def was_there(self, times: Sequence[int]) -> bool:
        """Whether it had a value at one of these times, which rise."""
        line = self._line
        if line.steady:
            return any(line.begin <= when < line.end for when in self._stored.looked(times))
        return any(value is not None for value in self.at(times))

    def at(self, times: Sequence[int]) -> Cells:
        """See Series."""
        grid = self._stored.looked(times)
        return self._within(grid, self._line.values)

    def stamps(self, times: Sequence[int]) -> Cells:
        """See Series."""
        grid = self._stored.looked(times)
        cells = self._within(grid, self._line.values)
        return [None if cell is None else when for cell, when in zip(cells, grid, strict=True)]

    def _within(self, grid: Grid, values: Callable[[Grid], Sequence[float | None]]) -> Cells:
        """Values where the line was there."""
        line, stored = self._line, self._stored
        low = bisect_left(grid, max(line.begin, stored.oldest - stored.every))
        high = bisect_left(grid, min(line.end, stored.latest + stored.every))
        cells: Cells = [None] * len(grid)
        if high > low:
            cells[low:high] = values(stored.part(grid, low, high))
        return cells

    def samples(self, start: int, end: int) -> tuple[Sequence[int], Sequence[float]]:
        """See Series."""
        stored, line = self._stored, self._line
        first = stored.next(max(start / 1000, stored.oldest, line.begin))
        last = min(end / 1000 // stored.every * stored.every, stored.latest)
        count = int((last - first) / stored.every + 1e-6) + 1 if last >= first else 0
        times = [first + number * stored.every for number in range(count)]
        times = times[: bisect_left(times, line.end)]
        pairs = zip(times, line.values(times), strict=True)
        there = [(round(when * 1000), value) for when, value in pairs if value is not None]
        return [when for when, _ in there], [value for _, value in there]

    def windows(
        self,
        starts: Sequence[int],
        ends: Sequence[int],
        /,
        *,
        last_two: bool = False,
        rising: bool = False,
    ) -> Windows | None:
        """See Series."""
        line = self._line
        if not line.steady or (rising and not line.labels[NAME].endswith(_COUNTS)):
            return None
        cut = self._stored.cut(starts, ends, line.begin, line.end, last_two=last_two)
        first, last = line.values(cut.firsts), line.values(cut.lasts)
        if len(cut.there) == len(starts):
            return Windows(cut.spans, list(first), list(last))
        return Windows(cut.spans, cut.spread(first), cut.spread(last))
