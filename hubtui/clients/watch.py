"""The list-watch loop: keeps a sink equal to the server's state, and never gives up."""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import msgspec

from hubtui.clients.answers import UNREADABLE, decode_page
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
    client: KubeClient,
    feed: Feed,
    sink: Sink[Any],
    wake: asyncio.Event | None = None,
    version: str = "",
) -> None:
    """Lists and watches until cancelled; `wake` ends a pause between two tries at once.

    With a `version` nothing is listed at first: only what changes from there on comes.
    """
    wake = wake or asyncio.Event()
    pause = BACKOFF_FIRST
    listed_anew = False
    while True:
        version, error, lasted = await _round(client, feed, sink, version)
        if lasted:
            pause, listed_anew = BACKOFF_FIRST, False
        if isinstance(error, GoneError) and not listed_anew:
            listed_anew = True  # at once, but not for ever
            continue
        if error is None:
            if not lasted:
                await _pause(wake, BACKOFF_FIRST)
            continue
        wait = pause * random.uniform(0.5, 1.0)  # noqa: S311
        if isinstance(error, DeniedError):
            wait = BACKOFF_MOST
        log.info("%s: %s; again in %.1f s", feed, error, wait)
        sink.failed(error, wait)
        woken = await _pause(wake, wait)
        pause = BACKOFF_FIRST if woken else min(pause * 2, BACKOFF_MOST)


async def _round(
    client: KubeClient, feed: Feed, sink: Sink[Any], version: str
) -> tuple[str, HubtuiError | None, bool]:
    """Lists where there is no version, and follows one watch to its end.

    Gives the version to go on from ("" when it takes a list), what broke, and whether the watch
    lasted: one that ends at once is a server that refuses, one that lasted is normal.
    """
    reached = _Reached(version)
    error: HubtuiError | None = None
    try:
        if not version:
            reached.version = await list_once(client, feed, sink)
        await _watch(client, feed, sink, reached)
    except HubtuiError as broken:
        error = broken
        if isinstance(error, GoneError | DecodeError):
            reached.version = ""
    lasted = asyncio.get_running_loop().time() - reached.opened > BACKOFF_FIRST
    return reached.version, error, lasted


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


async def version_of(client: KubeClient, feed: Feed) -> str:
    """The version at which the server stands, to follow a feed from here on."""
    page = await client.page(feed.kind, feed.namespace, limit=1)
    return decode_page(page, feed.kind).resource_version


@dataclass(slots=True)
class _Reached:
    """How far a watch has come: the version to resume from, and when the server opened it."""

    version: str
    opened: float = math.inf


async def _watch(client: KubeClient, feed: Feed, sink: Sink[Any], reached: _Reached) -> None:
    """Follows one watch from the version in `reached` to its end.

    Raises GoneError when the version is too old, UnreachableError when the connection breaks.
    """
    version = reached.version
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
    try:
        async with client.stream(call, kind=feed.kind, read_timeout=SILENCE) as content:
            reached.opened = asyncio.get_running_loop().time()
            sink.live()
            async for line in _lines(content):
                _apply(events.decode(safe_json(line)), objects, sink, reached)
    except UnreachableError:
        # Cut in the middle: what came before is applied, so resume from there at once, but only
        # when something came; a connection that cannot be made must back off.
        if reached.version == version:
            raise
    except UNREADABLE as error:
        raise DecodeError(f"A change of {feed.kind.plural} cannot be read: {error}") from error


def _apply(event: _Event, objects: Any, sink: Sink[Any], reached: _Reached) -> None:
    if event.type == "ERROR":
        status = msgspec.json.decode(event.object, type=kube.Status)
        if status.code == 410:
            raise GoneError(status.message, status=410)
        raise UnreachableError(f"The watch ended: {status.message}")
    if event.type == "BOOKMARK":
        # It holds a version alone: what else an object has is null in it.
        mark = msgspec.json.decode(event.object, type=kube.Object)
        reached.version = mark.metadata.resource_version or reached.version
        return
    thing = objects.decode(event.object)
    reached.version = thing.metadata.resource_version or reached.version
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
