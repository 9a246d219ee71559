"""What the pods use, read anew while somebody looks."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import Final

from hubtui.clients import usage
from hubtui.clients.kube import KubeClient
from hubtui.errors import ApiError, HubtuiError, NotFoundError
from hubtui.model.usage import Usage
from hubtui.services.store import Subscription, utc_now

log = logging.getLogger(__name__)

EVERY: Final = 30.0
"""Seconds between two reads: a metrics-server measures every 15 (facts.md §9.2)."""


class PodUsage:
    """The use of the pods of one namespace. What could not be read is told by `missing`; what was
    read before stays until something newer comes, with `as_of`."""

    def __init__(self, client: KubeClient, namespace: str, *, every: float = EVERY) -> None:
        self._client = client
        self._namespace = namespace
        self._every = every
        self._known: dict[str, Usage] = {}
        self._task: asyncio.Task[None] | None = None
        self._lookers: set[str] = set()
        self._wake = asyncio.Event()
        self._answered = asyncio.Event()
        self._subscriptions: list[Subscription] = []
        self.as_of: datetime | None = None
        self.missing = ""
        """Why there is nothing, or nothing new; empty when the last read was well."""

    def of(self, pod: str) -> Usage | None:
        """What a pod uses; None when nothing measured it."""
        return self._known.get(pod)

    def subscribe(self) -> Subscription:
        """A reader of its own; its keys are pod names."""
        subscription = Subscription()
        self._subscriptions.append(subscription)
        return subscription

    async def fill(self) -> None:
        """Reads once; where it is followed, waits until it was read. What goes wrong is in
        `missing`."""
        if self._task is None:
            await self._read()
        await self._answered.wait()

    async def _read(self) -> None:
        try:
            self._take(await usage.read(self._client, self._namespace))
        except HubtuiError as error:
            self.missing = _reason(error)
        self._answered.set()

    def start(self, who: str = "") -> None:
        """Somebody looks: reads now and every so often, until each who looked has paused."""
        self._lookers.add(who)
        if self._task is None:
            self._task = asyncio.create_task(self._follow(), name="usage")
            self._task.add_done_callback(_report)

    def pause(self, who: str = "") -> None:
        """Somebody looks no more."""
        self._lookers.discard(who)
        if not self._lookers and self._task is not None:
            self._task.cancel()
            self._task = None

    def retry(self) -> None:
        """Reads at once."""
        self._wake.set()

    async def close(self) -> None:
        """Ends the reading."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            await self._read()
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await self._wake.wait()

    def _take(self, found: dict[str, Usage]) -> None:
        gone = self._known.keys() - found.keys()
        changed = {name for name, each in found.items() if self._known.get(name) != each}
        self._known, self.missing, self.as_of = found, "", utc_now()
        for subscription in self._subscriptions:
            subscription.keys |= changed | gone


def _reason(error: HubtuiError) -> str:
    absent = isinstance(error, NotFoundError) or (
        isinstance(error, ApiError) and error.status == HTTPStatus.SERVICE_UNAVAILABLE
    )
    return "no metrics-server answers in this cluster" if absent else error.what


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the use of pods could not be read", exc_info=error)
