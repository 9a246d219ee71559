"""The questions of metrics.toml, to a real Prometheus that remembers what exporters told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from hubtui.config import MetricsSource
from hubtui.model.podstate import Severity
from hubtui.services.discovery import Hub
from hubtui.services.doctor_finding import Verdict
from hubtui.services.doctor_metrics import findings
from hubtui.services.metrics import HUB, PROMETHEUS, MetricRow
from hubtui.services.metrics_known import PODS, USAGE
from hubtui.services.session import Session
from tests.cluster.opened import session_of
from tests.testbed.history import Past
from tests.testbed.prometheus import Prometheus

MINUTE = timedelta(minutes=1)
LONG = 130
"""Minutes that are remembered."""

Value = Callable[[int], float | None]
"""By minutes before now; None is a gap."""

Told = tuple[dict[str, str], list[tuple[datetime, float]]]

SPAWN = "jupyterhub_server_spawn_duration_seconds"
REQUEST = "jupyterhub_request_duration_seconds"


def told(metric: str, value: float | Value, **labels: str) -> Told:
    """A series of the hub's namespace, each minute."""
    now = datetime.now(UTC).replace(microsecond=0)
    of: Value = value if callable(value) else lambda _: value
    values = [(now - back * MINUTE, of(back)) for back in range(LONG, -1, -1)]
    points = [(at, float(each)) for at, each in values if each is not None]
    return {"__name__": metric, "namespace": "hub", **labels}, points


def since(minutes: int, value: float = 1) -> Value:
    return lambda back: value if back <= minutes else None


def until(minutes: int, value: float = 1) -> Value:
    return lambda back: value if back >= minutes else None


def rises(each_minute: float, start: int = LONG) -> Value:
    """A counter that grows, from so many minutes ago on."""
    return lambda back: max(0.0, (start - back) * each_minute)


def begins_anew(each_minute: float, minutes: int) -> Value:
    """A counter whose process restarted so many minutes ago."""
    return lambda back: (minutes - back) % LONG * each_minute


def of_pods() -> Iterator[Told]:
    """As kube-state-metrics 2 tells them, twice: one that was replaced is still remembered."""
    nodes = {"jupyter-a": "n1", "jupyter-b": "n1", "jupyter-c": "n1", "jupyter-d": "n2"}
    for instance in ("ksm-0", "ksm-1"):
        for pod, node in (*nodes.items(), ("jupyter-late", "n2")):
            info = {"pod": pod, "node": node, "uid": pod, "instance": instance}
            yield told("kube_pod_info", 1, **info)
            for phase in ("Running", "Pending"):
                there = (phase == "Pending") is (pod == "jupyter-late")
                yield told("kube_pod_status_phase", there, pod=pod, phase=phase, instance=instance)
    placeholder = "user-placeholder-0"
    yield told("kube_pod_info", until(20), pod=placeholder, node="n1", uid="first")
    yield told("kube_pod_info", since(19), pod=placeholder, node="n2", uid="second")
    yield told("kube_pod_info", 1, pod="user-placeholder-1", node="n2", uid="third")
    # It waited for a node: it has one since, and is the same one.
    yield told("kube_pod_info", until(10), pod="user-placeholder-2", node="", uid="fourth")
    yield told("kube_pod_info", since(9), pod="user-placeholder-2", node="n2", uid="fourth")


def of_the_hub() -> Iterator[Told]:
    """As JupyterHub 5 counts, scraped by way of its pod; it restarted half an hour ago."""
    yield told("jupyterhub_running_servers", lambda back: 55 if back < 30 else 40)
    yield told("jupyterhub_active_users", 120, period="24h")
    yield told(f"{SPAWN}_count", rises(1, 10), status="failure")
    yield told(f"{SPAWN}_count", rises(0.5, 10), status="throttled")
    # As JupyterHub 6 counts: a first failure of its kind, and who asked twice.
    yield told(f"{SPAWN}_count", since(5), status="failure", reason="error")
    yield told(f"{SPAWN}_count", rises(1, 10), status="failure", reason="already-pending")
    yield told(f"{SPAWN}_count", rises(3), status="success")
    for bound, part in (("30.0", 0.0), ("60.0", 0.9), ("300.0", 1.0), ("+Inf", 1.0)):
        yield told(f"{SPAWN}_bucket", rises(3 * part), status="success", le=bound)
    for code, part in (("200", 95.0), ("503", 5.0)):
        yield told(f"{REQUEST}_count", begins_anew(part, 30), code=code)
    memory = {"pod": "hub-6c7d-x2", "container": "hub"}
    yield told("container_memory_working_set_bytes", 3e9, **memory)
    yield told("container_memory_working_set_bytes", 9e9, pod="hubble-1", container="hubble")
    yield told("container_cpu_usage_seconds_total", rises(0.9 * 60), **memory)


def of_the_disk() -> Iterator[Told]:
    labels = {"component": "shared-volume-metrics", "mountpoint": "/shared-volume"}
    yield told("node_filesystem_size_bytes", 100e9, **labels)
    yield told("node_filesystem_avail_bytes", 15e9, **labels)


@pytest.fixture
def remembers(remembering: Callable[[Past], Prometheus]) -> Prometheus:
    return remembering([*of_pods(), *of_the_hub(), *of_the_disk()])


async def rows_of(session: Session) -> dict[str, MetricRow]:
    await session.metrics.fill()
    session.metrics.update()
    return {row.metric.id: row for row in session.metrics.rows()}


async def test_each_question_is_answered_with_what_is_worst(
    readonly_admin: Path, remembers: Prometheus
) -> None:
    source = MetricsSource(prometheus=remembers.url)
    async with session_of(readonly_admin, metrics=source) as session:
        rows = await rows_of(session)
    running = rows["running-servers"]
    assert (running.value, running.before, running.source) == (55, 40, PROMETHEUS)
    assert len(running.points) == 61
    nodes = rows["users-per-node"]
    assert [(part.label, part.value) for part in nodes.parts] == [("n1", 3), ("n2", 1)]
    assert rows["placeholder-evictions"].value == 1
    assert rows["nfs-free"].value == pytest.approx(0.15)
    assert rows["nfs-free"].severity is Severity.SOON
    failures = rows["spawn-failures"]
    assert [part.label for part in failures.parts] == ["failure", "throttled", "error"]
    assert failures.parts[-1].value == 1
    assert failures.value == pytest.approx(10, rel=0.2)
    assert failures.severity is Severity.NOW
    assert rows["spawn-p50"].value == pytest.approx(30 + 30 * 0.5 / 0.9, rel=0.01)
    assert rows["spawn-p95"].value == pytest.approx(180, rel=0.01)
    assert rows["hub-errors"].value == pytest.approx(0.05)
    assert rows["hub-memory"].value == 3e9
    assert rows["hub-cpu"].value == pytest.approx(0.9, rel=0.02)
    assert rows["hub-cpu"].severity is Severity.SOON
    assert all("error" not in row.missing for row in rows.values())


async def test_what_prometheus_does_not_have_others_tell_or_the_cure_is_told(
    readonly_admin: Path, remembering: Callable[[Past], Prometheus]
) -> None:
    source = MetricsSource(prometheus=remembering(list(of_the_disk())).url)
    async with session_of(readonly_admin, metrics=source) as session:
        rows = await rows_of(session)
    assert (rows["nfs-free"].source, rows["running-servers"].source) == (PROMETHEUS, HUB)
    assert rows["proxy-memory"].source == USAGE
    assert rows["hub-cpu"].source in (HUB, USAGE)
    nodes = rows["users-per-node"]
    assert nodes.source == PODS
    values = [part.value for part in nodes.parts]
    assert values == sorted(values, reverse=True)
    gone = rows["placeholder-evictions"]
    assert (gone.value, gone.missing) == (None, "Prometheus has no such series")
    assert gone.cure.startswith("Install kube-state-metrics")


async def test_over_a_week_the_number_of_an_hour_before_is_still_that(
    readonly_admin: Path, remembers: Prometheus
) -> None:
    source = MetricsSource(prometheus=remembers.url)
    async with session_of(readonly_admin, metrics=source) as session:
        session.metrics.look_back(timedelta(days=7))
        running = (await rows_of(session))["running-servers"]
        assert (running.value, running.before) == (55, 40)
        assert running.step == 3 * 3600


async def test_matchers_of_the_configuration_narrow_every_question(
    readonly_admin: Path, remembers: Prometheus
) -> None:
    source = MetricsSource(prometheus=remembers.url, matchers={"cluster": "another"})
    async with session_of(readonly_admin, metrics=source) as session:
        rows = await rows_of(session)
    assert [row.metric.id for row in rows.values() if row.source == PROMETHEUS] == []


async def test_of_kube_state_metrics_the_labels_count_that_it_may_tell(
    readonly_admin: Path, remembering: Callable[[Past], Prometheus]
) -> None:
    labels = {"pod": "jupyter-a", "label_app": "jupyterhub", "label_component": "singleuser-server"}
    told_all = [*of_pods(), *of_the_disk(), told("kube_pod_labels", 1, **labels)]
    told_all.append(told("kube_pod_annotations", 1, pod="jupyter-a"))
    source = MetricsSource(prometheus=remembering(told_all).url)
    async with session_of(readonly_admin, metrics=source) as session:
        found = {state.id: state for state in await session.metric_sources.read()}
        hub = Hub(session.namespace, session.release)
        doctor = [each async for each in findings(session.settings, session.client, hub)]
    there = {name for name, state in found.items() if state.answers}
    assert there >= {"prometheus", "kube-state-metrics", "pod-labels", "home-nfs"}
    annotations = found["pod-annotations"]
    assert annotations.missing == (
        "Prometheus has no kube_pod_annotations with annotation_hub_jupyter_org_username"
        " of namespace hub"
    )
    assert "  metricAnnotationsAllowList:" in annotations.lines
    assert found["rules"].missing == "it has no rules of alerts"
    said = {finding.name: finding for finding in doctor}
    assert said["metrics: labels"].verdict is Verdict.OK
    assert said["metrics: users"].verdict is Verdict.WARN
    assert yaml.safe_load("\n".join(said["metrics: users"].snippet))["kube-state-metrics"]
    assert said["metrics: services"].snippet == ()  # the same lines, which stand there once
    assert "metrics: sizes" not in said


async def test_without_kube_state_metrics_its_labels_are_not_looked_at(
    readonly_admin: Path, remembering: Callable[[Past], Prometheus]
) -> None:
    source = MetricsSource(prometheus=remembering([*of_the_disk()]).url)
    async with session_of(readonly_admin, metrics=source) as session:
        found = {state.id: state for state in await session.metric_sources.read()}
    assert (found["kube-state-metrics"].answers, found["pod-labels"].answers) == (False, None)
    assert found["pod-labels"].missing == "not looked at: kube-state-metrics comes first"
