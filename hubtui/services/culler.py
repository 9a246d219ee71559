"""The idle culler of a hub: its rule from the values in force, and when it runs."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Final

from hubtui.errors import HubtuiError
from hubtui.model import kube
from hubtui.model.idle import CullRule, Grid
from hubtui.model.idle_grid import RUN_LINE, START_LINE
from hubtui.model.log_lines import stamped
from hubtui.model.roles import Role, role_of
from hubtui.services import hub_health
from hubtui.services.hub_link import HubLink
from hubtui.services.pods import Pods

log = logging.getLogger(__name__)

UNKNOWN = CullRule(enabled=False, known=False)
"""The rule while the values in force are not read."""

LINES: Final = 5_000
"""Lines of the hub's log that are looked through for runs, of the last two intervals at most."""


class Culler:
    """Rule and runs as far as known. `missing` says why the rule is not."""

    def __init__(
        self, link: HubLink, pods: Iterable[kube.Pod], release: str, logs: Pods | None = None
    ) -> None:
        self._link = link
        self._pods = pods
        self._release = release
        self._logs = logs
        self._runs: tuple[datetime, ...] = ()
        self.rule = UNKNOWN
        self.missing = ""
        self.answered = False
        """Whether the first try to read the rule has ended, in whatever way."""

    @property
    def grid(self) -> Grid:
        """The runs by the hub's log, else by the start of its container: the hub starts it."""
        return grid_of(self._pods, self._release, self.rule, self._runs)

    async def read(self) -> None:
        """Reads the rule, and the runs that the log tells. What goes wrong with the rule is in
        `missing`; the one before stays."""
        try:
            rule = CullRule.of_values(await self._link.values())
        except HubtuiError as error:
            self.missing, self.answered = error.what, True
            log.info("the culler's settings: %s", error)
            return
        self.rule, self.missing = rule, ""
        self._runs = await self._runs_of(rule)
        self.answered = True

    async def _runs_of(self, rule: CullRule) -> tuple[datetime, ...]:
        """The newest start of a run, else the times of lines of runs; none without its log."""
        hub = _hub(self._pods, self._release)
        if self._logs is None or hub is None or rule.off:
            return ()
        lines = self._logs.logs(
            hub.metadata.namespace,
            hub.metadata.name,
            container=Role.HUB.value,
            tail=LINES,
            since_seconds=2 * rule.every,
            timestamps=True,
        )
        starts: list[datetime] = []
        others: list[datetime] = []
        try:
            async for line in lines:
                for pattern, found in ((START_LINE, starts), (RUN_LINE, others)):
                    if pattern.search(line):
                        with suppress(ValueError):
                            found.append(datetime.fromisoformat(stamped(line)[0]))
        except HubtuiError as error:
            log.info("the culler's lines in the hub's log: %s", error)
        # A culler that was started again has other runs: the newest start is of the one there is.
        return tuple(starts[-1:] or others)


def _hub(pods: Iterable[kube.Pod], release: str) -> kube.Pod | None:
    return hub_health.newest([pod for pod in pods if role_of(pod, release) is Role.HUB])


def grid_of(
    pods: Iterable[kube.Pod], release: str, rule: CullRule, runs: Iterable[datetime] = ()
) -> Grid:
    """The culler's runs by the pods of a hub, and by lines of its log that come of a run.

    Lines of a container before this one tell of another culler.
    """
    hub = _hub(pods, release)
    running = [
        status.state.running.started_at
        for status in (hub.status.container_statuses if hub else ())
        if status.name == Role.HUB.value and status.state.running is not None
    ]
    started = running[0] if running else None
    logged = Grid.of_log((at for at in runs if started and at >= started), rule.every)
    if logged.anchor is not None:
        return logged
    ready = next((c for c in hub.status.conditions if c.type == "Ready"), None) if hub else None
    up = ready.last_transition_time if ready is not None and ready.status == "True" else None
    return Grid.of_hub_start(started, rule.every, up)
