"""What a kubelet reports of a node and KWOK does not: the images that lie on it."""

import asyncio
import hashlib
import logging
from collections.abc import Iterable
from typing import Any

import aiohttp

from tests.testbed.backstage.watch import events

LOG = logging.getLogger("images")
_MOST = 50  # the kubelet's --node-status-max-images
_MIB = 1024 * 1024
_BEAT = 0.5


class Images:
    """Follows all pods; writes `status.images` of each node; knows the running pods."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        """`run` does the work."""
        self._session = session
        self.pods: dict[str, dict[str, Any]] = {}
        self._on_node: dict[str, list[str]] = {}
        self._dirty: set[str] = set()

    async def run(self) -> None:
        """Follows and writes until cancelled; what lay on the nodes before still does."""
        async with self._session.get("/api/v1/nodes") as answer:
            for node in (await answer.json()).get("items", ()):
                names = [row["names"][-1] for row in node["status"].get("images", ())]
                self._on_node[node["metadata"]["name"]] = names
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._follow_nodes())
            group.create_task(self._write())

    async def nodes(self) -> list[str]:
        """The names of all nodes, asked for each time: few do."""
        kind = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
        async with self._session.get("/api/v1/nodes", headers={"Accept": kind}) as answer:
            return [item["metadata"]["name"] for item in (await answer.json())["items"]]

    async def _follow(self) -> None:
        async for kind, pod in events(self._session, "/api/v1/pods"):
            if kind == "LISTED":
                self.pods.clear()
                continue
            meta = pod["metadata"]
            if kind == "DELETED":
                self.pods.pop(meta["uid"], None)
                continue
            self.pods[meta["uid"]] = _cut(pod)
            self._note(pod)

    async def _follow_nodes(self) -> None:
        """A node that was removed and comes again has no images."""
        async for kind, node in events(self._session, "/api/v1/nodes"):
            if kind == "DELETED":
                self._on_node.pop(node["metadata"]["name"], None)

    def _note(self, pod: dict[str, Any]) -> None:
        """An image lies on the node as soon as a container of it has started there."""
        node = pod["spec"].get("nodeName")
        if not node:
            return
        status = pod.get("status", {})
        known = self._on_node.setdefault(node, [])
        for container in (
            *status.get("initContainerStatuses", ()),
            *status.get("containerStatuses", ()),
        ):
            image = container["image"]
            if "waiting" not in container.get("state", {}) and image not in known:
                known.append(image)
                self._dirty.add(node)

    async def _write(self) -> None:
        while True:
            await asyncio.sleep(_BEAT)
            nodes, self._dirty = self._dirty, set()
            for node in nodes:
                body = {"status": {"images": _listed(self._on_node.get(node, ()))}}
                path = f"/api/v1/nodes/{node}/status"
                headers = {"Content-Type": "application/merge-patch+json"}
                try:
                    async with self._session.patch(path, json=body, headers=headers) as answer:
                        if answer.status >= 500:
                            self._dirty.add(node)
                except aiohttp.ClientError as error:
                    LOG.info("%s: %s", node, error)
                    self._dirty.add(node)


def _cut(pod: dict[str, Any]) -> dict[str, Any]:
    """The few fields that the metrics need: 5,000 whole pods would be a load of their own."""
    return {
        "metadata": {key: pod["metadata"].get(key) for key in ("name", "namespace", "labels")},
        "node": pod["spec"].get("nodeName"),
        "phase": pod.get("status", {}).get("phase"),
        "containers": [
            (c["name"], c.get("resources", {}).get("requests", {}))
            for c in pod["spec"]["containers"]
        ],
    }


def _listed(names: Iterable[str]) -> list[dict[str, Any]]:
    """The largest ones, the largest first, as a kubelet lists them."""
    return sorted(map(_image, names), key=lambda image: -image["sizeBytes"])[:_MOST]


def _image(name: str) -> dict[str, Any]:
    """An image as a kubelet reports it; its size follows from its name."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    heavy = "singleuser" in name or "notebook" in name
    size = (900 if heavy else 20) + int(digest[:4], 16) % (3000 if heavy else 200)
    repository = name.rpartition(":")[0] or name
    return {"names": [f"{repository}@sha256:{digest}", name], "sizeBytes": size * _MIB}
