"""`hubtui nodes`: as the pane and as numbers, also where only pods may be read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.headless.apiserver import ApiServer
from tests.headless.conftest import Command

NODE: dict[str, Any] = {
    "kind": "Node",
    "metadata": {
        "name": "node-1",
        "creationTimestamp": "2026-05-02T13:04:05Z",
        "labels": {"cloud.google.com/gke-nodepool": "users", "rack": "r7"},
    },
    "spec": {"unschedulable": True, "taints": [{"key": "gpu", "effect": "NoSchedule"}]},
    "status": {
        "allocatable": {"cpu": "3500m", "memory": "8Gi", "pods": "110"},
        "conditions": [{"type": "Ready", "status": "True"}],
        "images": [{"names": ["img:1"], "sizeBytes": 7}],
    },
}


def test_a_node_with_what_is_asked_of_it(hubtui: Command, api: ApiServer) -> None:
    api.objects.append(NODE)
    found = hubtui("nodes", "--json").document
    (node,) = found["items"]
    assert (node["state"], node["cordoned"], node["users"]) == ("cordoned", True, 2)
    assert node["allocatable"] == {"cpu": 3.5, "memory": 8 * 2**30, "pods": 110}
    assert [pool["name"] for pool in found["pools"]] == ["users"]
    assert found["totals"]["nodes"] == 1
    assert "users ×1" in hubtui("nodes").out
    assert "r7 ×1" in hubtui("nodes", "--pool-label", "rack").out


def test_one_node_with_its_pods_and_images(hubtui: Command, api: ApiServer) -> None:
    api.objects.append(NODE)
    (node,) = hubtui("nodes", "node-1", "--json").document["items"]
    assert {pod["user"] for pod in node["pods_on_it"] if pod["role"] == "users"} >= {"alice"}
    assert node["images"] == [{"names": ["img:1"], "size_bytes": 7}]
    assert "Why it stays" in hubtui("nodes", "node-1").out
    missing = hubtui("nodes", "node-2")
    assert (missing.code, missing.out) == (1, "")
    assert "There is no node 'node-2'" in missing.err


@pytest.mark.parametrize("plural", ["nodes", "pods"])
def test_what_may_not_be_read_is_told(hubtui: Command, api: ApiServer, plural: str) -> None:
    api.objects.append(NODE)
    api.denied = {plural}
    found = hubtui("nodes", "--json")
    if plural == "pods":
        assert (found.code, found.out) == (1, "")
        return
    assert found.code == 0
    (node,) = found.document["items"]
    assert (node["name"], node["users"]) == ("node-1", 2)
    assert node["allocatable"] is node["seats"] is None
    assert "nodes" in {note["source"] for note in found.document["notes"]}


def test_a_pipe_gets_names_whole(hubtui: Command, api: ApiServer) -> None:
    name = "gke-eu-prod-a-pool-with-a-long-name-1a2b3c4d-xyz9.example.org"
    api.objects.append({**NODE, "metadata": {**NODE["metadata"], "name": name}})
    assert f" {name} " in hubtui("nodes").out
