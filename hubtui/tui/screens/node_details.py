"""One node: what is asked of it, who is on it, why it stays, its images and events."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual.binding import BindingType

from hubtui.errors import HubtuiError
from hubtui.services.node_events import node_events
from hubtui.services.session import Session
from hubtui.tui import keys, of_node
from hubtui.tui.screens.reading import ReadingScreen
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.freshness import freshness
from hubtui.views.node_details import Around, node_details
from hubtui.views.pod_details import Events
from hubtui.views.stays import node_heading, stays_lines

EVENTS_EVERY = 10.0
"""Seconds between two looks at the events of the node on the screen."""

NEW = 10.0
"""Seconds after which lines that change by the clock, or by what users do, are told anew."""

WHO = "node details"


class NodeScreen(ReadingScreen):
    """A document about one node, as live as the pane that it was opened from."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("node")]

    def __init__(self, session: Session, node: str, heading: str) -> None:
        super().__init__(heading)
        self._session = session
        self._node = node
        self._row = session.nodes.row(node)
        self._changes = session.nodes.subscribe()
        self._told = 0.0

    def on_mount(self) -> None:
        super().on_mount()
        self._session.seats.start(WHO)
        self._session.scale_down.start(WHO)

    def beat(self, now: datetime) -> None:
        session = self._session
        session.users.update()
        session.seats.update()
        _, changed = self._changes.drain()
        if self._node in changed:
            self._row = session.nodes.row(self._node) or self._row
            self.document.touch()
        if now.timestamp() - self._told >= NEW:
            self._told = now.timestamp()
            self.document.touch()
        self.frame.show_freshness(freshness(session.nodes.store.health, now))
        super().beat(now)

    def on_unmount(self) -> None:
        self._session.nodes.unsubscribe(self._changes)
        self._session.seats.pause(WHO)
        self._session.scale_down.pause(WHO)

    def action_events(self) -> None:
        """The events of the node, as they come."""
        of_node.open_events(self.app, self._session, self._node)

    def action_yaml(self) -> None:
        """The node as YAML."""
        of_node.open_yaml(self.app, self._session, self._node)

    def action_cordon(self) -> None:
        """Plans to cordon the node, or to uncordon it."""
        of_node.open_cordon(self.app, self._session, self._node)

    def action_prepull(self) -> None:
        """Asks which images are to be pulled to the nodes."""
        of_node.open_prepull(self.app, self._session)

    def action_drain(self) -> None:
        """Plans to drain the node."""
        of_node.open_drain(self.app, self._session, self._node)


class NodeDetailsScreen(NodeScreen):
    """All that is known of a node."""

    def __init__(self, session: Session, node: str) -> None:
        super().__init__(session, node, f"Node {node}")
        self._events: Events = "Looking for events …"
        self._work: asyncio.Task[None] | None = None

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        session, row = self._session, self._row
        if row is None:
            yield cell("The node is gone.", Tone.SOON)
            return
        if session.nodes.row(self._node) is None:
            yield cell("The node is gone; this is how it was.", Tone.SOON)
        pods = session.nodes.pods_on(self._node)
        servers = {each.pod.key: each for each in session.users.rows() if each.pod is not None}
        around = Around(
            pods=pods,
            servers={pod.key: servers[pod.key] for pod in pods if pod.key in servers},
            release=session.release,
            seats=session.seats.answer,
            no_seats=session.seats.missing,
            stays=session.scale_down.of(self._node),
            events=self._events,
        )
        yield from node_details(row, around, now)

    def on_mount(self) -> None:
        super().on_mount()
        self._work = asyncio.create_task(self._follow_events(), name="node events")

    async def _follow_events(self) -> None:
        while True:
            try:
                self._events = await node_events(self._session.client, self._node)
            except HubtuiError as error:
                self._events = str(error)
            self.document.touch()
            await asyncio.sleep(EVENTS_EVERY)

    def action_why(self) -> None:
        """Why the node stays."""
        of_node.open_stays(self.app, self._session, self._node)

    def on_unmount(self) -> None:
        super().on_unmount()
        if self._work is not None:
            self._work.cancel()


class NodeStaysScreen(NodeScreen):
    """What keeps an autoscaler from removing a node."""

    def __init__(self, session: Session, node: str) -> None:
        super().__init__(session, node, node_heading(node))

    def lines(self, now: datetime) -> Iterable[Cell | Hung]:
        if self._row is None:
            yield cell("Looking at its pods …", Tone.MUTED)
            return
        yield from stays_lines(self._session.scale_down.of(self._node))
