"""Lengths of time as an operator types them."""

from __future__ import annotations

from hubtui.errors import UsageError
from hubtui.model.age import duration


def seconds(text: str) -> int:
    """A time such as `10m` in seconds. Raises UsageError."""
    try:
        return max(1, round(duration(text).total_seconds()))
    except ValueError:
        raise UsageError(
            f"{text!r} is no length of time", remedy="Write 30s, 10m or 1h30m."
        ) from None
