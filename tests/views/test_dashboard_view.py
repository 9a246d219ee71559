"""Panels of dashboards as lines of cells, and where they stand on a terminal."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubtui.clients.prometheus import QueryError
from hubtui.errors import UnreachableError
from hubtui.model.dashboard import (
    Kind,
    Look,
    Option,
    Override,
    Panel,
    Target,
    Threshold,
    Variable,
    VariableKind,
)
from hubtui.model.dashboard_reading import read
from hubtui.model.dashboard_words import chosen_of
from hubtui.model.frames import frame_of_samples
from hubtui.model.panel_lines import PanelLine
from hubtui.model.prometheus import Sample
from hubtui.model.query_steps import Window
from hubtui.model.repeats import PlacedPanel, PlacedSection, placed
from hubtui.services.board_panels import PanelError, PanelState
from hubtui.services.board_variables import VariableState
from hubtui.views.big_numbers import big
from hubtui.views.cells import Cell, Tone, plain
from hubtui.views.dashboard_layout import Arrangement, arranged
from hubtui.views.dashboard_panel import panel_lines
from hubtui.views.dashboard_tones import tone_of_colour
from hubtui.views.dashboard_variables import choices
from hubtui.views.lines import cell_to_ascii, width_of

NOW = datetime(2026, 11, 27, 18, tzinfo=UTC)
START = (NOW - timedelta(hours=6)).timestamp()
LIMITS = (Threshold(None, "green"), Threshold(70, "#EAB839"), Threshold(90, "dark-red"))


def state(kind: Kind, *lines: PanelLine, **more: Any) -> PanelState:
    """A panel that was asked, with what came back."""
    of_state = {name: more.pop(name) for name in ("frames", "errors", "notes") if name in more}
    asked = more.pop("asked", True)
    targets = more.pop("targets", (Target("A", "up"),))
    panel = Panel(1, "Title", kind, kind.value, targets=targets, **more)
    window = Window(NOW - timedelta(hours=6), NOW)
    return PanelState(
        PlacedPanel("1", panel), lines=lines, window=window, step=timedelta(minutes=1),
        as_of=NOW, asked=asked, **of_state,
    )  # fmt: skip


def line(name: str, value: Callable[[int], float], **labels: str) -> PanelLine:
    """A sample a minute for six hours."""
    return PanelLine(name, labels, "A", tuple((START + 60 * i, value(i)) for i in range(361)))


def times(factor: float) -> Callable[[int], float]:
    return lambda minute: minute * factor


def rows(count: int, **labels: str) -> Any:
    """A table with a row for each pod."""
    samples = [Sample({"pod": f"jupyter-{i}", **labels}, START, float(i)) for i in range(count)]
    return frame_of_samples(samples, "A", several=False)


def drawn(of: PanelState, width: int = 60, height: int = 10, **more: Any) -> list[str]:
    """The lines as words; each is as wide as was asked for."""
    lines = panel_lines(of, width, height, NOW, **more)
    assert [width_of(each) for each in lines] == [width] * height
    return [plain(each).rstrip() for each in lines]


def tones(lines: list[Cell]) -> set[Tone]:
    return {tone for each in lines for text, tone in each if text.strip()}


STATES = {
    "lines": state(Kind.TIMESERIES, *(line(f"n{k}", times(k)) for k in range(9))),
    "stacked": state(Kind.TIMESERIES, line("a", float), line("b", float), stacked=True),
    "no numbers": state(Kind.TIMESERIES, line("a", lambda _: float("nan"))),
    "one point": state(Kind.TIMESERIES, PanelLine("a", {}, "A", ((START, 1.0),))),
    "stat": state(Kind.STAT, line("a", float), look=Look("percent", thresholds=LIMITS)),
    "stats": state(Kind.STAT, line("a", float), line("b", float)),
    "gauge": state(Kind.GAUGE, line("a", lambda _: 50), look=Look("percent")),
    "bars": state(Kind.BARGAUGE, *(line(f"user-{k}", times(k)) for k in range(40))),
    "infinite": state(Kind.BARGAUGE, line("a", lambda _: float("inf")), line("b", lambda _: -1)),
    "table": state(Kind.TABLE, frames=(rows(30, namespace="hub"),)),
    "values": state(Kind.HEATMAP, *(line(f"p{k}", times(k)) for k in range(5))),
    "buckets": state(
        Kind.HEATMAP, *(line(le, lambda i: i % 7, le=le) for le in ("0.1", "1", "+Inf"))
    ),
    "text": state(Kind.TEXT, content="# Whom to ask\n\nThe *owner*, see https://example.org"),
    "map": state(Kind.UNSUPPORTED, notes=("a panel of the type 'geomap' cannot be drawn",)),
    "waiting": state(Kind.TIMESERIES, asked=False),
    "nothing": state(Kind.STAT, notes=("Prometheus has no kube_pod_labels",)),
    "no queries": state(Kind.TABLE, targets=()),
    "failed": state(
        Kind.TIMESERIES,
        errors=(PanelError("A", "up", UnreachableError("It does not answer", remedy="Wait.")),),
    ),
    "hidden": state(Kind.STAT, line("a", float), look=Look(hidden=True)),
}


@pytest.mark.parametrize("name", STATES)
def test_every_panel_fills_its_place_at_any_size(name: str) -> None:
    for width in (1, 7, 20, 33, 120):
        for height in (1, 2, 4, 7, 24):
            lines = panel_lines(STATES[name], width, height, NOW)
            assert [width_of(each) for each in lines] == [width] * height
    below = drawn(STATES[name], 60, 14)[1:]
    assert any(below), "a panel is never empty without a word"
    assert all(
        plain(cell_to_ascii(each)).isascii() for each in panel_lines(STATES[name], 60, 14, NOW)
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lines", "■ n0 0  ◆ n1 360  + n2 720"),
        ("no numbers", "None of its samples is a number"),
        ("stats", "a"),
        ("gauge", "50%"),
        ("bars", "the highest 12 of 40"),
        ("table", "19 more rows"),
        ("text", "Whom to ask"),
        ("map", "A panel of the type 'geomap' cannot be drawn."),
        ("waiting", "Asking …"),
        ("nothing", "Prometheus has no kube_pod_labels."),
        ("no queries", "It asks Prometheus nothing."),
        ("failed", "✗ It does not answer"),
        ("hidden", "none of them is shown"),
    ],
)
def test_what_a_panel_says(name: str, words: str) -> None:
    assert words in "\n".join(drawn(STATES[name], 60, 14))


def test_a_panel_of_lines_has_axes_in_its_unit_and_a_legend_that_calculates() -> None:
    bytes_ = state(
        Kind.TIMESERIES, line("hub", lambda i: 2**30 + i), look=Look("bytes", least=0),
        legend_calculations=("mean", "lastNotNull"),
    )  # fmt: skip
    shown = drawn(bytes_, 60, 12)
    assert any(each.startswith(("1G┤", " 1G┤")) for each in shown)
    assert shown[-1] == "■ hub mean 1G last 1G"


def highest(lines: list[str]) -> float:
    """The highest tick of the axis; `1k` is 1,000."""
    tick = next(each.partition("┤")[0].strip() for each in lines if "┤" in each)
    return float(tick.removesuffix("k").replace(",", "")) * (1000 if tick.endswith("k") else 1)


def test_stacked_lines_stand_on_top_of_each_other() -> None:
    shown = drawn(STATES["stacked"], 60, 12)
    alone = drawn(replace(STATES["stacked"], lines=STATES["stacked"].lines[:1]), 60, 12)
    assert highest(shown) > highest(alone) >= 360
    assert shown[-1] == "■ a 360  ◆ b 360"


def test_of_many_lines_the_highest_are_drawn_and_the_others_counted() -> None:
    many = state(Kind.TIMESERIES, *(line(f"n{k}", times(k)) for k in range(100)))
    shown = drawn(many, 60, 12)
    assert "■ n76" in "\n".join(shown)
    assert shown[-1].endswith("more")
    left = int(shown[-1].split("+ ")[-1].removesuffix(" more"))
    assert left == 100 - sum(each.count("n") for each in shown[-4:]) > 76


def test_a_limit_that_would_hide_numbers_gives_way() -> None:
    share = state(Kind.TIMESERIES, line("a", lambda _: 1.5), look=Look("percentunit", most=1.0))
    assert any(each.strip().startswith(("150%┤", "200%┤")) for each in drawn(share, 60, 12))


def test_thresholds_are_lines_where_the_panel_draws_them() -> None:
    plain_ = state(Kind.TIMESERIES, line("a", times(0.25)), look=Look(thresholds=LIMITS))
    limited = replace(plain_.panel, look=replace(plain_.panel.look, limited=True))
    both = [plain_, replace(plain_, placed=replace(plain_.placed, panel=limited))]
    counts = [sum("╌╌╌" in each for each in drawn(of, 60, 20)) for of in both]
    assert counts == [0, 2]
    assert {Tone.SOON, Tone.NOW} <= tones(panel_lines(both[1], 60, 20, NOW))


def test_another_unit_has_its_axis_on_the_right() -> None:
    memory = Override("byName", "memory", {"unit": "bytes"})
    lines = (line("cpu", times(0.01)), line("memory", lambda _: 2.0**31))
    shown = drawn(state(Kind.TIMESERIES, *lines, overrides=(memory,)), 60, 12)
    assert any("├ 2G" in each or "├2G" in each for each in shown)
    assert not any(each.lstrip().startswith("2G") for each in shown)


@pytest.mark.parametrize(("bridged", "both"), [(0.0, False), (600.0, False), (inf, True)])
def test_a_line_goes_on_over_gaps_where_the_panel_says_so(bridged: float, both: bool) -> None:
    """Two samples two hours apart, one of them after a NaN: a line between them, or two dots."""
    ends = PanelLine("a", {}, "A", ((START, 1.0), (START + 3600, nan), (START + 7200, 1.0)))
    shown = drawn(state(Kind.TIMESERIES, ends, look=Look(bridged=bridged)), 60, 12)
    dots = sum(0x2800 < ord(sign) <= 0x28FF for each in shown for sign in each)
    assert (dots > 10) is both


def test_a_panel_shows_the_numbers_of_the_fields_that_it_names() -> None:
    lines = (line("cpu", float), line("memory of a", float), line("memory of b", float))
    shown = drawn(state(Kind.STAT, *lines, fields="/^memory/"))
    assert [each.split("  ")[0] for each in shown[1:3]] == ["memory of a", "memory of b"]
    assert "cpu" not in "".join(shown)
    pods = state(Kind.STAT, frames=(rows(2, version="5.4.6"),), fields="/^version$/")
    assert drawn(pods, height=3)[1] == "5.4.6"
    none = state(Kind.STAT, *lines, fields="nobody")
    assert any("none of them is shown" in each for each in drawn(none, 80))


def test_a_number_past_its_threshold_has_a_sign_beside_its_colour() -> None:
    of = replace(STATES["stat"], lines=(line("a", lambda _: 95.0),))
    assert "✗" in "\n".join(drawn(of, 40, 8))
    assert Tone.NOW in tones(panel_lines(of, 40, 8, NOW))
    assert "95" in drawn(of, 40, 3)[1]  # too low for large figures


def test_large_figures_are_only_for_what_they_can_write() -> None:
    assert big("42%", 20) == ["╷ ╷╶─╮", "╰─┤╭─╯", "  ╵╰─╴ %"]
    assert big("2 d 4 h", 40) is None
    assert big("none", 40) is None
    assert big("1234567", 10) is None


def test_bars_are_as_long_as_their_share_and_the_highest_are_kept() -> None:
    shown = drawn(STATES["bars"], 60, 5)
    assert [each.split()[0] for each in shown[1:4]] == ["user-37", "user-38", "user-39"]
    assert shown[3].count("═") > shown[1].count("═") > 10


def test_a_table_keeps_numbers_whole_and_tells_what_has_no_room() -> None:
    wide = rows(3, namespace="hub", reason="x" * 60)
    shown = drawn(state(Kind.TABLE, frames=(wide,)), 70, 8)
    assert shown[1].split() == ["Time", "namespace", "pod", "reason", "Value"]
    assert all(each.endswith(str(row)) for row, each in enumerate(shown[2:5]))
    narrow = drawn(state(Kind.TABLE, frames=(wide, wide)), 32, 8)
    assert "3 more columns, the first of 2" in "\n".join(narrow)


def test_a_table_is_sorted_as_the_panel_says() -> None:
    shown = drawn(state(Kind.TABLE, frames=(rows(5),), sort=(("Value", True),)), 60, 8)
    assert [each.split()[-1] for each in shown[2:7]] == ["4", "3", "2", "1", "0"]
    old = drawn(state(Kind.TABLE, frames=(rows(5),), sort=(("2", True),)), 60, 8)
    assert old == shown


def test_a_heatmap_has_its_buckets_from_the_bottom_to_the_top() -> None:
    shown = drawn(state(Kind.HEATMAP, *STATES["buckets"].lines, look=Look("s")), 60, 10)
    labels = [each.partition("┤")[0].strip() for each in shown if "┤" in each]
    assert labels == ["∞", "1 s", "100 ms"]
    assert shown[-1].startswith("· ≤ 1  ░ ≤ 2")


def test_the_place_of_an_error_is_marked_below_the_query() -> None:
    query = "sum(\n  rate(up[5m)\n)"
    error = QueryError("unexpected character", status=400, position=query.index("5m)") + 2)
    shown = drawn(state(Kind.TIMESERIES, errors=(PanelError("A", query, error),)), 60, 10)
    at = next(index for index, each in enumerate(shown) if each.endswith("^"))
    assert shown[at - 1][len(shown[at]) - 1] == ")"
    assert shown[0].endswith("✗ no answer")


def test_what_answers_is_drawn_though_another_query_fails() -> None:
    failed = PanelError("B", "x", UnreachableError("It does not answer"))
    shown = drawn(state(Kind.TIMESERIES, line("a", float), errors=(failed,)), 60, 12)
    assert shown[0].endswith("▲ no answer to B")
    assert shown[-1].startswith("■ a")


def test_the_chosen_panel_has_a_sign() -> None:
    assert drawn(STATES["gauge"], chosen=True)[0].startswith("› Title")


@pytest.mark.parametrize(
    ("colour", "tone"),
    [
        ("green", Tone.FINE), ("semi-dark-orange", Tone.SOON), ("#d44a3a", Tone.NOW),
        ("rgba(50, 172, 45, 0.97)", Tone.FINE), ("#1F60C4", Tone.TOOL), ("#888888", Tone.PLAIN),
        ("transparent", Tone.PLAIN), ("", Tone.PLAIN),
    ],
)  # fmt: skip
def test_colours_become_tones(colour: str, tone: Tone) -> None:
    assert tone_of_colour(colour) is tone


@settings(max_examples=30)
@given(
    st.sampled_from([kind for kind in Kind if kind not in (Kind.TEXT, Kind.UNSUPPORTED)]),
    st.lists(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=5), max_size=3),
    st.sampled_from(["", "bytes", "s", "percentunit"]),
)
def test_no_numbers_break_a_panel(kind: Kind, values: list[list[float]], unit: str) -> None:
    lines = [
        PanelLine(f"l{k}", {}, "A", tuple((START + 60 * i, v) for i, v in enumerate(each)))
        for k, each in enumerate(values)
    ]
    drawn(state(kind, *lines, look=Look(unit)), 50, 12)


# -- what can be chosen


@pytest.mark.parametrize(
    ("multi", "given_values", "chosen", "after"),
    [
        (False, ("a",), ["a"], [("$__all",), ("a",), ("b",)]),
        (True, ("a",), ["a"], [("$__all",), ("$__all",), ("a", "b")]),
        (True, ("a", "b"), ["a", "b"], [("$__all",), ("b",), ("a",)]),
        (True, ("$__all",), ["$__all"], [("$__all",), ("a",), ("b",)]),
    ],
)
def test_a_value_that_is_chosen_is_added_or_taken_away_where_there_can_be_several(
    multi: bool, given_values: tuple[str, ...], chosen: list[str], after: list[tuple[str, ...]]
) -> None:
    options = (Option("a", "a"), Option("b", "b"))
    own = Variable("v", VariableKind.CUSTOM, multi=multi, include_all=True, options=options)
    found = choices([VariableState(chosen_of(own, given_values))]).values()
    assert [each.value for each in found if each.chosen] == chosen
    assert [each.after for each in found] == after


# -- where they stand


def board(name: str) -> tuple[PlacedSection, ...]:
    path = Path(__file__).parent.parent / "dashboards" / f"{name}.json"
    return placed(read(path.read_bytes()), {})


def across(plan: Arrangement) -> list[int]:
    """How many panels stand side by side, from the top."""
    tops = sorted({each.y for each in plan.places})
    return [sum(each.y == y for each in plan.places) for y in tops]


@pytest.mark.parametrize(
    ("name", "width", "expected"),
    [
        ("jupyterhub", 158, [1, 2, 1, 2, 2, 2, 2, 2, 2, 1]),
        ("jupyterhub", 98, [1] * 17),
        ("rows-of-2018", 158, [4, 2, 1, 1]),
        ("rows-of-2018", 78, [3, 1, 1, 1, 1, 1]),
        ("activity", 158, [1, 1, 1, 1]),
    ],
)
def test_panels_stand_side_by_side_where_they_can_be_read(
    name: str, width: int, expected: list[int]
) -> None:
    plan = arranged(board(name), width)
    assert across(plan) == expected


@pytest.mark.parametrize("width", [20, 60, 78, 99, 100, 158, 300])
@pytest.mark.parametrize("name", ["jupyterhub", "rows-of-2018", "panels-of-2020", "broken-panels"])
def test_panels_never_overlap_and_never_reach_beyond_the_edge(name: str, width: int) -> None:
    plan = arranged(board(name), width)
    taken: set[tuple[int, int]] = set()
    for each in plan.places:
        cells = {
            (x, y)
            for x in range(each.x, each.x + each.width)
            for y in range(each.y, each.y + each.height)
        }
        assert not cells & taken
        assert each.x + each.width <= width
        assert each.y + each.height <= plan.height
        taken |= cells


def test_a_folded_row_has_only_its_title() -> None:
    sections = board("jupyterhub")
    plan = arranged(sections, 158, folded={each.key for each in sections})
    assert [each.words for each in plan.titles] == [each.title for each in sections]
    assert (plan.places, plan.height) == ((), 4)


def test_no_panel_is_higher_than_the_window() -> None:
    assert max(each.height for each in arranged(board("homedirs"), 80, tallest=15).places) == 15
