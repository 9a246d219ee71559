"""The image pullers of a hub, node by image: what is pulled, which node holds an upgrade up.

What the awaiter of the hook waits for (facts.md §1.4): in the first PATIENCE seconds that all nodes
that should have a puller have all images (numberReady = desiredNumberScheduled), then that those
do that have one (numberReady >= currentNumberScheduled). It has no end of its own: helm's timeout,
counted from the start of its Job, ends it.

The DaemonSets of a prepull are told in the same way, those of one operation together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from hubtui.model import kube
from hubtui.model.prepull import OPERATION
from hubtui.model.pulls import Pull, PullState, merged, pulls_of
from hubtui.model.roles import AWAITER, MANAGED_BY, OURS, Role, component_of, role_of

if TYPE_CHECKING:
    from hubtui.services.session import Session

PATIENCE: Final = 10
"""The chart's default of prePuller.hook.podSchedulingWaitDuration, in seconds."""

PULLERS: Final = (Role.HOOK_PULLER, Role.CONTINUOUS_PULLER, Role.PREPULL)


@dataclass(frozen=True, slots=True)
class NodePulls:
    """One pod of a puller: `node` is empty while it has none, `words` then say why."""

    node: str
    pod: kube.Pod
    pulls: tuple[Pull, ...]
    ready: bool
    words: str = ""

    @property
    def leaving(self) -> bool:
        """Whether the pod was deleted: it counts for nothing any more."""
        return self.pod.metadata.deletion_timestamp is not None

    @property
    def current(self) -> Pull | None:
        """The image that it is at, or that failed; None when it has all, or waits for its node."""
        return next(
            (p for p in self.pulls if p.state in (PullState.FAILED, PullState.PULLING)), None
        )

    @property
    def since(self) -> datetime | None:
        """Since when it is as it is: at an image, or without a node."""
        if self.current is not None:
            return self.current.since
        return None if self.ready else self.pod.metadata.creation_timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """What a helm waits for: `since` when, `left` of its timeout (none when it is over), and
    `wanted` nodes, which are all that should have a puller while it is `strict`."""

    since: datetime | None
    timeout: timedelta
    left: timedelta
    wanted: int
    strict: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PullMatrix:
    """One DaemonSet, or those of one prepull: its nodes, those that lack an image first, by its
    images.

    `wanted`, `current` and `ready` are the DaemonSet's own counts: nodes that should have a pod,
    that have one, and whose pod is ready. `awaited` is set while a hook waits for them;
    `operation` is the one that a prepull belongs to.
    """

    role: Role
    daemonset: str
    images: tuple[str, ...]
    rows: tuple[NodePulls, ...]
    wanted: int
    current: int
    ready: int
    awaited: Awaited | None = None
    operation: str = ""

    @property
    def lacking(self) -> tuple[NodePulls, ...]:
        """The nodes that lack an image."""
        return tuple(row for row in self.rows if not row.ready and not row.leaving)

    @property
    def missing(self) -> int:
        """How many ready nodes an awaiter still waits for, by the counts it goes by."""
        wanted = self.awaited.wanted if self.awaited is not None else self.wanted
        return max(0, wanted - self.ready)

    @property
    def blocking(self) -> tuple[NodePulls, ...]:
        """The nodes that hold the upgrade up; empty where nothing waits.

        A node that the DaemonSet does not want any more has its pod still, and holds nothing up:
        when fewer are waited for than lack an image, which they are is not known from the counts.
        """
        return self.lacking if self.awaited is not None and self.missing else ()

    def at(self, node: str) -> NodePulls | None:
        """The row of a node."""
        return next((row for row in self.rows if row.node == node), None)


class Pullers:
    """The pullers of one session, read from its stores. `update` takes in what changed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        stores = session.pods.stores
        self._pods = stores.pods
        self._daemonsets = stores.daemonsets
        self._jobs = session.jobs
        self._pods_seen = stores.pods.subscribe()
        self._others_seen = (stores.daemonsets.subscribe(), session.jobs.subscribe())
        self._rows: dict[Role, dict[str, NodePulls]] = {role: {} for role in PULLERS}
        self._words: dict[tuple[str, str], str] = {}
        self._awaiting: set[str] = set()

    def close(self) -> None:
        """Nothing is noted for it any more."""
        self._pods.unsubscribe(self._pods_seen)
        self._daemonsets.unsubscribe(self._others_seen[0])
        self._jobs.unsubscribe(self._others_seen[1])

    def update(self) -> bool:
        """Takes in what the stores learned; whether anything of a puller changed."""
        everything, keys = self._pods_seen.drain()
        if everything:
            keys = {pod.key for pod in self._pods} | {
                k for rows in self._rows.values() for k in rows
            }
        changed = [self._replace(key, self._pods.get(key)) for key in keys]
        others = [any(seen.drain()) for seen in self._others_seen]
        return any(changed) or any(others)

    def _replace(self, key: str, pod: kube.Pod | None) -> bool:
        had = [rows.pop(key, None) for rows in self._rows.values()]
        self._awaiting.discard(key)
        role = role_of(pod, self._session.release) if pod is not None else None
        if pod is None or role not in PULLERS:
            return any(had)
        if _is_of_job(pod):
            self._awaiting.add(key)
            return True
        self._rows[role][key] = self._row(pod)
        return True

    def _row(self, pod: kube.Pod) -> NodePulls:
        pulls = tuple(self._with_words(pod, pull) for pull in brought(pod))
        ready = any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions)
        return NodePulls(pod.spec.node_name, pod, pulls, ready, _no_node(pod))

    def _with_words(self, pod: kube.Pod, pull: Pull) -> Pull:
        """Keeps the registry's words: a back-off of older kubelets does not repeat them."""
        if pull.state is not PullState.FAILED:
            return pull
        key = (pod.metadata.uid, pull.image)
        reason, _, words = pull.words.partition(": ")
        if words:
            self._words[key] = words
        known = self._words.get(key, "")
        return Pull(pull.image, pull.state, pull.since, f"{reason}: {known}".rstrip(": "))

    @property
    def awaiting(self) -> tuple[str, ...]:
        """The pods of the awaiter's Job, by `namespace/name`."""
        return tuple(sorted(self._awaiting))

    def matrices(self, now: datetime, timeout: timedelta) -> tuple[PullMatrix, ...]:
        """The pullers that there are, the hook's first; `timeout` is helm's."""
        found, ours = [], dict[str, list[kube.DaemonSet]]()
        for each in self._daemonsets:
            role = self._role_of(each)
            if role is Role.PREPULL:
                ours.setdefault(each.metadata.labels.get(OPERATION, ""), []).append(each)
            elif role is not None:
                found.append(self._matrix(role, each, now, timeout))
        found += [self._prepull(operation, sets, now) for operation, sets in ours.items()]
        return tuple(sorted(found, key=lambda matrix: PULLERS.index(matrix.role)))

    def hook(self, now: datetime, timeout: timedelta) -> PullMatrix | None:
        """The hook's puller; None when it is not in the cluster."""
        found = self.matrices(now, timeout)
        return next((m for m in found if m.role is Role.HOOK_PULLER), None)

    def _role_of(self, daemonset: kube.DaemonSet) -> Role | None:
        labels = daemonset.metadata.labels
        owner = labels.get("release", "")
        if owner and self._session.release and owner != self._session.release:
            return None
        role = next((role for role in PULLERS if component_of(labels) == role), None)
        ours = labels.get(MANAGED_BY) == OURS
        return role if (role is Role.PREPULL) is ours else None

    def _matrix(
        self, role: Role, daemonset: kube.DaemonSet, now: datetime, timeout: timedelta
    ) -> PullMatrix:
        name, status = daemonset.metadata.name, daemonset.status
        rows = [row for row in self._rows[role].values() if _is_of(row.pod, name)]
        waits = role is Role.HOOK_PULLER
        return PullMatrix(
            role=role,
            daemonset=name,
            images=images_of(rows),
            rows=tuple(sorted(rows, key=lambda row: _place(row, now))),
            wanted=status.desired_number_scheduled,
            current=status.current_number_scheduled,
            ready=status.number_ready,
            awaited=awaited(self._jobs, status, now, timeout) if waits else None,
        )

    def _prepull(
        self, operation: str, daemonsets: list[kube.DaemonSet], now: datetime
    ) -> PullMatrix:
        """One prepull: an image that it could not have is passed over by a further DaemonSet."""
        daemonsets = sorted(daemonsets, key=lambda each: (len(each.metadata.name), each.key))
        names = {each.metadata.name for each in daemonsets}
        rows = [
            row
            for row in self._rows[Role.PREPULL].values()
            if any(owner.name in names for owner in row.pod.metadata.owner_references)
        ]
        nodes = tuple(sorted(by_node(rows), key=lambda row: _place(row, now)))
        return PullMatrix(
            role=Role.PREPULL,
            daemonset=daemonsets[0].metadata.name,
            images=images_of(nodes),
            rows=nodes,
            wanted=max(each.status.desired_number_scheduled for each in daemonsets),
            current=max(each.status.current_number_scheduled for each in daemonsets),
            ready=sum(row.ready for row in nodes),
            operation=operation,
        )


def brought(pod: kube.Pod) -> tuple[Pull, ...]:
    """The images that a puller's pod brings; of a prepull without the one that only waits."""
    pulls = pulls_of(pod)
    if pod.metadata.labels.get(MANAGED_BY) != OURS:
        return pulls
    named = {container.image for container in pod.spec.init_containers}
    return tuple(pull for pull in pulls if pull.image in named)


def by_node(rows: Iterable[NodePulls]) -> list[NodePulls]:
    """The pods of one prepull as a row for each node, which is ready when all images are there."""
    found: dict[str, list[NodePulls]] = {}
    for row in rows:
        found.setdefault(row.node or row.pod.metadata.name, []).append(row)
    return [_together(same) for same in found.values()]


def _together(rows: list[NodePulls]) -> NodePulls:
    rows = sorted(rows, key=lambda row: (row.leaving, str(row.pod.metadata.creation_timestamp)))
    live = [row for row in rows if not row.leaving] or rows
    pulls = merged(row.pulls for row in rows)
    ready = bool(pulls) and all(pull.state is PullState.DONE for pull in pulls)
    return replace(live[-1], pulls=pulls, ready=ready)


def awaited(
    jobs: Iterable[kube.Job], status: kube.WorkloadStatus, now: datetime, timeout: timedelta
) -> Awaited | None:
    """What the awaiter's Job waits for; None when there is none at work."""
    job = awaiter_of(jobs)
    if job is None:
        return None
    since = job.status.start_time or job.metadata.creation_timestamp
    passed = now - since if since is not None else timedelta(0)
    strict = passed < timedelta(seconds=PATIENCE)
    wanted = status.desired_number_scheduled if strict else status.current_number_scheduled
    left = max(timedelta(0), timeout - passed)
    return Awaited(since=since, timeout=timeout, left=left, wanted=wanted, strict=strict)


def awaiter_of(jobs: Iterable[kube.Job]) -> kube.Job | None:
    """The Job that waits for the hook's puller, while it does."""
    return next((j for j in jobs if j.metadata.name.endswith(AWAITER) and j.status.active), None)


def images_of(rows: Iterable[NodePulls]) -> tuple[str, ...]:
    """All images of these pods, in the order in which they are pulled."""
    found: Mapping[str, None] = dict.fromkeys(p.image for row in rows for p in row.pulls)
    return tuple(found)


def _is_of_job(pod: kube.Pod) -> bool:
    """Whether it is the awaiter's pod, which has the role of the hook too."""
    return any(owner.kind == "Job" for owner in pod.metadata.owner_references)


def _is_of(pod: kube.Pod, daemonset: str) -> bool:
    owners = [o.name for o in pod.metadata.owner_references if o.kind == "DaemonSet"]
    return not owners or daemonset in owners


def _no_node(pod: kube.Pod) -> str:
    """Why a pod has no node, in the scheduler's words."""
    if pod.spec.node_name:
        return ""
    told = next((c for c in pod.status.conditions if c.type == "PodScheduled"), None)
    return (told.message if told is not None else "") or "not placed yet"


def _place(row: NodePulls, now: datetime) -> tuple[object, ...]:
    """Failed, without a node, pulling, done; who waits longest first."""
    current = row.current
    failed = current is not None and current.state is PullState.FAILED
    since = row.since.timestamp() if row.since is not None else now.timestamp()
    return row.ready, row.leaving, not failed, bool(row.node), since, row.node
