"""How full the volumes of the claims are, read anew while somebody looks.

What Prometheus has of the kubelets counts first, then a node exporter on the NFS server, then the
kubelets themselves; a claim that none of them tells of is unknown, with the reason. Volumes that
nobody mounts are measured by nobody: what was known last stays, with its age, and for those of
which nothing is known yet Prometheus' past is asked once.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from hubtui.clients.kube import KubeClient
from hubtui.errors import HubtuiError
from hubtui.model import kube
from hubtui.model.claims import (
    Backing,
    Export,
    asked_of,
    backing_of,
    disk_of,
    exports_of,
    size_of,
)
from hubtui.model.disk import Figures, Source
from hubtui.model.disk_doubts import Told, checked, repeated
from hubtui.model.kinds import CLAIMS, STORAGE_CLASSES, VOLUMES
from hubtui.model.kube_needs import Claim
from hubtui.model.packing import counts
from hubtui.model.volumes import StorageClass, Volume
from hubtui.model.why_facts import claim_names
from hubtui.services.disk_queries import COARSE, STEP, DiskQueries, Link
from hubtui.services.feeds import Feeds
from hubtui.services.followed import Followed
from hubtui.services.kubelets import Kubelets
from hubtui.services.store import Store, utc_now

log = logging.getLogger(__name__)

EVERY: Final = 60.0
"""Seconds between two reads: Prometheus scrapes each 15 to 60."""

MANY: Final = 1000
"""Mounted claims from which on the past is read coarsely."""

PAST_AGAIN: Final = 1800.0
"""Seconds until the past is asked again where that failed; once it was read, what is mounted and
goes leaves its figures here."""

_NOT_READ: Final = "not read yet"


class Disks(Followed):
    """The figures of the claims of one namespace. Why there are none, or none anew, is told by
    `missing`; what was read before stays until something newer comes. A reader's keys are names of
    claims."""

    def __init__(
        self,
        client: KubeClient,
        feeds: Feeds,
        pods: Store[kube.Pod],
        prometheus: Link,
        namespace: str,
        *,
        every: float = EVERY,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("how full volumes are", every)
        self._feeds = feeds
        self._pods = pods
        self._prometheus = prometheus
        self._namespace = namespace
        self._now = now
        self._claims: Store[Claim] = feeds.add(CLAIMS, namespace, follow=False)
        self._volumes: Store[Volume] = feeds.add(VOLUMES, "", follow=False)
        self._classes: Store[StorageClass] = feeds.add(STORAGE_CLASSES, "", follow=False)
        self.kubelets = Kubelets(client, namespace, now=now, clock=clock)
        self._told: dict[str, Figures] = {}
        self._known: dict[str, Figures] = {}
        self._on: dict[str, dict[str, bool]] = {}
        self._direct: dict[str, Export] = {}
        self._judged = True
        self._reason = _NOT_READ
        self._clock = clock
        self._past_from = -math.inf
        self._answered = asyncio.Event()
        self.as_of: datetime | None = None
        self.missing = ""
        """Why there is nothing, or nothing new; empty when the last read was well."""

    # -- the answers

    def of(self, claim: str) -> Figures | None:
        """What was measured of a claim's volume last, or of a shared disk that pods mount without a
        claim, by its identity; None when nothing was."""
        return self._known.get(claim)

    def why_not(self, claim: str) -> str:
        """Why nothing was measured; empty where something was."""
        if claim in self._known:
            return ""
        found = self._claims.get(f"{self._namespace}/{claim}")
        if found is not None and not found.spec.volume_name:
            return "it has no volume yet"
        if self._reason == _NOT_READ:
            return _NOT_READ
        if claim in self._direct:
            return "no node exporter tells of its server, and kubelets measure claims alone"
        nodes = self._on.get(claim)
        if not nodes:
            return "no pod mounts it, and only what is mounted is measured"
        prometheus = self._reason or "Prometheus has nothing of it"
        return f"{prometheus}; {self.kubelets.why_not(claim, nodes)}"

    # -- who looks

    async def fill(self, of_kubelets: Collection[str] | None = None) -> None:
        """Reads once; where it is followed, waits until it was read. What goes wrong is in
        `missing`. The claims, volumes and pods are those that the stores hold. Kubelets are asked
        for all claims, or for `of_kubelets` alone."""
        if not self.followed:
            await self._read(of_kubelets)
        await self._answered.wait()

    async def _follow(self) -> None:
        stores = (self._claims, self._pods, self._volumes, self._classes)
        self._feeds.look(*stores)
        await asyncio.gather(*(store.answered.wait() for store in stores))
        await super()._follow()

    # -- the sources

    async def _read(self, of_kubelets: Collection[str] | None = None) -> None:
        self._on, alive = _nodes_of(self._pods)
        self._direct = _direct(self._pods)
        disks = self._disks()
        told: dict[str, Figures] = {}
        before = self._reason
        queries: DiskQueries | None = None
        try:
            asked = await self._prometheus.open()
            queries = DiskQueries(self._prometheus, asked, self._namespace)
            told = await queries.of_claims()
            self._reason = "" if told else "Prometheus has no kubelet_volume_stats of the namespace"
            _spread(told, disks)
            told |= await queries.of_servers(
                {claim: each for claim, each in disks.items() if not _is_whole(told.get(claim))},
                disks.values(),
            )
        except HubtuiError as error:
            self._reason = error.what
        _spread(told, disks)
        self._take(told, anew=before != self._reason)
        self._judge_all()
        wanted = {
            claim: on
            for claim, on in self._on.items()
            if not _is_whole(told.get(claim)) and (of_kubelets is None or claim in of_kubelets)
        }
        await self.kubelets.read(wanted, self._take, alive)
        self._take(_siblings(self._told, disks))
        if queries is not None and self._clock() >= self._past_from and self._has_untold():
            await self._read_past(queries, many=len(told) > MANY)
        self._judge_all()
        self.missing = self._what_is_missing(wanted.keys() - self._told.keys())
        self.as_of = self._now()
        self._answered.set()

    def _what_is_missing(self, untold: Collection[str]) -> str:
        if not self._reason or not untold:
            return self._reason if not self._told else ""
        claim = min(untold)
        return f"{self._reason}; {self.kubelets.why_not(claim, self._on[claim])}"

    def _has_untold(self) -> bool:
        """Whether there is a claim with a volume of which nothing is known."""
        return any(c.spec.volume_name and c.metadata.name not in self._told for c in self._claims)

    async def _read_past(self, queries: DiskQueries, *, many: bool) -> None:
        """How full those were of which nothing is known."""
        try:
            past = await queries.of_the_past(self._now(), COARSE if many else STEP)
        except HubtuiError as error:
            log.info("how full volumes were is not known: %s", error)
            self._past_from = self._clock() + PAST_AGAIN
            return
        self._past_from = math.inf
        self._take({claim: each for claim, each in past.items() if claim not in self._told})

    # -- what is known

    def _take(self, told: Mapping[str, Figures], *, anew: bool = False) -> None:
        """Figures came; with `anew` it is another reason than before for which there are none."""
        for claim, figures in told.items():
            before = self._told.get(claim)
            lessens = _is_whole(before) and not figures.is_whole
            if before is None or (before.as_of <= figures.as_of and not lessens):
                self._told[claim] = checked(figures)
        self._judged = self._judged and not told
        self._tell(self._known | {claim: self._doubted(claim) for claim in told})
        if anew:
            self._dirty_all()

    def _doubted(self, claim: str) -> Figures:
        """The newest figures, until all are compared with the doubt that there was."""
        told, before = self._told[claim], self._known.get(claim)
        if told.doubt or before is None or before.capacity != told.capacity:
            return told
        return replace(told, doubt=before.doubt)

    def _judge_all(self) -> None:
        """What may be believed of all that was told, each compared with the others."""
        there = {claim.metadata.name: claim for claim in self._claims}
        kept = there.keys() | self._direct.keys()
        if self._judged and self._told.keys() <= kept:
            return
        self._judged = True
        self._told = {name: each for name, each in self._told.items() if name in kept}
        looks = {name: self._look(there.get(name), each) for name, each in self._told.items()}
        self._tell(repeated(looks))

    def _tell(self, known: dict[str, Figures]) -> None:
        changed = {name for name, each in known.items() if self._known.get(name) != each}
        changed |= self._known.keys() - known.keys()
        self._known = known
        self._dirty(changed)

    def _look(self, claim: Claim | None, figures: Figures) -> Told:
        if claim is None:
            return Told(figures, shared=True)
        backing = self._backing(claim)
        return Told(
            figures,
            driver=backing.driver if backing is not None else "",
            provisioner=backing.provisioner if backing is not None else "",
            storage_class=claim.spec.storage_class_name,
            asked=max(asked_of(claim) or 0, size_of(claim) or 0),
            shared=(backing is not None and backing.shared)
            or figures.source is Source.NODE_EXPORTER,
        )

    def _volume(self, claim: Claim) -> Volume | None:
        name = claim.spec.volume_name
        return self._volumes.get(f"/{name}") if name else None

    def _backing(self, claim: Claim) -> Backing | None:
        volume = self._volume(claim)
        if volume is None:
            return None
        return backing_of(volume, self._classes.get(f"/{volume.spec.storage_class_name}"))

    def _disks(self) -> dict[str, Export]:
        """The shared file systems by claim; what no claim leads to, by their identity."""
        found = dict(self._direct)
        for claim in self._claims:
            volume = self._volume(claim)
            backing = backing_of(volume, None) if volume is not None else None
            if volume is not None and backing is not None and backing.shared:
                disk = disk_of(volume)
                where = backing.server, disk.rpartition(":")[2]
                found[claim.metadata.name] = Export(disk, *where)
        return found


def _is_whole(figures: Figures | None) -> bool:
    return figures is not None and figures.is_whole


def _spread(told: dict[str, Figures], disks: Mapping[str, Export]) -> None:
    """What is told of a shared file system by one claim holds for all claims on it."""
    newest: dict[str, Figures] = {}
    for claim, figures in told.items():
        disk = disks[claim].disk if claim in disks else ""
        if disk and (disk not in newest or newest[disk].as_of < figures.as_of):
            newest[disk] = figures
    for claim, each in disks.items():
        if claim not in told and each.disk in newest:
            told[claim] = newest[each.disk]


def _siblings(told: Mapping[str, Figures], disks: Mapping[str, Export]) -> dict[str, Figures]:
    """What was told of some claims on a disk, for those on it of which nothing was."""
    found = dict(told)
    _spread(found, disks)
    return {claim: found[claim] for claim in found.keys() - told.keys()}


def _direct(pods: Store[kube.Pod]) -> dict[str, Export]:
    """What pods mount of NFS servers without a claim, by its identity."""
    return {each.disk: each for pod in pods if counts(pod) for each in exports_of(pod)}


def _nodes_of(pods: Store[kube.Pod]) -> tuple[dict[str, dict[str, bool]], set[str]]:
    """On which nodes each claim is mounted, and whether a pod that does so runs; and which nodes
    are well: a pod is ready there."""
    found: dict[str, dict[str, bool]] = {}
    alive: set[str] = set()
    for pod in pods:
        if not counts(pod):
            continue
        node = pod.spec.node_name
        for claim in claim_names(pod):
            on = found.setdefault(claim, {})
            on[node] = on.get(node, False) or pod.status.phase == "Running"
        if any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions):
            alive.add(node)
    return found, alive
