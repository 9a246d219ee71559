"""`metrics`: the numbers of the metrics pane as text, with where each is from, and the alerts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from hubtui.errors import UsageError
from hubtui.headless.output import Answer, Note
from hubtui.headless.run import WATCH_BEAT, Run, opened, scope_of
from hubtui.headless.text import fitted
from hubtui.model.age import age, rfc3339, seconds_between, short
from hubtui.model.alerts import Alert
from hubtui.model.podstate import Severity
from hubtui.model.units import text_of
from hubtui.services.metrics import MetricRow, Metrics
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.views.alerts import restrictions
from hubtui.views.cells import EMPTY, SIGN_NOW, SIGN_SOON, Cell, Tone, cell, join
from hubtui.views.document import Hung, heading
from hubtui.views.grid import table
from hubtui.views.table import Column

AGAIN_AFTER: Final = 5.0
"""Seconds until the hub's own counters are read once more, by who looks once."""

_COLUMNS: Final = (
    Column("metric", "METRIC", 20, sortable=False),
    Column("value", "VALUE", 10, align="right", sortable=False),
    Column("before", "1 H AGO", 10, align="right", rank=2, sortable=False),
    Column("of", "OF", 16, rank=3, sortable=False),
    Column("source", "SOURCE", 24, grow=True, rank=1, sortable=False),
)
_TONES: Final = {Severity.SOON: Tone.SOON, Severity.NOW: Tone.NOW}
_SIGNS: Final = {Severity.SOON: SIGN_SOON, Severity.NOW: SIGN_NOW}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which metrics, all where none is named, and over which time their past is told."""

    names: tuple[str, ...] = ()
    over: timedelta | None = None


async def metrics(run: Run, wanted: Wanted) -> int:
    """The metrics once, or with --watch again whenever one changes.

    Raises UsageError for an id that no metric has, DeniedError, UnreachableError.
    """
    async with opened(run) as session:
        _check(session.metrics, wanted)
        if wanted.over is not None:
            session.metrics.look_back(wanted.over)
        await asyncio.gather(
            session.metrics.fill(again_after=_again_after(run, session.metrics, wanted)),
            session.metric_sources.read(),
            _alerts(session, wanted),
        )
        session.metrics.update()
        run.out.show(_answer(session, wanted))
        if not run.watch:
            return 0
        return await _watched(run, session, wanted)


def _again_after(run: Run, known: Metrics, wanted: Wanted) -> float:
    """Counters tell something from the second reading on, what is told at once needs none."""
    ways = [each.hub for each in known.all if not wanted.names or each.id in wanted.names]
    counts = any(way is not None and way.how != "gauge" for way in ways)
    return AGAIN_AFTER if counts and not run.watch else 0.0


async def _alerts(session: Session, wanted: Wanted) -> None:
    if not wanted.names:
        await session.alerts.fill()


async def _watched(run: Run, session: Session, wanted: Wanted) -> int:
    session.metrics.start("watch")
    if not wanted.names:
        session.alerts.start("watch")
    shown = session.alerts.version
    while True:
        await asyncio.sleep(WATCH_BEAT)
        if not wanted.names:
            session.alerts.look()
        changed = session.metrics.update()
        mine = changed.intersection(wanted.names) if wanted.names else changed
        if mine or session.alerts.version != shown:
            shown = session.alerts.version
            run.out.show(_answer(session, wanted))


def _check(known: Metrics, wanted: Wanted) -> None:
    ids = [metric.id for metric in known.all]
    unknown = [name for name in wanted.names if name not in ids]
    if unknown:
        raise UsageError(
            f"There is no metric {unknown[0]!r}", remedy=f"Metrics are: {', '.join(ids)}."
        )


def _answer(session: Session, wanted: Wanted) -> Answer:
    now = utc_now()
    rows = [
        row for row in session.metrics.rows() if not wanted.names or row.metric.id in wanted.names
    ]
    past = bool(wanted.names) or wanted.over is not None
    found = session.alerts.found if not wanted.names else None
    alerts = None if found is None else [alert_shape(alert, session) for alert in found.shown]
    return Answer(
        kind="metrics",
        scope=scope_of(session),
        body={"items": [shape(row, now, past=past) for row in rows], "alerts": alerts},
        lines=lambda width: fitted(_lines(session, rows, wanted, now, width), width),
        notes=_notes(session, wanted),
        as_of=now,
    )


def _notes(session: Session, wanted: Wanted) -> tuple[Note, ...]:
    """Each source that gives less than it could, with the cure, and what else could not be asked;
    a source that was not asked because another does not answer says nothing of its own."""
    found = [
        Note(state.title, f"{state.missing.rstrip('.')}. {state.cure}".strip())
        for state in session.metric_sources.sources()
        if state.missing and state.answers is not None
    ]
    others = (*session.metrics.notes(), *(() if wanted.names else session.alerts.notes()))
    for each in others:
        if not any(each.reason.rstrip(".") in known.reason for known in found):
            found.append(Note(each.source, each.reason))
    return tuple(found)


def shape(row: MetricRow, now: datetime, *, past: bool) -> dict[str, Any]:
    """One metric in its unit; null for what is not known. Points are pairs of Unix seconds and
    value."""
    metric = row.metric
    return {
        "id": metric.id,
        "title": metric.title,
        "group": metric.group,
        "unit": metric.unit,
        "value": row.value,
        "before": row.before,
        "of": row.of or None,
        "parts": [{"label": each.label, "value": each.value} for each in row.parts],
        "severity": row.severity.name.lower(),
        "source": row.source or None,
        "as_of": rfc3339(row.as_of),
        "age_seconds": int(seconds_between(row.as_of, now)) if row.as_of else None,
        "missing": row.missing or None,
        "cure": row.cure or None,
        **({"points": [list(point) for point in row.points]} if past else {}),
    }


def alert_shape(alert: Alert, session: Session) -> dict[str, Any]:
    """One alert; null for what is not told."""
    return {
        "name": alert.name,
        "state": alert.state.value,
        "severity": alert.severity or None,
        "since": rfc3339(alert.since),
        "summary": alert.summary,
        "description": alert.description,
        "runbook_url": alert.runbook or None,
        "labels": dict(alert.labels),
        "value": alert.value,
        "expression": alert.rule.expression if alert.rule is not None else None,
        "silenced_by": list(alert.silenced),
        "inhibited_by": list(alert.inhibited),
        "of_the_cluster": session.alerts.found is not None and alert in session.alerts.found.wide,
    }


def _lines(
    session: Session, rows: Sequence[MetricRow], wanted: Wanted, now: datetime, width: int
) -> Iterator[Cell | Hung]:
    known = [row for row in rows if row.value is not None]
    if known:
        yield from table(_COLUMNS, [_cells(row, now) for row in known], width)
    unknown = [row for row in rows if row.value is None]
    if known and unknown:
        yield EMPTY
    yield from _unknown(unknown)
    if not wanted.names:
        yield EMPTY
        yield from _alert_lines(session, now)


def _unknown(rows: Sequence[MetricRow]) -> Iterator[Hung]:
    """Those that are not known, together with others for the same reason."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        key = (row.missing or "not known", row.cure)
        reasons.setdefault(key, []).append(row.metric.title)
    for (missing, cure), titles in reasons.items():
        words = join(cell(f"{missing.rstrip('.')}.", Tone.MUTED), cell(cure, Tone.ACCENT))
        yield Hung(join(cell(f"{', '.join(titles)}:"), words), 2)


def _cells(row: MetricRow, now: datetime) -> Sequence[Cell]:
    sign, tone = _SIGNS.get(row.severity, ""), _TONES.get(row.severity, Tone.PLAIN)
    source = f"{row.source}, {age(row.as_of, now)} ago" if row.as_of else row.source
    before = text_of(row.before, row.metric.unit) if row.before is not None else ""
    return (
        cell(row.metric.title),
        cell(f"{sign} {text_of(row.value, row.metric.unit)}".strip(), tone),
        cell(before, Tone.MUTED),
        cell(row.of, Tone.MUTED),
        cell(source, Tone.MUTED),
    )


def _alert_lines(session: Session, now: datetime) -> Iterator[Cell | Hung]:
    yield heading("Alerts")
    found = session.alerts.found
    if found is None:
        yield cell("? not known", Tone.SOON)
        return
    if not found.shown:
        yield cell("No alert fires or is pending.", Tone.MUTED)
    for alert in found.shown:
        tone = _TONES.get(alert.level, Tone.MUTED)
        since = short(seconds_between(alert.since, now)) if alert.since else "?"
        words = f"{alert.state.value} {since} {alert.severity} {alert.name}: {alert.summary}"
        yield Hung(cell(words.strip(": "), tone), 2)
    for words in restrictions(found, ()):
        yield cell(words, Tone.MUTED)
