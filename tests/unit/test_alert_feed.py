"""When alerts are read: often while somebody looks, seldom else, never where nobody is there."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from hubtui.config import MetricsSource, Settings
from hubtui.errors import ConfigError, HubtuiError, UnreachableError
from hubtui.model.alerts import Alert, AlertRule
from hubtui.services.alerts import IN_PASSING, LOOKED_AT, AlertFeed


class Told:
    """A fake in the place of Prometheus' client: two alerts, and how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails: HubtuiError | None = None

    async def open(self) -> Told:
        if isinstance(self.fails, ConfigError):
            self.asked.append("open")
            raise self.fails
        return self

    async def alerts(self) -> list[Alert]:
        self.asked.append("alerts")
        if self.fails is not None:
            raise self.fails
        return [
            Alert(labels={"alertname": "Down", "namespace": "hub"}),
            Alert(labels={"alertname": "Disk", "namespace": "other"}),
        ]

    async def rules(self) -> list[AlertRule]:
        self.asked.append("rules")
        return [AlertRule("Down", "up == 0")]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def fed(told: Told) -> tuple[AlertFeed, Clock]:
    session: Any = SimpleNamespace(
        settings=Settings(metrics=MetricsSource()),
        client=None,
        prometheus=told,
        namespace="hub",
        problems=SimpleNamespace(found=()),
    )
    clock = Clock()
    return AlertFeed(session, clock=clock), clock


async def looked(feed: AlertFeed) -> None:
    """A beat, and whatever it began."""
    feed.look()
    if feed._work is not None:
        await asyncio.wait({feed._work})


async def test_they_are_read_often_only_while_somebody_looks() -> None:
    told = Told()
    feed, clock = fed(told)
    await looked(feed)
    assert told.asked == ["alerts"]
    assert feed.counts is not None
    assert (feed.counts.firing, feed.found and feed.found.elsewhere) == (1, 1)
    clock.now = IN_PASSING - 1
    await looked(feed)
    assert told.asked == ["alerts"]
    clock.now = IN_PASSING
    await looked(feed)
    assert told.asked == ["alerts"] * 2
    feed.start("screen")
    await looked(feed)
    assert told.asked[2:] == ["alerts", "rules"]
    assert feed.found is not None
    assert feed.found.own[0].rule == AlertRule("Down", "up == 0")
    clock.now += LOOKED_AT
    await looked(feed)
    assert told.asked[4:] == ["alerts", "rules"]


async def test_where_no_prometheus_is_nobody_looks_again_before_somebody_asks() -> None:
    told = Told()
    told.fails = ConfigError("No Prometheus found")
    feed, clock = fed(told)
    for _ in range(3):
        await looked(feed)
        clock.now += 10 * IN_PASSING
    assert told.asked == ["open"]
    assert feed.counts is None
    assert [each.reason for each in feed.notes()] == ["No Prometheus found"]
    feed.start("screen")
    await looked(feed)
    assert told.asked == ["open"] * 2


async def test_one_that_does_not_answer_says_so_and_is_asked_again() -> None:
    told = Told()
    told.fails = UnreachableError("it is not up")
    feed, clock = fed(told)
    await looked(feed)
    assert (feed.found, feed.notes()[0].reason) == (None, "it is not up")
    told.fails, clock.now = None, IN_PASSING
    await looked(feed)
    assert (feed.found is not None, feed.notes()) == (True, ())
