"""Selectors of PromQL, written so that any value stands in them as it is.

Source: Prometheus 2.42, "Querying basics" (string literals are Go's), RE2's syntax. Patterns match
a label's whole value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

METRIC: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
"""The name of a metric."""

LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
"""The name of a label."""

_PATTERN_SIGNS: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")
_ESCAPED: Final = re.compile(r"[\\\"\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Matcher:
    """What a label's value has to be, where that is not one value."""

    operator: Literal["=", "!=", "=~", "!~"]
    value: str


def any_of(values: Iterable[str]) -> Matcher:
    """One of these values; of none at all, nothing matches."""
    patterns = [literal(value) for value in values]
    return Matcher("=~", "|".join(patterns)) if patterns else Matcher("=~", "[^\\s\\S]")


def other_than(value: str) -> Matcher:
    """Any value but this one; "" is a label that is missing."""
    return Matcher("!=", value)


def like(pattern: str) -> Matcher:
    """A value that a pattern matches as a whole."""
    return Matcher("=~", pattern)


def selector(
    metric: str, extra: Mapping[str, str] | None = None, /, **matchers: str | Matcher
) -> str:
    """`metric{namespace="x"}`; `extra` are matchers that the operator adds to every selector.

    A label that is named in both has to match both. Raises ValueError for what is no name.
    """
    if not METRIC.fullmatch(metric):
        raise ValueError(f"{metric!r} is no name of a metric")
    parts = [_part(label, value) for label, value in (*matchers.items(), *(extra or {}).items())]
    return f"{metric}{{{','.join(dict.fromkeys(parts))}}}" if parts else metric


def having(written: str, label: str) -> str:
    """The series of a selector that have a label, too."""
    bare = written.rstrip()
    if not bare.endswith("}"):
        return f'{bare}{{{label}!=""}}'
    inner = bare[:-1].rstrip().removesuffix(",")
    between = "" if inner.endswith("{") else ", "
    return f'{inner}{between}{label}!=""}}'


def quoted(value: str) -> str:
    """A string literal."""
    return f'"{_ESCAPED.sub(_escape, value)}"'


def literal(value: str) -> str:
    """A pattern that matches this value alone."""
    return _PATTERN_SIGNS.sub(r"\\\g<0>", value)


def _part(label: str, value: str | Matcher) -> str:
    if not LABEL.fullmatch(label):
        raise ValueError(f"{label!r} is no name of a label")
    matcher = value if isinstance(value, Matcher) else Matcher("=", value)
    return f"{label}{matcher.operator}{quoted(matcher.value)}"


def _escape(found: re.Match[str]) -> str:
    sign = found.group()
    if sign == "\n":
        return "\\n"
    return f"\\{sign}" if sign in '\\"' else f"\\x{ord(sign):02x}"
