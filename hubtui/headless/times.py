"""Lengths of time as an operator types them."""

from __future__ import annotations

from datetime import datetime, timedelta

from hubtui.errors import UsageError
from hubtui.model import query_steps
from hubtui.model.age import duration
from hubtui.model.query_steps import length_of


def seconds(text: str) -> int:
    """A time such as `10m` in seconds. Raises UsageError."""
    try:
        return max(1, round(duration(text).total_seconds()))
    except ValueError:
        raise UsageError(
            f"{text!r} is no length of time", remedy="Write 30s, 10m or 1h30m."
        ) from None


def past(text: str) -> timedelta:
    """A time such as `6h` or `7d`, as Prometheus writes it. Raises UsageError."""
    try:
        return length_of(text)
    except ValueError:
        raise UsageError(f"{text!r} is no length of time", remedy="Write 30m, 6h or 7d.") from None


def moment(text: str, now: datetime) -> datetime:
    """A moment such as `now-1h` or `2026-05-04T09:30:00Z`. Raises UsageError."""
    try:
        return query_steps.moment(text, now)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is no moment", remedy="Write now-1h, or 2026-05-04T09:30:00Z."
        ) from None
