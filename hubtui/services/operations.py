"""A running action, and the only way to start one: plan, show, confirm, grant, apply, journal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from hubtui.model.plan import Outcome, Plan, Progress
from hubtui.services.actions import ActionSession
from hubtui.services.journal import Entry, Journal


class Operation:
    """One action that runs. Reading it never waits; nothing that is drawn can cancel it.

    `version` counts the changes of `progress` and `outcome`; `changed()` waits for the next one.
    """

    def __init__(self, id_: str, plan: Plan) -> None:
        self.id = id_
        self.plan = plan
        self.progress = Progress()
        self.outcome: Outcome | None = None
        self.version = 0

    @property
    def done(self) -> bool:
        """Whether it is over."""
        return self.outcome is not None

    async def changed(self, since: int) -> int:
        """Waits until `version` differs from `since`; gives it."""
        raise NotImplementedError

    async def wait(self) -> Outcome:
        """Waits for the end. Cancelling this does not cancel the operation."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Recovered:
    """An operation that another hubtui left unfinished.

    `operation` is set when its process still runs and is now watched from here; else `outcome`
    says what the cluster holds.
    """

    entry: Entry
    outcome: Outcome | None = None
    operation: Operation | None = None


class Operations:
    """The operations of one session."""

    def __init__(self, session: ActionSession, journal: Journal | None = None) -> None:
        self.session = session
        self.journal = journal or Journal()
        self.all: list[Operation] = []

    @property
    def running(self) -> list[Operation]:
        """Those that are not over."""
        return [operation for operation in self.all if not operation.done]

    async def plan(self, action: str, request: object) -> Plan:
        """What an action would do; only reads."""
        raise NotImplementedError

    async def start(
        self,
        plan: Plan,
        confirmation: str = "",
        overrides: Sequence[str] = (),
        expect: str = "",
    ) -> Operation:
        """Starts it. Raises NotConfirmedError, CheckStopsError, ReadOnlyError, ChangedSinceError,
        RefusedError; when it returns, the operation is journalled and about to write."""
        raise NotImplementedError

    def live_here(self, release: str) -> str:
        """Which operation of this machine is at work on a release; empty for none."""
        return ""

    async def recover_interrupted(self) -> list[Recovered]:
        """What an earlier hubtui left unfinished on this release, and what the cluster holds."""
        return []

    async def close(self) -> None:
        """Stops watching. What helm does goes on; the next start says how it ended."""
        await asyncio.sleep(0)
