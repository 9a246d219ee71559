"""Which hook a helm waits for, from the revision that it writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hubtui.errors import DeniedError, NotFoundError
from hubtui.model import kube
from hubtui.model.redact import Redactor
from hubtui.model.release import Chart, Hook, HookRun, Payload, Status
from hubtui.services import journal
from hubtui.services.actions.release_hooks import HookRuns

NOW = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)


def job(*conditions: str) -> kube.Job:
    found = tuple(kube.Condition(type=name, status="True", reason=name) for name in conditions)
    return kube.Job(status=kube.JobStatus(conditions=found))


class Client:
    """A server that has one Job, or a reason why not; a fake of the client."""

    def __init__(self, answer: kube.Job | Exception) -> None:
        self.answer = answer

    async def get(self, *_: Any) -> kube.Job:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def runs(answer: kube.Job | Exception, action: str = "upgrade") -> HookRuns:
    session: Any = type("Session", (), {"client": Client(answer), "pods": None, "namespace": "hub"})
    return HookRuns(session, action)


def hook(name: str, kind: str, weight: int, phase: str = "", after: float = 0, **more: Any) -> Hook:
    run = HookRun(phase, NOW + timedelta(seconds=after)) if phase else None
    events = more.pop("events", ("pre-upgrade",))
    return Hook(name, kind, weight=weight, events=events, last_run=run)


def made(*hooks: Hook) -> Payload:
    return Payload("hub", "hub", 4, Status.PENDING_UPGRADE, "", Chart("c"), NOW, NOW, hooks=hooks)


PULLER = hook("hook-image-puller", "DaemonSet", -10, "Running", 1)
AWAITER = hook("hook-image-awaiter", "Job", 10, "Running", 2)
GONE = NotFoundError("gone", status=404)


@pytest.mark.parametrize(
    ("hooks", "answer", "waits_for"),
    [
        ((hook("a", "Job", 5), hook("b", "DaemonSet", -1)), GONE, "b"),
        ((PULLER, hook("hook-image-awaiter", "Job", 10)), GONE, "hook-image-puller"),
        ((PULLER, AWAITER), job(), "hook-image-awaiter"),
        ((PULLER, AWAITER), job("Complete"), None),
        ((PULLER, AWAITER), job("Failed"), None),
        ((PULLER, AWAITER), DeniedError("no right"), "hook-image-awaiter"),
        ((PULLER,), GONE, None),
        ((), GONE, None),
        ((hook("p", "Job", 0, events=("post-upgrade",)),), GONE, None),
        ((hook("p", "Job", 0, "Running", 3, events=("post-upgrade",)),), job(), "p"),
        ((hook("r", "Job", 0, "Running", 3, events=("pre-rollback",)),), job(), None),
    ],
)
async def test_what_helm_waits_for(
    hooks: tuple[Hook, ...], answer: kube.Job | Exception, waits_for: str | None
) -> None:
    found = await runs(answer).running(made(*hooks))
    assert (found[1].name if found else None) == waits_for


async def test_a_job_that_has_just_been_asked_for_is_waited_for_until_it_was_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal, "now", lambda: NOW + timedelta(seconds=3))
    looking = runs(GONE)
    client: Any = looking.session.client
    assert await looking.running(made(PULLER, AWAITER)) is not None
    client.answer = job()
    assert await looking.running(made(PULLER, AWAITER)) is not None
    client.answer = GONE
    assert await looking.running(made(PULLER, AWAITER)) is None


async def test_the_runs_that_a_rollback_copies_are_not_its_own() -> None:
    old = hook("migrate", "Job", 0, "Failed", -60, events=("post-rollback",))
    looking = runs(GONE, "rollback")
    assert await looking.ends(made(old), Redactor()) == ()
