"""The image pullers in answers: node by image, and what a helm waits for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from hubtui.model.age import duration, rfc3339
from hubtui.model.roles import Role
from hubtui.services.pullers import Awaited, NodePulls, Pullers, PullMatrix
from hubtui.services.session import Session
from hubtui.views.cells import Cell
from hubtui.views.document import Hung
from hubtui.views.pullers import matrix_lines


def matrices_of(session: Session, role: Role, now: datetime) -> tuple[PullMatrix, ...]:
    """The pullers of a role as the stores have them now."""
    pullers = Pullers(session)
    try:
        pullers.update()
        found = pullers.matrices(now, duration(session.settings.helm_timeout))
    finally:
        pullers.close()
    return tuple(matrix for matrix in found if matrix.role is role)


def lines_of(matrices: Sequence[PullMatrix], now: datetime) -> Iterator[Cell | Hung]:
    """The matrices as text."""
    for matrix in matrices:
        yield from (line.cell for line in matrix_lines(matrix, now))


def shape(matrix: PullMatrix) -> dict[str, Any]:
    """One DaemonSet with its nodes, those that lack an image first."""
    return {
        "daemonset": matrix.daemonset,
        "images": list(matrix.images),
        "wanted": matrix.wanted,
        "scheduled": matrix.current,
        "ready": matrix.ready,
        "awaited": _awaited(matrix.awaited) if matrix.awaited is not None else None,
        "nodes": [_node(matrix, row) for row in matrix.rows],
    }


def _awaited(awaited: Awaited) -> dict[str, Any]:
    """Seconds are of helm's timeout as it is configured, counted from the start of the awaiter."""
    return {
        "since": rfc3339(awaited.since),
        "nodes": awaited.wanted,
        "timeout_seconds": awaited.timeout.total_seconds(),
        "left_seconds": awaited.left.total_seconds(),
    }


def _node(matrix: PullMatrix, row: NodePulls) -> dict[str, Any]:
    return {
        "node": row.node or None,
        "pod": row.pod.metadata.name,
        "ready": row.ready,
        "blocking": row in matrix.blocking,
        "since": rfc3339(row.since),
        "words": row.words,
        "pulls": [
            {
                "image": pull.image,
                "state": pull.state.value,
                "since": rfc3339(pull.since),
                "words": pull.words,
            }
            for pull in row.pulls
        ],
    }
