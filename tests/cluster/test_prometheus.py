"""A real Prometheus is found in the cluster, and reached by the way that the rights allow."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hubtui.clients.prometheus_answers import QueryError
from hubtui.errors import (
    ConfigError,
    DeniedError,
    UnreachableError,
)
from hubtui.model.promql import like
from tests.cluster.clusters import Cluster
from tests.cluster.demo_cluster import DemoCluster
from tests.cluster.evidence import Asked
from tests.cluster.read_only import USER
from tests.cluster.readers import FORWARD, LOOK, NAMED, PROXY, Rights, link_of
from tests.testbed import Testbed
from tests.testbed.api import Api, Enough
from tests.testbed.monitoring import PORT, SERVICE, SUPPORT
from tests.testbed.prometheus import Prometheus


@pytest.fixture
def monitored(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Either cluster with a Prometheus in it."""
    if isinstance(cluster, Testbed):
        request.getfixturevalue("prometheus")
        yield cluster
        return
    assert isinstance(cluster, DemoCluster)
    with cluster.monitored():
        yield cluster


async def test_it_is_found_by_its_labels_and_reached_by_a_port_forward(monitored: Cluster) -> None:
    evidence = Asked(monitored, USER)
    async with link_of(monitored.kubeconfig_for(USER)) as link:
        assert link.missing == "Prometheus was not asked yet"
        client = await link.open()
        assert link.where.startswith(f"Prometheus (port-forward to pod {SUPPORT}/{SERVICE}-")
        assert (link.version.startswith("2.42"), link.missing) == (True, "")
        with pytest.raises(QueryError, match="1:4: parse error") as refused:
            await client.query("up{")
        assert refused.value.position == 3
        assert await link.open() is client
    assert evidence.forwards()
    assert (evidence.writes(), evidence.intrusions()) == ([], [])


async def test_it_tells_of_now_and_of_what_was(testbed: Testbed, prometheus: Prometheus) -> None:
    prometheus.until("up == 1")
    async with link_of(testbed.kubeconfig) as link:
        client, up = await link.open(), link.selector("up", job=like(".+"), service="hub")
        found = {sample.labels["instance"]: sample for sample in await client.query(up)}
        at = datetime.fromtimestamp(next(iter(found.values())).at, UTC)
        hour = timedelta(hours=1)
        lines = await client.query_range(up, at - hour, at, timedelta(minutes=1))
        assert lines
        for line in lines:
            assert line.labels == found[line.labels["instance"]].labels
            assert all(at.timestamp() - 3601 < when < at.timestamp() + 1 for when, _ in line.points)
            assert {value for _, value in line.points} <= {0.0, 1.0}
        assert {"job", "instance"} <= set(await client.labels([up]))


@pytest.mark.parametrize(
    ("named", "rules"),
    [("", [LOOK, PROXY]), (NAMED, [PROXY])],
    ids=["found", "named with its port"],
)
async def test_without_a_port_forward_the_service_proxy_leads_there(
    somebody: Rights, prometheus: Prometheus, named: str, rules: list[Any]
) -> None:
    somebody.give(*rules)
    async with link_of(somebody.kubeconfig, named, SUPPORT) as link:
        client = await link.open()
        assert link.where == f"Prometheus (service {SUPPORT}/{SERVICE}, through the apiserver)"
        odd = 'label_replace(vector(7), "a", "+&% é=/?#", "", "")'
        (sample,) = await client.query(odd)
        assert (sample.labels, sample.value) == ({"a": "+&% é=/?#"}, 7.0)
        with pytest.raises(QueryError, match="1:5: parse error") as refused:
            await client.query("sum(")
        assert refused.value.position == 4
        assert await client.label_values("__name__")
    asked = [entry["requestURI"] for entry in somebody.asked.entries]
    assert any(f"/services/{SERVICE}:80/proxy/api/v1/query?" in uri for uri in asked)
    assert (somebody.asked.writes(), somebody.asked.intrusions()) == ([], [])


@pytest.mark.parametrize("path", ["-/ready", "api/v1/status/config", "api/v1/query/x"])
def test_the_proof_of_read_only_lets_nothing_else_of_it_through(
    testbed: Testbed, somebody: Rights, path: str
) -> None:
    somebody.give(PROXY)
    uri = f"/api/v1/namespaces/{SUPPORT}/services/{SERVICE}:80/proxy/{path}"
    environment = {**os.environ, "KUBECONFIG": str(somebody.kubeconfig)}
    subprocess.run(
        [str(testbed.kubectl), "get", "--raw", uri],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert set(somebody.asked.intrusions()) == {f"get {uri}"}


async def test_a_port_forward_is_enough(somebody: Rights, prometheus: Prometheus) -> None:
    somebody.give(LOOK, FORWARD)
    async with link_of(somebody.kubeconfig, namespace=SUPPORT) as link:
        assert await (await link.open()).query("vector(1)")
        assert "port-forward" in link.where


async def test_who_may_neither_is_told_both_rights(
    somebody: Rights, prometheus: Prometheus
) -> None:
    somebody.give(LOOK)
    async with link_of(somebody.kubeconfig, f"{SUPPORT}/{SERVICE}") as link:
        with pytest.raises(DeniedError, match="no right to get pods/portforward") as denied:
            await link.open()
        assert "or get of services/proxy, in namespace support" in denied.value.remedy
        asked = len(somebody.asked.entries)
        with pytest.raises(DeniedError):
            await link.open()
        assert len(somebody.asked.entries) == asked  # it is remembered
        somebody.give(LOOK, FORWARD)
        link.retry()
        assert await (await link.open()).query("vector(1)")
        assert link.missing == ""


async def test_who_may_look_nowhere_is_told_so(testbed: Testbed, prometheus: Prometheus) -> None:
    async with link_of(testbed.kubeconfig_for("nobody")) as link:
        with pytest.raises(DeniedError, match="no right to list services") as denied:
            await link.open()
        assert "Set metrics.prometheus" in denied.value.remedy
        assert link.missing == denied.value.what


async def test_where_it_was_looked_for_is_told(testbed: Testbed, prometheus: Prometheus) -> None:
    async with link_of(testbed.kubeconfig_for("viewer")) as link:
        with pytest.raises(ConfigError, match="No Prometheus found") as missing:
            await link.open()
        assert "its labels in the namespaces hub (" in missing.value.what
        assert "not in support, monitoring, prometheus: no right" in missing.value.what


@pytest.mark.parametrize(
    ("named", "words"),
    [
        (f"{SUPPORT}/nothing", "names service support/nothing, which is not there"),
        (f"{SUPPORT}/{SERVICE}:9", "has no such port"),
    ],
)
async def test_a_service_that_is_named_wrongly_is_told(
    testbed: Testbed, prometheus: Prometheus, named: str, words: str
) -> None:
    async with link_of(testbed.kubeconfig, named) as link:
        with pytest.raises(ConfigError, match=words):
            await link.open()


# Two pods of a test's own: those of others stay.

SECOND = "second-prometheus"
PODS = f"/api/v1/namespaces/{SUPPORT}/pods"


@pytest.fixture
def pods(testbed: Testbed, prometheus: Prometheus) -> Iterator[list[str]]:
    names = [f"{SECOND}-a", f"{SECOND}-b"]
    labels = {"app": SECOND}
    spec = {
        "nodeName": "core-1",
        "containers": [
            {"name": "prometheus", "image": "x", "ports": [{"name": "web", "containerPort": PORT}]}
        ],
    }
    ports = [{"name": "http", "port": 80, "targetPort": "web"}]
    place = {"namespace": SUPPORT, "labels": labels}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {**place, "name": SECOND}}
    with testbed.api() as api:
        api.apply({**service, "spec": {"selector": labels, "ports": ports}})
        for name in names:
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {**place, "name": name}}
            api.apply({**pod, "spec": spec})
        api.wait_items(PODS, Enough(2, ready=True), labelSelector=f"app={SECOND}")
        yield names
        for left in api.items(PODS, labelSelector=f"app={SECOND}"):
            _delete(api, f"{PODS}/{left['metadata']['name']}")
        _delete(api, f"/api/v1/namespaces/{SUPPORT}/services/{SECOND}")


def _delete(api: Api, path: str) -> None:
    api.request("DELETE", path, {"gracePeriodSeconds": 0})


async def test_a_pod_that_goes_away_is_found_anew(testbed: Testbed, pods: list[str]) -> None:
    async with link_of(testbed.kubeconfig, f"{SUPPORT}/{SECOND}") as link:
        client = await link.open()
        (first,) = [name for name in pods if name in link.where]
        (other,) = [name for name in pods if name != first]
        with testbed.api() as api:
            _delete(api, f"{PODS}/{first}")
        # A connection that is open lasts with KWOK's kubelet; what needs another one is told.
        answers = await asyncio.gather(*(client.query("vector(1)") for _ in range(4)))
        assert all(answers)
        assert other in link.where


async def test_a_service_without_a_pod_that_is_ready_is_told(
    testbed: Testbed, pods: list[str]
) -> None:
    with testbed.api() as api:
        for name in pods:
            _delete(api, f"{PODS}/{name}")
    async with link_of(testbed.kubeconfig, f"{SUPPORT}/{SECOND}") as link:
        with pytest.raises(UnreachableError, match=f"No pod of service {SUPPORT}/{SECOND}"):
            await link.open()
