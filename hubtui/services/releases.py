"""Releases and their revisions: heads from metadata, payloads on demand.

Read without helm: a metadata-only list of Helm's storage objects gives name, revision and status;
what else a row shows comes from the payload, which is fetched for the rows that somebody looks at
and kept by uid and resource version.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from hubtui.clients.kube import KubeClient
from hubtui.errors import DecodeError, DeniedError, HubtuiError, NotFoundError
from hubtui.model import kube
from hubtui.model.description import described
from hubtui.model.diff import RevisionDiff, payload_steps
from hubtui.model.hub_chart import CHART, hub_chart_version, is_hub_chart, jupyterhub_version
from hubtui.model.kinds import CONFIGMAPS, CONFIGMAPS_METADATA, SECRETS, SECRETS_METADATA, Kind
from hubtui.model.redact import Redactor
from hubtui.model.release import Payload, RevisionHead, decode_payload, head_from_labels
from hubtui.services.feeds import PAYLOADS_AT_ONCE
from hubtui.services.store import Store, Subscription
from hubtui.services.unhurried import unhurried

log = logging.getLogger(__name__)

OWNER = "owner=helm"
AGAIN = 1.0
"""Seconds until a row whose payload could not be fetched is drawn, and so asked for, again."""
PAYLOADS_KEPT = 12
"""Decoded payloads kept: about 1 MB each, with their manifests."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a payload adds to a row. `error` says why there is nothing else.

    Of a hub in another chart, the hub's own chart and JupyterHub are meant.
    """

    chart: str = ""
    chart_version: str = ""
    app: str = ""
    description: str = ""
    updated: datetime | None = None
    error: str = ""


def storage_kind(driver: str) -> Kind[kube.Object]:
    """The metadata of where Helm keeps releases: Secrets, or ConfigMaps with that driver."""
    return CONFIGMAPS_METADATA if driver == "configmap" else SECRETS_METADATA


class Releases:
    """The releases of one namespace."""

    def __init__(
        self, client: KubeClient, store: Store[kube.Object], namespace: str, driver: str
    ) -> None:
        self._client = client
        self.store = store
        self._namespace = namespace
        self._driver = driver
        self._subscription = store.subscribe()
        self._heads: dict[str, dict[str, RevisionHead]] = {}
        self._by_key: dict[str, RevisionHead] = {}
        self._summaries: dict[str, Summary] = {}
        self._payloads: OrderedDict[str, Payload] = OrderedDict()
        self._wanted: OrderedDict[str, RevisionHead] = OrderedDict()
        self._fetchers: set[asyncio.Task[None]] = set()
        self._readers: list[Subscription] = []

    def subscribe(self) -> Subscription:
        """A reader that learns which storage objects' rows changed, payloads included."""
        reader = self.store.subscribe()
        self._readers.append(reader)
        return reader

    def names(self) -> list[str]:
        """All releases of the namespace."""
        self._update()
        return sorted(self._heads)

    def heads(self, release: str) -> list[RevisionHead]:
        """The revisions of a release, newest first, as the store has them."""
        self._update()
        return _newest_first(self._heads.get(release, {}).values())

    def head(self, key: str) -> RevisionHead | None:
        """The revision of one storage object, by `namespace/name`."""
        self._update()
        return self._by_key.get(key)

    async def refresh(self, release: str) -> list[RevisionHead]:
        """The revisions as the server has them now, newest first: for plans, not for panes.

        Raises DeniedError, UnreachableError.
        """
        kind = storage_kind(self._driver)
        labels = f"{OWNER},name={release}"
        found = await self._client.list(kind, self._namespace, labels=labels)
        return _newest_first(head for thing in found if (head := _head(thing)) is not None)

    async def payload(self, head: RevisionHead) -> Payload:
        """The decoded revision. Raises DecodeError when it is broken, NotFoundError when gone."""
        key = version_key(head)
        if key in self._payloads:
            self._payloads.move_to_end(key)
            return self._payloads[key]
        data = await self._stored(head)
        payload = await asyncio.to_thread(decode_payload, data, head)
        self._payloads[key] = payload
        while len(self._payloads) > PAYLOADS_KEPT:
            self._payloads.popitem(last=False)
        return payload

    async def _stored(self, head: RevisionHead) -> str:
        where = (head.namespace, head.object_name)
        if self._driver == "configmap":
            return (await self._client.get(CONFIGMAPS, *where)).data.get("release", "")
        return (await self._client.get(SECRETS, *where)).data.get("release", "")

    async def compare(
        self, before: RevisionHead, after: RevisionHead, redactor: Redactor
    ) -> RevisionDiff:
        """What changes from one revision to the other, worked out between other work.

        Raises what `payload` raises.
        """
        steps = payload_steps(await self.payload(before), await self.payload(after), redactor)
        return await unhurried(steps)

    def summary(self, head: RevisionHead) -> Summary | None:
        """What the payload adds, or None while it is fetched; asking is what has it fetched."""
        found = self._summaries.get(version_key(head))
        if found is None:
            self._wanted[version_key(head)] = head
            self._wanted.move_to_end(version_key(head))
            if len(self._fetchers) < PAYLOADS_AT_ONCE:
                task = asyncio.create_task(self._fetch(), name="payloads")
                self._fetchers.add(task)
                task.add_done_callback(self._fetchers.discard)
        return found

    def known(self, head: RevisionHead) -> Summary | None:
        """What the payload adds, as far as it is in; asking fetches nothing."""
        return self._summaries.get(version_key(head))

    async def settled(self) -> None:
        """Waits until no payload is being fetched."""
        while self._fetchers:
            await asyncio.wait(self._fetchers)
            await asyncio.sleep(0)  # those that have just ended take themselves out

    async def close(self) -> None:
        """Ends the fetching."""
        for task in self._fetchers:
            task.cancel()
        await asyncio.gather(*self._fetchers, return_exceptions=True)

    async def _fetch(self) -> None:
        """Fetches what is wanted, the latest wish first: it is on the screen."""
        while self._wanted:
            key, head = self._wanted.popitem(last=True)
            if key not in self._summaries:
                summary = await self._summarise(head)
                if summary is not None:
                    self._summaries[key] = summary
                self.redraw(head)

    async def _summarise(self, head: RevisionHead) -> Summary | None:
        try:
            return await self.read(head)
        except HubtuiError as error:
            log.info("payload of %s: %s", head.object_name, error)
            await asyncio.sleep(AGAIN)  # the wish is made again when the row is drawn anew
            return None

    async def summaries(self, heads: Iterable[RevisionHead]) -> list[Summary]:
        """What the payloads of these revisions add, in their order: for who looks once.

        Raises UnreachableError.
        """
        at_once = asyncio.Semaphore(PAYLOADS_AT_ONCE)

        async def one(head: RevisionHead) -> Summary:
            key = version_key(head)
            if key not in self._summaries:
                async with at_once:
                    self._summaries[key] = await self.read(head)
            return self._summaries[key]

        return list(await asyncio.gather(*(one(head) for head in heads)))

    async def read(self, head: RevisionHead) -> Summary:
        """What the payload adds; that it is broken, gone or denied is an error of the row.

        Raises UnreachableError.
        """
        try:
            payload = await self.payload(head)
        except NotFoundError:
            return Summary(error="removed in the meantime")
        except DecodeError as error:
            return Summary(error=str(error))
        except DeniedError as error:
            return Summary(error=error.what)
        hub = is_hub_chart(payload)
        version = hub_chart_version(payload) if hub else None
        return Summary(
            chart=CHART if version else payload.chart.name,
            chart_version=version or payload.chart.version,
            app=(jupyterhub_version(payload) if hub else payload.chart.app_version) or "",
            description=described(payload, Redactor()),
            updated=payload.last_deployed,
        )

    def redraw(self, head: RevisionHead) -> None:
        """The row of a revision has something new to show."""
        for reader in self._readers:
            reader.keys.add(f"{head.namespace}/{head.object_name}")

    def _update(self) -> None:
        everything, keys = self._subscription.drain()
        if everything:
            self._heads.clear()
            self._by_key.clear()
            keys = {thing.key for thing in self.store}
        for key in keys:
            before = self._by_key.pop(key, None)
            if before is not None:
                del self._heads[before.release][key]
                if not self._heads[before.release]:
                    del self._heads[before.release]
            thing = self.store.get(key)
            head = _head(thing) if thing is not None else None
            if head is not None:
                self._by_key[key] = head
                self._heads.setdefault(head.release, {})[key] = head


def _head(thing: kube.Object) -> RevisionHead | None:
    meta = thing.metadata
    try:
        return head_from_labels(
            meta.labels,
            namespace=meta.namespace,
            object_name=meta.name,
            uid=meta.uid,
            resource_version=meta.resource_version,
            created=meta.creation_timestamp,
        )
    except DecodeError as error:
        log.info("%s", error)
        return None


def _newest_first(heads: Iterable[RevisionHead]) -> list[RevisionHead]:
    return sorted(heads, key=lambda head: head.revision, reverse=True)


def version_key(head: RevisionHead) -> str:
    """What tells one state of a revision's storage object from all others."""
    return f"{head.uid}@{head.resource_version}"


def head_of(heads: Sequence[RevisionHead], revision: int) -> RevisionHead:
    """One revision by its number. Raises NotFoundError with those there are."""
    for head in heads:
        if head.revision == revision:
            return head
    known = ", ".join(str(head.revision) for head in heads)
    raise NotFoundError(
        f"Release {heads[0].release} has no revision {revision}",
        status=404,
        remedy=f"Revisions there are: {known}.",
    )
