"""`query`: one query of PromQL, at a moment or over a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any, Final

from hubtui.errors import HubtuiError, UsageError
from hubtui.headless.output import Answer, Note
from hubtui.headless.run import Run, opened, scope_of
from hubtui.headless.times import moment, past
from hubtui.model.age import rfc3339
from hubtui.model.metric import Metric
from hubtui.model.prometheus import Series
from hubtui.model.query_steps import MOST_POINTS, Window, step_for, written
from hubtui.services.ranges import LEAST_STEP, Evaluation, RangeAnswer, is_of_query, position_of
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.grid import table
from hubtui.views.promql import NO_SERIES, QueryView, marked, number
from hubtui.views.table import Column

COLUMNS: Final = 60
"""So many columns a range is fitted to where no step is given: about 120 points a series."""

_OF_RANGE: Final = (
    Column("last", "LAST", 8, align="right"),
    Column("least", "LEAST", 8, align="right", rank=2),
    Column("most", "MOST", 8, align="right", rank=3),
    Column("points", "POINTS", 6, align="right", rank=1),
    Column("series", "SERIES", 20, grow=True),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The query; over which time and in which steps, or "" for one moment, which is `at`."""

    promql: str
    length: str = ""
    step: str = ""
    at: str = ""


async def query(run: Run, wanted: Wanted) -> int:
    """The answer of Prometheus; a query that it does not understand is told with the place.

    Raises UsageError, also for such a query, and what keeps Prometheus from being asked.
    """
    if wanted.step and not wanted.length:
        raise UsageError("--step goes with --range")
    length = past(wanted.length) if wanted.length else None
    at = moment(wanted.at, utc_now()) if wanted.at else None
    async with opened(run) as session:
        await session.feeds.fill(session.pods.stores.deployments)
        step = _step(wanted, length) if length is not None else timedelta()
        asked = session.metrics.question(
            Metric(id="query", title="query", promql=wanted.promql), step
        )
        try:
            if length is None:
                answer = _instant(session, asked, await session.ranges.evaluate(asked, at))
            else:
                answer = await _over(session, asked, length, step, at)
        except HubtuiError as error:
            if not is_of_query(error):
                raise
            run.out.mark(marked(asked, position_of(error)))
            raise UsageError(error.what, meaning=error.meaning, remedy=error.remedy) from error
        run.out.show(answer)
    return 0


def _step(wanted: Wanted, length: timedelta) -> timedelta:
    if not wanted.step:
        return step_for(length, COLUMNS, LEAST_STEP)
    step = past(wanted.step)
    if length / step > MOST_POINTS:
        raise UsageError(
            f"{wanted.length} in steps of {wanted.step} are more than {MOST_POINTS:,} points",
            remedy="Prometheus refuses that: choose a longer step.",
        )
    return step


# -- at a moment


def _instant(session: Session, asked: str, found: Evaluation) -> Answer:
    answer, view = found.answer, QueryView()
    view.show(found)
    items: list[dict[str, Any]]
    if answer.kind == "string":
        items = [{"labels": {}, "text": answer.text}]
    elif answer.kind == "matrix":
        items = [_series(each) for each in answer.series]
    else:
        items = [
            {"labels": dict(each.labels), "value": _finite(each.value)} for each in answer.samples
        ]
    rows: Iterable[Mapping[str, Any]]
    if answer.kind == "matrix":
        rows = _points(answer.series)
    else:
        rows = [
            {**_names(each.labels), "value": number(each.value)} for each in answer.samples
        ] or items

    def lines(width: int) -> Iterable[Cell]:
        shown = view.keys()
        if not shown:
            return [cell(NO_SERIES)]
        return table(view.columns, [view.cells(key, found.at) for key in shown], width)

    return Answer(
        kind="query",
        scope=scope_of(session),
        body={"query": asked, "type": answer.kind, "at": rfc3339(found.at), "items": items},
        lines=lines,
        rows=list(rows),
        notes=_notes(found.notes),
        as_of=found.as_of,
    )


# -- over a time


async def _over(
    session: Session, asked: str, length: timedelta, step: timedelta, at: datetime | None
) -> Answer:
    window = Window(at - length, at) if at is not None else length
    found = await session.ranges.over(asked, window, COLUMNS, step=step)
    return Answer(
        kind="query",
        scope=scope_of(session),
        body={
            "query": asked,
            "type": "matrix",
            "start": rfc3339(found.window.start),
            "end": rfc3339(found.window.end),
            "step_seconds": step.total_seconds(),
            "items": [_series(each) for each in found.series],
        },
        lines=lambda width: _range_lines(found, width),
        rows=list(_points(found.series)),
        notes=_notes(found.notes),
        as_of=found.as_of,
    )


def _range_lines(found: RangeAnswer, width: int) -> Iterator[Cell]:
    if not found.series:
        yield cell(NO_SERIES)
        return
    window = found.window
    words = f"{rfc3339(window.start)} to {rfc3339(window.end)}, each {written(found.step)}"
    yield cell(words, Tone.MUTED)
    yield from table(_OF_RANGE, [_range_cells(each) for each in found.series], width)


def _range_cells(series: Series) -> Sequence[Cell]:
    values = [value for _, value in series.points if isfinite(value)]
    return (
        cell(number(series.points[-1][1]), Tone.STRONG),
        cell(number(min(values)) if values else "?"),
        cell(number(max(values)) if values else "?"),
        cell(f"{len(series.points):,}", Tone.MUTED),
        cell(" ".join(f"{name}={value}" for name, value in sorted(series.labels.items())) or "{}"),
    )


# -- shapes


def _series(series: Series) -> dict[str, Any]:
    """Points are pairs of Unix seconds and value."""
    points = [[at, _finite(value)] for at, value in series.points]
    return {"labels": dict(series.labels), "points": points}


def _points(series: Sequence[Series]) -> Iterator[dict[str, Any]]:
    for each in series:
        for at, value in each.points:
            time = rfc3339(datetime.fromtimestamp(at, UTC))
            yield {"time": time, **_names(each.labels), "value": number(value)}


def _names(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels as columns, none of which is called as one of ours."""
    return {
        f"label_{name}" if name in ("time", "value") else name: value
        for name, value in sorted(labels.items())
    }


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _notes(words: Iterable[str]) -> tuple[Note, ...]:
    return tuple(Note("Prometheus", each) for each in words)
