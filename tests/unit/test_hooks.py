"""What is said of a hook of which nothing is left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hubtui.model.redact import Redactor
from hubtui.model.release import Chart, Hook, HookRun, Payload, RevisionHead, Status
from hubtui.services.hooks import Evidence, of_this_run, removed
from hubtui.views.cells import plain
from hubtui.views.document import Hung
from hubtui.views.revision import revision_lines

POLICIES = ("before-hook-creation", "hook-succeeded")


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        (
            Hook("a", "Job", delete_policies=POLICIES, last_run=HookRun("Succeeded")),
            "evidence removed by the delete policy hook-succeeded",
        ),
        (
            Hook("a", "Job", delete_policies=POLICIES, last_run=HookRun("Failed")),
            "evidence removed: not in the cluster (before-hook-creation, hook-succeeded)",
        ),
        (
            Hook("a", "Job", last_run=HookRun("Failed")),
            "evidence removed: not in the cluster, by whom is not known",
        ),
        (Hook("a", "Job"), "never run by this revision, and not in the cluster"),
    ],
)
def test_nothing_left_is_never_fine(hook: Hook, said: str) -> None:
    assert removed(hook) == said


START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "completed", "mine"),
    [(0, None, True), (-60, None, False), (60, 90, True), (200, 90, False), (200, None, True)],
)
def test_an_object_is_evidence_only_of_the_run_that_made_it(
    seconds: int, completed: int | None, mine: bool
) -> None:
    end = START + timedelta(seconds=completed) if completed else None
    hook = Hook("a", "Job", last_run=HookRun("Failed", START, end))
    assert of_this_run(hook, START + timedelta(seconds=seconds)) is mine


def test_a_revision_tells_of_its_hooks_with_secrets_masked() -> None:
    hook = Hook(
        "awaiter", "Job", events=("pre-upgrade",), weight=10, delete_policies=POLICIES,
        last_run=HookRun("Failed"),
    )  # fmt: skip
    head = RevisionHead("hub", 4, Status.FAILED, "hub", None, None, "v4", "u", "1")
    payload = Payload("hub", "hub", 4, Status.FAILED, "no", Chart("jupyterhub"), hooks=(hook,))
    left = Evidence(hook, there=True, lines=("pod awaiter-x Error", "log token=s3cretvalue9"))
    redactor = Redactor(live=frozenset({"s3cretvalue9"}))
    lines = [
        plain(line.cell if isinstance(line, Hung) else line)
        for line in revision_lines(head, payload, redactor, (), (left,))
    ]
    text = "\n".join(lines)
    assert "Job/awaiter" in text
    assert "Failed" in text
    assert "pod awaiter-x Error" in text
    assert "s3cretvalue9" not in text
