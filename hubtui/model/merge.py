"""Documents of values, one over the other, as Helm merges its -f files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merged(*documents: Mapping[str, Any]) -> dict[str, Any]:
    """One document: maps merge, everything else replaces what was there, lists too.

    A null stays: that Helm deletes the chart's default at its place is decided when the chart is
    rendered (helm 3 and 4, `pkg/chartutil`). The documents are left as they are.
    """
    found: dict[str, Any] = {}
    for document in documents:
        _over(found, document)
    return found


def _over(into: dict[str, Any], document: Mapping[str, Any]) -> None:
    for key, value in document.items():
        if not isinstance(value, Mapping):
            into[key] = value
            continue
        there = into.get(key)
        # A map of its own, so that what comes later changes no document.
        into[key] = dict(there) if isinstance(there, Mapping) else {}
        _over(into[key], value)
