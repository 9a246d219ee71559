"""Where a value stands in a tree of values: a path of keys, a list's item by its number.

Written as helm's --set takes it: `singleuser.profileList[0].display_name`, a dot in a key as `\\.`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Path = tuple[str, ...]


def dotted(path: Sequence[str]) -> str:
    """A path as one word; empty for the root."""
    text = ""
    for step in path:
        if step.isdecimal() and text:
            text += f"[{step}]"
        else:
            name = step.replace(".", "\\.")
            text += f".{name}" if text else name
    return text


def at(values: Any, path: Sequence[str]) -> Any:
    """The value at a path; None where there is none."""
    for step in path:
        if isinstance(values, Mapping):
            values = values.get(step)
        elif isinstance(values, list) and step.isdecimal() and int(step) < len(values):
            values = values[int(step)]
        else:
            return None
    return values


def mapping_at(values: Any, path: Sequence[str]) -> Mapping[str, Any]:
    """The mapping at a path; an empty one where there is none."""
    found = at(values, path)
    return found if isinstance(found, Mapping) else {}


def has(values: Any, path: Sequence[str]) -> bool:
    """Whether there is such a path, whatever it holds."""
    *parents, last = path
    return last in mapping_at(values, parents)


def walk(values: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every mapping, list and leaf below, parents first."""
    yield path, values
    if isinstance(values, Mapping):
        for key, item in values.items():
            yield from walk(item, (*path, str(key)))
    elif isinstance(values, list):
        for index, item in enumerate(values):
            yield from walk(item, (*path, str(index)))


def nested(values: Iterable[tuple[Sequence[str], Any]]) -> dict[str, Any]:
    """A tree that holds these values at their paths, and nothing else."""
    tree: dict[str, Any] = {}
    for path, value in values:
        *parents, last = path
        branch = tree
        for step in parents:
            branch = branch.setdefault(step, {})
        branch[last] = value
    return tree
