"""Users' servers that get no node: which constraint keeps them away, and a quota that is full."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from hubtui.model.kube import Pod
from hubtui.model.kube_needs import Quota
from hubtui.model.problem import Evidence, Fix, Incident, Level, Missing, Problem, Target, Verb
from hubtui.model.roles import Role
from hubtui.model.why_facts import Cause, Why, evidence_of, sentence
from hubtui.model.why_scheduling import asks, quantity, shown
from hubtui.services.pods import PodRow
from hubtui.services.problems.signs import (
    condition,
    counted,
    earliest,
    looks_at,
    name_of,
    named,
    todo_of,
    unscheduled_since,
    with_why,
)
from hubtui.services.problems.situation import Situation

LOOKED: Final = 10.0
"""Seconds after which a pod without a node is looked into: nodes, quotas, its events."""

SURE: Final = 15.0
"""Seconds that a server waits where it is known that waiting does not help."""

PATIENCE: Final = 60.0
"""Seconds that a server may wait for room: placeholders are on their way out."""

BLIND: Final = 180.0
"""The same where no event can be read, and so not that a node is coming."""

SCALING: Final = 300.0
"""The same while the autoscaler brings a node; the hub gives up then (facts.md §1.7)."""

COMING: Final = ("TriggeredScaleUp", "Nominated")
"""A node is on its way: said by the cluster autoscaler, and by Karpenter."""

REFUSED: Final = ("NotTriggerScaleUp", "FailedScaleUp")

_AT_MAXIMUM: Final = re.compile(r"(\d+) max node group size reached")
"""In the message of NotTriggerScaleUp. Source: cluster-autoscaler `core/scaleup/orchestrator`,
`MaxLimitReachedReason`."""

_COUNTED: Final = (
    *("cpu", "memory", "pods", "count/pods", "limits.cpu", "limits.memory", "requests.cpu"),
    "requests.memory",
)
"""What of a quota a server takes (Kubernetes docs, "Resource Quotas")."""

_SHORT: Final[Mapping[Cause, str]] = {
    Cause.TOO_LARGE: "larger than any node",
    Cause.FULL: "the nodes are full",
    Cause.NO_NODE: "no node accepts them as they are",
    Cause.CLAIM: "a claim has no volume",
    Cause.SCHEDULER: "their scheduler does not look at them",
    Cause.GATED: "a scheduling gate holds them back",
}

_BY_VALUES: Final = (Cause.TOO_LARGE, Cause.NO_NODE)
"""Causes that the values of the release bring."""

_SELF: Final = (Cause.TOO_LARGE, Cause.SCHEDULER)
"""Causes that time does not heal."""


@dataclass(frozen=True, slots=True)
class _Waits:
    """One server without a node, and how long it may wait."""

    row: PodRow
    since: float
    patience: float
    why: Why | None
    coming: bool


def find(seen: Situation) -> list[Problem]:
    """One problem for each cause, and one for a quota that is full."""
    groups: dict[object, list[_Waits]] = {}
    for row in seen.troubled:
        since = unscheduled_since(row.pod) if row.role is Role.USERS else None
        if since is None or not seen.asked(row):
            continue  # what explains it decides how long it may wait
        waits = _waits(seen, row, seen.seconds(since))
        groups.setdefault(_alike(waits), []).append(waits)
    found = [
        _problem(seen, members)
        for members in groups.values()
        if any(each.since >= each.patience for each in members)
    ]
    return [*found, *_full_quotas(seen)]


def _waits(seen: Situation, row: PodRow, since: float) -> _Waits:
    why = seen.why(row)
    told = seen.newest(row, *COMING, *REFUSED)
    coming = told is not None and told.reason in COMING
    if coming or (why is not None and why.cause is Cause.GATED):
        patience = SCALING
    elif (why is not None and why.cause in _SELF) or told is not None:
        patience = SURE if why is None or not _scheduler_is_up(seen, why) else PATIENCE
    else:
        patience = BLIND if "events" in seen.missing else PATIENCE
    return _Waits(row, since, patience, why, coming)


def _scheduler_is_up(seen: Situation, why: Why) -> bool:
    """Whether the cause is a scheduler that may only be slow."""
    if why.cause is not Cause.SCHEDULER:
        return False
    return any(row.state.up for row in seen.of_role(Role.USER_SCHEDULER))


def _alike(waits: _Waits) -> object:
    row, why = waits.row, waits.why
    asked = tuple(sorted(asks(row.pod).items()))
    cause = why.cause if why else ""
    return (cause, row.pod.spec.scheduler_name, asked, waits.coming)


def _problem(seen: Situation, members: Sequence[_Waits]) -> Problem:
    rows = [each.row for each in members]
    longest = max(members, key=lambda each: each.since)
    why = next((each.why for each in members if each.why is not None), None)
    coming = any(each.coming for each in members)
    groups = max((_groups_at_maximum(seen, each.row) for each in members), default=0)
    blind = "events" in seen.missing and longest.since < SCALING
    soon = (coming and longest.since < 2 * SCALING) or (blind and longest.patience == BLIND)
    return Problem(
        incident=Incident.PENDING_USER,
        level=Level.SOON if soon else Level.NOW,
        title=_title(rows, why, coming=coming, at_maximum=groups > 0),
        effect="They see the start page and wait; after the start timeout "
        "(singleuser.startTimeout, by default 300 s) the hub gives up. Running servers go on.",
        todo=_todo(why),
        evidence=with_why((*_evidence(seen, members), *_room(seen, groups)), why),
        since=earliest(unscheduled_since(row.pod) for row in rows),
        missing=_missing(seen, why),
        targets=tuple(Target("pod", row.pod.metadata.name) for row in rows),
        fixes=_fixes(seen, rows, why),
        subject=" ".join(map(str, (why.cause if why else "?", _size(rows[0]), coming))),
    )


def _size(row: PodRow) -> str:
    return ",".join(f"{name}={amount}" for name, amount in sorted(asks(row.pod).items()))


def _title(
    rows: Sequence[PodRow], why: Why | None, *, coming: bool, at_maximum: bool = False
) -> str:
    who = f"{counted(len(rows), 'server')} ({named(name_of(row.pod) for row in rows)})"
    verb = "wait" if len(rows) > 1 else "waits"
    cause = _SHORT.get(why.cause, "") if why else ""
    rest = f": {cause}" if cause else ""
    if coming:
        rest = ": a node is on its way, and late"
    elif cause and at_maximum:
        rest += ", and their group is at its maximum"
    return f"{who} {verb} for a node{rest}"


def _todo(why: Why | None) -> str:
    if why is not None and why.cause is Cause.SCHEDULER:
        return "Look at the log of the scheduler; restart the user-scheduler when it does nothing."
    return todo_of(why, "Look at what the scheduler says of the pod.")


def _evidence(seen: Situation, members: Sequence[_Waits]) -> Iterable[Evidence]:
    said: dict[str, list[PodRow]] = {}
    for each in members:
        placed = condition(each.row.pod, "PodScheduled")
        words = placed.message if placed else "no scheduler has said anything of it"
        said.setdefault(words, []).append(each.row)
    for words, rows in sorted(said.items(), key=lambda item: -len(item[1]))[:3]:
        since = earliest(unscheduled_since(row.pod) for row in rows)
        who = named(name_of(row.pod) for row in rows)
        yield Evidence("scheduler", sentence(f"{who}: {words}"), since, warning=True)
    for each in members:
        event = seen.newest(each.row, *COMING, *REFUSED)
        if event is not None:
            yield evidence_of(event)
            break


def _groups_at_maximum(seen: Situation, row: PodRow) -> int:
    """How many node groups could take a server and may not grow, by the autoscaler's words."""
    told = seen.newest(row, *COMING, *REFUSED)
    found = _AT_MAXIMUM.search(told.message) if told is not None else None
    return int(found[1]) if found is not None else 0


def _room(seen: Situation, groups: int) -> Iterable[Evidence]:
    """What is left beside the nodes: groups that may grow, seats, the quota."""
    if groups:
        words = "its maximum" if groups == 1 else "their maximum"
        yield Evidence("autoscaler", f"{counted(groups, 'node group')} at {words}", warning=True)
    full = [g for g in seen.autoscaler.groups if g.size >= g.most] if seen.autoscaler else []
    for group in full[:3]:
        words = f"{group.name} has {group.size} of at most {group.most} nodes"
        yield Evidence("autoscaler", words, warning=True)
    if seats := seen.seats:
        most = "at most " if seats.at_most else ""
        way = ""
        if seats.giving_way > seats.now:
            way = f"; {seats.giving_way:,} when placeholders give way"
        words = f"{most}{seats.now:,} more of the usual servers fit; {seats.binds} binds{way}"
        yield Evidence("seats", words)
    for quota in seen.quotas:
        parts = [
            f"{shown(name, quantity(quota.status.used, name))} of "
            f"{shown(name, quantity(quota.status.hard, name))} {name}"
            for name in sorted(quota.status.hard)
            if name in quota.status.used and name in _COUNTED
        ]
        if parts:
            yield Evidence("quota", f"{quota.metadata.name}: {', '.join(parts)} used")


def _missing(seen: Situation, why: Why | None) -> tuple[Missing, ...]:
    known = {each.source: each for each in (*(why.missing if why else ()), *seen.unread("events"))}
    return tuple(known.values())


def _fixes(seen: Situation, rows: Sequence[PodRow], why: Why | None) -> tuple[Fix, ...]:
    oldest = min(rows, key=lambda row: str(row.pod.metadata.creation_timestamp))
    name = oldest.pod.metadata.name
    looks = looks_at(name)
    if why is not None and why.cause is Cause.SCHEDULER:
        scheduler = Role.USER_SCHEDULER.value
        restart = Fix(Verb.RESTART, scheduler, "restart the user-scheduler")
        return (restart, Fix(Verb.LOGS, scheduler, "the scheduler's log"), *looks)
    first = earliest(unscheduled_since(row.pod) for row in rows)
    target = seen.before_last_upgrade(first) if why and why.cause in _BY_VALUES else None
    if target is None:
        return looks
    revision = str(target.revision)
    words = f"back to revision {revision}, if the last upgrade asks for too much"
    return (*looks, Fix(Verb.ROLLBACK, revision, words))


def _full_quotas(seen: Situation) -> Iterable[Problem]:
    if seen.server is None:
        return
    needs = _needs(seen.server)
    for quota in seen.quotas:
        if quota.spec.scopes or quota.spec.scope_selector:
            continue  # which pods it counts is not read
        lines = [line for name in sorted(quota.status.hard)
                 if (line := _short_of(quota, name, needs))]  # fmt: skip
        if lines:
            yield _full(quota, lines)


def _needs(pod: Pod) -> dict[str, Decimal]:
    """What a further server like this one takes of a quota (Kubernetes docs, "Resource Quotas")."""
    asked = asks(pod)
    needs = {name: asked[name] for name in ("cpu", "memory") if name in asked}
    limits: dict[str, Decimal] = {}
    for container in pod.spec.containers:
        for name in container.resources.limits:
            amount = quantity(container.resources.limits, name)
            limits[name] = limits.get(name, Decimal(0)) + amount
    return {
        "pods": Decimal(1),
        "count/pods": Decimal(1),
        **needs,
        **{f"requests.{name}": amount for name, amount in asked.items()},
        **{f"limits.{name}": amount for name, amount in limits.items()},
    }


def _short_of(quota: Quota, name: str, needs: Mapping[str, Decimal]) -> str:
    need = needs.get(name, Decimal(0))
    hard, used = quantity(quota.status.hard, name), quantity(quota.status.used, name)
    if need <= 0 or hard - used >= need:
        return ""
    much, most, more = (shown(name, amount) for amount in (used, hard, need))
    return f"{quota.metadata.name}: {much} of {most} {name} used, a further server needs {more}"


def _full(quota: Quota, lines: Sequence[str]) -> Problem:
    name = quota.metadata.name
    return Problem(
        incident=Incident.PENDING_USER,
        level=Level.SOON,
        title=f"Quota {name} has no room for a further server",
        effect="Who starts a server now is refused: the hub says that the spawn failed (exceeded "
        "quota). Running servers go on.",
        todo="Raise the quota, stop idle servers, or have fewer placeholders: they count too.",
        evidence=tuple(Evidence("quota", line, warning=True) for line in lines),
        targets=(Target("quota", name),),
        fixes=(Fix(Verb.LOGS, Role.HUB, "the hub's log says whom it refused"),),
        subject=f"quota {name}",
    )
