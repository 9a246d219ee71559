"""What differs between two trees of values, field by field.

Lists are compared by their items' keys where all items have one and it is unique, otherwise by a
match of sequences. The changes are complete: applied to the one tree they give the other, and
nothing is left out as "the same" (the same quantity, only another order) — such a change says so
in `noise`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hubtui.model import quantity
from hubtui.model.diff_lists import Pairing, pair

SAME_QUANTITY = "same quantity"
ORDER = "only the order"


class Kind(StrEnum):
    """What happened to a field or an object."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Item:
    """A list's item on the way to a field: its label, and its place on either side.

    `names` are what the item calls itself on either side: `{name: X_TOKEN, value: …}` is judged by
    it, also where the list is not compared by name.
    """

    label: str
    before: int | None
    after: int | None
    names: tuple[str, ...] = ()


Step = str | Item
Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between two trees, with the values as they are (secrets included).

    For MOVED the steps lead to a list, `before` and `after` are the labels of the items that stay,
    and `order` are their old places in the new order.
    """

    steps: Steps
    kind: Kind
    before: Any = None
    after: Any = None
    noise: str = ""
    order: tuple[int, ...] = ()


def differences(before: Any, after: Any, path: Steps = ()) -> Iterator[Difference]:
    """The differences between two trees of JSON's types, in the order of the fields."""
    if before is after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _mappings(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(before, after, path)
    elif type(before) is not type(after) or before != after:
        noise = SAME_QUANTITY if is_quantity(path) and quantity.same(before, after) else ""
        yield Difference(path, Kind.CHANGED, before, after, noise)


def _mappings(before: dict[str, Any], after: dict[str, Any], path: Steps) -> Iterator[Difference]:
    for key, value in before.items():
        if key in after:
            yield from differences(value, after[key], (*path, key))
        else:
            yield Difference((*path, key), Kind.REMOVED, before=value)
    for key, value in after.items():
        if key not in before:
            yield Difference((*path, key), Kind.ADDED, after=value)


def _lists(before: list[Any], after: list[Any], path: Steps) -> Iterator[Difference]:
    if before == after and not _types_differ(before, after):
        return
    pairs: Pairing = pair(before, after)
    for old, new in pairs.kept:
        step = Item(pairs.label(old, new), old, new, _names(before[old], after[new]))
        yield from differences(before[old], after[new], (*path, step))
    for old in pairs.removed:
        step = Item(pairs.label(old, None), old, None)
        yield Difference((*path, step), Kind.REMOVED, before=before[old])
    for new in pairs.added:
        step = Item(pairs.label(None, new), None, new)
        yield Difference((*path, step), Kind.ADDED, after=after[new])
    in_new_order = sorted(pairs.kept, key=lambda both: both[1])
    order = tuple(old for old, _ in in_new_order)
    if list(order) != sorted(order):
        old_labels = [pairs.label(old, None) for old in sorted(order)]
        new_labels = [pairs.label(old, None) for old in order]
        noise = ORDER if path and _order_is_free(path[-1]) else ""
        yield Difference(path, Kind.MOVED, old_labels, new_labels, noise, order)


def _names(*items: Any) -> tuple[str, ...]:
    names = [item["name"] for item in items if isinstance(item, dict) and "name" in item]
    return tuple({name: None for name in names if isinstance(name, str)})


def _types_differ(before: Any, after: Any) -> bool:
    """Whether two equal values differ after all: Python holds 1, 1.0 and True for equal."""
    if type(before) is not type(after):
        return True
    if isinstance(before, dict):
        return any(_types_differ(value, after[key]) for key, value in before.items())
    if isinstance(before, list):
        return any(_types_differ(old, new) for old, new in zip(before, after, strict=True))
    return False


_FREE_ORDER = frozenset(
    (
        *("containers", "volumes", "volumeMounts", "ports", "tolerations", "hostAliases"),
        *("imagePullSecrets", "topologySpreadConstraints", "subjects", "accessModes", "verbs"),
        *("resources", "apiGroups", "resourceNames", "rules", "egress", "ingress"),
    )
)


def _order_is_free(step: Step) -> bool:
    """Lists that Kubernetes reads as sets or by key."""
    return isinstance(step, str) and step in _FREE_ORDER


_QUANTITY_PARENTS = frozenset(
    ("limits", "requests", "guarantees", "capacity", "allocatable", "hard", "overhead")
)
_LIMIT_RANGE = frozenset(("default", "defaultRequest", "max", "min", "maxLimitRequestRatio"))


def is_quantity(path: Sequence[Step]) -> bool:
    """Whether Kubernetes reads the field as a quantity."""
    if len(path) < 2 or not isinstance(path[-1], str):
        return False
    parent = path[-2]
    if path[-1] in ("sizeLimit", "storage"):
        return True
    if parent in _QUANTITY_PARENTS:
        return True
    return parent in _LIMIT_RANGE and any(
        isinstance(step, str) and step == "limits" for step in path
    )
