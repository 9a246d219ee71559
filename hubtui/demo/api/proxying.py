"""The apiserver as a way to others: a kubelet's summary, and the Prometheus behind its Service."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from hubtui.demo.api.answers import answer
from hubtui.demo.refusals import RefusedError, not_found
from hubtui.demo.resources import NODES, SERVICES
from hubtui.demo.storage import Json
from hubtui.demo.world import World

_NODE: Final = re.compile(r"/api/v1/nodes/(?P<name>[^/]+)/proxy(?P<path>/.*)?")
_SERVICE: Final = re.compile(
    r"/api/v1/namespaces/(?P<namespace>[^/]+)/services/"
    r"(?:(?P<scheme>https?):)?(?P<name>[^/:]+)(?::(?P<port>[^/:]*))?/proxy(?P<path>/.*)?"
)
_KUBELET: Final = 10250


async def proxied(world: World, path: str, request: web.Request) -> web.Response | None:
    """The answer to a request that goes through a proxy of the apiserver; None for any other.

    Raises RefusedError: 404, 503."""
    if node := _NODE.fullmatch(path):
        return _kubelet(world, node["name"].partition(":")[0], node["path"] or "/")
    if service := _SERVICE.fullmatch(path):
        _find(world, service)
        from hubtui.demo.prometheus.serving import respond

        return await respond(world, service["path"] or "/", request)
    return None


def _kubelet(world: World, name: str, path: str) -> web.Response:
    from hubtui.demo.api.kubelet_stats import summary

    node = world.objects.get(NODES, "", name)
    if name in world.faults.lost_nodes:
        words = f"dial tcp {_address(node)}:{_KUBELET}: connect: connection timed out"
        raise _unreached(f"error trying to reach service: {words}")
    if path != "/stats/summary":
        return web.Response(status=404, text="404 page not found\n")
    return answer(summary(world, node))


def _find(world: World, asked: re.Match[str]) -> None:
    """Raises RefusedError where the Service has no such port, or nobody answers behind it."""
    from hubtui.demo.prometheus import NAMESPACE, SERVICE
    from hubtui.demo.prometheus.serving import is_up

    namespace, name, port = asked["namespace"], asked["name"], asked["port"] or ""
    service = world.objects.find(SERVICES, namespace, name)
    if service is None:
        raise not_found(SERVICES, name)
    ports = service["spec"].get("ports") or []
    known = {str(each["port"]) for each in ports} | {each.get("name", "") for each in ports}
    known |= {""} if len(ports) == 1 else set()
    ours = (namespace, name) == (NAMESPACE, SERVICE) and is_up(world)
    if port not in known or not ours:
        where = f"{name}:{port}" if port else name
        raise _unreached(f'no endpoints available for service "{where}"')


def _unreached(words: str) -> RefusedError:
    return RefusedError(503, "ServiceUnavailable", words)


def _address(node: Json) -> str:
    addresses = (node.get("status") or {}).get("addresses") or ()
    return next((str(a["address"]) for a in addresses if a["type"] == "InternalIP"), "")
