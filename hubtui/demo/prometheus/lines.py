"""Series as functions of the time: nothing of them is computed before somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Value = Callable[[float], float | None]
"""What a series has at a time (unix seconds), None where it has nothing."""

Many = Callable[[Sequence[float]], Sequence[float | None]]
"""The same for many times."""


@dataclass(frozen=True, slots=True)
class Line:
    """One series: its labels with its name, and its value at a time between `begin` and `end`
    (unix seconds), at which what tells it came and went. `many` is a faster way to many values;
    a `steady` line always has one in between and, if it counts, is never reset."""

    labels: Mapping[str, str]
    value: Value
    begin: float = float("-inf")
    end: float = float("inf")
    many: Many | None = None
    steady: bool = False

    def values(self, times: Sequence[float]) -> Sequence[float | None]:
        """What it has at each of these times."""
        if self.many is not None:
            return self.many(times)
        return [self.value(when) for when in times]
