"""Reads what the hub's API, its log and metrics.k8s.io tell, within a budget.

=================  ==============================================================
source             cost
=================  ==============================================================
users with         all pages, one at a time, each HUB_EVERY seconds; HUB_SOON when
servers, routes    something may be a spawn or a stop under way, HUB_AGAIN while
                   something disagrees; a fortieth of the time at most. Each
                   HUB_MISSED seconds where there is no token for the hub. A
                   command that looks once: one pass, or two
cull settings      of the revision in force, which is read once
the hub's log      CULLER_LINES lines each CULLER_EVERY seconds, while idle servers
                   stay
use of pods        a LIST of metrics.k8s.io each USAGE_EVERY seconds
=================  ==============================================================
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubtui.errors import HubtuiError
from hubtui.model.hub import ServerKey
from hubtui.model.orphans import APART
from hubtui.model.redact import Redactor
from hubtui.model.roles import Role, role_of
from hubtui.services import hub_health
from hubtui.services.orphans import HUB, PODS, ROUTES, Found
from hubtui.services.problems import culling
from hubtui.services.problems.situation import HubSeen

if TYPE_CHECKING:
    from hubtui.services.session import Session

HUB_EVERY: Final = 60.0
HUB_AGAIN: Final = 10.0
HUB_SOON: Final = APART
HUB_MISSED: Final = 300.0
SHARE: Final = 40
"""A pass that takes long is made less often: half of the hub's time that is ours, the other half
is the users pane's."""

CULLER_EVERY: Final = 60.0
CULLER_LINES: Final = 2000
USAGE_EVERY: Final = 300.0

LINES: Final = 3
"""Lines of the culler that are kept, the last ones."""

_LONGEST_LINE: Final = 300

Read = Callable[[], Awaitable[None]]


class HubReading:
    """What was read of the hub, and when it may be asked again. `clock` gives seconds; what cannot
    be read goes into `missing`."""

    def __init__(
        self, session: Session, clock: Callable[[], float], missing: dict[str, str]
    ) -> None:
        self._session = session
        self._clock = clock
        self._missing = missing
        self._next = {"hub": 0.0, "culler": 0.0, "usage": 0.0}
        self.seen: HubSeen | None = None

    def wanted(self) -> list[Read]:
        """The reads that are due."""
        now = self._clock()
        found: list[Read] = []
        if now >= self._next["hub"] and not self._session.hub_feed.loading:
            found.append(self._read_hub)
        if now >= self._next["usage"]:
            found.append(self._read_usage)
        return found

    async def settle(self) -> None:
        """Looks once more where the next look tells; for who looks once."""
        found = self._session.orphans.found
        if found is not None and found.soon:
            await self._take(await self._session.orphans.again())

    async def _read_hub(self) -> None:
        try:
            found = await self._session.orphans.look()
        finally:
            self._next["hub"] = self._clock() + HUB_EVERY
        await self._take(found)

    async def _take(self, found: Found) -> None:
        for side in (HUB, ROUTES):
            self._missing.pop(side, None)
        # That the pods are not read is told by their own store.
        self._missing |= {m.source: m.reason for m in found.missing if m.source != PODS}
        self._next["hub"] = self._clock() + max(_pause(found), SHARE * found.took)
        if found.users is None:
            self.seen = None
            return
        servers = {
            ServerKey(user.name, name): server
            for user in found.users.values()
            for name, server in user.servers.items()
        }
        await self._see(
            HubSeen(at=found.at, servers=servers, lasting=found.lasting, took=found.took)
        )

    async def _see(self, seen: HubSeen) -> None:
        """Adds what the settings and the log tell of the culler."""
        try:
            values = await self._session.hub_link.values()
        except HubtuiError as error:
            self._missing["cull settings"] = error.what
        else:
            self._missing.pop("cull settings", None)
            cull = values.get("cull")
            seen = replace(seen, cull=cull if isinstance(cull, Mapping) else {})
        before = self.seen.culler if self.seen is not None else None
        seen = replace(seen, culler=before)
        if culling.leaves(seen, self._session.pods.stores.pods, self._session.release):
            if self._clock() >= self._next["culler"]:
                seen = replace(seen, culler=await self._culler_lines())
        else:
            seen = replace(seen, culler=None)
            self._missing.pop("culler", None)
        self.seen = seen

    async def _culler_lines(self) -> tuple[str, ...] | None:
        """The lines of the hub's log that are the culler's, without what looks secret."""
        self._next["culler"] = self._clock() + CULLER_EVERY
        session = self._session
        hub = hub_health.newest(
            [pod for pod in session.pods.stores.pods if role_of(pod, session.release) is Role.HUB]
        )
        if hub is None:
            return None
        lines: list[str] = []
        try:
            async for line in session.pods.logs(
                session.namespace, hub.metadata.name, container=HUB, tail=CULLER_LINES
            ):
                if culling.CULLER.search(line):
                    lines.append(line.strip()[:_LONGEST_LINE])
        except HubtuiError as error:
            self._missing["culler"] = error.what
            return None
        self._missing.pop("culler", None)
        return tuple(Redactor().mask_text("\n".join(lines[-LINES:])).splitlines())

    async def _read_usage(self) -> None:
        """The use of pods. A cluster that does not measure it is nobody's trouble."""
        self._next["usage"] = self._clock() + USAGE_EVERY
        await self._session.usage.fill()

    def memory(self, pods: Iterable[str]) -> dict[str, int]:
        """The bytes that pods use, by name, as far as they are measured."""
        of = self._session.usage.of
        known = {name: used.memory for name in pods if (used := of(name)) is not None}
        return {name: memory for name, memory in known.items() if memory is not None}


def _pause(found: Found) -> float:
    if found.users is None:
        return HUB_MISSED if found.barred else HUB_EVERY
    if found.soon:
        return HUB_SOON
    return HUB_AGAIN if found.lasting else HUB_EVERY
