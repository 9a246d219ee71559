"""What a kubelet says of the volumes on its node: `stats/summary`, through the apiserver.

Source: k8s.io/kubelet stats/v1alpha1 (facts.md §9.1). It needs the right to get nodes/proxy.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

from hubtui.clients.answers import decode
from hubtui.clients.gate import Call
from hubtui.clients.kube import KubeClient
from hubtui.errors import UnreachableError
from hubtui.model.disk import Figures, Source
from hubtui.model.kinds import NODES
from hubtui.model.kube import KubeStruct

TIMEOUT: Final = 4.0
"""Seconds for one node."""


class _ClaimRef(KubeStruct, frozen=True):
    name: str = ""
    namespace: str = ""


class _VolumeStats(KubeStruct, frozen=True):
    pvc_ref: _ClaimRef | None = None
    time: datetime | None = None
    capacity_bytes: int | None = None
    used_bytes: int | None = None
    available_bytes: int | None = None
    inodes: int | None = None
    inodes_used: int | None = None
    inodes_free: int | None = None


class _PodStats(KubeStruct, frozen=True):
    volume: tuple[_VolumeStats, ...] | None = ()


class _Summary(KubeStruct, frozen=True):
    pods: tuple[_PodStats, ...] | None = ()


async def volumes(
    client: KubeClient, node: str, namespace: str, now: datetime, *, timeout: float = TIMEOUT
) -> dict[str, Figures]:
    """The claims of a namespace that pods on a node mount, by name; of one that several mount, the
    newest. `now` is the time of those that tell none.

    Raises UnreachableError when the node does not answer in time, DeniedError, NotFoundError,
    ApiError, DecodeError.
    """
    call = Call("get", NODES.resource, name=node, subresource="proxy", path="stats/summary")
    try:
        async with asyncio.timeout(timeout):
            body = await client.request(call, kind=NODES, timeout=timeout)
    except TimeoutError:
        raise UnreachableError(f"node {node} does not answer within {timeout:.2g} s") from None
    found: dict[str, Figures] = {}
    for pod in decode(body, _Summary).pods or ():
        for stats in pod.volume or ():
            claim = stats.pvc_ref
            if claim is None or claim.namespace != namespace:
                continue
            figures = _figures(stats, node, now)
            if claim.name not in found or found[claim.name].as_of < figures.as_of:
                found[claim.name] = figures
    return found


def _figures(stats: _VolumeStats, node: str, now: datetime) -> Figures:
    return Figures(
        source=Source.KUBELET,
        as_of=stats.time or now,
        capacity=stats.capacity_bytes,
        used=stats.used_bytes,
        available=stats.available_bytes,
        inodes=stats.inodes,
        inodes_used=stats.inodes_used,
        inodes_free=stats.inodes_free,
        by=f"node {node}",
    )
