"""Waits for what a write sets in motion: workloads that come, a hub that answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from hubtui.clients.kube import KubeClient
from hubtui.errors import HubtuiError
from hubtui.model.plan import Phase
from hubtui.services import hub_health
from hubtui.services.hub_health import Health, HubAddress
from hubtui.services.rollouts import Look

CADENCE: Final = 1.0
"""Seconds between two looks."""

STUCK_FOR: Final = 90.0
"""Seconds after which workloads that are all stuck are taken for failed: an image that cannot be
pulled is tried again within that time."""

HEALTH_FOR: Final = 60.0
"""Seconds that the hub may take to answer once its pod is ready."""

TRUSTED_AFTER: Final = 10.0
"""Seconds after which a right counts as missing where a server was away: one that starts denies
everything for a moment, until it knows its roles."""

Tell = Callable[[Phase, Look, str], None]


class Looking(Protocol):
    """What can be looked at again and again."""

    async def look(self) -> Look:
        """How far everything is."""


async def rollouts(
    follow: Looking, tell: Tell, *, limit: float, stuck_for: float
) -> tuple[Look, bool]:
    """Waits until the workloads have come or may not be read; false when they have not come
    within `limit` seconds. What cannot be asked is asked again until then."""
    loop = asyncio.get_running_loop()
    end = loop.time() + limit
    stuck_since: float | None = None
    away: float | None = None
    look = Look()
    while True:
        note = "the workloads"
        try:
            look = await follow.look()
        except HubtuiError as error:
            note = error.what
            look = replace(look, error=error.what)
            away = loop.time()
        else:
            doubted = look.unseen and away is not None and loop.time() - away < TRUSTED_AFTER
            if look.settled and not doubted:
                return look, True
        now = loop.time()
        all_stuck = bool(look.stuck) and look.stuck == look.waiting and not look.error
        stuck_since = (stuck_since or now) if all_stuck else None
        tell(Phase.ROLLING_OUT, look, note)
        if now > end or (stuck_since is not None and now - stuck_since > stuck_for):
            return look, look.settled
        await asyncio.sleep(CADENCE)


async def health(
    client: KubeClient, address: HubAddress, look: Look, tell: Tell, *, limit: float = HEALTH_FOR
) -> Health:
    """Asks the hub until it answers, for `limit` seconds at most; `ok` is None when that long
    not even the cluster could be asked."""
    tell(Phase.VERIFYING, look, "asks the hub for its health")
    loop = asyncio.get_running_loop()
    end = loop.time() + limit
    while True:
        try:
            found = await hub_health.ask(client, address)
        except HubtuiError as error:
            found, ask_again = Health(None, error.what), True
        else:
            ask_again = found.ok is False
        if not ask_again or loop.time() > end:
            return found
        tell(Phase.VERIFYING, look, found.evidence)
        await asyncio.sleep(CADENCE)
