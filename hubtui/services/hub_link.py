"""The way to the hub's API: its address or its pod, and a token that is no user's."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hubtui.clients import hub_token
from hubtui.clients.http import Http
from hubtui.clients.hub import HubClient, UnknownTokenError
from hubtui.clients.hub_token import HubToken
from hubtui.clients.hub_wire import UrlWire
from hubtui.clients.kube import KubeClient
from hubtui.clients.wire import Wire
from hubtui.config import HubApi, Settings
from hubtui.errors import DeniedError, HubtuiError, NotFoundError
from hubtui.model import kube
from hubtui.model.hub import MARKS_ACTIVE, Caller, HubInfo
from hubtui.model.hub_chart import below, hub_path, hub_values
from hubtui.model.manifest import Document, documents
from hubtui.model.release import Payload, RevisionHead, in_force
from hubtui.services import hub_health
from hubtui.services.hub_health import HubAddress
from hubtui.services.hub_pod import HubPod
from hubtui.services.hub_time import HubTime
from hubtui.services.unhurried import unhurried

if TYPE_CHECKING:
    from hubtui.services.releases import Releases
    from hubtui.services.store import Store


@dataclass(frozen=True, slots=True)
class _Release:
    """What the revision in force says of the hub; `path` is where its values stand in it."""

    payload: Payload
    values: Mapping[str, Any] = field(repr=False)
    address: HubAddress
    path: tuple[str, ...]


class HubLink:
    """The hub's API of one session.

    `open` gives a client that stays good: it follows the hub to its next pod and takes another
    token where the hub has one. In the demo neither address nor token of the settings count.
    """

    def __init__(
        self,
        settings: Settings,
        client: KubeClient,
        releases: Releases,
        pods: Store[kube.Pod],
        namespace: str,
        release: str,
    ) -> None:
        own = settings.demo is None
        self._settings = settings.hub if own else HubApi()
        self._environ: Mapping[str, str] = os.environ if own else {}
        self._client = client
        self._releases = releases
        self._pods = pods
        self._namespace = namespace
        self._release = release
        self._usual = HubAddress(namespace, release)
        self._seen: _Release | None = None
        self._wire: Wire | None = None
        self._hub: HubClient | None = None
        self._version = ""
        self._opening = asyncio.Lock()
        self.caller: Caller | None = None
        """Whose token it is, once the hub was asked."""
        self.time = HubTime()
        """How much of the hub's time is ours, for all who read it again and again."""

    @property
    def where(self) -> str:
        """Whom it reaches, in words."""
        return self._wire.where if self._wire else "the hub"

    async def open(self) -> HubClient:
        """The hub's API, reached and its token checked.

        Raises ConfigError where there is no token, ToolError for a command that gives none,
        DeniedError when the hub refuses it or it is a user's, UnreachableError when no hub answers.
        """
        async with self._opening:
            if self._hub is None:
                token = await self.token()
                await self.owner(token)
                self._hub = self._speaking(token.value, renewed=True)
                self._hub.version = self._version
            return self._hub

    async def info(self) -> HubInfo:
        """Whether the hub is reached: its version, for which no token is needed."""
        return await self._speaking("").info()

    async def token(self) -> HubToken:
        """The token as it is now, and where it comes from. Raises ConfigError, ToolError."""
        found = await self._release_or_none()
        address = found.address if found else self._usual
        given = (found.values if found else {}).get("hub")
        existing = given.get("existingSecret") if isinstance(given, Mapping) else None
        secrets = [str(existing), address.deployment] if existing else [address.deployment]
        return await hub_token.read(
            self._settings, self._client, self._namespace, secrets, self._environ
        )

    async def owner(self, token: HubToken) -> Caller:
        """Whose token it is. Raises DeniedError for one that the hub does not know or that is a
        user's."""
        asking = self._speaking(token.value)
        try:
            caller = await asking.caller()
        except UnknownTokenError as error:
            error.what += f" ({token.source})"
            raise
        self._version = asking.version
        if caller.kind == MARKS_ACTIVE:
            raise DeniedError(
                f"The hub's token ({token.source}) belongs to the user {caller.name}",
                resource="token",
                remedy="Every call would mark that user as active. " + hub_token.ADD_SERVICE,
            )
        self.caller = caller
        return caller

    async def drop(self) -> None:
        """Forgets what was found: the next `open` looks for the pod and the token anew."""
        self._hub = None
        if isinstance(self._wire, HubPod):
            await self._wire.forget()

    async def close(self) -> None:
        """Ends the connections."""
        self._hub = None
        wire, self._wire = self._wire, None
        if wire is not None:
            await wire.close()

    async def values(self) -> Mapping[str, Any]:
        """The values in force of the hub's chart, `cull` and `hub` among them.

        Raises DeniedError, UnreachableError, DecodeError; NotFoundError without a revision.
        """
        return (await self._read()).values

    async def chart_path(self) -> tuple[str, ...]:
        """Under which keys the values of the hub's chart stand in the release's.

        Raises as `values`.
        """
        return (await self._read()).path

    async def placed(self, lines: Sequence[str]) -> tuple[str, ...]:
        """Lines of a values.yaml for the hub's chart, where they stand in this release."""
        try:
            return below(await self.chart_path(), lines)
        except HubtuiError:
            return tuple(lines)

    async def _read(self) -> _Release:
        payload = await self._releases.payload(await self._in_force())
        if self._seen is None or self._seen.payload is not payload:
            steps = documents(payload.manifest)
            found = await unhurried(_gathered(steps))
            address = hub_health.address_of(found, self._namespace, self._release) or self._usual
            self._seen = _Release(payload, hub_values(found), address, hub_path(payload) or ())
        return self._seen

    async def _release_or_none(self) -> _Release | None:
        try:
            return await self._read()
        except HubtuiError:
            return None

    async def _in_force(self) -> RevisionHead:
        heads = self._releases.heads(self._release)
        if not heads:
            heads = await self._releases.refresh(self._release)
        force = in_force(heads) or (heads[0] if heads else None)
        if force is None:
            raise NotFoundError(f"Release {self._release} has no revision", status=404)
        return force

    def _speaking(self, token: str, *, renewed: bool = False) -> HubClient:
        if self._wire is None:
            self._wire = self._way()
        renew = self._another if renewed else None
        return HubClient(self._client.gate, self._wire, token, self._namespace, renew)

    async def _another(self, refused: str) -> str:
        """The token that is there now, if it is another one."""
        token = await self.token()
        if token.value == refused:
            return ""
        await self.owner(token)
        return token.value

    def _way(self) -> Wire:
        if self._settings.url:
            return UrlWire(Http(self._client.gate), self._settings.url)
        return HubPod(self._client, self._address, self._pods, self._namespace)

    async def _address(self) -> HubAddress:
        found = await self._release_or_none()
        return found.address if found else self._usual


def _gathered(
    steps: Generator[tuple[str, tuple[Document, ...]], None, None],
) -> Generator[None, None, list[Document]]:
    found: list[Document] = []
    for _, items in steps:
        found += items
        yield
    return found
