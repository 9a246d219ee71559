"""A hub on an ordinary day: some forty people at work, and a few small things to find."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hubtui.demo.faults import Crash
from hubtui.demo.scenarios.story import Chapter, Pool, Scenario, Turn, Wave

if TYPE_CHECKING:
    from hubtui.demo.scenarios.staging import Cluster

HISTORY = (
    Chapter(timedelta(days=41, hours=3), "installed"),
    Chapter(timedelta(days=12, hours=5), "mistyped"),
    Chapter(timedelta(days=12, hours=4), again=1),
    Chapter(timedelta(days=2, hours=6), "present"),
)
"""Installed; an upgrade with a mistyped tag that failed; rolled back; upgraded."""

POOLS = (
    Pool("core", 1, 4, 15, purpose="core"),
    Pool("users", 4, 8, 28, zones="b", most=8),
    Pool("large", 1, 16, 58, zones="a", most=3),
)


def _leak(stage: Cluster) -> None:
    stage.world.faults.crashes["proxy"] = Crash(reason="OOMKilled", code=137, after=20.0)


def _mend(stage: Cluster) -> None:
    stage.world.faults.crashes.pop("proxy", None)


def _old_profile(stage: Cluster) -> None:
    """Somebody wants the profile whose image is not kept any more, and does not give up."""
    hub = stage.hub
    busy = {server.user.name for server in hub.servers() if server.is_active}
    absent = (each for each in reversed(stage.people.people) if each.name not in busy)
    person = next(absent, None)
    if person is not None and hub.is_up:
        hub.spawner.start(hub.add_user(person.name), "", {"profile": "stats-204"})
    stage.world.timeline.after(420, lambda: _old_profile(stage))


def _nearly_full(stage: Cluster) -> None:
    """One of those at work has a home that is nearly full."""
    ready = [each for each in stage.hub.servers() if each.ready and each.started]
    newest = max(ready, key=lambda each: (str(each.started), each.path), default=None)
    if newest is not None:
        stage.world.disks.fill((stage.hub.namespace, newest.claim), 0.88, per_day=0.004)


SCENARIO = Scenario(
    name="calm",
    line="One hub on an ordinary day: 60 users, 4 revisions, a few small things to find",
    chapters=HISTORY,
    pools=POOLS,
    people=60,
    waves=(
        Wave(timedelta(days=1, hours=3), timedelta(hours=3), 30),
        Wave(timedelta(hours=3), timedelta(hours=2), 26),
        Wave(timedelta(hours=1), timedelta(minutes=55), 20),
    ),
    turns=(
        Turn(timedelta(hours=9), _leak),
        Turn(timedelta(hours=9) - timedelta(seconds=15), _mend),
        Turn(timedelta(minutes=2), _old_profile),
        Turn(timedelta(0), _nearly_full),
    ),
    leftovers=True,
    returning=10,
)
