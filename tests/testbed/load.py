"""A large hub's load on an apiserver: fill it, take the load away again, keep its pods changing.

await fill(server, token, ca_file, progress=print)
changes = await churn(server, token, ca_file, per_second=100, seconds=10)
await clear(server, token, ca_file)
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.testbed.load_api import Api, LoadError, for_each
from tests.testbed.load_objects import (
    HOME_CLAIM,
    LOAD,
    NAMESPACE,
    Hub,
    Object,
    Pods,
    home_claim,
    node,
    node_name,
)
from tests.testbed.load_releases import Releases

__all__ = ["Api", "Change", "Hub", "LoadError", "churn", "clear", "fill"]

_PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
_SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
_CLAIMS = f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims"
_NODES = "/api/v1/nodes"
_LOADED = f"{LOAD}=true"
_READY_WITHIN = 300.0

Progress = Callable[[str], None]


def silent(_: str) -> None:
    """Report to nobody."""


async def fill(
    server: str,
    token: str,
    ca_file: Path | None,
    *,
    nodes: int = 250,
    pods: int = 5000,
    releases: int = 100,
    revisions: int = 10,
    hub: Hub | None = None,
    own_homes: bool = False,
    progress: Progress = silent,
) -> None:
    """Add nodes, user pods spread evenly over them, and releases; return when all pods run.

    With `own_homes` each pod mounts the claim that `load_claims` makes for its user.
    """
    async with Api(server, token, ca_file) as api:
        await _timed(progress, f"{nodes} nodes", api, _NODES, map(node, range(nodes)))
        if pods:
            await api.create(_CLAIMS, home_claim())
            made = _user_pods(Pods(hub, own_homes=own_homes), pods, nodes)
            await _timed(progress, f"{pods} user pods", api, _PODS, made)
        if releases:
            made = _secrets(releases, revisions)
            what = f"{releases} releases of {revisions} revisions"
            await _timed(progress, what, api, _SECRETS, made)
        began = time.monotonic()
        await _all_running(api)
        progress(f"all user pods are Running ({time.monotonic() - began:.1f} s later)")


async def clear(
    server: str, token: str, ca_file: Path | None, *, progress: Progress = silent
) -> None:
    """Remove what `fill` made, told by its label; return when it is gone."""
    async with Api(server, token, ca_file) as api:
        for path in (_PODS, _SECRETS, _CLAIMS, _NODES):
            await _remove_all(api, path)
            progress(f"{path.rpartition('/')[2]} of the load are gone")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one pod, in seconds of `time.perf_counter`."""

    pod: str
    user: str
    restarts: int
    sent: float
    done: float


async def churn(
    server: str,
    token: str,
    ca_file: Path | None,
    per_second: float,
    seconds: float,
    *,
    pods: Sequence[str] | None = None,
    on_change: Callable[[Change], None] | None = None,
) -> list[Change]:
    """Change pods at a rate, as `keep_changing` does, through a connection of its own."""
    async with Api(server, token, ca_file) as api:
        return await keep_changing(api, per_second, seconds, pods=pods, on_change=on_change)


async def keep_changing(
    api: Api,
    per_second: float,
    seconds: float,
    *,
    pods: Sequence[str] | None = None,
    on_change: Callable[[Change], None] | None = None,
) -> list[Change]:
    """Raise the restart count of pods (all of the load, or `pods`), so many a second.

    KWOK's stages leave a running pod alone, so the change stays. `on_change` hears of each one as
    soon as the apiserver has taken it; all of them are returned.
    """
    users = await running_users(api)
    chosen = itertools.cycle(pods if pods is not None else users)
    changes: list[Change] = []

    async def one(pod: str, restarts: int) -> None:
        change = await change_pod(api, pod, users[pod], restarts)
        changes.append(change)
        if on_change is not None:
            on_change(change)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(per_second * seconds)):
            # A late tick is caught up with, so that the rate holds on a busy machine.
            await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
            group.create_task(one(next(chosen), 1 + number))
    return changes


async def change_pod(api: Api, pod: str, user: str, restarts: int) -> Change:
    """Set one pod's restart count."""
    sent = time.perf_counter()
    await api.patch(
        f"{_PODS}/{pod}/status",
        [{"op": "replace", "path": "/status/containerStatuses/0/restartCount", "value": restarts}],
        "application/json-patch+json",
    )
    return Change(pod, user, restarts, sent, time.perf_counter())


async def running_users(api: Api) -> dict[str, str]:
    """The pods of the load and their users, as the annotation has them."""
    items = await api.some(_PODS, labelSelector=_LOADED, limit="100000")
    return {
        item["metadata"]["name"]: item["metadata"]["annotations"]["hub.jupyter.org/username"]
        for item in items
    }


async def pods_in_namespace(api: Api) -> int:
    """How many pods the hub's namespace holds, the chart's own included."""
    return len(await api.some(_PODS, limit="100000"))


def _user_pods(made: Pods, count: int, nodes: int) -> Iterator[Object]:
    if not nodes:
        raise LoadError("user pods need nodes: nodes=0 and pods>0 do not go together")
    return (made.pod(number, node_name(number % nodes)) for number in range(count))


def _secrets(releases: int, revisions: int) -> Iterator[Object]:
    made = Releases(revisions)
    numbers = itertools.product(range(releases), range(1, revisions + 1))
    return (made.secret(number, revision) for number, revision in numbers)


async def _timed(
    progress: Progress, what: str, api: Api, path: str, objects: Iterable[Object]
) -> None:
    began = time.monotonic()

    async def create(body: dict[str, Any]) -> None:
        await api.create(path, body)

    await for_each(objects, create)
    progress(f"{what} in {time.monotonic() - began:.1f} s")


async def _all_running(api: Api) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    waiting = {"labelSelector": _LOADED, "fieldSelector": "status.phase!=Running"}
    while pending := await api.some(_PODS, **waiting, limit="1"):
        if time.monotonic() > deadline:
            name = pending[0]["metadata"]["name"]
            raise LoadError(f"{name} and maybe others do not run after {_READY_WITHIN:.0f} s")
        await asyncio.sleep(0.25)


async def _remove_all(api: Api, path: str) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    items = await api.some(path, labelSelector=_LOADED, limit="100000")

    async def delete(item: dict[str, Any]) -> None:
        await api.delete(f"{path}/{item['metadata']['name']}")

    # A deletion of the collection takes them one after the other: 90 s for 5,000 pods.
    await for_each(items, delete)
    while left := await api.some(path, labelSelector=_LOADED, limit="1"):
        meta = left[0]["metadata"]
        if time.monotonic() > deadline:
            raise LoadError(f"{meta['name']} is still there after {_READY_WITHIN:.0f} s")
        if meta["name"] == HOME_CLAIM and "deletionTimestamp" in meta:
            return  # goes when its protection has seen that no pod mounts it
        await asyncio.sleep(0.25)
