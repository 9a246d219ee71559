"""A hub that is overloaded: about to end or slow, killed for its memory, by its probe, or ended by
its own hand."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from hubtui.model.kube import Terminated
from hubtui.model.problem import Evidence, Fix, Incident, Level, Problem, Target, Verb
from hubtui.model.roles import Role
from hubtui.model.why_facts import evidence_of
from hubtui.services.pods import PodRow
from hubtui.services.problems.overload_signs import Kind, Sign, evidence_of_load, signs_of
from hubtui.services.problems.signs import earliest, last_end, memory_limit
from hubtui.services.problems.situation import Situation

RECENT: Final = timedelta(hours=1)
"""How long a restart of the hub is news."""

OFTEN: Final = 3
"""Restarts from which it is no accident any more, if the last one was ACUTE."""

ACUTE: Final = timedelta(minutes=10)

ABORTED: Final = re.compile(r"consecutive (?:spawn )?(?:spawns failed|failures?)", re.IGNORECASE)
"""JupyterHub's words before it exits (`consecutive_failure_limit`, by default 5)."""

LIMIT: Final = "hub.resources.limits.memory"

_GIB: Final = 2**30
_MIB: Final = 2**20

_PROBE: Final = "it did not answer its liveness probe"
_GAVE_UP: Final = "it gave up after spawns that failed one after the other"
_KILLED: Final = "it used more memory than its limit"


def find(seen: Situation) -> list[Problem]:
    """The hub, if its last end was one of overload, or the next one is near."""
    found = []
    for row in seen.of_role(Role.HUB):
        signs = signs_of(seen, row) if row.state.up else []
        ended = last_end(row.pod)
        lately = ended is not None and seen.seconds(ended[1].finished_at) <= RECENT.total_seconds()
        how = how_overloaded(seen, row) if lately else ""
        if ended is not None and how:
            found.append(_ended(seen, row, ended[1], how, signs))
        elif signs:
            found.append(_about_to(seen, row, signs))
    return found[:1]


def how_overloaded(seen: Situation, row: PodRow) -> str:
    """How the hub's last end tells of overload; "" when it does not."""
    ended = last_end(row.pod)
    if ended is None:
        return ""
    if ended[1].reason == "OOMKilled":
        return _KILLED
    if ended[1].exit_code and _aborted(seen) is not None:
        return _GAVE_UP
    if _liveness(seen, row) is not None and ended[1].exit_code in (137, 143):
        return _PROBE
    return ""


def _aborted(seen: Situation) -> str | None:
    return next((line for line in reversed(seen.log or ()) if ABORTED.search(line)), None)


def _liveness(seen: Situation, row: PodRow) -> Evidence | None:
    for event in seen.events_of(row):
        low = event.message.lower()
        fresh = seen.seconds(event.last_seen) <= RECENT.total_seconds()
        if fresh and event.reason in ("Killing", "Unhealthy") and "liveness" in low:
            return evidence_of(event)
    return None


def _ended(seen: Situation, row: PodRow, ended: Terminated, how: str, signs: list[Sign]) -> Problem:
    often = row.state.restarts >= OFTEN
    acute = seen.seconds(ended.finished_at) <= ACUTE.total_seconds()
    urgent = any(sign.level is Level.NOW for sign in signs)
    now = not row.state.up or (often and acute) or urgent
    goes = "The hub is not up" if not row.state.up else "The hub was restarted"
    kind = {_KILLED: Kind.MEMORY, _GAVE_UP: Kind.FAILURES}.get(how, Kind.SLOW)
    return Problem(
        incident=Incident.OVERLOAD,
        level=Level.NOW if now else Level.SOON,
        title=f"{goes}: {how}",
        effect="While it restarts nobody logs in, and spawns that were under way fail. Servers "
        "that run go on." + (" It comes again as long as the load lasts." if often else ""),
        todo=_todo(seen, row, kind),
        evidence=(*_of_end(seen, row, ended), *evidence_of_load(seen, row)),
        since=ended.finished_at,
        missing=seen.unread("log", "events", "hub's log", "memory"),
        targets=(Target("pod", row.pod.metadata.name),),
        fixes=(
            Fix(Verb.LOGS, "hub", "the hub's log before its last restart", previous=True),
            *_fixes(seen, row, kind),
        ),
    )


def _about_to(seen: Situation, row: PodRow, signs: list[Sign]) -> Problem:
    first = signs[0]
    level = Level.NOW if any(sign.level is Level.NOW for sign in signs) else Level.SOON
    return Problem(
        incident=Incident.OVERLOAD,
        level=level,
        title=f"The hub {first.words}",
        effect=_EFFECTS[first.kind],
        todo=_todo(seen, row, first.kind),
        evidence=evidence_of_load(seen, row),
        since=earliest(sign.since for sign in signs),
        missing=seen.unread("hub's log", "memory"),
        targets=(Target("pod", row.pod.metadata.name),),
        fixes=(Fix(Verb.LOGS, "hub", "the hub's log"), *_fixes(seen, row, first.kind)),
    )


_EFFECTS: Final = {
    Kind.FAILURES: "Servers do not start. When the hub ends itself, nobody logs in for a minute, "
    "and spawns that are under way fail too.",
    Kind.MEMORY: "When it is killed nobody logs in for a minute, and spawns that are under way "
    "fail. Servers that run go on.",
    Kind.SLOW: "Pages of the hub, logins and spawns take long or fail. Servers that run go on.",
}


def _todo(seen: Situation, row: PodRow, kind: Kind) -> str:
    if kind is Kind.MEMORY:
        (path, value), limit = _more_memory(seen, row), memory_limit(row.pod)
        now = f" from {_written(limit)}" if limit else ""
        return (
            f"Raise {path}{now} to {value} by an upgrade, which restarts the hub; until then let "
            "fewer servers start, or stop some in batches."
        )
    if kind is Kind.FAILURES:
        return "Find out why spawns fail (nodes, images, volumes): the hub is only their victim."
    return (
        "Let fewer start at once (hub.concurrentSpawnLimit), give the hub more CPU, or stop "
        "servers in batches until it answers again."
    )


def _fixes(seen: Situation, row: PodRow, kind: Kind) -> tuple[Fix, ...]:
    """What helps, the likeliest first."""
    if kind is Kind.FAILURES:
        return (Fix(Verb.WHY, Role.USERS.value, "what explains the users' pods"),)
    stop = Fix(Verb.MAINTENANCE, "", "stop servers in batches, so that it has less to do")
    why = Fix(Verb.WHY, "hub", "what explains the hub's pod")
    if kind is Kind.SLOW:
        return (why, stop)
    value = _more_memory(seen, row)
    more = Fix(Verb.UPGRADE, "", f"raise the hub's memory limit to {value[1]}", sets=(value,))
    return (more, why, stop)


def _more_memory(seen: Situation, row: PodRow) -> tuple[str, str]:
    """The value to raise, where it stands in the release's, and what to: twice of what it is, and
    at least what a hub of some hundred users needs."""
    path = ".".join((*seen.load.path, LIMIT))
    return path, _written(max(2 * (memory_limit(row.pod) or 0.0), _GIB))


def _written(size: float) -> str:
    """Bytes as Kubernetes writes them."""
    whole = size / _GIB
    return f"{whole:.0f}Gi" if whole >= 1 and whole == int(whole) else f"{size / _MIB:.0f}Mi"


def _of_end(seen: Situation, row: PodRow, ended: Terminated) -> tuple[Evidence, ...]:
    name, restarts = row.pod.metadata.name, row.state.restarts
    reason = f"{ended.reason}, " if ended.reason else ""
    words = f"container of {name} ended: {reason}exit code {ended.exit_code}"
    found = [
        Evidence("pod", words, ended.finished_at, warning=True),
        Evidence("pod", f"restarted {restarts} time{'' if restarts == 1 else 's'}"),
    ]
    limits = [c.resources.limits["memory"] for c in row.pod.spec.containers
              if "memory" in c.resources.limits]  # fmt: skip
    if limits and ended.reason == "OOMKilled":
        found.append(Evidence("pod", f"its memory limit is {limits[0]}"))
    if (line := _aborted(seen)) is not None:
        found.append(Evidence("log", line, warning=True))
    if (probe := _liveness(seen, row)) is not None:
        found.append(probe)
    return tuple(found)
