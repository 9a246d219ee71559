"""When a disk is told as soon, and when as now; and its past in equal parts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubtui.model.disk import Figures, Source
from hubtui.model.fullness import filling, of_share, of_time
from hubtui.model.past import PARTS, past_of
from hubtui.model.podstate import Severity

NOW = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)


def figures(used: int, inodes: int = 0, doubt: str = "") -> Figures:
    return Figures(
        Source.PROMETHEUS, NOW, 1000, used, 1000 - used, 100, inodes, 100 - inodes, doubt=doubt
    )


@pytest.mark.parametrize(
    ("found", "full_in", "severity"),
    [
        (figures(799), None, Severity.FINE),
        (figures(800), None, Severity.SOON),
        (figures(900), None, Severity.NOW),
        (figures(100, inodes=80), None, Severity.SOON),
        (figures(100, inodes=90), None, Severity.NOW),
        (figures(100), timedelta(days=8), Severity.FINE),
        (figures(100), timedelta(days=6), Severity.SOON),
        (figures(100), timedelta(hours=24), Severity.NOW),
        (figures(1000, doubt="8 EiB"), None, Severity.FINE),
        (None, None, Severity.FINE),
    ],
)
def test_the_worst_of_space_inodes_and_time_counts(
    found: Figures | None, full_in: timedelta | None, severity: Severity
) -> None:
    assert filling(found, NOW + full_in if full_in is not None else None, NOW) is severity


@given(st.floats(0, 1), st.floats(0, 1))
def test_more_is_never_less_urgent(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert of_share(low) <= of_share(high)
    assert of_time(NOW + timedelta(days=10 * high), NOW) <= of_time(
        NOW + timedelta(days=10 * low), NOW
    )


def test_the_past_has_equal_parts_and_gaps_stay_gaps() -> None:
    week = 7 * 86400.0
    points = [(hour * 3600.0, float(hour)) for hour in range(169) if not 60 <= hour < 80]
    found = past_of(points)
    assert found is not None
    assert (found.begun, len(found.values)) == (0.0, PARTS)
    assert found.values[0] == 3.0
    assert found.values[16] is None
    assert found.values[-1] == week / 3600


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 1e9), st.floats(0, 1e15)), max_size=200))
def test_any_past_can_be_drawn(points: list[tuple[float, float]]) -> None:
    found = past_of(points)
    if len({at for at, _ in points}) < 2:
        assert found is None
        return
    assert found is not None
    assert found.values[-1] is not None
    assert {value for value in found.values if value is not None} <= {value for _, value in points}
