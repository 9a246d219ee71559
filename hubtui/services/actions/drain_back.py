"""Waits until the parts of the hub that a drain has moved are ready on other nodes."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from hubtui.errors import ApiError, HubtuiError
from hubtui.model.kinds import DEPLOYMENTS
from hubtui.model.roles import component_of
from hubtui.services.actions import ActionSession
from hubtui.services.actions.drain_lines import Lines
from hubtui.services.actions.drain_watch import Watch
from hubtui.services.actions.following import CADENCE
from hubtui.services.rollouts import Look, Rollouts, Target

READY_WITHIN: Final = 180.0
"""Seconds that a part of the hub may take to be ready on another node."""


@dataclass(slots=True)
class Back:
    """The Deployments of some components, looked at until all are ready."""

    session: ActionSession
    watch: Watch
    lines: Lines
    components: Collection[str]

    async def run(self) -> Look:
        """The last look: complete, too late, or when it was asked to end."""
        end, names = _time() + READY_WITHIN, " and ".join(self.components)
        look = Look()
        while True:
            try:
                look = await Rollouts(self.session.client, await self._targets()).look()
            except ApiError as error:
                return Look(look.steps, error.what)
            except HubtuiError as error:
                look = Look(look.steps, error.what)
            self.lines.put(look.steps, look.error or f"waits until {names} is ready elsewhere")
            if look.settled or _time() > end or self.watch.interrupted.is_set():
                return look
            await self.watch.pause(CADENCE)

    async def _targets(self) -> tuple[Target, ...]:
        session = self.session
        found = await session.client.list(DEPLOYMENTS, session.namespace, labels="app=jupyterhub")
        owners = (None, "", session.release)
        return tuple(
            Target("Deployment", each.metadata.namespace, each.metadata.name, component)
            for each in found
            if (component := component_of(each.metadata.labels)) in self.components
            and each.metadata.labels.get("release") in owners
        )


def _time() -> float:
    return asyncio.get_running_loop().time()
