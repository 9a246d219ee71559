"""When disks are full: growth is found among wrong points, and what is not known is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from math import inf, isclose, nan, pi, sin
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hubtui.model.age import DAY, HOUR, MINUTE
from hubtui.model.points import Point
from hubtui.model.seen import MOST, Seen
from hubtui.model.slope import cleaned, covered, since_step_down
from hubtui.model.trend import Confidence, Trend, told, trend, trends
from tests.situations import NOW

G = 1e9
END = NOW.timestamp()
WEEK = timedelta(days=7)
QUARTER = timedelta(hours=6)

TOO_LITTLE = "too little seen (20 m)"

few = settings(max_examples=25, deadline=None, database=None)


def line(used: Callable[[float], float], back: float = 7 * DAY, step: float = HOUR) -> list[Point]:
    """Points over a time until now; `used` takes days, those before now below 0."""
    count = int(back // step) + 1
    return [(END - i * step, used(-i * step / DAY)) for i in reversed(range(count))]


def best(points: Iterable[Point], available: float | None = 20 * G) -> Trend:
    found = told(trends(points, available, NOW), NOW)
    assert found is not None
    return found


def stairs(days: float) -> float:
    return 100 * G + 10 * G * int(days + 10)


def noise(size: float) -> Callable[[], float]:
    chance = Random(1)
    return lambda: chance.gauss(0, size)


wild, calm = noise(2 * G), noise(0.1 * G)


@pytest.mark.parametrize(
    ("points", "available", "window", "words", "confidence"),
    [
        (line(lambda d: 100 * G + 5 * G * d), 20 * G, "7 d", "in 4 d", Confidence.HIGH),
        (line(lambda d: 100 * G + 5 * G * d), 2 * G, "7 d", "in 9 h 36 m", Confidence.HIGH),
        (line(stairs), 10 * G, "7 d", "in 1 d 1 h", Confidence.HIGH),
        (line(lambda _: 100 * G), 20 * G, "7 d", "not growing", Confidence.HIGH),
        (line(lambda _: 0.0), 20 * G, "7 d", "not growing", Confidence.HIGH),
        (line(lambda d: 9 * G - G * d), 20 * G, "7 d", "not growing", Confidence.HIGH),
        (line(lambda d: G + 1e6 * d), 20 * G, "7 d", "not within a year", Confidence.HIGH),
        (line(lambda d: 100 * G + 5 * G * d), 0, "7 d", "full", Confidence.HIGH),
        (line(lambda _: 100 * G), 0, "7 d", "full", Confidence.HIGH),
        (line(lambda d: 100 * G + 5 * G * d), None, "7 d", "4.7G a day", Confidence.HIGH),
        (line(lambda d: 50 * G + G * d, 20 * MINUTE, 60), G, "6 h", TOO_LITTLE, Confidence.NONE),
        ([], 20 * G, "6 h", "too little seen (never)", Confidence.NONE),
        ([(END, G)], 20 * G, "6 h", "too little seen (once)", Confidence.NONE),
        (line(lambda _: G, 3 * DAY, 2 * DAY), G, "7 d", "too little seen (2 d)", Confidence.NONE),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_trend_is_told(
    points: list[Point], available: float | None, window: str, words: str, confidence: Confidence
) -> None:
    found = best(points, available)
    assert (found.window_words, found.words, found.confidence) == (window, words, confidence)


def test_what_is_noisy_is_told_by_the_week() -> None:
    found = best(line(lambda d: 100 * G + 5 * G * d + wild()))
    assert found.window == WEEK
    assert found.per_day == pytest.approx(5 * G, rel=0.05)
    assert found.confidence in (Confidence.HIGH, Confidence.FAIR)


def test_noise_alone_is_no_growth() -> None:
    found = best(line(lambda _: 100 * G + wild()), 100 * G)
    assert found.full_at is None or found.full_at > NOW + timedelta(days=200)


def test_a_shorter_window_is_told_where_a_disk_runs_full_today() -> None:
    def runs_away(days: float) -> float:
        return 100 * G + calm() + max(0.0, days + 0.15) * 400 * G

    week, close = line(runs_away), line(runs_away, 6 * HOUR, 5 * MINUTE)
    found = best([*week, *close], 60 * G)
    assert found.window == QUARTER
    assert found.full_at is not None
    assert found.full_at < NOW + timedelta(hours=12)


def by_day(now: datetime, faster: float = 0.0) -> list[Point]:
    """40G on each weekday from 9 to 17 h, as Prometheus is asked for it: more closely of late.
    `faster` is what more came in each of the last four hours."""
    used, points = 500 * G, []
    for minutes in range(-14 * 24 * 60, 1, 5):
        at = now + timedelta(minutes=minutes)
        if at.weekday() < 5 and 9 <= at.hour < 17:
            used += 40 * G / 8 / 12
        if minutes > -240:
            used += faster / 12
        step = 5 if minutes >= -360 else 15 if minutes >= -1440 else 60
        if minutes % step == 0 and minutes >= -7 * 1440:
            points.append((at.timestamp(), used))
    return points


@pytest.mark.parametrize("hour", [3, 8, 12, 14, 17, 22])
@pytest.mark.parametrize("day", range(23, 30))
def test_what_grows_in_office_hours_is_no_alarm_by_day_and_not_calm_by_night(
    day: int, hour: int
) -> None:
    now = datetime(2026, 11, day, hour, tzinfo=UTC)
    found = told(trends(by_day(now), 100 * G, now), now)
    assert found is not None
    assert found.window == WEEK
    assert found.confidence in (Confidence.HIGH, Confidence.FAIR)
    assert found.full_at is not None
    assert timedelta(days=2) < found.full_at - now < timedelta(days=6)


@pytest.mark.parametrize("day", range(23, 30))
def test_what_fills_up_far_faster_than_in_office_hours_is_told_at_once(day: int) -> None:
    now = datetime(2026, 11, day, 14, tzinfo=UTC)
    found = told(trends(by_day(now, faster=20 * G), 100 * G, now), now)
    assert found is not None
    assert (found.window, found.full_at is not None) == (QUARTER, True)
    assert found.full_at is None or found.full_at < now + timedelta(hours=8)


def test_a_step_down_begins_the_reckoning_anew() -> None:
    points = line(lambda d: 100 * G + (5 * G * d if d < -3 else 20 * G * d - 20 * G))
    found = trend(points, WEEK, 60 * G, NOW)
    assert found.since == NOW - timedelta(days=3)
    assert found.per_day == pytest.approx(20 * G)
    assert found.full_at == NOW + timedelta(days=3)


def test_of_what_was_cleaned_up_lately_too_little_is_seen_by_the_week() -> None:
    points = line(lambda d: 100 * G + 5 * G * d - (40 * G if d > -0.25 else 0))
    found = trend(points, WEEK, 60 * G, NOW)
    assert found.words == "too little seen since it was cleaned up (5 h)"
    assert (found.per_day, found.full_at, found.confidence) == (None, None, Confidence.NONE)


def test_a_glitch_is_no_step_down() -> None:
    points = line(lambda d: 0.0 if -2.1 < d < -2 else 100 * G + 5 * G * d)
    found = trend(points, WEEK, 20 * G, NOW)
    assert (found.since, found.words, found.confidence) == (None, "in 4 d", Confidence.HIGH)


@pytest.mark.parametrize(
    ("seen", "confidence"),
    [
        (lambda _: True, Confidence.HIGH),
        (lambda at: 8 <= at // HOUR % 24 < 18, Confidence.HIGH),
        (lambda at: at > END - 4 * DAY, Confidence.FAIR),
        (lambda at: at > END - 2 * DAY, Confidence.LOW),
    ],
    ids=["whole", "by-day", "four-days", "two-days"],
)
def test_what_was_not_watched_lowers_the_confidence(
    seen: Callable[[float], bool], confidence: Confidence
) -> None:
    points = [point for point in line(lambda d: 90 * G + G * d) if seen(point[0])]
    found = trend(points, WEEK, 20 * G, NOW)
    assert (found.words, found.confidence) == ("in 20 d", confidence)


def test_what_goes_up_and_down_has_no_steady_growth() -> None:
    points = line(lambda d: 90 * G + 2 * G * d + 30 * G * sin(pi * d))
    found = trend(points, WEEK, 20 * G, NOW)
    assert (found.words, found.full_at) == ("no steady growth", None)


def test_points_of_several_nodes_and_without_a_number_are_one_line() -> None:
    some = line(lambda d: 100 * G + 5 * G * d)
    bad = [(END - HOUR, nan), (END - HOUR, inf), (nan, 1.0), (END, -1.0), (END + HOUR, 9e20)]
    found = trend([*reversed(some), *some[::2], *bad], WEEK, 20 * G, NOW)
    assert (found.points, found.words) == (len(some), "in 4 d")


amounts = st.floats(1e3, 1e15)
wrong = st.sets(st.integers(0, 9), min_size=3, max_size=3)


@few
@given(amounts, amounts, wrong, st.integers(40, 200), st.data())
def test_growth_is_found_among_thirty_per_cent_of_wrong_points(
    level: float, grown: float, ends: set[int], count: int, data: st.DataObject
) -> None:
    values = st.floats(0, 1e16)
    points = [
        (
            END - i * 7 * DAY / count,
            data.draw(values) if i % 10 in ends else level + grown * (count - i) / count,
        )
        for i in range(count)
    ]
    found = trend(points, WEEK, grown, NOW)
    assert found.per_day == pytest.approx(grown / 7, rel=0.01)


histories = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 2**40)), max_size=40)


@few
@given(histories, st.integers(0, 2**40), st.integers(-10, 20))
def test_units_make_no_difference(past: list[tuple[int, int]], free: int, power: int) -> None:
    points = [(END - back * HOUR, float(value)) for back, value in past]
    larger = [(at, value * 2.0**power) for at, value in points]
    for one, other in zip(
        trends(points, free, NOW), trends(larger, free * 2.0**power, NOW), strict=True
    ):
        assert (one.full_at, one.confidence, one.since) == (
            other.full_at,
            other.confidence,
            other.since,
        )
        if one.per_day is not None:
            assert isclose(one.per_day * 2.0**power, other.per_day or 0.0, abs_tol=1e-9)


@few
@given(histories, st.integers(0, 2**40))
@example([], 0)
def test_nothing_is_full_before_now(past: list[tuple[int, int]], free: int) -> None:
    points = [(END - back * HOUR, float(value)) for back, value in past]
    for found in trends(points, free, NOW):
        assert found.words
        assert found.full_at is None or found.full_at >= NOW
        if free == 0:
            assert (found.full_at, found.words) == (NOW, "full")


@few
@given(st.lists(st.integers(0, 2**40), min_size=2, max_size=60), st.integers(1, 2**40))
def test_what_shrinks_is_never_full(values: list[int], free: int) -> None:
    falling = sorted(values, reverse=True)
    points = [(END - (len(falling) - i) * HOUR, float(v)) for i, v in enumerate(falling)]
    assert all(found.full_at is None for found in trends(points, free, NOW))


@pytest.mark.parametrize(("parts", "cover"), [((0,), 1 / 12), (range(12), 1.0), ((), 0.0)])
def test_coverage_counts_twelfths(parts: Iterable[int], cover: float) -> None:
    points = [(part * 10.0 + 5, 1.0) for part in parts]
    assert covered(points, 0, 120) == pytest.approx(cover)


def test_few_points_have_no_step() -> None:
    points = cleaned([(1, 9.0), (2, 9.0), (3, 1.0), (4, 1.0)])
    assert since_step_down(points) == points


@few
@given(st.lists(st.floats(1, 2 * DAY), min_size=1, max_size=400))
def test_what_was_seen_stays_small_and_in_order(pauses: list[float]) -> None:
    seen, at = Seen(), 0.0
    for pause in pauses:
        at += pause
        seen.put("a", at, at)
    points = seen.points("a")
    assert len(points) <= MOST + 1
    assert points == sorted(points)
    assert all(value == when for when, value in points)
    assert at - points[-1][0] < 60


def test_near_times_are_remembered_closely() -> None:
    seen = Seen()
    for minute in range(7 * 24 * 60):
        seen.put("a", END - 7 * DAY + minute * MINUTE, 1.0 * minute)
    times = [at for at, _ in seen.points("a")]
    assert sum(at > END - 6 * HOUR for at in times) >= 20
    assert min(times) < END - 5 * DAY
    seen.forget("a")
    assert seen.points("a") == []
    assert len(seen) == 0
