"""The questions of the metrics pane: ours and the user's own, and what is told of an answer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hubtui.config import MetricsSource, load
from hubtui.model.metric import Metric, fault_of, filled
from hubtui.model.podstate import Severity
from hubtui.services.metric_list import built_in, with_own
from hubtui.services.metric_rows import Answer, before_of, label_of, row_of, told_of
from hubtui.services.store import utc_now

NAMES = {"namespace": "hub.prod", "release": "hub", "hub": "hub", "proxy": "proxy"}
NAN = float("nan")


def metric(**given: Any) -> Metric:
    return Metric(**{"id": "it", "title": "It", "promql": "up", **given})


def test_ours_are_well_formed_and_each_says_what_it_needs_and_how_to_have_it() -> None:
    assert fault_of(built_in()) == ""
    for each in built_in():
        assert each.meaning, each.id
        assert each.needs, each.id
        assert each.cure, each.id
        assert each.promql.count("{") == each.promql.count('{namespace="$namespace"'), each.id
        question = filled(each.promql, NAMES, each.span)
        assert "$namespace" not in question, each.id
        assert "$window" not in question, each.id


def test_one_of_the_users_own_stands_below_ours_or_for_one_of_them() -> None:
    mine, other = metric(id="mine"), metric(id="hub-cpu")
    found = with_own((mine, other))
    assert len(found) == len(built_in()) + 1
    assert found[-1] is mine
    assert [each.title for each in found if each.id == "hub-cpu"] == ["It"]


@pytest.mark.parametrize(
    ("promql", "matchers", "wanted"),
    [
        ('up{namespace="$namespace"}', {}, 'up{namespace="hub.prod"}'),
        ("rate(a[${window}])", {}, "rate(a[300s])"),
        (
            'up{namespace="$namespace"} / a{namespace="$namespace", b="c"}',
            {"cluster": 'a"$hub'},
            'up{namespace="hub.prod",cluster="a\\"$hub"}'
            ' / a{namespace="hub.prod",cluster="a\\"$hub", b="c"}',
        ),
        (
            'label_replace(a, "b", "$1", "c", "(.+)")',
            {},
            'label_replace(a, "b", "$1", "c", "(.+)")',
        ),
        ('a{b="$other"}', {"cluster": "x"}, 'a{b="$other"}'),
    ],
)
def test_a_question_is_filled(promql: str, matchers: dict[str, str], wanted: str) -> None:
    assert filled(promql, NAMES, timedelta(minutes=5), matchers) == wanted


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"id": "It is"}, "small letters"),
        ({"title": " "}, "title is empty"),
        ({"promql": ""}, "promql is empty"),
        ({"over": "soon"}, "no length of time"),
        ({"by": "node, a-b"}, "'a-b' is no label"),
        ({"now": 3}, "soon and now need a direction"),
        ({"worse": "more", "soon": 3, "now": 1}, "now is reached before soon"),
        ({"worse": "less", "soon": 1, "now": 3}, "now is reached before soon"),
    ],
)
def test_what_is_wrong_with_a_question_is_said(given: dict[str, Any], fault: str) -> None:
    assert fault in fault_of([metric(**given)])


def test_the_example_of_the_readme_is_one(
    tmp_path: Path,
) -> None:
    readme = Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")
    example = readme.partition("[[metrics.queries]]")[2].partition("```")[0]
    tmp_path.joinpath("config.toml").write_text(f"[[metrics.queries]]{example}")
    settings, _ = load({}, {"HUBTUI_CONFIG": str(tmp_path / "config.toml")})
    (query,) = settings.metrics.queries
    assert (query.id, query.labels, query.now) == ("gpu-memory", ("node",), 0.95)


def test_an_id_is_there_once() -> None:
    assert fault_of(MetricsSource(queries=(metric(), metric())).queries) == (
        "the id 'it' is there twice"
    )


@pytest.mark.parametrize(
    ("worse", "value", "severity"),
    [
        ("more", 1, Severity.FINE),
        ("more", 2, Severity.SOON),
        ("more", 3, Severity.NOW),
        ("less", 3, Severity.NOW),
        ("", 9, Severity.FINE),
    ],
)
def test_thresholds(worse: Any, value: float, severity: Severity) -> None:
    assert metric(worse=worse, soon=2, now=3).severity_of(value) is severity


def test_of_several_series_the_worst_is_told_and_the_others_are_kept() -> None:
    free = metric(by="node", worse="less", soon=5, now=1)
    told = told_of(free, [({"node": "a"}, 7.0), ({"node": "b"}, 0.5), ({"node": "c"}, NAN)])
    lines = {"b": ((0.0, 9.0), (60.0, 0.5)), "a": ((0.0, 7.0),)}
    row = row_of(free, Answer(told, utc_now(), 3600.0, lines), "here")
    assert (row.of, row.value, row.severity) == ("b", 0.5, Severity.NOW)
    assert [(part.label, part.severity) for part in row.parts] == [
        ("b", Severity.NOW),
        ("a", Severity.FINE),
    ]
    assert (row.points, row.before) == (lines["b"], 9.0)


def test_a_row_without_a_number_says_what_that_means() -> None:
    spawns = metric(promql="rate(a[$window])", idle="no server started", over="15m")
    answer = Answer({"": NAN}, utc_now(), 0.0)
    assert row_of(spawns, answer, "here").missing == "no server started in the last 15m"
    short = Answer({"": NAN}, utc_now(), 0.0, over=40.0)
    assert row_of(spawns, short, "here").missing == "no server started in the last 40 s"
    assert row_of(spawns, short, "here").value is None


def test_series_are_told_apart_by_their_labels() -> None:
    labels = {"__name__": "up", "job": "hub", "pod": "p"}
    assert label_of(metric(), labels) == "job=hub pod=p"
    assert label_of(metric(by="pod, job"), labels) == "p hub"


@pytest.mark.parametrize(
    ("points", "wanted"),
    [
        ([(0, 1), (60, 2), (120, 3)], 2),
        ([(120, 3)], None),
        ([(-300, 1), (120, 3)], None),
        ([(60, NAN), (120, 3)], None),
    ],
)
def test_the_number_an_hour_before(points: list[tuple[float, float]], wanted: float | None) -> None:
    assert before_of(points, 100.0, 120.0) == wanted
