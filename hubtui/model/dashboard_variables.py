"""Variables of a dashboard: what is written of them, what they ask, and what stands for them.

Source: Grafana 11, "Variable syntax" and the Prometheus data source's template variables
(`label_values`, `label_names`, `metrics`, `query_result`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from hubtui.model.dashboard import ALL, AUTO, Option, Variable, VariableKind
from hubtui.model.loose_json import flag, mapping, objects, text, texts, whole

_KINDS: Final = {
    "query": VariableKind.QUERY,
    "custom": VariableKind.CUSTOM,
    "constant": VariableKind.CONSTANT,
    "textbox": VariableKind.TEXTBOX,
    "interval": VariableKind.INTERVAL,
    "datasource": VariableKind.DATASOURCE,
}
_AUTO: Final = "$__auto_interval"
_AUTO_COUNT: Final = 30
"""Grafana's own where nothing says it."""
_NOWHERE: Final = 2
"""Grafana's number for a variable that is hidden."""
_OF_TIME: Final = 2
"""Grafana's number for one that is refreshed when the time range changes."""


class Ask(StrEnum):
    """What a query variable asks of Prometheus."""

    LABEL_VALUES = "label values"
    LABEL_NAMES = "label names"
    METRICS = "metrics"
    RESULT = "result"


@dataclass(frozen=True, slots=True)
class VariableQuery:
    """A query variable's question: of the series that match `selector`, the values of `label`; for
    `Ask.RESULT` the selector is an expression, for `Ask.METRICS` a pattern of names."""

    ask: Ask
    selector: str = ""
    label: str = ""


def variable_of(written: Mapping[str, Any]) -> Variable:
    """A variable as it is written in a dashboard."""
    kind = _KINDS.get(text(written.get("type")), VariableKind.UNSUPPORTED)
    query = written.get("query")
    asked = text(query) or text(mapping(query).get("query")) or text(written.get("definition"))
    options = tuple(
        Option(text(each.get("text")), text(each.get("value")))
        for each in objects(written.get("options"))
        if text(each.get("value")) not in ("", ALL) and not text(each["value"]).startswith(_AUTO)
    )
    if kind in (VariableKind.CUSTOM, VariableKind.INTERVAL) and asked:
        options = _listed(asked)
    auto_count = _auto_count(written) if kind is VariableKind.INTERVAL else 0
    if auto_count:
        options = (Option("auto", AUTO), *options)
    return Variable(
        name=text(written.get("name")),
        kind=kind,
        label=text(written.get("label")),
        query=asked,
        regex=text(written.get("regex")),
        multi=flag(written.get("multi")),
        include_all=flag(written.get("includeAll")),
        all_value=text(written.get("allValue")),
        current=_current(written),
        options=options,
        hidden=whole(written.get("hide")) == _NOWHERE,
        sort=whole(written.get("sort")),
        auto_count=auto_count,
        auto_least=text(written.get("auto_min")) if auto_count else "",
        of_time=kind is VariableKind.QUERY and whole(written.get("refresh")) == _OF_TIME,
    )


def _auto_count(written: Mapping[str, Any]) -> int:
    if not flag(written.get("auto")):
        return 0
    return max(1, whole(written.get("auto_count"), _AUTO_COUNT))


def _current(written: Mapping[str, Any]) -> tuple[str, ...]:
    found = texts(mapping(written.get("current")).get("value"))
    return tuple(AUTO if each.startswith(_AUTO) else each for each in found)


_LISTED: Final = re.compile(r"(?:\\,|[^,])+")


def _listed(query: str) -> tuple[Option, ...]:
    """`Show : 1, Hide : 0`, or values alone; a comma in one is written `\\,`."""
    found = []
    for part in _LISTED.findall(query):
        words, between, value = part.replace("\\,", ",").strip().partition(" : ")
        if words or value:
            found.append(Option(words.strip(), value.strip() if between else words.strip()))
    return tuple(found)


_LABEL: Final = r"[a-zA-Z_][a-zA-Z0-9_]*"
_QUERIES: Final = (
    (re.compile(r"label_names\((?P<selector>.*)\)", re.DOTALL), Ask.LABEL_NAMES),
    (
        re.compile(
            rf"label_values\((?:(?P<selector>.*)\s*,)?\s*(?P<label>{_LABEL})\s*\)", re.DOTALL
        ),
        Ask.LABEL_VALUES,
    ),
    (re.compile(r"metrics\((?P<selector>.*)\)", re.DOTALL), Ask.METRICS),
    (re.compile(r"query_result\((?P<selector>.*)\)", re.DOTALL), Ask.RESULT),
)


def question_of(query: str) -> VariableQuery | None:
    """What a query variable asks, its own variables filled in; None for nothing that is known. A
    selector by itself asks for its series, as `query_result` does."""
    bare = query.strip()
    for pattern, ask in _QUERIES:
        if found := pattern.fullmatch(bare):
            groups = found.groupdict()
            selector = (groups.get("selector") or "").strip()
            return VariableQuery(ask, selector, groups.get("label") or "")
    return VariableQuery(Ask.RESULT, bare) if bare else None


def options_of(values: Iterable[str], variable: Variable) -> tuple[Option, ...]:
    """The values that an answer gives a variable: cut by its pattern, each once, in its order."""
    found = {option.value: option for value in values if (option := _cut(value, variable.regex))}
    return tuple(_sorted(list(found.values()), variable.sort))


def _cut(value: str, regex: str) -> Option | None:
    """What a pattern takes from a value: its groups `text` and `value`, else its first group."""
    if not regex:
        return Option(value, value)
    written = re.fullmatch(r"/(.*)/([a-z]*)", regex, re.DOTALL)
    body, marks = (written[1], written[2]) if written else (regex, "")
    named = re.sub(r"\(\?<(?![=!])", "(?P<", body)
    try:
        found = re.search(named, value, re.IGNORECASE if "i" in marks else 0)
    except re.error:
        return Option(value, value)
    if found is None:
        return None
    groups = found.groupdict()
    taken = groups.get("value") or groups.get("text")
    if taken is None:
        taken = found[1] if found.re.groups and found[1] is not None else found[0]
        taken = value if not found.re.groups else taken
    return Option(groups.get("text") or taken, taken)


def _sorted(options: list[Option], order: int) -> Sequence[Option]:
    """Grafana's orders: 0 as they come, odd ones rise, even ones fall; 1, 2 by letters, 3, 4 by
    numbers, 5, 6 by letters whatever their case."""
    if order == 0:
        return options
    keys = {
        1: lambda each: (0.0, each.text),
        2: lambda each: (_leading(each.text), each.text),
        3: lambda each: (0.0, each.text.casefold()),
    }
    key = keys.get((order + 1) // 2, keys[1])
    return sorted(options, key=key, reverse=order % 2 == 0)


def _leading(written: str) -> float:
    found = re.search(r"\d+(?:\.\d+)?", written)
    return float(found[0]) if found else -1.0
