"""How far apart the samples of a query over a time are, and the words that stand for it.

Source: Grafana 11, "Global variables"; `$__rate_interval` as its Prometheus data source computes
it. Prometheus refuses more than 11,000 points a series (2.42, `web/api/v1/api.go`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Final

PER_COLUMN: Final = 2
"""Samples that a column of the terminal can show: braille has two dots in a row."""

SCRAPED: Final = timedelta(seconds=60)
"""How often Prometheus scrapes where nothing says it: its own default."""

MOST_POINTS: Final = 11_000

_NICE: Final = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800)
_NICE_LONG: Final = (21600, 43200, 86400, 172800, 604800)

_UNITS: Final = {
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
    "M": 2592000.0,
    "y": 31536000.0,
}
_LENGTH: Final = re.compile(r"(?:\d+(?:ms|[smhdwMy]))+", re.ASCII)
_PART: Final = re.compile(r"(?P<number>\d+)(?P<unit>ms|[smhdwMy])", re.ASCII)
_RELATIVE: Final = re.compile(
    r"now(?:(?P<sign>[-+])(?P<length>\d+(?:ms|[smhdwMy])))?(?:/(?P<floor>[smhdwMy]))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Window:
    """A time that is looked at."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start


def step_for(length: timedelta, columns: int, least: timedelta = timedelta(seconds=1)) -> timedelta:
    """The step that gives about two samples a column, a round one; never below `least`, nor so
    small that Prometheus refuses it."""
    seconds = length.total_seconds()
    wanted = max(
        seconds / (PER_COLUMN * max(1, columns)), least.total_seconds(), seconds / MOST_POINTS
    )
    for nice in (*_NICE, *_NICE_LONG):
        if nice >= wanted:
            return timedelta(seconds=nice)
    return timedelta(seconds=ceil(wanted))


def aligned(window: Window, step: timedelta) -> Window:
    """The window with its ends on multiples of the step: the same query some time later gives the
    same samples and some new ones, so that only those are asked for."""
    width = step.total_seconds()
    start = window.start.timestamp() // width * width
    end = window.end.timestamp() // width * width
    return Window(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))


def rate_interval(step: timedelta, scraped: timedelta = SCRAPED) -> timedelta:
    """The shortest window over which a rate always has enough samples."""
    return max(step + scraped, 4 * scraped)


def macros(window: Window, step: timedelta, scraped: timedelta = SCRAPED) -> Mapping[str, str]:
    """What stands for `$__interval` and its kin, by name without the dollar."""
    length = window.length.total_seconds()
    return {
        "__interval": written(step),
        "__interval_ms": str(round(step.total_seconds() * 1000)),
        "__rate_interval": written(rate_interval(step, scraped)),
        "__rate_interval_ms": str(round(rate_interval(step, scraped).total_seconds() * 1000)),
        "__range": f"{round(length)}s",
        "__range_s": str(round(length)),
        "__range_ms": str(round(length * 1000)),
        "__from": str(round(window.start.timestamp() * 1000)),
        "__to": str(round(window.end.timestamp() * 1000)),
    }


def highest_of(promql: str, step: timedelta, most: int) -> str:
    """A query over a window, cut to the series that are highest at the window's end (Prometheus
    2.33: `@ end()`), which has to be aligned to the step."""
    at_end = f"last_over_time(({promql})[{written(step)}:{written(step)}] @ end())"
    return f"({promql}) and topk({most}, {at_end})"


def written(length: timedelta) -> str:
    """A length of time as PromQL writes it: `90s`, `500ms`."""
    milliseconds = round(length.total_seconds() * 1000)
    return f"{milliseconds}ms" if milliseconds % 1000 else f"{milliseconds // 1000}s"


def length_of(text: str) -> timedelta:
    """A length of time as Prometheus and Grafana write it: `6h`, `1d12h`, `>2m` (at least that).

    A month has 30 days, a year 365, as in PromQL. Raises ValueError.
    """
    bare = text.strip().lstrip(">")
    if not _LENGTH.fullmatch(bare):
        raise ValueError(f"{text!r} is no length of time; write it as 30m, 6h or 7d")
    seconds = sum(int(part["number"]) * _UNITS[part["unit"]] for part in _PART.finditer(bare))
    if not 0 < seconds < 100 * _UNITS["y"]:
        raise ValueError(f"{text!r} is no length of time to look at")
    return timedelta(seconds=seconds)


def moment(text: str, now: datetime, *, end: bool = False) -> datetime:
    """A moment as a dashboard's time has it: `now-6h`, `now/d`, `now-1d/d`, or a written date.

    `end`: of a rounded one the end is meant. Raises ValueError.
    """
    found = _RELATIVE.fullmatch(text.strip())
    if found is None:
        return _date(text)
    at = now
    if found["length"]:
        sign = -1 if found["sign"] == "-" else 1
        at += sign * length_of(found["length"])
    if found["floor"]:
        at = _rounded(at, found["floor"], end=end)
    return at


def _date(text: str) -> datetime:
    if text.strip().isdigit():
        try:
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        except (OverflowError, OSError):
            raise ValueError(f"{text!r} is no moment") from None
    at = datetime.fromisoformat(text.strip())
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _rounded(at: datetime, unit: str, *, end: bool) -> datetime:
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "y":
        start = day.replace(month=1, day=1)
        after = start.replace(year=start.year + 1)
    elif unit == "M":
        start = day.replace(day=1)
        after = (start + timedelta(days=32)).replace(day=1)
    elif unit == "w":
        start = day - timedelta(days=day.weekday())
        after = start + timedelta(days=7)
    elif unit == "d":
        start, after = day, day + timedelta(days=1)
    else:
        width = _UNITS[unit]
        start = datetime.fromtimestamp(at.timestamp() // width * width, UTC)
        after = start + timedelta(seconds=width)
    return after if end else start
