"""When disks are full, from the past of a real Prometheus: growth, gaps, nodes that come and go."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hubtui.config import MetricsSource
from hubtui.model.disk import Source
from hubtui.model.trend import Confidence
from hubtui.services.session import Session
from tests.cluster.claims import Claims
from tests.cluster.opened import session_of, until
from tests.testbed import exporters
from tests.testbed.exporters import Kernel, node_exporter
from tests.testbed.history import Past, Points
from tests.testbed.prometheus import Prometheus
from tests.testbed.users import NAMESPACE

GIB = 2**30
DAY = 24.0
"""Hours."""
STARTS = Callable[[Past], Prometheus]

WEEK = range(7 * 24, 24, -1)
TODAY = [quarter / 4 for quarter in range(4 * 24, -1, -1)]
HOURS = (*WEEK, *TODAY)
"""Hours before now at which something was scraped."""


def past_of(
    claim: str,
    used: Callable[[float], float],
    hours: Iterable[float] = HOURS,
    node: str = "user-1",
    *,
    size: float = 100,
) -> Past:
    """What a kubelet measured of a claim of so many GiB; `used` takes hours before now."""
    now = datetime.now(UTC)
    labels = {"namespace": NAMESPACE, "persistentvolumeclaim": claim, "instance": node}
    told: dict[str, Callable[[float], float]] = {
        "used": used,
        "available": lambda hour: size - used(hour),
        "capacity": lambda _: size,
    }
    for name, value in told.items():
        points: Points = [(now - timedelta(hours=h), value(h) * GIB) for h in hours]
        yield {"__name__": f"kubelet_volume_stats_{name}_bytes", **labels}, points


@asynccontextmanager
async def looking(kubeconfig: Path, prometheus: Prometheus) -> AsyncIterator[Session]:
    """Somebody has looked at storage, and at when it is full."""
    metrics = MetricsSource(prometheus=prometheus.url)
    async with session_of(kubeconfig, namespace=NAMESPACE, metrics=metrics) as session:
        session.storage.start("test")
        await session.storage.fill()
        await session.trends.fill()
        assert session.trends.missing == ""
        yield session


async def test_a_shared_disk_is_told_through_gaps_wrong_points_and_nodes_that_come_and_go(
    readonly_admin: Path, remembering: STARTS, claims: Claims
) -> None:
    claims.make_nfs("d-homes", "10.9.7.1", "/export/d")
    claims.mount("d-reader", "d-homes", node="user-1")

    def used(hour: float) -> float:
        return 0.0 if hour and hour % 10 in (3, 4, 7) else 80 - 5 * hour / DAY

    before = past_of("d-homes", used, [hour for hour in HOURS if hour > 60], "user-1")
    after = past_of("d-homes", used, [hour for hour in HOURS if hour < 40], "user-2")
    async with looking(readonly_admin, remembering([*before, *after])) as session:
        found = session.trends.of("d-homes")
        assert found is not None
        assert found.per_day == pytest.approx(5 * GIB, rel=0.01)
        assert (found.window_words, found.confidence) == ("7 d", Confidence.HIGH)
        assert found.words in ("in 4 d", "in 3 d 23 h")
        (disk,) = (each for each in session.storage.disks() if each.server == "10.9.7.1")
        assert session.trends.of_disk(disk.disk) == found
        assert session.trends.basis("d-homes") == "Prometheus"


async def test_what_somebody_cleaned_up_grows_anew_from_there(
    readonly_admin: Path, remembering: STARTS, claims: Claims
) -> None:
    claims.make_nfs("d-cleaned", "10.9.7.2", "/export/d")
    claims.mount("d-reader", "d-cleaned", node="user-1")

    def used(hour: float) -> float:
        return 90 - hour / DAY if hour > 3 * DAY else 40 - 10 * hour / DAY

    past = past_of("d-cleaned", used)
    async with looking(readonly_admin, remembering(past)) as session:
        *_, week = session.trends.windows("d-cleaned")
        assert week.since is not None
        assert week.per_day == pytest.approx(10 * GIB, rel=0.01)
        told = session.trends.of("d-cleaned")
        assert told is not None
        assert told.words in ("in 6 d", "in 5 d 23 h")


async def test_servers_that_run_by_day_only_have_a_trend_and_what_stands_still_is_not_full(
    readonly_admin: Path, remembering: STARTS, claims: Claims
) -> None:
    names = [f"claim-d-user-{number}" for number in range(3)]
    for number, name in enumerate(names):
        claims.make_user(name, f"d-user-{number}", "100Gi")
        claims.bound(name)
        claims.mount(f"d-pod-{number}", name)
    by_day = [hour / 4 for hour in range(7 * 96, -1, -1) if hour / 4 % DAY < 10]
    past = [
        *past_of(names[0], lambda hour: 90 - 2 * hour / DAY, by_day),
        *past_of(names[1], lambda _: 90, by_day),
        *past_of(names[2], lambda hour: 50 + hour / DAY, by_day),
    ]
    async with looking(readonly_admin, remembering(past)) as session:
        told = [session.trends.of(name) for name in names]
        words = [found.words for found in told if found is not None]
        assert words[0] in ("in 5 d", "in 4 d 23 h")
        assert words[1:] == ["not growing", "not growing"]


async def test_the_database_is_told_before_it_is_full_today(
    readonly_admin: Path, remembering: STARTS
) -> None:
    def used(hour: float) -> float:
        return 0.5 + max(0.0, 12 - hour) * 0.04

    hours = [*(hour for hour in HOURS if hour > 6), *(five / 12 for five in range(72, -1, -1))]
    past = past_of("hub-db-dir", used, hours, size=1)
    async with looking(readonly_admin, remembering(past)) as session:
        found = session.trends.of("hub-db-dir")
        assert found is not None
        assert (found.window_words, found.confidence) == ("6 h", Confidence.HIGH)
        assert found.words in ("in 30 m", "in 29 m 59 s")


async def test_an_export_that_no_kubelet_measures_is_told_by_the_servers_own_node_exporter(
    readonly_admin: Path, remembering: STARTS, tmp_path: Path, claims: Claims
) -> None:
    claims.make_nfs("d-homes", f"home-nfs.{NAMESPACE}.svc.cluster.local", "/export/d")
    now, disk = datetime.now(UTC), shutil.disk_usage("/")
    labels = {
        "job": "kubernetes-service-endpoints",
        "instance": "hub-nfs:9100",
        "namespace": NAMESPACE,
        "mountpoint": "/shared-volume",
        "device": "/dev/vdb",
    }
    size: Points = [(now - timedelta(hours=hour), disk.total) for hour in HOURS]
    grown = disk.free / 10 / DAY
    free: Points = [(now - timedelta(hours=hour), disk.free + grown * hour) for hour in HOURS]
    prometheus = remembering(
        [
            ({"__name__": "node_filesystem_size_bytes", **labels}, size),
            ({"__name__": "node_filesystem_free_bytes", **labels}, free),
        ]
    )
    with exporters.home_nfs(prometheus, tmp_path) as exporter, exporter.runs():
        prometheus.until('node_filesystem_size_bytes{device!="/dev/vdb"}')
        async with looking(readonly_admin, prometheus) as session:
            figures = session.disks.of("d-homes")
            found = session.trends.of("d-homes")
            assert figures is not None
            assert figures.source is Source.NODE_EXPORTER
            assert found is not None
            assert found.per_day == pytest.approx(disk.free / 10, rel=0.01)
            assert found.full_at is not None


async def test_what_is_followed_is_read_anew_when_it_is_asked_for(
    readonly_admin: Path, remembering: STARTS, claims: Claims
) -> None:
    claims.make_nfs("d-homes", "10.9.7.3", "/export/d")
    claims.mount("d-reader", "d-homes", node="user-1")
    past = past_of("d-homes", lambda hour: 80 - 5 * hour / DAY)
    async with looking(readonly_admin, remembering(past)) as session:
        reader = session.trends.subscribe()
        reader.drain()
        session.trends.retry()
        session.trends.start("pane")
        await until(lambda: "d-homes" in reader.keys, "the trend that is followed")
        session.trends.pause("pane")


async def test_what_clients_of_nfs_send_again_is_told_by_the_real_node_exporter(
    readonly_admin: Path, remembering: STARTS, tmp_path: Path, claims: Claims
) -> None:
    claims.make_nfs("d-homes", "10.9.7.4", "/export/d")
    labels = {
        "job": "kubernetes-service-endpoints",
        "instance": "user-1:9100",
        "app_kubernetes_io_name": "prometheus-node-exporter",
        "node": "user-1",
    }
    then = datetime.now(UTC) - timedelta(minutes=9)
    times = [then + timedelta(minutes=minute) for minute in range(6)]
    past = [
        ({"__name__": "node_nfs_rpcs_total", **labels}, [(at, 1000) for at in times]),
        ({"__name__": "node_nfs_rpc_retransmissions_total", **labels}, [(at, 7) for at in times]),
    ]
    kernel = Kernel(tmp_path / "proc")
    kernel.count(calls=3000, retransmitted=107)
    prometheus = remembering(past)
    with node_exporter(prometheus, "user-1", tmp_path, kernel.proc) as exporter, exporter.runs():
        prometheus.until("node_nfs_rpc_retransmissions_total == 107")
        async with looking(readonly_admin, prometheus) as session:
            await session.nfs_servers.fill()
            assert session.nfs_servers.clients_missing == ""
            (client,) = session.nfs_servers.clients
            assert (client.node, client.calls, client.sent_again) == ("user-1", 2000, 100)
            assert client.suffers
            served = session.nfs_servers.servers()
            (server,) = (each for each in served if each.address == "10.9.7.4")
            assert (server.kind, server.claims) == ("NFS server", ("d-homes",))
            assert server.why_no_pod == "no service of this cluster has its address"
