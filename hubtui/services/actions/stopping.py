"""Stops servers through the hub: five at once, each looked at just before, each followed.

What takes longer (202) is followed until it is gone, one look at a time, so that a node that does
not let its pods go costs the hub no more than one request at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hubtui.clients.gate import WriteToken
from hubtui.clients.hub import HubClient
from hubtui.errors import (
    ConfigError,
    DeniedError,
    HubtuiError,
    NotFoundError,
    ToolError,
    UnreachableError,
)
from hubtui.model.age import precise
from hubtui.model.hub import HubServer, ServerKey
from hubtui.model.plan import Progress, StepState
from hubtui.services import journal
from hubtui.services.actions import ActionSession, Report, stopping_reason
from hubtui.services.actions.stopping_server import (
    End,
    Fate,
    ToStop,
    is_active,
    is_newer,
    verdict,
)
from hubtui.services.actions.stopping_steps import Steps
from hubtui.services.patient_hub import PatientHub

AT_ONCE: Final = 5
"""Servers that are asked about and stopped at the same time."""

GONE_WITHIN: Final = 120.0
"""Seconds in which a stop that the hub has begun is over; a pod has a second to end."""

CADENCE: Final = 1.5
"""Seconds between two looks at a server that stops."""

FAILURES: Final = 5
"""Servers in a row that the hub fails at, after which it is asked no further."""

Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Stops:
    """What became of the servers of a plan, in its order.

    `refused` is why the hub was asked no further, "" where it was; `interrupted` when somebody
    asked to end between two servers, and some were left.
    """

    ends: tuple[End, ...]
    refused: str = ""
    interrupted: bool = False

    def of(self, *fates: Fate) -> tuple[End, ...]:
        """Those that ended so."""
        return tuple(end for end in self.ends if end.fate in fates)


async def stop_all(
    session: ActionSession,
    servers: Sequence[ToStop],
    token: WriteToken,
    report: Report,
    tell: Tell | None = None,
) -> Stops:
    """Stops servers that a plan permits, and gives what became of each. `tell` gets the progress,
    by default that of the report.

    The caller has journalled its begin. Raises nothing that one server or the hub is to blame for.
    """
    return await _Run(session, servers, token, report, tell or report.progress).run()


class _Run:
    """One run over servers."""

    def __init__(
        self,
        session: ActionSession,
        servers: Sequence[ToStop],
        token: WriteToken,
        report: Report,
        tell: Tell,
    ) -> None:
        self._session = session
        self._servers = servers
        self._token = token
        self._report = report
        self._steps = Steps([planned.key for planned in servers], tell)
        self._hub = PatientHub(session.hub_link, self._steps.say)
        self._looking = asyncio.Lock()
        self._asked: set[ServerKey] = set()
        self._ends: dict[ServerKey, End] = {}
        self._refused = ""
        self._failures = 0

    async def run(self) -> Stops:
        """Works until all servers have ended, or it is not to begin with more."""
        waiting = iter(self._servers)
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._work(waiting, group))
        left = [planned.key for planned in self._servers if planned.key not in self._ends]
        for key in left:
            self._ends[key] = End(key, Fate.LEFT, "its turn did not come")
        return Stops(
            tuple(self._ends[planned.key] for planned in self._servers),
            self._refused,
            interrupted=bool(left) and not self._refused,
        )

    async def _work(self, waiting: Iterator[ToStop], group: asyncio.TaskGroup) -> None:
        while not self._report.interrupted.is_set() and not self._refused:
            planned = next(waiting, None)
            if planned is None:
                return
            self._steps.show(planned.key, StepState.MOVING, "is looked at")
            if await self._guarded(planned, self._begin(planned)) is None:
                group.create_task(self._guarded(planned, self._follow(planned)))

    async def _guarded(self, planned: ToStop, work: Awaitable[End | None]) -> End | None:
        """The end of a server, if it has come; what goes wrong is one, too."""
        try:
            end = await work
        except NotFoundError:
            end = self._gone(planned)
        except (DeniedError, UnreachableError, ConfigError, ToolError) as error:
            self._refused = self._refused or str(error)
            end = End(planned.key, Fate.FAILED, error.what)
        except HubtuiError as error:
            self._failures += 1
            if self._failures >= FAILURES:
                self._refused = self._refused or str(error)
            end = End(planned.key, Fate.FAILED, error.what)
        else:
            self._failures = 0
        if end is not None:
            self._ends[planned.key] = end
            self._steps.end(end)
        return end

    async def _begin(self, planned: ToStop) -> End | None:
        """Looks at a server and has it stopped; None while its stop is under way."""

        async def stop(hub: HubClient) -> End | None:
            # Looked at before each try: the answer to the one before may be lost, and its user
            # have started it again.
            server = await _server(hub, planned.key)
            end = verdict(planned, server, journal.now())
            if end is not None:
                return self._gone(planned) if end.fate is Fate.GONE else self._judged(planned, end)
            if server is not None and server.pending == "stop":
                return None
            self._asked.add(planned.key)
            self._steps.show(planned.key, StepState.MOVING, "is asked to stop")
            gone = await hub.stop(planned.key, self._token)
            return End(planned.key, Fate.STOPPED) if gone else None

        return await self._hub.ask(stop)

    def _gone(self, planned: ToStop) -> End:
        if planned.key in self._asked:
            return End(planned.key, Fate.STOPPED)
        return End(planned.key, Fate.GONE, "it did not run any more")

    def _judged(self, planned: ToStop, end: End) -> End:
        """A server that is another one now, after a stop whose answer was lost, was stopped."""
        if planned.key not in self._asked:
            return end
        return End(planned.key, Fate.STOPPED, _AGAIN, again=True)

    async def _follow(self, planned: ToStop) -> End:
        """Looks until a server is gone, or its time is over."""
        key, began = planned.key, _time()
        while True:
            self._steps.show(key, StepState.MOVING, f"stops for {precise(_time() - began)}")
            await asyncio.sleep(CADENCE)
            async with self._looking:
                server = await self._hub.ask(lambda hub: _server(hub, key))
            if server is None or not is_active(server):
                return End(key, Fate.STOPPED)
            if is_newer(planned, server) or server.pending == "spawn" != planned.pending:
                return End(key, Fate.STOPPED, _AGAIN, again=True)
            if _time() - began > GONE_WITHIN:
                return await self._stuck(planned, server, _time() - began)

    async def _stuck(self, planned: ToStop, server: HubServer, seconds: float) -> End:
        """Why a server does not stop, as its pod says it."""
        state = "its stop is still under way" if server.pending == "stop" else "it runs still"
        reason = await stopping_reason.of(self._session, planned.key)
        words = f"{state} after {precise(seconds)}: {reason.words}"
        return End(planned.key, Fate.FAILED, words, reason.todo)


async def _server(hub: HubClient, key: ServerKey) -> HubServer | None:
    """A server as it is now; None when its user has none of that name that runs."""
    return (await hub.user(key.user)).servers.get(key.server)


_AGAIN: Final = "it was started again while it was being stopped"


def _time() -> float:
    return asyncio.get_running_loop().time()
