"""When the idle culler runs: at its start and every so many seconds after it (facts.md §4).

tornado's PeriodicCallback keeps to the start plus a multiple of the interval, and leaves out those
that a long run covers. Nothing tells that start exactly: the grid holds how far it is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

START_LINE: Final = re.compile(r" GET \S*/hub/api/ \(jupyterhub-idle-culler@")
"""The hub's line of what a run asks for first. Source: jupyterhub/log.py, `log_request`."""

RUN_LINE: Final = re.compile(r"\] (?:Culling|Not culling) (?:server|user|not-ready) ")
"""A line of the culler's own in the hub's log; the first of a run comes soon after its start."""

_STARTING: Final = 120.0
"""Seconds that a hub is given until it is up, where nobody saw it become ready."""
_BOOT: Final = 10.0
"""Seconds from a hub that is ready to its culler's first run: Python starts, and imports."""
_LEAD: Final = 5.0
"""Seconds from a run's start to its first line: a page of users is read by then."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The culler's runs: one within `slack` seconds from each `anchor` + k·`every`.

    Without an anchor nothing is known but that there is one every `every` seconds.
    """

    anchor: datetime | None
    every: float
    slack: float = 0.0

    @classmethod
    def of_hub_start(
        cls, started: datetime | None, every: float, ready: datetime | None = None
    ) -> Grid:
        """The runs by the start of the hub's container, and by when that became ready.

        The hub starts its services once it listens, and the culler looks at once. One that ended
        and was started again by the hub has runs of its own, which only its log tells.
        """
        if started is None:
            return cls(None, every)
        up = _STARTING if ready is None else (ready - started).total_seconds() + _BOOT
        return cls(started, every, max(_BOOT, up))

    @classmethod
    def of_log(cls, times: Iterable[datetime], every: float) -> Grid:
        """The runs by the times of lines that come of a run, of one process of the culler.

        A run stops one user's servers after the other's, so its lines may be late by minutes: the
        earliest of each run counts. Lines that are no such bundles leave the anchor unknown.
        """
        known = sorted(times)
        if not known or every <= 0:
            return cls(None, every)
        last = known[-1]
        behind = sorted((last - moment).total_seconds() % every for moment in known)
        gaps = [after - before for before, after in pairwise(behind)]
        gaps.append(behind[0] + every - behind[-1])
        widest = max(range(len(gaps)), key=gaps.__getitem__)
        if gaps[widest] < every / 2:
            return cls(None, every)
        return cls(last - timedelta(seconds=behind[widest] + _LEAD), every, _LEAD)

    def with_every(self, every: float) -> Grid:
        """The runs from the same start at another interval."""
        return replace(self, every=every)

    def run_from(self, moment: datetime) -> tuple[datetime, datetime]:
        """The first run at or after a moment: the earliest and the latest time that it can have."""
        if self.every <= 0:
            return moment, moment
        whole = timedelta(seconds=self.every)
        if self.anchor is None or self.slack >= self.every:
            return moment, moment + whole
        window = self.anchor + ((moment - self.anchor) // whole) * whole
        slack = timedelta(seconds=self.slack)
        if window == moment and not slack:
            return moment, moment
        if moment <= window + slack and slack:
            return moment, moment + whole
        return window + whole, window + whole + slack
