"""What helm says when values do not fit a chart's schema, as paths; and the nearest valid key.

Helm words it in two ways, by the library that it checks with (facts.md §1.10): up to 3.17
`- cull.timeout: Invalid type. Expected: [integer,null], given: string`, later and in helm 4
`- at '/cull/timeout': got string, want null or integer`. The later one writes the value of a string
that misses a pattern: it may be a secret, and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, Final

from hubtui.model.text import one_line
from hubtui.model.values_path import Path, dotted

_CHART = re.compile(r"^(?P<name>[^\s:][^:]*):$")
_NEW = re.compile(r"^(?P<indent> *)- at '(?P<pointer>(?:[^'\\]|\\.)*)': (?P<words>.*)$")
_OLD = re.compile(r"^- (?P<path>.+?): (?P<words>.*)$")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")

_GROUPS: Final = ("validation failed", "'allOf' failed", "'anyOf' failed", "'oneOf' failed")
"""What only holds the lines below it together."""

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


def faults(
    stderr: str,
    schemas: Mapping[str, Mapping[str, Any]] | None = None,
    places: Mapping[str, Path] | None = None,
) -> tuple[Fault, ...]:
    """What helm found wrong, in its order; empty when its words are about something else.

    Both by a chart's name: `schemas` are their schemas, `places` where their values stand in the
    release's; a chart that is not named stands at the root.
    """
    found: dict[Fault, None] = {}
    for chart, fault in _read(stderr):
        root = (places or {}).get(chart, ())
        meant = nearest((schemas or {}).get(chart), fault.path) if fault.unknown else ()
        placed = replace(
            fault,
            chart=chart,
            path=(*root, *fault.path),
            meant=tuple((*root, *path) for path in meant),
        )
        found.setdefault(placed)
    return tuple(found)


def _read(stderr: str) -> Iterator[tuple[str, Fault]]:
    chart = ""
    lines = [line.rstrip() for line in stderr.splitlines()]
    for line, following in pairwise([*lines, ""]):
        if named := _CHART.fullmatch(line):
            chart = one_line(named["name"])
        elif new := _NEW.fullmatch(line):
            if not (new["words"].startswith(_GROUPS) and _deeper(following, len(new["indent"]))):
                path = _of_pointer(new["pointer"])
                yield from ((chart, fault) for fault in _new_words(path, new["words"]))
        elif chart and (old := _OLD.fullmatch(line)):
            path = _of_dots(old["path"])
            yield chart, _old_words(path, old["words"])


def _deeper(line: str, indent: int) -> bool:
    new = _NEW.fullmatch(line)
    return new is not None and len(new["indent"]) > indent


def _of_pointer(pointer: str) -> Path:
    """A JSON pointer (RFC 6901) as helm quotes it."""
    parts = _unquoted(pointer).split("/")[1:]
    return tuple(one_line(part.replace("~1", "/").replace("~0", "~")) for part in parts)


def _of_dots(path: str) -> Path:
    # A key with a dot in it cannot be told from two keys here.
    return () if path == "(root)" else tuple(one_line(part) for part in path.split("."))


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _new_words(path: Path, words: str) -> Iterator[Fault]:
    names = [one_line(_unquoted(name)) for name in _QUOTED.findall(words)]
    if words.startswith("additional propert"):
        yield from (Fault("", (*path, name), unknown=True) for name in names)
    elif words.startswith("missing propert"):
        yield from (Fault("", (*path, name), wanted="is required") for name in names)
    elif types := re.fullmatch(r"(?:\w+: )?got (?P<got>.+), want (?P<wanted>.+)", words):
        kind, colon, _ = words.partition(": got ")
        wanted = f"{kind} {types['wanted']}" if colon else types["wanted"]
        yield Fault("", path, types["got"], one_line(wanted))
    elif pattern := re.fullmatch(r".*does not match pattern '(?P<pattern>.*)'", words):
        yield Fault("", path, wanted=f"does not match the pattern {one_line(pattern['pattern'])}")
    else:
        yield Fault("", path, wanted=one_line(words.replace("<nil>", "null")))


def _old_words(path: Path, words: str) -> Fault:
    if extra := re.fullmatch(r"Additional property (?P<name>.+) is not allowed", words):
        return Fault("", (*path, one_line(extra["name"])), unknown=True)
    if missing := re.fullmatch(r"(?P<name>.+) is required", words):
        return Fault("", (*path, one_line(missing["name"])), wanted="is required")
    if types := re.fullmatch(r"Invalid type\. Expected: (?P<wanted>.+), given: (?P<got>.+)", words):
        wanted = types["wanted"].strip("[]").replace(",", " or ")
        return Fault("", path, types["got"], one_line(wanted))
    said = one_line(words)
    return Fault("", path, wanted=said[:1].lower() + said[1:])


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
