"""Which item of one list is which item of the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

KEYS: tuple[tuple[str, ...], ...] = (
    ("name",),
    ("kind", "name"),
    ("kind", "namespace", "name"),
    ("containerPort", "protocol"),
    ("containerPort",),
    ("mountPath",),
    ("devicePath",),
    ("port", "protocol"),
    ("port",),
    ("key",),
    ("key", "operator", "effect"),
    ("key", "operator", "value", "effect"),
    ("ip",),
    ("host",),
    ("path",),
    ("slug",),
    ("display_name",),
    ("topologyKey",),
    ("type",),
    ("uid",),
)
"""The fields that may tell a list's items apart, tried in this order: names, then the merge keys
of the API's lists, then those of profile lists and conditions."""

_OPTIONAL = frozenset(("protocol", "effect", "operator", "value", "namespace"))
_DEFAULTS = {"protocol": "TCP"}
"""What the server reads where such a field is missing (core/v1): it is the same item."""

_TOO_MANY = 4_000
"""Beyond this many items the match of sequences would hold up the keys."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """Places of the items that are in both lists, and of those that are in one.

    `kept` is in the order of the old list.
    """

    kept: Sequence[tuple[int, int]]
    removed: Sequence[int]
    added: Sequence[int]
    old_labels: Sequence[str] = field(default=())
    new_labels: Sequence[str] = field(default=())

    def label(self, old: int | None, new: int | None) -> str:
        """What an item is called: its key, or its place where it has none."""
        if old is not None and self.old_labels:
            return self.old_labels[old]
        if new is not None:
            return self.new_labels[new] if self.new_labels else str(new)
        return str(old)


def pair(before: Sequence[Any], after: Sequence[Any]) -> Pairing:
    """Pairs two lists by a key that all items have and that is unique on either side."""
    for fields in KEYS:
        old = _labels(before, fields)
        if old is None:
            continue
        new = _labels(after, fields)
        if new is not None:
            return _by_label(old, new)
    return _by_sequence(before, after)


def _labels(items: Sequence[Any], fields: tuple[str, ...]) -> list[str] | None:
    labels = [_label(item, fields) for item in items]
    if None in labels or len(set(labels)) < len(labels):
        return None
    return [label for label in labels if label is not None]


def _label(item: Any, fields: tuple[str, ...]) -> str | None:
    if not isinstance(item, dict):
        return None
    parts = []
    for name in fields:
        value = item.get(name)
        if name in _OPTIONAL and value in (None, _DEFAULTS.get(name)):
            continue
        if not isinstance(value, (str, int)) or value == "":
            return None
        parts.append(str(value))
    return "/".join(parts) or None


def _by_label(old: list[str], new: list[str]) -> Pairing:
    places = {label: index for index, label in enumerate(new)}
    known = set(old)
    return Pairing(
        kept=[(index, places[label]) for index, label in enumerate(old) if label in places],
        removed=[index for index, label in enumerate(old) if label not in places],
        added=[index for index, label in enumerate(new) if label not in known],
        old_labels=old,
        new_labels=new,
    )


def _by_sequence(before: Sequence[Any], after: Sequence[Any]) -> Pairing:
    old, new = [_canonical(item) for item in before], [_canonical(item) for item in after]
    kept: list[tuple[int, int]] = []
    removed: list[int] = []
    added: list[int] = []
    for tag, old_from, old_to, new_from, new_to in opcodes(old, new):
        # A replaced item is the same item, changed, as far as both sides have one of its kind.
        both = 0
        if tag == "equal" or tag == "replace":
            both = min(old_to - old_from, new_to - new_from)
        kept.extend((old_from + step, new_from + step) for step in range(both))
        removed.extend(range(old_from + both, old_to))
        added.extend(range(new_from + both, new_to))
    return Pairing(kept, removed, added)


def opcodes(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """difflib's opcodes, with the common head and tail taken off first and a bound on the work."""
    head = _common(before, after, lambda items, index: items[index])
    old_rest, new_rest = before[head:], after[head:]
    tail = _common(old_rest, new_rest, lambda items, index: items[-1 - index])
    old = old_rest[: len(old_rest) - tail]
    new = new_rest[: len(new_rest) - tail]
    found: list[tuple[str, int, int, int, int]] = []
    if head:
        found.append(("equal", 0, head, 0, head))
    if len(old) + len(new) > _TOO_MANY:
        found.append(("replace", head, head + len(old), head, head + len(new)))
    elif old or new:
        matcher = SequenceMatcher(None, old, new, autojunk=False)
        found.extend(
            (tag, head + i1, head + i2, head + j1, head + j2)
            for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        )
    if tail:
        found.append(("equal", len(before) - tail, len(before), len(after) - tail, len(after)))
    return found


def _common(
    before: Sequence[str],
    after: Sequence[str],
    item: Callable[[Sequence[str], int], str],
) -> int:
    count = 0
    shorter = min(len(before), len(after))
    while count < shorter and item(before, count) == item(after, count):
        count += 1
    return count


def _canonical(item: Any) -> str:
    return json.dumps(item, sort_keys=True, default=str)
