"""Documents that others wrote: what is not as it should be is taken as not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Final

from hubtui.model.text import safe

_NOTHING: Final[Mapping[str, Any]] = {}


def mapping(value: object, *path: str) -> Mapping[str, Any]:
    """The object at a path below a value; empty where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else _NOTHING


def items(value: object) -> Sequence[Any]:
    """The elements of a list; none where it is no list."""
    return value if isinstance(value, (list, tuple)) else ()


def objects(value: object) -> list[Mapping[str, Any]]:
    """The elements of a list that are objects."""
    return [each for each in items(value) if isinstance(each, Mapping)]


def text(value: object, default: str = "") -> str:
    """A text, made harmless; numbers are written out."""
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return default


def texts(value: object) -> tuple[str, ...]:
    """A list of texts; a single one counts as a list of one."""
    if isinstance(value, str):
        return (safe(value),)
    return tuple(found for each in items(value) if (found := text(each)))


def number(value: object) -> float | None:
    """A finite number, also one that is written as text."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(value) if isinstance(value, (int, float, str)) else None
    except (ValueError, OverflowError):
        return None
    return found if found is not None and isfinite(found) else None


def whole(value: object, default: int = 0) -> int:
    """A whole number."""
    found = number(value)
    return round(found) if found is not None else default


def flag(value: object, *, default: bool = False) -> bool:
    """A truth value."""
    return value if isinstance(value, bool) else default
