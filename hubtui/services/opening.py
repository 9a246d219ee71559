"""The way to a hub: from settings to a session, in as many tries as it takes.

Both front ends open hubs here, so that neither has to know whom it talks to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from hubtui.clients.kubeconfig import Context as Context
from hubtui.clients.kubeconfig import contexts as contexts
from hubtui.clients.kubeconfig import current_context
from hubtui.config import Settings
from hubtui.errors import HubtuiError, UnreachableError
from hubtui.services.session import Session, Several, connect, open_client

PATIENCE: Final = 4.0
"""Seconds without an answer after which that is said, while it is still waited for."""

Silent = Callable[[UnreachableError], None]


def context_name(settings: Settings) -> str:
    """The context in force, as far as it is known."""
    try:
        return current_context(settings).name
    except HubtuiError:
        return settings.context


class Opening:
    """A client of the context in force, until a session has it. Raises ConfigError."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = open_client(settings)
        self._handed_over = False

    async def connect(self, silent: Silent, *, live: bool = True) -> Session | Several:
        """One try; `silent` hears once when it takes long: a plugin or a server may say nothing.

        Raises what `session.connect` raises; it can be called again then.
        """
        said = asyncio.get_running_loop().call_later(PATIENCE, self._say_silent, silent)
        try:
            found = await connect(self._settings, self._client, live=live)
        finally:
            said.cancel()
        self._handed_over = isinstance(found, Session)
        return found

    async def close(self) -> None:
        """Ends the connections, unless a session has them."""
        if not self._handed_over:
            await self._client.close()

    def _say_silent(self, silent: Silent) -> None:
        silent(
            UnreachableError(
                f"{self._client.server} has not answered for {PATIENCE:g} s",
                meaning="hubtui keeps waiting for it, or for the kubeconfig's credential plugin.",
                remedy="Check the VPN and the kubeconfig's server.",
            )
        )
