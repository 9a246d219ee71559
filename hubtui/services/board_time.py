"""The time that a dashboard is looked at: chosen, shifted, zoomed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from hubtui.errors import UsageError
from hubtui.model.query_steps import Window, moment
from hubtui.services.ranges import LEAST_STEP

SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(days=731)


class BoardTime:
    """From when to when, in a dashboard's words (`now-6h`, `now`). Words that cannot be understood
    give way to the last six hours; `note` tells it then."""

    def __init__(self, start: str, end: str, now: Callable[[], datetime]) -> None:
        self._now = now
        self.words = start, end
        self.note = ""
        try:
            _window(start, end, now())
        except ValueError as error:
            self.words = "now-6h", "now"
            self.note = f"its time {start} to {end} is left out: {error}"

    @property
    def window(self) -> Window:
        """The time as it is now."""
        return _window(*self.words, self._now())

    @property
    def relative(self) -> bool:
        """Whether it goes on."""
        return self.words[1].startswith("now")

    def look(self, start: str, end: str) -> None:
        """Chooses the time. Raises UsageError."""
        try:
            _window(start, end, self._now())
        except ValueError as error:
            raise UsageError(str(error), remedy="Write it as now-6h, now-1d/d or a date.") from None
        self.words, self.note = (start, end), ""

    def look_at(self, window: Window) -> None:
        """Chooses a time; one that reaches up to now goes on."""
        seconds = max(1, round(window.length.total_seconds()))
        if window.end >= self._now() - LEAST_STEP:
            self.look(f"now-{seconds}s", "now")
        else:
            self.look(window.start.isoformat(), window.end.isoformat())

    def shift(self, part: float) -> None:
        """Moves it by a part of its length."""
        window = self.window
        by = window.length * part
        self.look_at(Window(window.start + by, window.end + by))

    def zoom(self, factor: float, around: datetime | None) -> None:
        """Makes it longer or shorter, around a moment (else up to the same end)."""
        window = self.window
        length = min(max(window.length * factor, SHORTEST), LONGEST)
        if around is None:
            self.look_at(Window(window.end - length, window.end))
            return
        start = around - length * ((around - window.start) / window.length)
        self.look_at(Window(start, start + length))


def _window(start: str, end: str, now: datetime) -> Window:
    found = Window(moment(start, now), moment(end, now, end=True))
    if found.length <= timedelta(0):
        raise ValueError(f"{start} is not before {end}")
    return found
