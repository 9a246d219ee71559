"""Where an axis has its ticks, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from math import ceil, floor, isfinite, log10
from typing import Final

from hubtui.model.units import text_of

EACH: Final = 4
"""Rows from one tick to the next, at least."""

APART: Final = 10
"""Columns from one time to the next, at least."""

DAY: Final = 86400.0

MOST: Final = 1e300
SMALLEST: Final = 1e-300
"""Beyond these a number is none that an axis could have."""

MANY: Final = 1e4
"""More steps than any axis has."""

LITTLE: Final = 0.05
"""The part of a number below which a change does not fill an axis."""

FINEST: Final = 1e-12
"""The part of a number below which a difference is none: floats have no more places."""

_TIME_STEPS: Final = (
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0,
    3600.0, 7200.0, 10800.0, 21600.0, 43200.0, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY,
)  # fmt: skip
_SPANS: Final = {"s": 1.0, "ms": 1000.0, "m": 1 / 60, "dtdurations": 1.0}
"""Units of time, and how many make a second: above it an hour is rounder than a thousand."""
_BINARY: Final = ("bytes", "kbytes", "mbytes", "gbytes", "binBps")


@dataclass(frozen=True, slots=True)
class Axis:
    """The values from the bottom to the top of a plot, with ticks in their unit."""

    low: float
    high: float
    ticks: tuple[float, ...]
    unit: str = ""
    decimals: int | None = None

    def share(self, value: float) -> float:
        """Where a value stands: 0 at the bottom, 1 at the top."""
        return (value - self.low) / (self.high - self.low)

    def label(self, tick: float) -> str:
        """What stands at a tick."""
        return text_of(tick, self.unit, self.decimals)


def axis_of(
    values: Sequence[float],
    rows: int,
    unit: str = "",
    *,
    low: float | None = None,
    high: float | None = None,
    decimals: int | None = None,
) -> Axis:
    """An axis on which all values have a place, from a round number to a round number. It begins at
    0 where that is not far, so that heights can be compared. `low` and `high` are asked for."""
    least, most = _ends(values, low, high)
    step = round_step((most - least) / max(1, rows // EACH), unit)
    bottom = least if low is not None else floor(least / step + 1e-9) * step
    top = most if high is not None else ceil(most / step - 1e-9) * step
    first = ceil(bottom / step - 1e-9)
    count = floor(top / step + 1e-9) - first + 1
    ticks = tuple((first + index) * step for index in range(min(count, 4 * rows + 4)))
    return Axis(bottom, top, ticks, unit, _places(ticks, unit) if decimals is None else decimals)


def _ends(values: Sequence[float], low: float | None, high: float | None) -> tuple[float, float]:
    """The least and the greatest value that has a place, never the same; 0 where it is near."""
    known = [value for value in values if abs(value) <= MOST]
    least = min(known, default=0.0) if low is None else low
    most = max(known, default=1.0) if high is None else high
    if low is None and least >= 0 and (least <= 0.8 * most or least == most):
        least = 0.0
    if low is None and high is None and most - least < LITTLE * max(abs(least), abs(most)):
        middle, half = (least + most) / 2, LITTLE / 2 * max(abs(least), abs(most))
        least, most = middle - half, middle + half
    if most - least > max(SMALLEST, abs(least) * FINEST, abs(most) * FINEST):
        return least, most
    around = max(abs(least) / 2, SMALLEST)
    if low is None and high is None:
        around = 1.0 if least == 0 else around
        return (0.0 if least == 0 else least - around), least + around
    return (most - around, most) if low is None else (least, least + around)


def _places(ticks: Sequence[float], unit: str) -> int | None:
    """So many places after the point that no two ticks say the same; None where the unit's own
    are enough, or none are."""
    for places in (None, 1, 2, 3, 4, 5, 6):
        if len({text_of(tick, unit, places) for tick in ticks}) == len(ticks):
            return places
    return None


def round_step(wanted: float, unit: str = "") -> float:
    """The smallest round step that is not below the one wanted: 1, 2 or 5 of a power of ten, of
    bytes of 1024, of time of what clocks have."""
    if not isfinite(wanted) or wanted < SMALLEST / MANY:
        return 1.0
    scale = _SPANS.get(unit)
    if scale is not None and wanted / scale > 10:
        step = next((each for each in _TIME_STEPS if each >= wanted / scale), None)
        if step is not None:
            return step * scale
    base = 1.0
    if unit in _BINARY:
        while wanted / base > 500:
            base *= 1024
    size: float = 10.0 ** floor(log10(wanted / base))
    factor = next(each for each in (1, 2, 5, 10) if each * size * base >= wanted * (1 - 1e-9))
    return factor * size * base


@dataclass(frozen=True, slots=True)
class Moment:
    """A tick of the time axis."""

    at: float
    label: str


def moments(start: float, end: float, columns: int, zone: tzinfo | None = None) -> list[Moment]:
    """Round times of the clock between two moments, so far apart that their words fit.

    `zone` None is the zone of this machine. Midnight is told by its date.
    """
    if end <= start or columns <= 0:
        return []
    wanted = (end - start) * APART / columns
    step = next((each for each in _TIME_STEPS if each >= wanted), _TIME_STEPS[-1])
    first = _local(start, zone)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    if step >= DAY:
        days = round(step / DAY)
        midnight -= timedelta(days=midnight.toordinal() % days)
    found = []
    # The clock's own times are counted: a day in which it is put forward has 23 hours.
    for index in range(int((end - midnight.timestamp()) / step) + 3):
        clock = midnight.replace(tzinfo=None) + timedelta(seconds=index * step)
        at = _moment(clock, zone)
        if start <= at <= end:
            found.append(Moment(at, _words(clock, step)))
    return found


def _local(at: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone(zone)


def _moment(clock: datetime, zone: tzinfo | None) -> float:
    return (
        clock.astimezone().timestamp() if zone is None else clock.replace(tzinfo=zone).timestamp()
    )


def _words(clock: datetime, step: float) -> str:
    if step >= DAY or (clock.hour, clock.minute, clock.second) == (0, 0, 0):
        return f"{clock.day} {clock:%b}"
    return f"{clock:%H:%M}" if step >= 60 else f"{clock:%H:%M:%S}"


def when(at: float, length: float, zone: tzinfo | None = None) -> str:
    """A moment in words, as precise as the time that is looked at asks for."""
    clock = _local(at, zone)
    if length <= 900:
        return f"{clock:%H:%M:%S}"
    return f"{clock:%H:%M}" if length <= DAY / 2 else f"{clock.day} {clock:%b} {clock:%H:%M}"
