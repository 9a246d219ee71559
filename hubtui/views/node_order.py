"""In which order pools and nodes stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from hubtui.model.packing import CPU, MEMORY
from hubtui.model.podstate import Severity
from hubtui.services.nodes import NodeRow, PoolRow

_LAST: Final = float("inf")

Rank = tuple[float, ...]


@lru_cache(maxsize=4096)
def natural(name: str) -> tuple[tuple[int, str], ...]:
    """Orders names with numbers in them by the numbers: user-2 before user-10."""
    parts = re.split(r"(\d+)", name)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def worst_first(pool: PoolRow) -> tuple[float | str, ...]:
    """Orders pools: what asks for attention, then where users are, then by name."""
    trouble = pool.severity if pool.severity >= Severity.SOON else Severity.FINE
    return (-trouble, not pool.users, not pool.name, pool.name)


def _by_state(row: NodeRow) -> Rank:
    return (-row.standing.severity,)


def _by_users(row: NodeRow) -> Rank:
    return (-row.users,)


def _by_pods(row: NodeRow) -> Rank:
    return (-row.pods,)


def _by_memory(row: NodeRow) -> Rank:
    return (_fullness(row, MEMORY),)


def _by_cpu(row: NodeRow) -> Rank:
    return (_fullness(row, CPU),)


def _fullness(row: NodeRow, resource: str) -> float:
    most = (row.allocatable or {}).get(resource, 0)
    return -row.used.get(resource, 0) / most if most else _LAST


def _by_age(row: NodeRow) -> Rank:
    created = row.node.metadata.creation_timestamp if row.node is not None else None
    return (_LAST if created is None else created.timestamp(),)


RANKS: Final[dict[str, Callable[[NodeRow], Rank]]] = {
    "state": _by_state,
    "node": lambda _: (),
    "users": _by_users,
    "pods": _by_pods,
    "memory": _by_memory,
    "cpu": _by_cpu,
    "age": _by_age,
}
"""What the nodes of a pool are ordered by, the first first; names decide where that is the same."""
