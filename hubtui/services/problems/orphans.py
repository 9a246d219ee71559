"""Hub, pods and proxy that disagree for good: orphan pods, lost servers, stops that do not end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from hubtui.model.disagreement import OF_ROUTES, Disagreement, Kind
from hubtui.model.problem import Evidence, Fix, Incident, Level, Problem, Target, Verb
from hubtui.services.problems import proxy
from hubtui.services.problems.signs import counted, earliest
from hubtui.services.problems.situation import Situation

TOLD: Final = 8
"""Disagreements that the evidence has; all of them are on the screen of their own."""

_BLOCKS: Final = frozenset({Kind.LOST_SERVER, Kind.PENDING_STOP, Kind.NO_ROUTE, Kind.WRONG_ROUTE})
"""What keeps a user from their server now."""

_EFFECTS: Final = {
    Kind.ORPHAN_POD: "An orphan pod takes up its node and is never culled.",
    Kind.SECOND_POD: "Two pods of one server may write to one volume.",
    Kind.LOST_SERVER: "The user of a lost server sees errors, and nothing to start anew.",
    Kind.PENDING_STOP: "A server whose stop does not end cannot be started.",
    Kind.NO_ROUTE: "Who has no route gets an error page, though the server runs.",
    Kind.STALE_ROUTE: "A route that leads nowhere may lead into another user's pod later.",
    Kind.WRONG_ROUTE: "Who has a wrong route does not reach the own server.",
}


def find(seen: Situation) -> list[Problem]:
    """One problem for all of them."""
    if seen.hub is None:
        return []
    told = proxy.told(seen)
    found = [each for each in seen.hub.lasting if _is_told_here(seen, each) and each not in told]
    return [_problem(seen, found)] if found else []


def _is_told_here(seen: Situation, each: Disagreement) -> bool:
    if each.kind in OF_ROUTES:
        return seen.seconds(each.since) >= proxy.HEALED
    return each.kind is not Kind.LOST_NODE  # an incident of its own


def _problem(seen: Situation, found: Sequence[Disagreement]) -> Problem:
    counts = Counter(each.kind for each in found)
    kinds = ", ".join(counted(number, kind) for kind, number in counts.items())
    return Problem(
        incident=Incident.ORPHANS,
        level=Level.NOW if counts.keys() & _BLOCKS else Level.SOON,
        title=f"Hub and cluster disagree: {kinds}",
        effect=" ".join(_EFFECTS[kind] for kind in Kind if kind in counts),
        todo=found[0].todo + (" O lists all of them." if len(found) > 1 else ""),
        evidence=_evidence(found),
        since=earliest(each.since for each in found),
        missing=seen.unread("hub", "routes"),
        targets=_targets(found),
        fixes=fixes_of(found),
    )


def _evidence(found: Sequence[Disagreement]) -> tuple[Evidence, ...]:
    told = [Evidence(each.kind, each.words, each.since, warning=True) for each in found[:TOLD]]
    if len(found) > TOLD:
        told.append(Evidence("hub", f"and {len(found) - TOLD} more"))
    return tuple(told)


def _targets(found: Sequence[Disagreement]) -> tuple[Target, ...]:
    pods = [Target("pod", each.pod) for each in found if each.pod]
    servers = [Target("server", str(each.server)) for each in found]
    return tuple(dict.fromkeys((*pods, *servers)))


def fixes_of(found: Sequence[Disagreement]) -> tuple[Fix, ...]:
    """The first fix of each verb: the next one comes up when it is done."""
    first: dict[Verb, Fix] = {}
    for each in found:
        for fix in each.fixes:
            first.setdefault(fix.verb, fix)
    return tuple(first.values())
