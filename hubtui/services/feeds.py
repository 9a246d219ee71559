"""Which kinds are followed, with which selectors, and how much is asked of the apiserver.

The request budget, in one place (design §2):

=====================  =======================================================
source                 cost
=====================  =======================================================
pods, workloads, jobs  one LIST in pages of 500, then one WATCH each
releases               the same, metadata only
events                 the same, from the first time that somebody looks at them
release payloads       a GET for a row on the screen, PAYLOADS_AT_ONCE at most
heartbeat              GET /version each HEARTBEAT seconds
access reviews         REVIEWS_AT_ONCE at most, only while a plan is made
drift                  a GET for each object of a manifest, OBJECTS_AT_ONCE at most, and a
                       dry run for those that differ; only when it is asked for
hooks at work          while helm waits for one: a WATCH of its Job and of its pods, whose logs
                       are followed; for the awaiter one of the pullers' pods too
the hub's users        of the hub, not of the apiserver: one page of 200 at a time, its event loop
                       busy for us at most 5 % of a minute, only while somebody looks; all users
                       on demand (services.hub_feed)
nodes, pods elsewhere  one LIST in pages of 500, then one WATCH each, from the first time that
                       somebody looks at nodes: what runs in other namespaces takes room, too
seats                  the same of quotas, of the drivers of each node, and once more of the pods
                       without a node, whole ones; a GET of the newest server's pod each 5 minutes
use of pods and nodes  a LIST of metrics.k8s.io each 30 s, each only while somebody looks
claims, volumes        one LIST in pages of 500, then one WATCH each, from the first time that
                       somebody looks at storage, or from six seconds after the start on, for the
                       problems; the same of classes and attachments
how full they are      of Prometheus: a query for each of 6 metrics each 60 s, 5 more for each NFS
                       server of which these tell nothing, 3 over a week once; of kubelets what
                       Prometheus does not hold: 16 at once, none again before 60 s, one for each
                       claim, none without the right; only while somebody looks (services.disks),
                       else less of it, and seldom (services.problems.storage_reading)
when they are full     of Prometheus: ranges, one at a time, of each disk once in 10 minutes: 3 for
                       the database, a shared disk and what is nearly full, 40 such at most, one
                       for 60 other claims; only while somebody looks (services.trends)
sizes of homes         of Prometheus: 5 queries each 5 minutes, and each 30 minutes whose they are
                       and one range for 60 homes; only while somebody looks (services.homes)
servers of disks       a LIST of services each 5 minutes, in all namespaces where the hub's has not
                       the address; of Prometheus 6 queries each 60 s, when servers are looked at
disruption budgets     a LIST each 30 s, only while somebody asks why a node stays
compute quota          the hub's metrics page, only when one user is looked at
leftovers              only when somebody looks at them or plans: all users of the hub, a page at a
                       time with as long a rest, and a LIST of claims, pods, volumes and workloads;
                       while claims are deleted a WATCH of the pods, and of the hub one user each
workflow runs          of GitHub, not of the apiserver: see services.workflow_runs
problems               what the stores hold; the rest is in services.problems.reading
=====================  =======================================================
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, TypeVar

from hubtui.clients.kube import KubeClient
from hubtui.clients.watch import Feed, follow, list_once
from hubtui.errors import ApiError, DeniedError, HubtuiError, UnreachableError
from hubtui.model import kube
from hubtui.model.kinds import Kind
from hubtui.services.store import State, Store

log = logging.getLogger(__name__)

T = TypeVar("T", bound=kube.Object)

PAYLOADS_AT_ONCE = 4
REVIEWS_AT_ONCE = 8
OBJECTS_AT_ONCE = 8

HEARTBEAT = 10.0
"""Seconds between two questions whether the server still answers: a dead network path leaves a
watch silent, not broken."""

HEARTBEAT_TIMEOUT = 8.0


class Feeds:
    """The stores of one namespace and the loops that fill them; without `live` a store is filled
    by `fill` only. `heartbeat` and `patience` are the seconds between two heartbeats and until
    one is taken for lost."""

    def __init__(
        self,
        client: KubeClient,
        *,
        live: bool = True,
        heartbeat: float = HEARTBEAT,
        patience: float = HEARTBEAT_TIMEOUT,
    ) -> None:
        self._client = client
        self._live = live
        self._closed = False
        self._heartbeat = heartbeat
        self._patience = patience
        self._feeds: dict[str, tuple[Feed, Store[Any]]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._heart: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    def add(
        self,
        kind: Kind[T],
        namespace: str,
        *,
        labels: str = "",
        fields: str = "",
        follow: bool = True,
    ) -> Store[T]:
        """Follows a kind in a namespace; the store fills as answers come. Who asks for the same
        again gets the same store. Without `follow` nothing is asked before somebody calls `look`
        or `fill`."""
        feed = Feed(kind, namespace, labels, fields)
        name = f"{feed}?{labels}&{fields}"
        if name in self._feeds and self._feeds[name][0].kind is kind:
            store: Store[T] = self._feeds[name][1]
        else:
            store = Store(str(feed))
            self._feeds[name] = (feed, store)
        if follow:
            self.look(store)
        return store

    def look(self, *stores: Store[Any]) -> None:
        """Follows those that nobody has looked at yet."""
        if not self._live or self._closed:
            return
        for name, (_, store) in self._feeds.items():
            if store in stores and name not in self._tasks:
                self._start(name)
        if self._heart is None:
            self._heart = asyncio.create_task(self._beat(), name="heartbeat")

    async def fill(self, *stores: Store[Any]) -> None:
        """Waits until each store was read, or is denied (which its health tells); where nothing is
        followed, lists each once. Raises every other error."""
        self.look(*stores)
        wanted = [(feed, store) for feed, store in self._feeds.values() if store in stores]
        await asyncio.gather(*(self._fill(feed, store) for feed, store in wanted))

    async def _fill(self, feed: Feed, store: Store[Any]) -> None:
        if not self._live:
            try:
                await list_once(self._client, feed, store)
                store.live()
            except DeniedError as denied:
                store.failed(denied, 0)
            except HubtuiError as error:
                store.failed(error, 0)
                raise
        await store.answered.wait()
        if store.health.error is not None and not store.loaded.is_set():
            raise store.health.error

    def retry(self) -> None:
        """Ends every pause between two tries: an operator does not wait for a back-off."""
        self._wake.set()
        self._wake = asyncio.Event()
        for name, (_, store) in self._feeds.items():
            if store.health.error is not None:
                self._start(name)

    async def close(self) -> None:
        """Ends all loops; none is begun from here on."""
        self._closed = True
        tasks = [*self._tasks.values(), *([self._heart] if self._heart else [])]
        self._tasks.clear()
        self._heart = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, name: str) -> None:
        running = self._tasks.get(name)
        if running is not None:
            running.cancel()
        feed, store = self._feeds[name]
        task = asyncio.create_task(follow(self._client, feed, store, self._wake), name=name)
        task.add_done_callback(_report)
        self._tasks[name] = task

    async def _beat(self) -> None:
        silent = False
        while True:
            await asyncio.sleep(self._heartbeat)
            error = await self._silence()
            if error is not None:
                self._break(error)
            elif silent:
                # What was asked in the meantime may hang until it times out: ask anew.
                self.retry()
            silent = error is not None

    async def _silence(self) -> HubtuiError | None:
        """Why the server is taken for dead; None when it answers, be it with a refusal."""
        try:
            async with asyncio.timeout(self._patience):
                await self._client.version()
        except TimeoutError:
            return UnreachableError(
                f"{self._client.server} does not answer: no heartbeat in {self._patience:g} s"
            )
        except HubtuiError as error:
            # A refused connection breaks the watches by itself; a proxy in between may not.
            answered = isinstance(error, ApiError) and error.status < 500
            return None if answered else error
        return None

    def _break(self, error: HubtuiError) -> None:
        """Starts again what seems to be live; what is not tries by itself."""
        log.info("feeds start again: %s", error)
        for name, (_, store) in self._feeds.items():
            if store.health.state is State.LIVE:
                store.failed(error, 0)
                self._start(name)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the feed %s ended", task.get_name(), exc_info=error)
