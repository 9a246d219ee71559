"""Which of the rights that hubtui makes use of are there, level by level."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from hubtui.clients.kube import KubeClient
from hubtui.config import Settings
from hubtui.services.feeds import REVIEWS_AT_ONCE

Right = tuple[str, str]
"""A verb and a resource, `create` and `pods/portforward`."""

_VITAL: Final[tuple[Right, ...]] = (("list", "pods"), ("watch", "pods"))
_VIEWER: Final[tuple[Right, ...]] = (
    *_VITAL,
    *(("list", f"{kind}.apps") for kind in ("deployments", "statefulsets", "daemonsets")),
    *(("watch", f"{kind}.apps") for kind in ("deployments", "statefulsets", "daemonsets")),
    ("get", "pods/log"),
    ("list", "events"),
    ("list", "jobs.batch"),
    ("list", "persistentvolumeclaims"),
    ("list", "poddisruptionbudgets.policy"),
    ("list", "resourcequotas"),
    ("list", "pods.metrics.k8s.io"),
)
_HUB: Final[tuple[Right, ...]] = (
    # Over a WebSocket it is a get, and from Kubernetes 1.35 on a create as well.
    ("get", "pods/portforward"),
    ("create", "pods/portforward"),
)
_OPERATOR: Final[tuple[Right, ...]] = (
    ("patch", "deployments.apps"),
    ("delete", "pods"),
    ("patch", "statefulsets.apps"),
    ("patch", "statefulsets.apps/scale"),
    ("patch", "daemonsets.apps"),
    ("create", "daemonsets.apps"),
    ("delete", "daemonsets.apps"),
    ("create", "jobs.batch"),
    ("delete", "jobs.batch"),
    ("create", "serviceaccounts"),
    ("create", "secrets"),
    ("update", "secrets"),
    ("patch", "configmaps"),
    ("patch", "services"),
    ("patch", "persistentvolumeclaims"),
    ("patch", "networkpolicies.networking.k8s.io"),
    ("patch", "roles.rbac.authorization.k8s.io"),
    ("patch", "rolebindings.rbac.authorization.k8s.io"),
)
_CLUSTER: Final[tuple[Right, ...]] = (
    ("list", "nodes"),
    ("watch", "nodes"),
    # Those of other namespaces take room on the nodes, too.
    ("list", "pods"),
    ("watch", "pods"),
    ("list", "nodes.metrics.k8s.io"),
    ("list", "persistentvolumes"),
    ("list", "storageclasses.storage.k8s.io"),
    ("list", "volumeattachments.storage.k8s.io"),
    ("list", "csinodes.storage.k8s.io"),
    ("patch", "nodes"),
    ("create", "pods/eviction"),
)


@dataclass(frozen=True, slots=True)
class Rights:
    """One level: how many rights were asked for, which are missing, what they are for."""

    asked: int
    missing: tuple[str, ...]
    what_for: str
    vital: bool = False
    """Whether hubtui shows nothing at all without one that is missing."""

    remedy: str = ""


Look = Callable[[], Awaitable[Rights]]


async def looks(
    client: KubeClient, namespace: str, settings: Settings
) -> AsyncIterator[tuple[str, Look]]:
    """The levels by name, each with what asks for it."""
    storage = "configmaps" if settings.helm_driver == "configmap" else "secrets"
    levels = (
        ("viewer", _VIEWER, namespace, "pods, logs and events"),
        ("releases", (("list", storage), ("watch", storage)), namespace, "revisions and diffs"),
        ("hub", _HUB, namespace, "a port-forward to the hub: its health, users and servers"),
        ("operator", _OPERATOR, namespace, "upgrades, rollbacks and restarts"),
        ("cluster", _CLUSTER, "", "nodes, all that runs there, and volumes; and to cordon"),
    )
    for name, rights, where, what_for in levels:

        async def look(
            rights: tuple[Right, ...] = rights, where: str = where, what_for: str = what_for
        ) -> Rights:
            return await ask(client, rights, where, what_for)

        yield f"rights: {name}", look


async def ask(
    client: KubeClient, rights: tuple[Right, ...], namespace: str, what_for: str
) -> Rights:
    """Asks for each right. Raises UnreachableError, DeniedError."""
    at_once = asyncio.Semaphore(REVIEWS_AT_ONCE)

    async def one(right: Right) -> bool:
        verb, resource = right
        plural, _, subresource = resource.partition("/")
        async with at_once:
            return await client.can_i(verb, plural, namespace, subresource=subresource)

    answers = await asyncio.gather(*(one(right) for right in rights))
    lacking = [right for right, may in zip(rights, answers, strict=True) if not may]
    return Rights(
        asked=len(rights),
        missing=tuple(_words(right, namespace) for right in lacking),
        what_for=what_for,
        vital=bool(namespace) and any(right in _VITAL for right in lacking),
        remedy="" if not lacking else _remedy(namespace),
    )


def _words(right: Right, namespace: str) -> str:
    verb, resource = right
    everywhere = " of all namespaces" if not namespace and resource == "pods" else ""
    return f"{verb} {resource}{everywhere}"


def _remedy(namespace: str) -> str:
    where = f"a Role in namespace {namespace}" if namespace else "a ClusterRole"
    return f"Where these are wanted, ask for {where}."
