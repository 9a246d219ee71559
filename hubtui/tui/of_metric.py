"""What can be opened of a number of the metrics pane, or of a query, from wherever it is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from textual.app import App

from hubtui.model.metric import Metric
from hubtui.model.prometheus import Labels, telling
from hubtui.model.query_steps import Window, step_for
from hubtui.services.metric_rows import label_of
from hubtui.services.ranges import LEAST_STEP, RangeAnswer
from hubtui.services.session import Session
from hubtui.views.plot import Limit, Line
from hubtui.views.plotted import limits_of, lines_of, naming_of

Ask = Callable[[Window | timedelta, int], Awaitable[RangeAnswer]]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a plot is about: `ask` gives its series over a time for so many columns, raising as
    `Ranges.over`; `lines` are those of an answer, as many as there may be, and a word on those that
    are cut; `limits` from when on it is bad. `metric` is there where it is one of the pane."""

    title: str
    ask: Ask
    lines: Callable[[RangeAnswer, int], tuple[list[Line], str]]
    limits: Callable[[], Sequence[Limit]] = tuple
    metric: Metric | None = None


def of_metric(session: Session, metric: Metric) -> Subject:
    """A number of the pane."""

    def ask(window: Window | timedelta, columns: int) -> Awaitable[RangeAnswer]:
        return session.metrics.over(metric.id, window, columns)

    def lines(answer: RangeAnswer, most: int) -> tuple[list[Line], str]:
        return lines_of(answer, metric.title, metric.unit, naming_of(metric), most)

    return Subject(metric.title, ask, lines, lambda: limits_of(metric), metric)


def filled(session: Session, promql: str, step: timedelta = timedelta()) -> str:
    """A query with the words in their place that hubtui's own questions have too (`$namespace`),
    for samples so far apart."""
    return session.metrics.question(Metric(id="query", title=promql, promql=promql), step)


def of_query(session: Session, promql: str, title: str = "", unit: str = "") -> Subject:
    """A query of its own; its series are told by the labels that differ."""
    name = Metric(id="query", title=title or promql, promql=promql)
    apart: frozenset[str] = frozenset()

    async def ask(window: Window | timedelta, columns: int) -> RangeAnswer:
        nonlocal apart
        length = window.length if isinstance(window, Window) else window
        asked = filled(session, promql, step_for(length, columns, LEAST_STEP))
        answer = await session.ranges.over(asked, window, columns)
        apart = telling(each.labels for each in answer.series)
        return answer

    def naming(labels: Labels) -> str:
        return label_of(name, {label: labels[label] for label in labels if label in apart})

    def lines(answer: RangeAnswer, most: int) -> tuple[list[Line], str]:
        return lines_of(answer, name.title, unit, naming, most)

    return Subject(name.title, ask, lines)


def open_plot(
    app: App[Any], session: Session, subjects: Sequence[Subject], window: timedelta
) -> None:
    """One of them, or two compared, over a time."""
    from hubtui.tui.screens.plot import PlotScreen

    app.push_screen(PlotScreen(session, subjects, window))


def open_details(app: App[Any], session: Session, metric: str) -> None:
    """What it means, where it is from, and why it is missing."""
    from hubtui.tui.screens.metric_details import MetricDetailsScreen

    app.push_screen(MetricDetailsScreen(session, metric))


def open_sources(app: App[Any], session: Session) -> None:
    """Which sources of numbers there are."""
    from hubtui.tui.screens.sources import SourcesScreen

    app.push_screen(SourcesScreen(session))
