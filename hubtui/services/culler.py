"""The idle culler of a hub: its rule from the values in force, and when it runs."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from hubtui.errors import HubtuiError
from hubtui.model import kube
from hubtui.model.idle import CullRule, Grid
from hubtui.model.roles import Role, role_of
from hubtui.services import hub_health
from hubtui.services.hub_link import HubLink
from hubtui.services.store import Store

log = logging.getLogger(__name__)

UNKNOWN = CullRule(enabled=False, known=False)
"""The rule while the values in force are not read."""


class Culler:
    """Rule and runs as far as known. `missing` says why the rule is not."""

    def __init__(self, link: HubLink, pods: Store[kube.Pod], release: str) -> None:
        self._link = link
        self._pods = pods
        self._release = release
        self.rule = UNKNOWN
        self.missing = ""

    @property
    def grid(self) -> Grid:
        """The runs by the start of the hub's container: the hub starts the culler."""
        return grid_of(self._pods, self._release, self.rule)

    async def read(self) -> None:
        """Reads the rule. What goes wrong is in `missing`; the rule before stays."""
        try:
            self.rule = CullRule.of_values(await self._link.values())
        except HubtuiError as error:
            self.missing = error.what
            log.info("the culler's settings: %s", error)
        else:
            self.missing = ""


def grid_of(pods: Iterable[kube.Pod], release: str, rule: CullRule) -> Grid:
    """The culler's runs by the pods of a hub."""
    hub = hub_health.newest([pod for pod in pods if role_of(pod, release) is Role.HUB])
    running = [
        status.state.running.started_at
        for status in (hub.status.container_statuses if hub else ())
        if status.state.running is not None
    ]
    ready = next((c for c in hub.status.conditions if c.type == "Ready"), None) if hub else None
    up = ready.last_transition_time if ready is not None and ready.status == "True" else None
    return Grid.of_hub_start(running[0] if running else None, rule.every, up)
