"""How full volumes are, asked of the kubelets themselves: no more of them than it takes.

One node that mounts a claim can tell of it. `AT_ONCE` nodes are asked at a time, none again before
`AGAIN` seconds are over, and none at all without the right to it. Nodes that seem to be dead come
last: each holds a place for seconds. After `WITHIN` all is over, and those whose turn has not come
wait for the next time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from hubtui.clients import summary
from hubtui.clients.kube import KubeClient
from hubtui.clients.summary import TIMEOUT
from hubtui.errors import DeniedError, HubtuiError
from hubtui.model.disk import Figures

AT_ONCE: Final = 16
AGAIN: Final = 60.0
"""Seconds until a node is asked again."""

WITHIN: Final = 5.0
"""Seconds in which nodes are asked and answer, one time."""

LEAST: Final = 1.0
"""Seconds that a node has for its answer at least: with less left it is not asked this time."""

SILENT_FOR: Final = 600.0
"""Seconds until a claim is asked for again of which its kubelet tells nothing."""

RIGHT_FOR: Final = 300.0
"""Seconds that the answer to an access review counts."""

TRIES: Final = 3
"""Nodes that are asked in turn for one claim."""

DENIED: Final = "no right to get nodes/proxy, which kubelets are asked through"

Take = Callable[[dict[str, Figures]], None]


class Kubelets:
    """The kubelets of a cluster, asked for the claims of one namespace. `clock` gives seconds."""

    def __init__(
        self,
        client: KubeClient,
        namespace: str,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._now = now
        self._clock = clock
        self._asked: dict[str, float] = {}
        self._failed: dict[str, str] = {}
        self._silent: dict[str, float] = {}
        self._starting: set[str] = set()
        self._right_at: float | None = None
        self._until = 0.0
        self.denied = ""
        """Why no kubelet can be asked at all."""

    def why_not(self, claim: str, nodes: Collection[str]) -> str:
        """Why the kubelets of the nodes that mount a claim told nothing of it."""
        if self.denied:
            return self.denied
        failed = [self._failed[node] for node in nodes if node in self._failed]
        if failed:
            return failed[0]
        if claim in self._starting:
            return "not measured yet: its pod starts"
        if claim in self._silent:
            return "the kubelet measures nothing of this kind of volume"
        return "its kubelet was not asked yet"

    async def read(
        self, wanted: Mapping[str, Mapping[str, bool]], take: Take, alive: Collection[str] = ()
    ) -> None:
        """Asks for claims; `wanted` has the nodes that mount each, and whether a pod that does so
        runs there by now, `alive` the nodes that seem to be well. `take` gets what a node told as
        soon as it has answered; what goes wrong is in `why_not`."""
        now = self._clock()
        self._until = now + WITHIN
        left = {
            claim: nodes
            for claim, nodes in wanted.items()
            if now - self._silent.get(claim, -SILENT_FOR) >= SILENT_FOR
        }
        for _ in range(TRIES):
            nodes = _fewest(left, {node for on in left.values() for node in on if self._due(node)})
            if not nodes or not await self._may():
                return
            told: set[str] = set()
            answered: set[str] = set()
            nodes.sort(key=lambda node: (node in self._failed, node not in alive))
            await self._round(nodes, take, told, answered)
            left = {claim: on for claim, on in left.items() if claim not in told}
            silent = self._silent_of(left, answered, now)
            left = {claim: on for claim, on in left.items() if claim not in silent}

    def _silent_of(
        self, untold: Mapping[str, Mapping[str, bool]], answered: Collection[str], now: float
    ) -> set[str]:
        """Those of which a kubelet that has answered tells nothing, though a pod mounts them: while
        it starts, that says nothing."""
        silent: set[str] = set()
        for claim, on in untold.items():
            runs = [on[node] for node in answered if node in on]
            if any(runs):
                silent.add(claim)
            elif runs:
                self._starting.add(claim)
        self._silent |= dict.fromkeys(silent, now)
        self._starting -= silent
        return silent

    def _due(self, node: str) -> bool:
        asked = self._asked.get(node)
        return asked is None or self._clock() - asked >= AGAIN

    async def _may(self) -> bool:
        if self._right_at is None or self._clock() - self._right_at >= RIGHT_FOR:
            try:
                may = await self._client.can_i("get", "nodes", subresource="proxy")
            except HubtuiError as error:
                self.denied = error.what
                return False
            self.denied = "" if may else DENIED
            self._right_at = self._clock()
        return not self.denied

    async def _round(
        self, nodes: Sequence[str], take: Take, told: set[str], answered: set[str]
    ) -> None:
        room = asyncio.Semaphore(AT_ONCE)

        async def one(node: str) -> None:
            async with room:
                found = await self._ask(node)
            if found is not None:
                answered.add(node)
                told.update(found)
                take(found)

        await asyncio.gather(*(one(node) for node in nodes))

    async def _ask(self, node: str) -> dict[str, Figures] | None:
        now = self._clock()
        left = self._until - now
        if left < LEAST:
            return None
        self._asked[node] = now
        try:
            found = await summary.volumes(
                self._client, node, self._namespace, self._now(), timeout=min(TIMEOUT, left)
            )
        except HubtuiError as error:
            refused = isinstance(error, DeniedError)
            self._failed[node] = DENIED if refused else f"node {node}: {error.what}"
            return None
        self._failed.pop(node, None)
        for claim in found:
            self._silent.pop(claim, None)
            self._starting.discard(claim)
        return found


def _fewest(wanted: Mapping[str, Collection[str]], due: Collection[str]) -> list[str]:
    """Nodes of those that are `due` that mount all claims together; few, not the fewest there are.

    A claim of one node decides first: a shared home is on each of them anyhow.
    """
    chosen: dict[str, None] = {}
    for nodes in sorted(wanted.values(), key=len):
        if not any(node in chosen for node in nodes):
            node = next((node for node in nodes if node in due), None)
            if node is not None:
                chosen[node] = None
    return list(chosen)
