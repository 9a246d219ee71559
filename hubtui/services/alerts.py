"""The alerts that concern a hub, as Prometheus and an Alertmanager have them.

They are read while somebody looks, more seldom for the status line, and never where there is
nobody to ask. Rules, with the expressions behind the alerts, are read only while somebody looks.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from hubtui.errors import ConfigError, HubtuiError, NotFoundError
from hubtui.model import alerts as model
from hubtui.model.alerts import Alert, AlertCounts, AlertRule, Alerts, counts_of
from hubtui.model.problem import Problem
from hubtui.model.why_facts import Missing
from hubtui.services.alertmanager import AlertmanagerLink
from hubtui.services.store import utc_now

if TYPE_CHECKING:
    from hubtui.services.session import Session

log = logging.getLogger(__name__)

LOOKED_AT: Final = 30.0
"""Seconds between two readings while somebody looks."""

IN_PASSING: Final = 120.0
"""The same for the status line."""

PROMETHEUS: Final = "Prometheus"
ALERTMANAGER: Final = "Alertmanager"
RULES: Final = "alert rules"


class AlertFeed:
    """The alerts of one hub. `version` counts the readings; `as_of` is when the last one was."""

    def __init__(
        self,
        session: Session,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        own = session.settings.demo is None
        self._session = session
        self._clock = clock
        self._now = now
        self._matchers = session.settings.metrics.matchers if own else {}
        self._alertmanager = AlertmanagerLink(session.settings, session.client, session.prometheus)
        self._lookers: set[str] = set()
        self._due = float("-inf")
        self._work: asyncio.Task[None] | None = None
        self._missing: dict[str, str] = {}
        self._rules: tuple[AlertRule, ...] = ()
        self._nobody = False
        self.found: Alerts | None = None
        self.as_of: datetime | None = None
        self.version = 0

    # -- who looks

    def start(self, who: str = "") -> None:
        """Somebody looks: `look` reads at once, and often."""
        self._lookers.add(who)
        self._nobody = False
        self._due = float("-inf")

    def pause(self, who: str = "") -> None:
        """Somebody looks no more."""
        self._lookers.discard(who)

    def look(self) -> None:
        """One beat: starts the reading that is due, and waits for nothing."""
        reads = self._work is not None and not self._work.done()
        if reads or self._nobody or self._clock() < self._due:
            return
        self._work = asyncio.create_task(self.fill(rules=bool(self._lookers)), name="alerts")
        self._work.add_done_callback(_report)

    def retry(self) -> None:
        """Asks at the next beat."""
        self._session.prometheus.retry()
        self._nobody = False
        self._due = float("-inf")

    async def close(self) -> None:
        """Ends the reading."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        await self._alertmanager.close()

    # -- the answers

    @property
    def counts(self) -> AlertCounts | None:
        """How many the hub itself has; None while that is not known."""
        return counts_of(self.found.own) if self.found is not None else None

    def notes(self) -> tuple[Missing, ...]:
        """What could not be asked, and why."""
        return tuple(Missing(*each) for each in self._missing.items())

    def same_as(self, alert: Alert) -> Problem | None:
        """The problem of hubtui's own that is about the same thing."""
        return model.same_as(alert, self._session.problems.found)

    # -- the reading

    async def fill(self, *, rules: bool = True) -> None:
        """Reads once, with the rules behind the alerts or without; what goes wrong is in
        `notes`."""
        try:
            told, routed = await asyncio.gather(self._told(rules), self._routed())
        finally:
            every = LOOKED_AT if self._lookers else IN_PASSING
            self._due = self._clock() + every
        self.version += 1
        if told is None and routed is None:
            self.found = None
            return
        known = model.joined(told or (), routed or ())
        known = model.with_rules(known, self._rules)
        self.found = model.sorted_out(known, self._session.namespace, self._matchers)
        self.as_of = self._now()

    async def _told(self, rules: bool) -> list[Alert] | None:
        """What Prometheus has; None where it tells nothing."""
        try:
            client = await self._session.prometheus.open()
        except ConfigError as error:
            # None is there: nobody is asked for again before somebody wants to know.
            self._nobody = not self._lookers and not self._alertmanager.is_named
            self._missing[PROMETHEUS] = error.what
            return None
        except HubtuiError as error:
            self._missing[PROMETHEUS] = error.what
            return None
        found: list[Alert] | None = await self._asked(PROMETHEUS, client.alerts())
        if found and rules:
            read: list[AlertRule] | None = await self._asked(RULES, client.rules())
            self._rules = tuple(read or ())
        return found

    async def _routed(self) -> list[Alert] | None:
        if not self._alertmanager.is_named:
            return None
        found: list[Alert] | None = await self._asked(ALERTMANAGER, self._alertmanager.alerts())
        return found

    async def _asked(self, source: str, question: Coroutine[Any, Any, Any]) -> Any:
        """An answer; None where there is none, and the reason is kept."""
        try:
            found = await question
        except NotFoundError as error:
            self._missing[source] = f"it tells no alerts: {error.what}"
            return None
        except HubtuiError as error:
            self._missing[source] = error.what
            return None
        self._missing.pop(source, None)
        return found


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("alerts could not be read", exc_info=error)
