"""What tells that a hub has too much to do, before it ends: spawns, memory, how slow it is.

One number alone is no sign: people who start servers make the hub's answers slow too, as some of
them wait for the server. It is slow where numbers that do not depend on each other say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hubtui.model.podstate import Severity
from hubtui.model.problem import Evidence, Level
from hubtui.model.units import text_of
from hubtui.services.metrics import MetricRow
from hubtui.services.pods import PodRow
from hubtui.services.problems.signs import began_at, counted, memory_limit, of_memory
from hubtui.services.problems.situation import Situation

NEAR: Final = 0.9
"""The part of its memory limit from which the hub is about to be killed."""

IN_A_ROW: Final = 3
"""Spawns that failed one after the other from which it is no accident: at five the hub exits."""

RECENT: Final = timedelta(hours=1)

SETTLING: Final = timedelta(minutes=3)
"""After its start a hub looks at all its servers, and everybody comes back."""

SLOW: Final = 3.0
SLOW_EACH: Final = 0.005
"""Seconds in which a hub tells its users with servers, and as many more for each server: a hub at
ease takes less than a tenth of it."""

LAG, ERRORS, LATENCY = "event-loop-lag", "hub-errors", "hub-latency-p95"


class Kind(StrEnum):
    """What there is too much of, or too little."""

    FAILURES = "failures"
    MEMORY = "memory"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign: in words that follow the name of the hub, how urgent, since when it is known."""

    kind: Kind
    words: str
    level: Level
    since: datetime | None = None


def signs_of(seen: Situation, row: PodRow) -> list[Sign]:
    """The signs of one hub that runs, the most urgent kind first."""
    found = (_failing(seen), _near_limit(seen, row), _slow(seen, row))
    return [sign for sign in found if sign is not None]


def evidence_of_load(seen: Situation, row: PodRow) -> tuple[Evidence, ...]:
    """All numbers that tell of load, past a bound or not."""
    name = row.pod.metadata.name
    failures, load = seen.load.failures, seen.load
    found = [*of_memory(name, seen.memory.get(name), memory_limit(row.pod), NEAR)]
    if failures.line:
        found.append(Evidence("log", failures.line, load.failed_at, warning=True))
    for number in load.numbers:
        if number.value is not None:
            words = f"{number.metric.title}: {text_of(number.value, number.metric.unit)}"
            bad = number.severity >= Severity.SOON
            found.append(Evidence(number.source or "metrics", words, number.as_of, warning=bad))
    if _is_listing_slow(seen) and seen.hub is not None:
        words = f"/hub/api/users took {seen.hub.took:.0f} s for"
        words += f" {counted(len(seen.hub.servers), 'server')}"
        found.append(Evidence("hub", words, seen.hub.at, warning=True))
    return tuple(found)


def _failing(seen: Situation) -> Sign | None:
    failures, at = seen.load.failures, seen.load.failed_at
    if failures.failed < 2 or seen.seconds(at) > RECENT.total_seconds():
        return None
    if failures.failed < IN_A_ROW and failures.left > 1:
        return None
    more = counted(failures.left, "more failure")
    ends = f"after {more} it ends itself" if failures.left else "it ends itself"
    words = f"is about to end: {failures.failed} spawns failed one after the other, {ends}"
    return Sign(Kind.FAILURES, words, Level.NOW if failures.left <= 1 else Level.SOON, at)


def _near_limit(seen: Situation, row: PodRow) -> Sign | None:
    used, limit = seen.memory.get(row.pod.metadata.name), memory_limit(row.pod)
    if used is None or not limit or used < NEAR * limit:
        return None
    words = f"uses {round(100 * used / limit)} % of its memory limit, and is killed at it"
    return Sign(Kind.MEMORY, words, Level.SOON, seen.load.filled_at)


def _slow(seen: Situation, row: PodRow) -> Sign | None:
    began = began_at(row.pod)
    if began is not None and seen.now - began < SETTLING:
        return None
    bad = {each.metric.id: each for each in seen.load.numbers if each.severity >= Severity.SOON}
    listing = _is_listing_slow(seen)
    worst = {name for name, each in bad.items() if each.severity is Severity.NOW}
    others = [name for name in (LAG, ERRORS, LATENCY) if name in bad]
    certain = worst & {LAG, ERRORS} or (listing and LAG in bad)
    if not certain or len(others) + listing < 2:
        return None
    level = Level.NOW if len(worst.intersection(others)) > 1 else Level.SOON
    return Sign(Kind.SLOW, f"has too much to do: {_told(bad[each] for each in others)}", level)


def _told(rows: Iterable[MetricRow]) -> str:
    words = {
        LAG: "its event loop is {} late",
        ERRORS: "{} of its answers are errors",
        LATENCY: "one answer of twenty takes {} or more",
    }
    return ", ".join(
        words[each.metric.id].format(text_of(each.value, each.metric.unit)) for each in rows
    )


def _is_listing_slow(seen: Situation) -> bool:
    hub = seen.hub
    return hub is not None and hub.took > SLOW + SLOW_EACH * len(hub.servers)
