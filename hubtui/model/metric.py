"""What a number of the metrics pane is: its meaning, its unit, what it needs, when it is bad."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final, Literal

import msgspec

from hubtui.model import promql
from hubtui.model.podstate import Severity
from hubtui.model.query_steps import length_of, written

OWN: Final = "own"
"""The group of the user's own questions, where they name none."""

_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_WORD: Final = re.compile(r"\$(?:(?P<bare>[a-z]+)|\{(?P<braced>[a-z]+)\})")
_NAMESPACE: Final = 'namespace="$namespace"'


class HubWay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the number is had from the hub's own metrics, where there is no Prometheus.

    `how` is `gauge` (the last value), `increase` (of a counter), `rate` (the same for each
    second), `quantile` (of a histogram's observations), `share` (of the increase, the part whose
    labels match `part`), or `lag` (a quantile of what the event loop's interval has over its usual
    50 ms): all but a gauge over the metric's `over`. Values of one family are summed, apart by the
    first of the labels in `by` that is not empty. `labels` are exact, one of several with `|`
    between them, with `!` in front none of them; in `part` they may end in `*`.
    """

    family: str
    how: Literal["gauge", "increase", "rate", "quantile", "share", "lag"] = "gauge"
    labels: dict[str, str] = {}
    part: dict[str, str] = {}
    by: tuple[str, ...] = ()
    quantile: float = 0.95


class Metric(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question to Prometheus, with all that is said of its answer.

    In `promql` stand `$namespace`, `$release`, `$hub` and `$proxy` (the names of their Deployments,
    for a pattern) and `$window`, the time over which a rate is taken: `over`, or the step of a plot
    where that is longer. Several series are told by their labels in `by` (`node`, or
    `namespace, pod`), the worst first; without it by all their labels. `soon` and `now` are the
    values from which it is amber and red: upwards where more is `worse`, else downwards. `needs`
    says what must be there for it, `cure` how to have it, and `idle` what an answer without a
    number means.
    """

    id: str
    title: str
    promql: str
    group: str = OWN
    unit: str = ""
    meaning: str = ""
    needs: str = ""
    cure: str = ""
    idle: str = ""
    by: str = ""
    over: str = "5m"
    worse: Literal["", "more", "less"] = ""
    soon: float | None = None
    now: float | None = None
    hub: HubWay | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that tell its series apart."""
        return tuple(label.strip() for label in self.by.split(",") if label.strip())

    @property
    def span(self) -> timedelta:
        """The time over which its rates are taken."""
        return length_of(self.over)

    def severity_of(self, value: float) -> Severity:
        """How bad a value is."""
        if self.worse and self.now is not None and self._reaches(value, self.now):
            return Severity.NOW
        if self.worse and self.soon is not None and self._reaches(value, self.soon):
            return Severity.SOON
        return Severity.FINE

    def rank(self, value: float) -> float:
        """The higher, the worse; without a direction the larger is told first."""
        return -value if self.worse == "less" else value

    def _reaches(self, value: float, limit: float) -> bool:
        return value >= limit if self.worse == "more" else value <= limit


def filled(
    text: str, names: Mapping[str, str], span: timedelta, matchers: Mapping[str, str] = {}
) -> str:
    """A question as Prometheus is asked it. `names` are the values of `$namespace` and the like;
    `matchers` are added to each selector that has `namespace="$namespace"`."""
    added = "".join(
        f",{label}={promql.quoted(value).replace('$', '$$')}" for label, value in matchers.items()
    )
    values = {name: promql.quoted(value)[1:-1] for name, value in names.items()}
    values["window"] = written(span)

    def word(found: re.Match[str]) -> str:
        if found.group().startswith("$$"):
            return "$"
        name = found["bare"] or found["braced"]
        return values.get(name, found.group())

    whole = text.replace(_NAMESPACE, _NAMESPACE + added)
    return re.sub(rf"\$\$|{_WORD.pattern}", word, whole)


def fault_of(metrics: Iterable[Metric]) -> str:
    """What is wrong with questions of the user's own, in words; "" where nothing is."""
    seen: set[str] = set()
    for metric in metrics:
        if metric.id in seen:
            return f"the id {metric.id!r} is there twice"
        seen.add(metric.id)
        if fault := _fault(metric):
            return f"{metric.id!r}: {fault}"
    return ""


def _fault(metric: Metric) -> str:
    if not _ID.fullmatch(metric.id):
        return "an id is made of small letters, digits and hyphens, 40 at most"
    if not metric.title.strip() or not metric.promql.strip():
        return f"{'promql' if metric.title.strip() else 'title'} is empty"
    try:
        length_of(metric.over)
    except ValueError as error:
        return f"over: {error}"
    if bad := [label for label in metric.labels if not promql.LABEL.fullmatch(label)]:
        return f"by: {bad[0]!r} is no label"
    return _fault_of_limits(metric) or (_fault_of_way(metric.hub) if metric.hub else "")


def _fault_of_limits(metric: Metric) -> str:
    limits = [limit for limit in (metric.soon, metric.now) if limit is not None]
    if limits and not metric.worse:
        return 'soon and now need a direction: worse = "more", or "less"'
    if len(limits) == 2 and metric.rank(limits[0]) > metric.rank(limits[1]):
        return f"now is reached before soon, while {metric.worse} is worse"
    return ""


def _fault_of_way(way: HubWay) -> str:
    if not promql.METRIC.fullmatch(way.family):
        return f"hub.family: {way.family!r} is no name of a metric"
    if not 0 <= way.quantile <= 1:
        return "hub.quantile is between 0 and 1"
    if (way.how == "share") is not bool(way.part):
        return 'hub.part goes with how = "share", and that with a part'
    return ""
