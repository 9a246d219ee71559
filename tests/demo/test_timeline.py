"""The demo's time: the past passes at once and in order, then the clock decides."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.demo.chance import Chance
from hubtui.demo.timeline import Timeline

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@given(st.lists(st.floats(0, 1000), max_size=30))
def test_the_past_happens_in_the_order_of_its_times(delays: list[float]) -> None:
    timeline, seen = Timeline(START), []
    for delay in delays:
        timeline.after(delay, lambda: seen.append(timeline.now))
    timeline.run_until(at(2000))
    assert seen == sorted(START + timedelta(seconds=delay) for delay in delays)
    assert timeline.now == at(2000)


def test_what_is_due_later_waits_and_what_is_cancelled_never_comes() -> None:
    timeline, seen = Timeline(START), []
    timeline.after(10, lambda: seen.append("first"))
    cancelled = timeline.after(20, lambda: seen.append("never"))
    timeline.after(30, lambda: seen.append("later"))
    cancelled.cancelled = True
    timeline.run_until(at(25))
    assert seen == ["first"]
    timeline.run_until(at(35))
    assert seen == ["first", "later"]


def test_what_happens_may_have_something_happen_in_turn() -> None:
    timeline, seen = Timeline(START), []

    def tick() -> None:
        seen.append(timeline.now)
        if len(seen) < 4:
            timeline.after(60, tick)

    timeline.soon(tick)
    timeline.run_until(at(3600))
    assert seen == [at(0), at(60), at(120), at(180)]


def test_one_part_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    timeline, seen = Timeline(START), []

    def fail() -> None:
        raise ZeroDivisionError

    timeline.after(1, fail)
    timeline.after(2, lambda: seen.append("still here"))
    timeline.run_until(at(5))
    assert seen == ["still here"]
    assert "a part of the demo failed" in caplog.text


def test_speed_divides_what_is_left_of_a_wait_once_it_is_live() -> None:
    clock = [at(100)]
    timeline, seen = Timeline(START, speed=10, clock=lambda: clock[0]), []
    timeline.after(160, lambda: seen.append("from the past"))
    timeline.run_until(at(100))
    timeline.go_live()
    timeline.after(30, lambda: seen.append("live"))
    assert timeline.run_due() == 3.0
    clock[0] = at(103)
    assert timeline.run_due() == 3.0
    assert seen == ["live"]
    clock[0] = at(106)
    assert timeline.run_due() is None
    assert seen == ["live", "from the past"]


async def test_a_live_timeline_wakes_for_what_is_put_in() -> None:
    timeline, done = Timeline(datetime.now(UTC)), asyncio.Event()
    living = asyncio.create_task(timeline.live())
    await asyncio.sleep(0)
    timeline.soon(done.set)
    await asyncio.wait_for(done.wait(), 10)
    living.cancel()
    with pytest.raises(asyncio.CancelledError):
        await living


def test_dice_depend_on_the_seed_and_on_what_they_are_for_alone() -> None:
    one, other = Chance(7), Chance(7)
    other.of("something", "else").random()
    assert one.of("pull", "user-1").random() == other.of("pull", "user-1").random()
    assert one.of("pull", "user-1").random() != one.of("pull", "user-2").random()
    assert one.of("pull", "user-1").random() != Chance(8).of("pull", "user-1").random()
    assert one.suffix("hub-") == other.suffix("hub-")
    assert one.suffix("hub-") != one.suffix("hub-")
