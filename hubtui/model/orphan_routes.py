"""Routes of the proxy that are missing, lead nowhere, or lead to another address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from hubtui.model.age import seconds_between
from hubtui.model.disagreement import YOUNG, Disagreement, Kind, Look, age_of, lives, stop, sync
from hubtui.model.hub import HubServer, Route, ServerKey
from hubtui.model.kube import Pod

CHECKED: Final = 90.0
"""Seconds in which the hub gives a new proxy its routes: in z2jh it looks each 60 s."""


def of_routes(
    look: Look,
    routes: Mapping[str, Route],
    servers: Mapping[ServerKey, HubServer],
    pods: Mapping[ServerKey, list[Pod]] | None,
) -> Iterator[Disagreement]:
    by_server = {key: route for route in routes.values() if (key := key_of(route)) is not None}
    began = look.proxy_since
    settled = began is None or seconds_between(began, look.at) >= CHECKED
    for key, server in servers.items():
        if not server.ready:
            continue
        route = by_server.get(key)
        members = [pod for pod in (pods or {}).get(key, ()) if lives(pod)]
        if route is None:
            # A server that is lost as well is told as that.
            if pods is None or members:
                ripe = settled and age_of(server, look.at) >= YOUNG
                yield _no_route(key, members, ripe=ripe)
        elif (wrong := _wrong(route, members)) is not None:
            yield _wrong_route(key, route, wrong)
    for key, route in by_server.items():
        if key not in servers:
            yield _stale_route(key, route)


def _no_route(key: ServerKey, members: Sequence[Pod], *, ripe: bool) -> Disagreement:
    return Disagreement(
        kind=Kind.NO_ROUTE,
        server=key,
        pod=members[0].metadata.name if members else "",
        words=f"{key} is ready, and the proxy has no route to it",
        todo="Sync the routes: its user gets an error page until then, and works on after it.",
        ripe=ripe,
        fixes=(sync(),),
    )


def _stale_route(key: ServerKey, route: Route) -> Disagreement:
    return Disagreement(
        kind=Kind.STALE_ROUTE,
        server=key,
        words=f"the proxy leads {route.routespec} to {route.target}, and there is no server {key}",
        todo="Sync the routes: another pod may get that address.",
        fixes=(sync(),),
    )


def _wrong_route(key: ServerKey, route: Route, pod: Pod) -> Disagreement:
    name = pod.metadata.name
    return Disagreement(
        kind=Kind.WRONG_ROUTE,
        server=key,
        pod=name,
        words=f"the proxy leads {key} to {host_of(route)}, and {name} is {pod.status.pod_ip}",
        todo="Sync the routes; if that does not help, the hub has the old address too: stop the "
        "server.",
        fixes=(sync(), stop(key)),
    )


def _wrong(route: Route, members: Sequence[Pod]) -> Pod | None:
    """The pod that a route misses; None for one that leads to a name instead of an address."""
    host = host_of(route)
    try:
        ip_address(host)
    except ValueError:
        return None
    known = [pod for pod in members if pod.status.pod_ip]
    return known[0] if known and all(pod.status.pod_ip != host for pod in known) else None


def key_of(route: Route) -> ServerKey | None:
    """The server that a route is of; None for the hub's own and those of services."""
    return ServerKey(route.data.user, route.data.server_name) if route.data.user else None


def host_of(route: Route) -> str:
    """Where a route leads: an address or a name."""
    try:
        return urlsplit(route.target).hostname or ""
    except ValueError:
        return ""
