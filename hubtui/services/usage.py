"""What pods and nodes use, read anew while somebody looks."""

from __future__ import annotations

import asyncio
from datetime import datetime
from http import HTTPStatus
from typing import Final

from hubtui.clients import usage
from hubtui.clients.kube import KubeClient
from hubtui.errors import ApiError, HubtuiError, NotFoundError
from hubtui.model.kinds import Kind
from hubtui.model.usage import Metrics, Usage
from hubtui.services.followed import Followed
from hubtui.services.store import utc_now

EVERY: Final = 30.0
"""Seconds between two reads: a metrics-server measures every 15 (facts.md §9.2)."""


class UsageFeed(Followed):
    """The use of the pods of one namespace, or of the nodes. What could not be read is told by
    `missing`; what was read before stays until something newer comes, with `as_of`. A reader's keys
    are names."""

    def __init__(
        self,
        client: KubeClient,
        kind: Kind[Metrics],
        namespace: str = "",
        *,
        every: float = EVERY,
    ) -> None:
        super().__init__(f"use of {kind.plural}", every)
        self._client = client
        self._kind = kind
        self._namespace = namespace
        self._known: dict[str, Usage] = {}
        self._answered = asyncio.Event()
        self.as_of: datetime | None = None
        self.missing = ""
        """Why there is nothing, or nothing new; empty when the last read was well."""

    def of(self, name: str) -> Usage | None:
        """What a pod or node uses; None when nothing measured it."""
        return self._known.get(name)

    async def fill(self) -> None:
        """Reads once; where it is followed, waits until it was read. What goes wrong is in
        `missing`."""
        if not self.followed:
            await self._read()
        await self._answered.wait()

    async def _read(self) -> None:
        try:
            self._take(await usage.read(self._client, self._kind, self._namespace))
        except HubtuiError as error:
            self.missing = _reason(error)
        self._answered.set()

    def _take(self, found: dict[str, Usage]) -> None:
        gone = self._known.keys() - found.keys()
        changed = {name for name, each in found.items() if self._known.get(name) != each}
        self._known, self.missing, self.as_of = found, "", utc_now()
        self._dirty(changed | gone)


def _reason(error: HubtuiError) -> str:
    absent = isinstance(error, NotFoundError) or (
        isinstance(error, ApiError) and error.status == HTTPStatus.SERVICE_UNAVAILABLE
    )
    return "no metrics-server answers in this cluster" if absent else error.what
