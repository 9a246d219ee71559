"""The releases pane: the hub's revisions on top, then the other releases of the namespace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Literal

from hubtui.model.age import age
from hubtui.model.podstate import Severity
from hubtui.model.release import RevisionHead, Status
from hubtui.model.trail import Finding, pair_of, trail
from hubtui.services.changed import Changed, Unknown
from hubtui.services.releases import Releases, Summary
from hubtui.services.store import State
from hubtui.services.workflow_runs import WorkflowRuns, latest
from hubtui.views import workflow_runs
from hubtui.views.cells import EMPTY, Cell, Tone, cell, join
from hubtui.views.filters import Filter
from hubtui.views.freshness import freshness
from hubtui.views.signs import status_sign
from hubtui.views.table import Column, Dirty, Freshness

COLUMNS = (
    Column("revision", "REV", 4, align="right"),
    Column("status", "STATUS", 18),
    Column("updated", "UPDATED", 7, align="right", rank=1),
    Column("chart", "CHART", 8, rank=2),
    Column("app", "APP", 7, rank=3),
    Column("changed", "CHANGED", 9, rank=4),
    Column("description", "DESCRIPTION", 12, grow=True),
)

OTHERS = "others"
"""The key of the line that tells of the other releases, folded."""

WORKFLOW = "workflow"
"""The key of the line that tells of the workflow that deploys the hub."""


class ReleasesView:
    """The view model of the releases pane."""

    def __init__(
        self,
        releases: Releases,
        release: str,
        changed: Changed | None = None,
        runs: WorkflowRuns | None = None,
    ) -> None:
        self._releases = releases
        self._changed = changed
        self._runs = runs
        self._runs_seen = 0
        self._before: dict[str, RevisionHead] = {}
        self.helm_here = False
        """Whether this machine runs a helm on the release."""
        self.release = release
        self._subscription = releases.subscribe()
        self._order: list[str] = []
        self._open: set[str] = set()
        self._arranged = False
        self.filter = Filter()

    @property
    def columns(self) -> Sequence[Column]:
        return COLUMNS

    @property
    def headline(self) -> str:
        """What stands beside the pane's title."""
        if not self._releases.store.complete:
            return ""
        count = len(self._releases.heads(self.release))
        shown = f" · {self.filter}" if self.filter else ""
        total = len(self._releases.store)
        more = f" · {total:,} in all" if total > count else ""
        return f"{self.release} · {count} revision{'' if count == 1 else 's'}{more}{shown}"

    def keys(self) -> Sequence[str]:
        return self._order

    def head(self, key: str) -> RevisionHead | None:
        """The revision that a row stands for."""
        return self._releases.head(key.partition(":")[2])

    def current(self) -> RevisionHead | None:
        """The newest revision of the hub's release."""
        heads = self._releases.heads(self.release)
        return heads[0] if heads else None

    def summary(self, head: RevisionHead) -> Summary | None:
        """What the payload adds; asking has it fetched."""
        return self._releases.summary(head)

    def toggle(self, key: str) -> None:
        """Unfolds the other releases, or the revisions of one of them."""
        name = OTHERS if key == OTHERS else key.partition(":")[2]
        if key.startswith("release:"):
            head = self.head(key)
            name = head.release if head else name
        self._open ^= {name}
        self._arranged = False

    def set_filter(self, text: str) -> None:
        """Shows only revisions and releases that match, as far as their payloads are in."""
        self.filter = Filter.parse(text)
        self._arranged = False

    def _matches(self, head: RevisionHead) -> bool:
        if not self.filter:
            return True
        words = f"{head.release} {head.revision} {head.status}"
        if (summary := self._releases.summary(head)) is not None:
            words += f" {summary.chart_version} {summary.app} {summary.description}"
        return self.filter.matches({"": words, "status": head.status})

    def foldable(self, key: str) -> bool:
        """Whether enter unfolds the row instead of opening its details."""
        return key == OTHERS or key.startswith("release:")

    def drain(self) -> Dirty:
        # Half a list has no order yet: the cursor would stay on what was first by chance.
        if not self._releases.store.loaded.is_set():
            return Dirty()
        everything, keys = self._subscription.drain()
        version = self._runs.version if self._runs else 0
        if not (everything or keys or not self._arranged or version != self._runs_seen):
            return Dirty()
        self._runs_seen = version
        before = self._order
        self._before.clear()
        self._order = self._arrange()
        self._arranged = True
        dirty = {f"rev:{key}" for key in keys} | {f"release:{key}" for key in keys}
        dirty |= {OTHERS, WORKFLOW}
        return Dirty(frozenset(dirty), order=self._order != before)

    def _arrange(self) -> list[str]:
        heads = self._releases.heads(self.release)
        self._pair_up(heads)
        order = [f"rev:{_key(head)}" for head in heads if self._matches(head)]
        if self._runs is not None and self._runs.configured and not self.filter:
            order.append(WORKFLOW)
        others = [name for name in self._releases.names() if name != self.release]
        if others:
            order.append(OTHERS)
        if OTHERS in self._open or self.filter:
            for name in others:
                heads = self._releases.heads(name)
                if not self._matches(heads[0]):
                    continue
                order.append(f"release:{_key(heads[0])}")
                if name in self._open:
                    self._pair_up(heads)
                    order.extend(f"rev:{_key(head)}" for head in heads[1:])
        return order

    def _pair_up(self, heads: Sequence[RevisionHead]) -> None:
        """Each revision with the one before it."""
        self._before.update((_key(after), before) for after, before in pairwise(heads))

    def trail(self, release: str, now: datetime) -> tuple[Finding, ...]:
        """What happened to a release, as far as the payloads are in."""
        heads = self._releases.heads(release)[:_TOLD]
        descriptions = {
            head.revision: summary.description
            for head in heads
            if (summary := self._releases.known(head)) is not None
        }
        return trail(heads, descriptions, now, helm_here=self.helm_here)

    def last_finding(self, now: datetime) -> Cell:
        """What happened last, as long as it is about one of the two newest revisions."""
        found, newest = self.trail(self.release, now), self.current()
        if not found or newest is None or found[0].revision < newest.revision - 1:
            return EMPTY
        calm = newest.status is Status.DEPLOYED
        return cell(found[0].sentence, Tone.MUTED if calm else Tone.SOON)

    def run_to_watch(self, now: datetime) -> Cell:
        """The newest deployment run, while it is under way or when it went wrong."""
        run = latest(self._runs.runs) if self._runs is not None else None
        if self._runs is None or run is None or run.severity in (Severity.FINE, Severity.PAST):
            return EMPTY
        return workflow_runs.line(self._runs, now)

    def worth_comparing(
        self, head: RevisionHead, now: datetime
    ) -> tuple[RevisionHead, RevisionHead] | None:
        """The pair that tells most of a revision that failed, or never ended."""
        if head.status is not Status.FAILED and not head.status.pending:
            return None
        pair = pair_of(self.trail(head.release, now), head.revision)
        known = {each.revision: each for each in self._releases.heads(head.release)}
        return (known[pair[0]], known[pair[1]]) if pair else None

    def cells(self, key: str, now: datetime) -> Sequence[Cell]:
        if key == OTHERS:
            return self._others()
        if key == WORKFLOW:
            line = workflow_runs.line(self._runs, now) if self._runs is not None else EMPTY
            return (join(cell("▸", Tone.MUTED), line),)
        head = self.head(key)
        if head is None:
            return (EMPTY,) * len(COLUMNS)
        summary = self._releases.summary(head)
        sign, tone = status_sign(head.status)
        words = tone if tone is not Tone.MUTED else Tone.MUTED
        return (
            cell(str(head.revision)),
            ((sign + " ", tone), (head.status, words)),
            cell(age(_updated(head, summary), now), Tone.MUTED),
            cell(summary.chart_version if summary else "", Tone.PLAIN),
            cell(summary.app if summary else "", Tone.PLAIN),
            self._counts(head, summary),
            self._description(key, head, summary),
        )

    def _counts(self, head: RevisionHead, summary: Summary | None) -> Cell:
        """`~4 +0 -1`, asked for once the payload is in."""
        before = self._before.get(_key(head))
        if self._changed is None or before is None or summary is None:
            return EMPTY
        found = self._changed.counts(before, head)
        if isinstance(found, Unknown):
            return cell("?", Tone.MUTED)
        if found is None:
            return cell("…", Tone.MUTED)
        return cell(str(found), Tone.PLAIN if found.total else Tone.MUTED)

    def _description(self, key: str, head: RevisionHead, summary: Summary | None) -> Cell:
        name = EMPTY
        if key.startswith("release:"):
            fold = "▾" if head.release in self._open else "▸"
            name = ((f"{fold} ", Tone.MUTED), *cell(head.release, Tone.STRONG))
        if summary is None:
            return join(name, cell("…", Tone.MUTED))
        if summary.error:
            return join(name, cell(summary.error, Tone.NOW))
        tone = Tone.PLAIN if head.status is not Status.FAILED else Tone.NOW
        return join(name, cell(summary.description, tone))

    def _others(self) -> Sequence[Cell]:
        names = [name for name in self._releases.names() if name != self.release]
        fold = "▾" if OTHERS in self._open else "▸"
        parts: list[Cell] = [cell(f"{fold} also here:", Tone.MUTED)]
        for name in names[:_NAMED]:
            sign, tone = status_sign(self._releases.heads(name)[0].status)
            parts.append(((f"{name} ", Tone.PLAIN), (sign, tone)))
        if len(names) > _NAMED:
            parts.append(cell(f"and {len(names) - _NAMED} more", Tone.MUTED))
        return (join(*parts),)

    def ticking(self, key: str) -> Literal["never", "minute", "second"]:
        head = self.head(key)
        if head is not None and head.status.pending:
            return "second"
        return "minute"

    def freshness(self, now: datetime) -> Freshness:
        return freshness(self._releases.store.health, now)

    def empty(self) -> str:
        health = self._releases.store.health
        if health.error is not None:
            return (
                f"{health.error} Pods work without it."
                if health.state is State.DENIED
                else str(health.error)
            )
        if health.state is State.CONNECTING:
            return "Connecting …"
        if self.filter:
            return f"No revision matches {self.filter}."
        return "No Helm release is stored in this namespace (looked for Secrets owner=helm)."


_NAMED = 3
_TOLD = 50
"""Revisions of which it is told what happened."""


def _key(head: RevisionHead) -> str:
    return f"{head.namespace}/{head.object_name}"


def _updated(head: RevisionHead, summary: Summary | None) -> datetime | None:
    """Until the payload is there, when the object was made (design §2)."""
    return (summary.updated if summary else None) or head.created
