"""How the apiserver merges lists: the model's table, and what only the server needs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from hubtui.model import merge_keys

Path = tuple[str, ...]

_ALSO: Final = {"conditions": ("type",), "addresses": ("type",)}
_ONLY_STRATEGIC: Final = {"taints": "key"}
"""Server-side apply replaces taints as a whole; a strategic merge patch merges them."""


def keys_of(path: Path, items: Sequence[Any]) -> tuple[str, ...] | None:
    """The fields that tell a list's items apart; None where it is a set or replaced as a whole."""
    return merge_keys.list_key(path, items) or (_ALSO.get(path[-1]) if path else None)


def strategic_key(path: Path, items: Sequence[Any]) -> str | None:
    """The one field by which a strategic merge patch merges a list."""
    keys = keys_of(path, items)
    return keys[0] if keys else (_ONLY_STRATEGIC.get(path[-1]) if path else None)


def by_key(items: Sequence[Any], keys: Sequence[str]) -> dict[str, Any] | None:
    """A list's items by their FieldsV1 key; None when one has no key or two have the same."""
    found: dict[str, Any] = {}
    for item in items:
        values = merge_keys.key_of(item, keys)
        if values is None:
            return None
        name = "k:" + compact(dict(zip(keys, values, strict=True)))
        if name in found:
            return None
        found[name] = item
    return found


def compact(value: Any) -> str:
    """JSON as FieldsV1 has it inside of its names."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
