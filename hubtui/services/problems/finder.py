"""Looks for problems as the stores change: cheap while nothing is wrong, within ten seconds else.

`look` is called at each beat. It takes in what changed, decides again when something did or while
something is under way, and starts the reads that are due; it waits for none of them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from hubtui.errors import HubtuiError
from hubtui.model.age import duration
from hubtui.model.kube import Deployment, Pod
from hubtui.model.problem import Counts, Missing, Problem, counts_of
from hubtui.model.release import RevisionHead
from hubtui.model.roles import WORKLOAD_ROLES, Role, component_of
from hubtui.services.problems import problems_of, scale_down
from hubtui.services.problems.core_nodes import core_nodes
from hubtui.services.problems.hook_puller import at_work
from hubtui.services.problems.index import PodIndex
from hubtui.services.problems.reading import READ_EVERY, Read, Reading
from hubtui.services.problems.situation import CORE_ROLES, SeatsSeen, Situation
from hubtui.services.problems.suspects import Suspects, suspects
from hubtui.services.store import State, Store, utc_now

if TYPE_CHECKING:
    from hubtui.services.session import Session

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 1.0
"""Seconds between two decisions at least."""

RESTLESS: Final = 2.0
"""Seconds between two decisions while something is under way: thresholds pass by time alone."""

SHARE: Final = 20
"""A decision that takes long is made less often: it has a twentieth of the time."""

ROUNDS: Final = 4
"""Reads of who looks once: what one finds may call for another."""


class Problems:
    """The problems of one hub. `version` counts their changes."""

    def __init__(self, session: Session, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._clock = clock
        self._pods = PodIndex(session.pods.stores.pods, session.release)
        self._reading = Reading(session, clock)
        self.stores: Mapping[str, Store[Any]] = {
            "deployments": session.pods.stores.deployments,
            "statefulsets": session.pods.stores.statefulsets,
            "daemonsets": session.pods.stores.daemonsets,
            "jobs": session.jobs,
            "releases": session.releases.store,
        }
        self._seen = [store.subscribe() for store in self.stores.values()]
        self._timeout = duration(session.settings.helm_timeout)
        self._absent: dict[Role, datetime] = {}
        self._suspects = Suspects()
        self._changed = True
        self._decided = self._read_at = float("-inf")
        self._cost = 0.0
        self._work: asyncio.Task[None] | None = None
        self.found: tuple[Problem, ...] = ()
        self.version = 0

    @property
    def counts(self) -> Counts | None:
        """How many there are; None while that is not known."""
        counts = counts_of(self.found)
        if not self.found and (self.version == 0 or self._is_blind):
            return None
        return counts

    @property
    def busy(self) -> bool:
        """Whether something is yet to be read, or to be decided with what was read."""
        reads = self._work is not None and not self._work.done()
        return self.version == 0 or reads or self._changed

    @property
    def _is_blind(self) -> bool:
        return not self._session.pods.stores.pods.complete

    @property
    def missing(self) -> tuple[Missing, ...]:
        """What could not be looked at, and why."""
        stores = {"pods": self._session.pods.stores.pods, **self.stores}
        if self._reading.events is not None:
            stores["events"] = self._reading.events.store
        denied = {
            name: store.health.error.what
            for name, store in stores.items()
            if store.health.state is State.DENIED and store.health.error is not None
        }
        return tuple(Missing(*each) for each in {**denied, **self._reading.missing}.items())

    def look(self, now: datetime) -> None:
        """One beat."""
        if not self._session.pods.stores.pods.loaded.is_set():
            return
        self._take_in()
        since = self._clock() - self._decided
        restless = self._changed or (since >= RESTLESS and self._is_restless)
        if restless and since >= max(LOOK_EVERY, SHARE * self._cost):
            self._decide(now)
        self._start_reading(now)

    def _take_in(self) -> None:
        if self._pods.update():
            self._changed = True
        for subscription in self._seen:
            if any(subscription.drain()):
                self._changed = True
        if self._reading.events is not None and self._reading.events.update():
            self._changed = self._changed or bool(self._suspects.events)
        if self._reading.storage.update():
            self._changed = True

    @property
    def _is_restless(self) -> bool:
        seen = self._suspects
        return bool(self._pods.troubled or self.found or self._absent or seen.pending or seen.ended)

    def _decide(self, now: datetime) -> None:
        began = self._clock()
        self._decided, self._changed = began, False
        heads = self._session.releases.heads(self._session.release)
        newest = heads[0] if heads else None
        held = scale_down.candidates(
            self._pods.on_nodes, self._reading.hub.seen, now, self._session.release
        )
        self._suspects = suspects(self._pods.troubled, self._pods.core, newest, now, held)
        self._reading.forget(self._suspects)
        found = problems_of(self._situation(heads, now))
        if found != self.found or self.version == 0:
            self.found = found
            self.version += 1
        self._cost = self._clock() - began

    def _situation(self, heads: Sequence[RevisionHead], now: datetime) -> Situation:
        session, reading = self._session, self._reading
        known = {head.revision: session.releases.known(head) for head in heads[:12]}
        expected = session.pods.expected()
        rows = list(self._pods.troubled)
        names = {row.pod.metadata.name for row in (*rows, *self._pods.core)}
        return Situation(
            now=now,
            release=session.release,
            namespace=session.namespace,
            heads=heads,
            apps={number: each.app for number, each in known.items() if each},
            descriptions={number: each.description for number, each in known.items() if each},
            timeout=self._timeout,
            helm=reading.helm,
            hook=at_work(session.pods.stores.daemonsets, session.jobs, session.release),
            troubled=rows,
            core=list(self._pods.core),
            expected=expected,
            absent=self._absent_roles(expected, now),
            events=reading.events.of(names) if reading.events is not None else {},
            whys=reading.whys(self._suspects.rows),
            nodes=reading.nodes,
            nodes_at=reading.nodes_at,
            quotas=reading.quotas,
            server=self._pods.server,
            seats=self._seats(),
            hub=reading.hub.seen,
            memory={
                **reading.hub.memory(row.pod.metadata.name for row in self._pods.core),
                **reading.load.memory,
            },
            load=reading.load.seen(now),
            log=reading.log,
            held=self._held(),
            filled=self._filled(),
            budgets=session.scale_down.budgets,
            autoscaler=reading.autoscaler,
            no_autoscaler=reading.no_autoscaler,
            disks=reading.storage.disks,
            hub_db=reading.storage.database(self._pods.core),
            volumes=reading.storage.volumes(self._suspects.volumes),
            missing={each.source: each.reason for each in self.missing},
        )

    def _seats(self) -> SeatsSeen | None:
        """The seats, where somebody has looked at them."""
        if self._session.seats.answer is None:
            return None
        self._session.seats.update()
        found = self._session.seats.answer
        if found is None:
            return None
        return SeatsSeen(found.total, found.giving_way, found.binds, at_most=found.at_most)

    def _held(self) -> dict[str, Collection[Pod]]:
        """What is on the nodes that may stay for nobody who works; while somebody looks at nodes,
        those that only pods of other namespaces keep are among them."""
        nodes = self._session.nodes
        if not self._reading.follows_all:
            on_nodes = self._pods.on_nodes
            return {name: on_nodes[name].values() for name in self._suspects.held}
        nodes.update()
        bare = {row.name for row in nodes.rows() if scale_down.is_bare(row)}
        return {name: nodes.pods_on(name) for name in bare.union(self._suspects.held)}

    def _filled(self) -> dict[str, Collection[Pod]]:
        """What is on the nodes of the core while a part of it has none; by the hub's own pods
        where others may not be listed."""
        if not self._suspects.homeless:
            return {}
        names = [node.metadata.name for node in core_nodes(self._reading.nodes)]
        if self._reading.follows_all:
            self._session.nodes.update()
            return {name: self._session.nodes.pods_on(name) for name in names}
        own = self._pods.on_nodes
        return {
            name: self._reading.filled.get(name) or own.get(name, {}).values() for name in names
        }

    def _absent_roles(self, expected: dict[Role, int], now: datetime) -> dict[Role, datetime]:
        """The parts without any pod, since when their workload says so, or it was seen first."""
        present = {row.role for row in self._pods.core}
        gone = [role for role in CORE_ROLES if expected.get(role) and role not in present]
        told = self._unavailable_since() if gone else {}
        self._absent = {role: told.get(role) or self._absent.get(role, now) for role in gone}
        return self._absent

    def _unavailable_since(self) -> dict[Role, datetime]:
        found: dict[Role, datetime] = {}
        for workload in self._session.pods.stores.deployments:
            role = WORKLOAD_ROLES.get(component_of(workload.metadata.labels))
            since = _not_available(workload)
            if role is not None and since is not None:
                found[role] = since
        return found

    # -- reading

    def _start_reading(self, now: datetime) -> None:
        reads = self._work is not None and not self._work.done()
        if reads or self._clock() - self._read_at < READ_EVERY:
            return
        self._read_at = self._clock()
        if wanted := self._wanted(now):
            self._work = asyncio.create_task(self._read(wanted), name="problems")
            self._work.add_done_callback(_report)

    def _wanted(self, now: datetime) -> list[Read]:
        wanted = self._reading.wanted(self._suspects, now, self._pods.version)
        wanted += self._reading.storage.wanted(self._pods.core, self._suspects.volumes)
        pods = self._pods
        wanted += self._reading.load.wanted(pods.core, pods.troubled, self.found, now)
        if not wanted and self._reading.unexplained(self._suspects):
            return [_nothing]
        return wanted

    async def _read(self, wanted: Sequence[Read]) -> None:
        await asyncio.gather(*(read() for read in wanted))
        if self._reading.events is not None:
            self._reading.events.update()
        rows = self._reading.unexplained(self._suspects)
        schedulers = [row for row in self._pods.core if row.role is Role.USER_SCHEDULER]
        await self._reading.explain(rows, schedulers)
        self._changed = True

    async def gather(self) -> None:
        """Reads all that one look needs and decides; for who looks once.

        Raises UnreachableError; what is denied is in `missing`.
        """
        stores = (self._session.pods.stores.pods, *self.stores.values())
        await self._session.feeds.fill(*(each for each in stores if not each.answered.is_set()))
        self._reading.storage.at_once()
        self._reading.load.at_once()
        for _ in range(ROUNDS):
            self._take_in()
            self._decide(utc_now())
            wanted = self._wanted(utc_now())
            if not wanted:
                break
            await self._read(wanted)
            await self._settle()
        await self._reading.hub.settle()
        self._take_in()
        self._decide(utc_now())

    async def _settle(self) -> None:
        """A helm that has ended may have had a last word since the revisions were read."""
        pending, helm = self._suspects.pending, self._reading.helm
        if pending is None or helm is None or not helm.left_by:
            return
        try:
            newest = (await self._session.releases.refresh(self._session.release))[:1]
        except HubtuiError:
            return
        if newest and newest[0].resource_version == pending.resource_version:
            self._reading.settle()

    async def close(self) -> None:
        """Ends the reading."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        await self._reading.storage.close()


async def _nothing() -> None:
    """Nothing to read before pods are explained."""


def _not_available(workload: Deployment) -> datetime | None:
    """Since when a Deployment says that it has no pod that works."""
    for each in workload.status.conditions:
        if each.type == "Available" and each.status == "False":
            return each.last_transition_time
    return None


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("problems could not be read", exc_info=error)
