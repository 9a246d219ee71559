"""The numbers of the metrics pane: each from the best source that tells it, and how old it is.

Prometheus counts first, then the hub's own metrics, then what metrics.k8s.io measures, then what
the stores know; where none tells, the reason is told with the cure. Nothing is asked while nobody
looks.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from hubtui.errors import HubtuiError
from hubtui.model.metric import Metric
from hubtui.model.prometheus import Series
from hubtui.model.query_steps import Window
from hubtui.model.why_facts import Missing
from hubtui.services import metric_list
from hubtui.services.followed import Followed
from hubtui.services.hub_scrapes import HubScrapes
from hubtui.services.metric_prometheus import FromPrometheus
from hubtui.services.metric_rows import Answer, MetricRow, Part, limited, row_of
from hubtui.services.metrics_known import MEASURED, Known
from hubtui.services.ranges import RangeAnswer
from hubtui.services.store import utc_now
from hubtui.services.unhurried import unhurried

if TYPE_CHECKING:
    from hubtui.services.session import Session

__all__ = ["MetricRow", "Metrics", "Part"]

log = logging.getLogger(__name__)

EVERY: Final = 30.0
"""Seconds between two rounds: Prometheus has seldom newer samples."""

PATIENCE: Final = 3.0
"""Seconds until other sources are asked beside a Prometheus that has not answered, and that a
round waits until the hub has time for us."""

FRESH: Final = timedelta(minutes=3)
"""So long an answer counts before those of sources that come after."""

WINDOW: Final = timedelta(hours=1)
"""The time of a sparkline, unless another is chosen."""

PROMETHEUS: Final = "Prometheus"
HUB: Final = "the hub's metrics"

_WHO: Final = "metrics"


class Metrics(Followed):
    """The metrics of one hub, hubtui's own and the user's. A reader's keys are ids of metrics."""

    def __init__(
        self, session: Session, *, every: float = EVERY, now: Callable[[], datetime] = utc_now
    ) -> None:
        super().__init__("metrics", every)
        own = session.settings.demo is None
        source = session.settings.metrics
        self._session = session
        self._now = now
        self.all: tuple[Metric, ...] = metric_list.with_own(source.queries if own else ())
        """All metrics, in the order in which they are shown."""
        self._by_id = {metric.id: metric for metric in self.all}
        self._known = Known(session, now)
        matchers = source.matchers if own else {}
        self._prometheus = FromPrometheus(session.ranges, self._known.names, matchers, now)
        self._scrapes = HubScrapes(
            session.hub_link, self.all, is_busy=lambda: session.hub_feed.loading, now=now
        )
        self._window = WINDOW
        self._rows: dict[str, MetricRow] = {}
        self._changed = set(self._by_id)
        self._reading = asyncio.Lock()

    # -- who looks

    def pause(self, who: str = "") -> None:
        """Somebody looks no more."""
        super().pause(who)
        if not self.followed:
            self._session.usage.pause(_WHO)

    def retry(self) -> None:
        """Asks at once."""
        self._session.prometheus.retry()
        super().retry()

    async def fill(self, *, again_after: float = 0.0) -> None:
        """Asks once; what goes wrong is in the rows and in `notes`. With `again_after` seconds the
        hub's own metrics, where they are needed, are read once more then: its counters say
        something from the second time on."""
        stores = self._session.pods.stores
        with suppress(HubtuiError):
            await self._session.feeds.fill(stores.pods, stores.deployments)
        await self._read()
        if again_after and self._needs_hub(self._lacking()) and not self._scrapes.missing:
            await asyncio.sleep(again_after)
            await self._scrape()

    async def glance(self, metrics: Collection[str], *, page: bool) -> None:
        """Asks for the numbers of some metrics, not for their past; what goes wrong is in their
        rows. With `page` the hub's own page is read for those that Prometheus does not tell, if
        the hub has time for it."""
        await self._prometheus.numbers([self._by_id[metric] for metric in metrics], self._note)
        lacking = self._lacking().intersection(metrics)
        if page and self._needs_hub(lacking) and self._scrapes.due_in <= PATIENCE:
            await self._scrapes.read()
            self._changed |= lacking

    # -- the answers

    @property
    def window(self) -> timedelta:
        """The time of the sparklines."""
        return self._window

    def look_back(self, window: timedelta) -> None:
        """Sparklines over another time, from the next round on, which is at once."""
        self._window = window
        self._wake.set()

    def rows(self) -> tuple[MetricRow, ...]:
        """All metrics, as of the last update."""
        return tuple(self._rows[metric.id] for metric in self.all if metric.id in self._rows)

    def row(self, metric: str) -> MetricRow | None:
        """One metric by its id."""
        return self._rows.get(metric)

    def notes(self) -> tuple[Missing, ...]:
        """What could not be asked, and why."""
        found = [(PROMETHEUS, self._prometheus.missing)]
        if self._needs_hub(self._lacking()):
            found.append((HUB, self._scrapes.missing))
        return tuple(Missing(source, why) for source, why in found if why)

    def question(self, metric: Metric, step: timedelta = timedelta()) -> str:
        """The query of a metric, as Prometheus is asked it for samples so far apart."""
        return self._prometheus.question(metric, step)

    async def over(self, metric: str, window: timedelta | Window, columns: int) -> RangeAnswer:
        """A metric over a time, for a plot: as Prometheus remembers it, or as it was seen here.
        Raises as `Ranges.over` where it was not."""
        wanted = self._by_id[metric]
        try:
            answer = await self._prometheus.over(wanted, window, columns)
        except HubtuiError:
            if (seen := self._seen(wanted, window)) is None:
                raise
            return seen
        return answer if answer.series else self._seen(wanted, window) or answer

    def update(self) -> set[str]:
        """Takes in what became known since the last call; the ids of the metrics that changed."""
        touched, self._changed = self._changed, set()
        changed = set()
        for metric in touched:
            row = self._row(self._by_id[metric])
            if self._rows.get(metric) != row:
                self._rows[metric] = row
                changed.add(metric)
        self._dirty(changed)
        return changed

    # -- the reading

    async def _read(self) -> None:
        """Asks Prometheus, and the others for what it does not tell, or not soon."""
        async with self._reading, asyncio.TaskGroup() as group:
            asked = group.create_task(self._prometheus.read(self.all, self._window, self._note))
            await asyncio.wait({asked}, timeout=PATIENCE)
            await self._ask_others(self._lacking())

    def _note(self, metric: str) -> None:
        self._changed.add(metric)

    def _lacking(self) -> set[str]:
        """The metrics that Prometheus does not tell."""
        now = self._now()
        return {metric for metric in self._by_id if not self._is_told(metric, now)}

    def _is_told(self, metric: str, now: datetime) -> bool:
        answer = self._prometheus.of(metric)
        return answer is not None and now - answer.as_of < FRESH

    async def _ask_others(self, metrics: set[str]) -> None:
        usage = self._session.usage
        if not metrics & MEASURED.keys():
            usage.pause(_WHO)
        else:
            if self.followed:
                usage.start(_WHO)
            await usage.fill()
        await unhurried(self._known.look(metrics))
        self._changed |= metrics
        if self._needs_hub(metrics) and (not self.followed or self._scrapes.due_in <= PATIENCE):
            await self._scrape()

    def _needs_hub(self, metrics: set[str]) -> bool:
        return any(self._by_id[metric].hub is not None for metric in metrics)

    async def _scrape(self) -> None:
        await self._scrapes.read()
        self._changed |= self._lacking()

    # -- the choice

    def _row(self, metric: Metric) -> MetricRow:
        answers = self._answers(metric)
        now = self._now()
        fresh = [each for each in answers if now - each[0].as_of < FRESH]
        youngest = max(answers, key=lambda each: each[0].as_of, default=None)
        best = fresh[0] if fresh else youngest
        if best is not None:
            row = limited(row_of(metric, *best), self._known.limit(metric.id))
            since = best[0].now - self._window.total_seconds() - best[0].step
            return replace(row, points=tuple(each for each in row.points if each[0] >= since))
        missing, cure = self._why(metric)
        return MetricRow(metric, missing=missing, cure=cure)

    def _answers(self, metric: Metric) -> list[tuple[Answer, str]]:
        """What the sources say, the best first."""
        found = [
            (self._prometheus.of(metric.id), PROMETHEUS),
            (self._scrapes.of(metric.id), HUB),
        ]
        told = [(answer, source) for answer, source in found if answer is not None]
        known = self._known.of(metric.id)
        return [*told, known] if known is not None else told

    def _why(self, metric: Metric) -> tuple[str, str]:
        """Why no source tells a metric, and the cure."""
        reasons = [self._prometheus.why(metric.id)]
        cure = metric.cure
        if metric.hub is not None:
            reasons.append(self._scrapes.why(metric.id))
            cure = cure or self._scrapes.cure
        reasons.append(self._known.why(metric.id))
        return "; ".join(reason for reason in reasons if reason), cure

    def _seen(self, metric: Metric, window: timedelta | Window) -> RangeAnswer | None:
        """What was seen of a metric in a time."""
        others = [answer for answer, source in self._answers(metric) if source != PROMETHEUS]
        if not others:
            return None
        answer, now = others[0], self._now()
        whole = window if isinstance(window, Window) else Window(now - window, now)
        start, end = whole.start.timestamp(), whole.end.timestamp()
        name = metric.labels[0] if metric.labels else "series"
        series = tuple(
            Series({name: label} if label else {}, points)
            for label, line in answer.lines.items()
            if (points := tuple(point for point in line if start <= point[0] <= end))
        )
        note = "as hubtui has seen it since it looks: Prometheus does not tell it"
        return RangeAnswer(series, whole, timedelta(seconds=answer.step), answer.as_of, (note,))
