"""Reads what the stores do not hold, within a budget, and only while something is suspected.

=================  ==============================================================
source             cost
=================  ==============================================================
nodes              a LIST each NODES_EVERY seconds at most; none while somebody looks at
                   nodes, which are followed then
pods of a core     a LIST for each node of the core, FILLED_MOST at most, each FILLED_EVERY
node               seconds, while a part of the core has no node and nobody looks at nodes
autoscaler         a GET of its ConfigMap each AUTOSCALER_EVERY seconds, while a node may
                   stay for nobody who works, or a server waits for one
resource quotas    a LIST each QUOTAS_EVERY seconds at most, QUOTAS_QUIET while no
                   pod changes
a pod of a kind    a GET for each kind of trouble, EXPLAINED_AT_ONCE each
of trouble         READ_EVERY seconds at most, the same again after EXPLAIN_AGAIN
the hub's log      once for each restart of the hub: LOG_LINES lines
events             the namespace's feed, from the first suspicion on
payloads           of the newest VERSIONS revisions, while the hub crashes
locks, journal     of this machine, each HELM_EVERY seconds while a revision is
                   pending
the hub's API      see services.problems.hub_reading
the hub's load     see services.problems.load_reading
disks, volumes     see services.problems.storage_reading
=================  ==============================================================
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from hubtui.errors import HubtuiError, NotFoundError
from hubtui.model import autoscaler
from hubtui.model.autoscaler import Autoscaler, autoscaler_of
from hubtui.model.kinds import CONFIGMAPS, EVENTS, NODES, PODS, QUOTAS, WHOLE_PODS
from hubtui.model.kube import Pod
from hubtui.model.kube_needs import Node, Quota
from hubtui.model.packing import counts
from hubtui.model.redact import Redactor
from hubtui.model.release import RevisionHead
from hubtui.model.roles import Role
from hubtui.model.why import explain
from hubtui.model.why_facts import Facts, Missing, Why
from hubtui.services.nodes import ELSEWHERE
from hubtui.services.pods import PodRow
from hubtui.services.problems import core_nodes
from hubtui.services.problems.hub_reading import HubReading
from hubtui.services.problems.index import EventIndex
from hubtui.services.problems.load_reading import LoadReading
from hubtui.services.problems.pending_release import SETTLING
from hubtui.services.problems.signs import last_end, placed_at
from hubtui.services.problems.situation import HelmHere
from hubtui.services.problems.storage_reading import StorageReading
from hubtui.services.problems.suspects import Suspects
from hubtui.services.releases import version_key
from hubtui.services.store import State, utc_now
from hubtui.services.why import look_of

if TYPE_CHECKING:
    from hubtui.services.session import Session

NODES_EVERY: Final = 30.0
FILLED_EVERY: Final = 30.0
FILLED_MOST: Final = 3
AUTOSCALER_EVERY: Final = 60.0
QUOTAS_EVERY: Final = 10.0
QUOTAS_QUIET: Final = 60.0
READ_EVERY: Final = 3.0
EXPLAINED_AT_ONCE: Final = 4
EXPLAIN_AGAIN: Final = 30.0
HELM_EVERY: Final = 5.0
LOG_LINES: Final = 40
VERSIONS: Final = 5

_LONGEST_LINE: Final = 300
_NOT_ASKED: Final = tuple(Missing(name, "not asked for") for name in ("claims", "nodes"))
"""An explanation must not take for gone what nobody has asked for."""

Read = Callable[[], Awaitable[None]]


class Reading:
    """What was read, and when each source may be asked again. `clock` gives seconds."""

    def __init__(self, session: Session, clock: Callable[[], float]) -> None:
        self._session = session
        self._clock = clock
        self._due: dict[str, float] = {}
        self._whys: dict[object, tuple[Why | None, float]] = {}
        self._log_of: tuple[str, int] | None = None
        self._head = ""
        self._pods = -1
        self.events: EventIndex | None = None
        self._listed: Mapping[str, Node] = {}
        self._listed_at: datetime | None = None
        self.autoscaler: Autoscaler | None = None
        self.no_autoscaler = False
        self.filled: Mapping[str, Sequence[Pod]] = {}
        self.quotas: Sequence[Quota] = ()
        self.log: Sequence[str] | None = None
        self.helm: HelmHere | None = None
        self.missing: dict[str, str] = {}
        self.hub = HubReading(session, clock, self.missing)
        self.storage = StorageReading(session, clock, self.missing)
        self.load = LoadReading(session, clock, self.missing)

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes by name, as far as they are known."""
        if self._follows_nodes:
            return {node.metadata.name: node for node in self._session.nodes.store}
        return self._listed

    @property
    def nodes_at(self) -> datetime | None:
        """When the nodes were as they are in `nodes`."""
        return utc_now() if self._follows_nodes else self._listed_at

    @property
    def _follows_nodes(self) -> bool:
        store = self._session.nodes.store
        return store.complete and store.health.state is State.LIVE

    @property
    def follows_all(self) -> bool:
        """Whether nodes and all that is on them are followed, because somebody looks at nodes."""
        return self._follows_nodes and self._session.nodes.elsewhere.complete

    def whys(self, rows: Iterable[PodRow]) -> dict[str, Why | None]:
        """What explains those pods that were asked for, or others that look the same."""
        looks = {row.pod.key: self._whys.get(look_of(row)) for row in rows}
        return {key: found[0] for key, found in looks.items() if found is not None}

    def forget(self, seen: Suspects) -> None:
        """Drops what was read of a suspicion that is over."""
        looks = {look_of(row) for row in seen.rows}
        self._whys = {look: why for look, why in self._whys.items() if look in looks}
        if seen.pending is None:
            self.helm, self._head = None, ""
        if not _wants_autoscaler(seen):
            self.missing.pop("autoscaler", None)
        if not seen.homeless:
            self.filled = {}
            self.missing.pop(ELSEWHERE, None)
        if seen.ended is None:
            self.log, self._log_of = None, None
            self.missing.pop("log", None)

    def wanted(self, seen: Suspects, now: datetime, pods: int) -> list[Read]:
        """The reads that are due; `pods` is another number whenever a pod changed."""
        found: list[Read] = []
        if self._is_due("quotas", QUOTAS_EVERY if pods != self._pods else QUOTAS_QUIET):
            found.append(partial(self._read_quotas, pods))
        if self._follows_nodes:
            self.missing.pop("nodes", None)
        elif seen.nodes and self._is_due("nodes", NODES_EVERY):
            found.append(partial(self._read_nodes, now))
        if (
            seen.homeless
            and self.nodes
            and not self.follows_all
            and self._is_due("filled", FILLED_EVERY)
        ):
            found.append(self._read_core_nodes)
        if _wants_autoscaler(seen) and self._is_due("autoscaler", AUTOSCALER_EVERY):
            found.append(self._read_autoscaler)
        if seen.events and self.events is None:
            found.append(self._read_events)
        if seen.ended is not None and self._log_of != _life_of(seen.ended):
            found.append(partial(self._read_log, seen.ended))
        if seen.crashing and self._is_due("versions", EXPLAIN_AGAIN):
            found.append(self._read_versions)
        if seen.pending is not None and self._is_helm_due(seen.pending):
            found.append(partial(self._look_for_helm, seen.pending, now))
        found += self.hub.wanted()
        return found

    def unexplained(self, seen: Suspects) -> list[PodRow]:
        """A pod of each kind of trouble that is to be explained, or explained anew."""
        old = self._clock() - EXPLAIN_AGAIN
        kinds = {look_of(row): row for row in seen.rows}
        rows = [
            row
            for look, row in kinds.items()
            if (known := self._whys.get(look)) is None or known[1] < old
        ]
        return rows[:EXPLAINED_AT_ONCE]

    def _is_due(self, name: str, every: float) -> bool:
        return self._clock() - self._due.get(name, -every) >= every

    def _is_helm_due(self, head: RevisionHead) -> bool:
        return self._head != version_key(head) or self._is_due("helm", HELM_EVERY)

    async def _read_quotas(self, pods: int) -> None:
        self._pods = pods
        self._due["quotas"] = self._clock()
        client, namespace = self._session.client, self._session.namespace
        found = await self._get("resource quotas", client.list(QUOTAS, namespace))
        self.quotas = found if found is not None else ()

    async def _read_nodes(self, now: datetime) -> None:
        self._due["nodes"] = self._clock()
        found = await self._get("nodes", self._session.client.list(NODES))
        if found is not None:
            self._listed = {node.metadata.name: node for node in found}
            self._listed_at = now

    async def _read_core_nodes(self) -> None:
        """What is on the nodes of the core, also of other namespaces."""
        self._due["filled"] = self._clock()
        names = [node.metadata.name for node in core_nodes.core_nodes(self.nodes)][:FILLED_MOST]
        found: dict[str, Sequence[Pod]] = {}
        for name in names:
            asked = self._session.client.list(PODS, fields=f"spec.nodeName={name}")
            pods = await self._get(ELSEWHERE, asked)
            if pods is not None:
                found[name] = [pod for pod in pods if counts(pod)]
        self.filled = found

    async def _read_autoscaler(self) -> None:
        """What the Cluster Autoscaler tells of itself, if there is one."""
        self._due["autoscaler"] = self._clock()
        self.autoscaler, self.no_autoscaler = None, False
        try:
            asked = self._session.client.get(CONFIGMAPS, autoscaler.NAMESPACE, autoscaler.NAME)
            self.autoscaler = autoscaler_of((await asked).data.get("status", ""))
            self.missing.pop("autoscaler", None)
        except NotFoundError:
            self.no_autoscaler = True
            self.missing.pop("autoscaler", None)
        except HubtuiError as error:
            self.missing["autoscaler"] = error.what

    async def _read_events(self) -> None:
        store = self._session.feeds.add(EVENTS, self._session.namespace)
        self.events = EventIndex(store)
        await self._get("events", self._session.feeds.fill(store))

    async def _read_log(self, row: PodRow) -> None:
        """The end of the log of the hub that ended, without what looks secret."""
        self._log_of = _life_of(row)
        ended = last_end(row.pod)
        container = ended[0].name if ended else ""
        runs_again = ended is not None and ended[0].state.terminated is None
        lines: list[str] = []
        try:
            async for line in self._session.pods.logs(
                self._session.namespace,
                row.pod.metadata.name,
                container=container,
                previous=runs_again,
                tail=LOG_LINES,
            ):
                if line.strip():
                    lines.append(line.strip()[:_LONGEST_LINE])
        except HubtuiError as error:
            self.missing["log"] = error.what
            self.log = None
            return
        self.missing.pop("log", None)
        self.log = Redactor().mask_text("\n".join(lines)).splitlines()

    async def _read_versions(self) -> None:
        self._due["versions"] = self._clock()
        heads = self._session.releases.heads(self._session.release)[:VERSIONS]
        await self._get("payloads", self._session.releases.summaries(heads))

    async def _look_for_helm(self, head: RevisionHead, now: datetime) -> None:
        self._due["helm"] = self._clock()
        session, operations = self._session, self._session.operations

        def look() -> tuple[str, str]:
            release = session.release
            return operations.live_here(release), operations.left_by(release, head.revision)

        before = self.helm if self._head == version_key(head) else None
        self._head = version_key(head)
        try:
            live, left = await asyncio.to_thread(look)
        except HubtuiError as error:
            self.missing["journal"] = error.what
            live = left = ""
        else:
            self.missing.pop("journal", None)
        quiet = (before.quiet_since if before else None) or now
        self.helm = HelmHere(live, left, None if live else quiet)

    def settle(self) -> None:
        """What is known of a helm here is sure: the revision was read anew after it had ended."""
        if self.helm is not None and self.helm.quiet_since is not None:
            self.helm = replace(self.helm, quiet_since=self.helm.quiet_since - SETTLING)

    async def explain(self, rows: Sequence[PodRow], schedulers: Sequence[PodRow]) -> None:
        """Explains these pods, after all else was read."""
        for row in rows:
            why = await self._why(row, schedulers)
            self._whys[look_of(row)] = (why, self._clock())

    async def _why(self, row: PodRow, schedulers: Sequence[PodRow]) -> Why | None:
        session, meta = self._session, row.pod.metadata
        try:
            pod = await session.client.get(WHOLE_PODS, meta.namespace, meta.name)
        except NotFoundError:
            return None
        except HubtuiError as error:
            self.missing["pods"] = error.what
            return None
        missing = [Missing(name, why) for name, why in self.missing.items() if name in _TOLD]
        missing += _NOT_ASKED if not self._knows_node_of(row) else _NOT_ASKED[:1]
        if not session.pods.stores.pods.complete:
            missing.append(Missing("user-scheduler", "the pods are not read yet"))
        events = self.events.of([meta.name]) if self.events is not None else {}
        why = explain(
            Facts(
                pod=pod,
                now=utc_now(),
                role=row.role,
                events=tuple(e for e in events.get(meta.name, ()) if e.is_about(pod)),
                nodes=tuple(self.nodes.values()),
                quotas=tuple(self.quotas),
                schedulers=tuple(each.pod for each in schedulers),
                last_words=tuple((self.log or ())[-3:]) if row.role is Role.HUB else (),
                missing=tuple(missing),
            )
        )
        return replace(why, missing=tuple(m for m in why.missing if m not in _NOT_ASKED))

    def _knows_node_of(self, row: PodRow) -> bool:
        """Whether the nodes were read, and since the pod was put on one."""
        name, placed = row.pod.spec.node_name, placed_at(row.pod)
        if self.nodes_at is None or "nodes" in self.missing:
            return self.nodes_at is not None and name in self.nodes
        return not name or name in self.nodes or (placed is not None and self.nodes_at > placed)

    async def _get(self, source: str, answer: Any) -> Any:
        """An answer; None where there is none, and the reason is kept."""
        try:
            found = await answer
        except HubtuiError as error:
            self.missing[source] = error.what
            return None
        self.missing.pop(source, None)
        return found


def _wants_autoscaler(seen: Suspects) -> bool:
    waits = any(row.role is Role.USERS and not row.pod.spec.node_name for row in seen.rows)
    return waits or bool(seen.held)


_TOLD: Final = ("nodes", "resource quotas", "events")
"""The sources whose absence an explanation has to say."""


def _life_of(row: PodRow) -> tuple[str, int]:
    """One run of a pod's containers."""
    return row.pod.metadata.uid or row.pod.key, row.state.restarts
