"""The diff of generated documents: complete, and the same forth and back."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.diff import compare
from hubtui.model.diff_change import masked_change
from hubtui.model.diff_content import Content
from hubtui.model.diff_text import line_diff
from hubtui.model.diff_tree import differences
from hubtui.model.manifest import read
from hubtui.model.redact import Redactor
from tests.differing import BODIES, REVEAL, apply, same


@given(BODIES)
def test_a_tree_does_not_differ_from_itself(body: dict[str, Any]) -> None:
    assert list(differences(body, copy.deepcopy(body))) == []


@given(BODIES, BODIES)
def test_the_differences_applied_to_the_one_give_the_other(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    found = [masked_change(each, REVEAL) for each in differences(before, after)]
    assert same(apply(before, found), after)


@given(BODIES, BODIES)
def test_no_name_of_a_change_comes_twice(before: dict[str, Any], after: dict[str, Any]) -> None:
    steps = [(each.steps, each.kind) for each in differences(before, after)]
    assert len(set(steps)) == len(steps)


@given(st.lists(st.sampled_from("ab"), max_size=8), st.lists(st.sampled_from("ab"), max_size=8))
def test_the_signs_of_a_line_diff_add_up(before: list[str], after: list[str]) -> None:
    lines = line_diff("\n".join(before), "\n".join(after))
    grown = sum((line.sign == "+") - (line.sign == "-") for line in lines)
    assert grown == max(1, len(after)) - max(1, len(before))


KINDS = st.sampled_from(["Pod", "Secret", "ConfigMap"])
CONTENTS = st.lists(st.tuples(KINDS, st.sampled_from("abc"), BODIES), max_size=5).map(
    lambda items: Content(
        "x",
        "hub",
        objects=tuple(
            each
            for kind, name, body in items
            for each in read(
                str({"kind": kind, "metadata": {"name": name}, "spec": 1, "data": body})
            )
        ),
    )
)


@given(CONTENTS, CONTENTS)
def test_a_diff_backwards_counts_the_same(before: Content, after: Content) -> None:
    there, back = compare(before, after, Redactor()), compare(after, before, Redactor())
    assert there.counts.changed == back.counts.changed
    assert (there.counts.added, there.counts.removed) == (back.counts.removed, back.counts.added)
    assert sorted(there.unchanged) == sorted(back.unchanged)
    assert compare(before, before, Redactor()).empty
