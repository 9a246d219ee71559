"""metrics.k8s.io/v1beta1: figures that follow from the requests, steady and without chance."""

import hashlib
import ssl
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from tests.testbed.backstage.kubelet import Images
from tests.testbed.site import Site

_API = "metrics.k8s.io/v1beta1"
_ROOT = f"/apis/{_API}"
_KI = 1024
_UNITS = {"Ki": _KI, "Mi": _KI**2, "Gi": _KI**3, "K": 1000, "M": 10**6, "G": 10**9}


class Metrics:
    """Answers from the pods that `Images` follows anyway."""

    def __init__(self, images: Images) -> None:
        """Keeps no state of its own."""
        self._images = images

    def routes(self) -> list[web.RouteDef]:
        """Discovery, and the lists and objects of pods and nodes."""
        return [
            web.get(_ROOT, self._discovery),
            web.get(f"{_ROOT}/nodes", self._nodes),
            web.get(f"{_ROOT}/nodes/{{name}}", self._node),
            web.get(f"{_ROOT}/pods", self._pods),
            web.get(f"{_ROOT}/namespaces/{{namespace}}/pods", self._pods),
            web.get(f"{_ROOT}/namespaces/{{namespace}}/pods/{{name}}", self._pod),
        ]

    async def _discovery(self, _: web.Request) -> web.Response:
        rows = [
            {"name": n, "kind": k, "namespaced": s, "singularName": "", "verbs": ["get", "list"]}
            for n, k, s in (("nodes", "NodeMetrics", False), ("pods", "PodMetrics", True))
        ]
        body = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": _API}
        return web.json_response({**body, "resources": rows})

    async def _pods(self, request: web.Request) -> web.Response:
        namespace = request.match_info.get("namespace")
        wanted = dict(
            part.split("=", 1)
            for part in request.query.get("labelSelector", "").split(",")
            if "=" in part
        )
        return _list("PodMetrics", [self._of_pod(p) for p in self._running(namespace, wanted)])

    async def _pod(self, request: web.Request) -> web.Response:
        for pod in self._running(request.match_info["namespace"], {}):
            if pod["metadata"]["name"] == request.match_info["name"]:
                return web.json_response(self._of_pod(pod))
        raise web.HTTPNotFound

    async def _nodes(self, _: web.Request) -> web.Response:
        names = await self._images.nodes()
        return _list("NodeMetrics", [self._of_node(name) for name in names])

    async def _node(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in await self._images.nodes():
            raise web.HTTPNotFound
        return web.json_response(self._of_node(name))

    def _running(self, namespace: str | None, labels: dict[str, str]) -> list[dict[str, Any]]:
        return [
            pod
            for pod in self._images.pods.values()
            if pod["phase"] == "Running"
            and namespace in (None, pod["metadata"]["namespace"])
            and labels.items() <= (pod["metadata"]["labels"] or {}).items()
        ]

    def _of_pod(self, pod: dict[str, Any]) -> dict[str, Any]:
        meta = pod["metadata"]
        rows = [
            {"name": name, "usage": _quantities(*_usage(meta["name"] + name, requests))}
            for name, requests in pod["containers"]
        ]
        return {**_head("PodMetrics", meta["name"], meta["namespace"]), "containers": rows}

    def _of_node(self, node: str) -> dict[str, Any]:
        used = [
            _usage(pod["metadata"]["name"] + name, requests)
            for pod in self._running(None, {})
            if pod["node"] == node
            for name, requests in pod["containers"]
        ]
        nano = 150_000_000 + sum(row[0] for row in used)
        memory = 900 * _KI**2 + sum(row[1] for row in used)
        return {**_head("NodeMetrics", node, None), "usage": _quantities(nano, memory)}


def _usage(name: str, requests: dict[str, str]) -> tuple[int, int]:
    """Nanocores and bytes of a container: a share of its request, a little other each minute."""
    seed = hashlib.sha256(f"{name}{int(time.time() // 60)}".encode()).digest()
    memory = _bytes(requests.get("memory", "128Mi"))
    share = 0.25 + 0.5 * hashlib.sha256(name.encode()).digest()[0] / 255 + 0.05 * seed[0] / 255
    return 5_000_000 + seed[1] * 1_000_000, int(memory * share)


def _bytes(quantity: str) -> int:
    for unit, factor in _UNITS.items():
        if quantity.endswith(unit):
            return int(float(quantity.removesuffix(unit)) * factor)
    return int(float(quantity))


def _quantities(nano: int, memory: int) -> dict[str, str]:
    return {"cpu": f"{nano}n", "memory": f"{memory // _KI}Ki"}


def _head(kind: str, name: str, namespace: str | None) -> dict[str, Any]:
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    meta = {"name": name, "creationTimestamp": stamp}
    if namespace:
        meta["namespace"] = namespace
    head = {"kind": kind, "apiVersion": _API, "metadata": meta}
    return {**head, "timestamp": stamp, "window": "20s"}


def _list(kind: str, items: Iterable[dict[str, Any]]) -> web.Response:
    body = {"kind": f"{kind}List", "apiVersion": _API, "metadata": {}, "items": list(items)}
    return web.json_response(body)


async def serve_metrics(site: Site, images: Images) -> None:
    """Serves HTTPS on loopback, for the apiserver's aggregation."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(site.file("pki", "metrics.crt"), site.file("pki", "metrics.key"))
    application = web.Application()
    application.add_routes(Metrics(images).routes())
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "localhost", site.port("metrics"), ssl_context=context).start()
