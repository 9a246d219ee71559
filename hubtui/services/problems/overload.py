"""A hub that is overloaded: killed for its memory, by its probe, or by its own hand."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from hubtui.model.kube import Terminated
from hubtui.model.problem import Evidence, Fix, Incident, Level, Problem, Target, Verb
from hubtui.model.roles import Role
from hubtui.model.why_facts import evidence_of
from hubtui.services.pods import PodRow
from hubtui.services.problems.signs import last_end
from hubtui.services.problems.situation import Situation

RECENT: Final = timedelta(hours=1)
"""How long a restart of the hub is news."""

OFTEN: Final = 3
"""Restarts from which it is no accident any more, if the last one was ACUTE."""

ACUTE: Final = timedelta(minutes=10)

ABORTED: Final = re.compile(r"consecutive (?:spawn )?(?:spawns failed|failures?)", re.IGNORECASE)
"""JupyterHub's words before it exits (`consecutive_failure_limit`, by default 5)."""


def find(seen: Situation) -> list[Problem]:
    """The hub, if its last end was one of overload."""
    found = []
    for row in seen.of_role(Role.HUB):
        ended = last_end(row.pod)
        if ended is None or seen.seconds(ended[1].finished_at) > RECENT.total_seconds():
            continue
        how = how_overloaded(seen, row)
        if how:
            found.append(_problem(seen, row, ended[1], how))
    return found[:1]


def how_overloaded(seen: Situation, row: PodRow) -> str:
    """How the hub's last end tells of overload; "" when it does not."""
    ended = last_end(row.pod)
    if ended is None:
        return ""
    if ended[1].reason == "OOMKilled":
        return "it used more memory than its limit"
    if ended[1].exit_code and _aborted(seen) is not None:
        return "it gave up after spawns that failed one after the other"
    if _liveness(seen, row) is not None and ended[1].exit_code in (137, 143):
        return "it did not answer its liveness probe"
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


def _problem(seen: Situation, row: PodRow, ended: Terminated, how: str) -> Problem:
    often = row.state.restarts >= OFTEN
    acute = seen.seconds(ended.finished_at) <= ACUTE.total_seconds()
    now = not row.state.up or (often and acute)
    goes = "The hub is not up" if not row.state.up else "The hub was restarted"
    return Problem(
        incident=Incident.OVERLOAD,
        level=Level.NOW if now else Level.SOON,
        title=f"{goes}: {how}",
        effect="While it restarts nobody logs in, and spawns that were under way fail. Servers "
        "that run go on." + (" It comes again as long as the load lasts." if often else ""),
        todo=_todo(ended, how),
        evidence=_evidence(seen, row, ended),
        since=ended.finished_at,
        missing=seen.unread("log", "events"),
        targets=(Target("pod", row.pod.metadata.name),),
        fixes=(
            Fix(Verb.LOGS, "hub", "the hub's log before its last restart", previous=True),
            Fix(Verb.WHY, "hub", "what explains the hub's pod"),
        ),
    )


def _todo(ended: Terminated, how: str) -> str:
    if ended.reason == "OOMKilled":
        return "Raise hub.resources.limits.memory by an upgrade; start fewer servers until then."
    if "spawns" in how:
        return "Find out why spawns fail (nodes, images, volumes): the hub is only their victim."
    return "Let fewer start at once (hub.concurrentSpawnLimit), give the hub more CPU."


def _evidence(seen: Situation, row: PodRow, ended: Terminated) -> tuple[Evidence, ...]:
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
