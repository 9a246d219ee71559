"""What tells whether a helm is at work on a stuck release, and what marking needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hubtui.clients.helm_seen import Helms
from hubtui.model.plan import Level
from hubtui.model.release import RevisionHead, Status
from hubtui.model.trail import way_back
from hubtui.services.actions import recover_checks as checks
from hubtui.services.actions.recover_facts import AtWork, Facts, basis_of
from hubtui.services.actions.release_pending import Pending
from tests.unit.test_rollback_checks import NOW, PENDING, head, side

STUCK = head(13, PENDING, minutes=43)
JOB = AtWork("Job", "hook-image-awaiter", NOW - timedelta(minutes=12))


def facts(
    *older: RevisionHead, hooks: tuple[AtWork, ...] = (), error: str = "", **look: str
) -> Facts:
    heads = (STUCK, *(older or (head(12),)))
    return Facts(
        heads=heads,
        back=way_back(heads),
        look=Pending(STUCK, **look),
        helms=Helms(),
        hooks=hooks,
        hooks_error=error,
        payload=side(13).payload,
        error="",
        answers={"server": "https://a", "certificate authority": "x"},
    )


@pytest.mark.parametrize(
    ("statuses", "back"),
    [
        (("pending-upgrade", "deployed", "superseded"), 2),
        (("pending-upgrade", "failed", "deployed"), 1),
        (("pending-upgrade", "failed", "superseded"), 1),
        (("pending-rollback", "superseded", "superseded"), 2),
        (("pending-upgrade", "superseded", "deployed"), 1),
        (("pending-upgrade", "failed", "failed"), None),
        (("pending-install", "uninstalled", "superseded"), None),
    ],
)
def test_the_revision_to_go_back_to(statuses: tuple[str, ...], back: int | None) -> None:
    numbers = range(len(statuses), 0, -1)
    pairs = zip(numbers, statuses, strict=True)
    found = way_back([head(number, Status(status)) for number, status in pairs])
    assert (found.revision if found else None) == back


def test_a_calm_release_has_none() -> None:
    assert way_back([]) is None


def test_a_hook_at_work_may_have_a_helm_that_waits() -> None:
    found = checks.hooks_at_work(facts(hooks=(JOB,)), NOW)
    assert (found.level, found.overridable) == (Level.STOP, True)
    assert found.evidence == (
        "Job/hook-image-awaiter is at work for 12 m: a helm elsewhere may wait for it"
    )


def test_a_hook_whose_helm_ended_here_goes_on_without_it() -> None:
    found = checks.hooks_at_work(facts(hooks=(JOB,), left_by="upgrade by ana@laptop"), NOW)
    assert found.level is Level.WARN
    assert "its helm, which has ended" in found.evidence


def test_nobody_waits_for_a_hook_for_three_timeouts() -> None:
    old = replace(JOB, since=NOW - timedelta(minutes=31))
    assert checks.hooks_at_work(facts(hooks=(old,)), NOW).level is Level.WARN
    assert checks.hooks_at_work(facts(hooks=(old,), timeout="15m"), NOW).level is Level.STOP
    unknown = replace(JOB, since=None)
    assert checks.hooks_at_work(facts(hooks=(unknown,)), NOW).level is Level.STOP


def test_hooks_that_may_not_be_read_are_not_called_none() -> None:
    found = checks.hooks_at_work(facts(error="no right to get jobs"), NOW)
    assert found.level is Level.WARN
    assert found.evidence == "? not looked at: no right to get jobs"
    assert checks.hooks_at_work(facts(), NOW).level is Level.OK


def test_a_helm_of_this_machine_is_a_stop_and_none_is_never_no_helm() -> None:
    seen = checks.helm_here(replace(facts(), helms=Helms(here=(41, 42), elsewhere=(43,))))
    assert (seen.level, seen.overridable) == (Level.STOP, True)
    assert "(pid 41, 42)" in seen.evidence
    assert "one elsewhere cannot be seen" in checks.helm_here(facts()).evidence


def test_a_helm_on_another_cluster_is_told_and_stops_nothing() -> None:
    seen = checks.helm_here(replace(facts(), helms=Helms(elsewhere=(43,))))
    assert seen.level is Level.WARN
    assert seen.evidence == "helm works on a release hub (pid 43), but of another server"


@pytest.mark.parametrize(
    ("status", "level", "said"),
    [
        (Status.DEPLOYED, Level.OK, "revision 12 is deployed: the next upgrade starts from it"),
        (Status.SUPERSEDED, Level.WARN, "none is deployed: the next upgrade starts from this one"),
        (Status.FAILED, Level.WARN, "none: the next upgrade starts from this very revision"),
    ],
)
def test_what_the_next_upgrade_starts_from(status: Status, level: Level, said: str) -> None:
    found = checks.last_deployed(facts(head(12, status)))
    assert (found.level, said in found.evidence) == (level, True)


def test_a_revision_that_cannot_be_read_cannot_be_marked() -> None:
    broken = replace(facts(), payload=None, error="it is cut off")
    found = checks.is_readable(broken)
    assert (found.level, found.overridable) == (Level.STOP, False)
    assert "it is cut off" in found.evidence


def test_the_file_must_be_new_and_possible(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.touch()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    for path, said in (
        (None, "--save FILE"),
        (there, "exists already"),
        (link, "exists already"),
        (tmp_path / "no" / "folder", "is no folder"),
        (there / "below", "is no folder"),
    ):
        found = checks.file_is_new(path)
        assert (found.level, found.overridable) == (Level.STOP, False)
        assert said in found.evidence
    fine = checks.file_is_new(tmp_path / "new\x1b[31m")
    assert fine.level is Level.OK
    assert "\x1b" not in fine.evidence
    assert "it holds secrets" in fine.evidence


def test_the_basis_changes_with_the_object_and_with_who_answers() -> None:
    known = facts()
    moved = (replace(STUCK, resource_version="2"), *known.heads[1:])
    assert known.basis.changed(basis_of(moved, known.back, known.answers))
    assert known.basis.changed(basis_of(known.heads, None, known.answers))
    elsewhere = {**known.answers, "server": "https://b"}
    assert known.basis.changed(basis_of(known.heads, known.back, elsewhere))
    assert not known.basis.changed(basis_of(known.heads, known.back, known.answers))
