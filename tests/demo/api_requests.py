"""What the tests of the apiserver over plain HTTP share."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import aiohttp

from hubtui.demo.resources import CONFIGMAPS, PODS
from hubtui.demo.storage import Json
from hubtui.demo.world import World

MAPS = "/api/v1/namespaces/hub/configmaps"
POD = "/api/v1/namespaces/hub/pods/idle"
WEB: Json = {
    "metadata": {"name": "web"},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "nginx:1"}]},
        },
    },
}


def make_map(world: World, name: str, **labels: str) -> Json:
    """A ConfigMap with these labels."""
    metadata = {"name": name, "namespace": "hub", "labels": labels}
    return world.objects.create(CONFIGMAPS, {"metadata": metadata, "data": {"a": "1"}})


def make_pod(world: World, *containers: str, **status: Any) -> Json:
    """A pod that nobody looks after: it is on no node that there is."""
    return world.objects.create(
        PODS,
        {
            "metadata": {"name": "idle", "namespace": "hub", "labels": {"component": "hub"}},
            "spec": {
                "nodeName": "nowhere",
                "containers": [{"name": name, "image": "x:1"} for name in containers or ("main",)],
            },
            "status": {"phase": "Running", **status},
        },
    )


async def refused(response: Awaitable[aiohttp.ClientResponse]) -> tuple[int, Json]:
    """The code and Status of an answer that is a refusal."""
    found = await response
    body: Json = await found.json()
    assert body["kind"] == "Status"
    assert body["code"] == found.status
    return found.status, body
