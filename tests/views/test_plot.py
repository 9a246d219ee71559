"""Plots as lines of cells: axes, gaps, marks, a cursor, lines that are told apart."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from math import inf, nan
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubtui.model.points import Point
from hubtui.views import plot, plot_axes
from hubtui.views.cells import Tone, plain
from hubtui.views.lines import to_ascii, width_of
from hubtui.views.plot import Frame, Limit, Line, Mark

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC).timestamp()
HOUR = 3600.0


def frame(length: float = HOUR, **more: Any) -> Frame:
    return Frame(start=NOON - length, end=NOON, zone=UTC, **more)


def level(value: float, *, since: float = NOON - HOUR, until: float = NOON) -> tuple[Point, ...]:
    """A sample each minute, all alike."""
    count = int((until - since) // 60) + 1
    return tuple((since + 60 * n, value) for n in range(count))


def drawn(*lines: Line, width: int = 60, height: int = 12, **more: Any) -> list[str]:
    found = plot.drawn(lines, frame(**more), width, height)
    return [plain(row) for row in found.rows]


@pytest.mark.parametrize(
    ("values", "unit", "labels"),
    [
        ((0, 65), "", ["0", "20", "40", "60", "80"]),
        ((41,), "", ["0", "10", "20", "30", "40", "50"]),
        ((3, 3.01), "", ["2.9", "2.95", "3", "3.05", "3.1"]),  # a little change is little
        ((0,), "", ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        ((90, 100), "", ["90", "92", "94", "96", "98", "100"]),
        ((-5, 5), "", ["-6", "-4", "-2", "0", "2", "4", "6"]),
        ((0, 3e9), "bytes", ["0", "1G", "2G", "3G"]),
        ((0, 0.24), "s", ["0 s", "50 ms", "100 ms", "150 ms", "200 ms", "250 ms"]),
        ((0, 400), "s", ["0 s", "2 m", "4 m", "6 m", "8 m"]),
        ((0, 0.07), "percentunit", ["0%", "2%", "4%", "6%", "8%"]),
        ((nan, inf, 2), "", ["0", "0.5", "1", "1.5", "2"]),
    ],
)
def test_an_axis_is_round_in_its_unit(
    values: tuple[float, ...], unit: str, labels: list[str]
) -> None:
    axis = plot_axes.axis_of(values, 20, unit)
    assert [axis.label(tick) for tick in axis.ticks] == labels
    assert all(axis.low <= value <= axis.high for value in values if abs(value) < inf)


@pytest.mark.parametrize(
    ("length", "columns", "words"),
    [
        (HOUR, 60, ["11:00", "11:10", "11:20", "11:30", "11:40", "11:50", "12:00"]),
        (6 * HOUR, 60, ["06:00", "07:00", "08:00", "09:00", "10:00", "11:00", "12:00"]),
        (24 * HOUR, 40, ["12:00", "18:00", "27 Nov", "06:00", "12:00"]),
        (7 * 24 * HOUR, 70, [f"{day} Nov" for day in range(21, 28)]),
        (60.0, 40, ["11:59:00", "11:59:15", "11:59:30", "11:59:45", "12:00"]),
    ],
)
def test_the_time_axis_has_the_times_of_clocks(
    length: float, columns: int, words: list[str]
) -> None:
    found = plot_axes.moments(NOON - length, NOON, columns, UTC)
    labels = [moment.label for moment in found]
    assert [label.removesuffix(":00") if len(label) > 5 else label for label in labels] == [
        word.removesuffix(":00") if len(word) > 5 else word for word in words
    ]


def test_a_day_on_which_the_clock_is_put_back_has_its_midnights() -> None:
    zone = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 24, tzinfo=zone).timestamp()
    found = plot_axes.moments(start, start + 73 * HOUR, 40, zone)
    midnights = [each.at for each in found if "Oct" in each.label]
    days = [after - before for before, after in pairwise(midnights)]
    assert days == [24 * HOUR, 25 * HOUR, 24 * HOUR]


def test_a_gap_stays_empty_and_what_is_no_number_ends_a_line() -> None:
    early, late = level(5, until=NOON - 0.7 * HOUR), level(5, since=NOON - 0.3 * HOUR)
    broken = tuple(
        (at, nan if abs(at - (NOON - 0.15 * HOUR)) < 200 else value) for at, value in late
    )
    row = drawn(Line("busy", early + broken))[0].removeprefix("5┤")
    assert len(row.split()) == 3
    assert row.index(" ") == pytest.approx(0.3 * len(row), abs=2)


def test_a_revision_is_a_line_with_its_name() -> None:
    rows = drawn(Line("busy", level(5)), marks=(Mark(NOON - HOUR / 2, "r12"),), height=13)
    at = rows[0].index("r12")
    assert all(row[at] == plot.MARK for row in rows[2:-2])
    assert all(plot.MARK not in row for row in drawn(Line("busy", level(5))))


def test_a_mark_outside_of_the_time_is_none() -> None:
    rows = drawn(Line("busy", level(5)), marks=(Mark(NOON + 60, "r13"), Mark(0, "r1")))
    assert "r1" not in rows[0]


def test_limits_are_lines_that_say_how_bad() -> None:
    limits = (Limit(6.0, Tone.SOON), Limit(900.0, Tone.NOW))
    found = plot.drawn([Line("busy", level(8))], frame(limits=limits), 60, 12)
    tones = {tone for row in found.rows for text, tone in row if plot.LIMIT in text}
    assert tones == {Tone.SOON}  # the other one is beyond the axis
    calm = drawn(Line("errors", level(0), "percentunit"), limits=(Limit(0.01), Limit(0.05)))
    assert calm[0].startswith("5%")  # not so large that nothing could be seen to happen


def test_lines_have_colours_and_signs_of_their_own() -> None:
    lines = [Line(f"line {n}", level(n + 1.0)) for n in range(len(plot.SIGNS))]
    found = plot.drawn(lines, frame(), 100, 24)
    told = {
        sign: tone
        for row in found.rows
        for sign, tone in row
        for sign in sign
        if sign in plot.SIGNS
    }
    assert len(told) == len(set(told.values())) == len(plot.SIGNS)
    legend = plot.legend(lines, frame(), 60, 10)
    assert [plain(row)[0] for row in legend] == list(plot.SIGNS)
    assert all(to_ascii(plain(row)).isascii() for row in (*found.rows, *legend))
    assert len({to_ascii(sign) for sign in plot.SIGNS}) == len(plot.SIGNS)


def test_one_line_has_no_sign_on_it() -> None:
    assert not any(sign in row for row in drawn(Line("busy", level(5))) for sign in plot.SIGNS)


def test_another_unit_has_its_axis_on_the_right() -> None:
    rows = drawn(
        Line("servers", level(40)), Line("memory", level(3 * 2.0**30), "bytes", right=True)
    )
    assert rows[0].startswith("40┤")
    assert rows[0].endswith("├4G")
    assert rows[-2].rstrip().endswith("┘")


def test_the_cursor_tells_the_values_there() -> None:
    points = tuple((NOON - 60 * n, float(n)) for n in reversed(range(61)))
    lines = [Line("waits", points), Line("gone", level(7, until=NOON - HOUR / 2))]
    there = frame(cursor=NOON - 600)
    first, second = (plain(row) for row in plot.legend(lines, there, 80, 4))
    assert first.split()[:3] == ["■", "waits", "10"]
    assert second.split()[:3] == ["◆", "gone", "?"]
    assert "min 0" in first.replace("  ", " ")
    assert any(plot.CURSOR in plain(row)[4:] for row in plot.drawn(lines, there, 80, 12).rows)


def test_the_cursor_begins_at_the_last_sample_and_stays_in_the_time() -> None:
    lines = [Line("busy", level(5, until=NOON - 600))]
    place = plot.drawn(lines, frame(), 80, 12).place
    assert plot.moved(frame(), place, -1, lines) == NOON - 600
    at_end = frame(cursor=NOON)
    assert place.column(plot.moved(at_end, place, 5, lines)) == place.width - 1
    assert place.column(plot.moved(at_end, place, -5, lines)) == place.width - 6


def test_what_finds_no_room_in_the_legend_is_counted() -> None:
    lines = [Line(f"node-{n}", level(n)) for n in range(9)]
    assert plain(plot.legend(lines, frame(), 60, 4)[-1]).strip() == "and 6 more"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(
                st.floats(NOON - 2 * HOUR, NOON + HOUR),
                st.floats(allow_nan=True, allow_infinity=True),
            ),
            max_size=30,
        ),
        max_size=4,
    ),
    st.integers(1, 90),
    st.integers(1, 20),
)
def test_no_row_is_wider_than_its_place(series: list[list[Point]], width: int, height: int) -> None:
    lines = [
        Line(f"s{n}", tuple(sorted(points, key=lambda point: point[0])), right=n == 1)
        for n, points in enumerate(series)
    ]
    shown = frame(marks=(Mark(NOON - 60, "r1"),), limits=(Limit(3.0),), cursor=NOON - HOUR / 3)
    found = plot.drawn(lines, shown, width, height)
    assert len(found.rows) == height
    assert {width_of(row) for row in found.rows} == {width}
    assert all(width_of(row) <= width for row in plot.legend(lines, shown, width, 3))
