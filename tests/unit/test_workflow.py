"""Which run made which revision: told by the commit, or by the time, or not claimed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.podstate import Severity
from hubtui.model.workflow import By, Deployed, Made, WorkflowRun, joined
from tests import fake_github
from tests.fake_github import SHA

NOON = datetime(2026, 5, 2, 12, tzinfo=UTC)
OTHER = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"


def run(number: int, start: int, end: int | None, **more: object) -> WorkflowRun:
    """A run from one minute after noon to another; without an end it is under way."""
    times = {
        "created_at": NOON + timedelta(minutes=start),
        "run_started_at": NOON + timedelta(minutes=start),
        "updated_at": NOON + timedelta(minutes=start if end is None else end),
    }
    state = {} if end is not None else {"status": "in_progress", "conclusion": None}
    return msgspec.convert(fake_github.run(number, **times, **state, **more), WorkflowRun)


def revision(number: int, minute: float, description: str = "Upgrade complete") -> Deployed:
    return Deployed(number, NOON + timedelta(minutes=minute), description)


def made(runs: list[WorkflowRun], *revisions: Deployed) -> dict[int, Made]:
    """By the run's number."""
    found = joined(runs, revisions, NOON + timedelta(minutes=60))
    return {each.run_number: found[each.id] for each in runs if each.id in found}


def test_a_description_that_names_the_commit_tells_the_run() -> None:
    runs = [run(2, 20, 26, head_sha=OTHER), run(1, 0, 6)]
    twelve = revision(12, 4, f"{SHA[:7]} by Ana: raise the image")
    thirteen = revision(13, 24, f"deploy {OTHER}")
    assert made(runs, thirteen, twelve) == {1: Made(12, By.COMMIT), 2: Made(13, By.COMMIT)}


def test_of_several_runs_of_a_commit_the_time_tells_which() -> None:
    runs = [run(2, 20, 26), run(1, 0, 6)]
    assert made(runs, revision(12, 24, SHA)) == {2: Made(12, By.COMMIT)}
    at_once = [run(2, 1, 7), run(1, 0, 6)]
    assert made(at_once, revision(12, 4, SHA)) == {}


def test_without_a_commit_the_time_tells_it_where_one_run_and_one_revision_fit() -> None:
    runs = [run(2, 20, 26, head_sha=OTHER), run(1, 0, 6)]
    assert made(runs, revision(12, 4)) == {1: Made(12, By.TIME)}
    assert made(runs, revision(12, 4), revision(13, 5)) == {}
    assert made([run(2, 1, 7), run(1, 0, 6)], revision(12, 4)) == {}


def test_a_commit_of_nobody_here_is_nobodys_whatever_the_time() -> None:
    assert made([run(1, 0, 6)], revision(12, 4, f"{OTHER[:8]} by hand")) == {}


@pytest.mark.parametrize("minute", [-1, 6.6, 59])
def test_what_was_made_before_or_after_is_not_the_runs(minute: float) -> None:
    assert made([run(1, 0, 6)], revision(12, minute)) == {}
    assert made([run(1, 0, 6)], revision(12, minute, SHA)) == {}


def test_clocks_may_differ_a_little() -> None:
    assert made([run(1, 0, 6)], revision(12, 6.4)) == {1: Made(12, By.TIME)}


def test_a_run_under_way_may_have_made_it_already() -> None:
    assert made([run(1, 50, None)], revision(12, 55)) == {1: Made(12, By.TIME)}


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target", "merge_group"])
def test_a_run_for_a_pull_request_only_plans(event: str) -> None:
    assert made([run(1, 0, 6, event=event)], revision(12, 4, SHA)) == {}


def test_a_word_or_a_number_is_no_commit() -> None:
    told = "Upgrade 20260502 of the defaced hub complete"
    assert made([run(1, 0, 6)], revision(12, 4, told)) == {1: Made(12, By.TIME)}


def test_a_revision_of_an_unknown_time_is_nobodys() -> None:
    assert joined([run(1, 0, 6)], [Deployed(12, None, SHA)], NOON) == {}


minutes = st.integers(0, 30)


@given(
    st.lists(st.tuples(minutes, minutes, st.sampled_from([SHA, OTHER])), max_size=5),
    st.lists(st.tuples(minutes, st.sampled_from(["", SHA, OTHER[:7]])), max_size=5),
)
def test_whatever_is_claimed_fits(
    given_runs: list[tuple[int, int, str]], given_revisions: list[tuple[int, str]]
) -> None:
    runs = [
        run(number, start, start + length, head_sha=sha)
        for number, (start, length, sha) in enumerate(given_runs)
    ]
    revisions = [revision(n, minute, words) for n, (minute, words) in enumerate(given_revisions)]
    found = made(runs, *revisions)
    assert len({each.revision for each in found.values()}) == len(found), "one run for a revision"
    for number, each in found.items():
        words = revisions[each.revision].description
        assert (each.by is By.COMMIT) == bool(words)
        assert runs[number].head_sha.startswith(words)


@pytest.mark.parametrize(
    ("status", "conclusion", "words", "severity"),
    [
        ("completed", "success", "success", Severity.FINE),
        ("completed", "failure", "failure", Severity.NOW),
        ("completed", "timed_out", "timed out", Severity.NOW),
        ("completed", "startup_failure", "startup failure", Severity.NOW),
        ("completed", "a_new_word", "a new word", Severity.NOW),
        ("completed", "cancelled", "cancelled", Severity.PAST),
        ("completed", "skipped", "skipped", Severity.PAST),
        ("completed", "action_required", "action required", Severity.SOON),
        ("waiting", None, "waiting", Severity.SOON),
        ("in_progress", None, "in progress", Severity.WAITING),
        ("queued", None, "queued", Severity.WAITING),
        (None, None, "unknown", Severity.WAITING),
    ],
)
def test_how_a_run_stands(
    status: str | None, conclusion: str | None, words: str, severity: Severity
) -> None:
    found = run(1, 0, 1, status=status, conclusion=conclusion)
    assert (found.words, found.severity) == (words, severity)
