"""Pods by role: who is expected, who is there, and what is the worst of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass

from hubtui.clients.gate import Call
from hubtui.clients.kube import KubeClient
from hubtui.model import kube
from hubtui.model.kinds import EVENTS, PODS
from hubtui.model.log_lines import LineSplitter
from hubtui.model.podstate import PodState, Severity, state_of
from hubtui.model.roles import ORDER, WORKLOAD_ROLES, Role, component_of, role_of
from hubtui.services.store import State, Store

TAIL_LINES = 500
"""Log lines that are asked for at first."""


@dataclass(frozen=True, slots=True)
class PodRow:
    """A pod with what is told from it."""

    pod: kube.Pod
    role: Role
    state: PodState

    @property
    def awaits(self) -> bool:
        """Whether it waits for the hook's image pullers, whose role it has, and is none of them."""
        owners = self.pod.metadata.owner_references
        return self.role is Role.HOOK_PULLER and any(owner.kind == "Job" for owner in owners)


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role: `ready` of `expected` pods are up; None where nothing says how many are meant.

    `waiting` is set when pods that are not there are as meant: placeholders without a node.
    """

    role: Role
    pods: tuple[PodRow, ...]
    ready: int
    expected: int | None
    restarts: int
    severity: Severity
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update changed: roles to look at anew and pods by key."""

    roles: frozenset[Role]
    pods: frozenset[str]


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores that the join reads."""

    pods: Store[kube.Pod]
    deployments: Store[kube.Deployment]
    statefulsets: Store[kube.StatefulSet]
    daemonsets: Store[kube.DaemonSet]


class Pods:
    """The pods of one namespace, joined with the workloads that ask for them."""

    def __init__(self, client: KubeClient, stores: Stores, namespace: str, release: str) -> None:
        self._client = client
        self.stores = stores
        self._namespace = namespace
        self._release = release
        self._rows: dict[str, PodRow] = {}
        self._members: dict[Role, dict[str, PodRow]] = {}
        self._pods_seen = stores.pods.subscribe()
        self._workloads = (stores.deployments, stores.statefulsets, stores.daemonsets)
        self._workloads_seen = [store.subscribe() for store in self._workloads]

    def row(self, key: str) -> PodRow | None:
        """One pod by `namespace/name`."""
        return self._rows.get(key)

    def rows(self) -> Collection[PodRow]:
        """All pods, as of the last update."""
        return self._rows.values()

    @property
    def count(self) -> int:
        """How many pods there are."""
        return len(self._rows)

    def update(self) -> Changes:
        """Takes in what the stores learned since the last call."""
        everything, keys = self._pods_seen.drain()
        if everything:
            keys = set(self._rows) | {pod.key for pod in self.stores.pods}
        roles: set[Role] = set()
        for key in keys:
            roles |= self._replace(key, self.stores.pods.get(key))
        for subscription in self._workloads_seen:
            if any(subscription.drain()):
                roles.update(WORKLOAD_ROLES.values())
        return Changes(frozenset(roles), frozenset(keys))

    def _replace(self, key: str, pod: kube.Pod | None) -> set[Role]:
        roles = set()
        before = self._rows.pop(key, None)
        if before is not None:
            self._members[before.role].pop(key, None)
            roles.add(before.role)
        if pod is not None:
            row = PodRow(pod, role_of(pod, self._release), state_of(pod))
            self._rows[key] = row
            self._members.setdefault(row.role, {})[key] = row
            roles.add(row.role)
        return roles

    def roles(self) -> list[RoleRow]:
        """The roles there are, in their order; healthy or not."""
        expected = self.expected()
        present = {role for role, members in self._members.items() if members} | set(expected)
        return [self.role(role, expected) for role in sorted(present, key=ORDER.__getitem__)]

    def role(self, role: Role, expected: dict[Role, int] | None = None) -> RoleRow:
        """One role."""
        wanted = (self.expected() if expected is None else expected).get(role)
        rows = tuple(self._members.get(role, {}).values())
        counted = [row for row in rows if not row.awaits] or rows
        ready = sum(1 for row in counted if row.state.up)
        if wanted is None and (role not in WORKLOAD_ROLES.values() or self._workloads_known):
            wanted = sum(1 for row in counted if row.state.severity is not Severity.PAST)
        worst = max((row.state.severity for row in rows), default=Severity.FINE)
        missing = wanted is not None and ready < wanted
        if missing and worst < Severity.WAITING:
            worst = Severity.SOON
        waiting = role is Role.USER_PLACEHOLDER and missing and worst <= Severity.SOON
        return RoleRow(
            role=role,
            pods=rows,
            ready=ready,
            expected=wanted,
            restarts=sum(row.state.restarts for row in rows),
            severity=Severity.WAITING if waiting else worst,
            waiting=waiting,
        )

    @property
    def _workloads_known(self) -> bool:
        return all(store.health.state is not State.DENIED for store in self._workloads)

    def expected(self) -> dict[Role, int]:
        """How many pods each role's workloads ask for; hooks and users ask through none."""
        expected: dict[Role, int] = {}
        for store in self._workloads:
            for workload in store:
                labels = workload.metadata.labels
                role = WORKLOAD_ROLES.get(component_of(labels))
                owner = labels.get("release", "")
                if role is None or (self._release and owner and owner != self._release):
                    continue
                if isinstance(workload, kube.DaemonSet):
                    # A pod that stays on a node which is tainted now is there, and counted.
                    status = workload.status
                    wanted = status.desired_number_scheduled + status.number_misscheduled
                else:
                    wanted = workload.spec.replicas
                if wanted or role not in (Role.USER_PLACEHOLDER, Role.HOOK_PULLER):
                    expected[role] = expected.get(role, 0) + wanted
        return expected

    async def events(self, pod: kube.Pod) -> list[kube.Event]:
        """The events of one pod, newest first. Raises DeniedError, UnreachableError."""
        meta = pod.metadata
        fields = f"involvedObject.name={meta.name},involvedObject.uid={meta.uid}"
        found = await self._client.list(EVENTS, meta.namespace, fields=fields)
        known = [event for event in found if event.last_seen is not None]
        return sorted(known, key=lambda event: str(event.last_seen), reverse=True)

    async def logs(
        self,
        namespace: str,
        pod: str,
        *,
        container: str = "",
        follow: bool = False,
        previous: bool = False,
        tail: int = TAIL_LINES,
        since_seconds: int | None = None,
        timestamps: bool = False,
    ) -> AsyncIterator[str]:
        """The lines of a container's log, made harmless, each without its line end; with
        `timestamps` its time comes first."""
        query = {"tailLines": str(tail)}
        flags = (("follow", follow), ("previous", previous), ("timestamps", timestamps))
        for name, wanted in flags:
            if wanted:
                query[name] = "true"
        if container:
            query["container"] = container
        if since_seconds is not None:
            query["sinceSeconds"] = str(since_seconds)
        call = Call("get", PODS.resource, namespace, pod, "log", query)
        async with self._client.stream(
            call, kind=PODS, read_timeout=None if follow else 30.0
        ) as content:
            splitter = LineSplitter()
            async for chunk in content.iter_any():
                for line in splitter.feed(chunk):
                    yield line
            for line in splitter.end():
                yield line
