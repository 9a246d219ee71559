"""Sets of fields: what an object says, what differs, and FieldsV1, the form they are stored in.

After structured-merge-diff: a field is a path of steps, `f:name`, `k:{…}` for an item of a list by
its keys, `v:…` for an item of a set. A thing that is merged as a whole is one field.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from hubtui.demo.api.schema import Path, by_key, compact, keys_of
from hubtui.model import merge_keys

Fields = frozenset[Path]

_SERVER_METADATA = (
    *("name", "namespace", "generateName", "uid", "resourceVersion", "generation", "selfLink"),
    *("creationTimestamp", "managedFields", "deletionTimestamp", "deletionGracePeriodSeconds"),
)


def parts(value: Any, names: Path) -> dict[str, Any] | None:
    """What a value consists of, by step; None for what is one field."""
    if isinstance(value, dict):
        if merge_keys.is_atomic_map(names):
            return None
        return {f"f:{key}": item for key, item in value.items()}
    if isinstance(value, list):
        if merge_keys.is_set(names):
            return {f"v:{compact(item)}": item for item in value}
        keys = keys_of(names, value)
        return by_key(value, keys) if keys else None
    return None


def below(names: Path, step: str) -> Path:
    """The path of names (what the merge table asks for) one step further down."""
    return (*names, step[2:])


def owned_part(thing: dict[str, Any], *, status: bool) -> dict[str, Any]:
    """The part of an object that has owners: its status, or all else that is not the server's."""
    if status:
        return {"status": thing["status"]} if "status" in thing else {}
    found = {k: v for k, v in thing.items() if k not in ("apiVersion", "kind", "status")}
    metadata = thing.get("metadata") or {}
    kept = {k: v for k, v in metadata.items() if k not in _SERVER_METADATA}
    found["metadata"] = kept
    return found if kept else {k: v for k, v in found.items() if k != "metadata"}


def fields_of(value: Any) -> Fields:
    """The fields that an object says, as an apply owns them."""
    return frozenset(_walk(value, (), ()))


def _walk(value: Any, names: Path, steps: Path) -> Iterable[Path]:
    inside = parts(value, names)
    if not inside:
        if steps:
            yield steps
        return
    if steps and steps[-1][:2] == "k:":
        yield steps
    for step, item in inside.items():
        yield from _walk(item, below(names, step), (*steps, step))


def changed(before: Any, after: Any) -> tuple[Fields, Fields]:
    """The fields that are new or have another value, and those that are gone."""
    put: set[Path] = set()
    gone: set[Path] = set()
    _compare(before, after, (), (), put, gone)
    return frozenset(put), frozenset(gone)


def _compare(
    before: Any, after: Any, names: Path, steps: Path, put: set[Path], gone: set[Path]
) -> None:
    if before == after:
        return
    old, new = parts(before, names), parts(after, names)
    if old is None or new is None:
        if old:
            gone.update(_all(before, names, steps))
        put.update(_all(after, names, steps))
        return
    for step in old.keys() | new.keys():
        further, path = below(names, step), (*steps, step)
        if step not in new:
            gone.update(_all(old[step], further, path))
        elif step not in old:
            put.update(_all(new[step], further, path))
        else:
            _compare(old[step], new[step], further, path, put, gone)


def _all(value: Any, names: Path, steps: Path) -> Iterable[Path]:
    """A field and all inside of it."""
    if steps:
        yield steps
    for step, item in (parts(value, names) or {}).items():
        yield from _all(item, below(names, step), (*steps, step))


def to_v1(fields: Fields) -> dict[str, Any]:
    """Fields as FieldsV1."""
    tree: dict[str, Any] = {}
    for path in sorted(fields):
        node = tree
        for step in path:
            node = node.setdefault(step, {})
        node["."] = {}
    return _without_dots(tree)


def _without_dots(tree: dict[str, Any]) -> dict[str, Any]:
    """A leaf needs no dot: there is nothing else in it."""
    if tree.keys() == {"."}:
        return {}
    return {step: {} if step == "." else _without_dots(node) for step, node in tree.items()}


def from_v1(tree: Any, steps: Path = ()) -> Fields:
    """FieldsV1 as fields; what is no mapping is a leaf."""
    if not isinstance(tree, dict):
        tree = {}
    found: set[Path] = set()
    if steps and (not tree or "." in tree):
        found.add(steps)
    for step, node in tree.items():
        if step != ".":
            found |= from_v1(node, (*steps, step))
    return frozenset(found)


def shown(path: Path) -> str:
    """A field as messages have it: `.spec.containers[name="hub"].image`."""
    words = ""
    for step in path:
        kind, rest = step[:2], step[2:]
        if kind == "f:":
            words += f".{rest}"
        elif kind == "k:":
            keys = json.loads(rest)
            words += f"[{','.join(f'{name}={compact(keys[name])}' for name in sorted(keys))}]"
        else:
            words += f"[={rest}]"
    return words
