"""Bars and sparklines fill their place exactly and lose nothing that matters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hubtui.views.bars import bar, sparkline
from hubtui.views.cells import Tone, plain
from hubtui.views.lines import cell_to_ascii

AMOUNTS = st.lists(st.tuples(st.floats(0, 1e12), st.sampled_from(Tone)), max_size=5)
POINTS = st.lists(st.none() | st.floats(-10, 1e9), max_size=200)


@given(AMOUNTS, st.floats(0, 1e12), st.integers(0, 60), st.none() | st.floats(0, 1e12))
def test_a_bar_has_its_width(
    parts: list[tuple[float, Tone]], total: float, width: int, mark: float | None
) -> None:
    stroke = None if mark is None else (mark, Tone.STRONG)
    found = plain(bar(parts, total, width, mark=stroke))
    assert len(found) == width
    assert found.count("│") == (mark is not None and total > 0 and width > 0)


@given(POINTS, st.integers(0, 60))
def test_a_sparkline_has_its_width(points: list[float | None], width: int) -> None:
    assert len(plain(sparkline(points, width, Tone.TOOL))) == width


def test_a_bar_of_segments() -> None:
    parts = [(4.0, Tone.FINE), (2.0, Tone.TOOL)]
    assert bar(parts, 8, 8) == (("━━━━", Tone.FINE), ("══", Tone.TOOL), ("──", Tone.MUTED))


def test_the_small_is_seen_and_too_much_stays_in_its_place() -> None:
    assert plain(bar([(1.0, Tone.NOW)], 1000, 10)) == "━─────────"
    assert plain(bar([(30.0, Tone.NOW)], 10, 4)) == "━━━━"
    assert plain(bar([], 0, 4)) == "────"


def test_what_is_used_is_a_stroke_on_what_is_asked_for() -> None:
    parts = [(4.0, Tone.FINE), (2.0, Tone.WAITING)]
    assert plain(bar(parts, 8, 8, mark=(3.0, Tone.STRONG))) == "━━│━╍╍──"
    assert plain(bar(parts, 8, 8, mark=(0.0, Tone.STRONG))) == "│━━━╍╍──"
    assert bar(parts, 8, 8, mark=(99.0, Tone.NOW))[-1] == ("│", Tone.NOW)
    assert bar(parts, 8, 8, mark=(5.0, Tone.PLAIN))[1] == ("│╍", Tone.WAITING)
    assert bar(parts, 8, 8, mark=(7.0, Tone.PLAIN))[2:] == (("│", Tone.PLAIN), ("─", Tone.MUTED))


def test_a_sparkline_keeps_the_peak_and_says_where_nothing_is_known() -> None:
    assert plain(sparkline([0, 1, 2, 4, None], 5, Tone.FINE)) == "▁▃▅█·"
    assert plain(sparkline([0, 0, 9, 0], 2, Tone.FINE)) == "▁█"
    assert plain(sparkline([1, 1], 4, Tone.FINE)) == "  ██"


def test_both_have_an_ascii_form() -> None:
    parts = [(1.0, Tone.FINE), (1.0, Tone.TOOL), (1.0, Tone.WAITING)]
    assert plain(cell_to_ascii(bar(parts, 5, 5, mark=(5, Tone.NOW)))) == "=#:-|"
    assert plain(cell_to_ascii(sparkline([0, 4, 8], 3, Tone.FINE))).isascii()
