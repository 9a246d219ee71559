"""One number of the metrics pane, with where it is from and how it was before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import isnan
from typing import Final

from hubtui.model.age import precise
from hubtui.model.metric import Metric
from hubtui.model.podstate import Severity
from hubtui.model.points import Point

Told = Mapping[str, float]
"""Values by the words that tell a metric's series apart; "" where there is only one."""


@dataclass(frozen=True, slots=True)
class Part:
    """One series of several."""

    label: str
    value: float
    severity: Severity


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric as it is now.

    `value` is None where it is not known, or there is nothing to measure: `missing` says why, and
    `cure` what to do, if anything. `limit` is the most it can be, where that is known. Of several
    series it is the worst, `of` which; all are in
    `parts`, the worst first. `before` is the same an hour ago, `points` its past, `step` seconds
    apart. `source` is in words, as `Prometheus` or `the hub's metrics`; `as_of` is when it was
    measured there, by this machine's clock.
    """

    metric: Metric
    value: float | None = None
    before: float | None = None
    points: tuple[Point, ...] = ()
    step: float = 60.0
    source: str = ""
    as_of: datetime | None = None
    missing: str = ""
    cure: str = ""
    severity: Severity = Severity.FINE
    of: str = ""
    parts: tuple[Part, ...] = ()
    limit: float | None = None


def parts_of(metric: Metric, told: Told) -> tuple[Part, ...]:
    """The series that have a number, the worst first."""
    found = [
        Part(label, value, metric.severity_of(value))
        for label, value in told.items()
        if not isnan(value)
    ]
    return tuple(sorted(found, key=lambda part: (-metric.rank(part.value), part.label)))


def label_of(metric: Metric, labels: Mapping[str, str]) -> str:
    """What tells a series from the others of its metric."""
    if metric.labels:
        return " ".join(labels[name] for name in metric.labels if labels.get(name))
    shown = ((name, value) for name, value in sorted(labels.items()) if name != "__name__")
    return " ".join(f"{name}={value}" for name, value in shown)


def told_of(metric: Metric, samples: Iterable[tuple[Mapping[str, str], float]]) -> Told:
    """The values by label; of two that are told alike the worse one counts."""
    found: dict[str, float] = {}
    for labels, value in samples:
        label = label_of(metric, labels)
        before = found.get(label)
        if before is None or isnan(before) or metric.rank(value) > metric.rank(before):
            found[label] = value
    return found


def before_of(points: Sequence[Point], moment: float, within: float) -> float | None:
    """The last number at a moment, not older than `within` seconds then."""
    for at, value in reversed(points):
        if at <= moment:
            return value if moment - at <= within and not isnan(value) else None
    return None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one source says of a metric: its values at `as_of`, and the past of each series,
    `step` seconds apart, in the time of the source; `now` is the source's own at `as_of`. Rates are
    taken `over` so many seconds, where that is less than the metric wants. `before` are the values
    of an hour before, where the past does not tell them."""

    told: Told
    as_of: datetime
    now: float
    lines: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    step: float = 60.0
    over: float | None = None
    before: Told | None = None


NEARLY: Final = 0.8
FULL: Final = 0.95
"""The parts of a limit from which a value is amber and red."""

HOUR: Final = 3600.0


def row_of(metric: Metric, answer: Answer, source: str, cure: str = "") -> MetricRow:
    """The row of an answer; one without a number says what that means."""
    parts = parts_of(metric, answer.told)
    worst = parts[0] if parts else None
    points = answer.lines.get(worst.label if worst else "", ())
    if not points and len(answer.lines) == 1:
        points = next(iter(answer.lines.values()))
    return MetricRow(
        metric,
        value=worst.value if worst else None,
        before=_before(answer, points, worst.label if worst else ""),
        points=points,
        step=answer.step,
        source=source,
        as_of=answer.as_of,
        missing="" if worst else idle_of(metric, answer.over),
        cure=cure,
        severity=max((part.severity for part in parts), default=Severity.FINE),
        of=worst.label if worst else "",
        parts=parts,
    )


def limited(row: MetricRow, limit: float | None) -> MetricRow:
    """The row beside what its value cannot go beyond."""
    if not limit or row.value is None:
        return row
    share = row.value / limit
    worse = Severity.NOW if share >= FULL else Severity.SOON if share >= NEARLY else Severity.FINE
    return replace(row, limit=limit, severity=max(row.severity, worse))


def _before(answer: Answer, points: Sequence[Point], label: str) -> float | None:
    if answer.before is None:
        return before_of(points, answer.now - HOUR, 2 * answer.step)
    value = answer.before.get(label)
    return None if value is None or isnan(value) else value


def idle_of(metric: Metric, over: float | None = None) -> str:
    """Why there is nothing to measure, in words; `over` as in an Answer."""
    words = metric.idle or "there was nothing to measure"
    if "$window" not in metric.promql:
        return words
    return f"{words} in the last {precise(over) if over is not None else metric.over}"
