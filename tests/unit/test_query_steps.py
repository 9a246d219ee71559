"""Steps, windows and moments of queries; points cut to a screen."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model import points
from hubtui.model.query_steps import (
    MOST_POINTS,
    PER_COLUMN,
    Window,
    aligned,
    length_of,
    macros,
    moment,
    rate_interval,
    step_for,
    written,
)

NOW = datetime(2026, 11, 27, 19, 17, 42, tzinfo=UTC)
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("hours", "columns", "least", "seconds"),
    [
        (1, 100, 1, 20), (6, 100, 1, 120), (24, 80, 15, 600), (168, 150, 15, 3600),
        (1, 100, 60, 60), (0.01, 100, 15, 15), (24 * 365, 1, 1, 183 * 86400),
    ],
)  # fmt: skip
def test_a_step_is_round_and_gives_two_samples_a_column(
    hours: float, columns: int, least: float, seconds: float
) -> None:
    found = step_for(timedelta(hours=hours), columns, timedelta(seconds=least))
    assert found.total_seconds() == pytest.approx(seconds, rel=0.01)


@given(st.floats(60, 63e6), st.integers(-5, 400))
def test_no_step_asks_for_more_than_prometheus_gives(seconds: float, columns: int) -> None:
    step = step_for(timedelta(seconds=seconds), columns).total_seconds()
    assert seconds / step <= min(MOST_POINTS, PER_COLUMN * max(1, columns)) + 1


def test_the_same_question_later_has_the_same_samples() -> None:
    step = timedelta(minutes=2)
    early, late = (
        aligned(Window(NOW - timedelta(hours=1) + more, NOW + more), step)
        for more in (timedelta(0), timedelta(seconds=90))
    )
    assert early.end == datetime(2026, 11, 27, 19, 16, tzinfo=UTC)
    assert (late.end - early.end) % step == timedelta(0)
    assert early.length == timedelta(hours=1)


def test_macros_stand_for_step_and_window() -> None:
    found = macros(Window(NOW - timedelta(hours=6), NOW), timedelta(seconds=30))
    assert found["__interval"] == "30s"
    assert found["__rate_interval"] == "240s"
    assert (found["__range"], found["__range_ms"]) == ("21600s", "21600000")
    assert rate_interval(timedelta(minutes=10)) == timedelta(minutes=11)
    assert written(timedelta(milliseconds=1500)) == "1500ms"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("1d12h", 129600), (">2m", 120), ("500ms", 0.5), ("1w", 604800)],
)
def test_a_length_of_time(text: str, seconds: float) -> None:
    assert length_of(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "6", "h", "-6h", "6 h", "0s", "999999y", "٣h", "1e3s"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(ValueError, match="no length of time"):
        length_of(text)


@pytest.mark.parametrize(
    ("text", "end", "expected"),
    [
        ("now", False, NOW),
        ("now-6h", False, NOW - timedelta(hours=6)),
        ("now/d", False, datetime(2026, 11, 27, tzinfo=UTC)),
        ("now/d", True, datetime(2026, 11, 28, tzinfo=UTC)),
        ("now-1d/d", False, datetime(2026, 11, 26, tzinfo=UTC)),
        ("now/M", True, datetime(2026, 12, 1, tzinfo=UTC)),
        ("now/w", False, datetime(2026, 11, 23, tzinfo=UTC)),
        ("now/h", False, datetime(2026, 11, 27, 19, tzinfo=UTC)),
        ("now/y", True, datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-11-27T10:00:00Z", False, datetime(2026, 11, 27, 10, tzinfo=UTC)),
        ("2026-11-27", False, datetime(2026, 11, 27, tzinfo=UTC)),
        ("1700000000000", False, datetime.fromtimestamp(1_700_000_000, UTC)),
    ],
)
def test_a_moment(text: str, end: bool, expected: datetime) -> None:
    assert moment(text, NOW, end=end) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "now-", "now-6", "now/x", "9" * 30, "now-9999y"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each of its kinds is answered alike
        moment(text, NOW)


def test_a_line_ends_at_gaps_and_at_what_is_no_number() -> None:
    line = [(0, 1.0), (60, 2.0), (300, 3.0), (360, NAN), (420, 4.0), (480, INF), (540, 5.0)]
    parts = points.segments(line, 60)
    assert [[at for at, _ in part] for part in parts] == [[0, 60], [300], [420], [540]]


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=400), st.integers(1, 50))
def test_thinned_points_keep_the_extremes(values: list[float], columns: int) -> None:
    line = [(float(at), value) for at, value in enumerate(values)]
    found = points.thinned(line, 0.0, float(len(line)), columns)
    assert len(found) <= max(2, 2 * columns)
    assert found == sorted(found, key=lambda point: point[0])
    kept = [value for _, value in found]
    assert (min(kept), max(kept)) == (min(values), max(values))


def test_the_value_at_a_moment_is_the_nearest_one_near_enough() -> None:
    line = [(0.0, 1.0), (60.0, 2.0)]
    assert points.at(line, 50, 30) == 2.0
    assert points.at(line, 200, 30) is None
    assert points.at([], 0, 30) is None
