"""One pod: containers, conditions, events."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime

from hubtui.errors import HubtuiError
from hubtui.services.session import Session
from hubtui.tui import of_pod
from hubtui.tui.screens.of_pod import PodScreen
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.freshness import freshness
from hubtui.views.pod_details import Events, pod_details

EVENTS_EVERY = 10.0
"""Seconds between two looks at the events of the pod on the screen."""


class PodDetailsScreen(PodScreen):
    """The details of a pod, as live as the pane they were opened from."""

    def __init__(self, session: Session, key: str) -> None:
        super().__init__(session, key)
        self._pod = session.pods.stores.pods.get(key)
        self._events: Events = "Looking for events …"
        self._work: asyncio.Task[None] | None = None

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        if self._pod is None:
            yield cell("The pod is gone.", Tone.SOON)
        else:
            if self._session.pods.stores.pods.get(self._key) is None:
                yield cell("The pod is gone; this is how it was.", Tone.SOON)
            yield from pod_details(self._pod, self._events, now)

    def on_mount(self) -> None:
        super().on_mount()
        self._work = asyncio.create_task(self._follow_events(), name="events")

    async def _follow_events(self) -> None:
        while self._pod is not None:
            try:
                self._events = await self._session.pods.events(self._pod)
            except HubtuiError as error:
                self._events = str(error)
            self.document.touch()
            await asyncio.sleep(EVENTS_EVERY)

    def beat(self, now: datetime) -> None:
        pod = self._session.pods.stores.pods.get(self._key)
        if pod is not self._pod:
            self._pod = pod or self._pod
            self.document.touch()
        self.frame.show_freshness(freshness(self._session.pods.stores.pods.health, now))
        super().beat(now)

    def action_why(self) -> None:
        """Why this pod is not up."""
        of_pod.open_why(self.app, self._session, self._key)

    def on_unmount(self) -> None:
        if self._work is not None:
            self._work.cancel()
