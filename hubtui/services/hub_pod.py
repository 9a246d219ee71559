"""The hub's pod as a wire to its API: whichever pod runs, found anew when that is another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from hubtui.clients.http import Response
from hubtui.clients.hub_wire import PodWire
from hubtui.clients.kube import KubeClient
from hubtui.errors import UnreachableError
from hubtui.model import kube
from hubtui.services import hub_health
from hubtui.services.hub_health import HubAddress
from hubtui.services.store import State, Store


@dataclass(slots=True)
class _Used:
    """A pod that is asked, and how many requests to it are under way."""

    pod: kube.Pod
    wire: PodWire
    requests: int = 0


class HubPod:
    """A wire that outlives the pods behind it.

    A request that gets no answer is not sent again, as it may have been heard: who asks next gets
    the pod that runs by then, at the `address` of then. `pods` are those of `namespace`; as far as
    they are live, a pod that is not the same any more is seen before it is asked.
    """

    def __init__(
        self,
        client: KubeClient,
        address: Callable[[], Awaitable[HubAddress]],
        pods: Store[kube.Pod],
        namespace: str,
    ) -> None:
        self._client = client
        self._address = address
        self._pods = pods
        self._namespace = namespace
        self._used: _Used | None = None
        self._finding = asyncio.Lock()

    @property
    def where(self) -> str:
        """Whom it reaches, in words."""
        return self._used.wire.where if self._used else "the hub"

    @asynccontextmanager
    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        timeout: float | None,
    ) -> AsyncIterator[Response]:
        """As `Wire.send`; UnreachableError also when no pod of the hub runs."""
        used = await self._taken()
        try:
            async with used.wire.send(method, path, headers, body, timeout=timeout) as response:
                yield response
        except UnreachableError:
            if self._used is used:
                self._used = None
            raise
        finally:
            used.requests -= 1
            await self._end_unused(used)

    async def forget(self) -> None:
        """Looks for the pod anew before the next request; what is under way goes on."""
        used, self._used = self._used, None
        if used is not None:
            await self._end_unused(used)

    async def close(self) -> None:
        """As `Wire.close`."""
        used, self._used = self._used, None
        if used is not None:
            with suppress(TimeoutError):
                await used.wire.close()

    async def _taken(self) -> _Used:
        """The pod to ask, with one more request under way."""
        async with self._finding:
            used = self._used
            if used is not None and self._is_replaced(used.pod):
                await self.forget()
            if self._used is None:
                self._used = await self._found()
            self._used.requests += 1
            return self._used

    async def _end_unused(self, used: _Used) -> None:
        if used is not self._used and not used.requests:
            with suppress(TimeoutError):
                await used.wire.close()

    def _is_replaced(self, pod: kube.Pod) -> bool:
        is_followed = pod.metadata.namespace == self._namespace
        if not is_followed or self._pods.health.state is not State.LIVE:
            return False
        found = self._pods.get(pod.key)
        return (
            found is None
            or found.metadata.uid != pod.metadata.uid
            or found.metadata.deletion_timestamp is not None
        )

    async def _found(self) -> _Used:
        at = await self._address()
        pod = await hub_health.running_pod(self._client, at)
        if pod is None:
            raise UnreachableError(
                "There is no hub pod that runs", remedy="Look at the pods: w says why it is not up."
            )
        prefix = at.path.removesuffix("/health") + "/api"
        name = pod.metadata.name
        return _Used(pod, PodWire(self._client, at.namespace, name, at.port, prefix))
