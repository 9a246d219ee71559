"""A user's compute quota from the hub's own metrics, read when somebody wants to know."""

from __future__ import annotations

import asyncio

from hubtui.clients.hub_metrics import label, samples
from hubtui.model.compute_quota import SERIES, ComputeQuota, quotas_of
from hubtui.services.hub_link import HubLink


async def read(link: HubLink, namespace: str, user: str) -> tuple[ComputeQuota, ...]:
    """The quotas that apply to a user; none where the hub counts none.

    Raises what `HubLink.open` and `HubClient.metrics` raise: DeniedError without read:metrics.
    """
    hub, clock = await link.open(), asyncio.get_running_loop()
    began = clock.time()
    text = await hub.metrics()
    link.time.spend("metrics", began, clock.time())
    return quotas_of(samples(text, SERIES, label("username", user)), user, namespace)
