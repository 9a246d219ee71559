"""The testbed's Prometheus is a real one, scrapes what is real, and is found in the cluster."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.testbed import Testbed, monitoring
from tests.testbed.exporters import Homes, Kernel, node_exporter
from tests.testbed.history import Past
from tests.testbed.kubelet_figures import VolumeUse
from tests.testbed.processes import wait_for
from tests.testbed.prometheus import Prometheus, program
from tests.testbed.scraped import Kubelets
from tests.testbed.site import free_port

_GIB = 1 << 30


def test_it_tells_what_a_kubelet_sees_of_a_claim_until_the_claim_is_not_mounted(
    prometheus: Prometheus, kubelets: Kubelets
) -> None:
    used = 'kubelet_volume_stats_used_bytes{persistentvolumeclaim="claim-of-this-test"}'
    kubelets.tell("user-1", VolumeUse("claim-of-this-test", used=9 * _GIB, capacity=10 * _GIB))
    kubelets.tell("user-2", VolumeUse("claim-of-this-test", used=9 * _GIB, capacity=10 * _GIB))
    told = {labels["instance"]: (labels["namespace"], value)
            for labels, value in prometheus.query(used)}  # fmt: skip
    assert told == dict.fromkeys(("user-1", "user-2"), ("hub", 9.0 * _GIB))
    kubelets.tell("user-1")
    kubelets.tell("user-2")
    assert prometheus.query(used) == []


def test_a_port_forward_to_its_pod_reaches_it(testbed: Testbed, prometheus: Prometheus) -> None:
    port = free_port()
    with testbed.api() as api:
        selector = {"labelSelector": "app.kubernetes.io/component=server"}
        (pod,) = api.items(f"/api/v1/namespaces/{monitoring.SUPPORT}/pods", **selector)
    name = f"pod/{pod['metadata']['name']}"
    command = [str(testbed.kubectl), "port-forward", "-n", monitoring.SUPPORT, name]
    env = {**os.environ, "KUBECONFIG": str(testbed.kubeconfig)}
    with subprocess.Popen(
        [*command, f"{port}:{monitoring.PORT}"], env=env, stdout=subprocess.DEVNULL
    ) as process:
        try:
            assert wait_for(lambda: _version(f"http://127.0.0.1:{port}") == _installed(), 10)
        finally:
            process.terminate()


def _version(url: str) -> str:
    try:
        return str(httpx.get(f"{url}/api/v1/status/buildinfo").json()["data"]["version"])
    except httpx.HTTPError:
        return ""


def _installed() -> str:
    """The version of the program, which says `prometheus, version 2.42.0+ds (branch: …`."""
    command = [program("prometheus"), "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    return (said.stdout + said.stderr).split()[2]


def test_the_service_proxy_reaches_it_on_an_address_that_is_not_loopback(
    testbed: Testbed, prometheus: Prometheus
) -> None:
    path = f"/api/v1/namespaces/{monitoring.SUPPORT}/services/{monitoring.SERVICE}:80/proxy"
    with testbed.api() as api:
        if monitoring.address() is None:
            with pytest.raises(httpx.HTTPStatusError, match="not found"):
                api.get(f"{path}/api/v1/query", query="1")
            return
        answer = api.get(f"{path}/api/v1/query", query="vector(7)")
    assert [row["value"][1] for row in answer["data"]["result"]] == ["7"]


def test_it_scrapes_the_real_hub(prometheus: Prometheus, testbed: Testbed) -> None:
    ((labels, value),) = prometheus.until('jupyterhub_total_users{namespace="hub"}')
    assert (labels["app"], labels["component"]) == ("jupyterhub", "hub")
    with testbed.hub_client() as client:
        assert value == len(client.get("/users", params={"limit": "200"}).json())


def test_a_real_node_exporter_tells_the_disk_of_the_nfs_server(
    prometheus: Prometheus, home_nfs: None
) -> None:
    of_server = '{mountpoint="/shared-volume",component="shared-volume-metrics",namespace="hub"}'
    ((_, size),) = prometheus.query(f"node_filesystem_size_bytes{of_server}")
    disk = os.statvfs("/")
    assert size == disk.f_blocks * disk.f_frsize


def test_a_real_dirsize_exporter_walks_real_homes(prometheus: Prometheus, homes: Homes) -> None:
    home = homes.folder / "alice"
    home.mkdir()
    empty = home.stat().st_size
    home.joinpath("thesis.tex").write_bytes(b"x" * 1000)
    home.joinpath("nothing").touch()
    homes.walk_again()
    ((_, size),) = prometheus.query('dirsize_total_size_bytes{directory="alice"}')
    assert size == empty + 1000
    home.joinpath("thesis.tex").write_bytes(b"x" * 10)
    homes.walk_again()
    ((_, smaller),) = prometheus.query('dirsize_total_size_bytes{directory="alice"}')
    ((_, entries),) = prometheus.query('dirsize_entries_count{directory="alice"}')
    assert (smaller, entries) == (empty + 10, 3)


def test_one_of_a_tests_own_remembers_a_week_with_a_gap_and_the_kernels_nfs_errors(
    remembering: Callable[[Past], Prometheus], tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    labels = {"__name__": "kubelet_volume_stats_used_bytes", "persistentvolumeclaim": "hub-db-dir"}
    hours = [hour for hour in range(7 * 24, 0, -1) if not 48 <= hour < 72]
    points = [(now - timedelta(hours=hour), 1e9 - hour * 1e6) for hour in hours]
    kernel = Kernel(tmp_path / "proc")
    kernel.count(calls=1000, retransmitted=7)
    prometheus = remembering([(labels, points)])
    ((_, count),) = prometheus.query("count_over_time(kubelet_volume_stats_used_bytes[8d])")
    assert count == len(points)
    with (
        node_exporter(prometheus, "user-1", tmp_path, kernel.proc) as exporter,
        exporter.runs(),
    ):
        ((told, again),) = prometheus.until("node_nfs_rpc_retransmissions_total")
        assert (told["node"], again) == ("user-1", 7)
