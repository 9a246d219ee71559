"""A chart's JSON schema: what it says of a path, what was probably meant, what does not fit.

Helm judges values, by the whole of JSON Schema. `unfit` knows the part that finds slips while
values are written: unknown keys, types and enumerations.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final

from hubtui.model.values_path import Path, dotted

_CLOSE: Final = 0.6
"""How alike a key must be to be offered, as difflib counts."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One value that does not fit. `path` is in the release's values.

    `unknown` says that the schema has no such key; else `got` and `wanted` are in helm's words,
    `got` empty where helm does not tell it. `chart` is whose schema it is, `meant` what was
    probably meant.
    """

    chart: str
    path: Path
    got: str = ""
    wanted: str = ""
    unknown: bool = False
    meant: tuple[Path, ...] = ()

    def __str__(self) -> str:
        where = dotted(self.path) or "the values"
        if self.unknown:
            words = f"{where}: {self.chart or 'the chart'} has no such setting"
            meant = " or ".join(dotted(path) for path in self.meant)
            return f"{words}; did you mean {meant}?" if meant else words
        if not self.got:
            return f"{where}: {self.wanted}"
        words = f"{where}: got {self.got}, wanted {self.wanted}"
        return f"{words}: put it in quotes" if self._only_quotes else words

    @property
    def _only_quotes(self) -> bool:
        return self.got in ("number", "integer") and self.wanted == "string"


def nearest(schema: Mapping[str, Any] | None, path: Path) -> tuple[Path, ...]:
    """What a key that the schema does not have was probably meant to be.

    A key beside it that is written alike; else the same key where the schema has it, if that is
    in one or two places.
    """
    if schema is None or not path:
        return ()
    *parents, name = path
    beside = _keys(_schema_at(schema, tuple(parents)))
    alike = {key.casefold(): key for key in beside}
    close = get_close_matches(name.casefold(), list(alike), n=1, cutoff=_CLOSE)
    if close:
        return ((*parents, alike[close[0]]),)
    elsewhere = tuple(found for found in _paths(schema) if found[-1] == name)
    shortest = min((len(found) for found in elsewhere), default=0)
    first = tuple(found for found in elsewhere if len(found) == shortest)
    return first if len(first) <= 2 else ()


def _keys(schema: Mapping[str, Any] | None) -> tuple[str, ...]:
    properties = schema.get("properties") if schema else None
    return tuple(properties) if isinstance(properties, Mapping) else ()


def _schema_at(schema: Mapping[str, Any] | None, path: Path) -> Mapping[str, Any] | None:
    """What the schema says of the value at a path; None where it says nothing."""
    for step in path:
        if schema is None:
            return None
        schema = _child(schema, step)
    return schema


def _child(schema: Mapping[str, Any], step: str) -> Mapping[str, Any] | None:
    properties = schema.get("properties")
    found: Any = properties.get(step) if isinstance(properties, Mapping) else None
    if found is None and step.isdecimal():
        found = schema.get("items")
    patterns = schema.get("patternProperties")
    if found is None and isinstance(patterns, Mapping):
        found = next((item for rule, item in patterns.items() if _matches(rule, step)), None)
    if found is None:
        found = schema.get("additionalProperties")
    return found if isinstance(found, Mapping) else None


def _matches(rule: str, name: str) -> bool:
    try:
        return re.search(rule, name) is not None
    except re.error:  # a pattern in a grammar that Python's does not know
        return False


def _paths(schema: Mapping[str, Any], path: Path = ()) -> Iterator[Path]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return
    for name, child in properties.items():
        yield (*path, name)
        if isinstance(child, Mapping):
            yield from _paths(child, (*path, name))


def stored(schema: str) -> Mapping[str, Any] | None:
    """The schema that Helm stored with a chart, in base64; None without one that can be read."""
    try:
        found = json.loads(base64.b64decode(schema, validate=True)) if schema else None
    except (binascii.Error, ValueError, RecursionError):
        return None
    return found if isinstance(found, Mapping) else None


def unfit(values: Any, schema: Mapping[str, Any], chart: str = "") -> tuple[Fault, ...]:
    """What of some values, which need not be all, a schema does not take; a null takes a default
    away and fits everywhere."""
    return tuple(
        replace(fault, meant=nearest(schema, fault.path)) if fault.unknown else fault
        for fault in _unfit(values, schema, chart, ())
    )


def _unfit(values: Any, schema: Mapping[str, Any], chart: str, path: Path) -> list[Fault]:
    if values is None:
        return []
    types = _types(schema)
    got = _type(values)
    if types and got not in types and not (got == "integer" and "number" in types):
        return [Fault(chart, path, got, " or ".join(types))]
    allowed = schema.get("enum")
    if isinstance(allowed, list) and values not in allowed:
        words = ", ".join(json.dumps(value) for value in allowed)
        return [Fault(chart, path, wanted=f"must be one of {words}")]
    if isinstance(values, Mapping):
        found = [
            _unfit_key(key, item, schema, Fault(chart, (*path, str(key)), unknown=True))
            for key, item in values.items()
        ]
        return [fault for faults in found for fault in faults]
    if isinstance(values, list) and isinstance(items := schema.get("items"), Mapping):
        return [
            fault
            for index, item in enumerate(values)
            for fault in _unfit(item, items, chart, (*path, str(index)))
        ]
    return []


def _unfit_key(key: str, value: Any, schema: Mapping[str, Any], unknown: Fault) -> list[Fault]:
    below = _child(schema, key)
    if below is not None:
        return _unfit(value, below, unknown.chart, unknown.path)
    properties = schema.get("properties")
    named = isinstance(properties, Mapping) and key in properties
    if named or schema.get("additionalProperties") is not False or value is None:
        return []
    return [unknown]


def _types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    types = schema.get("type")
    return (types,) if isinstance(types, str) else tuple(types) if isinstance(types, list) else ()


def _type(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "integer" if isinstance(value, int) or value.is_integer() else "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Mapping) else "array"
