"""Lines in braille: each cell of the terminal has two dots side by side and four above each other.

Written here since a library would have to be parsed back out of its escape sequences: plotext takes
33-68 ms for five lines of 300 points, this 3 ms, and it loses dots where two lines share a cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

ACROSS, DOWN = 2, 4
"""Dots of a cell."""

_DOTS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The dots of the left and of the right half of a cell, from the top."""

_RUNS: Final = tuple(
    tuple(tuple(sum(dots[low : high + 1]) for high in range(DOWN)) for low in range(DOWN))
    for dots in _DOTS
)
"""The dots from one to another of each half."""

_SIGNS: Final = " " + "".join(chr(0x2800 + dots) for dots in range(1, 256))

NOBODY: Final = -1


class Raster:
    """A field of cells. Places are shares of it: x from left to right, y from bottom to top."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._dots = [[0] * width for _ in range(height)]
        self._owners = [[NOBODY] * width for _ in range(height)]

    def line(self, places: Sequence[tuple[float, float]], owner: int) -> None:
        """Connects the places, in the order of x; a lone one is a dot. What is drawn later lies on
        top. What is above or below the field is cut off."""
        dots = [self._dot(x, y) for x, y in places]
        if not dots:
            return
        first_x, first_y = dots[0]
        # What is connected covers a single run of each column of dots.
        runs = {first_x: (first_y, first_y)}
        for (from_x, from_y), (to_x, to_y) in pairwise(dots):
            wide = to_x - from_x
            if wide <= 0:
                _widen(runs, to_x, from_y, to_y)
                continue
            slope = (to_y - from_y) / wide
            for step in range(wide + 1):
                before = from_y + slope * max(0.0, step - 0.5)
                after = from_y + slope * min(float(wide), step + 0.5)
                _widen(runs, from_x + step, round(before), round(after))
        for x, (low, high) in runs.items():
            self._stroke(x, low, high, owner)

    def _dot(self, x: float, y: float) -> tuple[int, int]:
        last_x, last_y = self.width * ACROSS - 1, self.height * DOWN - 1
        # A little beyond the edge is as good as far beyond it, and costs no steps.
        clipped = min(max(y, -0.5), 1.5)
        return round(min(max(x, 0.0), 1.0) * last_x), last_y - round(clipped * last_y)

    def _stroke(self, x: int, low: int, high: int, owner: int) -> None:
        column, across = divmod(x, ACROSS)
        low, high = max(0, low), min(self.height * DOWN - 1, high)
        first, last = low // DOWN, high // DOWN
        for row in range(first, last + 1):
            begins = low % DOWN if row == first else 0
            ends = high % DOWN if row == last else DOWN - 1
            self._dots[row][column] |= _RUNS[across][begins][ends]
            self._owners[row][column] = owner

    def row(self, row: int) -> Iterable[tuple[str, int]]:
        """The cells of a row, from the top: the sign and who drew it, NOBODY where nothing is."""
        return zip(map(_SIGNS.__getitem__, self._dots[row]), self._owners[row], strict=True)

    def rows_of(self, owner: int, column: int) -> list[int]:
        """The rows of a column in which an owner is on top."""
        return [row for row in range(self.height) if self._owners[row][column] == owner]


def _widen(runs: dict[int, tuple[int, int]], x: int, one: int, other: int) -> None:
    low, high = (one, other) if one <= other else (other, one)
    known = runs.get(x)
    if known is not None:
        low, high = min(low, known[0]), max(high, known[1])
    runs[x] = low, high
