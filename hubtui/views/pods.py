"""The pods pane: roles, each with what is not up below it; unfolded, all of its pods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal

from hubtui.model import kube
from hubtui.model.age import age, seconds_between, short
from hubtui.model.chart_label import is_older, version_of
from hubtui.model.podstate import Severity
from hubtui.model.roles import Role, server_of, user_of
from hubtui.services.pods import PodRow, Pods, RoleRow
from hubtui.services.store import State, utc_now
from hubtui.views.cells import EMPTY, Cell, Tone, cell, join
from hubtui.views.filters import Filter
from hubtui.views.freshness import freshness
from hubtui.views.signs import sign_of, tone_of
from hubtui.views.table import Column, Dirty, Freshness

COLUMNS = (
    Column("role", "ROLE", 25),
    Column("ready", "READY", 9, align="right"),
    Column("restarts", "RESTARTS", 8, align="right", rank=3),
    Column("status", "STATUS", 18, grow=True),
    Column("node", "NODE", 12, rank=4),
    Column("age", "AGE", 5, align="right", rank=2),
)

SHOWN_OF_TROUBLE = 20
"""Pods of a folded role that are shown because they are not up; the rest is counted."""

_SORTS: dict[str, Callable[[PodRow], Any]] = {
    "role": lambda row: (user_of(row.pod) or row.pod.metadata.name).lower(),
    "ready": lambda row: row.state.ready - row.state.containers,
    "restarts": lambda row: -row.state.restarts,
    "status": lambda row: (-row.state.severity, row.state.status),
    "node": lambda row: row.pod.spec.node_name,
    "age": lambda row: -_created(row.pod),
}


class PodsView:
    """The view model of the pods pane."""

    def __init__(self, pods: Pods) -> None:
        self._pods = pods
        self._release_chart = ""
        self._repaint = False
        self._totals: tuple[int, int] | None = None
        self._unseen_roles: set[Role] = set()
        self._unseen_pods: set[str] = set()
        self.filter = Filter()
        self.sort = "status"
        self.reverse = False
        self._open: set[Role] = set()
        self._order: list[str] = []
        self._roles: dict[Role, RoleRow] = {}
        self._hidden: dict[Role, int] = {}
        self._stale_order = True

    @property
    def columns(self) -> Sequence[Column]:
        return COLUMNS

    @property
    def headline(self) -> str:
        """What stands beside the pane's title."""
        store = self._pods.stores.pods
        if not store.complete:
            return ""
        return f"{self._pods.count:,} · by role" + (f" · {self.filter}" if self.filter else "")

    def totals(self) -> tuple[int, int]:
        """How many pods there are and how many ask for attention now; true while hidden too."""
        self._absorb()
        if self._totals is None:
            rows = self._pods.rows()
            bad = sum(1 for row in rows if row.state.severity is Severity.NOW)
            self._totals = (len(rows), bad)
        return self._totals

    def _absorb(self) -> None:
        """Takes in what changed; what a hidden pane does not draw is kept for when it does."""
        changes = self._pods.update()
        if changes.roles or changes.pods:
            self._totals = None
            self._unseen_roles |= changes.roles
            self._unseen_pods |= changes.pods

    def keys(self) -> Sequence[str]:
        return self._order

    def row(self, key: str) -> PodRow | RoleRow | None:
        """What a key stands for."""
        kind, _, name = key.partition(":")
        if kind == "pod":
            return self._pods.row(name)
        return self._roles.get(Role(name)) if kind == "role" else None

    def toggle(self, key: str) -> None:
        """Folds or unfolds the role that a row belongs to."""
        row = self.row(key)
        if row is not None:
            self._open ^= {row.role}
            self._stale_order = True

    def set_release_chart(self, chart: str) -> None:
        """The chart label of the running release: user pods of another one are marked."""
        if chart != self._release_chart:
            self._release_chart = chart
            self._repaint = True

    def set_filter(self, text: str) -> None:
        """Shows only pods that match; words may be `role:`, `node:`, `user:`, `status:`."""
        self.filter = Filter.parse(text)
        self._stale_order = True

    def set_sort(self, column: str, *, reverse: bool) -> None:
        """Orders the pods below each role."""
        self.sort, self.reverse = column, reverse
        self._stale_order = True

    def drain(self) -> Dirty:
        # Half a list has no order yet: the cursor would stay on what was first by chance.
        if not self._pods.stores.pods.loaded.is_set():
            return Dirty()
        self._absorb()
        repaint, self._repaint = self._repaint, False
        if not (self._unseen_roles or self._unseen_pods or self._stale_order or repaint):
            return Dirty()
        before = self._order
        self._arrange()
        dirty = {f"role:{role}" for role in self._unseen_roles}
        dirty |= {f"pod:{key}" for key in self._unseen_pods}
        self._unseen_roles, self._unseen_pods = set(), set()
        self._stale_order = False
        if repaint:
            dirty.update(self._order)
        return Dirty(frozenset(dirty), order=self._order != before)

    def _arrange(self) -> None:
        order: list[str] = []
        roles = self._pods.roles()
        self._roles = {role.role: role for role in roles}
        self._hidden.clear()
        for role in roles:
            shown = self._members(role)
            if self.filter and not shown:
                continue
            order.append(f"role:{role.role}")
            order.extend(f"pod:{row.pod.key}" for row in shown)
        self._order = order

    def _members(self, role: RoleRow) -> list[PodRow]:
        if self.filter:
            rows = [row for row in role.pods if self.filter.matches(words_of(row))]
        elif role.role in self._open:
            rows = list(role.pods)
        else:
            rows = [row for row in role.pods if row.state.severity >= Severity.SOON]
            if role.waiting:
                rows = []
        rows.sort(key=lambda row: row.pod.metadata.name)
        rows.sort(key=_SORTS.get(self.sort, _SORTS["status"]), reverse=self.reverse)
        if not self.filter and role.role not in self._open and len(rows) > SHOWN_OF_TROUBLE:
            self._hidden[role.role] = len(rows) - SHOWN_OF_TROUBLE
            rows = rows[:SHOWN_OF_TROUBLE]
        return rows

    def cells(self, key: str, now: datetime) -> Sequence[Cell]:
        row = self.row(key)
        if isinstance(row, RoleRow):
            return self._role_cells(row, now)
        if row is not None:
            return self._pod_cells(row, now)
        return (EMPTY,) * len(COLUMNS)

    def _role_cells(self, role: RoleRow, now: datetime) -> Sequence[Cell]:
        expected = "?" if role.expected is None else role.expected
        name = cell(role.role, Tone.STRONG if role.role in self._open else Tone.PLAIN)
        return (
            join(sign_of(role.severity), name),
            cell(f"{role.ready}/{expected}"),
            cell(f"{role.restarts:,}", Tone.PLAIN if role.restarts else Tone.MUTED),
            self._worst(role, now),
        )

    def _worst(self, role: RoleRow, now: datetime) -> Cell:
        """What is not up, counted by its reason; else where the one pod is and since when."""
        if role.waiting:
            missing = (role.expected or 0) - role.ready
            return cell(f"{missing} waiting for a node, as meant", Tone.MUTED)
        counts: dict[tuple[str, Severity], int] = {}
        for row in role.pods:
            if row.state.severity >= Severity.WAITING:
                why = (row.state.status, row.state.severity)
                counts[why] = counts.get(why, 0) + 1
        worst = sorted(counts.items(), key=lambda item: (-item[0][1], -item[1]))
        parts = [cell(f"{n} {status}", tone_of(sev)) for (status, sev), n in worst[:3]]
        if self._hidden.get(role.role):
            parts.append(cell(f"{self._hidden[role.role]} not shown", Tone.MUTED))
        if parts:
            return join(*parts)
        if not role.pods and role.expected:
            return cell("no pod", Tone.SOON)
        return self._quiet(role, now)

    def _quiet(self, role: RoleRow, now: datetime) -> Cell:
        last = max(
            (row for row in role.pods if row.state.restarted_at is not None),
            key=lambda row: str(row.state.restarted_at),
            default=None,
        )
        if last is not None and last.state.restarted_at is not None:
            ago = age(last.state.restarted_at, now)
            return cell(f"{last.state.restart_reason} {ago} ago", Tone.MUTED)
        if len(role.pods) == 1:
            pod = role.pods[0].pod
            return cell(
                f"{age(pod.metadata.creation_timestamp, now)} on {pod.spec.node_name}", Tone.MUTED
            )
        return EMPTY

    def _pod_cells(self, row: PodRow, now: datetime) -> Sequence[Cell]:
        state, pod = row.state, row.pod
        name = cell(user_of(pod) or pod.metadata.name)
        if server_of(pod):
            name = join(name, cell(f"/{server_of(pod)}", Tone.MUTED))
        return (
            (("└ ", Tone.MUTED), *name),
            cell(f"{state.ready}/{state.containers}"),
            cell(f"{state.restarts:,}", Tone.PLAIN if state.restarts else Tone.MUTED),
            self._status(row, now),
            cell(pod.spec.node_name, Tone.MUTED),
            cell(age(pod.metadata.creation_timestamp, now), Tone.MUTED),
        )

    def _status(self, row: PodRow, now: datetime) -> Cell:
        state = row.state
        status = cell(state.status, tone_of(state.severity))
        if state.severity >= Severity.WAITING:
            since = state.since or row.pod.metadata.creation_timestamp
            passed = f" {short(seconds_between(since, now))}" if since else ""
            return join(cell(state.status + passed, tone_of(state.severity)), cell(state.message))
        if state.restarts and state.restarted_at is not None:
            ago = age(state.restarted_at, now)
            status = join(status, cell(f"{state.restart_reason} {ago} ago", Tone.MUTED))
        version = version_of(chart_of(row.pod))
        if row.role is Role.USERS and is_older(version, version_of(self._release_chart)):
            status = join(status, cell(f"chart {version}", Tone.SOON))
        return status

    def ticking(self, key: str) -> Literal["never", "minute", "second"]:
        row = self.row(key)
        if isinstance(row, PodRow) and row.state.severity >= Severity.WAITING:
            since = row.state.since
            young = since is not None and seconds_between(since, utc_now()) < 120
            return "second" if young else "minute"
        return "minute"

    def freshness(self, now: datetime) -> Freshness:
        return freshness(self._pods.stores.pods.health, now)

    def empty(self) -> str:
        health = self._pods.stores.pods.health
        if health.error is not None:
            return str(health.error)
        if health.state is State.CONNECTING:
            read = len(self._pods.stores.pods)
            return f"Reading pods: {read:,} so far …" if read else "Connecting …"
        return f"No pod matches {self.filter}." if self.filter else "No pod in this namespace."


def chart_of(pod: kube.Pod) -> str:
    """The chart that a pod was made by: `jupyterhub-4.4.0`."""
    labels = pod.metadata.labels
    return labels.get("helm.sh/chart") or labels.get("chart", "")


def words_of(row: PodRow) -> dict[str, str]:
    """What a pod can be searched by; the empty key holds what bare words look at."""
    pod = row.pod
    user, server = user_of(pod), server_of(pod)
    return {
        "": f"{pod.metadata.name} {user} {server} {row.state.status} {pod.spec.node_name}",
        "role": row.role,
        "node": pod.spec.node_name,
        "user": user,
        "status": row.state.status,
    }


def _created(pod: kube.Pod) -> float:
    created = pod.metadata.creation_timestamp
    return created.timestamp() if created else 0.0
