"""How full claims are, as a real Prometheus tells it."""

from __future__ import annotations

import shutil
from pathlib import Path

from hubtui.config import MetricsSource
from hubtui.model.disk import Source
from tests.cluster.claims import Claims
from tests.cluster.test_storage import GIB, looking, row_of
from tests.testbed.kubelet_figures import VolumeUse
from tests.testbed.scraped import Kubelets
from tests.testbed.users import NAMESPACE


async def test_a_real_prometheus_tells_first_of_each_volume_once(
    readonly_admin: Path, kubelets: Kubelets, claims: Claims
) -> None:
    claims.make_user("claim-c-pia", "c-pia")
    claims.bound("claim-c-pia")
    claims.mount("c-pia-pod", "claim-c-pia")
    half = VolumeUse("claim-c-pia", used=GIB // 2, capacity=GIB, inodes=0, inodes_used=0)
    kubelets.tell_all({"user-1": (half,), "user-2": (half,)})
    async with looking(readonly_admin, MetricsSource()) as session:
        figures = row_of(session, "claim-c-pia").figures
        assert figures is not None
        assert figures.source is Source.PROMETHEUS
        assert (figures.used, figures.capacity, figures.inodes) == (GIB // 2, GIB, None)
        assert (figures.share, figures.doubt) == (0.5, "")


async def test_a_real_prometheus_without_these_series_says_so(
    readonly_admin: Path, kubelets: Kubelets, claims: Claims
) -> None:
    claims.make_user("claim-c-ned", "c-ned")
    claims.bound("claim-c-ned")
    claims.mount("c-ned-pod", "claim-c-ned")
    other = VolumeUse("claim-elsewhere", used=GIB, capacity=2 * GIB)
    kubelets.tell("user-1", other, namespace="elsewhere")
    async with looking(readonly_admin, MetricsSource()) as session:
        row = row_of(session, "claim-c-ned")
        assert row.figures is None
        assert row.why_not.startswith("Prometheus has no kubelet_volume_stats of the namespace; ")


async def test_the_real_node_exporter_of_home_nfs_tells_of_an_export_that_nobody_mounts(
    readonly_admin: Path, home_nfs: None, claims: Claims
) -> None:
    server = f"c-nfs.{NAMESPACE}.svc.cluster.local"
    claims.make_nfs("c-home-nfs", server, "/export")
    async with looking(readonly_admin, MetricsSource()) as session:
        (disk,) = (each for each in session.storage.disks() if each.server == server)
        assert disk.figures is not None
        assert disk.figures.source is Source.NODE_EXPORTER
        assert disk.figures.capacity == shutil.disk_usage("/").total
