"""A document's lines, fitted to the width that there is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from hubtui.views.cells import Cell, Tone, cell, plain
from hubtui.views.document import Document, Hung, fact, heading, wrap_cell
from hubtui.views.lines import width_of

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="\n") | st.just(" "))


def document(*lines: Cell | Hung, wrapped: bool = True, width: int = 20) -> Document:
    made = Document(lambda _: lines, wrapped=wrapped, empty="Nothing.")
    made.resize(width)
    made.drain()
    return made


def shown(made: Document) -> list[str]:
    return [plain(made.cells(key, NOW)[0]) for key in made.keys()]  # noqa: SIM118


def test_long_lines_are_wrapped_at_blanks_below_their_own_text() -> None:
    made = document(cell("a b"), (("  two words and some more", Tone.NOW),))
    assert shown(made) == ["a b", "  two words and some", "  more"]
    assert [made.origin(key) for key in made.keys()] == [0, 1, 1]  # noqa: SIM118


def test_a_fact_hangs_below_itself() -> None:
    made = document(fact("image", cell("of the class, pulled twice"), width=5))
    assert shown(made) == ["  image of the", "        class,", "        pulled twice"]


def test_what_is_not_wrapped_is_cut_and_says_so() -> None:
    (line,) = shown(document(cell("x" * 50), wrapped=False))
    assert line == "x" * 19 + "…"


def test_tones_follow_their_words() -> None:
    lines = wrap_cell((("plain words ", Tone.PLAIN), ("and bad ones", Tone.NOW)), 14)
    assert {tone for text, tone in lines[0] if "plain" in text} == {Tone.PLAIN}
    assert {tone for line in lines for text, tone in line if "bad" in text} == {Tone.NOW}


@given(TEXT, st.integers(2, 60))
def test_wrapping_loses_no_sign_and_is_never_wider(text: str, width: int) -> None:
    lines = wrap_cell(((text, Tone.PLAIN),), width)
    assert "".join("".join(plain(line).split()) for line in lines) == "".join(text.split())
    assert all(width_of(line) <= max(width, 2) for line in lines)


def test_only_lines_that_changed_are_painted_again() -> None:
    lines = [cell("one"), cell("two"), cell("three")]
    made = Document(lambda _: lines)
    made.resize(20)
    assert made.drain().order
    assert not made.drain()
    lines[1] = cell("changed")
    assert not made.drain()
    made.touch()
    dirty = made.drain()
    assert (set(dirty.keys), dirty.order) == ({"1"}, False)
    lines.append(cell("four"))
    made.touch()
    assert made.drain().order
    assert shown(made) == ["one", "changed", "three", "four"]


def test_another_width_fits_all_lines_anew() -> None:
    made = document(cell("some words that are long"), width=10)
    count = len(shown(made))
    made.resize(40)
    assert made.drain().order
    assert len(shown(made)) == 1 < count
    made.resize(40)
    assert not made.drain()


def test_what_is_copied_is_the_whole_text() -> None:
    def build(now: datetime) -> Iterable[Cell | Hung]:
        yield heading("Title")
        yield fact("name", cell("a value that is longer than the screen"))

    made = Document(build)
    made.resize(10)
    assert made.text.splitlines()[0] == "Title"
    assert "a value that is longer than the screen" in made.text


def test_without_lines_a_sentence_stands_there() -> None:
    made = document()
    assert (list(made.keys()), made.empty()) == ([], "Nothing.")
