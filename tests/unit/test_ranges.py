"""Queries over a time are remembered: only what is new is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from hubtui.clients.prometheus_answers import Matrix, QueryError, Vector
from hubtui.model.prometheus import Sample, Series
from hubtui.model.query_steps import Window
from hubtui.services.prometheus import PrometheusLink
from hubtui.services.ranges import MOST_SAMPLES, MOST_SERIES, Ranges

START = datetime(2026, 11, 27, 12, 0, 7, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

Lines = Callable[[float], list[Series]]


@dataclass
class Fake:
    """The small part of a Prometheus: a line at each step, its value the time."""

    names: tuple[str, ...] = ("a",)
    warnings: tuple[str, ...] = ()
    refuses: bool = False
    skew: timedelta | None = None
    asked: list[tuple[float, float, float]] = field(default_factory=list)

    async def open(self) -> Fake:
        return self

    async def vector(self, promql: str, at: datetime | None = None) -> Vector:
        return Vector([Sample({"n": name}, 0.0, 1.0) for name in self.names], self.warnings)

    async def matrix(
        self, promql: str, start: datetime, end: datetime, step: timedelta, most: int
    ) -> Matrix:
        first, last, width = start.timestamp(), end.timestamp(), step.total_seconds()
        self.asked.append((first, last, width))
        if self.refuses:
            raise QueryError("it cannot", status=422)
        steps = range(int((last - first) // width) + 1)
        points = tuple((first + width * each, first + width * each) for each in steps)
        return Matrix([Series({"n": name}, points) for name in self.names], self.warnings)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ranges(fake: Fake, clock: Clock) -> Ranges:
    return Ranges(cast(PrometheusLink, fake), clock)


async def test_the_same_again_asks_for_new_samples_alone(
    ranges: Ranges, fake: Fake, clock: Clock
) -> None:
    first = await ranges.over("up", HOUR, 30)
    assert first.step == MINUTE
    assert len(first.series[0].points) == 61
    assert all(at % 60 == 0 for at, _ in first.series[0].points)
    clock.now += timedelta(seconds=40)
    assert (await ranges.over("up", HOUR, 30)).series == first.series
    assert len(fake.asked) == 1
    clock.now += timedelta(seconds=90)
    second = await ranges.over("up", HOUR, 30)
    since, until, _ = fake.asked[-1]
    assert until - since == 120
    assert len(second.series[0].points) == 61
    assert second.series[0].points[-1][0] == until


async def test_of_a_day_that_is_not_over_what_comes_is_asked_for_when_it_has(
    ranges: Ranges, fake: Fake, clock: Clock
) -> None:
    clock.now -= timedelta(seconds=START.second)
    day = Window(clock.now - HOUR, clock.now + HOUR)
    first = await ranges.over("up", day, 60)
    assert (first.window, first.series[0].points[-1][0]) == (day, clock.now.timestamp())
    await ranges.over("up", day, 60)
    assert len(fake.asked) == 1
    clock.now += 2 * MINUTE
    later = await ranges.over("up", day, 60)
    assert later.series[0].points[-1][0] == clock.now.timestamp()
    assert len(later.series[0].points) == len(first.series[0].points) + 2


async def test_after_a_long_time_or_over_another_one_all_is_asked_anew(
    ranges: Ranges, fake: Fake, clock: Clock
) -> None:
    await ranges.over("up", HOUR, 30)
    clock.now += 3 * HOUR
    await ranges.over("up", HOUR, 30)
    await ranges.over("up", 6 * HOUR, 30)
    assert [round(end - start) for start, end, _ in fake.asked] == [3600, 3600, 21600]


async def test_what_was_wrong_with_a_query_is_not_asked_again_before_its_step(
    ranges: Ranges, fake: Fake, clock: Clock
) -> None:
    fake.refuses = True
    for _ in range(3):
        with pytest.raises(QueryError):
            await ranges.over("up{", HOUR, 30)
    assert len(fake.asked) == 1
    fake.refuses = False
    clock.now += MINUTE
    assert (await ranges.over("up{", HOUR, 30)).series


async def test_too_many_series_are_cut_and_told(ranges: Ranges, fake: Fake) -> None:
    fake.names = tuple(f"n{number}" for number in range(MOST_SAMPLES + 1))
    fake.warnings = ("a part is missing",)
    answer = await ranges.over("up", MINUTE, 1)
    assert len(answer.series) == MOST_SERIES
    assert answer.notes == (
        "a part is missing",
        "500 of 5,001 series: narrow the query to see the others",
    )
    now = await ranges.instant("up")
    assert len(now.samples) == MOST_SAMPLES
    assert now.notes == ("a part is missing", "the first 5,000 of 5,001 series")


async def test_a_series_that_is_gone_leaves_when_its_samples_do(
    ranges: Ranges, fake: Fake, clock: Clock
) -> None:
    fake.names = ("a", "b")
    await ranges.over("up", HOUR, 30)
    fake.names = ("a",)
    clock.now += HOUR / 2
    assert len((await ranges.over("up", HOUR, 30)).series) == 2
    clock.now += HOUR / 2
    await ranges.over("up", HOUR, 30)
    clock.now += HOUR / 2
    assert [each.labels["n"] for each in (await ranges.over("up", HOUR, 30)).series] == ["a"]


@pytest.mark.parametrize(
    ("skew", "ahead"),
    [(None, 0), (timedelta(seconds=2), 0), (timedelta(minutes=7), 420)],
)
async def test_the_window_ends_at_the_servers_now(
    ranges: Ranges, fake: Fake, skew: timedelta | None, ahead: int
) -> None:
    fake.skew = skew
    await ranges.over("up", HOUR, 30)
    assert fake.asked[0][1] == START.timestamp() // 60 * 60 + ahead
