"""The metrics pane's rows: what gets worse, what is unknown, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from hubtui.model.metric import Metric
from hubtui.model.metric_source import SourceState
from hubtui.model.podstate import Severity
from hubtui.model.points import Point
from hubtui.model.prometheus import Series
from hubtui.model.query_steps import Window
from hubtui.model.release import RevisionHead, Status
from hubtui.model.why_facts import Missing
from hubtui.services.metric_rows import MetricRow, Part
from hubtui.services.ranges import RangeAnswer
from hubtui.services.store import Subscription
from hubtui.views import metric_cells, metric_sources, plotted
from hubtui.views.cells import Tone, plain
from hubtui.views.document import Hung
from hubtui.views.metrics import MetricsView
from hubtui.views.plot import Frame

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
LAG = Metric(id="lag", title="Lag", promql="lag", unit="s", worse="more", soon=0.1, now=0.5)
FREE = Metric(id="free", title="Free", promql="free", unit="percentunit", worse="less", soon=0.2)
SERVERS = Metric(id="running-servers", title="Running servers", promql="servers", group="users")


def row(metric: Metric, value: float | None, before: float | None = None, **more: Any) -> MetricRow:
    severity = metric.severity_of(value) if value is not None else Severity.FINE
    told = (
        {"source": "Prometheus", "as_of": NOW - timedelta(seconds=34)} if value is not None else {}
    )
    return MetricRow(metric, value, before, severity=severity, **{**told, **more})


class Known:
    """In the place of the metrics of a session."""

    window = timedelta(hours=1)

    def __init__(self, *rows: MetricRow, missing: Sequence[Missing] = ()) -> None:
        self.told = {each.metric.id: each for each in rows}
        self.missing = missing
        self.reader = Subscription()

    def subscribe(self) -> Subscription:
        return self.reader

    def update(self) -> set[str]:
        return set()

    def rows(self) -> tuple[MetricRow, ...]:
        return tuple(self.told.values())

    def row(self, metric: str) -> MetricRow | None:
        return self.told.get(metric)

    def notes(self) -> tuple[Missing, ...]:
        return tuple(self.missing)


def view_of(*rows: MetricRow, width: int = 76, missing: Sequence[Missing] = ()) -> MetricsView:
    found = MetricsView(cast("Any", Known(*rows, missing=missing)))
    found.resize(width)
    found.drain()
    return found


def words(view: MetricsView, key: str) -> list[str]:
    return [plain(each) for each in view.cells(key, NOW)]


@pytest.mark.parametrize(
    ("metric", "value", "before", "arrow", "worse"),
    [
        (LAG, 0.08, 0.02, "↑", True),  # on the way to its limit
        (LAG, 0.02, 0.01, "↑", False),  # far from it
        (LAG, 0.02, 0.08, "↓", False),
        (LAG, 0.0805, 0.08, "", False),
        (LAG, 0.6, 0.1, "↑", True),
        (LAG, 0.08, None, "", False),
        (LAG, None, 0.08, "", False),
        (LAG, float("inf"), 0.08, "", False),
        (FREE, 0.3, 0.5, "↓", True),
        (FREE, 0.7, 0.9, "↓", False),
        (FREE, 0.5, 0.3, "↑", False),
        (SERVERS, 90, 10, "↑", False),  # more is no worse
        (SERVERS, 0, 0, "", False),
    ],
)
def test_an_arrow_is_amber_where_a_number_gets_worse(
    metric: Metric, value: float | None, before: float | None, arrow: str, *, worse: bool
) -> None:
    told = metric_cells.arrow_cell(row(metric, value, before))
    assert plain(told) == arrow
    assert metric_cells.gets_worse(row(metric, value, before)) is worse
    assert not told or (told[0][1] is Tone.SOON) is worse


def test_the_first_line_says_what_gets_worse() -> None:
    calm = view_of(row(SERVERS, 41), row(LAG, 0.01, 0.01))
    assert calm.headline == "41 servers · nothing gets worse"
    bad = view_of(row(SERVERS, 41), row(FREE, 0.3, 0.5), row(LAG, 0.6, 0.1))
    assert bad.headline == "✗ Lag 600 ms ↑ · Free 30% ↓"
    assert plain(bad.strip_words()) == "✗1"
    assert view_of(row(SERVERS, None, missing="no Prometheus")).headline == ""


def test_the_worst_comes_first_and_what_is_unknown_last() -> None:
    unknown = row(replace_id("nfs"), None, missing="Prometheus has no such series")
    found = view_of(unknown, row(SERVERS, 4), row(FREE, 0.3, 0.5), row(LAG, 0.2))
    assert list(found.keys()) == ["lag", "free", "running-servers", "nfs"]
    assert words(found, "nfs")[:3] == ["?", "nfs", "?"]
    assert words(found, "nfs")[-1] == "Prometheus has no such series"
    found.set_sort("title", reverse=False)
    found.drain()
    assert list(found.keys()) == ["free", "lag", "nfs", "running-servers"]
    found.set_filter("group:users")
    found.drain()
    assert list(found.keys()) == ["running-servers"]
    found.set_filter("nothing")
    found.drain()
    assert found.empty() == "No metric matches nothing."


def test_what_is_asked_for_the_first_time_keeps_its_place() -> None:
    asked = row(SERVERS, None, missing="Prometheus was not asked yet; nor was the hub")
    found = view_of(asked, row(replace_id("nfs"), 3.0))
    assert list(found.keys()) == ["running-servers", "nfs"]
    assert words(found, "running-servers")[:3] == ["", "Running servers", ""]
    assert words(found, "running-servers")[-1] == "asking …"


def replace_id(name: str) -> Metric:
    return Metric(id=name, title=name, promql=name)


def test_what_measured_nothing_is_no_zero() -> None:
    idle = row(LAG, None, missing="no request came", source="Prometheus", as_of=NOW)
    assert words(view_of(idle), "lag")[1:3] == ["Lag", "-"]


def test_a_row_says_what_how_it_was_and_who_told() -> None:
    parts = (Part("node-1", 0.2, Severity.SOON), Part("node-2", 0.1, Severity.SOON))
    found = view_of(row(LAG, 0.2, 0.1, of="node-1", parts=parts), width=156)
    assert words(found, "lag")[:5] == ["▲", "Lag", "200 ms", "↑", "100 ms"]
    assert words(found, "lag")[7:] == ["node-1 and 1 more", "Prometheus", "30 s"]
    assert found.freshness(NOW).words == "Prometheus 30 s"
    old = view_of(row(LAG, 0.2, as_of=NOW - timedelta(minutes=9)))
    assert old.cells("lag", NOW)[-1] == (("9 m", Tone.SOON),)


def test_who_did_not_answer_is_told_below() -> None:
    found = view_of(missing=[Missing("Prometheus", "none was found")])
    assert plain(found.note()) == "Prometheus: none was found"
    assert found.freshness(NOW).words == "no numbers"


def points(*each: tuple[float, float]) -> tuple[Point, ...]:
    return tuple((NOW.timestamp() + at, value) for at, value in each)


@pytest.mark.parametrize(
    ("samples", "step", "expected"),
    [
        ((), 60, []),
        (((-3600, 1.0), (-1, 4.0)), 60, [1, None, None, 4]),
        (((-3600, 1.0), (-1800, 2.0)), 1800, [1, 1, 2, 2]),
        (((-3500, 1.0), (-3000, 9.0), (-100, float("nan"))), 60, [9, None, None, None]),
        (((-9000, 7.0), (-1000, 3.0)), 60, [None, None, 3, None]),
    ],
)
def test_a_sparkline_keeps_peaks_and_gaps(
    samples: tuple[tuple[float, float], ...], step: float, expected: list[float | None]
) -> None:
    told = row(LAG, 0.1, points=points(*samples), step=step)
    assert metric_cells.in_columns(told, 4, 3600, NOW.timestamp()) == expected


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        ((142, 142, 142, 142), "▁▁▁▁"),  # what stays the same is a quiet line
        ((0, 0, 0, 0), "▁▁▁▁"),
        ((100, 104, 104, 100), "▁▂▂▁"),
        ((1, 5, 9, 3), "▁▅█▃"),
        ((-1, -5, -9, -3), "█▅▁▆"),
    ],
)
def test_little_changes_are_little(values: Sequence[float], shape: str) -> None:
    each = [(-3600 + 900 * index, value) for index, value in enumerate(values)]
    told = row(LAG, 0.1, points=points(*each), step=900)
    assert plain(metric_cells.spark_cell(told, 4, 3600, NOW.timestamp())) == shape


# -- the zoomed plot


def answer(*series: Series) -> RangeAnswer:
    window = Window(NOW - timedelta(hours=1), NOW)
    return RangeAnswer(series, window, timedelta(seconds=60), NOW)


def test_too_many_series_are_cut_and_told() -> None:
    found = [Series({"node": f"node-{n}"}, points((-60, float(n)))) for n in range(9)]
    lines, note = plotted.lines_of(answer(*found), "Users", "", lambda labels: labels["node"], 3)
    assert [line.name for line in lines] == ["node-6", "node-7", "node-8"]
    assert note == "the 3 highest of 9"
    (line,), note = plotted.lines_of(answer(found[0]), "Users", "", lambda labels: labels["node"])
    assert (line.name, note) == ("Users node-0", "")


@pytest.mark.parametrize(
    ("unit", "size", "right"), [("", 2.0, False), ("", 900.0, True), ("bytes", 2.0, True)]
)
def test_a_second_line_has_its_own_axis_where_it_must(
    unit: str, size: float, *, right: bool
) -> None:
    (first,), _ = plotted.lines_of(answer(Series({}, points((-60, 3.0)))), "A", "", str)
    (second,), _ = plotted.lines_of(answer(Series({}, points((-60, size)))), "B", unit, str)
    assert [line.right for line in plotted.with_second([first], [second])] == [False, right]


def test_revisions_of_the_time_that_is_looked_at_are_marks() -> None:
    at = NOW.timestamp()
    heads = [head(3, NOW - timedelta(minutes=5)), head(2, NOW - timedelta(days=3)), head(1, None)]
    assert [mark.label for mark in plotted.marks_of(heads, at - 3600, at)] == ["r3"]


@pytest.mark.parametrize(
    ("minutes", "live", "words"),
    [
        (60, True, "last 1 h"),
        (15, True, "last 15 m"),
        (7 * 1440, True, "last 7 d"),
        (60, False, "11:00 to 12:00"),
        (2 * 1440, False, "25 Nov 12:00 to 27 Nov 12:00"),
    ],
)
def test_the_first_line_of_a_plot_says_which_time_it_shows(
    minutes: int, words: str, *, live: bool
) -> None:
    window = timedelta(minutes=minutes)
    frame = Frame(start=(NOW - window).timestamp(), end=NOW.timestamp(), zone=UTC)
    assert plain(plotted.headline(window, frame, live=live)) == words
    there = replace(frame, cursor=(NOW - window / 2).timestamp())
    assert " at " in plain(plotted.headline(window, there, live=live))


def head(revision: int, created: datetime | None) -> RevisionHead:
    return RevisionHead(
        "hub", revision, Status.DEPLOYED, "hub", created, None, f"hub.v{revision}", "", ""
    )


def told(found: Any) -> str:
    lines = (each.cell if isinstance(each, Hung) else each for each in found)
    return "\n".join(plain(line) for line in lines)


def test_the_details_say_the_question_why_it_is_missing_and_the_cure() -> None:
    missing = row(LAG, None, missing="no Prometheus was found", cure="Set metrics.prometheus.")
    text = told(plotted.about(replace(missing, metric=LAG), 'lag{namespace="hub"}', NOW))
    for part in ("no Prometheus was found", "Set metrics.prometheus.", 'lag{namespace="hub"}'):
        assert part in text
    assert "amber from 100 ms, red from 500 ms" in text


# -- the sources

SOURCES = (
    SourceState("prometheus", "Prometheus", "the past", True, facts=("version 2.42.0",)),
    SourceState(
        "kube-state-metrics",
        "kube-state-metrics",
        "pods",
        False,
        missing="Prometheus has no kube_pod_info",
        cure="Install it.",
        lines=("prometheus:", "  kube-state-metrics:"),
    ),
    SourceState("dirsize", "dirsize exporter", "homes", False, missing="none"),
    SourceState("rules", "rules", "alerts", None),
)


def test_sources_say_whether_they_answer_and_what_mends_them() -> None:
    rows = metric_sources.rows(SOURCES, asked=True)
    assert [plain(cells[0]) + " " + plain(cells[2]) for cells in rows.values()] == [
        "● answers",
        "✗ missing",
        "○ not there",  # many a hub does well without
        "? not known",
    ]
    assert plain(metric_sources.headline(SOURCES)) == "1 answer · 1 to mend"
    text = told(metric_sources.lines(SOURCES[1]))
    assert "Prometheus has no kube_pod_info" in text
    assert metric_sources.copied(SOURCES[1]) == "prometheus:\n  kube-state-metrics:"
    before = metric_sources.rows(SOURCES, asked=False)
    assert {plain(cells[2]) for cells in before.values()} == {"asking"}
