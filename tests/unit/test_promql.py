"""Selectors hold any value as it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.promql import Matcher, any_of, like, literal, other_than, quoted, selector

USED = "kubelet_volume_stats_used_bytes"


@pytest.mark.parametrize(
    ("matchers", "written"),
    [
        ({}, ""),
        ({"namespace": "hub"}, '{namespace="hub"}'),
        ({"a": "x", "b": other_than("")}, '{a="x",b!=""}'),
        ({"pod": like("jupyter-.*")}, '{pod=~"jupyter-.*"}'),
        ({"claim": any_of(["a-1", "b.c"])}, r'{claim=~"a-1|b\\.c"}'),
        ({"claim": any_of([])}, r'{claim=~"[^\\s\\S]"}'),
        ({"a": 'say "hi"\\\n'}, r'{a="say \"hi\"\\\n"}'),
        ({"a": "\x1b\x00"}, r'{a="\x1b\x00"}'),
        ({"a": "é{}="}, '{a="é{}="}'),
    ],
)
def test_a_selector_is_written(matchers: dict[str, str | Matcher], written: str) -> None:
    assert selector(USED, **matchers) == USED + written


def test_the_operators_own_matchers_are_added_and_take_nothing_away() -> None:
    own = {"cluster": "prod", "namespace": "hub"}
    assert selector(USED, own, namespace="hub") == USED + '{namespace="hub",cluster="prod"}'
    both = USED + '{namespace="lab",cluster="prod",namespace="hub"}'
    assert selector(USED, own, namespace="lab") == both


@pytest.mark.parametrize(
    ("metric", "label"), [("a-b", "x"), ("", "x"), ("1a", "x"), ("a{}", "x"), ("a", "x-y")]
)
def test_what_is_no_name_is_refused(metric: str, label: str) -> None:
    with pytest.raises(ValueError, match="is no name of a"):
        selector(metric, {label: "y"})


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_a_quoted_value_reads_back(value: str) -> None:
    written = quoted(value)
    inside = written[1:-1]
    assert re.fullmatch(r'(?:[^"\\\x00-\x1f\x7f]|\\(?:["\\n]|x[0-9a-f]{2}))*', inside)
    read = re.sub(
        r'\\(?:x([0-9a-f]{2})|(["\\n]))',
        lambda found: chr(int(found[1], 16)) if found[1] else {"n": "\n"}.get(found[2], found[2]),
        inside,
    )
    assert read == value


@given(st.text(alphabet="ab.|*+?()[]{}^$\\-", max_size=8), st.text(alphabet="ab.|*", max_size=8))
def test_a_literal_pattern_matches_its_value_alone(value: str, other: str) -> None:
    pattern = re.compile(literal(value))
    assert pattern.fullmatch(value)
    assert (pattern.fullmatch(other) is not None) == (other == value)
