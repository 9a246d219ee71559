"""Strategic merge patch: a merge patch that knows the keys of the API's lists.

After apimachinery's `strategicpatch`: `$patch`, `$retainKeys`, `$setElementOrder/…` and
`$deleteFromPrimitiveList/…`.
"""

from __future__ import annotations

from typing import Any, Final

from hubtui.demo.api.schema import Path, strategic_key
from hubtui.demo.refusals import bad_request
from hubtui.model import merge_keys

_PATCH: Final = "$patch"
_RETAIN: Final = "$retainKeys"
_ORDER: Final = "$setElementOrder/"
_DELETE: Final = "$deleteFromPrimitiveList/"


def merged(live: dict[str, Any], patch: dict[str, Any], path: Path = ()) -> dict[str, Any]:
    """The mapping after the patch. Raises RefusedError (400) for a directive that is none."""
    directive = patch.get(_PATCH)
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != _PATCH}
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise bad_request(f'unknown patch type: "{directive}"')
    retained = patch.get(_RETAIN)
    result = {k: v for k, v in live.items() if retained is None or k in retained}
    for key, value in patch.items():
        if key.startswith(_DELETE):
            name = key.removeprefix(_DELETE)
            result[name] = [item for item in result.get(name) or [] if item not in value]
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _value(result.get(key), value, (*path, key))
    for key, value in patch.items():
        if key.startswith(_ORDER):
            name = key.removeprefix(_ORDER)
            if isinstance(result.get(name), list):
                result[name] = _ordered(result[name], value, (*path, name))
    return result


def _value(live: Any, patch: Any, path: Path) -> Any:
    if isinstance(patch, dict):
        return merged(live if isinstance(live, dict) else {}, patch, path)
    if isinstance(patch, list):
        return _list(live if isinstance(live, list) else [], patch, path)
    return patch


def _list(live: list[Any], patch: list[Any], path: Path) -> list[Any]:
    plain = [item for item in patch if not (isinstance(item, dict) and item.keys() == {_PATCH})]
    if len(plain) < len(patch):
        return plain  # an item that is only `$patch: replace` stands for the list
    if merge_keys.is_set(path):
        return [*live, *(item for item in patch if item not in live)]
    key = strategic_key(path, [*live, *patch])
    if key is None:
        return patch
    result = list(live)
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise bad_request(f"map: {item} does not contain declared merge key: {key}")
        at = next((n for n, old in enumerate(result) if old.get(key) == item[key]), None)
        if item.get(_PATCH) == "delete":
            result = [old for old in result if old.get(key) != item[key]]
        elif at is None:
            result.append(merged({}, item, path))
        else:
            result[at] = merged(result[at], item, path)
    return result


def _ordered(items: list[Any], order: list[Any], path: Path) -> list[Any]:
    """The items in the order that is asked for; those that it does not name keep their place after
    the one they stood behind."""
    key = strategic_key(path, items)
    names = [each.get(key) if key and isinstance(each, dict) else each for each in order]
    place = {name: at for at, name in enumerate(names)}

    def name_of(item: Any) -> Any:
        return item.get(key) if key and isinstance(item, dict) else item

    rank: dict[int, float] = {}
    last = -1.0
    for at, item in enumerate(items):
        last = rank[at] = place.get(name_of(item), last)
    return [items[at] for at in sorted(rank, key=lambda at: (rank[at], at))]
