"""The filter line's language; whatever is typed is a filter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.views.filters import Filter

WORDS = {
    "": "jupyter-ana ana@uni.example gpu ImagePullBackOff user-2",
    "role": "users",
    "node": "user-2",
    "user": "ana@uni.example",
    "status": "ImagePullBackOff",
}


@pytest.mark.parametrize(
    ("typed", "matches"),
    [
        ("", True),
        ("ana", True),
        ("ANA gpu", True),
        ("ana bob", False),
        ("user:ana", True),
        ("user:ana node:user-1", False),
        ("node:user-2 status:pull", True),
        ("role:users -status:running", True),
        ("-ana", False),
        ("-user:ana", False),
        ("-user:bob", True),
        ("user:", True),  # not yet typed to its end
        ("-", True),  # a sign like any other, as long as nothing follows it
        ("uni.example", True),
        ("http://x", False),  # not one of our fields: the whole word is looked for
        ("[red]", False),
    ],
)
def test_words_fields_and_what_is_excluded(typed: str, matches: bool) -> None:
    assert Filter.parse(typed).matches(WORDS) is matches


@given(st.text())
def test_nothing_that_can_be_typed_is_refused(typed: str) -> None:
    found = Filter.parse(typed)
    assert found.matches(WORDS) in (True, False)
    assert Filter.parse(str(found)) == found


@given(st.lists(st.sampled_from(["ana", "user:ana", "-bob", "node:user-2"]), max_size=5))
def test_more_words_show_no_more_rows(words: list[str]) -> None:
    shown = [Filter.parse(" ".join(words[:count])).matches(WORDS) for count in range(len(words))]
    assert shown == sorted(shown, reverse=True)


def test_an_empty_filter_is_none() -> None:
    assert not Filter.parse("  ")
    assert not Filter.parse("user:")
    assert str(Filter.parse(" -User:Ana  Gpu ")) == "-user:ana gpu"
