"""What a kubelet measures, in its two forms: `stats/summary`, and the metrics of its volumes.

Values only: `tests.testbed.faults` answers the first for an apiserver, `tests.testbed.scraped`
tells a Prometheus the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class VolumeUse:
    """A claim as a kubelet sees it mounted: bytes and inodes; None is what it does not tell.

    `available` is what is left of the capacity, unless the file system keeps some for root.
    """

    claim: str
    used: int | None
    capacity: int | None
    name: str = "home"
    available: int | None = None
    inodes: int | None = None
    inodes_used: int | None = None

    def bytes_free(self) -> int | None:
        """What a user can still write."""
        if self.available is not None or self.used is None or self.capacity is None:
            return self.available
        return self.capacity - self.used

    def inodes_free(self) -> int | None:
        """How many files more there may be."""
        if self.inodes is None or self.inodes_used is None:
            return None
        return self.inodes - self.inodes_used


@dataclass(frozen=True, slots=True)
class PodUse:
    """What a pod on the node uses: cores, bytes of working set, mounted claims."""

    name: str
    cores: float = 0.05
    memory: int = 300 << 20
    namespace: str = "hub"
    uid: str = ""
    container: str = "notebook"
    volumes: tuple[VolumeUse, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeUse:
    """What `stats/summary` of one node is to say."""

    cores: float = 0.4
    memory: int = 3 << 30
    capacity: int = 32 << 30
    pods: tuple[PodUse, ...] = ()


def summary(node: str, use: NodeUse) -> dict[str, Any]:
    """A kubelet's `stats/summary` (facts.md §9.1, stats/v1alpha1)."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    disk = {"time": now, "availableBytes": 70 << 30, "capacityBytes": 100 << 30}
    disk |= {"usedBytes": 30 << 30, "inodesFree": 6_000_000, "inodes": 6_500_000}
    return {
        "node": {
            "nodeName": node,
            "startTime": now,
            "cpu": _cpu(use.cores, now),
            "memory": _memory(use.memory, now) | {"availableBytes": use.capacity - use.memory},
            "fs": disk,
            "runtime": {"imageFs": disk, "containerFs": disk},
        },
        "pods": [_pod_summary(pod, now) for pod in use.pods],
    }


def _pod_summary(pod: PodUse, now: str) -> dict[str, Any]:
    cpu, memory = _cpu(pod.cores, now), _memory(pod.memory, now)
    return {
        "podRef": {"name": pod.name, "namespace": pod.namespace, "uid": pod.uid},
        "startTime": now,
        "containers": [{"name": pod.container, "startTime": now, "cpu": cpu, "memory": memory}],
        "cpu": cpu,
        "memory": memory,
        "volume": [_volume_summary(volume, pod.namespace, now) for volume in pod.volumes],
    }


def _volume_summary(volume: VolumeUse, namespace: str, now: str) -> dict[str, Any]:
    figures = {
        "availableBytes": volume.bytes_free(),
        "capacityBytes": volume.capacity,
        "usedBytes": volume.used,
        "inodesFree": volume.inodes_free(),
        "inodes": volume.inodes,
        "inodesUsed": volume.inodes_used,
    }
    told = {key: value for key, value in figures.items() if value is not None}
    reference = {"name": volume.claim, "namespace": namespace}
    return {"time": now, "name": volume.name, "pvcRef": reference, **told}


def volume_metrics(pods: Iterable[PodUse]) -> Iterator[tuple[str, str, str, int]]:
    """`kubelet_volume_stats_*` of a node: metric, namespace, claim and value.

    One sample for a claim of a node, however many pods mount it (facts.md §8.4).
    """
    seen = set()
    for pod in pods:
        for volume in pod.volumes:
            if (pod.namespace, volume.claim) in seen:
                continue
            seen.add((pod.namespace, volume.claim))
            figures = {
                "available_bytes": volume.bytes_free(),
                "capacity_bytes": volume.capacity,
                "used_bytes": volume.used,
                "inodes_free": volume.inodes_free(),
                "inodes": volume.inodes,
                "inodes_used": volume.inodes_used,
            }
            for name, value in figures.items():
                if value is not None:
                    yield f"kubelet_volume_stats_{name}", pod.namespace, volume.claim, value


def _cpu(cores: float, now: str) -> dict[str, Any]:
    nanos = int(cores * 1e9)
    return {"time": now, "usageNanoCores": nanos, "usageCoreNanoSeconds": nanos * 3600}


def _memory(bytes_used: int, now: str) -> dict[str, Any]:
    return {
        "time": now,
        "usageBytes": bytes_used + (64 << 20),
        "workingSetBytes": bytes_used,
        "rssBytes": bytes_used * 9 // 10,
        "pageFaults": 1200,
        "majorPageFaults": 0,
    }
