"""What helm says when values do not fit a chart's schema, as paths.

Helm words it in two ways, by the library that it checks with (facts.md §1.10): up to 3.17
`- cull.timeout: Invalid type. Expected: [integer,null], given: string`, later and in helm 4
`- at '/cull/timeout': got string, want null or integer`. The later one writes the value of a string
that misses a pattern: it may be a secret, and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from hubtui.model.chart_schema import Fault, nearest
from hubtui.model.text import one_line
from hubtui.model.values_path import Path

_CHART = re.compile(r"^(?P<name>[^\s:][^:]*):$")
_NEW = re.compile(r"^(?P<indent> *)- at '(?P<pointer>(?:[^'\\]|\\.)*)': (?P<words>.*)$")
_OLD = re.compile(r"^- (?P<path>.+?): (?P<words>.*)$")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")

_GROUPS: Final = ("validation failed", "'allOf' failed", "'anyOf' failed", "'oneOf' failed")
"""What only holds the lines below it together."""


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
