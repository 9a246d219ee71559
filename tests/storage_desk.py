"""An operator's desk for claims: stores that a test fills, and the objects that it fills them with.

The Prometheus, the kubelets and the hub's users of it are fakes that say what a test tells them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec

from hubtui.clients.gate import Call
from hubtui.clients.kube import KubeClient
from hubtui.errors import ConfigError, HubtuiError
from hubtui.model import kube
from hubtui.model.hub import HubUser
from hubtui.model.kinds import PODS
from hubtui.model.kube_needs import Claim
from hubtui.model.prometheus import Sample, Series
from hubtui.model.promql import selector
from hubtui.model.volumes import StorageClass, Volume
from hubtui.services.disks import Disks
from hubtui.services.feeds import Feeds
from hubtui.services.hub_feed import HubFeed
from hubtui.services.storage import ClaimRow, Storage
from hubtui.services.store import Store, Subscription

Json = dict[str, Any]

HUB, RELEASE = "hub", "hub"
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GIB = 2**30
NO_PROMETHEUS = ConfigError("No Prometheus found")
SERVER_LABELS: Json = {"component": "singleuser-server", "app": "jupyterhub", "release": RELEASE}
CLAIM_LABELS: Json = {"component": "singleuser-storage", "app": "jupyterhub"}


def claim(
    name: str,
    user: str = "",
    server: str = "",
    *,
    size: str = "10Gi",
    volume: str | None = None,
    made_by: str = "standard",
    phase: str = "Bound",
    modes: tuple[str, ...] = ("ReadWriteOnce",),
    labels: Json | None = None,
) -> Claim:
    """A claim; KubeSpawner's, with a user. Its volume is named `pv-NAME`."""
    notes = {"hub.jupyter.org/username": user} if user else {}
    if server:
        notes["hub.jupyter.org/servername"] = server
    bound = phase == "Bound"
    behind = (f"pv-{name}" if bound else "") if volume is None else volume
    return msgspec.convert(
        {
            "metadata": {
                "name": name,
                "namespace": HUB,
                "labels": (CLAIM_LABELS if user else {}) if labels is None else labels,
                "annotations": notes,
                "creationTimestamp": "2026-11-01T08:00:00Z",
            },
            "spec": {
                "accessModes": modes,
                "storageClassName": made_by,
                "volumeName": behind,
                "resources": {"requests": {"storage": size}},
            },
            "status": {"phase": phase, "capacity": {"storage": size} if bound else {}},
        },
        Claim,
    )


def volume(name: str, source: Json | None = None, *, made_by: str = "standard") -> Volume:
    """A volume; a disk of a cloud without another source."""
    disk = {"csi": {"driver": "pd.csi.storage.gke.io", "volumeHandle": f"disks/{name}"}}
    return msgspec.convert(
        {
            "metadata": {"name": name},
            "spec": {
                **(disk if source is None else source),
                "storageClassName": made_by,
                "persistentVolumeReclaimPolicy": "Delete",
            },
            "status": {"phase": "Bound"},
        },
        Volume,
    )


def nfs(server: str = "10.0.0.2", path: str = "/export/home") -> Json:
    """The source of a volume on an NFS server."""
    return {"nfs": {"server": server, "path": path}}


def storage_class(
    name: str = "standard", *, expands: bool = True, made_by: str = "pd.csi.storage.gke.io"
) -> StorageClass:
    meta = {"metadata": {"name": name}}
    more = {"provisioner": made_by, "allowVolumeExpansion": expands}
    return msgspec.convert(meta | more, StorageClass)


def pod(
    name: str,
    *claims: str,
    on: str = "node-1",
    labels: Json = SERVER_LABELS,
    phase: str = "Running",
    ended_at: str = "",
    ready: bool = True,
    export: str = "",
) -> kube.Pod:
    """A server of a user that mounts claims, and a folder of an NFS server without one."""
    mounted: list[Json] = [
        {"name": each, "persistentVolumeClaim": {"claimName": each}} for each in claims
    ]
    mounted += [{"name": "nfs", **nfs(path=export)}] if export else []
    ended = {"terminated": {"exitCode": 0, "finishedAt": ended_at}} if ended_at else {}
    return msgspec.convert(
        {
            "metadata": {"name": name, "namespace": HUB, "labels": labels},
            "spec": {"nodeName": on, "volumes": mounted},
            "status": {
                "phase": phase,
                "conditions": [{"type": "Ready", "status": str(ready)}],
                "containerStatuses": [{"name": "c", "state": ended}],
            },
        },
        kube.Pod,
    )


class Users:
    """What the hub has told of its users."""

    def __init__(self) -> None:
        self.users: dict[str, HubUser] = {}
        self.seen = Subscription()

    def subscribe(self) -> Subscription:
        return self.seen

    def tell(self, user: HubUser) -> None:
        self.users[user.name] = user
        self.seen.keys.add(user.name)


class Metrics:
    """A Prometheus that holds what a test puts there, by metric; or the way to none."""

    def __init__(self) -> None:
        self.held: dict[str, list[tuple[Json, float]]] | HubtuiError = NO_PROMETHEUS
        self.broken: dict[str, HubtuiError] = {}
        self.queries: list[str] = []
        self.at = START
        """When it scraped last."""
        self.asked = asyncio.Event()
        self.past: dict[str, tuple[datetime, int]] | HubtuiError = {}
        self.ranges: list[str] = []
        self.hold: asyncio.Event | None = None
        """With one, the past is told once it is set."""

    def tell(self, claim: str, used: float, capacity: float, **labels: str) -> None:
        """A volume as a kubelet's metrics have it."""
        if isinstance(self.held, HubtuiError):
            self.held = {}
        own = {"namespace": HUB, "persistentvolumeclaim": claim, "node": "node-1"} | labels
        for name, value in (("capacity", capacity), ("used", used), ("available", capacity - used)):
            metric = f"kubelet_volume_stats_{name}_bytes"
            self.held.setdefault(metric, []).append((own, value))

    def selector(self, metric: str, /, **matchers: str) -> str:
        return selector(metric, **matchers)

    async def open(self) -> Metrics:
        if isinstance(self.held, HubtuiError):
            raise self.held
        return self

    async def query(self, promql: str, at: datetime | None = None) -> list[Sample]:
        self.queries.append(promql)
        self.asked.set()
        metric = promql.partition("{")[0]
        if metric in self.broken:
            raise self.broken[metric]
        assert not isinstance(self.held, HubtuiError)
        asked = promql.partition("{")[2]
        return [
            Sample(labels, self.at.timestamp(), value)
            for labels, value in self.held.get(metric, ())
            if all(f'{key}="{labels[key]}"' in asked for key in _matched(asked))
        ]

    async def query_range(
        self, promql: str, start: datetime, end: datetime, step: timedelta
    ) -> list[Series]:
        self.ranges.append(promql)
        if self.hold is not None:
            await self.hold.wait()
        if isinstance(self.past, HubtuiError):
            raise self.past
        if "_used_" not in promql:
            return []
        own = {"namespace": HUB, "persistentvolumeclaim": ""}
        return [
            Series(own | {"persistentvolumeclaim": name}, ((at.timestamp(), float(used)),))
            for name, (at, used) in self.past.items()
        ]


def _matched(asked: str) -> list[str]:
    return [part.partition("=")[0] for part in asked.rstrip("}").split(",") if part]


class Kubelets:
    """An apiserver that knows access reviews and kubelets' summaries only."""

    def __init__(self) -> None:
        self.may = True
        self.told: dict[str, list[Json]] = {}
        self.broken: dict[str, HubtuiError] = {}
        self.asked: list[str] = []
        self.patience: list[float] = []
        """Seconds that each had to answer."""
        self.reviews = 0
        self.at_once = self.most_at_once = 0
        self.hold_up: Callable[[str], None] = lambda _node: None

    def tell(self, node: str, claim: str, used: int, capacity: int, namespace: str = HUB) -> None:
        """A volume that a pod on a node mounts."""
        self.told.setdefault(node, []).append(
            {
                "pvcRef": {"name": claim, "namespace": namespace},
                "time": "2026-11-23T12:00:00Z",
                "capacityBytes": capacity,
                "usedBytes": used,
                "availableBytes": capacity - used,
            }
        )

    async def can_i(self, *_: object, **__: object) -> bool:
        self.reviews += 1
        return self.may

    async def request(self, call: Call, *, timeout: float, **_: object) -> bytes:
        assert (call.subresource, call.path) == ("proxy", "stats/summary")
        self.asked.append(call.name)
        self.patience.append(timeout)
        self.hold_up(call.name)
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            if call.name in self.broken:
                raise self.broken[call.name]
            return json.dumps({"pods": [{"volume": self.told.get(call.name, [])}]}).encode()
        finally:
            self.at_once -= 1


class Desk:
    """The stores and the rows. `clock` are seconds that a test lets pass."""

    def __init__(self) -> None:
        self.kubelets, self.prometheus, self.users = Kubelets(), Metrics(), Users()
        self.seconds = 0.0
        client = cast(KubeClient, self.kubelets)
        self.feeds = Feeds(client, live=False)
        self.pods: Store[kube.Pod] = self.feeds.add(PODS, HUB)
        self.disks = Disks(
            client,
            self.feeds,
            self.pods,
            self.prometheus,
            HUB,
            now=self.now,
            clock=lambda: self.seconds,
        )
        self.storage = self.another()

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def another(self) -> Storage:
        """The same desk, joined anew from what the stores hold."""
        feed = cast(HubFeed, self.users)
        return Storage(self.feeds, self.pods, self.disks, feed, HUB, RELEASE, now=self.now)

    def listed(self) -> None:
        """Every list is complete."""
        for store in (self.pods, self.storage.claims, self.storage.volumes, self.storage.classes):
            store.live()

    def put(self, *things: kube.Object) -> Desk:
        """Objects came, or changed."""
        stores: Mapping[type[kube.Object], Store[Any]] = {
            kube.Pod: self.pods,
            Claim: self.storage.claims,
            Volume: self.storage.volumes,
            StorageClass: self.storage.classes,
        }
        for thing in things:
            stores[type(thing)].put(thing)
        return self

    def row(self, name: str) -> ClaimRow:
        """A claim, as of now."""
        self.storage.update()
        row = self.storage.row(name)
        assert row is not None
        return row

    async def read(self) -> Desk:
        """The figures are read once."""
        await self.disks.fill()
        self.storage.update()
        return self
