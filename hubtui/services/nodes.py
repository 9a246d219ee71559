"""Nodes with what stands on them: whose it is, how much is free, what is really used.

Joined from the nodes, the pods of the hub's namespace, the pods of all others, and what
metrics.k8s.io measures of the nodes. A pod that changes costs itself and its node, nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from hubtui.errors import HubtuiError
from hubtui.model import kube
from hubtui.model.kinds import NODES, PODS
from hubtui.model.kube_needs import Node
from hubtui.model.node_facts import (
    GONE,
    UNKNOWN,
    Standing,
    instance_type_of,
    standing,
    zone_of,
)
from hubtui.model.node_load import Load
from hubtui.model.packing import PODS as PODS_RESOURCE
from hubtui.model.packing import Amounts, Share, sum_of
from hubtui.model.podstate import Severity
from hubtui.model.usage import Usage
from hubtui.model.why_facts import Missing
from hubtui.services.feeds import Feeds
from hubtui.services.node_counts import Counts, Place, Source
from hubtui.services.store import Readable, Store, utc_now
from hubtui.services.usage import UsageFeed

ELSEWHERE: Final = "pods of other namespaces"
USAGE: Final = "use of nodes"


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node and what stands on it.

    `node` and `allocatable` are None where only pods name it: it is gone, or with `known` unset the
    nodes could not be read. `users` and `placeholders` are the hub's own pods, `guests` the servers
    of other hubs' users; `shares` and `used` hold what all pods ask for, in the amounts of
    `model.packing`. With `at_least` there may be more pods than could be read.
    """

    name: str
    node: Node | None
    known: bool
    pool: str
    zone: str
    instance_type: str
    standing: Standing
    users: int
    guests: int
    placeholders: int
    pods: int
    shares: Mapping[Share, Amounts]
    used: Amounts
    allocatable: Amounts | None
    usage: Usage | None
    at_least: bool

    def free(self, resource: str) -> int | None:
        """What is left of a resource, `pods` too, below 0 where more is asked for than there is;
        with `at_least` no more than this. None where it is not known how much there is."""
        return _free(resource, self.allocatable, self.used, self.pods)


@dataclass(frozen=True, slots=True)
class PoolRow:
    """The sums over the nodes of a pool, or over all.

    `unknown` of the `nodes` do not tell what they have: `allocatable` is that of the others, and
    None where there are none. `usage` is that of the `measured` ones. With `at_least` there may be
    more pods than could be read, without `known` more nodes, too.
    """

    name: str
    nodes: int
    ready: int
    cordoned: int
    unknown: int
    severity: Severity
    allocatable: Amounts | None
    usage: Usage | None
    measured: int
    known: bool
    at_least: bool
    users: int = 0
    guests: int = 0
    placeholders: int = 0
    pods: int = 0
    shares: Mapping[Share, Amounts] = field(default_factory=dict)
    used: Amounts = field(default_factory=dict)

    def free(self, resource: str) -> int | None:
        """What is left of a resource on all of them, as in a NodeRow."""
        return _free(resource, self.allocatable, self.used, self.pods)


def _free(resource: str, allocatable: Amounts | None, used: Amounts, pods: int) -> int | None:
    if allocatable is None:
        return None
    taken = pods if resource == PODS_RESOURCE else used.get(resource, 0)
    return allocatable.get(resource, 0) - taken


class Nodes(Readable):
    """The nodes of the cluster, for who looks at one hub.

    A reader's keys are the names that `update` gave.
    """

    def __init__(
        self,
        feeds: Feeds,
        pods: Store[kube.Pod],
        usage: UsageFeed,
        namespace: str,
        release: str,
        *,
        pool_label: str = "",
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__()
        self._feeds = feeds
        self.store: Store[Node] = feeds.add(NODES, "", follow=False)
        others = f"metadata.namespace!={namespace}"
        self.elsewhere: Store[kube.Pod] = feeds.add(PODS, "", fields=others, follow=False)
        self.usage = usage
        self._own, self._others = Source(pods), Source(self.elsewhere)
        self._nodes_seen = self.store.subscribe()
        self._usage_seen = usage.subscribe()
        self._now = now
        self._counts = Counts(namespace, release, pool_label)
        self._rows: dict[str, NodeRow] = {}
        self._due: dict[str, datetime] = {}
        self._known = self._complete = False
        self._sizes: dict[str, PoolRow] | None = None
        self._pools: tuple[PoolRow, ...] | None = None

    # -- who looks

    def start(self, who: str = "") -> None:
        """Somebody looks: nodes and the pods elsewhere are followed from here on, their use is
        asked for until each who looked has paused."""
        self._feeds.look(self.store, self.elsewhere)
        self.usage.start(who)

    def pause(self, who: str = "") -> None:
        """Somebody looks no more."""
        self.usage.pause(who)

    async def fill(self) -> None:
        """Reads everything once; where it is followed, waits until it was read.

        Raises UnreachableError, DecodeError, ApiError for the nodes and the hub's own pods; what is
        denied, and whatever befell the pods elsewhere and the use, is in `notes`.
        """
        here = self._feeds.fill(self.store, self._own.store)
        await asyncio.gather(here, self._fill_elsewhere(), self.usage.fill())

    async def _fill_elsewhere(self) -> None:
        with suppress(HubtuiError):
            await self._feeds.fill(self.elsewhere)

    async def close(self) -> None:
        """Ends the reading of what nodes use."""
        await self.usage.close()

    # -- the answers

    def row(self, name: str) -> NodeRow | None:
        """One node."""
        return self._rows.get(name)

    def rows(self) -> Collection[NodeRow]:
        """All nodes, as of the last update: those that there are, and those that pods name."""
        return self._rows.values()

    def pools(self) -> tuple[PoolRow, ...]:
        """The pools by name; nodes that tell of none are in the one without a name."""
        if self._pools is None:
            sizes = sorted(self._pool_sizes().items())
            self._pools = tuple(_loaded(size, self._counts.of_pool(pool)) for pool, size in sizes)
        return self._pools

    def totals(self) -> PoolRow:
        """The sums over all nodes."""
        size = _together(list(self._pool_sizes().values()), self._known, not self._complete)
        return _loaded(size, self._counts.all)

    def pods_on(self, name: str) -> Collection[kube.Pod]:
        """The pods that take room on a node, those of other namespaces too."""
        place = self._counts.places.get(name)
        return place.pods.values() if place is not None else ()

    def pending(self) -> Collection[kube.Pod]:
        """The pods of the hub's namespace that have no node yet."""
        return self._own.waiting.values()

    def notes(self) -> tuple[Missing, ...]:
        """What could not be read, and why."""
        stores = (("nodes", self.store), ("pods", self._own.store), (ELSEWHERE, self.elsewhere))
        found = [
            Missing(source, store.health.error.what)
            for source, store in stores
            if store.health.error is not None
        ]
        if self.usage.missing:
            found.append(Missing(USAGE, self.usage.missing))
        return tuple(found)

    # -- the join

    def update(self) -> set[str]:
        """Takes in what became known since the last call; the names of the nodes of which anything
        changed, their pods included, those that are gone among them."""
        changed = self._counts.take_pods(self._own) | self._counts.take_pods(self._others)
        sized = self._take_nodes() | self._take_usage() | self._overdue()
        if self._is_new_certainty():
            sized |= self._counts.places.keys()
        if sized:
            self._sizes = None
        changed |= sized
        for name in changed:
            self._renew(name)
        if changed:
            self._pools = None
            self._dirty(changed)
        return changed

    def _take_nodes(self) -> set[str]:
        everything, keys = self._nodes_seen.drain()
        if everything:
            keys = {f"/{name}" for name in self._counts.places} | {node.key for node in self.store}
        for key in keys:
            self._counts.take_node(key[1:], self.store.get(key))
        return {key[1:] for key in keys}

    def _take_usage(self) -> set[str]:
        everything, names = self._usage_seen.drain()
        places = self._counts.places.keys()
        return set(places) if everything else names & places

    def _overdue(self) -> set[str]:
        """Nodes that stand otherwise by now, though nothing has changed."""
        now = self._now() if self._due else None
        return {name for name, until in self._due.items() if now is not None and until <= now}

    def _is_new_certainty(self) -> bool:
        """Whether it is otherwise than before how far nodes and pods are known."""
        before = (self._known, self._complete)
        self._known = self.store.complete
        self._complete = self._own.store.complete and self.elsewhere.complete
        return before != (self._known, self._complete)

    def _renew(self, name: str) -> None:
        places = self._counts.places
        place = places.get(name)
        self._due.pop(name, None)
        if place is None:
            return
        if name not in self._rows:
            self._sizes = None
        if place.node is None and not place.pods:
            del places[name]
            self._rows.pop(name, None)
            self._sizes = None
            return
        row = self._rows[name] = self._row(name, place)
        if row.standing.until is not None:
            self._due[name] = row.standing.until

    def _row(self, name: str, place: Place) -> NodeRow:
        node, load = place.node, place.load
        return NodeRow(
            name=name,
            node=node,
            known=self._known,
            pool=place.pool,
            zone=zone_of(node) if node is not None else "",
            instance_type=instance_type_of(node) if node is not None else "",
            standing=self._standing(node),
            users=load.users,
            guests=load.guests,
            placeholders=load.placeholders,
            pods=load.pods,
            shares=load.by_share(),
            used=load.used(),
            allocatable=place.allocatable,
            usage=self.usage.of(name),
            at_least=not self._complete,
        )

    def _standing(self, node: Node | None) -> Standing:
        if node is not None:
            return standing(node, self._now())
        return GONE if self._known else UNKNOWN

    def _pool_sizes(self) -> dict[str, PoolRow]:
        """The pools without what stands on them, which alone changes with each pod."""
        if self._sizes is None:
            members: dict[str, list[NodeRow]] = {}
            for row in self._rows.values():
                members.setdefault(row.pool, []).append(row)
            self._sizes = {pool: _size(pool, rows) for pool, rows in members.items()}
        return self._sizes


def _loaded(size: PoolRow, load: Load) -> PoolRow:
    return replace(
        size,
        users=load.users,
        guests=load.guests,
        placeholders=load.placeholders,
        pods=load.pods,
        shares=load.by_share(),
        used=load.used(),
    )


def _size(pool: str, rows: Sequence[NodeRow]) -> PoolRow:
    sized = [row.allocatable for row in rows if row.allocatable is not None]
    uses = [row.usage for row in rows if row.usage is not None]
    return PoolRow(
        name=pool,
        nodes=len(rows),
        ready=sum(1 for row in rows if row.standing.ready),
        cordoned=sum(1 for row in rows if row.standing.cordoned),
        unknown=len(rows) - len(sized),
        severity=max((row.standing.severity for row in rows), default=Severity.FINE),
        allocatable=sum_of(sized) if sized else None,
        usage=_sum(uses),
        measured=len(uses),
        known=rows[0].known,
        at_least=rows[0].at_least,
    )


def _together(pools: Sequence[PoolRow], known: bool, at_least: bool) -> PoolRow:
    sized = [pool.allocatable for pool in pools if pool.allocatable is not None]
    return PoolRow(
        name="",
        nodes=sum(pool.nodes for pool in pools),
        ready=sum(pool.ready for pool in pools),
        cordoned=sum(pool.cordoned for pool in pools),
        unknown=sum(pool.unknown for pool in pools),
        severity=max((pool.severity for pool in pools), default=Severity.FINE),
        allocatable=sum_of(sized) if sized else None,
        usage=_sum([pool.usage for pool in pools if pool.usage is not None]),
        measured=sum(pool.measured for pool in pools),
        known=known,
        at_least=at_least,
    )


def _sum(uses: Sequence[Usage]) -> Usage | None:
    """What was measured, together; None where nothing was."""
    cpu = [use.cpu for use in uses if use.cpu is not None]
    memory = [use.memory for use in uses if use.memory is not None]
    if not cpu and not memory:
        return None
    return Usage(sum(cpu, Decimal(0)) if cpu else None, sum(memory) if memory else None)
