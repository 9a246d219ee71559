"""The list-watch loop: keeps a sink equal to the server's state, and never gives up."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import msgspec

from hubtui.clients.gate import Call
from hubtui.clients.kube import KubeClient
from hubtui.errors import DecodeError, DeniedError, GoneError, HubtuiError, UnreachableError
from hubtui.model import kube
from hubtui.model.kinds import Kind
from hubtui.model.text import safe_json

log = logging.getLogger(__name__)

T = TypeVar("T", bound=kube.Object)
T_contra = TypeVar("T_contra", bound=kube.Object, contravariant=True)

BACKOFF_FIRST, BACKOFF_MOST = 0.5, 30.0
"""Seconds before the first retry, and the most between two (design §2)."""

WATCH_SECONDS = 290
"""How long a watch is asked for; the server ends it and it is resumed."""

SILENCE = 100.0
"""Seconds without a byte after which a watch is taken for dead: bookmarks come every minute."""


class Sink(Protocol[T_contra]):
    """Where objects go. The loop calls it from the event loop only."""

    def listing(self) -> None:
        """A list begins."""

    def page(self, objects: Iterable[T_contra]) -> None:
        """More objects of a list that is under way."""

    def listed(self) -> None:
        """The list is complete: what was not in it is gone."""

    def put(self, thing: T_contra) -> None:
        """An object came or changed."""

    def remove(self, key: str) -> None:
        """An object is gone."""

    def live(self) -> None:
        """The watch is open: what the sink holds is what the server holds."""

    def failed(self, error: HubtuiError, retry_in: float) -> None:
        """Nothing comes at present; tried again in `retry_in` seconds."""


class _Event(msgspec.Struct, gc=False):
    type: str
    object: msgspec.Raw


@dataclass(slots=True)
class Feed:
    """What to follow: a kind, where, and with which selectors."""

    kind: Kind[Any]
    namespace: str = ""
    labels: str = ""
    fields: str = ""

    def __str__(self) -> str:
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.kind.resource}{where}"


async def follow(
    client: KubeClient, feed: Feed, sink: Sink[Any], wake: asyncio.Event | None = None
) -> None:
    """Lists and watches until cancelled; `wake` ends a pause between two tries at once."""
    wake = wake or asyncio.Event()
    version = ""
    pause = BACKOFF_FIRST
    while True:
        try:
            if not version:
                version = await list_once(client, feed, sink)
            sink.live()
            started = asyncio.get_running_loop().time()
            version = await _watch(client, feed, sink, version)
            # A watch that ends at once is a server that refuses; one that lasted is normal.
            if asyncio.get_running_loop().time() - started > BACKOFF_FIRST:
                pause = BACKOFF_FIRST
                continue
            await _pause(wake, BACKOFF_FIRST)
        except GoneError:
            version = ""
        except HubtuiError as error:
            if isinstance(error, DecodeError):
                version = ""
            wait = pause * random.uniform(0.5, 1.0)  # noqa: S311
            if isinstance(error, DeniedError):
                wait = BACKOFF_MOST
            log.info("%s: %s; again in %.1f s", feed, error, wait)
            sink.failed(error, wait)
            woken = await _pause(wake, wait)
            pause = BACKOFF_FIRST if woken else min(pause * 2, BACKOFF_MOST)


async def list_once(client: KubeClient, feed: Feed, sink: Sink[Any]) -> str:
    """Fills a sink with one list; gives the version that a watch goes on from."""
    version = ""
    sink.listing()
    async for page in client.pages(
        feed.kind, feed.namespace, labels=feed.labels, fields=feed.fields
    ):
        version = page.resource_version
        sink.page(page.items)
    sink.listed()
    return version


async def _watch(client: KubeClient, feed: Feed, sink: Sink[Any], version: str) -> str:
    """Follows one watch to its end; gives the version to resume from.

    Raises GoneError when the version is too old, UnreachableError when the connection breaks.
    """
    query = {
        "watch": "true",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": str(WATCH_SECONDS + random.randrange(20)),  # noqa: S311
        "resourceVersion": version,
    }
    if feed.labels:
        query["labelSelector"] = feed.labels
    if feed.fields:
        query["fieldSelector"] = feed.fields
    call = Call("watch", feed.kind.resource, feed.namespace, query=query)
    events = msgspec.json.Decoder(_Event)
    objects = msgspec.json.Decoder(feed.kind.struct)
    reached = _Reached(version)
    try:
        async with client.stream(call, kind=feed.kind, read_timeout=SILENCE) as content:
            async for line in _lines(content):
                _apply(events.decode(safe_json(line)), objects, sink, reached)
    except UnreachableError:
        # Cut in the middle: what came before is applied, so resume from there at once, but only
        # when something came; a connection that cannot be made must back off.
        if reached.version == version:
            raise
    except msgspec.MsgspecError as error:
        raise DecodeError(f"A change of {feed.kind.plural} cannot be read: {error}") from error
    return reached.version


@dataclass(slots=True)
class _Reached:
    version: str


def _apply(event: _Event, objects: Any, sink: Sink[Any], reached: _Reached) -> None:
    if event.type == "ERROR":
        status = msgspec.json.decode(event.object, type=kube.Status)
        if status.code == 410:
            raise GoneError(status.message, status=410)
        raise UnreachableError(f"The watch ended: {status.message}")
    thing = objects.decode(event.object)
    reached.version = thing.metadata.resource_version or reached.version
    if event.type == "BOOKMARK":
        return
    if event.type == "DELETED":
        sink.remove(thing.key)
    else:
        sink.put(thing)


async def _lines(content: Any) -> Any:
    """Whole lines of a stream, of any length; a line that is cut off at the end is dropped."""
    rest = b""
    async for chunk in content.iter_any():
        if b"\n" not in chunk:
            rest += chunk
            continue
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if line:
                yield line


async def _pause(wake: asyncio.Event, seconds: float) -> bool:
    """Waits; True when it was woken."""
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return False
    wake.clear()
    return True
