"""What a hub, its proxy and its pods say, made by hand: all of one mind."""

from __future__ import annotations

from typing import Any

from hubtui.model.hub import HubServer, HubUser, Route, RouteData, ServerKey
from hubtui.model.kube import Pod
from tests.situations import ago, pod

USER = "singleuser-server"


def server(key: str, seconds: float = 3600, **more: Any) -> tuple[ServerKey, HubServer]:
    """A server that is ready for so long, and in use."""
    named = ServerKey.parse(key)
    facts = {"ready": True, "started": ago(seconds), "last_activity": ago(20), **more}
    return named, HubServer(name=named.server, **facts)


def users(*servers: tuple[ServerKey, HubServer]) -> dict[str, HubUser]:
    """The users with these servers."""
    found: dict[str, dict[str, HubServer]] = {}
    for key, each in servers:
        found.setdefault(key.user, {})[key.server] = each
    return {name: HubUser(name=name, servers=theirs) for name, theirs in found.items()}


def pod_of(key: str, seconds: float = 3600, *, ip: str = "10.0.0.7", **more: Any) -> Pod:
    """The pod of a server, up for so long."""
    named = ServerKey.parse(key)
    name = f"jupyter-{key.replace('/', '--')}"
    return pod(name, USER, seconds, user=named.user, server=named.server, podIP=ip, **more)


def route(key: str, host: str = "10.0.0.7") -> tuple[str, Route]:
    """The proxy's route to a server."""
    named = ServerKey.parse(key)
    spec = f"/user/{key}/"
    data = RouteData(user=named.user, server_name=named.server)
    return spec, Route(routespec=spec, target=f"http://{host}:8888", data=data)


HUB_ROUTE = ("/", Route(routespec="/", target="http://hub:8081", data=RouteData(hub=True)))
