"""Answers as lines, rows and buckets, as tables of cases."""

from __future__ import annotations

from math import isnan, nan

from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.frames import Field, Frame, frame_of_series
from hubtui.model.panel_lines import buckets_of, highest, lines_of, samples_of
from hubtui.model.prometheus import Sample, Series


def series(value: float, *more: float, **labels: str) -> Series:
    return Series(labels, tuple((60.0 * index, each) for index, each in enumerate((value, *more))))


def test_buckets_hold_what_falls_into_them_alone_the_lowest_first() -> None:
    found = buckets_of(
        [series(9, 4, le="+Inf"), series(2, nan, le="0.5"), series(5, 3, le="10"),
         series(1, 1, pod="x"), series(1, 0, le="10", code="500")]
    )  # fmt: skip
    assert [each.labels for each in found] == [
        {"le": "0.5"}, {"le": "10"}, {"le": "+Inf"}, {"pod": "x"}
    ]  # fmt: skip
    first = [each.points[0][1] for each in found]
    assert first == [2, 4, 3, 1]
    assert isnan(found[0].points[1][1])


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=8))
def test_buckets_add_up_to_what_was_counted(counts: list[float]) -> None:
    counts.sort()
    found = buckets_of([series(value, le=str(index)) for index, value in enumerate(counts)])
    total = sum(each.points[0][1] for each in found)
    assert abs(total - counts[-1]) <= 1e-6 * max(1.0, counts[-1])


def test_the_highest_lines_keep_their_order_and_nan_is_never_high() -> None:
    lines = [series(1, 9), series(nan), series(5), series(-1), series(7, nan)]
    assert highest(lines, 3) == [lines[0], lines[2], lines[4]]


def test_rows_come_in_the_order_of_time() -> None:
    rows = samples_of([Sample({}, 5, 1)], [series(1, 2, pod="a"), series(3, pod="b")])
    assert [(row.at, row.value) for row in rows] == [(5, 1), (0, 1), (0, 3), (60, 2)]


def test_numbers_beside_a_time_are_lines_and_others_are_none() -> None:
    frame = frame_of_series(series(1, 2, pod="a"), "a", "A")
    text = Frame("t", (Field("Time", (1000.0,), is_time=True), Field("pod", ("x",))))
    gap = Frame("g", (Field("Time", (1000.0, 2000.0), is_time=True), Field("v", (None, 4.0))))
    found = lines_of([frame, text, gap, Frame("n", (Field("v", (1.0,)),))])
    assert [(line.name, line.points) for line in found] == [
        ("a", ((0.0, 1.0), (60.0, 2.0))), ("v", ((2.0, 4.0),))
    ]  # fmt: skip
