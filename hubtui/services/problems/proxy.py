"""The proxy that has lost routes, or is about to run out of memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from hubtui.model.disagreement import OF_ROUTES, Disagreement, Kind
from hubtui.model.kube import Terminated
from hubtui.model.problem import Evidence, Fix, Incident, Level, Problem, Target, Verb
from hubtui.model.roles import Role
from hubtui.services.pods import PodRow
from hubtui.services.problems.signs import (
    began_at,
    counted,
    earliest,
    last_end,
    memory_limit,
    named,
    of_memory,
)
from hubtui.services.problems.situation import Situation

RECENT: Final = timedelta(hours=1)
"""How long a restart of the proxy is news."""

HEALED: Final = 75.0
"""Seconds in which the hub mends a single route by itself: it looks at them each minute."""

MANY: Final = 3
"""Routes from which it is the proxy, and no single server."""

NEAR: Final = 0.9
"""The part of its memory limit from which the proxy is about to be killed."""

_RESTART: Final = (
    "Every connection through the proxy ends for a moment; kernels go on, pages reconnect."
)


def find(seen: Situation) -> list[Problem]:
    """One problem: lost routes are told before a restart, that before the memory."""
    row = next((row for row in seen.of_role(Role.PROXY) if row.state.up), None)
    if routes := told(seen):
        return [_routes(seen, row, routes)]
    if row is None:
        return []  # the core tells of a proxy that is down
    killed = _killed(seen, row)
    if killed is not None:
        return [_memory(seen, row, f"The proxy was killed for its memory {_times(row)}", killed)]
    if (share := _share(seen, row)) is not None and share >= NEAR:
        words = f"The proxy uses {round(100 * share)} % of its memory limit"
        return [_memory(seen, row, words, None)]
    return []


def told(seen: Situation) -> tuple[Disagreement, ...]:
    """The routes that are wrong, where the proxy is to blame: there are several, or it was
    restarted and the hub has not mended them since."""
    if seen.hub is None:
        return ()
    routes = tuple(each for each in seen.hub.lasting if each.kind in OF_ROUTES)
    if len(routes) >= MANY:
        return routes
    restarted = any(_began_lately(seen, row) for row in seen.of_role(Role.PROXY))
    stay = any(seen.seconds(each.since) >= HEALED for each in routes)
    return routes if restarted and stay else ()


def _began_lately(seen: Situation, row: PodRow) -> bool:
    began = began_at(row.pod)
    return began is not None and seen.now - began <= RECENT


def _killed(seen: Situation, row: PodRow) -> Terminated | None:
    ended = last_end(row.pod)
    if ended is None or ended[1].reason != "OOMKilled":
        return None
    return ended[1] if seen.seconds(ended[1].finished_at) <= RECENT.total_seconds() else None


def _times(row: PodRow) -> str:
    return "once" if row.state.restarts == 1 else f"{row.state.restarts} times"


def _share(seen: Situation, row: PodRow) -> float | None:
    used, limit = seen.memory.get(row.pod.metadata.name), memory_limit(row.pod)
    return used / limit if used is not None and limit else None


def _routes(seen: Situation, row: PodRow | None, routes: Sequence[Disagreement]) -> Problem:
    counts = Counter(each.kind for each in routes)
    wrong = [each for each in routes if each.kind is not Kind.STALE_ROUTE]
    lost = [each for each in routes if each.kind is Kind.NO_ROUTE]
    title = (
        f"The proxy has lost the routes of {counted(len(lost), 'server')}"
        if lost
        else f"The proxy's routes are not those of the hub: {_kinds(counts)}"
    )
    return Problem(
        incident=Incident.PROXY,
        level=Level.NOW if wrong else Level.SOON,
        title=title,
        effect="Who works there gets an error page, though the server runs."
        if wrong
        else "What leads nowhere may lead into another user's pod later.",
        todo="Sync the routes. The hub does so each minute by itself: if they are lost again, its "
        "log says what it and the proxy do not agree on.",
        evidence=(*_of_routes(routes), *_of_pod(seen, row)),
        since=earliest(each.since for each in routes),
        missing=seen.unread("hub", "routes"),
        targets=tuple(Target("server", str(each.server)) for each in routes),
        fixes=(
            Fix(Verb.SYNC_ROUTES, "", "have the hub set the routes anew"),
            Fix(
                Verb.LOGS,
                Role.PROXY.value,
                "the proxy's log before its last restart",
                previous=True,
            )
            if row is not None and row.state.restarts
            else Fix(Verb.LOGS, Role.PROXY.value, "the proxy's log"),
            Fix(Verb.RESTART, Role.PROXY.value, "restart the proxy"),
        ),
        subject="routes",
    )


def _kinds(counts: Counter[Kind]) -> str:
    return ", ".join(counted(number, kind) for kind, number in counts.items())


def _of_routes(routes: Sequence[Disagreement]) -> list[Evidence]:
    by_kind: dict[Kind, list[Disagreement]] = {}
    for each in routes:
        by_kind.setdefault(each.kind, []).append(each)
    return [
        Evidence(
            "routes",
            members[0].words
            if len(members) == 1
            else f"{counted(len(members), kind)}: {named(str(each.server) for each in members)}",
            earliest(each.since for each in members),
            warning=True,
        )
        for kind, members in by_kind.items()
    ]


def _of_pod(seen: Situation, row: PodRow | None) -> list[Evidence]:
    if row is None:
        return []
    name = row.pod.metadata.name
    found = []
    ended = last_end(row.pod)
    if ended is not None:
        reason = f"{ended[1].reason}, " if ended[1].reason else ""
        words = f"{name} was restarted {_times(row)}, last: {reason}exit code {ended[1].exit_code}"
        found.append(Evidence("pod", words, ended[1].finished_at, warning=True))
    elif _began_lately(seen, row):
        found.append(Evidence("pod", f"{name} has just begun: a proxy knows no route at first",
                              began_at(row.pod)))  # fmt: skip
    found += of_memory(name, seen.memory.get(name), memory_limit(row.pod), NEAR)
    return found


def _memory(seen: Situation, row: PodRow, title: str, ended: Terminated | None) -> Problem:
    since: datetime | None = ended.finished_at if ended is not None else None
    return Problem(
        incident=Incident.PROXY,
        level=Level.SOON,
        title=title,
        effect="When it is killed, nobody reaches anything until it is back and has its routes: "
        "a minute or more.",
        todo=f"Raise proxy.chp.resources.limits.memory by an upgrade. A restart helps for a while. "
        f"{_RESTART}",
        evidence=tuple(_of_pod(seen, row)),
        since=since,
        targets=(Target("pod", row.pod.metadata.name),),
        fixes=(
            Fix(Verb.RESTART, Role.PROXY.value, "restart the proxy"),
            Fix(Verb.LOGS, Role.PROXY.value, "the proxy's log before its last restart",
                previous=True)
            if ended is not None
            else Fix(Verb.LOGS, Role.PROXY.value, "the proxy's log"),
        ),
        subject="memory",
    )  # fmt: skip
