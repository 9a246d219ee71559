"""Users' servers that wait for a volume: one that another node still has, or that does not come."""

from __future__ import annotations

from collections.abc import Sequence

from hubtui.model.problem import Evidence, Incident, Level, Problem, Target
from hubtui.model.roles import Role
from hubtui.services.problems import waiting_volumes
from hubtui.services.problems.signs import counted, earliest, name_of, named
from hubtui.services.problems.situation import Situation
from hubtui.services.problems.waiting_volumes import Stuck

SHOWN = 3
"""Servers whose wait is told in full; the others are counted."""


def find(seen: Situation) -> list[Problem]:
    """One problem for those whose volumes another node has, by that node, and one for volumes
    that do not come at all."""
    groups: dict[str, list[Stuck]] = {}
    for row in seen.troubled:
        found = waiting_volumes.stuck(seen, row) if row.role is Role.USERS else None
        if found is not None:
            groups.setdefault(_alike(found), []).append(found)
    return [_problem(seen, subject, members) for subject, members in groups.items()]


def _alike(found: Stuck) -> str:
    """What those have in common that one thing frees."""
    if found.holding is None:
        return f"not {found.doing}"
    nodes = {each.node for each in found.holding.pods} | set(found.holding.nodes)
    return f"held on {', '.join(sorted(nodes))}" if nodes else "held elsewhere"


def _problem(seen: Situation, subject: str, members: Sequence[Stuck]) -> Problem:
    first = members[0]
    pods = [each.row.pod.metadata.name for each in members]
    holders = [each for member in members if member.holding for each in member.holding.pods]
    nodes = {each.row.pod.spec.node_name for each in members} | {each.node for each in holders}
    return Problem(
        incident=Incident.ATTACH,
        level=Level.NOW,
        title=_title(members),
        effect="These servers do not start: the hub gives up after the start timeout "
        "(singleuser.startTimeout, by default 300 s), and tries again when the user does.",
        todo=waiting_volumes.todo(first),
        evidence=_evidence(seen, members),
        since=earliest(each.since for each in members),
        missing=waiting_volumes.missing(seen),
        targets=(
            *(Target("pod", name) for name in (*pods, *(each.pod for each in holders))),
            *(Target("claim", name) for each in members for name in each.claims),
            *(Target("node", name) for name in sorted(filter(None, nodes))),
        ),
        fixes=waiting_volumes.fixes(first),
        subject=subject,
    )


def _title(members: Sequence[Stuck]) -> str:
    first = members[0]
    if len(members) == 1:
        return f"The server of {name_of(first.row.pod)} {first.words}"
    who = f"{counted(len(members), 'server')} ({named(name_of(m.row.pod) for m in members)})"
    if first.holding is None:
        return f"{who} wait for volumes that cannot be {first.doing}"
    nodes = {node for m in members if m.holding is not None for node in m.holding.nodes}
    nodes |= {each.node for m in members if m.holding is not None for each in m.holding.pods}
    where = f"node {named(nodes)}" if nodes else "another node"
    return f"{who} wait for volumes that {where} still holds"


def _evidence(seen: Situation, members: Sequence[Stuck]) -> tuple[Evidence, ...]:
    told = [e for each in members[:SHOWN] for e in waiting_volumes.evidence(seen, each)]
    if len(members) > SHOWN:
        told.append(Evidence("pods", f"and {counted(len(members) - SHOWN, 'more server')}"))
    return tuple(dict.fromkeys(told))
