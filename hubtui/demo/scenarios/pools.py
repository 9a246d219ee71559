"""The nodes of a scenario's pools, as a GKE cluster has them."""

from __future__ import annotations

from typing import Final

from hubtui.demo.life.groups import Group
from hubtui.demo.scenarios.story import Pool
from hubtui.demo.storage import Json
from hubtui.demo.world import World

REGION: Final = "europe-west6"
_MACHINE: Final = "e2-standard"
_OF_A_CPU: Final = 4 * 2**20
"""KiB of memory that the machine type has for each cpu."""

_SEEN: Final = 0.979
"""Of that a kernel sees so much: the rest is its own."""

_DISK: Final = ("98831908Ki", "47060071478")
"""A boot disk of 100 GB, and what of it pods may have."""


def node_of(world: World, pool: Pool, number: int) -> Json:
    """A node of a pool, named as clouds name theirs, in the zone whose turn it is."""
    return _node(pool, _name(world, pool), _zones(pool)[number % len(pool.zones)])


def group_of(world: World, pool: Pool) -> Group:
    """The group that an autoscaler sees in a pool."""
    zones, made = _zones(pool), pool.count

    def pattern(wanted: str) -> Json:
        zone = wanted if wanted in zones else zones[made % len(zones)]
        return _node(pool, f"{pool.name}-new", zone)

    def make(wanted: str) -> Json:
        nonlocal made
        made += 1
        return _node(pool, _name(world, pool), wanted)

    return Group(
        name=pool.name,
        least=pool.count if pool.least is None else pool.least,
        most=pool.count if pool.most is None else pool.most,
        make=make,
        pattern=pattern,
    )


def _name(world: World, pool: Pool) -> str:
    return f"{pool.name}-{world.chance.suffix('pool', pool.name, length=4)}"


def _zones(pool: Pool) -> list[str]:
    return [f"{REGION}-{letter}" for letter in pool.zones]


def _node(pool: Pool, name: str, zone: str) -> Json:
    labels = {
        "hub.jupyter.org/node-purpose": pool.purpose,
        "cloud.google.com/gke-nodepool": pool.name,
        "node.kubernetes.io/instance-type": f"{_MACHINE}-{pool.cpu}",
        "topology.kubernetes.io/region": REGION,
        "topology.kubernetes.io/zone": zone,
    }
    spec: Json = {"providerID": f"gce://hubtui-demo/{zone}/{name}"}
    if pool.purpose == "user":
        taint = {"key": "hub.jupyter.org/dedicated", "value": "user", "effect": "NoSchedule"}
        spec["taints"] = [taint]
    if pool.only:
        taint = {"key": pool.only, "value": "only", "effect": "NoSchedule"}
        spec["taints"] = [*spec.get("taints", ()), taint]
    has, gives = _DISK
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
        "status": {
            "capacity": {
                "cpu": str(pool.cpu),
                "memory": f"{int(pool.cpu * _OF_A_CPU * _SEEN)}Ki",
                "ephemeral-storage": has,
                "pods": "110",
            },
            "allocatable": {
                "cpu": f"{1000 * pool.cpu - _kept(pool.cpu)}m",
                "memory": f"{pool.memory * 2**20}Ki",
                "ephemeral-storage": gives,
                "pods": "110",
            },
        },
    }


def _kept(cpus: int) -> int:
    """Thousandths of a cpu that GKE keeps for the system: of the first cpus more than of others."""
    shares = (60, 10, 5, 5)
    return sum(shares[:cpus]) + int(2.5 * max(0, cpus - len(shares)))
