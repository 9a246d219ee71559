"""A pod as a wire to the server in it: whichever pod runs, found anew when that is another one."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from hubtui.clients.http import Response
from hubtui.clients.wire import PodWire
from hubtui.errors import UnreachableError
from hubtui.model import kube


@dataclass(slots=True)
class Used:
    """A pod that is asked, and how many requests to it are under way."""

    pod: kube.Pod
    wire: PodWire
    requests: int = 0


class LivingPod(ABC):
    """A wire that outlives the pods behind it.

    A request that gets no answer is not sent again, as it may have been heard: who asks next gets
    the pod that runs by then.
    """

    def __init__(self, whom: str) -> None:
        self._whom = whom
        self._used: Used | None = None
        self._finding = asyncio.Lock()

    @abstractmethod
    async def _found(self) -> Used:
        """The pod that runs now. Raises UnreachableError, DeniedError."""

    def _is_replaced(self, _pod: kube.Pod, /) -> bool:
        """Whether a pod is known not to be the same any more, before it is asked."""
        return False

    @property
    def where(self) -> str:
        """Whom it reaches, in words."""
        return self._used.wire.where if self._used else self._whom

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
        """As `Wire.send`; UnreachableError also when no pod runs."""
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

    async def _taken(self) -> Used:
        """The pod to ask, with one more request under way."""
        async with self._finding:
            used = self._used
            if used is not None and self._is_replaced(used.pod):
                await self.forget()
            if self._used is None:
                self._used = await self._found()
            self._used.requests += 1
            return self._used

    async def _end_unused(self, used: Used) -> None:
        if used is not self._used and not used.requests:
            with suppress(TimeoutError):
                await used.wire.close()
