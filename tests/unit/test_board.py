"""A dashboard that runs, as somebody looks at it: what it shows, and what that costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hubtui.errors import ConfigError
from hubtui.model.dashboard import Target
from hubtui.model.query_steps import Window
from hubtui.services.board import COLUMNS, Board
from hubtui.services.board_panels import step_of
from hubtui.services.import_report import report
from tests.boards import (
    dashboard,
    filled,
    hubs,
    names,
    panel,
    values,
    variable,
)
from tests.fake_prometheus import HUB, NOW, FakePrometheus, refusing


async def test_a_dashboard_opens_on_the_hub_that_is_open() -> None:
    prometheus = hubs("another", HUB)
    prometheus.tell("jupyterhub_running_servers", 7, namespace=HUB)
    expr = 'max(jupyterhub_running_servers{namespace=~"$hub"}) by (namespace)'
    many = variable("hub", multi=True, includeAll=True, allValue=".*")
    board = await filled(
        prometheus, panel(2, {"expr": expr, "legendFormat": "{{ namespace }}"}), variables=[many]
    )
    assert values(board, "hub") == (HUB,)
    assert prometheus.queries == [expr.replace("$hub", HUB)]
    state = board.panel("2")
    assert names(state) == [HUB]
    assert {value for _, value in state.lines[0].points} == {7.0}
    assert (state.window, state.step) == (board.window, timedelta(minutes=5))


@pytest.mark.parametrize(
    ("chosen", "written"),
    [
        (["a.b"], r'{x=~"a\\.b"}'),
        (["a.b", "c"], r'{x=~"(a\\.b|c)"}'),
        (["$__all"], '{x=~".*"}'),
    ],
)
async def test_what_is_chosen_stands_in_the_query(chosen: list[str], written: str) -> None:
    prometheus = hubs("a.b", "c")
    many = variable("cluster", multi=True, includeAll=True, allValue=".*")
    board = await filled(prometheus, panel(2, '{x=~"$cluster"}'), variables=[many])
    await board.choose("cluster", chosen)
    await board.fill()
    assert prometheus.queries[-1] == written


async def test_variables_are_asked_in_the_order_in_which_they_need_each_other() -> None:
    prometheus = hubs("a", HUB)
    prometheus.labels['user of pods{namespace="hub"}'] = ["ben", "ana"]
    prometheus.labels['user of pods{namespace="a"}'] = ["cy"]
    user = variable("user", query='label_values(pods{namespace="$hub"}, user)', sort=1)
    board = await filled(
        prometheus, panel(2, 'memory{user="$user"}'), panel(3, "up"), panel(4, 'cpu{ns="$hub"}'),
        variables=[user, variable("hub")],
    )  # fmt: skip
    assert values(board, "user") == ("ana",)
    board.update()
    prometheus.asked.clear()
    await board.choose("hub", ["a"])
    assert [each.matches for each in prometheus.asked] == [
        ('kube_service_labels{service="hub"}',), ('pods{namespace="a"}',)
    ]  # fmt: skip
    assert values(board, "user") == ("cy",)
    await board.fill()
    assert set(prometheus.queries) == {'memory{user="cy"}', 'cpu{ns="a"}'}


async def test_a_variable_that_is_broken_costs_itself() -> None:
    prometheus = hubs(HUB)
    prometheus.wrong["kaputt("] = 400, "1:7: parse error: unclosed left parenthesis"
    shown = [
        variable("broken", query="label_values(kaputt(, x)", current={"value": "kept"}),
        variable("hub"),
        variable("lost", query="label_values(up, $nobody)"),
        variable("one", query="label_values(x, $two)"),
        variable("two", query="label_values(x, $one)"),
        variable("none", query="label_values(nothing, job)"),
    ]
    board = await filled(prometheus, panel(2, 'a{b="$broken"}'), panel(3, "c"), variables=shown)
    assert 'a{b="kept"}' in prometheus.queries
    told = {line.where: line.words for line in report(board)}
    assert "unclosed left parenthesis" in told["$broken"]
    assert told["$lost"] == "$lost needs $nobody, which is not there"
    assert told["$one"]
    assert told["$none"] == "it has no values: Prometheus has no nothing"
    assert "$hub" not in told


@pytest.mark.parametrize(
    ("written", "options"),
    [
        (variable("v", query="metrics(^jupyterhub_)"), ["jupyterhub_up"]),
        (variable("v", query="label_names(up)"), ["job", "node"]),
        (variable("v", query="label_values(node)", regex="/^node-(.*)$/", sort=2), ["b", "a"]),
        (variable("v", query="query_result(up)", regex='/node="([^"]+)"/'), ["n1"]),
        (variable("v", "custom", "Show : 1, Hide : 0"), ["1", "0"]),
        (variable("v", "interval", "1m,10m", auto=True), ["$__auto", "1m", "10m"]),
        (variable("v", "datasource", "prometheus"), ["prometheus"]),
    ],
)
async def test_each_kind_of_variable_has_its_options(
    written: dict[str, Any], options: list[str]
) -> None:
    prometheus = FakePrometheus()
    prometheus.labels |= {
        "__name__": ["up", "jupyterhub_up"], "labels of up": ["job", "node"],
        "node": ["node-a", "node-b", "other"],
    }  # fmt: skip
    prometheus.tell("up", 1, __name__="up", node="n1")
    board = await filled(prometheus, variables=[written])
    assert [each.value for each in board.variables[0].variable.options] == options


@pytest.mark.parametrize(
    ("more", "chosen", "written"),
    [
        ({}, ("b",), 'x{v="b"}'),
        ({"includeAll": True}, ("b", "a"), 'x{v="(b|a)"}'),
        ({"includeAll": True, "allValue": ".+"}, ("b", "a"), 'x{v=".+"}'),
        ({"current": {"value": "a"}}, ("a",), 'x{v="a"}'),
        ({"current": {"value": "gone"}, "multi": True}, ("b",), 'x{v="b"}'),
        ({"regex": "/^none$/", "includeAll": True}, (), 'x{v=".*"}'),
    ],
)
async def test_before_anything_is_chosen_all_stand_or_the_first(
    more: dict[str, Any], chosen: tuple[str, ...], written: str
) -> None:
    prometheus = hubs("b", "a")
    board = await filled(prometheus, panel(2, 'x{v="$v"}'), variables=[variable("v", **more)])
    assert values(board, "v") == chosen
    assert prometheus.queries == [written]


async def test_without_a_list_of_hubs_the_one_that_is_open_is_looked_at() -> None:
    prometheus = FakePrometheus()
    metric = "kube_service_labels"
    prometheus.labels |= {f"__name__ of {metric}": [metric], f"labels of {metric}": ["service"]}
    prometheus.labels[f"labels of {metric}"].append("namespace")
    board = await filled(prometheus, panel(2, 'x{v="$hub"}'), variables=[variable("hub")])
    assert prometheus.queries == ['x{v="hub"}']
    assert (
        board.variables[0]
        .notes[0]
        .endswith("with fullnameOverride the hub's service has another name")
    )


async def test_an_interval_can_be_fitted_to_the_time() -> None:
    prometheus = FakePrometheus()
    every = variable("every", "interval", "1m,1h", auto=True, auto_count=12, auto_min="1m")
    every["current"] = {"value": "$__auto_interval_every"}
    asking = panel(2, "rate(a[$every]) + rate(b[$__rate_interval]) + c[$__range] + d[$__interval]")
    board = await filled(prometheus, asking, variables=[every])
    assert prometheus.queries == ["rate(a[1800s]) + rate(b[360s]) + c[21600s] + d[300s]"]
    await board.choose("every", ["1m"])
    await board.fill()
    assert "rate(a[1m])" in prometheus.queries[-1]


@pytest.mark.parametrize(
    ("panel_interval", "interval", "factor", "minutes"),
    [
        ("", "", 1, 5),
        ("", "", 2, 10),
        ("10m", "", 1, 10),
        ("10m", "1h", 1, 60),
        ("", "what", 1, 5),
        ("", "", 10**30, 720),
    ],
)
def test_steps_fit_the_width_and_are_never_shorter_than_what_is_written(
    panel_interval: str, interval: str, factor: int, minutes: int
) -> None:
    window = Window(NOW - timedelta(hours=6), NOW)
    (one,) = dashboard(panel(1, "up", interval=panel_interval)).panels
    target = Target("A", "up", interval=interval, factor=factor)
    assert step_of(one, target, window, COLUMNS, {}) == timedelta(minutes=minutes)


@pytest.mark.parametrize(("most", "minutes"), [(100, 5), (36, 10), ("12", 30), (None, 5), ("x", 5)])
def test_a_panel_asks_for_no_more_points_than_it_wants(most: object, minutes: int) -> None:
    window = Window(NOW - timedelta(hours=6), NOW)
    (one,) = dashboard(panel(1, "up", maxDataPoints=most)).panels
    assert step_of(one, one.targets[0], window, COLUMNS, {}) == timedelta(minutes=minutes)


async def test_panels_have_a_time_of_their_own() -> None:
    prometheus = FakePrometheus()
    own = panel(2, "a", timeFrom="1h", timeShift="1d")
    board = await filled(prometheus, own, panel(3, "b", timeFrom="nonsense"))
    state = board.panel("2")
    assert state.window == Window(NOW - timedelta(hours=25), NOW - timedelta(days=1))
    assert state.notes[:2] == ("last 1h", "1d earlier")
    assert board.panel("3").window == board.window
    assert board.panel("3").notes[0].startswith("its own time is left out")


async def test_one_bad_query_costs_its_panel_alone_and_is_told_with_its_place() -> None:
    prometheus = FakePrometheus()
    prometheus.wrong["sum(rate("] = 400, "1:10: parse error: unclosed left parenthesis"
    prometheus.tell("good", 1)
    board = await filled(
        prometheus, panel(2, "good", "sum(rate("), panel(3, "good"), panel(4, 'x{y="$what"}')
    )
    bad, good, unknown = (board.panel(key) for key in ("2", "3", "4"))
    assert names(bad) == ["good"]
    assert (bad.errors[0].ref, bad.errors[0].query) == ("B", "sum(rate(")
    assert getattr(bad.error, "position", None) == 9
    assert (good.error, names(good)) == (None, ["good"])
    assert str(unknown.error).startswith("Query A uses $what, which the dashboard does not have")
    assert not any("$what" in query for query in prometheus.queries)
    told = [(line.where, line.words) for line in report(board)]
    assert ("Panel 4", "query A: Query A uses $what, which the dashboard does not have") in told


async def test_numbers_of_another_hub_are_gone_as_soon_as_it_is_chosen() -> None:
    prometheus = hubs(HUB, "other")
    prometheus.tell(f'x{{n="{HUB}"}}', 7)
    prometheus.tell("up", 1)
    board = await filled(
        prometheus, panel(2, 'x{n="$hub"}', title="Of $hub"), panel(3, "up"),
        variables=[variable("hub")],
    )  # fmt: skip
    prometheus.wrong['x{n="other"}'] = 503, "it is down"
    await board.choose("hub", ["other"])
    assert (names(board.panel("2")), board.panel("2").asked) == ([], False)
    assert names(board.panel("3")) == ["up"]
    await board.fill()
    assert (names(board.panel("2")), board.panel("2").error is not None) == ([], True)
    assert board.panel("2").panel.title == "Of other"


async def test_what_was_known_stays_beside_an_error() -> None:
    prometheus = FakePrometheus()
    prometheus.tell("up", 1)
    board = await filled(prometheus, panel(2, "up"))
    prometheus.wrong["up"] = 503, "it is down"
    board.look("now-1h")
    await board.fill()
    state = board.panel("2")
    assert (names(state), state.error is not None) == (["up"], True)
    assert state.window == Window(NOW - timedelta(hours=6), NOW)


async def test_without_prometheus_each_panel_says_so() -> None:
    session = refusing(ConfigError("No Prometheus found"))
    board = Board(session, dashboard(panel(2, "up"), variables=[variable("hub")]))
    await board.fill()
    assert str(board.panel("2").error) == "No Prometheus found."
    assert board.variables[0].error is not None
