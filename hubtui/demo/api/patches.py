"""JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386)."""

from __future__ import annotations

from typing import Any

from hubtui.demo.refusals import RefusedError, bad_request
from hubtui.demo.storage import copied


def merge_patched(live: Any, patch: Any) -> Any:
    """A value after a merge patch."""
    if not isinstance(patch, dict):
        return patch
    result = dict(live) if isinstance(live, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patched(result.get(key), value)
    return result


def json_patched(live: Any, patch: Any) -> Any:
    """A value after a JSON patch. Raises RefusedError: 400, 422 when an operation fails."""
    if not isinstance(patch, list):
        raise bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    # The document gets a parent, so that its root is a value like any other.
    root = {"": copied(live)}
    for operation in patch:
        try:
            _operate(root, operation)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            raise RefusedError(
                422, "Invalid", "the server rejected our request due to an error in our request"
            ) from error
    return root[""]


def _operate(root: Any, operation: dict[str, Any]) -> None:
    kind, path = operation["op"], _steps(operation["path"])
    if kind == "test":
        if _get(root, path) != operation.get("value"):
            raise ValueError("test failed")
    elif kind == "add":
        _add(root, path, copied(operation["value"]))
    elif kind == "remove":
        _remove(root, path)
    elif kind == "replace":
        _get(root, path)
        _replace(root, path, copied(operation["value"]))
    elif kind == "copy":
        _add(root, path, copied(_get(root, _steps(operation["from"]))))
    elif kind == "move":
        _add(root, path, _remove(root, _steps(operation["from"])))
    else:
        raise ValueError(kind)


def _steps(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise ValueError(pointer)
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")]


def _index(parent: list[Any], step: str) -> int:
    if not step.isdigit() or int(step) >= len(parent):
        raise IndexError(step)
    return int(step)


def _get(value: Any, path: list[str]) -> Any:
    for step in path:
        value = value[_index(value, step)] if isinstance(value, list) else value[step]
    return value


def _add(root: Any, path: list[str], value: Any) -> None:
    parent, step = _get(root, path[:-1]), path[-1]
    if isinstance(parent, dict):
        parent[step] = value
    elif step == "-" or step == str(len(parent)):
        parent.append(value)
    else:
        parent.insert(_index(parent, step), value)


def _replace(root: Any, path: list[str], value: Any) -> None:
    parent, step = _get(root, path[:-1]), path[-1]
    if isinstance(parent, dict):
        parent[step] = value
    else:
        parent[_index(parent, step)] = value


def _remove(root: Any, path: list[str]) -> Any:
    parent, step = _get(root, path[:-1]), path[-1]
    return parent.pop(_index(parent, step) if isinstance(parent, list) else step)
