"""The hub's own metrics, read again and again while somebody looks: what a Prometheus would do.

Only the wanted families are parsed, in between other work. A request waits until the hub has time
for us (`HubTime`), and for the users, if they are being read for the first time.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice, pairwise
from statistics import median
from typing import TYPE_CHECKING, Final

from hubtui.clients import hub_metrics
from hubtui.errors import HubtuiError
from hubtui.model.hub_numbers import (
    STARTED,
    Amounts,
    Labels,
    Steps,
    Values,
    added,
    amounts_of,
    grown,
    is_restarted,
    numbers,
)
from hubtui.model.metric import HubWay, Metric
from hubtui.model.points import Point
from hubtui.services.metric_rows import Answer
from hubtui.services.store import utc_now
from hubtui.services.unhurried import unhurried

if TYPE_CHECKING:
    from hubtui.services.hub_link import HubLink

KEPT: Final = timedelta(hours=24)
"""How long what was read is remembered, while the session lasts."""

STEP: Final = 30.0
"""Seconds between two readings, where the hub has time for them."""

_KIND: Final = "metrics"

_LATE: Final = 10
"""Readings that say what is usual."""

NOT_READ: Final = "the hub's own metrics were not read yet"
FIRST: Final = "it is told from the second reading of the hub's metrics on"


@dataclass(slots=True)
class _Seen:
    """What was seen of one metric: what grew between readings, and the numbers that gave."""

    grew: deque[tuple[float, float, Amounts]] = field(default_factory=deque)
    told: deque[tuple[float, Mapping[str, float]]] = field(default_factory=deque)

    @property
    def step(self) -> float:
        """Seconds between two readings, as is usual of late: a busy hub is read less often."""
        times = [at for at, _ in islice(reversed(self.told), _LATE)]
        return max(STEP, median(new - old for new, old in pairwise(times))) if times[1:] else STEP

    @property
    def over(self) -> float:
        """The seconds in which that grew."""
        return sum(end - start for start, end, _ in self.grew)


class HubScrapes:
    """The numbers that a hub itself tells; `missing` is why it tells none, or none anew, once it
    was asked."""

    def __init__(
        self,
        link: HubLink,
        metrics: Sequence[Metric],
        *,
        is_busy: Callable[[], bool] = lambda: False,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._link = link
        self._ways = {each.id: (each.hub, each.span) for each in metrics if each.hub is not None}
        families = sorted({way.family for way, _ in self._ways.values()} | {STARTED})
        self._names = re.compile("|".join(map(hub_metrics.family, families)))
        self._is_busy = is_busy
        self._reading = asyncio.Lock()
        self._now = now
        self._page: Values = {}
        self._at = 0.0
        self._seen: dict[str, _Seen] = {}
        self._why: dict[str, str] = {}
        self.as_of: datetime | None = None
        self.missing = ""
        self.cure = ""

    def of(self, metric: str) -> Answer | None:
        """What was told of a metric last."""
        seen = self._seen.get(metric)
        if seen is None or not seen.told or self.as_of is None:
            return None
        at, told = seen.told[-1]
        lines = {label: _line(seen, label) for label in told}
        as_of = datetime.fromtimestamp(at, self.as_of.tzinfo)
        return Answer(told, as_of, at, lines, seen.step, seen.over if seen.grew else None)

    def why(self, metric: str) -> str:
        """Why nothing is told of a metric."""
        if metric not in self._ways:
            return "the hub's own metrics do not tell it"
        return self.missing or self._why.get(metric, NOT_READ)

    @property
    def due_in(self) -> float:
        """Seconds until the hub has time for a reading; 0 when it has."""
        if self._is_busy():
            return 1.0
        return max(0.0, self._link.time.free_at(_KIND) - asyncio.get_running_loop().time())

    async def read(self) -> None:
        """Reads once, when the hub has time for it; what goes wrong is in `missing`, its remedy in
        `cure`."""
        async with self._reading:
            await self._room()
            try:
                page, at = await self._asked()
            except HubtuiError as error:
                self.missing, self.cure = error.what, error.remedy
                return
            if not page.keys() - {STARTED}:
                self.missing, self.cure = "the hub's metrics page has none of the known metrics", ""
                return
            self.missing = self.cure = ""
            # What is kept changes at once, not in steps: a reading may be ended in the middle.
            self._take(page, at.timestamp(), await unhurried(self._amounts(page)))
            self.as_of = at

    async def _asked(self) -> tuple[Values, datetime]:
        """The hub's page, and when it was told."""
        clock = asyncio.get_running_loop()
        hub = await self._link.open()
        began = clock.time()
        text = await hub.metrics()
        self._link.time.spend(_KIND, began, clock.time())
        at = self._now()
        await asyncio.to_thread(hub_metrics.parser)
        return await unhurried(_gathered(text, self._names)), at

    async def _room(self) -> None:
        while True:
            wait = self.due_in
            if not wait:
                return
            await asyncio.sleep(wait)

    # -- what is kept

    def _amounts(self, page: Values) -> Steps[dict[str, Amounts]]:
        """What the page says of each metric: what there is, or what grew since the page before."""
        found: dict[str, Amounts] = {}
        restarted = is_restarted(self._page, page)
        for metric, (way, _) in self._ways.items():
            if way.how == "gauge":
                amounts = yield from amounts_of(way, page)
            else:
                amounts = yield from grown(way, self._page, page, restarted=restarted)
            if amounts is not None:
                found[metric] = amounts
            yield
        return found

    def _take(self, page: Values, at: float, found: Mapping[str, Amounts]) -> None:
        since, is_first = self._at, not self._page
        for metric, (way, span) in self._ways.items():
            seen, amounts = self._seen.setdefault(metric, _Seen()), found.get(metric)
            if way.how == "gauge":
                self._put(metric, seen, at, amounts)
            elif is_first or at <= since or at - since > max(span.total_seconds(), 4 * STEP):
                seen.grew.clear()
                self._why[metric] = FIRST
            else:
                if amounts is not None:
                    seen.grew.append((since, at, amounts))
                self._put(metric, seen, at, _over(way, span, seen, at))
        self._page, self._at = page, at

    def _put(self, metric: str, seen: _Seen, at: float, told: Mapping[str, float] | None) -> None:
        if told:
            seen.told.append((at, told))
        else:
            self._why[metric] = "the hub does not tell it"
        while seen.told and seen.told[0][0] < at - KEPT.total_seconds():
            seen.told.popleft()


def _over(way: HubWay, span: timedelta, seen: _Seen, at: float) -> Mapping[str, float] | None:
    """The number over the metric's own time, of the readings that end in it."""
    since = at - span.total_seconds()
    while seen.grew and seen.grew[0][1] <= since:
        seen.grew.popleft()
    if not seen.grew:
        return None
    total: dict[str, float] = {}
    for _, _, amounts in seen.grew:
        for word, value in amounts.items():
            total[word] = total.get(word, 0.0) + value
    return numbers(way, total, seen.over)


def _line(seen: _Seen, label: str) -> tuple[Point, ...]:
    return tuple((at, told[label]) for at, told in seen.told if label in told)


def _gathered(text: str, names: re.Pattern[str]) -> Generator[None, None, Values]:
    found: dict[str, dict[Labels, float]] = {}
    for some in hub_metrics.sliced(text, names):
        added(found, some)
        yield
    return found
