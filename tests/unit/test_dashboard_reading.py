"""Dashboards as they are written: those of jupyterhub/grafana-dashboards, old ones, broken ones."""

import json
from math import inf
from pathlib import Path
from typing import Any

import pytest

from hubtui.errors import DecodeError
from hubtui.model.dashboard import ALL, AUTO, Dashboard, Format, Kind, Panel, VariableKind
from hubtui.model.dashboard_reading import MOST, read

WRITTEN = Path(__file__).parent.parent / "dashboards"
BOARDS = {
    "activity": ("Activity", [4]),
    "cluster": ("Cluster Information", [2, 4, 6]),
    "group": ("User Group Diagnostics Dashboard", [5]),
    "homedirs": ("Home Directory Usage Dashboard", [1]),
    "jupyterhub": ("JupyterHub Dashboard", [1, 3, 10, 3]),
    "support": ("NFS usage, NFS server, and Prometheus server diagnostics", [2, 4, 4]),
    "usage-report": ("Usage Report", [4]),
    "user": ("User Diagnostics Dashboard", [5]),
    "rows-of-2018": ("JupyterHub 2020", [4, 3, 1]),
    "panels-of-2020": ("Pods of 2020", [2, 1, 3]),
}


def shipped(name: str) -> Dashboard:
    return read((WRITTEN / f"{name}.json").read_bytes())


def written(*panels: Any, **more: Any) -> Dashboard:
    return read(json.dumps({"title": "T", "panels": panels, **more}).encode())


def one(**more: Any) -> Panel:
    """A dashboard's only panel."""
    targets = [{"expr": "up"}]
    return written({"id": 1, "type": "timeseries", "targets": targets, **more}).panels[0]


def titled(board: Dashboard, title: str) -> Panel:
    return next(panel for panel in board.panels if panel.title == title)


@pytest.mark.parametrize("name", BOARDS)
def test_every_row_and_panel_of_a_board_is_read(name: str) -> None:
    title, counts = BOARDS[name]
    board = shipped(name)
    assert (board.title, [len(each.panels) for each in board.sections]) == (title, counts)
    assert all(each.kind is not Kind.UNSUPPORTED or each.notes for each in board.panels)
    told = {where for where, _ in board.report()}
    assert told <= {"dashboard", "News"}  # annotations and a panel of news: told, not shown


def test_a_rendered_board_keeps_what_its_panels_say() -> None:
    board = shipped("jupyterhub")
    assert (board.uid, board.schema, board.start) == ("hub-dashboard", 39, "now-6h")
    kinds = [panel.kind for panel in board.panels]
    assert kinds.count(Kind.HEATMAP) == 5
    assert kinds.count(Kind.TABLE) == 3
    spawns = titled(board, "Server Start Times")
    assert (spawns.look.unit, spawns.buckets) == ("s", True)
    assert spawns.targets[0].format is Format.HEATMAP
    old = titled(board, "Very old user pods")
    assert old.targets[0].instant
    assert [each.id for each in old.transformations] == ["reduce", "sortBy", "organize"]
    assert titled(board, "Images used by user pods").stacked
    source, hub = board.variables
    assert source.kind is VariableKind.DATASOURCE
    assert (hub.multi, hub.include_all, hub.all_value) == (True, True, ".*")


def test_choices_of_a_custom_variable_have_words_and_values() -> None:
    board = shipped("support")
    shows = board.variables[1]
    assert [(each.text, each.value) for each in shows.options] == [("Show", "1"), ("Hide", "0")]
    assert [each.current for each in board.variables[1:]] == [("1",), ("0",), ("1",)]


def test_rows_with_spans_stand_side_by_side() -> None:
    now, usage, nodes = shipped("rows-of-2018").sections
    assert [(each.grid.x, each.grid.width) for each in now.panels] == [
        (0, 6), (6, 6), (12, 6), (18, 6),
    ]  # fmt: skip
    first, second, wide = usage.panels
    assert first.grid.y == second.grid.y < wide.grid.y
    assert (wide.grid.x, wide.grid.width) == (0, 24)
    assert nodes.collapsed


def test_panels_of_2018_are_what_they_are_called_today() -> None:
    board = shipped("rows-of-2018")
    servers, gauge = titled(board, "Running servers"), titled(board, "Nodes in use")
    assert (servers.kind, servers.calculations) == (Kind.STAT, ("lastNotNull",))
    assert servers.look.mapped(None) == "N/A"
    assert gauge.kind is Kind.GAUGE
    assert [gauge.look.colour_of(value) for value in (10, 70, 95)] == [
        "#299c46", "rgba(237, 129, 40, 0.89)", "#d44a3a",
    ]  # fmt: skip
    assert titled(board, "Who to ask").content.startswith("## On call")
    requests = titled(board, "Requests by code")
    assert (requests.kind, requests.look.unit, requests.stacked) == (Kind.TIMESERIES, "reqps", True)
    assert requests.legend_calculations == ("max", "lastNotNull")
    assert titled(board, "CPU by node").kind is Kind.BARGAUGE
    assert requests.targets[0].factor == 2
    interval = board.variables[2]
    assert interval.current == (AUTO,)
    assert [each.value for each in interval.options] == [AUTO, "5m", "1h"]
    assert board.variables[1].current == (ALL,)


def test_an_old_table_keeps_its_styles() -> None:
    pods = titled(shipped("panels-of-2020"), "Pods")
    assert pods.look_of("Time").hidden
    memory = pods.look_of("Value #A", "A")
    assert (memory.name, memory.unit, memory.decimals) == ("Memory", "bytes", 1)
    assert pods.look_of("anything").unit == "short"
    assert pods.sort == (("3", True),)
    assert [each.id for each in pods.transformations] == ["merge"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cut", "no JSON"),
        ("no-dashboard", "neither panels nor rows"),
        ("schema-v2", "schema v2"),
    ],
)
def test_what_is_no_dashboard_is_told(name: str, words: str) -> None:
    with pytest.raises(DecodeError, match=words) as raised:
        shipped(name)
    assert raised.value.remedy


@pytest.mark.parametrize(
    "document", [b"", b"null", b"[]", b"7", b'"x"', b"\xff\xfe", b"[" * 50_000, b" " * (MOST + 1)]
)
def test_any_other_document_is_told_too(document: bytes) -> None:
    with pytest.raises(DecodeError):
        read(document)


def test_broken_parts_cost_only_themselves() -> None:
    board = shipped("broken-panels")
    assert [panel.kind for panel in board.panels].count(Kind.UNSUPPORTED) == 1
    assert titled(board, "Broken").grid.width == 24
    assert titled(board, "esc \\x1b[31m").transformations[0].id == "heatmap"
    assert ("Elsewhere", "query A asks loki, not Prometheus") in board.report()
    assert [each.kind for each in board.variables] == [VariableKind.QUERY, VariableKind.UNSUPPORTED]


@pytest.mark.parametrize("wrap", ["dashboard", "spec"])
def test_what_an_api_wraps_is_unwrapped(wrap: str) -> None:
    inner = {"title": "Inner", "panels": []}
    found = read(json.dumps({"apiVersion": "v1", "meta": {}, wrap: inner}).encode())
    assert found.title == "Inner"


def test_collapsed_rows_hold_their_panels_and_others_are_followed_by_them() -> None:
    def panel(number: int, y: int) -> dict[str, Any]:
        return {"id": number, "type": "stat", "gridPos": {"y": y}}

    closed = {"type": "row", "title": "Closed", "collapsed": True, "gridPos": {"y": 5}}
    board = written(
        panel(3, 9),
        {**closed, "panels": [panel(2, 6)]},
        {"type": "row", "title": "Open", "gridPos": {"y": 8}},
        panel(1, 0),
    )
    assert [(each.title, [panel.id for panel in each.panels]) for each in board.sections] == [
        ("", [1]), ("Closed", [2]), ("Open", [3]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("target", "note"),
    [
        ({"expr": "up", "datasource": {"type": "loki", "uid": "l"}}, "query A asks loki"),
        ({"expr": "up", "datasource": "-- Dashboard --"}, "the result of another panel"),
        ({"type": "math", "expression": "$A * 2"}, "a server-side expression"),
        ({"refId": "C"}, "query C is empty"),
    ],
)
def test_a_query_for_somebody_else_is_told(target: dict[str, Any], note: str) -> None:
    panel = one(targets=[target])
    assert panel.targets == ()
    assert note in panel.notes[0]


@pytest.mark.parametrize(
    ("matcher", "name", "ref", "is_other"),
    [
        ({"id": "byName", "options": "a"}, "a", "A", True),
        ({"id": "byName", "options": "a"}, "ab", "A", False),
        ({"id": "byRegexp", "options": "/^lim/"}, "limit", "A", True),
        ({"id": "byRegexp", "options": "("}, "(", "A", False),
        ({"id": "byFrameRefID", "options": "B"}, "x", "B", True),
        ({"id": "byFrameRefID", "options": "B"}, "x", "A", False),
    ],
)
def test_an_override_is_for_the_fields_that_it_names(
    matcher: dict[str, str], name: str, ref: str, is_other: bool
) -> None:
    override = {"matcher": matcher, "properties": [{"id": "unit", "value": "bytes"}]}
    panel = one(fieldConfig={"defaults": {"unit": "s"}, "overrides": [override]})
    assert panel.look_of(name, ref).unit == ("bytes" if is_other else "s")


def test_an_override_that_is_not_known_is_told() -> None:
    override = {"matcher": {"id": "byType", "options": "number"}, "properties": []}
    panel = one(fieldConfig={"overrides": [override]})
    assert panel.notes == ("an override for fields byType is left out",)


@pytest.mark.parametrize(
    ("value", "words"),
    [(1.0, "up"), (0.0, "down"), (7.0, "some"), (11.0, ""), (None, "nothing"), (float("nan"), "?")],
)
def test_texts_stand_for_values(value: float | None, words: str) -> None:
    maps = [
        {"type": "value", "options": {"1": {"text": "up"}, "0": {"text": "down"}}},
        {"type": "range", "options": {"from": 5, "to": 10, "result": {"text": "some"}}},
        {"type": "special", "options": {"match": "null", "result": {"text": "nothing"}}},
        {"type": "special", "options": {"match": "nan", "result": {"text": "?"}}},
    ]
    assert one(fieldConfig={"defaults": {"mappings": maps}}).look.mapped(value) == words


def test_thresholds_can_be_shares_of_the_limits() -> None:
    steps = [{"color": "green", "value": None}, {"color": "red", "value": 50}]
    thresholds = {"mode": "percentage", "steps": steps}
    look = one(fieldConfig={"defaults": {"min": 0, "max": 10, "thresholds": thresholds}}).look
    assert (look.colour_of(4), look.colour_of(6)) == ("green", "red")


@pytest.mark.parametrize(
    ("custom", "limited", "right"),
    [
        ({}, False, False),
        ({"thresholdsStyle": {"mode": "off"}, "axisPlacement": "auto"}, False, False),
        ({"thresholdsStyle": {"mode": "dashed+area"}, "axisPlacement": "right"}, True, True),
    ],
)
def test_lines_at_thresholds_and_axes_are_as_the_panel_says(
    custom: dict[str, Any], limited: bool, right: bool
) -> None:
    look = one(fieldConfig={"defaults": {"custom": custom}}).look
    assert (look.limited, look.right) == (limited, right)


def test_a_graph_of_2020_has_its_thresholds_and_a_right_axis() -> None:
    panel = one(
        type="graph",
        yaxes=[{"format": "short"}, {"format": "bytes", "decimals": 1}],
        thresholds=[
            {"value": 90, "colorMode": "critical"},
            {"value": 70, "colorMode": "custom", "lineColor": "#EAB839"},
        ],
        seriesOverrides=[{"alias": "/^mem/", "yaxis": 2}, {"alias": "old", "hiddenSeries": True}],
    )
    assert [(each.value, each.colour) for each in panel.look.limits] == [
        (70, "#EAB839"), (90, "red"),
    ]  # fmt: skip
    assert panel.look.limited
    memory = panel.look_of("mem of a")
    assert (memory.unit, memory.decimals, memory.right) == ("bytes", 1, True)
    assert panel.look_of("old").hidden
    assert not panel.look_of("cpu").right


@pytest.mark.parametrize(
    ("panel", "words"),
    [
        ({"fieldConfig": {"defaults": {"custom": {"scaleDistribution": {"type": "log"}}}}},
         "logarithmic"),
        ({"type": "graph", "yaxes": [{"logBase": 10}]}, "logarithmic"),
        ({"type": "graph", "nullPointMode": "null as zero"}, "gaps are zeroes"),
        ({"type": "graph", "seriesOverrides": [{"alias": "a", "transform": "negative-Y"}]},
         "upside down"),
        ({"fieldConfig": {"defaults": {"custom": {"stacking": {"mode": "percent"}}}}},
         "shares of the whole"),
        ({"fieldConfig": {"defaults": {"mappings": [{"type": "regex"}]}}}, "patterns"),
        ({"options": {"reduceOptions": {"values": True}}}, "every value"),
        ({"options": {"legend": {"calcs": ["p99"]}}}, "for the calculation 'p99'"),
    ],
)  # fmt: skip
def test_what_is_drawn_in_another_way_is_told(panel: dict[str, Any], words: str) -> None:
    (note,) = one(**panel).notes
    assert words in note


def test_thresholds_of_unknown_limits_colour_nothing() -> None:
    steps = [{"color": "green", "value": None}, {"color": "red", "value": 50}]
    thresholds = {"mode": "percentage", "steps": steps}
    look = one(fieldConfig={"defaults": {"thresholds": thresholds}}).look
    assert look.colour_of(2**30) == ""


def test_copies_that_were_saved_along_are_made_anew() -> None:
    panels: list[dict[str, Any]] = [
        {"id": 1, "type": "row", "title": "Hubs", "repeat": "hub"},
        {"id": 2, "type": "stat", "title": "Servers"},
        {"id": 3, "type": "row", "title": "Hubs", "repeatPanelId": 1},
        {"id": 4, "type": "stat", "title": "Servers", "repeatPanelId": 2, "repeatedByRow": True},
    ]
    for place, each in enumerate(panels):
        each["gridPos"] = {"x": 0, "y": place, "w": 24, "h": 1}
    board = read(json.dumps({"title": "T", "timezone": "utc", "panels": panels}).encode())
    assert [(each.title, len(each.panels)) for each in board.sections] == [("Hubs", 1)]
    assert board.utc


@pytest.mark.parametrize(
    ("written", "bridged"),
    [
        ({"fieldConfig": {"defaults": {"custom": {"spanNulls": True}}}}, inf),
        ({"fieldConfig": {"defaults": {"custom": {"spanNulls": 3_600_000}}}}, 3600.0),
        ({"fieldConfig": {"defaults": {"custom": {"spanNulls": False}}}}, 0.0),
        ({"type": "graph", "nullPointMode": "connected"}, inf),
        ({"type": "graph", "nullPointMode": "null"}, 0.0),
        (
            {"type": "graph", "seriesOverrides": [{"alias": "a", "nullPointMode": "connected"}]},
            inf,
        ),
    ],
)
def test_over_how_long_a_gap_a_line_goes_on(written: dict[str, Any], bridged: float) -> None:
    document = {"title": "T", "panels": [{"id": 1, "type": "timeseries", "title": "P", **written}]}
    (panel,) = read(json.dumps(document).encode()).panels
    assert panel.look_of("a").bridged == bridged
