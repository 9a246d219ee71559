"""What a dashboard that runs asks for, over which time, and what becomes of the answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from hubtui.errors import UsageError
from hubtui.model.query_steps import Window
from hubtui.services import board_panels
from hubtui.services.board import AT_ONCE, LAYOUT, Board
from hubtui.views.board import BoardView
from tests.boards import (
    NAMESPACES,
    dashboard,
    filled,
    hubs,
    names,
    panel,
    running,
    variable,
)
from tests.cluster.opened import until
from tests.fake_prometheus import HUB, NOW, FakePrometheus


async def test_only_panels_that_are_looked_at_are_asked_four_at_a_time() -> None:
    prometheus = FakePrometheus()
    prometheus.wait.clear()
    board = running(prometheus, dashboard(*(panel(n, f"q{n}") for n in range(1, 9))))
    board.wanted([str(n) for n in range(1, 7)])
    board.start("screen")
    await until(lambda: prometheus.under_way == AT_ONCE)
    prometheus.wait.set()
    await until(lambda: all(board.panel(str(n)).asked for n in range(1, 7)))
    assert prometheus.most == AT_ONCE
    assert set(prometheus.queries) == {f"q{n}" for n in range(1, 7)}
    assert board.update() >= {"1", "6"}
    board.wanted(["7"])
    await until(lambda: board.panel("7").asked)
    assert set(prometheus.queries) == {f"q{n}" for n in range(1, 8)}
    await board.close()


async def test_another_width_asks_again_but_for_numbers_of_now() -> None:
    prometheus = FakePrometheus()
    now = {"expr": "now", "instant": True}
    board = await filled(prometheus, panel(2, "over"), panel(3, now))
    prometheus.asked.clear()
    for key in ("2", "3"):
        board.panel(key, 200)
    board.wanted(["2", "3"])
    board.start()
    await until(lambda: board.panel("2").step == timedelta(minutes=1))
    assert prometheus.queries == ["over"]
    await board.close()


async def test_what_is_under_way_when_the_time_changes_is_dropped() -> None:
    prometheus = FakePrometheus()
    board = running(prometheus, dashboard(panel(2, "up")))
    prometheus.wait.clear()
    board.wanted(["2"])
    board.start()
    await until(lambda: prometheus.under_way == 1)
    board.look("now-1h")
    await until(lambda: len(prometheus.queries) == 2)
    prometheus.wait.set()
    await until(lambda: board.panel("2").asked)
    assert board.panel("2").window == Window(NOW - timedelta(hours=1), NOW)
    await board.close()


async def test_the_time_is_shifted_and_zoomed_and_goes_on_where_it_reaches_up_to_now() -> None:
    board = running(FakePrometheus(), dashboard(panel(2, "up")))
    board.zoom(0.5)
    assert (board.time, board.relative) == (("now-10800s", "now"), True)
    board.shift(-0.5)
    assert not board.relative
    assert board.window.end == NOW - timedelta(minutes=90)
    board.zoom(0.5, around=board.window.start)
    assert board.window.start == NOW - timedelta(hours=4, minutes=30)
    assert board.window.length == timedelta(minutes=90)
    board.shift(10)
    assert board.time == ("now-5400s", "now")
    with pytest.raises(UsageError, match="is not before"):
        board.look("now", "now-1h")
    strange = running(FakePrometheus(), dashboard(time={"from": "when?", "to": "now"}))
    assert strange.time == ("now-6h", "now")
    assert "left out" in strange.notes[0]


async def test_the_time_is_that_of_the_clock_of_prometheus() -> None:
    prometheus = FakePrometheus()
    ahead = datetime.now(UTC) + timedelta(minutes=10)
    prometheus.headers["date"] = format_datetime(ahead, usegmt=True)
    session = prometheus.session
    await (await session.prometheus.open()).version()
    board = Board(session, dashboard(panel(2, "up")), now=lambda: NOW)
    await board.fill()
    assert abs(board.window.end - NOW - timedelta(minutes=10)) < timedelta(seconds=5)


async def test_rows_and_panels_stand_once_for_each_value() -> None:
    prometheus = hubs("a", "b", "c")
    many = variable("ns", multi=True, includeAll=True, current={"value": ["a", "b"]})
    row = {"id": 1, "type": "row", "title": "Hub $ns", "repeat": "ns", "gridPos": {"y": 0}}
    board = await filled(prometheus, row, panel(2, 'm{n="$ns"}'), variables=[many])
    assert [section.title for section in board.sections] == ["Hub a", "Hub b"]
    assert set(prometheus.queries) == {'m{n="a"}', 'm{n="b"}'}
    keys = [each.key for section in board.sections for each in section.panels]
    assert keys == ["2/ns=a", "2/ns=b"]
    board.update()
    await board.choose("ns", ["c"])
    assert [section.title for section in board.sections] == ["Hub c"]
    assert LAYOUT in board.update()


async def test_tables_have_rows_and_heatmaps_have_buckets() -> None:
    prometheus = FakePrometheus()
    prometheus.tell("pods", 3, pod="b")
    prometheus.tell("pods", 4, pod="a")
    for limit, count in (("+Inf", 9), ("1", 5), ("0.5", 2)):
        prometheus.tell("_bucket", count, le=limit)
    now = {"expr": "pods", "instant": True, "format": "table"}
    board = await filled(
        prometheus,
        panel(2, now, type="table"),
        panel(3, {"expr": "_bucket", "format": "heatmap"}, type="heatmap"),
        panel(4, {"expr": "pods", "format": "table"}, type="table"),
    )
    (table,) = board.panel("2").frames
    assert [(field.name, field.values) for field in table.fields[1:]] == [
        ("pod", ("b", "a")), ("Value", (3.0, 4.0))
    ]  # fmt: skip
    buckets = [(line.name, line.points[0][1]) for line in board.panel("3").lines]
    assert buckets == [("0.5", 2), ("1", 3), ("+Inf", 4)]
    assert board.panel("4").frames[0].length == 2 * 73


async def test_hidden_queries_are_not_asked_and_transformations_are_done() -> None:
    prometheus = FakePrometheus()
    for letter, value in (("a", 1.0), ("b", 2.0)):
        prometheus.tell(letter, value, dir="x")
    queries = [
        {"expr": "a", "instant": True, "format": "table"},
        {"expr": "b", "instant": True, "format": "table"},
        {"expr": "c", "hide": True},
    ]
    steps = [
        {"id": "joinByField", "options": {"byField": "dir", "mode": "outer"}},
        {"id": "organize", "options": {"renameByName": {"Value #A": "Size"}}},
        {"id": "spatial", "options": {}},
    ]
    board = await filled(prometheus, panel(2, *queries, type="table", transformations=steps))
    assert prometheus.queries == ["a", "b"]
    (joined,) = board.panel("2").frames
    size = joined.named("Size")
    assert size is not None
    assert size.values == (1.0,)
    assert board.panel("2").notes == ("the transformation 'spatial' is left out",)


async def test_what_cannot_be_read_whole_is_cut_to_its_highest_series(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hubtui.clients.prometheus.MAX_BODY", 50_000)
    prometheus = FakePrometheus()
    for number in range(60):
        prometheus.series.setdefault("many", []).append(({"pod": f"{number}"}, number))
    prometheus.tell("topk(100", 59, pod="59")
    board = await filled(prometheus, panel(2, "many"))
    monkeypatch.undo()
    narrowed = prometheus.queries[-1]
    assert narrowed.startswith("(many) and topk(100, last_over_time((many)[300s:300s] @ end()))")
    state = board.panel("2")
    assert (names(state), state.error) == (['{pod="59"}'], None)
    assert "all are too many to be read" in state.notes[0]


async def test_a_panel_keeps_the_highest_lines_that_a_terminal_can_tell_apart() -> None:
    prometheus = FakePrometheus()
    most = board_panels.MOST_LINES
    for number in range(most + 50):
        prometheus.tell("memory", number, pod=str(number))
    board = await filled(prometheus, panel(2, {"expr": "memory", "legendFormat": "{{pod}}"}))
    state = board.panel("2")
    assert names(state) == [str(number) for number in range(50, most + 50)]
    assert state.notes == (f"the highest {most} of {most + 50} series",)


async def test_a_plot_beside_the_board_has_its_own_time_not_that_of_the_panel() -> None:
    prometheus = FakePrometheus()
    prometheus.tell("up", 1)
    board = await filled(prometheus, panel(2, "up", timeFrom="1h"))
    assert board.panel("2").window == Window(NOW - timedelta(hours=1), NOW)
    wide = Window(NOW - timedelta(days=7), NOW)
    assert (await board.over("2", wide, 100)).window == wide


async def test_values_of_a_variable_are_those_of_the_time_that_is_looked_at() -> None:
    prometheus = hubs(HUB)
    board = await filled(prometheus, panel(2, "up"), variables=[variable("hub")])
    path = "/api/v1/label/namespace/values"
    asked = next(each.given for each in prometheus.asked if each.path.endswith(path))
    window = board.window
    told = (float(asked["start"]), float(asked["end"]))
    assert told == pytest.approx((window.start.timestamp(), window.end.timestamp()))


async def test_with_another_time_those_variables_are_asked_anew_that_say_so() -> None:
    prometheus = hubs("a")
    once = variable("other", query="label_values(pods, user)", refresh=1)
    board = await filled(
        prometheus, panel(2, 'up{hub="$hub"}', repeat="hub"),
        variables=[variable("hub", refresh=2, multi=True, includeAll=True), once],
    )  # fmt: skip
    prometheus.asked.clear()
    prometheus.labels[NAMESPACES] = ["a", "b"]
    board.look("now-7d")
    await board.fill()
    assert len([each for each in prometheus.asked if each.matches == ("pods",)]) == 0
    assert prometheus.queries[-2:] == ['up{hub="a"}', 'up{hub="b"}']
    asked = len(prometheus.asked)
    await board.fill()
    assert [each for each in prometheus.asked[asked:] if each.matches] == []


async def test_panels_of_other_values_are_there_before_they_are_drawn() -> None:
    prometheus = hubs("a", "b")
    many = variable("hub", multi=True, includeAll=True)
    board = await filled(prometheus, panel(2, "up", repeat="hub"), variables=[many])
    view = BoardView(board)
    view.resize(100, 40)
    await board.choose("hub", ["a"])
    view.update()
    (alone,) = (each.key for each in view.items if not each.is_row)
    await board.choose("hub", ["b"])
    view.look_at(0, 40)
    assert view.lines(0, 40, alone, NOW)
    assert view.state(alone) is None
    (other,) = (each.key for each in view.items if not each.is_row)
    assert view.state(other) is not None
