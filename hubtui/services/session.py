"""One open hub: context, namespace and release, with the clients, stores and operations of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hubtui.clients.gate import Gate
from hubtui.clients.kube import KubeClient
from hubtui.clients.kubeconfig import Context, contexts, current_context
from hubtui.config import Settings
from hubtui.errors import DecodeError, DeniedError, HubtuiError, NotFoundError
from hubtui.model import kube
from hubtui.model.diff import RevisionDiff
from hubtui.model.kinds import (
    DAEMONSETS,
    DEPLOYMENTS,
    JOBS,
    NODE_METRICS,
    POD_METRICS,
    PODS,
    SECRETS,
    STATEFULSETS,
)
from hubtui.model.redact import Redactor, live_values
from hubtui.model.release import RevisionHead, in_force
from hubtui.model.values_path import Path
from hubtui.services import deployment_secrets, discovery
from hubtui.services.alerts import AlertFeed
from hubtui.services.changed import Changed
from hubtui.services.culler import Culler
from hubtui.services.dashboards import Dashboards
from hubtui.services.discovery import Hub
from hubtui.services.disks import Disks
from hubtui.services.drift import Drift
from hubtui.services.feeds import Feeds
from hubtui.services.homes import Homes
from hubtui.services.hub_db import HubDatabase
from hubtui.services.hub_feed import CADENCE, SLOW_CADENCE, HubFeed
from hubtui.services.hub_link import HubLink
from hubtui.services.leftovers import Leftovers
from hubtui.services.metric_sources import MetricSources
from hubtui.services.metrics import Metrics
from hubtui.services.nfs_servers import NfsServers
from hubtui.services.nodes import Nodes
from hubtui.services.operations import Operations
from hubtui.services.orphans import Orphans
from hubtui.services.pods import Pods, Stores
from hubtui.services.problems.finder import Problems
from hubtui.services.prometheus import PrometheusLink
from hubtui.services.ranges import Ranges
from hubtui.services.releases import OWNER, Releases, storage_kind
from hubtui.services.scale_down import ScaleDown
from hubtui.services.seats import Seating
from hubtui.services.storage import Storage
from hubtui.services.store import Store
from hubtui.services.trends import Trends
from hubtui.services.usage import UsageFeed
from hubtui.services.users import Users
from hubtui.services.workflow_runs import WorkflowRuns

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Several:
    """More than one hub: somebody must choose."""

    hubs: list[Hub]


class Session:
    """A hub that is being looked at. Made by `connect`; `close` ends everything but operations'
    helm processes, which go on by themselves."""

    def __init__(
        self,
        settings: Settings,
        context: Context,
        client: KubeClient,
        hub: Hub,
        *,
        live: bool = True,
    ) -> None:
        self.settings = settings
        self.context = context
        self.client = client
        self.gate = client.gate
        self.hub = hub
        self.namespace = hub.namespace
        self.release = hub.release
        self.feeds = Feeds(client, live=live)
        self.prometheus = PrometheusLink(settings, client, hub.namespace)
        self.ranges = Ranges(self.prometheus)
        self._secret_paths: frozenset[Path] = frozenset()
        self._join_hub()
        self._join_nodes()
        self._join_storage()
        self._join_all()

    def _join_hub(self) -> None:
        """The release, its pods, and whom they serve."""
        settings, client, hub = self.settings, self.client, self.hub
        self.pods = Pods(client, self._pod_stores(), hub.namespace, hub.release)
        pods = self.pods.stores.pods
        driver = settings.helm_driver
        self.releases = Releases(
            client,
            self.feeds.add(storage_kind(driver), hub.namespace, labels=OWNER),
            hub.namespace,
            driver,
        )
        self.hub_link = HubLink(settings, client, self.releases, pods, hub.namespace, hub.release)
        slow = SLOW_CADENCE if settings.slow else CADENCE
        self.hub_feed = HubFeed(self.hub_link, cadence=slow)
        self.usage = UsageFeed(client, POD_METRICS, hub.namespace)
        culler = Culler(self.hub_link, pods, hub.release, self.pods)
        self.users = Users(
            self.hub_feed, pods, self.usage, culler, hub.release, revision=self._in_force
        )

    def _join_nodes(self) -> None:
        """Where they run, and how many more fit."""
        self.nodes = Nodes(
            self.feeds,
            self.pods.stores.pods,
            UsageFeed(self.client, NODE_METRICS),
            self.namespace,
            self.release,
            pool_label=self.settings.nodes.pool_label,
        )
        self.seats = Seating(self)
        self.scale_down = ScaleDown(self)

    def _join_storage(self) -> None:
        """What they keep, and how full it is."""
        client, namespace, pods = self.client, self.namespace, self.pods.stores.pods
        self.disks = Disks(client, self.feeds, pods, self.prometheus, namespace)
        self.storage = Storage(self.feeds, pods, self.disks, self.hub_feed, namespace, self.release)
        self.trends = Trends(self.storage, self.prometheus, namespace)
        self.homes = Homes(self.prometheus, namespace, self._user_names)
        self.nfs_servers = NfsServers(
            client, self.storage, self.disks, pods, self.prometheus, namespace
        )
        self.hub_db = HubDatabase(self)

    def _join_all(self) -> None:
        """What is told and done of all of these."""
        self.drift = Drift(self.client)
        self.changed = Changed(self.releases)
        self.workflow_runs = WorkflowRuns(self.settings, self.gate, self.releases, self.release)
        self.jobs: Store[kube.Job] = self.feeds.add(JOBS, self.namespace)
        self.operations = Operations(self)
        self.dashboards = Dashboards(self)
        self.metrics = Metrics(self)
        self.metric_sources = MetricSources(self)
        self.orphans = Orphans(self)
        self.leftovers = Leftovers(self)
        self.problems = Problems(self)
        self.alerts = AlertFeed(self)

    def _user_names(self) -> Iterator[str]:
        """The users that are known, those first whose names the hub itself told."""
        yield from self.hub_feed.users
        yield from (row.user for row in self.storage.rows() if row.user)

    def _in_force(self) -> int | None:
        force = in_force(self.releases.heads(self.release))
        return force.revision if force is not None else None

    def _pod_stores(self) -> Stores:
        namespace = self.hub.namespace
        return Stores(
            pods=self.feeds.add(PODS, namespace),
            deployments=self.feeds.add(DEPLOYMENTS, namespace),
            statefulsets=self.feeds.add(STATEFULSETS, namespace),
            daemonsets=self.feeds.add(DAEMONSETS, namespace),
        )

    async def redactor(self) -> Redactor:
        """Masks what is secret in this namespace: by name, by the paths of the deployment's
        encrypted files, and by the values of the live Secrets as far as they may be read."""
        values: set[str] = set()
        try:
            async for page in self.client.pages(SECRETS, self.namespace, fields=_NOT_HELM):
                for secret in page.items:
                    values |= live_values(secret.type, secret.data)
        except DeniedError as denied:
            log.info("secret values are masked by their keys only: %s", denied)
        found = await asyncio.to_thread(
            deployment_secrets.secret_paths, self.settings, self.release
        )
        redactor = Redactor(sops=found | self._secret_paths, live=frozenset(values))
        return redactor.knowing(*await self._values_in_force()) if redactor.sops else redactor

    async def _values_in_force(self) -> list[Mapping[str, Any]]:
        force = in_force(self.releases.heads(self.release))
        if force is None:
            return []
        try:
            return [(await self.releases.payload(force)).config]
        except (DecodeError, NotFoundError):
            return []

    def learn(self, secret_paths: frozenset[Path]) -> None:
        """Paths of the release's values that hold secrets, masked in this session from here on."""
        self._secret_paths |= secret_paths

    async def compare_live(
        self, head: RevisionHead, heads: Sequence[RevisionHead], redactor: Redactor
    ) -> RevisionDiff:
        """A revision against the live cluster; `heads` are all of its release, newest first.

        Raises what `Releases.payload` raises.
        """
        target = await self.releases.payload(head)
        force = in_force(heads)
        other = force is not None and force.revision != head.revision
        last = await self.releases.payload(force) if force is not None and other else None
        return await self.drift.compare(target, redactor, last)

    def retry(self) -> None:
        """Everything that somebody looks at is asked again at once, whatever it rested for."""
        self.feeds.retry()
        self.users.retry()
        self.disks.retry()
        self.trends.retry()
        self.homes.retry()
        self.metrics.retry()
        self.alerts.retry()

    async def close(self) -> None:
        """Ends the feeds and the connections."""
        await self.operations.close()
        await self.problems.close()
        await self.alerts.close()
        await self.workflow_runs.close()
        await self.changed.close()
        await self.metrics.close()
        await self.users.close()
        await self.scale_down.close()
        await self.seats.close()
        await self.nodes.close()
        await self.trends.close()
        await self.homes.close()
        await self.disks.close()
        await self.dashboards.close()
        await self.prometheus.close()
        await self.hub_link.close()
        await self.releases.close()
        await self.feeds.close()
        await self.client.close()


_NOT_HELM = "type!=helm.sh/release.v1"
"""Release payloads are no values to look for, and 100 MB of them (fieldSelector of Secrets)."""


def open_client(settings: Settings) -> KubeClient:
    """A client for the context in force, with a gate of its own. Raises ConfigError."""
    context = current_context(settings)
    return KubeClient(settings, context, Gate(settings.read_only_reason(context.name)))


async def connect(
    settings: Settings, client: KubeClient, *, live: bool = True
) -> Session | Several:
    """Finds the hub and opens a session on it; several hubs are handed back for a choice.

    A session that is not `live` follows nothing: `Session.feeds.fill` reads what is asked for.

    Raises ConfigError when there is none, UnreachableError, DeniedError.
    """
    hubs = await discovery.find(client, settings.namespace, settings.release)
    if len(hubs) > 1:
        return Several(hubs)
    return Session(settings, client.context, client, hubs[0], live=live)


Found = tuple[Context, list[Hub], HubtuiError | None]
"""A context, the hubs seen there, and why it could not be asked."""


async def hubs_of(settings: Settings) -> AsyncIterator[Found]:
    """The hubs of each context as it answers: an unreachable one costs its own line only."""

    async def one(context: Context) -> Found:
        client = KubeClient(settings, context, Gate(settings.read_only_reason(context.name)))
        try:
            return context, await discovery.everywhere(client), None
        except HubtuiError as error:
            return context, [], error
        finally:
            await client.close()

    asked = [asyncio.create_task(one(context)) for context in contexts(settings)]
    try:
        for answered in asyncio.as_completed(asked):
            yield await answered
    finally:
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
