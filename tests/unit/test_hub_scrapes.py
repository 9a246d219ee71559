"""The hub's own metrics, read again and again: a small fake of a hub's page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import cast

import pytest

from hubtui.errors import DeniedError
from hubtui.model.hub_numbers import STARTED
from hubtui.services.hub_link import HubLink
from hubtui.services.hub_scrapes import FIRST, HubScrapes
from hubtui.services.hub_time import HubTime
from hubtui.services.metric_list import built_in

START = datetime(2026, 11, 27, 12, tzinfo=UTC)


@dataclass
class Fake:
    """A hub whose page is what a test wants; nothing of it takes time."""

    running: float = 3
    failed: float = 0
    quick: float = 0
    slow: float = 0
    started: float = 1000.0
    refuses: bool = False
    time: HubTime = field(default_factory=HubTime)
    now: datetime = START

    async def open(self) -> Fake:
        if self.refuses:
            raise DeniedError("The hub's token lacks the scope read:metrics", remedy="Add it.")
        return self

    async def metrics(self) -> str:
        spawns = "jupyterhub_server_spawn_duration_seconds"
        both = self.quick + self.slow
        return "\n".join(
            (
                f"{STARTED} {self.started}",
                f"jupyterhub_running_servers {self.running}",
                f'{spawns}_count{{status="failure",reason="throttled"}} {self.failed}',
                f'{spawns}_bucket{{le="10.0",status="success",reason=""}} {self.quick}',
                f'{spawns}_bucket{{le="60.0",status="success",reason=""}} {both}',
                f'{spawns}_bucket{{le="+Inf",status="success",reason=""}} {both}',
                "jupyterhub_something_else{ this is no line",
            )
        )

    async def later(self, scrapes: HubScrapes, seconds: float) -> None:
        """Some time passes, and the page is read."""
        self.now += timedelta(seconds=seconds)
        await scrapes.read()


@pytest.fixture
def hub() -> Fake:
    return Fake()


@pytest.fixture
def scrapes(hub: Fake) -> HubScrapes:
    return HubScrapes(cast(HubLink, hub), built_in(), now=lambda: hub.now)


def told(scrapes: HubScrapes, metric: str) -> dict[str, float]:
    answer = scrapes.of(metric)
    assert answer is not None
    return dict(answer.told)


async def test_a_gauge_is_told_at_once_and_a_rate_from_the_second_reading(
    hub: Fake, scrapes: HubScrapes
) -> None:
    assert scrapes.of("running-servers") is None
    await hub.later(scrapes, 0)
    assert told(scrapes, "running-servers") == {"": 3}
    assert (scrapes.of("spawn-p50"), scrapes.why("spawn-p50")) == (None, FIRST)
    hub.quick, hub.slow, hub.failed = 3, 1, 2
    await hub.later(scrapes, 30)
    assert told(scrapes, "spawn-p50") == {"": pytest.approx(20 / 3)}
    assert told(scrapes, "spawn-p95") == {"": pytest.approx(50)}
    assert told(scrapes, "spawn-failures") == {"throttled": 2}


async def test_what_happened_counts_for_as_long_as_the_metric_says(
    hub: Fake, scrapes: HubScrapes
) -> None:
    await hub.later(scrapes, 0)
    hub.failed = 2
    await hub.later(scrapes, 30)
    hub.failed = 3
    await hub.later(scrapes, 600)
    assert told(scrapes, "spawn-failures") == {"throttled": 3}
    await hub.later(scrapes, 600)
    assert told(scrapes, "spawn-failures") == {"throttled": 1}
    await hub.later(scrapes, 600)
    assert told(scrapes, "spawn-failures") == {"": 0}
    answer = scrapes.of("spawn-failures")
    assert answer is not None
    assert len(answer.lines[""]) == 1


async def test_counters_of_a_hub_that_restarted_begin_at_nothing(
    hub: Fake, scrapes: HubScrapes
) -> None:
    hub.failed = 1
    await hub.later(scrapes, 0)
    hub.started, hub.failed = 2000.0, 4
    await hub.later(scrapes, 30)
    assert told(scrapes, "spawn-failures") == {"throttled": 4}


async def test_a_hub_that_is_read_less_often_has_its_samples_further_apart(
    hub: Fake, scrapes: HubScrapes
) -> None:
    for seconds in (0, 30, 90, 90, 90):
        await hub.later(scrapes, seconds)
    answer = scrapes.of("running-servers")
    assert answer is not None
    assert (answer.step, len(answer.lines[""])) == (90, 5)


async def test_after_a_pause_it_begins_anew(hub: Fake, scrapes: HubScrapes) -> None:
    await hub.later(scrapes, 0)
    hub.failed = 7
    await hub.later(scrapes, 7200)
    assert scrapes.why("spawn-failures") == FIRST
    hub.failed = 8
    await hub.later(scrapes, 30)
    assert told(scrapes, "spawn-failures") == {"throttled": 1}


async def test_nothing_that_started_is_no_number(hub: Fake, scrapes: HubScrapes) -> None:
    await hub.later(scrapes, 0)
    await hub.later(scrapes, 30)
    assert isnan(told(scrapes, "spawn-p95")[""])


async def test_a_hub_that_refuses_says_why_and_what_was_known_stays(
    hub: Fake, scrapes: HubScrapes
) -> None:
    await hub.later(scrapes, 0)
    hub.refuses = True
    await hub.later(scrapes, 30)
    assert "lacks the scope read:metrics" in scrapes.missing
    assert scrapes.cure == "Add it."
    answer = scrapes.of("running-servers")
    assert answer is not None
    assert answer.as_of == START


async def test_it_waits_while_the_hub_has_no_time_for_it(hub: Fake) -> None:
    busy = HubScrapes(cast(HubLink, hub), built_in(), is_busy=lambda: True)
    assert busy.due_in > 0
    free = HubScrapes(cast(HubLink, hub), built_in())
    assert free.due_in == 0
    await free.read()
    hub.time.spend("metrics", 0.0, 1e9)
    assert free.due_in > 0
