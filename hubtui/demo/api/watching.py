"""Watches: the changes after a version as lines of JSON, for as long as somebody reads them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

import msgspec

from hubtui.demo.api.answers import status_of
from hubtui.demo.api.asked import Target, flag, number
from hubtui.demo.api.reading import selected
from hubtui.demo.api.selectors import Match
from hubtui.demo.api.shapes import Shape
from hubtui.demo.refusals import RefusedError, bad_request
from hubtui.demo.storage import Change, Json, Storage

WAITING: Final = 5000
"""Changes that may wait for a slow reader; with more the watch ends, as a real one does."""

BOOKMARK_SECONDS: Final = 60.0
"""How often a quiet watch tells its version (a real apiserver: about once a minute)."""

_LAST: Final = "k8s.io/initial-events-end"


class Watch:
    """One watch: what waits to be sent to its reader."""

    def __init__(
        self, storage: Storage, target: Target, query: Mapping[str, str], shape: Shape
    ) -> None:
        """Raises RefusedError (400)."""
        self._storage = storage
        self._target = target
        self._match: Match = selected(target, query)
        self._shape = shape
        self._bookmarks = flag(query, "allowWatchBookmarks")
        self._waiting: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._ended = False
        self._seconds = number(query, "timeoutSeconds") or 1800
        self._unlisten: Callable[[], None] = lambda: None
        self._begin(query)
        self._most = WAITING + len(self._waiting)
        if not self._ended:
            self._unlisten = storage.listen(self._on_change)

    def close(self) -> None:
        """Ends the watch: what waits is still sent."""
        if not self._ended:
            self._ended = True
            self._unlisten()

    async def lines(self) -> AsyncIterator[bytes]:
        """The events, each a line, until the watch ends."""
        clock = asyncio.get_running_loop().time
        end = clock() + self._seconds
        while self._waiting or not (self._ended or clock() >= end):
            if self._waiting:
                yield self._waiting.popleft()
            else:
                await self._quiet(min(BOOKMARK_SECONDS, end - clock()))

    async def _quiet(self, seconds: float) -> None:
        self._news.clear()
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            if self._bookmarks:
                self._send("BOOKMARK", self._bookmark({}))

    def _begin(self, query: Mapping[str, str]) -> None:
        version = query.get("resourceVersion", "")
        initial = flag(query, "sendInitialEvents")
        if initial or version in ("", "0"):
            for thing in self._storage.all(self._target.resource, self._target.namespace):
                if self._match(thing):
                    self._send("ADDED", self._shape.one(thing))
            if initial and self._bookmarks:
                self._send("BOOKMARK", self._bookmark({"annotations": {_LAST: "true"}}))
            return
        if not version.isdecimal():
            raise bad_request(f'resourceVersion: Invalid value: "{version}": it is no number')
        try:
            for change in self._storage.since(int(version)):
                self._tell(change)
        except RefusedError as error:
            self._send("ERROR", status_of(error))
            self.close()

    def _bookmark(self, more: Json) -> Json:
        resource = self._target.resource
        metadata = {"resourceVersion": str(self._storage.version), "creationTimestamp": None}
        thing = {
            "kind": resource.kind,
            "apiVersion": resource.api_version,
            "metadata": metadata | more,
        }
        return self._shape.one(thing)

    def _on_change(self, change: Change) -> None:
        if self._ended:
            return
        self._tell(change)
        if len(self._waiting) > self._most:
            self.close()
            self._waiting.clear()
            self._news.set()

    def _tell(self, change: Change) -> None:
        if change.resource != self._target.resource:
            return
        now = change.type != "DELETED" and self._match(change.object)
        before = change.before is not None and self._match(change.before)
        if now:
            self._send("MODIFIED" if before else "ADDED", self._shape.one(change.object))
        elif before and change.before is not None:
            last = change.object if change.type == "DELETED" else _at(change)
            self._send("DELETED", self._shape.one(last))

    def _send(self, kind: str, thing: Json) -> None:
        self._waiting.append(msgspec.json.encode({"type": kind, "object": thing}) + b"\n")
        self._news.set()


def _at(change: Change) -> Json:
    """An object that does not match any more: its last matching state, at the new version."""
    before = change.before or {}
    metadata = {**before["metadata"], "resourceVersion": str(change.version)}
    return {**before, "metadata": metadata}
