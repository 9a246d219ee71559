"""The runner: nothing starts unconfirmed, unlocked or unrecorded, and nothing drawn can end it."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hubtui.clients.gate import Call, Gate, Permit, WriteToken
from hubtui.clients.kubeconfig import Context
from hubtui.errors import (
    ChangedSinceError,
    CheckStopsError,
    NotConfirmedError,
    ReadOnlyError,
    RefusedError,
    UsageError,
)
from hubtui.model.plan import Basis, Check, Level, Outcome, Phase, Plan, Progress, Result
from hubtui.services import operations as module
from hubtui.services.actions import ActionSession, Report
from hubtui.services.journal import Entry, Journal
from hubtui.services.operations import Operations

WRITE = Call("delete", "pods", "hub", "hub-0")
STOP = Check("hub database", Level.STOP, "older", overridable=True)
FINAL = Check("rights", Level.STOP, "none of it")


class Deed:
    """An action that writes as often as it is told to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.writes: list[Call] = []
        self.changed = False
        self.error: Exception | None = None
        self.token: WriteToken | None = None

    async def plan(self, session: ActionSession, request: Any) -> Plan:
        return plan(*request)

    async def apply(
        self, session: ActionSession, plan: Plan, token: WriteToken, report: Report
    ) -> Outcome:
        if self.changed:
            raise ChangedSinceError("newest revision: 12 → 13")
        await report.begin()
        self.token = token
        session.gate.check(WRITE, token)
        self.writes.append(WRITE)
        report.progress(Progress(Phase.APPLYING))
        await self.go.wait()
        if self.error:
            raise self.error
        return Outcome(Result.OK, "done")

    async def aftermath(self, session: ActionSession, entry: Entry) -> Outcome:
        return Outcome(Result.INTERRUPTED, f"what is left of {entry.title}")


def plan(*checks: Check, release: str = "hub") -> Plan:
    return Plan(
        id=f"id-{release}",
        action="deed",
        title="Do it",
        summary="",
        context="prod",
        server="https://example.org",
        namespace="hub",
        release=release,
        targets=("pod hub-0",),
        checks=checks,
        confirm=release,
        basis=Basis.of({"newest revision": "12"}),
        command="",
        permits=(Permit("delete", "pods", "hub", "hub-0"),),
    )


@pytest.fixture
def deed(monkeypatch: pytest.MonkeyPatch) -> Deed:
    found = Deed()
    monkeypatch.setattr(module, "_action", lambda _name: found)
    return found


@pytest.fixture
def operations(tmp_path: Path) -> Operations:
    return make(tmp_path)


def make(folder: Path, read_only: str = "") -> Operations:
    """The operations of a session of its own."""
    session: Any = SimpleNamespace(
        gate=Gate(read_only),
        context=Context("prod", "prod", "hub", "https://example.org", current=True),
        namespace="hub",
        release="hub",
    )
    return Operations(session, Journal(folder / "state"))


async def test_a_confirmed_plan_runs_with_a_token_that_ends_with_it(
    operations: Operations, deed: Deed
) -> None:
    operation = await operations.start(plan(), "hub")
    assert operations.running == [operation]
    (entry,) = operations.journal.read().entries
    assert (entry.title, entry.targets, entry.outcome) == ("Do it", ("pod hub-0",), None)
    deed.go.set()
    assert (await operation.wait()).result is Result.OK
    assert operation.done
    assert operation.progress.phase is Phase.OVER
    assert operations.running == []
    with pytest.raises(ReadOnlyError):
        operations.session.gate.check(WRITE, deed.token)
    (entry,) = operations.journal.read().entries
    assert entry.outcome == operation.outcome


@pytest.mark.parametrize(
    ("checks", "typed", "overrides", "error"),
    [
        ((), "", (), NotConfirmedError),
        ((), "Hub", (), NotConfirmedError),
        ((), "hub ", (), NotConfirmedError),
        ((STOP,), "hub", (), CheckStopsError),
        ((FINAL,), "hub", ("rights",), CheckStopsError),
        ((STOP, FINAL), "hub", ("hub database",), CheckStopsError),
        ((STOP,), "hub", ("weather",), UsageError),
    ],
)
async def test_what_is_not_confirmed_or_stopped_does_not_begin(
    operations: Operations,
    deed: Deed,
    checks: tuple[Check, ...],
    typed: str,
    overrides: tuple[str, ...],
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        await operations.start(plan(*checks), typed, overrides)
    await nothing_happened(operations, deed)


async def test_an_override_is_recorded(operations: Operations, deed: Deed) -> None:
    deed.go.set()
    operation = await operations.start(plan(STOP), "hub", ["hub database"])
    await operation.wait()
    assert operations.journal.read().entries[0].overrides == ("hub database",)


async def test_read_only_grants_nothing(tmp_path: Path, deed: Deed) -> None:
    operations = make(tmp_path, "started with --read-only")
    with pytest.raises(ReadOnlyError, match="started with --read-only"):
        await operations.start(plan(), "hub")
    await nothing_happened(operations, deed)


async def test_another_basis_than_expected_or_a_changed_one_is_refused(
    operations: Operations, deed: Deed
) -> None:
    with pytest.raises(ChangedSinceError):
        await operations.start(plan(), "hub", expect="0123456789ab")
    deed.changed = True
    with pytest.raises(ChangedSinceError, match="12 → 13"):
        await operations.start(plan(), "hub", expect=plan().basis.digest)
    await nothing_happened(operations, deed)


async def test_a_journal_that_cannot_be_written_refuses(operations: Operations, deed: Deed) -> None:
    operations.journal.folder.mkdir(mode=0o700)
    operations.live_here("hub")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, hard))
    try:
        with pytest.raises(RefusedError, match="cannot be written"):
            await operations.start(plan(), "hub")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await nothing_happened(operations, deed)


async def nothing_happened(operations: Operations, deed: Deed) -> None:
    """No write, no token, no lock, no record of a beginning."""
    assert deed.writes == []
    assert operations.running == []
    assert operations.journal.read().entries == ()
    assert operations.live_here("hub") == ""


async def test_one_at_a_time_for_a_release_and_others_beside_it(
    operations: Operations, deed: Deed, tmp_path: Path
) -> None:
    first = await operations.start(plan(), "hub")
    assert operations.live_here("hub").startswith("Do it, by ")
    with pytest.raises(RefusedError, match=r"Another operation is at work on release hub: Do it"):
        await make(tmp_path).start(plan(), "hub")
    other = await operations.start(plan(release="other"), "other")
    deed.go.set()
    await asyncio.gather(first.wait(), other.wait())
    assert operations.live_here("hub") == ""
    assert (await (await operations.start(plan(), "hub")).wait()).ok


async def test_who_waits_can_go_away(operations: Operations, deed: Deed) -> None:
    operation = await operations.start(plan(), "hub")
    waiting = asyncio.create_task(operation.wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    deed.go.set()
    assert (await operation.wait()).ok


async def test_changes_are_counted_and_can_be_awaited(operations: Operations, deed: Deed) -> None:
    operation = await operations.start(plan(), "hub")
    version = await operation.changed(-1)
    waiting = asyncio.create_task(operation.changed(operation.version))
    deed.go.set()
    assert await waiting > version
    assert await operation.changed(version) == operation.version


async def test_a_mistake_of_ours_ends_the_operation_with_words(
    operations: Operations, deed: Deed
) -> None:
    deed.error = ZeroDivisionError("oh")
    deed.go.set()
    outcome = await (await operations.start(plan(), "hub")).wait()
    assert outcome.result is Result.INTERRUPTED
    assert "ZeroDivisionError" in outcome.summary
    assert operations.live_here("hub") == ""


async def test_a_session_that_closes_leaves_it_to_the_next_one(
    operations: Operations, deed: Deed, tmp_path: Path
) -> None:
    operation = await operations.start(plan(), "hub")
    following = make(tmp_path)
    assert await following.recover_interrupted() == []  # it is being watched
    await operations.close()
    assert operation.outcome is None
    (found,) = await following.recover_interrupted()
    assert found.outcome is not None
    assert found.outcome.summary == "what is left of Do it"
    assert await following.recover_interrupted() == []


async def test_an_end_that_cannot_be_recorded_is_said(
    operations: Operations, deed: Deed, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = await operations.start(plan(), "hub")
    refuse: Callable[..., Any] = _refuse
    monkeypatch.setattr(operations.journal, "append", refuse)
    deed.go.set()
    outcome = await operation.wait()
    assert outcome.ok
    assert outcome.notes == ("The journal is full",)


async def _refuse(_line: object) -> None:
    raise RefusedError("The journal is full")
