"""What happened to a release, told from its revisions, each sentence with its evidence.

Only what Helm stores is told: statuses, and descriptions such as `Rollback to 10`. Whether a
rollback came of --atomic, of a person or of a pipeline is not stored, and not claimed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from hubtui.model.age import precise, seconds_between
from hubtui.model.release import RevisionHead, Status

_ROLLBACK: Final = re.compile(r"^Rollback to (?P<revision>\d+)$")


class What(StrEnum):
    """What a sentence is about."""

    FAILED = "failed"
    ROLLED_BACK = "rolled back"
    PENDING = "pending"
    INTERRUPTED = "interrupted"
    NOTHING_DEPLOYED = "nothing deployed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that happened: the revision it is about, in words, and the two revisions whose
    difference tells most, the older one first."""

    revision: int
    what: What
    words: str
    pair: tuple[int, int] | None = None

    @property
    def sentence(self) -> str:
        """The words, with the pair that is worth comparing."""
        if self.pair is None:
            return self.words
        return f"{self.words}: compare {self.pair[0]} with {self.pair[1]}"


def rollback_target(description: str) -> int | None:
    """The revision that a description says was rolled back to."""
    found = _ROLLBACK.match(description.strip())
    return int(found["revision"]) if found else None


def trail(
    heads: Sequence[RevisionHead],
    descriptions: Mapping[int, str],
    now: datetime,
    *,
    helm_here: bool = False,
) -> tuple[Finding, ...]:
    """What happened, the newest first.

    `heads` are all revisions of one release, newest first; `descriptions` those that are known.
    `helm_here` tells that this machine runs a helm on the release.
    """
    told = _Trail(list(heads), descriptions, now, helm_here)
    found = [one for index in range(len(heads)) if (one := told.at(index)) is not None]
    if heads and (nothing := told.nothing_deployed()) is not None:
        found.insert(0, nothing)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Trail:
    heads: list[RevisionHead]
    descriptions: Mapping[int, str]
    now: datetime
    helm_here: bool

    def at(self, index: int) -> Finding | None:
        head = self.heads[index]
        if head.status.pending:
            return self._pending(index)
        if head.status is Status.FAILED:
            return self._failed(index)
        to = self._target(head)
        if to is None or self._follows_a_failure(index):
            return None  # told with the failure that it followed
        return self._rolled_back(index, to)

    def _target(self, head: RevisionHead) -> int | None:
        return rollback_target(self.descriptions.get(head.revision, ""))

    def _follows_a_failure(self, index: int) -> bool:
        before = self.heads[index + 1] if index + 1 < len(self.heads) else None
        return before is not None and (before.status is Status.FAILED or before.status.pending)

    def _good_before(self, index: int) -> RevisionHead | None:
        """The last revision before that was applied as a whole, as far as its status says."""
        return next(
            (head for head in self.heads[index + 1 :] if head.status in _APPLIED),
            None,
        )

    def _next(self, index: int) -> RevisionHead | None:
        return self.heads[index - 1] if index else None

    def _pair(self, index: int) -> tuple[int, int] | None:
        good = self._good_before(index)
        return (good.revision, self.heads[index].revision) if good else None

    def _failed(self, index: int) -> Finding:
        head, then = self.heads[index], self._next(index)
        words = f"{head.revision} failed"
        if (to := self._target(head)) is not None:
            words = f"{head.revision}, a rollback to {to}, failed"
        if then is None:
            deployed = next((each for each in self.heads if each.status is Status.DEPLOYED), None)
            stays = f", {deployed.revision} stays deployed" if deployed else ""
            return Finding(head.revision, What.FAILED, words + stays, self._pair(index))
        target = self._target(then)
        if target is not None:
            words += f", {then.revision} rolled back to {target}"
        elif then.status in _APPLIED:
            words += f", {then.revision} was applied after it"
        elif then.status is Status.FAILED:
            words += f", and {then.revision} after it"
        return Finding(head.revision, What.FAILED, words, self._pair(index))

    def _rolled_back(self, index: int, to: int) -> Finding:
        head = self.heads[index]
        before = self.heads[index + 1] if index + 1 < len(self.heads) else None
        if before is None or before.revision == to:
            words = f"{head.revision} put {to} back in place"
            return Finding(head.revision, What.ROLLED_BACK, words)
        words = f"{head.revision} rolled back to {to}, from {before.revision}"
        known = any(each.revision == to for each in self.heads)
        older, newer = sorted((to, before.revision))
        return Finding(head.revision, What.ROLLED_BACK, words, (older, newer) if known else None)

    def _pending(self, index: int) -> Finding:
        head, then = self.heads[index], self._next(index)
        doing = head.status.value.removeprefix("pending-")
        if then is not None:
            words = f"{head.revision} ({doing}) never ended, {then.revision} came after it"
            return Finding(head.revision, What.INTERRUPTED, words, self._pair(index))
        since = head.modified or head.created
        length = f" for {precise(seconds_between(since, self.now))}" if since else ""
        helm = "helm runs here" if self.helm_here else "no helm seen from here"
        words = f"{head.revision} is pending ({doing}){length}, {helm}"
        return Finding(head.revision, What.PENDING, words, self._pair(index))

    def nothing_deployed(self) -> Finding | None:
        """A rollback that failed while it applied leaves no revision deployed (facts.md §5.2)."""
        newest = self.heads[0]
        if newest.status is not Status.FAILED or len(self.heads) == 1:
            return None
        if any(head.status is Status.DEPLOYED for head in self.heads):
            return None
        words = "no revision is deployed: what the cluster holds is a part of two"
        return Finding(newest.revision, What.NOTHING_DEPLOYED, words)


_APPLIED: Final = (Status.DEPLOYED, Status.SUPERSEDED)


def way_back(heads: Sequence[RevisionHead]) -> RevisionHead | None:
    """The revision to go back to from the newest one: the one that is deployed, else the last that
    was applied as a whole; None from a first install.

    `heads` are all revisions of one release, newest first.
    """
    if not heads or heads[0].status is Status.PENDING_INSTALL:
        return None
    for status in _APPLIED:
        for head in heads[1:]:
            if head.status is status:
                return head
    return None


def pair_of(findings: Sequence[Finding], revision: int) -> tuple[int, int] | None:
    """The two revisions worth comparing for one; None when nothing happened to it."""
    return next((one.pair for one in findings if one.revision == revision and one.pair), None)
