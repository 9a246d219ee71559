"""Dashboards that run on the real Prometheus: those of jupyterhub/grafana-dashboards, and old ones.

What it remembers is two hours of two hubs, as the hub, kube-state-metrics and cAdvisor tell them.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubtui.clients.prometheus import QueryError
from hubtui.config import MetricsSource
from hubtui.model.dashboard import Dashboard
from hubtui.model.dashboard_reading import read
from hubtui.services.board import Board
from hubtui.services.board_panels import MOST_LINES, PanelState
from hubtui.services.dashboards import LABEL, Source
from hubtui.services.import_report import report
from hubtui.services.ranges import MOST_SERIES
from hubtui.services.session import Session
from tests import no_skips
from tests.cluster.opened import session_of, until
from tests.cluster.remembered import HOME, remembered_of
from tests.testbed import MissingToolError, Testbed
from tests.testbed.prometheus import Prometheus, alone
from tests.testbed.users import NAMESPACE

DASHBOARDS = Path(__file__).parent.parent / "dashboards"
RUNNING = (
    "activity", "cluster", "group", "homedirs", "jupyterhub", "support", "usage-report", "user",
    "panels-of-2020", "rows-of-2018",
)  # fmt: skip
OTHER = "staging.2"
MANY = 10_000
LONG, LONG_LABEL = 800, "x" * 25_000


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A real Prometheus that remembers them, and two metrics of more series than one looks at."""
    now = datetime.now(UTC)
    lately = [now - timedelta(minutes=minutes) for minutes in (6, 3, 0)]
    past = [*remembered_of(NAMESPACE, 3, now), *remembered_of(OTHER, 2, now)]
    past += [
        ({"__name__": "many", "pod": f"p{n}"}, [(at, n) for at in lately]) for n in range(MANY)
    ]
    past += [
        ({"__name__": "long", "pod": f"p{n}", "text": LONG_LABEL}, [(at, n) for at in lately[1:2]])
        for n in range(LONG)
    ]
    try:
        with alone(tmp_path_factory.mktemp("hubs"), past) as found:
            yield found
    except MissingToolError as error:
        no_skips.missing(error)


@asynccontextmanager
async def looking(kubeconfig: Path, prometheus: Prometheus) -> AsyncIterator[Session]:
    metrics = MetricsSource(prometheus=prometheus.url)
    async with session_of(kubeconfig, namespace=NAMESPACE, metrics=metrics) as session:
        yield session


def shipped(name: str) -> Dashboard:
    return read((DASHBOARDS / f"{name}.json").read_bytes())


def one(*exprs: str, **more: Any) -> Dashboard:
    """A dashboard of one panel, number 1."""
    targets = [{"refId": "AB"[index], "expr": expr} for index, expr in enumerate(exprs)]
    panel = {"id": 1, "type": "timeseries", "title": "One", "targets": targets, **more}
    return read(json.dumps({"title": "T", "panels": [panel]}).encode())


def panels(board: Board) -> dict[str, PanelState]:
    """All panels by their titles."""
    keys = [each.key for section in board.sections for each in section.panels]
    states = [board.panel(key) for key in keys]
    return {state.panel.title: state for state in states}


def ranges_asked(prometheus: Prometheus) -> float:
    """How many queries over a time it has answered, as it counts them itself."""
    name = 'prometheus_http_requests_total{code="200",handler="/api/v1/query_range"}'
    lines = httpx.get(f"{prometheus.url}/metrics", timeout=10).text.splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(name)), 0.0)


def over(prometheus: Prometheus, query: str, state: PanelState) -> list[dict[str, Any]]:
    """What Prometheus says to the same question."""
    assert state.window is not None
    assert state.step is not None
    step = state.step.total_seconds()
    start, end = (t.timestamp() // step * step for t in (state.window.start, state.window.end))
    asked: dict[str, Any] = {"query": query, "start": start, "end": end, "step": step}
    answer = httpx.get(f"{prometheus.url}/api/v1/query_range", params=asked, timeout=10)
    found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]["result"]
    return found


async def test_all_dashboards_open_and_each_panel_has_numbers_or_says_why_not(
    hubs: Prometheus, readonly_admin: Path
) -> None:
    async with looking(readonly_admin, hubs) as session:
        for name in RUNNING:
            board = Board(session, shipped(name))
            await board.fill()
            for title, state in panels(board).items():
                assert state.asked, (name, title)
                assert state.error is None, (name, title)
                told = state.lines or state.notes or state.panel.notes or state.panel.content
                assert told or any(frame.length for frame in state.frames), (name, title)


async def test_the_jupyterhub_dashboard_shows_the_hub_that_is_open(
    hubs: Prometheus, readonly_admin: Path
) -> None:
    async with looking(readonly_admin, hubs) as session:
        board = Board(session, shipped("jupyterhub"))
        await board.fill()
        (hub,) = (each for each in board.variables if each.variable.name == "hub")
        assert hub.chosen.values == (NAMESPACE,)
        assert {each.value for each in hub.variable.options} == {NAMESPACE, OTHER}
        shown = panels(board)
        old = shown["Very old user pods"]
        assert old.frames[0].length == 3
        limits = shown["User pods with high memory usage (>80% of limit)"]
        (why,) = (note for note in limits.notes if "resource_limits_memory_bytes" in note)
        assert why.endswith('today it is kube_pod_container_resource_limits{resource="memory"}')
        latency = shown["Hub response latency"]
        assert "Prometheus has no jupyterhub_request_duration_seconds_bucket" in latency.notes[0]
        await board.choose("hub", [OTHER])
        await board.fill()
        assert panels(board)["Very old user pods"].frames[0].length == 2
        await board.choose("hub", [NAMESPACE, OTHER])
        await board.fill()
        assert panels(board)["Very old user pods"].frames[0].length == 5
        lines = {line.where for line in report(board)}
        assert "User pods with high memory usage (>80% of limit)" in lines


async def test_a_panel_has_the_numbers_that_prometheus_computes_for_its_steps(
    hubs: Prometheus, readonly_admin: Path
) -> None:
    query = 'sum(rate({}{{status="success"}}[$__rate_interval])) by (le)'
    metric = "jupyterhub_server_spawn_duration_seconds_bucket"
    asked = query.format(metric)
    async with looking(readonly_admin, hubs) as session:
        board = Board(
            session, one(f"histogram_quantile(0.9, {asked})", "jupyterhub_running_servers")
        )
        board.look("now-2h")
        await board.fill()
        state = board.panel("1")
        assert state.step == timedelta(minutes=1)
        filled = dict(state.queries)["A"]
        assert "[300s]" not in filled
        assert "[240s]" in filled
        (quantile, *servers) = state.lines
        (told,) = over(hubs, filled, state)
        assert quantile.points == tuple((at, float(value)) for at, value in told["values"])
        assert {line.labels["namespace"]: line.points[-1][1] for line in servers} == {
            NAMESPACE: 3, OTHER: 2
        }  # fmt: skip


async def test_home_directories_are_one_table_of_four_queries(
    hubs: Prometheus, readonly_admin: Path
) -> None:
    async with looking(readonly_admin, hubs) as session:
        board = Board(session, shipped("homedirs"))
        await board.fill()
        (state,) = panels(board).values()
        (table,) = state.frames
        directory, size = table.named("Directory"), table.named("Size")
        assert directory is not None
        assert size is not None
        assert dict(zip(directory.values, size.values, strict=True)) == {
            "ana": 3 * HOME, "ben": HOME
        }  # fmt: skip


async def test_a_bad_query_is_told_with_its_place_beside_a_good_one(
    hubs: Prometheus, readonly_admin: Path
) -> None:
    async with looking(readonly_admin, hubs) as session:
        board = Board(session, one("sum(rate(up[5m])", "jupyterhub_running_servers"))
        await board.fill()
        state = board.panel("1")
        assert len(state.lines) == 2
        (wrong,) = state.errors
        assert isinstance(wrong.error, QueryError)
        assert (wrong.ref, wrong.error.position) == ("A", len("sum(rate(up[5m])"))


@pytest.mark.parametrize(
    ("query", "kept", "words"),
    [
        ("many", MANY, f"{MOST_SERIES} of {MANY:,} series: narrow the query to see the others"),
        ("long", LONG, f"the {MOST_LINES} series that are highest at its end"),
    ],
)
async def test_more_series_than_can_be_looked_at_are_cut_and_told(
    hubs: Prometheus, readonly_admin: Path, query: str, kept: int, words: str
) -> None:
    async with looking(readonly_admin, hubs) as session:
        board = Board(session, one(query))
        board.look("now-15m")
        await board.fill()
        state = board.panel("1")
        assert state.error is None
        assert len(state.lines) == MOST_LINES
        assert any(note.startswith(words) for note in state.notes), state.notes
        if query == "long":
            highest = {line.labels["pod"] for line in state.lines}
            assert highest == {f"p{n}" for n in range(kept - MOST_LINES, kept)}


async def test_nothing_is_asked_again_before_its_step_nor_what_nobody_looks_at(
    hubs: Prometheus, readonly_admin: Path
) -> None:
    queries = ["jupyterhub_running_servers", "kube_pod_created"]
    panels = [
        {"id": number, "type": "timeseries", "title": query, "targets": [{"expr": query}]}
        for number, query in enumerate(queries, 1)
    ]
    shown = read(json.dumps({"title": "T", "panels": panels}).encode())
    five = timedelta(minutes=5).total_seconds()
    clock = [datetime.fromtimestamp(datetime.now(UTC).timestamp() // five * five, UTC)]
    async with looking(readonly_admin, hubs) as session:
        board = Board(session, shown, now=lambda: clock[0])
        before = ranges_asked(hubs)
        board.wanted(["1"])
        board.start("screen")
        await until(lambda: board.panel("1").lines)
        clock[0] += timedelta(minutes=1)
        board.look("now-6h")
        await until(lambda: board.panel("1").window == board.window)
        assert ranges_asked(hubs) == before + 1
        board.panel("1", 200)
        await until(lambda: board.panel("1").step == timedelta(minutes=1))
        assert ranges_asked(hubs) == before + 2
        assert not board.panel("2").asked
        await board.close()


async def test_config_maps_with_the_label_of_grafanas_sidecar_are_offered(
    hubs: Prometheus, readonly_admin: Path, viewer: Path, testbed: Testbed
) -> None:
    data = {
        "activity.json": (DASHBOARDS / "activity.json").read_text(),
        "cut.json": (DASHBOARDS / "cut.json").read_text(),
        "readme.txt": "x",
    }
    body = {
        "apiVersion": "v1", "kind": "ConfigMap", "data": data,
        "metadata": {"name": "n1-dashboards", "labels": {LABEL: "1"}},
    }  # fmt: skip
    path = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
    with testbed.api() as api:
        api.request("POST", path, body)
        try:
            for kubeconfig in (readonly_admin, viewer):
                async with looking(kubeconfig, hubs) as session:
                    offers = await session.dashboards.offers()
                    own = [each for each in offers.found if "n1-dashboards" in each.place]
                    assert [bool(each.fault) for each in own] == [False, True]
                    assert {each.source for each in own} == {Source.CLUSTER}
                    assert len(offers.notes) == (kubeconfig == viewer)
                    dashboard = await session.dashboards.open(own[0])
                    assert dashboard.title == shipped("activity").title
        finally:
            api.request("DELETE", f"{path}/n1-dashboards")
