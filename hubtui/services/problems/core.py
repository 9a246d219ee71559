"""A part of the core that is down or about to be: hub, proxy, autohttps, user-scheduler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hubtui.model.podstate import Severity
from hubtui.model.problem import Evidence, Fix, Incident, Level, Missing, Problem, Target, Verb
from hubtui.model.roles import Role
from hubtui.model.why_facts import Cause, Why, evidence_of
from hubtui.services.nodes import ELSEWHERE
from hubtui.services.pods import PodRow
from hubtui.services.problems import core_nodes, db_schema, hub_db, lost_node, overload
from hubtui.services.problems.signs import (
    crashes,
    earliest,
    failing_image,
    last_end,
    placed_at,
    todo_of,
    unscheduled_since,
    with_why,
)
from hubtui.services.problems.situation import CORE_ROLES, Situation

UNSCHEDULED: Final = 10.0
"""Seconds in which a part of the core should have its node."""

STARTING: Final = 300.0
"""Seconds on a node in which images are pulled and volumes mounted."""

NOT_READY: Final = 120.0
"""Seconds in which a container that runs should be ready: a hub migrates its database first."""

ABSENT: Final = 10.0
"""Seconds in which a controller should have made the next pod."""

FAILED_LATELY: Final = 3600.0
"""Seconds for which an evicted pod is news while its successor runs."""

OFTEN: Final = 3
LATELY: Final = 600.0
"""So many restarts, the last one so many seconds ago, are no accident."""

ENDING: Final = 60.0
"""Seconds after its grace time in which a pod should be gone."""

_EFFECTS: Final[Mapping[Role, str]] = {
    Role.HUB: "Nobody can log in, start or stop a server; servers that run go on.",
    Role.PROXY: "Nobody reaches anything: neither the hub nor a running server.",
    Role.AUTOHTTPS: "The site is not reached over HTTPS.",
    Role.USER_SCHEDULER: "New servers stay Pending, and no event says why.",
}


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What is wrong with one pod, in a word, and since when."""

    row: PodRow
    words: str
    since: datetime | None


def find(seen: Situation) -> list[Problem]:
    """One problem for each part."""
    found = (_of_role(seen, role) for role in CORE_ROLES)
    return [problem for problem in found if problem is not None]


def _of_role(seen: Situation, role: Role) -> Problem | None:
    rows = seen.of_role(role)
    expected = seen.expected.get(role)
    troubles = [each for row in rows if (each := _trouble(seen, row)) is not None]
    ready = [row for row in rows if row.state.up and not lost_node.is_lost(seen, row)]
    if troubles:
        return _problem(seen, role, troubles, up=bool(ready))
    if rows:
        return None
    since = seen.absent.get(role)
    if expected and since is not None and seen.seconds(since) >= ABSENT:
        return _no_pod(seen, role, since)
    if expected == 0 and role is not Role.AUTOHTTPS:
        return _scaled_down(role)
    return None


def _trouble(seen: Situation, row: PodRow) -> _Trouble | None:
    """What is wrong with a pod, unless another incident has it or it needs only a moment."""
    pod, state = row.pod, row.state
    if failing_image(pod) is not None or lost_node.is_lost(seen, row):
        return None
    until = pod.metadata.deletion_timestamp
    if until is not None:
        late = seen.seconds(until) > ENDING
        return _Trouble(row, "does not end", until) if late else None
    if pod.status.phase == "Failed":
        return _failed(seen, row)
    if (waits := unscheduled_since(pod)) is not None:
        late = seen.seconds(waits) >= UNSCHEDULED
        return _Trouble(row, "has no node", waits) if late else None
    if crashes(row, seen.now):
        return None if _has_a_name(seen, row) else _Trouble(row, "crashes", state.since)
    if state.up:
        return _again_and_again(seen, row)
    if state.severity is Severity.NOW:
        if _has_a_name(seen, row):
            return None
        return _Trouble(row, f"is {state.status}", _ended_at(row) or placed_at(pod))
    if state.severity is Severity.WAITING:
        since = placed_at(pod)
        if _has_a_name(seen, row):
            return None
        return _Trouble(row, "does not start", since) if seen.seconds(since) > STARTING else None
    if state.severity is Severity.SOON and seen.seconds(state.since) > NOT_READY:
        return _Trouble(row, "is not ready", state.since)
    return None


def _ended_at(row: PodRow) -> datetime | None:
    ended = last_end(row.pod)
    return ended[1].finished_at if ended else None


def _again_and_again(seen: Situation, row: PodRow) -> _Trouble | None:
    """A pod that is up, for how long is another question."""
    at = _ended_at(row)
    if at is None or row.state.restarts < OFTEN or seen.seconds(at) > LATELY:
        return None
    return None if _has_a_name(seen, row) else _Trouble(row, "is restarted again and again", at)


def _has_a_name(seen: Situation, row: PodRow) -> bool:
    """Whether a hub that is not well is told by an incident of its own."""
    if row.role is not Role.HUB:
        return False
    if hub_db.explains(seen, row):
        return True
    return bool(db_schema.find(seen)) or bool(overload.how_overloaded(seen, row))


def _failed(seen: Situation, row: PodRow) -> _Trouble | None:
    """An evicted pod, until its successor is well for an hour."""
    ends = [s.state.terminated.finished_at for s in row.pod.status.container_statuses
            if s.state.terminated is not None]  # fmt: skip
    since = earliest(ends) or row.state.since
    others = any(other.state.up for other in seen.of_role(row.role))
    if others and seen.seconds(since) > FAILED_LATELY:
        return None
    reason = (row.pod.status.reason or "failed").lower()
    return _Trouble(row, f"was {reason}" if reason == "evicted" else "failed", since)


def _problem(seen: Situation, role: Role, troubles: Sequence[_Trouble], *, up: bool) -> Problem:
    worst = min(troubles, key=lambda each: str(each.since))
    why = next((w for each in troubles if (w := seen.why(each.row)) is not None), None)
    since = earliest(each.since for each in troubles)
    state = "A pod of the" if up else "The"
    down = "" if up else " is down: its pod"
    return Problem(
        incident=Incident.CORE,
        level=Level.SOON if up else Level.NOW,
        title=f"{state} {role}{down} {worst.words}",
        effect=_effect(role, troubles, up=up),
        todo=(core_nodes.todo(seen) if _is_homeless(troubles) else "") or _todo(why),
        evidence=with_why(_evidence(seen, troubles), why),
        since=since,
        missing=_missing(seen, why.missing if why else ()),
        targets=tuple(Target("pod", each.row.pod.metadata.name) for each in troubles),
        fixes=_fixes(seen, role, troubles),
        subject=role.value,
    )


def _is_homeless(troubles: Sequence[_Trouble]) -> bool:
    """Whether a pod of the part has no node."""
    return any(unscheduled_since(each.row.pod) is not None for each in troubles)


def _effect(role: Role, troubles: Sequence[_Trouble], *, up: bool) -> str:
    if not up:
        return _EFFECTS[role]
    if any(each.row.state.up for each in troubles):
        return f"It works between its restarts. In each of them: {_EFFECTS[role].lower()}"
    return "Another pod does the work meanwhile."


def _evidence(seen: Situation, troubles: Sequence[_Trouble]) -> tuple[Evidence, ...]:
    found = []
    for each in troubles:
        row = each.row
        where = f" on {row.pod.spec.node_name}" if row.pod.spec.node_name else ""
        said = f": {row.state.message}" if row.state.message else ""
        words = f"{row.pod.metadata.name}{where} is {row.state.status}{said}"
        found.append(Evidence("pod", words, each.since, warning=True))
        if row.state.restarts:
            words = f"{row.pod.metadata.name} was restarted {row.state.restarts} times"
            last = f", last: {row.state.restart_reason}" if row.state.restart_reason else ""
            found.append(Evidence("pod", words + last, row.state.restarted_at))
        event = seen.newest(row, "FailedScheduling", "Evicted", "BackOff", "Unhealthy")
        if event is not None and seen.why(row) is None:
            found.append(evidence_of(event))
    if _is_homeless(troubles):
        found += core_nodes.evidence(seen)
    if any(each.row.role is Role.HUB for each in troubles):
        found += [Evidence("log", line) for line in (seen.log or ())[-2:]]
    return tuple(found)


def _missing(seen: Situation, told: Sequence[Missing]) -> tuple[Missing, ...]:
    known = {each.source: each for each in (*told, *seen.unread("log", ELSEWHERE))}
    return tuple(known.values())


def _todo(why: Why | None) -> str:
    """What to do; an explanation speaks to those who start servers where room is lacking."""
    if why is not None and why.cause is Cause.TOO_LARGE:
        return "Ask for less in the values (resources.requests), or add a larger core node."
    if why is not None and why.cause is Cause.FULL:
        return "Make room on the core nodes, or add one; see what else runs there."
    return todo_of(why, "Look at what explains the pod.")


def _fixes(seen: Situation, role: Role, troubles: Sequence[_Trouble]) -> tuple[Fix, ...]:
    first = troubles[0].row
    name = first.pod.metadata.name
    crashed = first.state.restarts > 0
    fixes = [*core_nodes.fixes(seen)] if _is_homeless(troubles) else []
    fixes.append(Fix(Verb.WHY, name, f"what explains {name}"))
    if first.pod.spec.node_name:
        log = "its log before the last restart" if crashed else "its log"
        fixes.append(Fix(Verb.LOGS, name, log, previous=crashed))
    fixes.append(Fix(Verb.EVENTS, name, "the pod's events"))
    if first.pod.metadata.deletion_timestamp is not None:
        fixes.insert(0, Fix(Verb.DELETE_POD, name, f"delete {name} by force", force=True))
    elif first.pod.spec.node_name:
        fixes.append(Fix(Verb.RESTART, role.value, f"restart the {role}"))
    target = seen.before_last_upgrade(earliest(each.since for each in troubles))
    if target is not None:
        revision = str(target.revision)
        words = f"back to revision {revision}, if the last upgrade brought this"
        fixes.append(Fix(Verb.ROLLBACK, revision, words))
    return tuple(fixes)


def _no_pod(seen: Situation, role: Role, since: datetime) -> Problem:
    words = f"{seen.expected[role]} pods are asked for, there is none"
    quotas = [Evidence("quota", each.metadata.name) for each in seen.quotas]
    return Problem(
        incident=Incident.CORE,
        level=Level.NOW,
        title=f"The {role} has no pod",
        effect=_EFFECTS[role],
        todo="The events of its workload say why none is made: often a quota, or an admission "
        "that refuses it.",
        evidence=(Evidence("workload", words, since, warning=True), *quotas),
        since=since,
        missing=seen.unread("events", "resource quotas"),
        targets=(Target("role", role.value),),
        fixes=(Fix(Verb.WHY, role.value, "what the events say of its workload"),),
        subject=role.value,
    )


def _scaled_down(role: Role) -> Problem:
    return Problem(
        incident=Incident.CORE,
        level=Level.NOW,
        title=f"The {role} is scaled to 0",
        effect=_EFFECTS[role],
        todo="Somebody has set its replicas to 0. If that is over, set them to 1 again.",
        evidence=(Evidence("workload", "replicas is 0", warning=True),),
        targets=(Target("role", role.value),),
        subject=role.value,
    )
