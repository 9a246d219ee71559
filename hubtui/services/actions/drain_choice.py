"""Which way a node is emptied, and what each way does with each pod of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from hubtui.errors import UsageError
from hubtui.model.draining import Kind
from hubtui.model.hub import ServerKey
from hubtui.model.idle import CullRule, stops_from
from hubtui.model.roles import role_of
from hubtui.services.actions.delete_pod_facts import DEFAULT_GRACE
from hubtui.services.actions.drain_facts import Aboard, Facts
from hubtui.services.actions.stop_checks import keeps
from hubtui.services.actions.stopping_server import ToStop, is_active

NAME: Final = "drain"

IDLE: Final = 1800.0
"""Seconds without activity after which a server is stopped first, where nothing else is said."""

PATIENCE: Final = 600.0
"""Seconds for which an eviction that a budget refuses is tried again, by default."""

_ORDER: Final = (Kind.SERVER, Kind.OTHER, Kind.PLACEHOLDER, Kind.CORE)
"""Parts of the hub go last: servers are stopped through it."""


class Way(StrEnum):
    """How a node is emptied; each cordons it first."""

    WAIT = "wait"
    """Until the culler, or their users, have stopped all servers."""
    IDLE = "idle"
    """The idle servers are stopped; the others are waited for."""
    EVICT = "evict"
    """All that can leave has to."""


@dataclass(frozen=True, slots=True)
class DrainRequest:
    """Which node, and which way. `idle` is for how many seconds a server must be idle to be stopped
    first; `patience` is for how many an eviction that a budget refuses is tried again."""

    node: str
    way: Way = Way.WAIT
    idle: float = IDLE
    patience: float = PATIENCE

    def __post_init__(self) -> None:
        if self.idle < 1:
            raise UsageError("A server is idle for a second at least", remedy="Say --idle 30m.")


@dataclass(frozen=True, slots=True)
class ToEvict:
    """A pod that is evicted, as it was when the plan was made. `grace` is in seconds, `budgets` are
    those that are asked; `key` is the server that it is, `part` the part of the hub."""

    namespace: str
    name: str
    uid: str
    kind: Kind
    grace: int = DEFAULT_GRACE
    budgets: tuple[str, ...] = ()
    key: ServerKey | None = None
    part: str = ""

    @property
    def title(self) -> str:
        """As it is called in the plan and on the way."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a way does: the servers that are stopped at first, then those in use, the pods that are
    evicted, and the servers that are waited for. `evict` holds all that may have to be evicted:
    a server that the hub stops is gone when its turn comes."""

    idle: tuple[ToStop, ...] = ()
    in_use: tuple[ToStop, ...] = ()
    evict: tuple[ToEvict, ...] = ()
    waits: tuple[Aboard, ...] = ()

    @property
    def stops(self) -> tuple[ToStop, ...]:
        """All servers that are stopped through the hub."""
        return (*self.idle, *self.in_use)

    @property
    def evicted(self) -> tuple[ToEvict, ...]:
        """The pods that are evicted if the hub stops the servers that it is asked to stop."""
        stopped = {planned.key for planned in self.stops}
        return tuple(each for each in self.evict if each.key is None or each.key not in stopped)

    @property
    def word(self) -> str:
        """All of it in a word that tells it from another choice."""
        lines = [f"stop {planned.key}" for planned in self.stops]
        lines += [f"evict {each.uid}" for each in self.evict]
        lines += [f"wait {each.uid}" for each in self.waits]
        digest = hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:12]
        return f"{len(lines)} ({digest})"


def choose(facts: Facts, request: DrainRequest, keep: Sequence[str]) -> Choice:
    """What a way does with each pod; who matches `keep` is not stopped for being idle."""
    servers = facts.servers
    if request.way is Way.WAIT:
        return Choice(waits=servers)
    idle = [each for each in servers if is_idle(each, request.idle, facts.now, keep)]
    rest = [each for each in servers if each not in idle]
    if request.way is Way.IDLE:
        return Choice(idle=_to_stop(idle), waits=tuple(rest))
    # A stop through the hub asks no budget: what one guards is evicted, so that it is asked.
    in_use = [each for each in rest if _runs(each) and not facts.guards(each.pod)]
    leaves = sorted(facts.of(*_ORDER), key=lambda each: (_ORDER.index(each.kind), each.name))
    return Choice(
        idle=_to_stop(idle),
        in_use=tuple(replace(each, in_use=True) for each in _to_stop(in_use)),
        evict=tuple(_to_evict(each, facts) for each in leaves),
    )


def is_idle(each: Aboard, seconds: float, now: datetime, keep: Sequence[str]) -> bool:
    """Whether a server was idle for so long, by the culler's test, and nobody keeps it."""
    if each.server is None or each.key is None or keeps(each.key.user, keep):
        return False
    since = stops_from(each.server, CullRule(timeout=int(seconds)))
    return since is not None and since[0] <= now


def _runs(each: Aboard) -> bool:
    return each.server is not None and is_active(each.server)


def _to_stop(chosen: Sequence[Aboard]) -> tuple[ToStop, ...]:
    found = [
        ToStop.of(each.key.user, each.server)
        for each in chosen
        if each.key is not None and each.server is not None
    ]
    return tuple(sorted(found, key=lambda planned: (_since(planned), planned.key)))


def _since(planned: ToStop) -> float:
    return planned.idle_since.timestamp() if planned.idle_since is not None else float("inf")


def _to_evict(each: Aboard, facts: Facts) -> ToEvict:
    meta, seconds = each.pod.metadata, each.pod.spec.termination_grace_period_seconds
    return ToEvict(
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        kind=each.kind,
        grace=DEFAULT_GRACE if seconds is None else seconds,
        budgets=tuple(budget.metadata.name for budget in facts.guards(each.pod)),
        key=each.key,
        part=role_of(each.pod).value if each.kind is Kind.CORE else "",
    )
