"""Runs of the workflow that deploys a hub, and which revision each of them made.

Source of fields and words: GitHub's REST API, "List workflow runs for a workflow", version
2022-11-28.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from hubtui.model.podstate import Severity

CLOCKS: Final = timedelta(seconds=30)
"""By how much the clocks of GitHub and of the apiserver may differ."""

SHORT: Final = 7
"""Characters of a commit that are enough to tell it."""

_HEX: Final = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{7,40}(?![0-9A-Za-z])")
_COMPLETED: Final = "completed"
_PAST: Final = frozenset({"cancelled", "stale", "skipped", "neutral"})
_ASKS: Final = frozenset({"action_required", "waiting"})
_NO_DEPLOYMENT: Final = frozenset({"pull_request", "pull_request_target", "merge_group"})
"""Events of which a run tests or plans: it cannot have been meant to deploy."""


class Person(msgspec.Struct, frozen=True):
    """Who pushed, started or wrote something."""

    login: str = ""
    name: str = ""


class Commit(msgspec.Struct, frozen=True):
    """The commit that a run is of."""

    message: str = ""
    author: Person | None = None


class WorkflowRun(msgspec.Struct, frozen=True):
    """One run. `conclusion` is None until it is over; `run_started_at` is when its last attempt
    began, `updated_at` when its state changed last: once it is over, its end."""

    id: int
    run_number: int = 0
    run_attempt: int = 1
    name: str | None = None
    display_title: str = ""
    event: str = ""
    status: str | None = ""
    conclusion: str | None = None
    head_branch: str | None = ""
    head_sha: str = ""
    html_url: str = ""
    created_at: datetime | None = None
    run_started_at: datetime | None = None
    updated_at: datetime | None = None
    actor: Person | None = None
    triggering_actor: Person | None = None
    head_commit: Commit | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.status == _COMPLETED

    @property
    def words(self) -> str:
        """Its state as people say it: `in progress`, `success`, `timed out`."""
        word = self.conclusion if self.over else self.status
        return (word or "unknown").replace("_", " ")

    @property
    def severity(self) -> Severity:
        """How it stands."""
        word = (self.conclusion if self.over else self.status) or ""
        if word in _ASKS:
            return Severity.SOON
        if not self.over:
            return Severity.WAITING
        if word in _PAST:
            return Severity.PAST
        return Severity.FINE if word == "success" else Severity.NOW

    @property
    def who(self) -> str:
        """Who started it; of a run that was started again, who did that."""
        person = self.triggering_actor or self.actor
        return person.login if person else ""

    @property
    def commit(self) -> str:
        """The commit, short."""
        return self.head_sha[:SHORT]

    @property
    def began(self) -> datetime | None:
        """When its last attempt began."""
        return self.run_started_at or self.created_at

    @property
    def may_deploy(self) -> bool:
        """Whether it can have made a revision: a run for a pull request only plans."""
        return self.event not in _NO_DEPLOYMENT


class By(StrEnum):
    """Why a revision is taken for the work of a run."""

    COMMIT = "commit"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Made:
    """The revision that a run made, and why that is believed."""

    revision: int
    by: By


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a revision tells of its origin: when it was made, and Helm's description of it."""

    revision: int
    created: datetime | None
    description: str


def joined(
    runs: Sequence[WorkflowRun], revisions: Iterable[Deployed], now: datetime
) -> dict[int, Made]:
    """Which run made which revision, by the run's id; nothing is claimed where two would fit.

    A description that names a run's commit tells it, together with the time where several runs are
    of that commit. Without a commit, a revision belongs to the only run during which it was made,
    as long as no other revision was made during it.
    """
    found: dict[int, list[Made]] = {}
    for each in revisions:
        named = _commits(each.description)
        fitting = [run for run in runs if run.may_deploy and _during(run, each.created, now)]
        if named:
            fitting = [run for run in fitting if _is_named(run, named)]
        if len(fitting) == 1:
            by = By.COMMIT if named else By.TIME
            found.setdefault(fitting[0].id, []).append(Made(each.revision, by))
    return {run: made for run, all_ in found.items() if (made := _only(all_)) is not None}


def _only(made: Sequence[Made]) -> Made | None:
    """What is certain of several: the newest revision of the commit; by time alone, nothing."""
    certain = [each for each in made if each.by is By.COMMIT]
    if certain:
        return max(certain, key=lambda each: each.revision)
    return made[0] if len(made) == 1 else None


def _commits(description: str) -> list[str]:
    """What may be commits in a description: neither a number nor a word is one."""
    return [word for word in _HEX.findall(description) if not (word.isdigit() or word.isalpha())]


def _is_named(run: WorkflowRun, named: Iterable[str]) -> bool:
    return any(run.head_sha.startswith(commit) for commit in named)


def _during(run: WorkflowRun, moment: datetime | None, now: datetime) -> bool:
    start = run.began
    end = run.updated_at if run.over else now
    if moment is None or start is None or end is None:
        return False
    return start - CLOCKS <= moment <= end + CLOCKS
