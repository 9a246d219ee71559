"""What a kubelet answers to `/stats/summary`: use of its node, its pods, and what they mount.

Source: k8s.io/kubelet, pkg/apis/stats/v1alpha1 (facts.md §9.1).
"""

from __future__ import annotations

from typing import Any, Final

from hubtui.demo.disks import GIB, Filling
from hubtui.demo.life.amounts import amount
from hubtui.demo.life.reading import name_of, namespace_of, node_of, phase_of, uid_of
from hubtui.demo.life.usage import usage_of
from hubtui.demo.objects import stamp
from hubtui.demo.prometheus.scraped import scraped
from hubtui.demo.resources import PODS
from hubtui.demo.storage import Json
from hubtui.demo.world import World

_IDLE_CPU, _IDLE_MEMORY = 0.06, 700 * 2**20
"""What a node uses without its pods."""

_HOLDS: Final = 0.34
"""The share of a node's own disk that images and logs take."""

_FOLDERS: Final = ("configMap", "secret", "emptyDir", "projected", "downwardAPI")


def summary(world: World, node: Json) -> Json:
    """The summary of a node that answers."""
    now = world.timeline.now
    at, name = stamp(now), name_of(node)
    pods = [
        pod
        for pod in world.objects.all(PODS)
        if node_of(pod) == name and phase_of(pod) == "Running"
    ]
    used = [usage_of(world, pod) for pod in pods]
    disk = _own_disk(node)
    own = {
        "nodeName": name,
        "startTime": node["metadata"]["creationTimestamp"],
        "cpu": _cpu(at, _IDLE_CPU + sum(each.cpu for each in used)),
        "memory": _memory(at, _IDLE_MEMORY + sum(each.memory for each in used)),
        "fs": {"time": at, **_bytes(disk)},
        "runtime": {"imageFs": {"time": at, **_bytes(disk)}},
    }
    return {"node": own, "pods": [_pod(world, pod, disk, at) for pod in pods]}


def _pod(world: World, pod: Json, disk: Filling, at: str) -> Json:
    usage, started = usage_of(world, pod), pod["status"].get("startTime") or at
    first, *others = pod["spec"]["containers"]
    shares = [(first["name"], usage.cpu, usage.memory), *((o["name"], 0.0, 0) for o in others)]
    return {
        "podRef": {"name": name_of(pod), "namespace": namespace_of(pod), "uid": uid_of(pod)},
        "startTime": started,
        "containers": [
            {"name": name, "startTime": started, "cpu": _cpu(at, cpu), "memory": _memory(at, taken)}
            for name, cpu, taken in shares
        ],
        "cpu": _cpu(at, usage.cpu),
        "memory": _memory(at, usage.memory),
        "volume": _volumes(world, pod, disk, at),
    }


def _volumes(world: World, pod: Json, disk: Filling, at: str) -> list[Json]:
    found = []
    for volume in pod["spec"].get("volumes") or ():
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        key = (namespace_of(pod), str(claim))
        if claim and world.disks.is_known(key):
            filling = world.disks.at(key, scraped(world, world.timeline.now.timestamp()))
            ref = {"name": key[1], "namespace": key[0]}
            found.append({"time": at, **_bytes(filling), "name": volume["name"], "pvcRef": ref})
        elif any(kind in volume for kind in _FOLDERS):
            folder = {**_bytes(disk), "usedBytes": 12288, "inodesUsed": 9}
            found.append({"time": at, **folder, "name": volume["name"]})
    return found


def _bytes(found: Filling) -> dict[str, int]:
    return {
        "availableBytes": found.available,
        "capacityBytes": found.capacity,
        "usedBytes": found.used,
        "inodesFree": found.inodes - found.inodes_used,
        "inodes": found.inodes,
        "inodesUsed": found.inodes_used,
    }


def _own_disk(node: Json) -> Filling:
    capacity = (node.get("status") or {}).get("capacity") or {}
    size = amount("storage", str(capacity.get("ephemeral-storage", ""))) or 94 * GIB
    used = int(_HOLDS * size)
    inodes = size // 16384
    return Filling(size, used, size - used, inodes, inodes // 20)


def _cpu(at: str, cores: float) -> dict[str, Any]:
    return {"time": at, "usageNanoCores": int(cores * 1e9)}


def _memory(at: str, size: float) -> dict[str, Any]:
    return {"time": at, "usageBytes": int(size * 1.1), "workingSetBytes": int(size)}
