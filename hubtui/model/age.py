"""Ages and times in few characters: `12 s`, `4 m`, `2 h`, `3 d`, `2 d 4 h`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def seconds_between(then: datetime, now: datetime) -> float:
    """Seconds from `then` to `now`; clocks that disagree give 0, not a negative age."""
    return max(0.0, (now - then).total_seconds())


def age(then: datetime | None, now: datetime) -> str:
    """How long ago, in one unit; `?` when it is unknown."""
    return "?" if then is None else short(seconds_between(then, now))


def short(seconds: float) -> str:
    """A length of time in one unit, cut down."""
    for length, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m")):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def precise(seconds: float) -> str:
    """A length of time in two units at most: `2 d 4 h`, `1 h 6 m`, `4 m 10 s`."""
    units = ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (1, "s"))
    for index, (length, unit) in enumerate(units):
        if seconds >= length:
            whole, rest = divmod(int(seconds), length)
            if index + 1 < len(units) and rest // units[index + 1][0]:
                below, below_unit = units[index + 1]
                return f"{whole} {unit} {rest // below} {below_unit}"
            return f"{whole} {unit}"
    return "0 s"


def rfc3339(moment: datetime | None) -> str | None:
    """The time as JSON output has it, in UTC with whole seconds."""
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def written(seconds: float) -> str:
    """A length of time as `duration` reads it: `1h30m`, in whole seconds."""
    minutes, rest = divmod(int(seconds), MINUTE)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def duration(text: str) -> timedelta:
    """A Go duration such as `10m` or `1h30m` (Helm's --timeout).

    Raises ValueError, for one of 0 too: Helm then waits for nothing and calls every hook failed.
    """
    factors = {"h": HOUR, "m": MINUTE, "s": 1}
    total, number = 0.0, ""
    for character in text:
        if character.isdigit() or character == ".":
            number += character
        elif character in factors and number:
            total += float(number) * factors[character]
            number = ""
        else:
            raise ValueError(text)
    if number or not total:
        raise ValueError(text)
    try:
        return timedelta(seconds=total)
    except OverflowError:
        raise ValueError(text) from None


def spelled(seconds: float) -> str:
    """A length of time as `duration` reads it: `1h30m`, `45s`."""
    whole, parts = int(seconds), []
    for length, unit in ((HOUR, "h"), (MINUTE, "m"), (1, "s")):
        count, whole = divmod(whole, length)
        parts.append(f"{count}{unit}" if count else "")
    return "".join(parts) or "0s"
