"""Looks at a node that is drained: whether it is there and cordoned, and which pods are on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hubtui.errors import DeniedError, HubtuiError, NotFoundError
from hubtui.model.draining import Kind, kind_of
from hubtui.model.kinds import NODES
from hubtui.model.kube_needs import Node, WholePod
from hubtui.services.actions import ActionSession
from hubtui.services.actions.drain_facts import pods_on
from hubtui.services.actions.following import TRUSTED_AFTER

CADENCE: Final = 1.0
"""Seconds until a look that failed is taken again."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One look: the pods by uid with what they are to the drain. `gone`: the node is not there any
    more, or another one has its name; `open`: somebody has uncordoned it; `hidden`: pods of other
    namespaces may not be read."""

    pods: Mapping[str, WholePod] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    gone: bool = False
    open: bool = False
    hidden: bool = False

    def of(self, *kinds: Kind) -> list[WholePod]:
        """The pods of these kinds, by name."""
        found = [pod for uid, pod in self.pods.items() if self.kinds[uid] in kinds]
        return sorted(found, key=lambda pod: pod.key)


@dataclass(slots=True)
class Watch:
    """Looks at one node; `interrupted` ends its patience."""

    session: ActionSession
    node: str
    uid: str
    interrupted: asyncio.Event
    seen: Seen | None = None
    """The last look; None when what is there now could not be seen."""

    async def look(self) -> Seen:
        """How it is now. Raises DeniedError, UnreachableError."""
        session = self.session
        try:
            node = await session.client.get(NODES, "", self.node)
        except NotFoundError:
            return Seen(gone=True)
        if node.metadata.uid != self.uid:
            return Seen(gone=True)
        return await self._seen(node)

    async def _seen(self, node: Node) -> Seen:
        session = self.session
        pods, hidden = await pods_on(session, self.node)
        kinds = {p.metadata.uid: kind_of(p, session.namespace, session.release) for p in pods}
        by_uid = {pod.metadata.uid: pod for pod in pods}
        return Seen(by_uid, kinds, open=not node.spec.unschedulable, hidden=hidden)

    async def patiently(self, say: Callable[[str], None]) -> Seen | None:
        """The next look that is answered, however long the cluster is away; None when it was
        interrupted before. Raises DeniedError for a right that is missing for good."""
        denied: float | None = None
        while True:
            try:
                self.seen = await self.look()
            except DeniedError as error:
                denied = _time() if denied is None else denied
                if _time() - denied > TRUSTED_AFTER:
                    raise
                say(f"{error.what}; looks again")
            except HubtuiError as error:
                denied = None
                say(f"{error.what}; looks again")
            else:
                return self.seen
            if self.interrupted.is_set():
                self.seen = None
                return None
            await self.pause(CADENCE)

    async def pause(self, seconds: float) -> None:
        """Waits, no longer than until it is interrupted."""
        if self.interrupted.is_set():
            await asyncio.sleep(seconds)
            return
        try:
            async with asyncio.timeout(seconds):
                await self.interrupted.wait()
        except TimeoutError:
            return


def _time() -> float:
    return asyncio.get_running_loop().time()
