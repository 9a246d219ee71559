"""When a file system is full, told from how it grew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hubtui.model.age import DAY, precise, short
from hubtui.model.points import Point
from hubtui.model.quantity import short_size
from hubtui.model.slope import (
    Slope,
    cleaned,
    covered,
    since_step_down,
    slope,
    steepest,
)

WINDOWS: Final = (timedelta(hours=6), timedelta(days=1), timedelta(days=7))
"""The times that are looked back upon, the shortest first."""

FARTHEST: Final = timedelta(days=365)
"""What takes longer is not told: nothing grows so evenly."""

SOON: Final = timedelta(days=1)
"""What grows so fast that it is full within this is told, however calm the days before were."""

_CLOSELY: Final = 24
"""Points by which something that goes up and down is told from something that runs away."""

_STEEPER: Final = 1.5
"""How many times as steep as ever before is another growth than the usual one."""

_LEAST_PART: Final = 0.25
"""The part of a window that must have been seen."""

_STEADY: Final = 0.5
_FAIRLY: Final = 1.5
"""How far the slopes of four fifths of the points may lie apart, as a part of the slope."""

_MONTH: Final = 30 * DAY

_WHOLE: Final = 0.75
_PARTLY: Final = 0.4
"""The part of the window in which there are points."""


class Confidence(StrEnum):
    """How far a trend is to be believed, the best first."""

    HIGH = "high"
    FAIR = "fair"
    LOW = "low"
    NONE = "none"


_BELIEVED: Final = frozenset({Confidence.HIGH, Confidence.FAIR})


@dataclass(frozen=True, slots=True)
class Trend:
    """How what is used of a file system changes, in bytes a day, as `points` in a `window` tell.

    `per_day` is None where too little was seen. `full_at` is None where it does not grow, where
    that takes more than FARTHEST, or where it is not known how much is free. `since` is when a
    step down began the reckoning anew, and `words` say when it is full: `in 3 d 4 h`. `before` is
    the change in the steepest stretch of this length on earlier days, None where that is not known,
    and not asked for where the longest window tells of much the same growth.
    """

    per_day: float | None
    full_at: datetime | None
    confidence: Confidence
    window: timedelta
    words: str
    points: int = 0
    seen: timedelta = timedelta()
    since: datetime | None = None
    before: float | None = None

    @property
    def grows(self) -> bool:
        """Whether it is full one day."""
        return self.full_at is not None

    @property
    def is_usual(self) -> bool:
        """Whether it grew as fast before: by day, in the week, while a class is on."""
        known = self.before is not None and self.per_day is not None
        return known and (self.per_day or 0.0) < _STEEPER * (self.before or 0.0)

    @property
    def window_words(self) -> str:
        """`6 h`, `1 d`, `7 d`."""
        return short(self.window.total_seconds())


def trend(
    points: Iterable[Point], window: timedelta, available: float | None, now: datetime
) -> Trend:
    """The trend over the last `window`; `available` are the bytes that are free, None where that
    is not known, and `now` is when they were."""
    end = now.timestamp()
    start = end - window.total_seconds()
    inside = [point for point in cleaned(points) if start <= point[0] <= end]
    lasting = since_step_down(inside)
    cut = len(lasting) < len(inside)
    seen = timedelta(seconds=lasting[-1][0] - lasting[0][0]) if lasting else timedelta()
    since = datetime.fromtimestamp(lasting[0][0], now.tzinfo) if cut else None
    found = slope(lasting) if seen >= window * _LEAST_PART else None
    if found is None:
        words, per_day, full_at, sure = (
            _too_little(len(lasting), seen, cut),
            None,
            None,
            Confidence.NONE,
        )
    else:
        per_day = found.middle * DAY
        sure = _confidence(found, available, covered(lasting, start, end))
        full_at = _full_at(found, sure, available, now)
        words = _words(found, sure, full_at, available, now)
    if available is not None and available <= 0:
        words, full_at = "full", now
    return Trend(per_day, full_at, sure, window, words, len(lasting), seen, since)


def trends(points: Iterable[Point], available: float | None, now: datetime) -> tuple[Trend, ...]:
    """The trends over all WINDOWS."""
    known = cleaned(points)
    found = [trend(known, window, available, now) for window in WINDOWS]
    usual = found[-1].per_day or 0.0
    return tuple(
        replace(each, before=_before(known, each, now))
        if each.grows and (each.per_day or 0.0) > _STEEPER * usual
        else each
        for each in found
    )


def _before(points: Sequence[Point], found: Trend, now: datetime) -> float | None:
    """The steepest stretch as long as a window, of earlier days: what runs away since this morning
    is not measured by itself."""
    start, end = (now - WINDOWS[-1]).timestamp(), (now - max(found.window, SOON)).timestamp()
    earlier = since_step_down([point for point in points if start <= point[0] <= end])
    steep = steepest(earlier, found.window.total_seconds(), end)
    return steep * DAY if steep is not None else None


def told(found: Sequence[Trend], now: datetime) -> Trend | None:
    """The trend that is told: the steadiest, of equals the longest, whose days and nights even
    out; but one with many points that says full within SOON, and far sooner, goes before. A night
    or a day that is as others were says nothing against a longer time that is believed. None of
    none."""
    if not found:
        return None
    ranks = list(Confidence)
    found = [each for each in found if not any(_is_part(each, longer) for longer in found)]
    first = min(found, key=lambda each: (ranks.index(each.confidence), -each.window))
    if first.confidence is Confidence.NONE:
        # The one that comes nearest to being told: the most of its window was seen.
        return max(found, key=lambda each: (each.per_day is not None, each.seen / each.window))
    closely = (each for each in found if each.points >= _CLOSELY)
    soon = [each for each in closely if _is_far_sooner(each, first, now)]
    return min(soon, key=lambda each: each.full_at or now, default=first)


def _is_part(each: Trend, longer: Trend) -> bool:
    """Whether a window shows a calm or a busy part alone of what a longer one is believed of."""
    if longer.window <= each.window or longer.confidence not in _BELIEVED:
        return False
    if not each.grows:
        return longer.grows
    return each.is_usual


def _is_far_sooner(each: Trend, usual: Trend, now: datetime) -> bool:
    if each.full_at is None or each.full_at > now + SOON:
        return False
    if each.is_usual and each.window < usual.window:
        return False
    return usual.full_at is None or 2 * (each.full_at - now) < usual.full_at - now


def _confidence(found: Slope, available: float | None, cover: float) -> Confidence:
    """From the spread of the slopes and the coverage of the window."""
    ranks = list(Confidence)
    spread = _by_spread(found, _slowest(available), available)
    return max(_by_cover(cover), spread, key=ranks.index)


def _by_cover(cover: float) -> Confidence:
    if cover >= _WHOLE:
        return Confidence.HIGH
    return Confidence.FAIR if cover >= _PARTLY else Confidence.LOW


def _by_spread(found: Slope, slowest: float, available: float | None) -> Confidence:
    if found.middle <= slowest:
        # It does not grow as far as it matters: how sure is that?
        if found.high <= slowest:
            return Confidence.HIGH
        sooner = available is not None and found.high * _MONTH >= available
        return Confidence.LOW if sooner else Confidence.FAIR
    if found.low <= 0:
        return Confidence.NONE
    spread = (found.high - found.low) / found.middle
    if spread <= _STEADY:
        return Confidence.HIGH
    return Confidence.FAIR if spread <= _FAIRLY else Confidence.LOW


def _slowest(available: float | None) -> float:
    """The growth that matters, in bytes a second."""
    return max(0.0, available or 0.0) / FARTHEST.total_seconds()


def _full_at(
    found: Slope, sure: Confidence, available: float | None, now: datetime
) -> datetime | None:
    if available is None or sure is Confidence.NONE or found.middle <= _slowest(available):
        return None
    return now + timedelta(seconds=max(0.0, available) / found.middle)


def _words(
    found: Slope,
    sure: Confidence,
    full_at: datetime | None,
    available: float | None,
    now: datetime,
) -> str:
    if found.middle <= 0:
        return "not growing"
    if sure is Confidence.NONE:
        return "no steady growth"
    if full_at is not None:
        return f"in {precise((full_at - now).total_seconds())}"
    if available is None:
        return f"{short_size(round(found.middle * DAY))} a day"
    return "not within a year"


def _too_little(count: int, seen: timedelta, cut: bool) -> str:
    length = short(seen.total_seconds()) if count > 1 else ("once" if count else "never")
    since = " since it was cleaned up" if cut else ""
    return f"too little seen{since} ({length})"
