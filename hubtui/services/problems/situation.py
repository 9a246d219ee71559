"""What the incidents are decided from: facts that were read, at one moment."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from hubtui.model import kube
from hubtui.model.autoscaler import Autoscaler
from hubtui.model.disagreement import Disagreement
from hubtui.model.disk import Figures
from hubtui.model.hub import HubServer, ServerKey
from hubtui.model.hub_db import HubDb
from hubtui.model.hub_load import Failures
from hubtui.model.kube_changes import Budget
from hubtui.model.kube_needs import Attachment, Claim, Node, Quota
from hubtui.model.release import RevisionHead, Status
from hubtui.model.roles import Role
from hubtui.model.why_facts import Missing, Why
from hubtui.services.metric_rows import MetricRow
from hubtui.services.pods import PodRow

CORE_ROLES: Final = (Role.HUB, Role.PROXY, Role.AUTOHTTPS, Role.USER_SCHEDULER)
"""The parts without which nobody works."""

SUSPECTED: Final = 24 * 3600.0
"""Seconds in which a revision is suspected of what goes wrong."""

_SLACK: Final = timedelta(minutes=2)
"""A revision is marked as deployed after its objects were applied."""


@dataclass(frozen=True, slots=True)
class HelmHere:
    """What this machine knows of a helm at work on the newest revision, which is pending.

    `live` are the words of the operation that holds the release's lock, `left_by` who began the
    revision with a helm that has ended; `quiet_since` is when nobody was seen at work first.
    """

    live: str = ""
    left_by: str = ""
    quiet_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class HookPuller:
    """The hook image puller of an upgrade: pods that are `ready` of those `wanted`, and since when
    the awaiter's Job waits for them."""

    ready: int
    wanted: int
    since: datetime | None
    daemonset: str = "hook-image-puller"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSeen:
    """What the hub itself said, at `at`: its servers, and where it disagrees with pods and proxy
    for good.

    `cull` are the values of the culler, None where they were not read; `culler` its lines in the
    hub's log, None while nobody has looked there. `took` are the seconds in which it told all its
    users with servers.
    """

    at: datetime
    servers: Mapping[ServerKey, HubServer] = field(default_factory=dict)
    lasting: Sequence[Disagreement] = ()
    took: float = 0.0
    cull: Mapping[str, Any] | None = None
    culler: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSeen:
    """How much the hub has to do: numbers of the metrics pane that are fresh, and the spawns that
    failed one after the other, the last of them at `failed_at`; `filled_at` is since when its
    memory is seen near the limit. `path` is where the values of the hub's chart stand in those of
    the release."""

    numbers: Sequence[MetricRow] = ()
    failures: Failures = field(default_factory=Failures)
    failed_at: datetime | None = None
    filled_at: datetime | None = None
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SeatsSeen:
    """How many more of the usual servers fit, now and when placeholders give way, and what binds;
    with `at_most` no more than that."""

    now: int
    giving_way: int
    binds: str
    at_most: bool = False


@dataclass(frozen=True, slots=True)
class Grower:
    """Whose home grows: bytes that are there, and bytes a day where that is known."""

    name: str
    size: int
    per_day: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSeen:
    """One file system that claims of the hub stand on, the database's aside.

    `name` is the claim's, or the server and path of an NFS that several claims are on, or none,
    where pods mount it by themselves. `shared` says that many homes are on it, `user` whose home it
    is else. `full_at` is when it will be full, None where that cannot be told with confidence;
    `trend` says how it was reckoned. `expandable` is None where the class is not known, `backing`
    what is behind it in words.
    """

    name: str
    claims: tuple[str, ...]
    figures: Figures
    shared: bool = False
    user: str = ""
    full_at: datetime | None = None
    trend: str = ""
    expandable: bool | None = None
    backing: str = ""
    growers: tuple[Grower, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumesSeen:
    """What was read of volumes because a pod waits for one: the claims of such pods, where volumes
    are attached, and the pods that mount those claims. None is for what was not read."""

    claims: Sequence[Claim] | None = None
    attachments: Sequence[Attachment] | None = None
    pods: Sequence[kube.Pod] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One look at a hub.

    `heads` are newest first; `apps` the JupyterHub version of revisions, as far as it was read;
    `descriptions` likewise. `helm` is None until somebody has looked. `troubled` are all pods of
    which something is not as it should be, `core` all pods of the core, troubled or not.
    `expected` says how many pods a role's workloads ask for, `absent` since when a role that
    should have pods has none. `events` are newest first, by the pod's name; `whys` explain pods by
    key, with None for one that was asked for in vain. `log` is the end of the hub's log before its
    last restart. `server` is a user's pod, for what a further one would ask for; `seats` is
    None where nobody looks at seats. `hub` is None while the hub's API has given no whole answer;
    `load` is how much the hub has to do; `memory` are the bytes that pods use, by name, as far as
    they are measured. `held` are the nodes that few who are idle may keep, or a stray pod,
    with what is on them as far as it is known; `filled` has what is on the nodes of the core while
    a part of it has none; `budgets` the disruption budgets of all namespaces,
    None where they were not read; `autoscaler` what one tells of itself, None where nothing is
    known, and `no_autoscaler` that there is none. `disks` are those that were measured, `hub_db`
    what is known of the hub's database, `volumes` what was read because a pod waits for one.
    `missing` has what could not be read, by source.
    """

    now: datetime
    release: str = ""
    namespace: str = ""
    heads: Sequence[RevisionHead] = ()
    apps: Mapping[int, str] = field(default_factory=dict)
    descriptions: Mapping[int, str] = field(default_factory=dict)
    timeout: timedelta = timedelta(minutes=10)
    helm: HelmHere | None = None
    hook: HookPuller | None = None
    troubled: Sequence[PodRow] = ()
    core: Sequence[PodRow] = ()
    expected: Mapping[Role, int] = field(default_factory=dict)
    absent: Mapping[Role, datetime] = field(default_factory=dict)
    events: Mapping[str, Sequence[kube.Event]] = field(default_factory=dict)
    whys: Mapping[str, Why | None] = field(default_factory=dict)
    nodes: Mapping[str, Node] = field(default_factory=dict)
    nodes_at: datetime | None = None
    quotas: Sequence[Quota] = ()
    server: kube.Pod | None = None
    seats: SeatsSeen | None = None
    hub: HubSeen | None = None
    load: LoadSeen = LoadSeen()
    memory: Mapping[str, int] = field(default_factory=dict)
    log: Sequence[str] | None = None
    held: Mapping[str, Collection[kube.Pod]] = field(default_factory=dict)
    filled: Mapping[str, Collection[kube.Pod]] = field(default_factory=dict)
    budgets: Mapping[str, Sequence[Budget]] | None = None
    autoscaler: Autoscaler | None = None
    no_autoscaler: bool = False
    disks: Sequence[DiskSeen] = ()
    hub_db: HubDb | None = None
    volumes: VolumesSeen = VolumesSeen()
    missing: Mapping[str, str] = field(default_factory=dict)

    def of_role(self, role: Role) -> list[PodRow]:
        """The pods of one role of the core."""
        return [row for row in self.core if row.role is role]

    def why(self, row: PodRow) -> Why | None:
        """What explains a pod, once that was read."""
        return self.whys.get(row.pod.key)

    def before_last_upgrade(self, since: datetime | None) -> RevisionHead | None:
        """The revision to go back to, where the last upgrade may have brought a trouble that began
        at `since`: it is in force, young, and older than the trouble."""
        newest = self.heads[0] if self.heads else None
        at = (newest.modified or newest.created) if newest is not None else None
        if newest is None or newest.status is not Status.DEPLOYED or at is None:
            return None
        if self.seconds(at) > SUSPECTED or (since is not None and since < at - _SLACK):
            return None
        earlier = (head for head in self.heads[1:] if head.status is Status.SUPERSEDED)
        return next(earlier, None)

    def asked(self, row: PodRow) -> bool:
        """Whether it was asked what explains a pod, be it in vain."""
        return row.pod.key in self.whys

    def events_of(self, row: PodRow) -> Sequence[kube.Event]:
        """What the cluster said of a pod, newest first, and of none that had its name before."""
        told = self.events.get(row.pod.metadata.name, ())
        return [event for event in told if event.is_about(row.pod)]

    def newest(self, row: PodRow, *reasons: str) -> kube.Event | None:
        """The newest event of one of these reasons."""
        return next((event for event in self.events_of(row) if event.reason in reasons), None)

    def seconds(self, moment: datetime | None) -> float:
        """Seconds since a moment; 0 when it is not known."""
        return max(0.0, (self.now - moment).total_seconds()) if moment else 0.0

    def unread(self, *sources: str) -> tuple[Missing, ...]:
        """Which of these sources could not be read."""
        return tuple(Missing(name, self.missing[name]) for name in sources if name in self.missing)
