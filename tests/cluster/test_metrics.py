"""The numbers of the metrics pane from a real Prometheus, and from the real hub alone."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubtui.config import MetricsSource
from hubtui.model import counters
from hubtui.model.metric import Metric
from hubtui.model.points import Point
from hubtui.services.metrics import HUB, PROMETHEUS, MetricRow, Metrics
from hubtui.services.session import Session
from tests.cluster.clusters import Cluster
from tests.cluster.opened import session_of, until
from tests.testbed import Testbed
from tests.testbed.faults import FaultProxy, Match
from tests.testbed.prometheus import Prometheus
from tests.testbed.scraped import Target, scraped

OF_THE_HUB = (
    "running-servers", "active-24h", "active-7d", "active-30d", "spawn-failures",
    "hub-latency-p95", "hub-errors", "event-loop-lag",
)  # fmt: skip
NOWHERE = "hub/no-prometheus"


@asynccontextmanager
async def pane(kubeconfig: Path, named: str = "", **metrics: Any) -> AsyncIterator[Session]:
    """A session on which somebody looks at the metrics."""
    source = MetricsSource(prometheus=named, **metrics)
    async with session_of(kubeconfig, metrics=source) as session:
        session.metrics.start("test")
        yield session


async def shown(session: Session, metric: str, true: Callable[[MetricRow], object]) -> MetricRow:
    """The row of a metric, once it is as it should be."""
    found: list[MetricRow] = []

    def look() -> bool:
        session.metrics.update()
        row = session.metrics.row(metric)
        found[:] = [row] if row is not None and true(row) else []
        return bool(found)

    try:
        await until(look)
    except AssertionError:
        raise AssertionError(f"never as wanted: {session.metrics.row(metric)}") from None
    return found[0]


async def read(session: Session, metric: str) -> MetricRow:
    """The row of a metric after one look at all sources."""
    await session.metrics.fill()
    session.metrics.update()
    row = session.metrics.row(metric)
    assert row is not None
    return row


def asked(prometheus: Prometheus, promql: str, at: float) -> list[dict[str, Any]]:
    """The series of a query, computed at a moment."""
    query = {"query": promql, "time": f"{at:.3f}"}
    answer = httpx.get(f"{prometheus.url}/api/v1/query", params=query, timeout=10)
    found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]["result"]
    return found


def number(prometheus: Prometheus, promql: str, at: float) -> float:
    (one,) = asked(prometheus, promql, at)
    return float(one["value"][1])


def points(series: dict[str, Any]) -> list[Point]:
    return [(at, float(value)) for at, value in series["values"]]


async def test_prometheus_tells_the_hubs_numbers_with_their_past(
    prometheus: Prometheus, readonly_admin: Path
) -> None:
    # As long as between two samples of the shortest past that is looked at.
    prometheus.until("count_over_time(jupyterhub_running_servers[1m]) > 15")
    (told,) = prometheus.query("max(jupyterhub_running_servers)")
    async with session_of(readonly_admin) as session:
        session.metrics.look_back(timedelta(minutes=15))
        session.metrics.start("test")
        for metric in OF_THE_HUB:
            row = await shown(session, metric, lambda row: row.source == PROMETHEUS and row.points)
            assert row.value is not None or "in the last" in row.missing
            assert row.as_of is not None
        row = await shown(session, "running-servers", lambda row: row.value is not None)
        assert row.value == told[1]
        assert session.metrics.notes() == ()
        over = await session.metrics.over("running-servers", timedelta(minutes=15), 60)
        assert (over.step, len(over.series)) == (timedelta(seconds=15), 1)


async def test_without_prometheus_the_hub_itself_tells_rates_from_the_second_reading_on(
    cluster: Cluster, reads_all: Path
) -> None:
    async with session_of(reads_all, metrics=MetricsSource(prometheus=NOWHERE)) as session:
        latency = await read(session, "hub-latency-p95")
        assert "from the second reading of the hub's metrics on" in latency.missing
        assert f"names service {NOWHERE}, which is not there" in latency.missing
        running = session.metrics.row("running-servers")
        assert running is not None
        assert (running.source, running.missing) == (HUB, "")
        hub = await session.hub_link.open()
        for _ in range(5):
            await hub.users()
        latency = await read(session, "hub-latency-p95")
        assert (latency.source, latency.missing) == (HUB, "")
        assert latency.value is not None
        assert 0 < latency.value < 10
        assert [note.source for note in session.metrics.notes()] == [PROMETHEUS]


async def test_our_own_rates_and_quantiles_are_those_of_prometheus(prometheus: Prometheus) -> None:
    """Of the same samples: what Prometheus adds is extrapolation to the ends of its window, by one
    interval of scraping at either end at most."""
    counter = 'jupyterhub_request_duration_seconds_count{namespace="hub"}'
    buckets = 'jupyterhub_event_loop_interval_seconds_bucket{namespace="hub"}'
    prometheus.until(f"sum(increase({counter}[20s])) > 0")
    prometheus.until(f"count_over_time({buckets}[20s]) > 10")
    at, window = time.time(), "20s"
    for series in asked(prometheus, f"{counter}[{window}]", at):
        told = points(series)
        selector = _selector(series["metric"])
        if len(told) < 3:
            continue
        grown = counters.increase(told)
        theirs = number(prometheus, f"increase({selector}[{window}])", at)
        assert grown is not None
        span = told[-1][0] - told[0][0]
        assert grown <= theirs + 1e-6
        assert theirs <= grown * (span + 2 * span / (len(told) - 1)) / span + 1e-6
    ours: dict[float, float] = {}
    for series in asked(prometheus, f"{buckets}[{window}]", at):
        bound = float(series["metric"]["le"])
        ours[bound] = ours.get(bound, 0.0) + (counters.increase(points(series)) or 0.0)
    for part in (0.5, 0.95):
        theirs = number(
            prometheus,
            f"histogram_quantile({part}, sum by (le) (increase({buckets}[{window}])))",
            at,
        )
        assert counters.quantile(part, ours) == pytest.approx(theirs, rel=1e-6)


def _selector(labels: dict[str, str]) -> str:
    name = labels["__name__"]
    told = ",".join(f'{key}="{value}"' for key, value in labels.items() if key != "__name__")
    return f"{name}{{{told}}}"


async def test_the_users_own_question_stands_below_and_a_wrong_one_says_why(
    prometheus: Prometheus, readonly_admin: Path
) -> None:
    own = (
        Metric(
            id="scraped",
            title="Scraped",
            promql='sum by (job) (up{namespace="$namespace"})',
            by="job",
            worse="less",
            now=0,
        ),
        Metric(id="wrong", title="Wrong", promql="sum(up{"),
    )
    async with pane(readonly_admin, queries=own) as session:
        row = await shown(session, "scraped", lambda row: row.value)
        assert [part.label for part in row.parts] == ["kubernetes-service-endpoints"]
        wrong = await shown(session, "wrong", lambda row: "parse error" in row.missing)
        assert wrong.value is None
        assert [each.metric.id for each in session.metrics.rows()][-2:] == ["scraped", "wrong"]


async def test_a_slow_prometheus_keeps_nobody_waiting(
    prometheus: Prometheus, readonly_admin: Path, between: FaultProxy
) -> None:
    between.delay(Match(r"/query"), 10)
    async with pane(readonly_admin, between.url, ca_file=str(between.ca_file)) as session:
        row = await shown(session, "running-servers", lambda row: row.source == HUB)
        assert row.value is not None
        assert not any(seen.status for seen in between.requests if "/query" in seen.path)
        between.clear()
        await shown(session, "running-servers", lambda row: row.source == PROMETHEUS)


async def test_wrong_credentials_are_told_and_the_hub_tells_the_numbers(
    readonly_admin: Path, between: FaultProxy
) -> None:
    between.answer(Match(r"/api/v1/"), 401, body=b"no")
    async with pane(readonly_admin, between.url, ca_file=str(between.ca_file)) as session:
        await shown(session, "running-servers", lambda row: row.source == HUB)
        (note,) = session.metrics.notes()
        assert "does not accept the credentials" in note.reason
        gone = await shown(session, "placeholder-evictions", lambda row: row.missing)
        assert "does not accept the credentials" in gone.missing


async def test_a_window_ends_at_the_servers_now(readonly_admin: Path, between: FaultProxy) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=10)
    body = b'{"status": "success", "data": {"version": "2.42.0"}}'
    date = {"Date": format_datetime(ahead, usegmt=True)}
    between.answer(Match(r"/buildinfo$"), 200, body=body, headers=date)
    source = MetricsSource(prometheus=between.url, ca_file=str(between.ca_file))
    async with session_of(readonly_admin, metrics=source) as session:
        await session.ranges.over("up", timedelta(hours=1), 60)
        seen = await between.wait_for_request(Match(r"/query_range"))
        end = float(seen.query["end"])
        assert abs(end - ahead.timestamp()) < 60


async def test_a_range_is_asked_again_for_new_samples_alone(
    readonly_admin: Path, between: FaultProxy
) -> None:
    source = MetricsSource(prometheus=between.url, ca_file=str(between.ca_file))
    async with session_of(readonly_admin, metrics=source) as session:
        for _ in range(3):
            answer = await session.ranges.over("up", timedelta(hours=6), 60)
        assert answer.step == timedelta(minutes=5)
        assert len(_ranges(between)) in (1, 2)  # two where a step began in between
        for seen in _ranges(between)[1:]:
            assert float(seen["end"]) - float(seen["start"]) <= 600


async def test_nothing_is_asked_sooner_than_there_is_news(
    readonly_admin: Path, between: FaultProxy
) -> None:
    source = MetricsSource(prometheus=between.url, ca_file=str(between.ca_file))
    async with session_of(readonly_admin, metrics=source) as session:
        began = datetime.now(UTC)
        metrics = Metrics(session, now=lambda: began)
        for _ in range(3):
            await metrics.fill()
    now = [seen.query["query"] for seen in between.requests if seen.path.endswith("/query")]
    assert len(now) == len(set(now)) == len(metrics.all)
    past = Counter((seen["query"], seen["end"]) for seen in _ranges(between))
    assert past
    assert set(past.values()) == {1}


def _ranges(between: FaultProxy) -> Sequence[Any]:
    return [seen.query for seen in between.requests if seen.path.endswith("/query_range")]


async def test_each_source_says_whether_it_answers(
    prometheus: Prometheus, readonly_admin: Path
) -> None:
    prometheus.until("jupyterhub_running_servers")
    async with session_of(readonly_admin) as session:
        found = {state.id: state for state in await session.metric_sources.read()}
        assert found["prometheus"].answers
        assert any(fact.startswith("version 2.42") for fact in found["prometheus"].facts)
        assert (found["hub"].answers, found["hub-page"].answers) == (True, True)
        assert found["metrics-server"].answers


async def test_a_prometheus_that_the_hub_refuses_is_told_with_the_values_that_mend_it(
    testbed: Testbed, prometheus: Prometheus, readonly_admin: Path
) -> None:
    labels = {"namespace": "hub", "component": "hub", "cluster": "k-without-a-token"}
    hub = f"127.0.0.1:{testbed.site.port('hub')}"
    target = Target(hub, "k-hub", "k-hub", labels, "/hub/metrics")
    source = MetricsSource(matchers={"cluster": "k-without-a-token"})
    with scraped(prometheus.targets, [target]):
        prometheus.until(f"up{target.selector} == 0")
        async with session_of(readonly_admin, metrics=source) as session:
            found = {state.id: state for state in await session.metric_sources.read()}
            hub_metrics = await read(session, "running-servers")
    assert found["hub"].answers is False
    assert "asks the hub in vain: " in found["hub"].missing
    assert "403" in found["hub"].missing
    assert found["hub"].lines[1].startswith("  authenticatePrometheus: false")
    assert hub_metrics.source == HUB
