"""What plots, queries and a hub's metrics cost, in this process: `python -m tests.bench.metrics`.

A week of five series with 1,000 points each is plotted in a terminal of 160×48; one operator looks
at four plots for an hour, with a stand-in for Prometheus that counts; the page of a hub, 5 MB long,
is read while a clock beside it says how long the loop was held. No cluster is needed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, cast

from textual.app import App, ComposeResult

from hubtui.clients.gate import Gate
from hubtui.clients.prometheus import PrometheusClient
from hubtui.services.hub_link import HubLink
from hubtui.services.hub_scrapes import HubScrapes
from hubtui.services.hub_time import HubTime
from hubtui.services.metric_list import built_in
from hubtui.services.ranges import Ranges
from hubtui.tui.widgets.plot import Plot
from hubtui.views.plot import Frame, Line
from tests.bench.machine import percentile
from tests.fake_prometheus import NOW, FakePrometheus

WEEK: Final = 7 * 86_400.0
SERIES: Final = 5
POINTS: Final = 1_000
PAGE: Final = 5 * 2**20
COLUMNS: Final = 150

WITHIN: Final = 0.05
"""Seconds that a plot may take, and that the loop may be held: no key is late (issue 10)."""


class Board(App[None]):
    """A terminal with one plot."""

    def compose(self) -> ComposeResult:
        yield Plot()


@dataclass
class Clock:
    """What time it is."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


class Hub:
    """A stand-in for a hub's link, whose page is told at once."""

    def __init__(self, page: str) -> None:
        self._page = page
        self.time = HubTime()

    async def open(self) -> Hub:
        return self

    async def metrics(self) -> str:
        return self._page


def main() -> None:
    """Measures and prints; ends with an error where it takes longer than issue 10 allows."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.metrics", description=__doc__)
    parser.add_argument("--turns", type=int, default=50)
    options = parser.parse_args()
    print(f"load average {', '.join(f'{value:.1f}' for value in os.getloadavg())}")
    over = asyncio.run(_plotted(options.turns))
    over += asyncio.run(_asked())
    over += asyncio.run(_scraped())
    if over:
        raise SystemExit(f"over what issue 10 allows: {', '.join(over)}")


async def _plotted(turns: int) -> list[str]:
    """Draws the week anew, another half a minute later each time."""
    board = Board()
    took = []
    async with board.run_test(size=(160, 48)):
        plot = board.query_one(Plot)
        lines = list(week())
        for turn in range(turns):
            end = NOW.timestamp() + 30.0 * turn
            began = time.perf_counter()
            plot.show(lines, Frame(start=end - WEEK, end=end))
            painted = [plot.render_line(row) for row in range(plot.size.height)]
            took.append(time.perf_counter() - began)
        assert sum(strip.text.count("─") for strip in painted) > 0
    median, most = percentile(took, 0.50), percentile(took, 0.99)
    words = f"{SERIES} series of {POINTS:,} points, 7 d"
    print(f"{words:<34} {median * 1000:7.1f} ms, {most * 1000:.1f} ms at the 99th percentile")
    return ["a plot"] if median > WITHIN else []


def week() -> Iterator[Line]:
    """Lines that go up and down, each in its own way."""
    start = NOW.timestamp() - WEEK
    step = WEEK / POINTS
    for number in range(SERIES):
        points = tuple(
            (start + step * n, 50.0 + 40.0 * ((n * (number + 3)) % 97) / 97) for n in range(POINTS)
        )
        yield Line(f"series {number}", points, step=step)


async def _asked() -> list[str]:
    """How often a query is sent by whoever looks at it for an hour, once a second."""
    over = []
    for window in (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=7)):
        told = FakePrometheus()
        told.tell("up", 1.0, job="hub")
        clock = Clock()
        client = PrometheusClient(Gate(), told)
        link = SimpleNamespace(where="Prometheus", open=_given(client), retry=client.wake)
        ranges = Ranges(cast(Any, link), now=clock.now)
        for second in range(3_600):
            clock.at = NOW + timedelta(seconds=second)
            answer = await ranges.over("up", window, COLUMNS)
        steps = 3_600 / answer.step.total_seconds()
        sent = len(told.queries)
        print(f"{f'{window} for an hour':<34} {sent:7,} queries, {steps:.0f} steps")
        if sent > steps + 1:
            over.append(f"queries of {window}")
    return over


def _given(client: PrometheusClient) -> Any:
    async def open_() -> PrometheusClient:
        return client

    return open_


async def _scraped() -> list[str]:
    """The longest time for which the loop was held while the page was read."""
    page = hub_page()
    scrapes = HubScrapes(cast(HubLink, Hub(page)), built_in())
    await scrapes.read()  # the parser comes with its first use, in a thread
    held: list[float] = []
    ticks = asyncio.create_task(_ticks(held))
    began = time.perf_counter()
    await scrapes.read()
    took = time.perf_counter() - began
    ticks.cancel()
    answer = scrapes.of("running-servers")
    assert answer is not None
    words = f"{len(page) / 2**20:.1f} MB of a hub's metrics"
    print(f"{words:<34} {took * 1000:7.1f} ms, the loop held {max(held) * 1000:.1f} ms at most")
    return ["a hub's metrics"] if max(held) > WITHIN else []


async def _ticks(held: list[float]) -> None:
    """Notes how long after each other the loop comes round."""
    last = time.perf_counter()
    while True:
        await asyncio.sleep(0)
        now = time.perf_counter()
        held.append(now - last)
        last = now


def hub_page() -> str:
    """A page with the families that are wanted, and many that are not."""
    wanted = [
        "jupyterhub_running_servers 2000",
        *(
            f'jupyterhub_request_duration_seconds_bucket{{code="{code}",handler="handler-{number}",'
            f'le="{bound}",method="GET"}} {number * 7}'
            for number in range(100)
            for code in (200, 404, 500)
            for bound in ("0.005", "0.01", "0.1", "1.0", "10.0", "+Inf")
        ),
    ]
    size = sum(map(len, wanted))
    row = 'jupyterhub_user_activity_seen_total{{user="somebody-{}@uni.example",kind="kernel"}} 17'
    others = (PAGE - size) // len(row.format(100_000))
    return "\n".join([*wanted, *(row.format(number) for number in range(others))])


if __name__ == "__main__":
    main()
