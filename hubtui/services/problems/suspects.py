"""What is worth reading more about: before anything is called a problem."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hubtui.model.podstate import Severity
from hubtui.model.release import RevisionHead
from hubtui.model.roles import Role
from hubtui.services.pods import PodRow
from hubtui.services.problems import core, overload, pending_user, waiting_volumes
from hubtui.services.problems.signs import (
    crashes,
    failing_image,
    last_end,
    placed_at,
    silent_since,
    unscheduled_since,
)
from hubtui.services.problems.situation import CORE_ROLES

STARTING: Final = 60.0
"""Seconds on a node after which it is asked what a user's server waits for."""

MOUNTING: Final = 3.0
MOUNTING_OF_USERS: Final = 8.0
"""Seconds on a node after which it is asked what becomes of the hub's volume, and of a user's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspects:
    """`rows` are to be explained; `ended` is a hub that was started again lately, `pending` the
    newest revision, if it is that; `held` are nodes that may stay for nobody who works;
    `homeless` says that a part of the core has no node; `volumes` are pods that wait for theirs."""

    rows: tuple[PodRow, ...] = ()
    nodes: bool = False
    events: bool = False
    ended: PodRow | None = None
    crashing: bool = False
    pending: RevisionHead | None = None
    held: tuple[str, ...] = ()
    homeless: bool = False
    volumes: tuple[PodRow, ...] = ()


def suspects(
    troubled: Iterable[PodRow],
    core_rows: Iterable[PodRow],
    newest: RevisionHead | None,
    now: datetime,
    held: Iterable[str] = (),
) -> Suspects:
    """Looks through what is not plainly well."""
    rows: list[PodRow] = []
    volumes: list[PodRow] = []
    nodes = events = homeless = False
    for row in troubled:
        if _awaits_volumes(row, now):
            volumes.append(row)
            nodes = nodes or row.role is Role.HUB
        if _is_unexplained(row, now):
            rows.append(row)
            waits = unscheduled_since(row.pod) is not None
            nodes, homeless = nodes or waits, homeless or (waits and row.role in CORE_ROLES)
        nodes = nodes or _may_be_lost(row, now)
        slow = row.role is Role.USERS and _is_slow(row, now)
        nodes, events = nodes or slow, events or slow
    hub = [row for row in core_rows if row.role is Role.HUB]
    ended = next((row for row in hub if _ended_lately(row, now)), None)
    nodes_held = tuple(held)
    return Suspects(
        rows=tuple(rows),
        nodes=nodes or bool(nodes_held),
        events=events or bool(rows or volumes) or ended is not None,
        ended=ended,
        crashing=any(crashes(row, now) for row in hub),
        pending=newest if newest is not None and newest.status.pending else None,
        held=nodes_held,
        homeless=homeless,
        volumes=tuple(volumes),
    )


def _seconds(since: datetime | None, now: datetime) -> float:
    return (now - since).total_seconds() if since else 0.0


def _is_unexplained(row: PodRow, now: datetime) -> bool:
    if failing_image(row.pod) is not None:
        return True
    waits = unscheduled_since(row.pod)
    if waits is not None:
        patience = core.UNSCHEDULED / 2 if row.role in CORE_ROLES else pending_user.LOOKED
        return row.role is not Role.DASK and _seconds(waits, now) >= patience
    if row.role not in CORE_ROLES:
        return False
    if row.state.severity is Severity.NOW or crashes(row, now):
        return True
    return _seconds(placed_at(row.pod), now) > core.NOT_READY


def _awaits_volumes(row: PodRow, now: datetime) -> bool:
    patience = {Role.HUB: MOUNTING, Role.USERS: MOUNTING_OF_USERS}.get(row.role)
    if patience is None or not waiting_volumes.awaits_volumes(row):
        return False
    return _seconds(placed_at(row.pod), now) >= patience


def _may_be_lost(row: PodRow, now: datetime) -> bool:
    until = row.pod.metadata.deletion_timestamp
    return silent_since(row) is not None or (until is not None and _seconds(until, now) > 0)


def _is_slow(row: PodRow, now: datetime) -> bool:
    waits = row.state.severity is Severity.WAITING and bool(row.pod.spec.node_name)
    return waits and _seconds(placed_at(row.pod), now) >= STARTING


def _ended_lately(row: PodRow, now: datetime) -> bool:
    ended = last_end(row.pod)
    at = ended[1].finished_at if ended else None
    return at is not None and now - at < timedelta(seconds=overload.RECENT.total_seconds())
