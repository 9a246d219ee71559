"""The demo's small Prometheus: what it understands, what it knows, and the ways that lead to it."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from itertools import pairwise
from string import Template
from typing import Any

import aiohttp
import pytest

from hubtui.demo import scenarios
from hubtui.demo.life.reading import is_ready
from hubtui.demo.life.usage import usage_of
from hubtui.demo.prometheus.answering import answer
from hubtui.demo.prometheus.promql.parsing import parsed, selector
from hubtui.demo.prometheus.refusals import QueryRefusedError
from hubtui.demo.resources import CLAIMS, CONFIGMAPS, PODS
from hubtui.demo.scenarios import homes, support
from hubtui.demo.scenarios.staging import Cluster
from hubtui.demo.storage import Json
from hubtui.demo.world import World
from hubtui.model.dashboard_reading import read
from tests.demo.conftest import Run, Server, until

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
USED, CAPACITY = "kubelet_volume_stats_used_bytes", "kubelet_volume_stats_capacity_bytes"
PROXY = "/api/v1/namespaces/support/services/support-prometheus-server:80/proxy"


@cache
def calm() -> Cluster:
    """Not to be changed."""
    return scenarios.build("calm", clock=lambda: NOW)


def ask(path: str, of: Cluster | None = None, **query: str) -> Any:
    """What it answers; the words of a refusal."""
    given = {name: [value] for name, value in query.items()}
    code, body = answer((of or calm()).world, f"/api/v1/{path}", given)
    return body["data"] if code == 200 else f"{code} {body['errorType']}: {body['error']}"


def values(query: str, **labels: str) -> list[float]:
    found = ask("query", query=query)["result"]
    return [float(each["value"][1]) for each in found if labels.items() <= each["metric"].items()]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("up", {"__name__": "up"}),
        (' up { job = "a" , } ', {"__name__": "up", "job": "a"}),
        ('{__name__=~"up|down",job!~"b.*"}', {"__name__": "down", "job": "abc"}),
        ('up{a=""}', {"__name__": "up"}),
        ('up{a!="x",b=~".*"}', {"__name__": "up", "a": "y"}),
        (r'up{a="tab\t \"q\" \x41\u00e9"}', {"__name__": "up", "a": 'tab\t "q" Aé'}),
        (r"up{a='it\'s',b=`\n`}", {"__name__": "up", "a": "it's", "b": r"\n"}),
    ],
)
def test_a_selector_takes_what_it_says(text: str, labels: dict[str, str]) -> None:
    assert selector(text).takes(labels)
    assert not selector(text).takes({"__name__": "other", "a": "x", "job": "bb"})


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", 400, "no expression found in input"),
        ("{}", 400, "must contain at least one non-empty matcher"),
        ('{a=~".*"}', 400, "must contain at least one non-empty matcher"),
        ("up{", 400, "1:4: parse error: unexpected end of input inside braces"),
        (
            *('up{a="b" c="d"}', 400),
            '1:10: parse error: unexpected identifier "c" in label matching, expected "," or "}"',
        ),
        ("up{a=b}", 400, "expected string"),
        ('up{a=~"("}', 400, "error parsing regexp"),
        (r'up{a="\d"}', 400, "unknown escape sequence"),
        ("sum(", 400, "1:5: parse error: unclosed left parenthesis"),
        ("up +", 400, "1:5: parse error: unexpected end of input"),
        ("nope(up)", 400, '1:1: parse error: unknown function with name "nope"'),
        ("rate(up)", 400, "1:6: parse error: expected type range vector in call to function"),
        ("1 > 2", 400, "1:3: parse error: comparisons between scalars must use BOOL modifier"),
        ("holt_winters(up[5m], 1, 1)", 422, "small Prometheus has no function holt_winters"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_prometheus_words(
    text: str, code: int, words: str
) -> None:
    with pytest.raises(QueryRefusedError) as refused:
        parsed(text)
    assert refused.value.code == code
    assert words in refused.value.message


def test_the_shared_home_is_told_alike_by_its_server_its_clients_and_its_folders() -> None:
    (size,) = values('node_filesystem_size_bytes{component="shared-volume-metrics"}')
    (free,) = values('node_filesystem_avail_bytes{mountpoint="/shared-volume"}')
    assert 0.68 < (size - free) / size < 0.72
    told = values(USED + '{persistentvolumeclaim=~"shared-home|home-nfs"}')
    assert len(told) >= 4
    assert set(told) == {size - free}
    assert set(values(CAPACITY + '{persistentvolumeclaim="shared-home"}')) == {size}
    folders = values("dirsize_total_size_bytes", service="home-nfs-metrics")
    assert len(folders) == 61
    assert sum(folders) == pytest.approx(told[0], rel=0.01)
    assert {0.0, 10 * 2**30} <= set(values("dirsize_hard_limit_bytes"))


def test_it_has_a_week_of_what_was_mounted_and_nothing_of_what_was_not() -> None:
    start, end = str(NOW.timestamp() - 8 * 86400), NOW.isoformat()
    query = USED + '{persistentvolumeclaim="home-nfs"}'
    found = ask("query_range", query=query, start=start, end=end, step="1h")
    (homes_disk,) = found["result"]
    points = [float(value) for _, value in homes_disk["values"]]
    assert len(points) == 7 * 24 + 1
    assert points == sorted(points)
    assert points[-1] - points[0] == pytest.approx(7 * 0.3 / 21 * 200 * 2**30, rel=0.02)
    claims = {
        each["metadata"]["name"]
        for each in calm().world.objects.all(CLAIMS, "hub")
        if each["metadata"]["name"].startswith("claim-")
    }
    told = ask("query", query=USED + '{persistentvolumeclaim=~"claim-.*"}')["result"]
    mounted = {
        volume["persistentVolumeClaim"]["claimName"]
        for pod in calm().world.objects.all(PODS, "hub", component="singleuser-server")
        if pod["status"]["phase"] == "Running"
        for volume in pod["spec"]["volumes"]
    }
    names = {each["metric"]["persistentvolumeclaim"] for each in told}
    assert names == claims & mounted
    assert names < claims


def test_a_silent_node_tells_nothing_from_then_on() -> None:
    cluster = scenarios.build("empty", clock=lambda: NOW)
    world = cluster.world
    (core,) = world.disks.mounts["hub", "hub-db-dir"]
    world.faults.lost_nodes.add(core)
    world.timeline.run_until(NOW + timedelta(minutes=5))
    query = USED + '{persistentvolumeclaim="hub-db-dir"}'
    assert ask("query", cluster, query=query)["result"] == []
    (before,) = ask("query", cluster, query=query, time=str(NOW.timestamp()))["result"]
    assert before["metric"]["instance"] == core


@pytest.mark.parametrize(
    ("path", "query", "words"),
    [
        ("query_range", {"query": "up", "start": "0", "end": "1e9", "step": "1"}, "11,000 points"),
        ("query_range", {"query": "up", "start": "2", "end": "1", "step": "1"}, "before start"),
        ("query_range", {"query": "up", "start": "x", "end": "1", "step": "1"}, 'parse "x"'),
        ("query_range", {"query": "up", "start": "1", "end": "2", "step": "0"}, "zero or negative"),
        ("query_range", {"query": "up", "start": "1", "end": "2", "step": "1q"}, "valid duration"),
        ("query", {"query": "up", "time": "nan"}, "valid timestamp"),
        ("series", {}, "no match[]"),
    ],
)
def test_parameters_that_cannot_be_are_refused(
    path: str, query: dict[str, str], words: str
) -> None:
    said = ask(path, None, **query)
    assert said.startswith("400 bad_data")
    assert words in said


def test_what_there_is_can_be_looked_up() -> None:
    assert "kubelet_volume_stats_inodes" in ask("label/__name__/values")
    assert "persistentvolumeclaim" in ask("labels")
    assert "simulated" in ask("status/buildinfo")["buildUser"]
    assert ask("status/tsdb").startswith("404 not_found")


def over(query: str, days: float = 7, step: str = "1h", of: Cluster | None = None) -> list[float]:
    """The values of the one series that a query has over the last days; NaN where there is none."""
    now = (of or calm()).world.timeline.now.timestamp()
    times = {"start": str(now - days * 86400), "end": str(now), "step": step}
    found = ask("query_range", of, query=query, **times)["result"]
    return [float(value) for _, value in found[0]["values"]]


def test_the_questions_of_the_metrics_pane_have_answers() -> None:
    metrics = tomllib.loads(resources.files("hubtui.services").joinpath("metrics.toml").read_text())
    told = {}
    for metric in metrics["metric"]:
        words = {"namespace": "hub", "release": "hub", "hub": "hub", "proxy": "proxy"}
        promql = Template(metric["promql"]).safe_substitute(words, window=metric.get("over", "5m"))
        told[metric["id"]] = ask("query", query=promql)
    assert {name for name, answer in told.items() if not answer["result"]} == set()


def test_its_week_has_work_days_nights_a_class_and_failures_after_an_upgrade() -> None:
    servers = over("max(jupyterhub_running_servers)")
    assert max(servers[:-30]) > 15
    assert sum(count == 0 for count in servers) > 30
    assert sum(b - a > 10 for a, b in pairwise(servers)) >= 1
    failures = over(
        'sum(increase(jupyterhub_server_spawn_duration_seconds_count{status!="success"}[1h]))'
    )
    assert max(failures) > 3
    counted = over("sum(jupyterhub_server_spawn_duration_seconds_count)", step="10m")
    # The upgrade brought a new process, which begins at nothing.
    assert sum(b < a for a, b in pairwise(counted)) == 1


def test_what_it_scraped_of_the_hub_goes_on_as_the_hub_does() -> None:
    cluster = scenarios.build("calm", clock=lambda: NOW)
    name = "jupyterhub_server_spawn_duration_seconds_count"

    def own() -> float:
        lines = cluster.hub.metrics.text().decode().splitlines()
        (line,) = [each for each in lines if each.startswith(f'{name}{{status="success"}}')]
        return float(line.split()[-1])

    def scraped() -> float:
        (value,) = values_of(f'sum({name}{{status="success"}})', cluster)
        return value

    before = own(), scraped()
    cluster.world.timeline.run_until(NOW + timedelta(minutes=20))
    assert own() - before[0] == scraped() - before[1] > 0
    running = sum(server.ready for server in cluster.hub.servers())
    assert values_of("jupyterhub_running_servers", cluster) == [pytest.approx(running, abs=1)]


def test_a_hub_that_is_slow_and_restarts_has_counters_that_begin_again() -> None:
    cluster = scenarios.build("calm", "overload", clock=lambda: NOW)
    cluster.world.timeline.run_until(NOW + timedelta(minutes=10))
    lag = 'histogram_quantile(0.95, sum by (le) (rate(%s_bucket{namespace="hub"}[5m])))'
    lags = over(lag % "jupyterhub_event_loop_interval_seconds", 0.02, "2m", cluster)
    assert lags[0] < 0.1 < 0.5 < lags[-1]
    seconds = over("process_cpu_seconds_total", 0.02, "1m", cluster)
    assert any(b < a for a, b in pairwise(seconds))
    assert values_of("rate(process_cpu_seconds_total[10m])", cluster)[0] > 0


def values_of(query: str, cluster: Cluster) -> list[float]:
    return [float(each["value"][1]) for each in ask("query", cluster, query=query)["result"]]


def test_it_tells_pods_alike_with_the_cluster() -> None:
    pods = calm().world.objects.all(PODS, "hub", component="singleuser-server")
    running = {each["metadata"]["name"] for each in pods if each["status"]["phase"] == "Running"}
    query = 'kube_pod_status_phase{phase="Running"} == 1 and on (pod) kube_pod_labels'
    query += '{label_component="singleuser-server"}'
    found = ask("query", query=query)["result"]
    assert {each["metric"]["pod"] for each in found} == running
    (used,) = values('container_memory_working_set_bytes{container="hub"}')
    (pod,) = calm().world.objects.all(PODS, "hub", component="hub")
    assert used == pytest.approx(usage_of(calm().world, pod).memory, rel=0.08)


def test_an_alert_is_told_with_its_rule_and_since_when() -> None:
    (alert,) = ask("alerts")["alerts"]
    (rule,) = [each for each in ask("rules")["groups"][0]["rules"] if each["alerts"]]
    assert rule["alerts"] == [alert]
    assert (alert["labels"]["alertname"], alert["state"]) == (rule["name"], "firing")
    began = datetime.fromisoformat(alert["activeAt"]).timestamp()
    asked = {"query": rule["query"], "time": str(began - 900)}
    assert ask("query", **asked)["result"] == []
    asked["time"] = str(began)
    assert len(ask("query", **asked)["result"]) == 1
    targets = ask("targets")["activeTargets"]
    assert {each["health"] for each in targets} == {"up"}
    assert ask("metadata", metric="up") == {"up": [{"type": "gauge", "help": "", "unit": ""}]}


def test_the_dashboards_of_the_cluster_can_be_read_and_have_data() -> None:
    maps = calm().world.objects.all(CONFIGMAPS, "support")
    dashboards = [read(text.encode()) for each in maps for text in each["data"].values()]
    assert [each.uid for each in dashboards] == ["demo-hub", "demo-nodes"]
    documents = [json.loads(text) for each in maps for text in each["data"].values()]
    targets = [
        target["expr"]
        for document in documents
        for panel in document["panels"]
        for target in panel.get("targets", ())
    ]
    words = {"hub": "hub", "__rate_interval": "5m"}
    empty = [each for each in targets if not values(Template(each).substitute(words))]
    assert len(targets) == 13
    assert empty == []


async def supported(world: World) -> Json:
    """The support namespace and the shared home in a small cluster; gives Prometheus' pod."""
    homes.install(world, "hub", 20)
    support.install(world)

    def up() -> list[Json]:
        pods = [*world.objects.all(PODS, "support"), *world.objects.all(PODS, "hub")]
        return [each for each in pods if is_ready(each)]

    await until(world, lambda: len(up()) == 3)
    return world.objects.all(PODS, "support")[0]


async def test_what_leads_to_it_and_what_kubectl_does_with_the_disks_that_it_tells_of(
    http: aiohttp.ClientSession, run: Run, server: Server
) -> None:
    world = server.world
    pod = await supported(world)
    path = f"/api/v1/namespaces/support/pods/{pod['metadata']['name']}/portforward?ports=9090"
    asked = b"GET /api/v1/query?query=node_filesystem_size_bytes HTTP/1.1\r\nHost: x\r\n\r\n"
    async with http.ws_connect(path, protocols=("v4.channel.k8s.io",)) as socket:
        for _ in range(2):
            await socket.receive_bytes()
        await socket.send_bytes(b"\0" + asked)
        answered = await socket.receive_bytes()
    assert answered.startswith(b"\0HTTP/1.1 200 OK")
    assert b'"mountpoint":"/shared-volume"' in answered
    asks = '{"spec":{"resources":{"requests":{"storage":"%s"}}}}'
    done = await run("kubectl", "patch", "pvc", "home-nfs", "--patch", asks % "30Gi")
    assert done.code == 0, done.err

    def capacity() -> str:
        status = world.objects.get(CLAIMS, "hub", "home-nfs")["status"]
        return str(status["capacity"]["storage"])

    await until(world, lambda: capacity() == "30Gi")
    smaller = await run("kubectl", "patch", "pvc", "home-nfs", "--patch", asks % "10Gi")
    assert "field can not be less than status.capacity" in smaller.err
    shown = await run("kubectl", "get", "pv,volumeattachments,sc")
    for row in (
        r"hub-shared-home +1Mi +RWX +Retain +Bound +hub/shared-home +<unset>",
        r"csi-[0-9a-f]{64} +disk.csi.hubtui.demo +pvc-[0-9a-f-]{36} +core-1 +true",
        r"standard +disk.csi.hubtui.demo +Delete +Immediate +true",
    ):
        assert re.search(row, shown.out), shown.out
    share = await run("kubectl", "patch", "pvc", "shared-home", "--patch", asks % "2Mi")
    assert "only dynamically provisioned pvc can be resized" in share.err
    told = await run("kubectl", "get", "--raw", "/api/v1/nodes/core-1/proxy/stats/summary")
    volumes = {
        (volume["pvcRef"]["name"], volume["usedBytes"] > 0)
        for each in json.loads(told.out)["pods"]
        for volume in each["volume"]
        if "pvcRef" in volume
    }
    assert volumes == {("home-nfs", True), ("shared-home", True)}


async def test_what_cannot_be_reached_through_a_proxy_is_told(
    http: aiohttp.ClientSession, world: World
) -> None:
    async with http.get(f"{PROXY}/api/v1/labels") as response:
        assert response.status == 404
    support.install(world)
    async with http.get(f"{PROXY}/api/v1/labels") as response:
        assert response.status == 503
        words = (await response.json())["message"]
    assert words == 'no endpoints available for service "support-prometheus-server:80"'
    world.faults.lost_nodes.add("core-1")
    async with http.get("/api/v1/nodes/core-1/proxy/stats/summary") as response:
        assert response.status == 503
        words = (await response.json())["message"]
    assert words.startswith("error trying to reach service: dial tcp 10.0.0.")
