"""Lines are as wide as they say, whatever is in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from hubtui.views import lines
from hubtui.views.cells import Cell, Tone, cell, plain

TEXTS = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Mn", "Me", "Co")),
    max_size=20,
)
CELLS = st.lists(st.tuples(TEXTS, st.sampled_from(Tone)), max_size=5).map(tuple)


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [
        ("hub", 3, "hub"),
        ("hub", 2, "h…"),
        ("hub", 0, ""),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("a b c", 3, "a…"),
    ],
)
def test_clip(text: str, width: int, cut: str) -> None:
    assert lines.clip(text, width) == cut


def test_the_cut_shows_even_where_a_span_just_fits() -> None:
    two: Cell = (("ab", Tone.NOW), ("cd", Tone.PLAIN))
    assert plain(lines.clip_cell(two, 2)) == "a…"
    assert plain(lines.clip_cell(two, 3)) == "ab…"
    assert plain(lines.clip_cell(two, 4)) == "abcd"


@given(CELLS, st.integers(0, 60), st.sampled_from(["left", "right"]))
def test_a_padded_cell_has_exactly_its_width(cell_: Cell, width: int, align: lines.Align) -> None:
    assert lines.width_of(lines.pad(cell_, width, align)) == width


@given(CELLS)
def test_merging_keeps_the_words(cell_: Cell) -> None:
    assert plain(lines.merged(cell_)) == plain(cell_)


@given(TEXTS)
def test_ascii_is_ascii(text: str) -> None:
    assert lines.to_ascii(text).isascii()


def test_a_row_is_one_space_apart_and_numbers_stand_right() -> None:
    cells = [cell("hub"), cell("1/1"), cell("Running for a long time")]
    line = lines.row(cells, [(0, 5), (1, 5), (2, 8)], ["left", "right", "left"])
    assert plain(line) == "hub     1/1 Running…"
    assert cell_len(plain(line)) == 5 + 1 + 5 + 1 + 8


def test_blanks_cost_no_span_of_their_own() -> None:
    row = lines.row([cell("● hub", Tone.FINE), cell("x", Tone.NOW)], [(0, 9), (1, 3)], ["left"] * 2)
    assert [tone for _, tone in row] == [Tone.FINE, Tone.NOW]
