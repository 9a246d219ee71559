"""The series that there are: what the demo's kubelets and exporters would have told.

Names and labels as the community chart's jobs give them (facts.md §8.4). Each value is a function
of the time, so that a week of history costs nothing until somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from hubtui.demo.disks import DAY, Filling, Folder, Homes, Mount
from hubtui.demo.history import EVERY
from hubtui.demo.life.reading import is_ready, labels_of, name_of, node_of
from hubtui.demo.prometheus import hub_series, node_series, pod_series
from hubtui.demo.prometheus.lines import Line, Value
from hubtui.demo.prometheus.pod_series import mangled
from hubtui.demo.prometheus.silence import silent_since
from hubtui.demo.resources import NODES, PODS
from hubtui.demo.storage import Json
from hubtui.demo.world import World

KEPT: Final = 7 * DAY
"""Seconds for which it keeps what it scraped."""

_WALK: Final = 600.0
"""Seconds between two walks of the dirsize exporter."""


def lines(world: World, metric: str = "") -> Iterator[Line]:
    """The series of a metric, of all when none is named."""
    for names, make in _FAMILIES:
        if not metric or metric in names:
            for labels, values in make(world):
                for name in (metric,) if metric else names:
                    yield Line({"__name__": name, **labels}, values[name])
    yield from hub_series.hub_lines(world, metric)
    yield from pod_series.pod_lines(world, metric)
    yield from node_series.node_lines(world, metric)


def names() -> frozenset[str]:
    """The names of all metrics that it can have."""
    volumes = (name for names, _ in _FAMILIES for name in names)
    return frozenset({*volumes, *hub_series.NAMES, *pod_series.NAMES, *node_series.NAMES})


Target = tuple[dict[str, str], Mapping[str, Value]]
"""The labels that series have in common, and their values by name."""

Family = Callable[[World], Iterator[Target]]

_KUBELET: Final[dict[str, Callable[[Filling], int]]] = {
    "kubelet_volume_stats_capacity_bytes": lambda found: found.capacity,
    "kubelet_volume_stats_available_bytes": lambda found: found.available,
    "kubelet_volume_stats_used_bytes": lambda found: found.used,
    "kubelet_volume_stats_inodes": lambda found: found.inodes,
    "kubelet_volume_stats_inodes_free": lambda found: found.inodes - found.inodes_used,
    "kubelet_volume_stats_inodes_used": lambda found: found.inodes_used,
}
_EXPORTER: Final[dict[str, Callable[[Filling], int]]] = {
    "node_filesystem_size_bytes": lambda found: found.capacity,
    "node_filesystem_avail_bytes": lambda found: found.available,
    "node_filesystem_free_bytes": lambda found: found.capacity - found.used,
    "node_filesystem_files": lambda found: found.inodes,
    "node_filesystem_files_free": lambda found: found.inodes - found.inodes_used,
    "node_filesystem_readonly": lambda _: 0,
    "node_filesystem_device_error": lambda _: 0,
}


def _volumes(world: World) -> Iterator[Target]:
    for key, node, spans in _mounts(world):
        if not world.disks.is_known(key):
            continue
        labels = {
            **_of_node(world, node),
            "namespace": key[0],
            "persistentvolumeclaim": key[1],
        }
        until = silent_since(world, node)
        told = {name: partial(_told, world, key, spans, until, of) for name, of in _KUBELET.items()}
        yield labels, told


def _mounts(world: World) -> Iterator[tuple[tuple[str, str], str, list[Mount]]]:
    """Claim, node, and when it was mounted there."""
    for key, nodes in world.disks.mounts.items():
        for node, spans in nodes.items():
            yield key, node, spans


def _told(
    world: World,
    key: tuple[str, str],
    spans: list[Mount],
    until: float,
    of: Callable[[Filling], int],
    when: float,
) -> float | None:
    seen = scraped(world, when)
    if seen > until or not any(m.begin <= seen and (m.end is None or seen < m.end) for m in spans):
        return None
    return of(world.disks.at(key, seen))


def _of_node(world: World, name: str) -> dict[str, str]:
    found = world.objects.find(NODES, "", name)
    labels = labels_of(found) if found is not None else {}
    kept = ("hub.jupyter.org/node-purpose", "topology.kubernetes.io/zone", "kubernetes.io/hostname")
    told = {mangled(label): labels[label] for label in kept if label in labels}
    return {"job": "kubernetes-nodes", "instance": name, **told}


def _server(world: World) -> tuple[Homes, Json] | None:
    """The shared home and the pod of its server, while that is up."""
    homes = world.disks.homes
    if homes is None or not world.disks.is_known(homes.disk):
        return None
    pods = world.objects.all(PODS, homes.disk[0], component="shared-volume-metrics")
    up = next((pod for pod in pods if is_ready(pod)), None)
    return (homes, up) if up is not None else None


def _of_pod(pod: Json, port: int, job: str = "kubernetes-pods", **more: str) -> dict[str, str]:
    labels = {mangled(name): value for name, value in labels_of(pod).items()}
    return {
        **labels,
        "job": job,
        "instance": f"{pod['status'].get('podIP', '')}:{port}",
        "namespace": pod["metadata"]["namespace"],
        "node": node_of(pod),
        **({"pod": name_of(pod)} if job == "kubernetes-pods" else {}),
        **more,
    }


def _filesystems(world: World) -> Iterator[Target]:
    found = _server(world)
    if found is None:
        return
    homes, pod = found
    where = {"device": "/dev/sdb", "fstype": "xfs", "mountpoint": "/shared-volume"}

    def value(of: Callable[[Filling], int], when: float) -> float | None:
        return of(world.disks.at(homes.disk, scraped(world, when)))

    labels = _of_pod(pod, 9100, **where)
    yield labels, {name: partial(value, of) for name, of in _EXPORTER.items()}


_QUOTAS: Final = ("dirsize_total_size_bytes", "dirsize_hard_limit_bytes")
_SIZES: Final = (
    *("dirsize_total_size_bytes", "dirsize_entries_count", "dirsize_latest_mtime"),
    *("dirsize_oldest_mtime", "dirsize_last_updated_ns"),
)


def _quotas(world: World) -> Iterator[Target]:
    """What the server's quota enforcer tells of each folder."""
    found = _server(world)
    if found is None:
        return
    homes, pod = found
    common = _of_pod(pod, 7500, "kubernetes-service-endpoints", service="home-nfs-metrics")
    for name, folder in homes.folders.items():
        told: dict[str, Value] = {
            "dirsize_total_size_bytes": partial(_blocks, world, folder),
            "dirsize_hard_limit_bytes": partial(_constant, float(folder.limit)),
        }
        yield {**common, "directory": name}, told


def _sizes(world: World) -> Iterator[Target]:
    """What the exporter found on its last walk."""
    homes = world.disks.homes
    if homes is None:
        return
    pods = world.objects.all(PODS, homes.disk[0], component="shared-dirsize-metrics")
    pod = next((each for each in pods if is_ready(each)), None)
    if pod is None:
        return
    common = _of_pod(pod, 8000)
    for name, folder in homes.folders.items():
        told: dict[str, Value] = {
            "dirsize_total_size_bytes": partial(_walked, folder),
            "dirsize_entries_count": partial(_entries, folder),
            "dirsize_latest_mtime": partial(_latest, folder),
            "dirsize_oldest_mtime": partial(_constant, folder.curve.at - 120 * DAY),
            "dirsize_last_updated_ns": _walk,
        }
        yield {**common, "directory": name}, told


_NFS: Final = {"Getattr": 3.1, "Lookup": 1.2, "Open": 0.6, "Read": 1.9, "Write": 0.9}
_CLIENT: Final = (
    *("node_nfs_rpcs_total", "node_nfs_rpc_retransmissions_total"),
    *("node_nfs_rpc_authentication_refreshes_total", "node_nfs_connections_total"),
)


def _clients(world: World) -> Iterator[Target]:
    """The NFS client of each node that mounts the shared home."""
    for labels, since in _mounting(world):
        calls = partial(_counted, world, sum(_NFS.values()), since)
        told: dict[str, Value] = {
            "node_nfs_rpcs_total": calls,
            "node_nfs_rpc_retransmissions_total": partial(_counted, world, 0.00004, since),
            "node_nfs_rpc_authentication_refreshes_total": calls,
            "node_nfs_connections_total": partial(_constant, 1.0),
        }
        yield labels, told


def _requests(world: World) -> Iterator[Target]:
    for labels, since in _mounting(world):
        for method, rate in _NFS.items():
            told = {"node_nfs_requests_total": partial(_counted, world, rate, since)}
            yield {**labels, "proto": "4", "method": method}, told


def _mounting(world: World) -> Iterator[tuple[dict[str, str], float]]:
    homes = world.disks.homes
    for key, node, spans in _mounts(world):
        if homes is not None and key in homes.claims and spans:
            exporter = "support-prometheus-node-exporter"
            job = {"job": "kubernetes-service-endpoints", "service": exporter, "node": node}
            yield {**job, "namespace": "support", "instance": f"{node}:9100"}, spans[0].begin


_FAMILIES: Final[tuple[tuple[tuple[str, ...], Family], ...]] = (
    (tuple(_KUBELET), _volumes),
    (tuple(_EXPORTER), _filesystems),
    (_QUOTAS, _quotas),
    (_SIZES, _sizes),
    (_CLIENT, _clients),
    (("node_nfs_requests_total",), _requests),
)


def scraped(world: World, when: float) -> float:
    """The last scrape before a time."""
    every = EVERY / world.timeline.speed
    return when // every * every


def _walk(when: float) -> float:
    """The end of the last walk."""
    return when // _WALK * _WALK


def _blocks(world: World, folder: Folder, when: float) -> float:
    return float(int(folder.curve.used(scraped(world, when))) // 4096 * 4096)


def _walked(folder: Folder, when: float) -> float:
    """Sums of lengths, which are a little less than the blocks of the files."""
    return float(int(0.985 * folder.curve.used(_walk(when))))


def _entries(folder: Folder, when: float) -> float:
    return float(1 + int(folder.curve.used(_walk(when)) / folder.per_file))


def _latest(folder: Folder, when: float) -> float:
    now = _walk(when)
    return now - 37 if folder.seen is None else min(folder.seen, now)


def _constant(value: float, _when: float) -> float:
    return value


def _counted(world: World, rate: float, since: float, when: float) -> float | None:
    """A counter that began at a time."""
    return float(int(rate * max(0.0, scraped(world, when) - since))) if when >= since else None
