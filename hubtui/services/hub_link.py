"""The way to the hub's API: made when it is first needed, and anew when the hub's pod changes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hubtui.clients import hub_token
from hubtui.clients.hub import HubClient
from hubtui.clients.hub_wire import PodWire, Wire
from hubtui.clients.kube import KubeClient
from hubtui.config import Settings
from hubtui.errors import DeniedError, HubtuiError, NotFoundError, UnreachableError
from hubtui.model.hub import MARKS_ACTIVE, Caller
from hubtui.model.hub_chart import hub_values
from hubtui.model.kinds import PODS
from hubtui.model.manifest import read
from hubtui.model.release import RevisionHead, in_force
from hubtui.model.roles import HUB_SELECTOR
from hubtui.services import hub_health
from hubtui.services.hub_health import HubAddress

if TYPE_CHECKING:
    from hubtui.services.releases import Releases


class HubLink:
    """The hub's API of one session. `open` gives a client that has answered before."""

    def __init__(
        self, settings: Settings, client: KubeClient, releases: Releases, namespace: str,
        release: str,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._client = client
        self._releases = releases
        self._namespace = namespace
        self._release = release
        self._hub: HubClient | None = None
        self._opening = asyncio.Lock()
        self.caller: Caller | None = None
        """Whose token it is, once the hub was asked."""

    async def open(self) -> HubClient:
        """The hub's API, reached and its token checked.

        Raises ConfigError where there is no token, DeniedError when the hub refuses it or it is a
        user's, UnreachableError when no hub answers.
        """
        async with self._opening:
            if self._hub is None:
                self._hub = await self._connect()
            return self._hub

    async def drop(self) -> None:
        """Forgets the connection: the next `open` looks for the pod and the token anew."""
        hub, self._hub = self._hub, None
        if hub is not None:
            with suppress(TimeoutError):
                await hub.close()

    async def close(self) -> None:
        """Ends it."""
        await self.drop()

    async def values(self) -> Mapping[str, Any]:
        """The values in force of the hub's chart, `cull` and `hub` among them.

        Raises DeniedError, UnreachableError, DecodeError; NotFoundError without a revision.
        """
        return hub_values(read((await self._releases.payload(await self._in_force())).manifest))

    async def _in_force(self) -> RevisionHead:
        heads = self._releases.heads(self._release)
        if not heads:
            heads = await self._releases.refresh(self._release)
        force = in_force(heads) or (heads[0] if heads else None)
        if force is None:
            raise NotFoundError(f"Release {self._release} has no revision", status=404)
        return force

    async def _connect(self) -> HubClient:
        address = await self._address()
        token = await hub_token.read(
            self._settings.hub, self._client, self._namespace, address.deployment
        )
        hub = HubClient(self._client.gate, await self._wire(address), token, self._namespace)
        try:
            self.caller = await hub.caller()
        except HubtuiError:
            await hub.close()
            raise
        if self.caller.kind == MARKS_ACTIVE:
            await hub.close()
            raise DeniedError(
                f"The hub's token belongs to the user {self.caller.name}",
                resource="token",
                remedy="Every call would mark that user as active. " + hub_token.ADD_SERVICE,
            )
        return hub

    async def _address(self) -> HubAddress:
        try:
            payload = await self._releases.payload(await self._in_force())
        except HubtuiError:
            return HubAddress(self._namespace, self._release)
        found = hub_health.address_of(read(payload.manifest), self._namespace, self._release)
        return found or HubAddress(self._namespace, self._release)

    async def _wire(self, address: HubAddress) -> Wire:
        prefix = address.path.removesuffix("/health") + "/api"
        selector = f"{HUB_SELECTOR},release={self._release}" if self._release else HUB_SELECTOR
        pods = await self._client.list(PODS, address.namespace, labels=selector)
        pod = hub_health.newest(pods)
        if pod is None:
            raise UnreachableError(
                "There is no hub pod that runs", remedy="Look at the pods: w says why it is not up."
            )
        return PodWire(self._client, address.namespace, pod.metadata.name, address.port, prefix)
