"""What two readings of a hub's metrics page say together, of one metric.

A counter says something through what it grew by. All of a hub's counters begin at 0 when it starts
(`process_start_time_seconds` changes), and one that is new since the reading before began there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping
from math import inf, isnan
from typing import TypeVar

from hubtui.model.compute_quota import Sample
from hubtui.model.counters import quantile
from hubtui.model.metric import HubWay

T = TypeVar("T")

Labels = tuple[tuple[str, str], ...]
Values = Mapping[str, Mapping[Labels, float]]
"""The numbers of a page by name and labels."""

Amounts = Mapping[str, float]
"""What counts of a metric, by the word for each: a bucket's bound, a reason, `part` and `all`."""

STARTED = "process_start_time_seconds"
PART, ALL = "part", "all"

_STRETCH = 500
"""Series that are gone through without a pause."""

_USUAL = 0.05
"""Seconds between two ticks of the hub's event loop (jupyterhub/metrics.py)."""


Steps = Generator[None, None, T]
"""A computation that pauses every so often: a page may have many thousands of series."""


def added(values: dict[str, dict[Labels, float]], samples: Iterable[Sample]) -> None:
    """Adds samples of a page to what is known of it."""
    for sample in samples:
        values.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value


def amounts_of(way: HubWay, values: Values) -> Steps[Amounts | None]:
    """The numbers that count, as they stand on the page; None where it has none of the family."""
    series = _series(way, values)
    if series is None:
        return None
    return (yield from _summed(way, series.items()))


def grown(way: HubWay, before: Values, after: Values, *, restarted: bool) -> Steps[Amounts | None]:
    """What the numbers that count grew by from one page to the next."""
    newer = _series(way, after)
    if newer is None:
        return None
    older: Mapping[Labels, float] = {} if restarted else _series(way, before) or {}
    growths = ((labels, _growth(older, labels, value)) for labels, value in newer.items())
    return (yield from _summed(way, growths))


def _summed(way: HubWay, series: Iterable[tuple[Labels, float]]) -> Steps[Amounts]:
    found: dict[str, float] = defaultdict(float)
    for index, (labels, value) in enumerate(series):
        if index % _STRETCH == _STRETCH - 1:
            yield
        told = dict(labels)
        if isnan(value) or not all(_is(told, name, want) for name, want in way.labels.items()):
            continue
        for word in _words(way, told):
            found[word] += value
    return dict(found)


def is_restarted(before: Values, after: Values) -> bool:
    """Whether the hub started in between; one that does not tell is seen by its counters."""
    then, now = (next(iter(each.get(STARTED, {}).values()), None) for each in (before, after))
    return then != now


def numbers(way: HubWay, amounts: Amounts, seconds: float) -> dict[str, float]:
    """The metric's value for each of its series, of what grew in so many seconds; of a gauge, of
    what there is. NaN where nothing happened."""
    if way.how in ("quantile", "lag"):
        buckets = {float(bound): count for bound, count in amounts.items()}
        told = quantile(way.quantile, buckets)
        value = float("nan") if told is None else told
        return {"": max(0.0, value - _USUAL) if way.how == "lag" and told is not None else value}
    if way.how == "share":
        whole = amounts.get(ALL, 0.0)
        return {"": amounts.get(PART, 0.0) / whole if whole else float("nan")}
    if way.how == "rate":
        return {word: value / seconds for word, value in amounts.items()} if seconds else {}
    if way.how == "increase":
        some = {word: value for word, value in amounts.items() if value > 0}
        return some or {"": 0.0}
    return dict(amounts)


def _name(way: HubWay, values: Values) -> str:
    suffix = "_bucket" if way.how in ("quantile", "lag") else ""
    names = [way.family + suffix] if suffix else [way.family, way.family + "_count"]
    return next((name for name in names if name in values), names[0])


def _series(way: HubWay, values: Values) -> Mapping[Labels, float] | None:
    return values.get(_name(way, values))


def _growth(older: Mapping[Labels, float], key: Labels, value: float) -> float:
    before = older.get(key, 0.0)
    return value if value < before else value - before


def _words(way: HubWay, labels: Mapping[str, str]) -> tuple[str, ...]:
    if way.how in ("quantile", "lag"):
        return (labels.get("le", str(inf)),)
    if way.how == "share":
        matched = all(_is(labels, name, want) for name, want in way.part.items())
        return (PART, ALL) if matched else (ALL,)
    return (next((labels[name] for name in way.by if labels.get(name)), ""),)


def _is(labels: Mapping[str, str], name: str, want: str) -> bool:
    has = labels.get(name, "")
    if want.startswith("!"):
        return not _is(labels, name, want[1:])
    return any(
        has.startswith(each[:-1]) if each.endswith("*") else has == each for each in want.split("|")
    )
