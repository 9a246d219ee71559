"""One user: servers, forecast, pod, events, the end of the log."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from textual.binding import BindingType

from hubtui.errors import HubtuiError
from hubtui.model.hub import HubUser, ServerKey
from hubtui.model.text import one_line
from hubtui.services import compute_quota
from hubtui.services.session import Session
from hubtui.services.users import ServerRow
from hubtui.tui import keys, of_pod
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.freshness import freshness
from hubtui.views.user_details import Evidence, user_details

LOOK_EVERY = 10.0
"""Seconds between two looks at the events and the log of the pod."""

LINES = 20
"""Lines of the log's end; `l` has it whole."""

WHO = "user details"


class UserDetailsScreen(ReadingScreen):
    """The details of a user, as live as the pane. The keys of a pod and of a stop mean the server
    that they were opened from."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("user")]

    def __init__(self, session: Session, key: ServerKey) -> None:
        super().__init__(one_line(f"User {key.user}"))
        self._session = session
        self._key = key
        self._changes = session.users.subscribe()
        self._user: HubUser | None = session.hub_feed.users.get(key.user)
        self._rows: tuple[ServerRow, ...] = session.users.rows_of(key.user)
        self._found = Evidence()
        self._work: asyncio.Task[None] | None = None
        self._minute = 0

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        if self._user is None:
            yield cell("The user is gone.", Tone.SOON)
            return
        if self._session.hub_feed.users.get(self._key.user) is None:
            yield cell("The server is gone; this is how it was.", Tone.SOON)
        yield from user_details(self._user, self._rows, self._found, now)

    def on_mount(self) -> None:
        self._session.users.start(WHO)
        self._work = asyncio.create_task(self._follow(), name="user")

    async def _follow(self) -> None:
        counted = False
        while True:
            if (pod := self._pod()) is not None:
                await self._look(pod)
            if not counted:
                await self._count()
                counted = True
            await asyncio.sleep(LOOK_EVERY)

    async def _count(self) -> None:
        """What the user has used of their compute quotas; once, as the hub writes a page of all
        its metrics for it."""
        session, user = self._session, self._key.user
        try:
            quotas = await compute_quota.read(session.hub_link, session.namespace, user)
            self._found = replace(self._found, quotas=quotas)
        except HubtuiError as error:
            self._found = replace(self._found, quotas=one_line(error.what))
        self.document.touch()

    async def _look(self, pod: str) -> None:
        """The pod's events and the end of its log."""
        pods = self._session.pods
        known = pods.stores.pods.get(pod)
        if known is None:
            return
        try:
            self._found = replace(self._found, events=await pods.events(known))
        except HubtuiError as error:
            self._found = replace(self._found, events=str(error))
        self.document.touch()
        meta = known.metadata
        names = [each.name for each in known.spec.containers]
        container = "notebook" if "notebook" in names else (names or [""])[0]
        lines = pods.logs(meta.namespace, meta.name, container=container, tail=LINES)
        try:
            self._found = replace(self._found, log=[line async for line in lines][-LINES:])
        except HubtuiError as error:
            self._found = replace(self._found, log=str(error))
        self.document.touch()

    def beat(self, now: datetime) -> None:
        self._session.users.update()
        _, changed = self._changes.drain()
        if any(ServerKey.parse(key).user == self._key.user for key in changed):
            self._user = self._session.hub_feed.users.get(self._key.user, self._user)
            self._rows = self._session.users.rows_of(self._key.user) or self._rows
            self.document.touch()
        if (minute := int(now.timestamp() // 60)) != self._minute:
            self._minute = minute
            self.document.touch()  # ages tick
        self.frame.show_freshness(freshness(self._session.hub_feed.health, now))
        super().beat(now)

    # -- of the pod

    def _row(self) -> ServerRow | None:
        """The server that the details were opened from, else the user's first with a pod."""
        named = [row for row in self._rows if row.key == self._key]
        return next(iter([*named, *(row for row in self._rows if row.pod is not None)]), None)

    def _pod(self) -> str | None:
        row = self._row()
        return row.pod.key if row is not None and row.pod is not None else None

    def _told_pod(self) -> str:
        if (pod := self._pod()) is None:
            self.notify("There is no pod.", timeout=4)
        return pod or ""

    def action_logs(self) -> None:
        """The log of the server's pod."""
        if pod := self._told_pod():
            of_pod.open_logs(self.app, self._session, pod)

    def action_events(self) -> None:
        """The events of the server's pod, as they come."""
        if pod := self._told_pod():
            of_pod.open_events(self.app, self._session, pod)

    def action_yaml(self) -> None:
        """The server's pod as YAML."""
        if pod := self._told_pod():
            of_pod.open_yaml(self.app, self._session, pod)

    def action_why(self) -> None:
        """Why the server's pod is not up."""
        if pod := self._told_pod():
            of_pod.open_why(self.app, self._session, pod)

    def action_stop(self) -> None:
        """Plans to stop the server."""
        from hubtui.tui.screens.stopping import stop_screen

        row = self._row()
        if row is None or row.server is None:
            self.notify("No server is running.", timeout=4)
            return
        self.app.push_screen(stop_screen(self._session, [row.key]))

    def action_start(self) -> None:
        """Plans to start the server."""
        from hubtui.tui.screens.stopping import start_screen

        row = self._row()
        if row is not None and row.server is not None and not row.server.stopped:
            self.notify("The server runs already.", timeout=4)
            return
        self.app.push_screen(start_screen(self._session, self._key))

    def action_spawn_check(self) -> None:
        """Asks how a canary is started for the user."""
        from hubtui.tui.screens.maintenance import SpawnCheckScreen

        self.app.push_screen(SpawnCheckScreen(self._session, self._key.user))

    def on_unmount(self) -> None:
        self._session.users.unsubscribe(self._changes)
        self._session.users.pause(WHO)
        if self._work is not None:
            self._work.cancel()
