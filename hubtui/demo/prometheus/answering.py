"""Prometheus' HTTP API, as much of it as its readers ask for.

Source: Prometheus 2.42, "HTTP API". Times are unix seconds or RFC 3339, steps seconds or durations.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

from hubtui.demo.prometheus.about import active_targets, metadata
from hubtui.demo.prometheus.promql.checking import type_of
from hubtui.demo.prometheus.promql.evaluating import Evaluation
from hubtui.demo.prometheus.promql.numbers import written
from hubtui.demo.prometheus.promql.parsing import parsed, selector
from hubtui.demo.prometheus.promql.series import Column
from hubtui.demo.prometheus.promql.tree import Node, Parens, Range, Subquery
from hubtui.demo.prometheus.promql.words import RANGE, SCALAR, VECTOR
from hubtui.demo.prometheus.refusals import QueryRefusedError, bad
from hubtui.demo.prometheus.rules import alerts, rules
from hubtui.demo.prometheus.scraped import KEPT, names
from hubtui.demo.prometheus.selecting import NAME, Matcher, Selector
from hubtui.demo.prometheus.stored import Scraped, Stored
from hubtui.demo.world import World

Query = Mapping[str, Sequence[str]]
"""The parameters of a request, each as often as it was given."""

MOST: Final = 11_000
"""Points that a series of an answer may have."""

_DURATION: Final = re.compile(r"(?:\d+(?:ms|[smhdwy]))+", re.ASCII)
_PART: Final = re.compile(r"(\d+)(ms|[smhdwy])", re.ASCII)
_SECONDS: Final = {
    "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 31536000.0,
}  # fmt: skip
_LABEL_VALUES: Final = re.compile(r"/api/v1/label/([a-zA-Z_][a-zA-Z0-9_]*)/values", re.ASCII)
_BUILD: Final = {
    "version": "2.42.0",
    "revision": "simulated",
    "branch": "hubtui-demo",
    "buildUser": "the small Prometheus of hubtui's demo, which is simulated",
    "buildDate": "",
    "goVersion": "none",
}


def answer(world: World, path: str, query: Query) -> tuple[int, Any]:
    """Status and body for a GET or POST of a path from `/api/v1` on."""
    try:
        return 200, {"status": "success", "data": _data(world, path, query)}
    except QueryRefusedError as refused:
        error = {"errorType": refused.kind, "error": refused.message}
        return refused.code, {"status": "error", **error}


def _data(world: World, path: str, query: Query) -> Any:
    answered = _PATHS.get(path)
    if answered is not None:
        return answered(world, query)
    label = _LABEL_VALUES.fullmatch(path)
    if label is not None and label[1] == NAME:
        return _names(world, query)
    if label is not None:
        found = (line.labels.get(label[1], "") for line in _matched(world, query))
        return sorted({value for value in found if value})
    raise QueryRefusedError("not_found", f"the demo's small Prometheus has no {path}")


def _query(world: World, query: Query) -> Any:
    at = _time(query, "time", _now(world))
    node = _parsed(query)
    evaluation = Evaluation(Stored(world), [round(at * 1000)])
    kind = type_of(node)
    if kind == RANGE:
        return {"resultType": "matrix", "result": _samples(evaluation, node)}
    value = evaluation.of(node)
    if isinstance(value, str):
        return {"resultType": "string", "result": [at, value]}
    if kind == SCALAR:
        (number,) = cast("list[float]", value)
        return {"resultType": "scalar", "result": [at, written(number)]}
    found = [
        {"metric": column.labels, "value": [at, written(cell)]}
        for column in cast("list[Column]", value)
        for cell in column.cells
        if cell is not None
    ]
    return {"resultType": "vector", "result": found}


def _samples(evaluation: Evaluation, node: Node) -> list[Any]:
    """The samples that a range has."""
    while isinstance(node, Parens):
        node = node.inner
    found = []
    for series, start, end in evaluation.samples(cast("Range | Subquery", node)):
        pairs = zip(*series.samples(start, end), strict=True)
        values = [[when / 1000, written(value)] for when, value in pairs]
        if values:
            found.append({"metric": series.labels, "values": values})
    return found


def _query_range(world: World, query: Query) -> Any:
    start, end = _time(query, "start", None), _time(query, "end", None)
    if end < start:
        raise bad("end", "end timestamp must not be before start time")
    step = _step(_one(query, "step"))
    if (end - start) / step > MOST:
        words = "exceeded maximum resolution of 11,000 points per timeseries. "
        words += "Try decreasing the query resolution (?step=XX)"
        raise QueryRefusedError("bad_data", words)
    node = _parsed(query)
    kind = type_of(node)
    if kind not in (SCALAR, VECTOR):
        words = (
            f'invalid expression type "{kind}" for range query, must be Scalar or instant Vector'
        )
        raise bad("query", words)
    first, last, every = round(start * 1000), round(end * 1000), max(1, round(step * 1000))
    times = list(range(first, last + 1, every))
    value = Evaluation(Stored(world), times, (first, last)).of(node)
    if kind == SCALAR:
        value = [Column({}, list(cast("list[float]", value)))]
    columns = cast("list[Column]", value)
    columns.sort(key=lambda column: sorted(column.labels.items()))
    found = []
    for column in columns:
        pairs = zip(times, column.cells, strict=True)
        values = [[at / 1000, written(cell)] for at, cell in pairs if cell is not None]
        found.append({"metric": column.labels, "values": values})
    return {"resultType": "matrix", "result": found}


def _parsed(query: Query) -> Node:
    try:
        return parsed(_one(query, "query"))
    except QueryRefusedError as refused:
        if refused.kind == "bad_data":
            raise bad("query", refused.message) from refused
        raise


def _series(world: World, query: Query) -> Any:
    if not query.get("match[]"):
        raise QueryRefusedError("bad_data", "no match[] parameter provided")
    return [line.labels for line in _matched(world, query)]


def _labels(world: World, query: Query) -> Any:
    return sorted({label for line in _matched(world, query) for label in line.labels})


def _metadata(_world: World, query: Query) -> Any:
    return metadata(_one(query, "metric"))


def _rules(world: World, query: Query) -> Any:
    kind = _one(query, "type")
    if kind not in ("", "alert", "record"):
        raise bad("type", f"not supported value '{kind}'")
    return {"groups": []} if kind == "record" else rules(world)


def _alerts(world: World, _query: Query) -> Any:
    return alerts(world)


def _targets(world: World, query: Query) -> Any:
    told = active_targets(world)
    return {**told, "activeTargets": []} if _one(query, "state") == "dropped" else told


def _build(_world: World, _query: Query) -> Any:
    return _BUILD


_PATHS: Final[dict[str, Callable[[World, Query], Any]]] = {
    "/api/v1/query": _query,
    "/api/v1/query_range": _query_range,
    "/api/v1/series": _series,
    "/api/v1/labels": _labels,
    "/api/v1/metadata": _metadata,
    "/api/v1/rules": _rules,
    "/api/v1/alerts": _alerts,
    "/api/v1/targets": _targets,
    "/api/v1/status/buildinfo": _build,
}


def _names(world: World, query: Query) -> list[str]:
    """The metrics of which one series fits: it is not looked for others."""
    selectors, stored, looks = _asked_for(world, query)
    found = []
    for name in sorted(names()):
        named = [Selector((Matcher(NAME, "=", name), *each.matchers)) for each in selectors]
        there = (series for each in named for series in stored.each(each, looks[0], looks[-1]))
        if any(series.was_there(looks) for series in there):
            found.append(name)
    return found


def _matched(world: World, query: Query) -> list[Scraped]:
    """The series that fit one of the selectors `match[]`, all without one, and that had a value
    in the time that is asked about."""
    selectors, stored, looks = _asked_for(world, query)
    found = [series for each in selectors for series in stored.each(each, looks[0], looks[-1])]
    if len(selectors) > 1:
        found = list({frozenset(series.labels.items()): series for series in found}.values())
    return [each for each in found if each.was_there(looks)]


def _asked_for(world: World, query: Query) -> tuple[list[Selector], Stored, list[int]]:
    """The selectors, what there is, and times of the span that is asked about."""
    try:
        selectors = [selector(text) for text in query.get("match[]", ())] or [Selector(())]
    except QueryRefusedError as refused:
        raise bad("match[]", refused.message) from refused
    stored = Stored(world)
    end = min(_time(query, "end", stored.now), stored.now)
    start = max(_time(query, "start", end - KEPT), stored.oldest)
    looks = [round(1000 * (end - number * (end - start) / 28)) for number in range(28, -1, -1)]
    return selectors, stored, looks


def _now(world: World) -> float:
    return world.timeline.now.timestamp()


def _one(query: Query, name: str) -> str:
    return next(iter(query.get(name, ())), "")


def _time(query: Query, name: str, default: float | None) -> float:
    text = _one(query, name)
    if not text and default is not None:
        return default
    try:
        found = float(text)
    except ValueError:
        try:
            when = datetime.fromisoformat(text)
            return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        except ValueError:
            raise bad(name, f'cannot parse "{text}" to a valid timestamp') from None
    if not math.isfinite(found):
        raise bad(name, f'cannot parse "{text}" to a valid timestamp')
    return found


def _step(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        if not _DURATION.fullmatch(text):
            raise bad("step", f'cannot parse "{text}" to a valid duration') from None
        found = sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    if not found > 0 or not math.isfinite(found):
        words = "zero or negative query resolution step widths are not accepted. "
        raise bad("step", words + "Try a positive integer")
    return found
