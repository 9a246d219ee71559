"""How tests read a diff, what it makes of the one side, and generated documents to compare."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from hubtui.model.diff import Change, Kind
from hubtui.model.diff_tree import Item
from hubtui.model.redact import Redactor

REVEAL = Redactor(reveal=True)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(0, 3)
    | st.sampled_from(["", "a", "b", "1Gi", "1024Mi", "x\ny", "x\nz", "TCP"])
)
NAMES = st.sampled_from(
    ["name", "value", "limits", "containers", "a", "b", "key", "port", "protocol", "paused"]
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=25,
)
BODIES = st.dictionaries(NAMES, TREES, max_size=6)


def said(changes: Iterable[Change]) -> list[tuple[str, str, Any, Any]]:
    return [(change.path, str(change.kind), change.before, change.after) for change in changes]


def apply(tree: Any, changes: list[Change]) -> Any:
    """The tree with the changes made: only of a diff that shows secrets."""
    whole = [change for change in changes if not change.steps]
    if whole and whole[0].kind is Kind.CHANGED:
        return copy.deepcopy(whole[0].after)
    if isinstance(tree, dict):
        return _apply_to_mapping(tree, changes)
    return _apply_to_list(tree, changes) if isinstance(tree, list) else tree


def _inner(changes: list[Change], step: object) -> list[Change]:
    return [
        Change("", each.kind, each.before, each.after, steps=each.steps[1:], order=each.order)
        for each in changes
        if each.steps and each.steps[0] == step
    ]


def _direct(changes: list[Change], kind: Kind) -> list[Change]:
    return [each for each in changes if len(each.steps) == 1 and each.kind is kind]


def _apply_to_mapping(tree: dict[str, Any], changes: list[Change]) -> dict[str, Any]:
    gone = {each.steps[0] for each in _direct(changes, Kind.REMOVED)}
    made = {
        key: apply(value, _inner(changes, key)) for key, value in tree.items() if key not in gone
    }
    for each in _direct(changes, Kind.ADDED):
        assert isinstance(each.steps[0], str)
        made[each.steps[0]] = each.after
    return made


def _apply_to_list(tree: list[Any], changes: list[Change]) -> list[Any]:
    gone = {each.steps[0].before for each in _direct(changes, Kind.REMOVED)}  # type: ignore[union-attr]
    items = {
        step.before: step for each in changes for step in each.steps[:1] if isinstance(step, Item)
    }
    kept = {
        place: apply(value, _inner(changes, items[place]) if place in items else [])
        for place, value in enumerate(tree)
        if place not in gone
    }
    moved = [each.order for each in changes if each.kind is Kind.MOVED and not each.steps]
    made = [kept[place] for place in (moved[0] if moved else kept)]
    for each in sorted(_direct(changes, Kind.ADDED), key=lambda each: each.steps[0].after):  # type: ignore[union-attr,return-value,arg-type]
        made.insert(each.steps[0].after, each.after)  # type: ignore[union-attr,arg-type]
    return made


def same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
