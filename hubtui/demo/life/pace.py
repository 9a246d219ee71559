"""Spans of the story: what takes `seconds` there takes `seconds / speed` of the clock's."""

from __future__ import annotations

from datetime import datetime, timedelta

from hubtui.demo.timeline import Timeline


def passed(timeline: Timeline, since: datetime) -> float:
    """Seconds of the story since then; less than 0 when it is still ahead."""
    return (timeline.now - since).total_seconds() * _speed(timeline)


def later(timeline: Timeline, seconds: float) -> datetime:
    """The time when so many seconds of the story have passed."""
    return timeline.now + timedelta(seconds=seconds / _speed(timeline))


def _speed(timeline: Timeline) -> float:
    return timeline.speed if timeline.is_live else 1.0
