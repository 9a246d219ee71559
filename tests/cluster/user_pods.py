"""Server pods as the real KubeSpawner writes them, from the values of a hub's chart."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock, patch

from kubespawner import KubeSpawner
from kubespawner.clients import shared_client
from traitlets.config import Config

Json = dict[str, Any]

_TRAITS = {
    "mem_guarantee": ("memory", "guarantee"),
    "mem_limit": ("memory", "limit"),
    "cpu_guarantee": ("cpu", "guarantee"),
    "cpu_limit": ("cpu", "limit"),
    "extra_resource_guarantees": ("extraResource", "guarantees"),
    "extra_resource_limits": ("extraResource", "limits"),
    "node_affinity_required": ("extraNodeAffinity", "required"),
    "node_selector": ("nodeSelector",),
    "init_containers": ("initContainers",),
    "extra_containers": ("extraContainers",),
    "profile_list": ("profileList",),
}
"""What z2jh's jupyterhub_config.py hands on, as far as these tests set it."""


async def manifest(values: Json, options: Json, *, priority: str = "") -> Json:
    """The pod of a server that is started with these options."""
    spawner = _spawner(values, priority)
    spawner.user_options = options
    await spawner.load_user_options()
    pod = await spawner.get_pod_manifest()
    found: Json = shared_client("CoreV1Api").api_client.sanitize_for_serialization(pod)
    return found


def _spawner(values: Json, priority: str) -> Any:
    singleuser = values["singleuser"]
    config = Config()
    for trait, path in _TRAITS.items():
        value: Any = singleuser
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            config.KubeSpawner[trait] = value
    tolerations = [
        {"key": key, "operator": "Equal", "value": "user", "effect": "NoSchedule"}
        for key in ("hub.jupyter.org/dedicated", "hub.jupyter.org_dedicated")
    ]
    config.KubeSpawner.tolerations = [*tolerations, *singleuser.get("extraTolerations", [])]
    if values["scheduling"]["userPods"]["nodeAffinity"]["matchNodePurpose"] == "require":
        purpose = {"key": "hub.jupyter.org/node-purpose", "operator": "In", "values": ["user"]}
        term = {"matchExpressions": [purpose]}
        config.KubeSpawner.node_affinity_required = [
            *singleuser.get("extraNodeAffinity", {}).get("required", []),
            term,
        ]
    config.KubeSpawner.priority_class_name = priority
    config.KubeSpawner.image = "quay.example.org/class/notebook:1"
    config.KubeSpawner.delete_grace_period = 0
    record = Mock(server=None)
    record.name = ""
    with patch("kubespawner.spawner.load_config"):  # it speaks to no cluster
        spawner = KubeSpawner(config=config, _mock=True, orm_spawner=record)
    # Of the hub behind it nothing is needed but these.
    spawner.get_args, spawner.get_env = list, dict
    return spawner
