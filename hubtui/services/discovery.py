"""Finds hubs: Deployments labelled `component=hub,app=jupyterhub`, where they may be listed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from hubtui.clients.kube import KubeClient
from hubtui.errors import ConfigError, DeniedError, NotFoundError
from hubtui.model import kube
from hubtui.model.chart_label import version_of
from hubtui.model.kinds import DEPLOYMENTS, NAMESPACES, PODS
from hubtui.model.roles import HUB_SELECTOR

NAMESPACES_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub: where it runs and which Helm release made it."""

    namespace: str
    release: str
    name: str = ""
    chart: str = ""

    @property
    def chart_version(self) -> str:
        """The chart's version from the label `jupyterhub-4.4.0` (facts.md §1.1)."""
        return version_of(self.chart)


@dataclass(frozen=True, slots=True)
class Looked:
    """Where hubs were looked for, in words, and which of these places were refused."""

    places: list[str] = field(default_factory=list)
    refused: list[DeniedError] = field(default_factory=list)


async def find(client: KubeClient, namespace: str, release: str) -> list[Hub]:
    """The hubs there are: of `namespace` when it is given, else of the context's namespace, else
    of every namespace that may be listed; only those of `release` when it is given.

    Raises ConfigError with where was looked and what to pass when there is none.
    """
    looked = Looked()
    wanted = namespace or client.context.namespace or "default"
    hubs = _named(await _in(client, wanted, looked), release)
    if not hubs and not namespace:
        hubs = _named(await _everywhere(client, looked), release)
    if not hubs and namespace and release:
        await _check_namespace(client, namespace)
        return [Hub(namespace, release)]
    if not hubs:
        await _check_namespace(client, namespace)
        if len(looked.refused) == len(looked.places):
            raise DeniedError(
                f"No hub can be looked for: {looked.refused[0].what}",
                verb=looked.refused[0].verb,
                resource=looked.refused[0].resource,
                remedy="Ask for that right, or pass --namespace of a hub that you may read.",
            )
        raise ConfigError(
            f"No hub found{f' of release {release}' if release else ''}: looked for Deployments "
            f"labelled {HUB_SELECTOR} in {'; '.join(looked.places)}",
            remedy="Pass --namespace NS, or --namespace NS --release NAME, or --context.",
        )
    return hubs


async def everywhere(client: KubeClient) -> list[Hub]:
    """All hubs of a context, for the picker; raises nothing for rights that are missing."""
    looked = Looked()
    hubs = await _everywhere(client, looked)
    return hubs or await _in(client, client.context.namespace or "default", looked)


def _named(hubs: list[Hub], release: str) -> list[Hub]:
    return [hub for hub in hubs if release in ("", hub.release)]


async def _in(client: KubeClient, namespace: str, looked: Looked) -> list[Hub]:
    found: list[kube.Deployment] | list[kube.Pod]
    try:
        found = await client.list(DEPLOYMENTS, namespace, labels=HUB_SELECTOR)
        looked.places.append(f"namespace {namespace}")
    except DeniedError as denied:
        if denied.status == 401:
            raise
        try:
            found = await client.list(PODS, namespace, labels=HUB_SELECTOR)
            looked.places.append(f"the pods of namespace {namespace}")
        except DeniedError:
            looked.places.append(f"namespace {namespace} ({denied.what})")
            looked.refused.append(denied)
            return []
    return _hubs(found)


async def _everywhere(client: KubeClient, looked: Looked) -> list[Hub]:
    try:
        hubs = _hubs(await client.list(DEPLOYMENTS, labels=HUB_SELECTOR))
        looked.places.append("all namespaces")
        return hubs
    except DeniedError as denied:
        if denied.status == 401:
            raise
    try:
        namespaces = await client.list(NAMESPACES)
    except DeniedError as denied:
        looked.places.append("no other namespace (no right to list them)")
        looked.refused.append(denied)
        return []
    at_once = asyncio.Semaphore(NAMESPACES_AT_ONCE)

    async def one(name: str) -> list[Hub]:
        async with at_once:
            try:
                return _hubs(await client.list(DEPLOYMENTS, name, labels=HUB_SELECTOR))
            except DeniedError:
                return []

    found = await asyncio.gather(*(one(ns.metadata.name) for ns in namespaces))
    looked.places.append(f"the {len(namespaces)} namespaces, as far as they may be read")
    return [hub for hubs in found for hub in hubs]


async def _check_namespace(client: KubeClient, namespace: str) -> None:
    """Says so when a namespace that was asked for does not exist, as far as one may know."""
    if not namespace:
        return
    try:
        await client.get(NAMESPACES, "", namespace)
    except NotFoundError:
        raise ConfigError(
            f"There is no namespace {namespace} in context {client.context.name}",
            remedy="Check --namespace.",
        ) from None
    except DeniedError:
        return


def _hubs(found: list[kube.Deployment] | list[kube.Pod]) -> list[Hub]:
    hubs = {}
    for thing in found:
        meta = thing.metadata
        release = meta.labels.get("release") or meta.annotations.release_name or ""
        release = release or meta.labels.get("app.kubernetes.io/instance", "")
        chart = meta.labels.get("chart") or meta.labels.get("helm.sh/chart", "")
        hubs[(meta.namespace, release)] = Hub(meta.namespace, release, meta.name, chart)
    return [hubs[key] for key in sorted(hubs)]
