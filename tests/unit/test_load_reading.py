"""What a look at the hub's load costs: little on a calm hub, and soon enough on one that fills."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any

from hubtui.model.kube import Meta, Pod
from hubtui.model.usage import ContainerUsage, PodMetrics
from hubtui.services.problems import overload
from hubtui.services.problems.load_reading import MEMORY_EVERY, NUMBERS_EVERY, LoadReading
from tests.situations import NOW, at, container_status, core, pod, situation, waiting

MIB = 2**20
FOUND_WITHIN = 10
"""Seconds after its signs in which a hub that is about to end has to be found."""


class Desk:
    """A session as far as the load is read from it, and a clock that is moved by hand."""

    def __init__(self, hub: Pod) -> None:
        self.hub = hub
        self.used = 100 * MIB
        self.log: list[str] = []
        self.others: Sequence[Pod] = ()
        self.seconds = 0.0
        self.asked: Counter[str] = Counter()
        self.missing: dict[str, str] = {}
        self.prometheus = SimpleNamespace(missing="No Prometheus found")
        self.found: list[Any] = []
        session: Any = SimpleNamespace(
            client=self,
            pods=self,
            metrics=SimpleNamespace(
                followed=False, row=lambda _: None, glance=self.glance, update=set
            ),
            prometheus=self.prometheus,
            hub_link=SimpleNamespace(chart_path=self.chart_path),
        )
        self.reading = LoadReading(session, lambda: self.seconds, self.missing)

    async def get(self, _kind: object, _namespace: str, name: str) -> PodMetrics:
        self.asked["memory"] += 1
        usage = {"memory": str(self.used), "cpu": "100m"}
        return PodMetrics(metadata=Meta(name=name), containers=(ContainerUsage("hub", usage),))

    async def logs(self, *_: str, **_how: Any) -> AsyncIterator[str]:
        self.asked["log"] += 1
        lines, self.log = self.log, []
        for line in lines:
            yield line

    async def glance(self, _metrics: Sequence[str], *, page: bool) -> None:
        self.asked["page" if page else "numbers"] += 1

    async def chart_path(self) -> tuple[str, ...]:
        return ()

    async def passes(self, seconds: float) -> None:
        """So long, with a look in each second, as the finder has it."""
        for _ in range(int(seconds)):
            self.seconds += 1
            seen = situation(*core("hub"), self.hub, *self.others)
            wanted = self.reading.wanted(seen.core, seen.troubled, self.found, NOW)
            for read in wanted:
                await read()
            load = self.reading.seen(NOW)
            seen = situation(*core("hub"), self.hub, load=load, memory=self.reading.memory)
            self.found = overload.find(seen)


def hub(restarts: int = 0) -> Pod:
    running = {"running": {"startedAt": at(3600)}}
    statuses = [container_status(running, restarts=restarts)]
    return pod("hub-1", "hub", limits={"memory": "256Mi"}, containerStatuses=statuses)


async def test_a_calm_hub_costs_a_small_get_now_and_then() -> None:
    desk = Desk(hub())
    await desk.passes(5 * MEMORY_EVERY)
    assert desk.asked == {"memory": 5}
    desk.prometheus.missing = ""
    await desk.passes(2 * NUMBERS_EVERY)
    assert desk.asked == {"memory": 9, "numbers": 2}


async def test_a_hub_that_fills_is_looked_at_closely_and_found_in_time() -> None:
    desk = Desk(hub())
    desk.used = 200 * MIB
    await desk.passes(MEMORY_EVERY)
    assert desk.found == []
    desk.used = 240 * MIB
    await desk.passes(FOUND_WITHIN)
    assert [each.title for each in desk.found] == [
        "The hub uses 94 % of its memory limit, and is killed at it"
    ]
    assert desk.found[0].since is not None
    await desk.passes(4 * NUMBERS_EVERY)
    assert desk.asked["page"] <= 5


async def test_failures_in_a_row_are_counted_while_a_server_does_not_come() -> None:
    desk = Desk(hub())
    desk.others = [waiting("u1", "singleuser-server", "ContainerCreating", 60, user="u1")]
    await desk.passes(3)
    words = "{} consecutive spawns failed.  Hub will exit if failure count reaches 5 before"
    desk.log = [f"[W] {words.format(number)}" for number in (2, 3, 4)]
    await desk.passes(FOUND_WITHIN)
    assert ["after 1 more failure" in each.title for each in desk.found] == [True]
    desk.others = ()
    desk.log = ["[I] User ana took 3.1 seconds to start"]
    await desk.passes(FOUND_WITHIN)
    assert desk.found == []


async def test_a_hub_that_was_started_anew_counts_anew() -> None:
    desk = Desk(hub())
    desk.others = [waiting("u1", "singleuser-server", "ContainerCreating", 60, user="u1")]
    desk.log = ["4 consecutive spawns failed.  Hub will exit if failure count reaches 5 before"]
    await desk.passes(FOUND_WITHIN)
    assert len(desk.found) == 1
    desk.hub = hub(restarts=1)
    await desk.passes(1)
    assert desk.found == []


async def test_a_hub_without_a_limit_is_not_measured() -> None:
    desk = Desk(pod("hub-1", "hub"))
    await desk.passes(2 * MEMORY_EVERY)
    assert desk.asked == {}
