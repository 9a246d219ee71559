"""A node that does not answer any more, with users' servers on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hubtui.model.kube_needs import Node
from hubtui.model.problem import Evidence, Fix, Incident, Level, Missing, Problem, Target, Verb
from hubtui.model.roles import Role
from hubtui.services.pods import PodRow
from hubtui.services.problems.signs import counted, earliest, looks_at, name_of, named, silent_since
from hubtui.services.problems.situation import CORE_ROLES, Situation

UNCONFIRMED: Final = 8.0
"""Seconds after which the pods' own word is taken, when the nodes were not read since."""

STUCK: Final = 30.0
"""Seconds after its grace time in which a pod should be gone."""


def find(seen: Situation) -> list[Problem]:
    """One problem for each node."""
    rows: dict[str, list[PodRow]] = {}
    for row in seen.troubled:
        node = row.pod.spec.node_name
        if node and row.role in (Role.USERS, Role.DASK, *CORE_ROLES) and is_lost(seen, row):
            rows.setdefault(node, []).append(row)
    return [_problem(seen, node, members) for node, members in rows.items()]


def is_lost(seen: Situation, row: PodRow) -> bool:
    """Whether a pod is on a node that nobody hears of."""
    until = row.pod.metadata.deletion_timestamp
    silent = silent_since(row)
    if until is not None and seen.seconds(until) > STUCK:
        silent = silent or until
    if silent is None:
        return False
    node = seen.nodes.get(row.pod.spec.node_name)
    if node is not None and _trouble(node):
        return True
    if until is not None:
        return False  # it may be the pod itself that does not end
    asked_since = seen.nodes_at is not None and seen.nodes_at > silent
    if asked_since:
        return node is None  # gone from the cluster, or well after all
    return seen.seconds(silent) >= UNCONFIRMED


def _trouble(node: Node) -> bool:
    return node.ready is not None and node.ready.status != "True"


def _problem(seen: Situation, name: str, rows: Sequence[PodRow]) -> Problem:
    node = seen.nodes.get(name)
    ready = node.ready if node else None
    since = (ready.last_transition_time if ready and _trouble_of(node) else None) or earliest(
        silent_since(row) or row.pod.metadata.deletion_timestamp for row in rows
    )
    users = [row for row in rows if row.role is Role.USERS]
    core = sorted({row.role.value for row in rows if row.role in CORE_ROLES})
    parts = [*core, *([counted(len(users), "server")] if users else [])]
    on_it = ", ".join(parts) or counted(len(rows), "pod")
    return Problem(
        incident=Incident.LOST_NODE,
        level=Level.NOW,
        title=f"Node {name} does not answer, with {on_it}",
        effect="Who works there has lost the connection. After some five minutes the pods are "
        "marked for deletion; a volume that only one node may hold stays there until the node is "
        "back or removed.",
        todo="Look at the machine. Bring it back, or remove the node from the cluster: then its "
        "pods go and volumes come free.",
        evidence=_evidence(seen, name, rows),
        since=since,
        missing=_missing(seen),
        targets=(
            Target("node", name),
            *(Target("pod", row.pod.metadata.name) for row in rows),
        ),
        fixes=_fixes(rows),
        subject=name,
    )


def _trouble_of(node: Node | None) -> bool:
    return node is not None and _trouble(node)


def _evidence(seen: Situation, name: str, rows: Sequence[PodRow]) -> tuple[Evidence, ...]:
    node = seen.nodes.get(name)
    found = []
    if node is not None and node.ready is not None:
        said = f": {node.ready.message}" if node.ready.message else ""
        words = f"{name}: Ready is {node.ready.status}{said}"
        found.append(Evidence("node", words, node.ready.last_transition_time, _trouble(node)))
    elif seen.nodes_at is not None:
        found.append(Evidence("node", f"{name} is not in the cluster any more", warning=True))
    silent = [row for row in rows if silent_since(row) is not None]
    if silent:
        words = f"{counted(len(silent), 'pod')} not ready any more: {_names(silent)}"
        found.append(Evidence("pods", words, earliest(silent_since(row) for row in silent)))
    ending = [row for row in rows if row.pod.metadata.deletion_timestamp is not None]
    if ending:
        words = f"{counted(len(ending), 'pod')} to be deleted and still there: {_names(ending)}"
        since = earliest(row.pod.metadata.deletion_timestamp for row in ending)
        found.append(Evidence("pods", words, since, warning=True))
    return tuple(found)


def _names(rows: Sequence[PodRow]) -> str:
    return named(name_of(row.pod) for row in rows)


def _missing(seen: Situation) -> tuple[Missing, ...]:
    return seen.unread("nodes")


def _fixes(rows: Sequence[PodRow]) -> tuple[Fix, ...]:
    first = min(rows, key=lambda row: (row.role not in CORE_ROLES, row.pod.metadata.name))
    name = first.pod.metadata.name
    looks = looks_at(name)
    ending = [row for row in rows if row.pod.metadata.deletion_timestamp is not None]
    if not ending:
        return looks
    stuck = ending[0].pod.metadata.name
    words = f"delete {stuck} by force, only when the machine is surely off"
    return (*looks, Fix(Verb.DELETE_POD, stuck, words, force=True))
