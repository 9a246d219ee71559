"""Why a node stays: its pods, the disruption budgets, and when the culler takes its servers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubtui.errors import DeniedError, HubtuiError
from hubtui.model.hub import ServerKey
from hubtui.model.idle import Forecast
from hubtui.model.kinds import BUDGETS
from hubtui.model.kube import Pod
from hubtui.model.kube_changes import Budget
from hubtui.model.roles import server_of, user_of
from hubtui.model.scale_down import Around, Hold, Stays, stays
from hubtui.model.why_facts import Missing
from hubtui.services.nodes import ELSEWHERE
from hubtui.services.store import utc_now

if TYPE_CHECKING:
    from hubtui.services.session import Session

log = logging.getLogger(__name__)

BUDGETS_EVERY: Final = 30.0
"""Seconds between two LISTs of the disruption budgets, while somebody asks."""

SOURCE: Final = "disruption budgets"
HUB: Final = "hub"
_UNREAD: Final = Missing(SOURCE, "not read yet")
_ORPHAN: Final = Forecast(None, None, "never, because the hub knows no server for its pod")


class ScaleDown:
    """What keeps the nodes of one hub. `clock` gives seconds."""

    def __init__(self, session: Session, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._clock = clock
        self._budgets: Mapping[str, Sequence[Budget]] = {}
        self._everywhere = False
        self._due = float("-inf")
        self._work: asyncio.Task[None] | None = None
        self.missing: Missing | None = _UNREAD
        """Why the disruption budgets are not all known; None when they are."""

    def of(self, name: str) -> Stays:
        """Why a node stays, as far as it is known now; has the budgets read where that is due."""
        self._see_to_budgets()
        nodes = self._session.nodes
        row = nodes.row(name)
        node, used = (row.node, row.used) if row is not None else (None, {})
        found = stays(node, nodes.pods_on(name), used, self.around())
        return replace(found, missing=self._missing(found))

    def around(self) -> Around:
        """What the rules need beside a node and its pods."""
        return Around(
            now=utc_now(),
            namespace=self._session.namespace,
            release=self._session.release,
            budgets=self._budgets,
            everywhere=self._everywhere,
            goes=self._goes,
            unknown=self._unknown,
            whole=not self._unread(),
        )

    @property
    def budgets(self) -> Mapping[str, Sequence[Budget]] | None:
        """The disruption budgets by namespace; None where not all were read."""
        return self._budgets if self._everywhere else None

    async def read(self) -> None:
        """Reads the disruption budgets where that is due: of all namespaces, or where that is
        denied of the hub's. What could not be read is in `missing`."""
        if self._clock() >= self._due:
            await self._read()

    async def _read(self) -> None:
        self._due = self._clock() + BUDGETS_EVERY
        try:
            try:
                found, self._everywhere = await self._session.client.list(BUDGETS), True
                self.missing = None
            except DeniedError as denied:
                self.missing = Missing(f"{SOURCE} of other namespaces", denied.what)
                self._everywhere = False
                found = await self._session.client.list(BUDGETS, self._session.namespace)
        except HubtuiError as error:
            self.missing, self._everywhere, self._budgets = Missing(SOURCE, error.what), False, {}
            return
        known: dict[str, list[Budget]] = {} if self._everywhere else {self._session.namespace: []}
        for budget in found:
            known.setdefault(budget.metadata.namespace, []).append(budget)
        self._budgets = known

    async def fill(self) -> None:
        """Reads all that `of` needs once.

        Raises what `Nodes.fill` raises; what else could not be read is told with each answer.
        """
        session = self._session
        await asyncio.gather(session.nodes.fill(), self._fill_users(), self.read())
        session.users.update()
        session.nodes.update()

    async def _fill_users(self) -> None:
        with suppress(HubtuiError):  # its feed keeps the reason
            await self._session.users.fill()

    def start(self, who: str) -> None:
        """Somebody looks: nodes and servers are kept up to date."""
        self._session.nodes.start(who)
        self._session.users.start(who)

    def pause(self, who: str) -> None:
        """Somebody looks no more."""
        self._session.nodes.pause(who)
        self._session.users.pause(who)

    async def close(self) -> None:
        """Ends the reading."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    def _see_to_budgets(self) -> None:
        if self._clock() >= self._due and (self._work is None or self._work.done()):
            self._due = self._clock() + BUDGETS_EVERY
            self._work = asyncio.create_task(self._read(), name="disruption budgets")
            self._work.add_done_callback(_report)

    def _goes(self, pod: Pod) -> Forecast | None:
        users = self._session.users
        row = users.row(str(ServerKey(user_of(pod), server_of(pod))))
        if row is not None and row.server is not None:
            return row.forecast
        return _ORPHAN if users.feed.complete else None

    @property
    def _unknown(self) -> str:
        error = self._session.users.feed.health.error
        return error.what if error is not None else "the hub has not answered yet"

    def _missing(self, found: Stays) -> tuple[Missing, ...]:
        more = [self.missing] if self.missing is not None else []
        if any(each.kind is Hold.USER and each.until is None for each in found.blockers):
            feed = self._session.users.feed
            if not feed.complete:
                more.append(Missing(HUB, self._unknown))
        notes = self._session.nodes.notes()
        told = {note.source for note in notes}
        waiting = (name for name in self._unread() if name not in told)
        return (*notes, *(Missing(name, "not read yet") for name in waiting), *more)

    def _unread(self) -> list[str]:
        """Which pods of a node are not known, or not yet."""
        pods, elsewhere = self._session.pods.stores.pods, self._session.nodes.elsewhere
        stores = (("pods", pods), (ELSEWHERE, elsewhere))
        return [name for name, store in stores if not store.complete]


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the disruption budgets could not be read", exc_info=error)
