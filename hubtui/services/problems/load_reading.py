"""Reads how much the hub has to do, within a budget; close only while something is suspicious.

=================  ==============================================================
source             cost
=================  ==============================================================
the hub's memory   a GET of its figures in metrics.k8s.io each MEMORY_EVERY seconds,
                   CLOSE while it is suspicious; none where it has no limit
the hub's log      its lines since the last time, each CLOSE seconds, and only while
                   it is suspicious
numbers            NUMBERS of Prometheus, where somebody has found one: each
                   NUMBERS_EVERY seconds, NUMBERS_CLOSE while it is suspicious. Where
                   it does not tell them and something is suspicious, the hub's own
                   page, each NUMBERS_EVERY seconds within the hub's time for us.
                   None while the metrics pane is looked at, which asks itself
=================  ==============================================================

Suspicious is a hub that is not ready or near its limit, a server of a user that does not come up,
a number that is bad, or a problem of this kind that is known.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from hubtui.errors import HubtuiError, NotFoundError
from hubtui.model.hub_load import Failures
from hubtui.model.kinds import POD_METRICS
from hubtui.model.podstate import Severity
from hubtui.model.problem import Incident, Problem
from hubtui.model.redact import Redactor
from hubtui.model.roles import Role
from hubtui.services.metrics import MetricRow
from hubtui.services.pods import PodRow
from hubtui.services.problems.overload_signs import NEAR
from hubtui.services.problems.signs import memory_limit
from hubtui.services.problems.situation import LoadSeen
from hubtui.services.store import utc_now

if TYPE_CHECKING:
    from hubtui.services.session import Session

CLOSE: Final = 6.0
MEMORY_EVERY: Final = 30.0
NUMBERS_EVERY: Final = 60.0
NUMBERS_CLOSE: Final = 15.0
WATCHFUL: Final = 0.75
"""The part of its memory limit from which the hub is looked at closely."""

PATIENCE: Final = 20.0
"""Seconds that a user's server may take before its spawn is suspicious."""

LOOKED_BACK: Final = timedelta(minutes=10)
"""How much of the log is read at first."""

MOST_LINES: Final = 2000
FRESH: Final = timedelta(minutes=3)

NUMBERS: Final = ("hub-latency-p95", "hub-errors", "event-loop-lag", "spawn-failures")

_MEMORY, _LOG, _NUMBERS, _PAGE = "memory", "hub's log", "numbers", "page"
_OVERLAP: Final = 2
_LONGEST_LINE: Final = 300

Read = Callable[[], Awaitable[None]]


class LoadReading:
    """What was read of the hub's load. `clock` gives seconds; what cannot be read goes into
    `missing`."""

    def __init__(
        self, session: Session, clock: Callable[[], float], missing: dict[str, str]
    ) -> None:
        self._session = session
        self._clock = clock
        self._missing = missing
        self._read_at: dict[str, float] = {}
        self._life: tuple[str, int] | None = None
        self._memory: dict[str, int] = {}
        self._filled_at: datetime | None = None
        self._failures = Failures()
        self._failed_at: datetime | None = None
        self._path: tuple[str, ...] = ()
        self._once = False

    def at_once(self) -> None:
        """Asks for numbers too at the next look, if nobody has before; for who looks once."""
        self._once = not self._read_at

    @property
    def memory(self) -> dict[str, int]:
        """The bytes that the hub's pod uses, by its name, as far as they are measured."""
        return self._memory

    def seen(self, now: datetime) -> LoadSeen:
        """What is known by now."""
        return LoadSeen(
            numbers=self._numbers(now),
            failures=self._failures,
            failed_at=self._failed_at,
            filled_at=self._filled_at,
            path=self._path,
        )

    def wanted(
        self,
        core: Iterable[PodRow],
        troubled: Iterable[PodRow],
        problems: Collection[Problem],
        now: datetime,
    ) -> list[Read]:
        """The reads that are due."""
        hub = next((row for row in core if row.role is Role.HUB), None)
        if hub is None:
            return []
        self._follow(hub)
        close = self._is_suspicious(hub, troubled, problems, now)
        found: list[Read] = []
        limited = memory_limit(hub.pod) is not None and hub.pod.status.phase == "Running"
        if limited and self._is_due(_MEMORY, CLOSE if close else MEMORY_EVERY):
            found.append(partial(self._read_memory, hub))
        if close and hub.state.up and self._is_due(_LOG, CLOSE):
            found.append(partial(self._read_log, hub))
        if self._asks_numbers(close):
            found.append(partial(self._read_numbers, self._asks_page(close)))
        self._once = False
        return found

    def _follow(self, hub: PodRow) -> None:
        """A hub that was started anew counts anew."""
        life = (hub.pod.metadata.uid or hub.pod.key, hub.state.restarts)
        if self._life is not None and life != self._life:
            self._failures, self._failed_at = Failures(), None
            self._read_at.pop(_LOG, None)
            self._memory, self._filled_at = {}, None
        self._life = life

    # -- what is suspicious

    def _is_suspicious(
        self,
        hub: PodRow,
        troubled: Iterable[PodRow],
        problems: Collection[Problem],
        now: datetime,
    ) -> bool:
        if not hub.state.up or self._failures.failed or self._uses(hub, WATCHFUL):
            return True
        if any(each.incident is Incident.OVERLOAD for each in problems):
            return True
        if any(row.severity >= Severity.SOON for row in self._numbers(now)):
            return True
        return any(row.role is Role.USERS and _is_slow(row, now) for row in troubled)

    def _uses(self, hub: PodRow, part: float) -> bool:
        """Whether the hub uses this part of its memory limit, or more."""
        used, limit = self._memory.get(hub.pod.metadata.name), memory_limit(hub.pod)
        return used is not None and limit is not None and used >= part * limit

    def _numbers(self, now: datetime) -> Sequence[MetricRow]:
        rows = (self._session.metrics.row(metric) for metric in NUMBERS)
        return tuple(
            row
            for row in rows
            if row is not None and row.as_of is not None and now - row.as_of < FRESH
        )

    # -- what is due

    def _is_due(self, name: str, every: float) -> bool:
        return self._clock() - self._read_at.get(name, -every) >= every

    def _asks_numbers(self, close: bool) -> bool:
        if self._session.metrics.followed:
            return False
        known = not self._session.prometheus.missing
        if not (known or close or self._once):
            return False
        return self._is_due(_NUMBERS, NUMBERS_CLOSE if close else NUMBERS_EVERY)

    def _asks_page(self, close: bool) -> bool:
        return close and self._is_due(_PAGE, NUMBERS_EVERY)

    # -- the reads

    async def _read_memory(self, hub: PodRow) -> None:
        self._read_at[_MEMORY] = self._clock()
        meta = hub.pod.metadata
        try:
            told = await self._session.client.get(POD_METRICS, meta.namespace, meta.name)
        except NotFoundError:
            return  # nothing is measured, or nothing yet: that is nobody's trouble
        except HubtuiError as error:
            self._missing[_MEMORY] = error.what
            return
        self._missing.pop(_MEMORY, None)
        memory = told.total.memory
        self._memory = {meta.name: memory} if memory is not None else {}
        if not self._uses(hub, NEAR):
            self._filled_at = None
        elif self._filled_at is None:
            self._filled_at = utc_now()

    async def _read_log(self, hub: PodRow) -> None:
        """What the log says of spawns since it was read last, without what looks secret."""
        before = self._read_at.get(_LOG)
        self._read_at[_LOG] = self._clock()
        since = LOOKED_BACK.total_seconds() if before is None else self._clock() - before + _OVERLAP
        lines: list[str] = []
        meta = hub.pod.metadata
        try:
            async for line in self._session.pods.logs(
                meta.namespace,
                meta.name,
                container=hub.pod.spec.containers[0].name,
                tail=MOST_LINES,
                since_seconds=int(since) + 1,
            ):
                lines.append(line.strip()[:_LONGEST_LINE])
        except HubtuiError as error:
            self._missing[_LOG] = error.what
            return
        self._missing.pop(_LOG, None)
        self._count(lines)

    def _count(self, lines: Sequence[str]) -> None:
        found = self._failures.after(lines)
        if found.failed > self._failures.failed:
            self._failed_at = utc_now()
        if not found.failed:
            self._failed_at = None
        masked = Redactor().mask_text(found.line)
        self._failures = Failures(found.failed, found.limit, masked)

    async def _read_numbers(self, page: bool) -> None:
        self._read_at[_NUMBERS] = self._clock()
        if page:
            self._read_at[_PAGE] = self._clock()
        metrics = self._session.metrics
        await metrics.glance(NUMBERS, page=page)
        metrics.update()
        try:
            self._path = await self._session.hub_link.chart_path()
        except HubtuiError:
            self._path = ()


def _is_slow(row: PodRow, now: datetime) -> bool:
    created = row.pod.metadata.creation_timestamp
    return created is not None and (now - created).total_seconds() >= PATIENCE
