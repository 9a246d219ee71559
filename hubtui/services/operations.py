"""The only way to start an action: plan, show, confirm, grant, lock, apply, journal.

Operations belong to the session. Closing a screen ends none of them; closing the session stops
watching them, and the next start says how they ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from hubtui.clients.detached import Detached, boot_id, runs, start_ticks
from hubtui.clients.gate import WriteToken
from hubtui.errors import (
    ChangedSinceError,
    CheckStopsError,
    HubtuiError,
    NotConfirmedError,
    RefusedError,
    ToolError,
    UsageError,
)
from hubtui.model.age import rfc3339
from hubtui.model.plan import Basis, Outcome, Plan, Result
from hubtui.services import journal as records
from hubtui.services.actions import ActionSession
from hubtui.services.actions.registry import action as _action
from hubtui.services.actions.registry import process_action as _process_action
from hubtui.services.journal import Entry, Journal, Line, Process
from hubtui.services.locks import Lock, Locks
from hubtui.services.operation import Operation as Operation
from hubtui.services.operation import Reporter

log = logging.getLogger(__name__)


_watched: set[str] = set()
"""The operations that this process watches, in whichever session."""


LEFT_FOR = timedelta(days=14)
"""How long an unfinished operation of another release is brought to mind."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """An operation that another hubtui left unfinished.

    `operation` is set when its process still runs and is now watched from here; else `outcome`
    says how it ended and what the cluster holds.
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
        self._locks = Locks(self.journal.folder)
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def running(self) -> list[Operation]:
        """Those that are not over."""
        return [operation for operation in self.all if not operation.done]

    async def plan(self, action: str, request: object) -> Plan:
        """What an action would do; only reads. Raises UsageError for an action there is not."""
        return await _action(action).plan(self.session, request)

    async def start(
        self,
        plan: Plan,
        confirmation: str = "",
        overrides: Sequence[str] = (),
        expect: str = "",
    ) -> Operation:
        """Starts it; when this returns, it is in the journal and about to write.

        Raises NotConfirmedError for another name than `plan.confirm`, CheckStopsError,
        ReadOnlyError, ChangedSinceError when the plan no longer holds or is not the one of
        `expect`, RefusedError when another operation runs or the journal cannot be written.
        """
        token = self.session.gate.grant(plan.id, plan.permits)
        try:
            self._check(plan, confirmation, overrides, expect)
            lock = self._lock(plan)
        except BaseException:
            self.session.gate.end(token)
            raise
        operation = Operation(plan.id, plan)
        passed = tuple(check.name for check in plan.stops)
        report = Reporter(operation, self.journal, lambda: _started(plan, passed), lock)
        task = self._spawn(operation, self._run(operation, token, lock, report))
        waiting: asyncio.Task[object] = asyncio.create_task(report.begun.wait())
        try:
            # wait() leaves both alone when it is cancelled: who asked for it cannot end it.
            await asyncio.wait([task, waiting], return_when="FIRST_COMPLETED")
        finally:
            waiting.cancel()
        if not report.begun.is_set():
            await task
        return operation

    def live_here(self, release: str) -> str:
        """Which operation of this machine is at work on a release, in words; empty for none."""
        session = self.session
        return self._locks.holder(session.context.server, session.namespace, release)

    def left_by(self, release: str, revision: int) -> str:
        """Who on this machine began a revision that no process works on any more; empty for
        nobody, or when it is not known that the process has ended."""
        entry = self.that_made(release, revision)
        process = entry.process if entry is not None else None
        if entry is None or process is None or process.boot != boot_id():
            return ""
        return "" if runs(process.pid, process.started) else f"{entry.action} by {entry.who}"

    def that_made(self, release: str, revision: int) -> Entry | None:
        """The operation of this machine that began a revision; None when it was none of its own."""
        session = self.session
        here = (session.context.server, session.namespace, release)
        for entry in self.journal.read().entries:
            made = dict(entry.details).get("makes") == str(revision)
            if made and here == (entry.server, entry.namespace, entry.release):
                return entry
        return None

    def last(self, action: str) -> Entry | None:
        """The newest operation of an action on this release that was begun on this machine."""
        entries = self.journal.read().entries
        return next((e for e in entries if e.action == action and self._is_here(e)), None)

    def begun(self, action: str) -> dict[str, bool]:
        """The operations of an action on this release that were begun on this machine, by their
        ids, and whether one is under way still."""
        entries = self.journal.read().entries
        mine = (entry for entry in entries if entry.action == action and self._is_here(entry))
        return {entry.id: entry.outcome is None and not _is_unwatched(entry) for entry in mine}

    async def recover_interrupted(self) -> list[Recovered]:
        """What an earlier hubtui left unfinished on this release, and what the cluster holds.

        A process that still runs is watched from here on. What cannot be told now is told by a
        later call. Raises UnreachableError, DeniedError when nothing can be told.
        """
        found: list[Recovered] = []
        problem: HubtuiError | None = None
        for entry in await asyncio.to_thread(self.left):
            try:
                found.append(await self._recover(entry))
            except HubtuiError as error:
                log.info("%s of %s: %s", entry.title, entry.at, error)
                problem = error
        if problem is not None and not found:
            raise problem
        return found

    def left(self) -> list[Entry]:
        """The operations on this release that an earlier hubtui left unfinished, and nobody
        watches. Raises HubtuiError when the journal cannot be read."""
        return [entry for entry in self.journal.read().entries if self._is_left(entry)]

    def left_elsewhere(self) -> list[Entry]:
        """The same of other releases and clusters, of the last LEFT_FOR: what became of them is
        told where they are open."""
        since = records.now() - LEFT_FOR
        return [
            entry
            for entry in self.journal.read().entries
            if entry.at > since and not self._is_here(entry) and _is_unwatched(entry)
        ]

    async def close(self) -> None:
        """Stops watching. What helm does goes on; the next start says how it ended."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _check(self, plan: Plan, confirmation: str, overrides: Sequence[str], expect: str) -> None:
        names = {check.name for check in plan.checks}
        for name in overrides:
            if name not in names:
                raise UsageError(
                    f"There is no check {name!r} in this plan",
                    remedy=f"Its checks are: {', '.join(sorted(names))}.",
                )
        if expect and expect != plan.basis.digest:
            raise ChangedSinceError(
                f"The plan rests on {plan.basis.digest}, not on {expect}",
                meaning="The cluster has changed since that plan was shown. Nothing was written.",
                remedy="Look at the new plan.",
            )
        blocked = plan.blocked_by(overrides)
        if blocked:
            raise CheckStopsError(
                "; ".join(f"{check.name}: {check.evidence}" for check in blocked),
                meaning="Nothing was written.",
                remedy=_override_words([c.name for c in blocked if c.overridable], len(blocked)),
            )
        if confirmation != plan.confirm:
            raise NotConfirmedError(
                f"{confirmation!r} is not {plan.confirm!r}"
                if confirmation
                else f"{plan.title} was not confirmed",
                meaning="Nothing was written.",
                remedy=f"Type {plan.confirm} to go on.",
            )

    def _lock(self, plan: Plan) -> Lock:
        words = f"{plan.title}, by {records.who()} since {rfc3339(records.now())}"
        server = self.session.context.server
        if plan.lock:
            return self._locks.take(server, "", plan.lock, words)
        return self._locks.take(server, plan.namespace, plan.release, words)

    async def _run(
        self, operation: Operation, token: WriteToken, lock: Lock, report: Reporter
    ) -> None:
        plan = operation.plan
        self.all.append(operation)
        try:
            outcome = await _action(plan.action).apply(self.session, plan, token, report)
        except HubtuiError as error:
            if not report.begun.is_set():
                self.all.remove(operation)
                raise
            refused = isinstance(error, (RefusedError, ToolError))
            outcome = Outcome(Result.FAILED if refused else Result.INTERRUPTED, str(error))
        except Exception as error:
            log.exception("%s", plan.title)
            outcome = Outcome(
                Result.INTERRUPTED,
                f"hubtui failed while it watched: {type(error).__name__}; the log says where",
                next_steps=("Start hubtui again: it says what the cluster holds.",),
            )
        finally:
            self.session.gate.end(token)
            lock.release()
        await self._finish(operation, "finished", outcome)

    async def _finish(
        self, operation: Operation, event: Literal["finished", "recovered"], outcome: Outcome
    ) -> Outcome:
        outcome = replace(outcome, ended=records.now())
        try:
            await self.journal.append(
                Line(id=operation.id, event=event, at=records.now(), outcome=outcome)
            )
        except RefusedError as error:
            outcome = replace(outcome, notes=(*outcome.notes, error.what))
        else:
            # What it said is in the journal now, without secrets.
            with contextlib.suppress(OSError):
                self.journal.words_of(operation.id).unlink()
        operation.end(outcome)
        return outcome

    def _is_left(self, entry: Entry) -> bool:
        return self._is_here(entry) and _is_unwatched(entry)

    def _is_here(self, entry: Entry) -> bool:
        session = self.session
        here = (session.context.server, session.namespace, session.release)
        return here == (entry.server, entry.namespace, entry.release)

    async def _recover(self, entry: Entry) -> Recovered:
        process = entry.process
        alive = None
        if process is not None and process.boot == boot_id():
            alive = Detached.find(process.pid, process.started)
        if alive is None:
            outcome = await _action(entry.action).aftermath(self.session, entry)
            operation = Operation(entry.id, plan_of(entry))
            outcome = await self._finish(operation, "recovered", outcome)
            return Recovered(entry, outcome=outcome)
        # From here on it is ours: no other hubtui adopts it too.
        await self.journal.append(
            Line(id=entry.id, event="process", at=records.now(), owner=_ourselves())
        )
        operation = Operation(entry.id, plan_of(entry))
        self.all.append(operation)
        self._spawn(operation, self._adopt(operation, entry, alive))
        return Recovered(entry, operation=operation)

    async def _adopt(self, operation: Operation, entry: Entry, alive: Detached) -> None:
        report = Reporter(operation, self.journal)
        try:
            action = _process_action(entry.action)
            outcome = await action.resume(self.session, entry, alive, report)
        except HubtuiError as error:
            outcome = Outcome(Result.INTERRUPTED, str(error))
        await self._finish(operation, "recovered", outcome)

    def _spawn(self, operation: Operation, work: Coroutine[None, None, None]) -> asyncio.Task[Any]:
        _watched.add(operation.id)
        task = asyncio.create_task(work, name=f"operation {operation.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _task: _watched.discard(operation.id))
        return task


def _is_unwatched(entry: Entry) -> bool:
    if entry.outcome is not None:
        return False
    if entry.owner == _ourselves():
        return entry.id not in _watched  # its session was closed
    owner = entry.owner
    return owner is None or owner.boot != boot_id() or not runs(owner.pid, owner.started)


def plan_of(entry: Entry) -> Plan:
    """What the journal still knows of an operation's plan: no checks and no changes."""
    return Plan(
        id=entry.id,
        action=entry.action,
        title=entry.title,
        summary=entry.summary,
        context=entry.context,
        server=entry.server,
        namespace=entry.namespace,
        release=entry.release,
        targets=entry.targets,
        checks=(),
        confirm="",
        basis=Basis(entry.rests_on),
        command="",
    )


def _started(plan: Plan, overrides: tuple[str, ...]) -> Line:
    return Line(
        id=plan.id,
        event="started",
        at=records.now(),
        who=records.who(),
        context=plan.context,
        server=plan.server,
        namespace=plan.namespace,
        release=plan.release,
        action=plan.action,
        title=plan.title,
        summary=plan.summary,
        targets=plan.targets,
        basis=plan.basis.digest,
        rests_on=dict(plan.basis.values),
        details=dict(plan.details),
        overrides=overrides,
        owner=_ourselves(),
    )


def _ourselves() -> Process:
    pid = os.getpid()
    return Process(pid, start_ticks(pid) or 0, boot_id())


def _override_words(names: list[str], blocked: int) -> str:
    if len(names) < blocked or not names:
        return "This cannot be overridden: mend the cause."
    return "If you know better: " + " ".join(f"--override '{name}'" for name in names) + "."
