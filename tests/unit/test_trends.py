"""Trends of claims: what is asked of Prometheus, what it costs, and what is told without one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from hubtui.errors import ApiError, UnreachableError
from hubtui.model.age import DAY, HOUR, MINUTE
from hubtui.services.disk_past import CHUNK, CLOSELY, SPARSELY, USED
from hubtui.services.prometheus import PrometheusLink
from hubtui.services.trends import AGAIN, EVERY, Trends
from tests.past import NO_PROMETHEUS, Past
from tests.storage_desk import GIB, HUB, START, Desk, claim, nfs, pod, volume

NOW = START.timestamp()
MANY = ("ReadWriteMany",)


def watched(desk: Desk) -> tuple[Trends, Past]:
    past = Past()
    link = cast(PrometheusLink, past)
    return Trends(desk.storage, link, HUB, now=desk.now), past


def days(used: Callable[[float], float], back: float = 7 * DAY) -> list[tuple[float, float]]:
    """Scraped each five minutes; `used` takes days, and gives GiB."""
    step = 5 * MINUTE
    count = int(back // step)
    return [(NOW - i * step, used(-i * step / DAY) * GIB) for i in range(count, -1, -1)]


def homes(desk: Desk, *names: str) -> None:
    """Claims on one NFS export of 100 GiB, 80 of it used, that servers on two nodes mount."""
    for name in names:
        desk.put(claim(name, modes=MANY), volume(f"pv-{name}", nfs()))
        for node in ("node-1", "node-2"):
            desk.put(pod(f"jupyter-{name}-{node}", name, on=node))
            desk.prometheus.tell(name, 80 * GIB, 100 * GIB, node=node)


def user(desk: Desk, name: str, used: float = 4) -> str:
    desk.put(claim(f"claim-{name}", name), volume(f"pv-claim-{name}"))
    desk.put(pod(f"jupyter-{name}", f"claim-{name}"))
    desk.prometheus.tell(f"claim-{name}", used * GIB, 10 * GIB)
    return f"claim-{name}"


def kubelet(past: Past, name: str, points: list[tuple[float, float]], node: str = "n") -> None:
    past.tell(USED, points, namespace=HUB, persistentvolumeclaim=name, instance=node)


async def test_a_shared_disk_has_one_trend_from_all_its_nodes_and_claims() -> None:
    desk = Desk()
    homes(desk, "home-a", "home-b")
    await desk.read()
    trends, past = watched(desk)
    first, second = days(lambda d: 80 + 5 * d), days(lambda d: 80 + 5 * d)
    kubelet(past, "home-a", [p for p in first if p[0] < NOW - 3 * DAY], "node-1")
    kubelet(past, "home-b", [p for p in second if p[0] > NOW - 4 * DAY], "node-2")
    past.tell(USED, days(lambda d: 1 + d * 0), namespace="x", persistentvolumeclaim="home-a")
    await trends.fill()
    found = trends.of("home-a")
    assert found is not None
    assert (found.words, found.window_words, found.confidence) == ("in 4 d", "7 d", "high")
    assert found == trends.of("home-b") == trends.of_disk("nfs:10.0.0.2:/export/home")
    assert [each.window_words for each in trends.windows("home-b")] == ["6 h", "1 d", "7 d"]
    assert (trends.basis("home-a"), trends.missing) == ("Prometheus", "")
    assert [(back, step) for _, back, step in past.ranges] == list(CLOSELY)


async def test_claims_of_users_come_after_the_database_in_chunks_with_few_points() -> None:
    desk = Desk()
    names = [user(desk, f"u{number}") for number in range(CHUNK + 5)]
    desk.put(claim("hub-db-dir", labels={"component": "hub"}), volume("pv-hub-db-dir"))
    desk.put(pod("hub", "hub-db-dir"))
    desk.prometheus.tell("hub-db-dir", 0.5 * GIB, GIB)
    await desk.read()
    trends, past = watched(desk)
    kubelet(past, names[0], [p for p in days(lambda d: 4 + 0.5 * d) if p[0] % DAY > 10 * HOUR])
    kubelet(past, names[-1], days(lambda _: 4.0))
    await trends.fill()
    asked = [(back, step) for _, back, step in past.ranges]
    assert asked == [*CLOSELY, SPARSELY, SPARSELY]
    assert all("hub-db-dir" in query for query, *_ in past.ranges[:3])
    assert SPARSELY[0] / SPARSELY[1] <= 24
    told = [trends.of(names[0]), trends.of(names[-1])]
    assert [found.words for found in told if found] == ["in 12 d", "not growing"]


async def test_a_users_claim_that_is_nearly_full_is_read_as_closely_as_the_database() -> None:
    desk = Desk()
    calm, full = user(desk, "calm"), user(desk, "young", used=9)
    await desk.read()
    trends, past = watched(desk)
    kubelet(past, full, days(lambda d: 9 + 2 * d, DAY))
    await trends.fill()
    assert [calm in query for query, *_ in past.ranges] == [False, False, False, True]
    found = trends.of(full)
    assert found is not None
    assert (found.words, found.window_words) == ("in 12 h", "1 d")


async def test_the_past_is_read_again_after_ten_minutes_or_when_the_disk_has_another_size() -> None:
    desk = Desk()
    homes(desk, "home-nfs")
    await desk.read()
    trends, past = watched(desk)
    kubelet(past, "home-nfs", days(lambda d: 80 + 5 * d))
    for seconds, ranges in ((0, 3), (300, 3), (EVERY.total_seconds(), 6), (660, 6)):
        desk.seconds = seconds
        await trends.fill()
        assert len(past.ranges) == ranges
    held = desk.prometheus.held
    assert isinstance(held, dict)
    held.clear()
    desk.prometheus.tell("home-nfs", 80 * GIB, 200 * GIB)
    await desk.read()
    await trends.fill()
    found = trends.of("home-nfs")
    assert found is not None
    assert found.words == "in 24 d"


@pytest.mark.parametrize("minutes", [20, 130])
async def test_without_prometheus_it_tells_what_it_has_seen(minutes: int) -> None:
    desk = Desk()
    homes(desk, "home-nfs")
    trends, past = watched(desk)
    past.absent = NO_PROMETHEUS
    held = desk.prometheus.held
    assert isinstance(held, dict)
    reader = trends.subscribe()
    for minute in range(0, minutes + 1, 5):
        desk.seconds = 60 * minute
        held.clear()
        desk.prometheus.at = desk.now()
        desk.prometheus.tell("home-nfs", (80 + minute / 60) * GIB, 100 * GIB)
        await desk.read()
        await trends.fill()
    found = trends.of("home-nfs")
    assert found is not None
    if minutes == 20:
        assert (found.words, found.full_at) == ("too little seen (20 m)", None)
    else:
        assert found.full_at is not None
        left = (found.full_at - desk.now()).total_seconds()
        assert left == pytest.approx(17.83 * HOUR, rel=0.01)
    assert trends.basis("home-nfs") == f"seen by hubtui for {'20 m' if minutes == 20 else '2 h'}"
    assert trends.missing == NO_PROMETHEUS.what
    assert "home-nfs" in reader.drain()[1]


async def test_a_prometheus_that_goes_leaves_its_trends_and_says_so() -> None:
    desk = Desk()
    homes(desk, "home-nfs")
    name = user(desk, "alice")
    await desk.read()
    trends, past = watched(desk)
    kubelet(past, "home-nfs", days(lambda d: 80 + 5 * d))
    kubelet(past, name, days(lambda d: 4 + d))
    await trends.fill()
    before = trends.of("home-nfs")
    past.failing = lambda _: UnreachableError("Prometheus does not answer")
    desk.seconds = EVERY.total_seconds()
    asked = len(past.queries)
    await trends.fill()
    assert len(past.queries) == asked + 1
    assert trends.of("home-nfs") == before
    assert trends.missing == "Prometheus does not answer"
    past.failing = lambda _: None
    desk.seconds += AGAIN.total_seconds()
    await trends.fill()
    assert trends.missing == ""


async def test_a_query_that_is_refused_costs_its_own_disks() -> None:
    desk = Desk()
    homes(desk, "home-nfs")
    name = user(desk, "alice")
    await desk.read()
    trends, past = watched(desk)
    kubelet(past, "home-nfs", days(lambda d: 80 + 5 * d))
    kubelet(past, name, days(lambda d: 4 + d))
    refused = ApiError("too many samples", status=422)
    past.failing = lambda promql: refused if "home-nfs" in promql else None
    await trends.fill()
    told = (trends.of("home-nfs"), trends.of(name))
    assert [found.words for found in told if found] == ["too little seen (once)", "in 6 d"]
    assert trends.missing == "too many samples"


async def test_a_disk_that_only_its_servers_exporter_measures_is_told_by_it() -> None:
    desk = Desk()
    desk.put(claim("home-nfs", modes=MANY), volume("pv-home-nfs", nfs()))
    own = {"namespace": HUB, "mountpoint": "/shared-volume", "instance": "nfs:9100"}
    held = desk.prometheus.held = {}
    for metric, value in (("size", 100), ("free", 20), ("avail", 20)):
        held[f"node_filesystem_{metric}_bytes"] = [(own, value * GIB)]
    await desk.read()
    trends, past = watched(desk)
    past.tell("node_filesystem_size_bytes", days(lambda _: 100), **own)
    past.tell("node_filesystem_free_bytes", days(lambda d: 20 - 5 * d), **own)
    await trends.fill()
    found = trends.of("home-nfs")
    assert found is not None
    assert (found.words, trends.basis("home-nfs")) == ("in 4 d", "Prometheus")


async def test_a_disk_that_pods_mount_without_a_claim_is_told_by_its_own_name() -> None:
    desk = Desk().put(pod("jupyter-a", export="/export/home"))
    disk = "nfs:10.0.0.2:/export/home"
    own = {"namespace": HUB, "mountpoint": "/shared-volume", "instance": "nfs:9100"}
    held = desk.prometheus.held = {}
    for metric, value in (("size", 100), ("free", 20), ("avail", 20)):
        held[f"node_filesystem_{metric}_bytes"] = [(own, value * GIB)]
    await desk.read()
    trends, past = watched(desk)
    assert (trends.of_disk(disk), trends.why_not(disk)) == (None, "")  # it is being read
    past.tell("node_filesystem_size_bytes", days(lambda _: 100), **own)
    past.tell("node_filesystem_free_bytes", days(lambda d: 20 - 5 * d), **own)
    await trends.fill(close=True)
    found = trends.of_disk(disk)
    assert found is not None
    assert (found.words, trends.basis(disk)) == ("in 4 d", "Prometheus")
    assert trends.windows(disk)
    desk.pods.remove(f"{HUB}/jupyter-a")
    await trends.fill()
    assert trends.of_disk(disk) is None


async def test_what_nothing_measures_or_nobody_believes_has_no_trend() -> None:
    desk = Desk()
    desk.put(claim("home-new", phase="Pending"), claim("efs"), volume("pv-efs"))
    desk.put(pod("jupyter-a", "efs"))
    desk.prometheus.tell("efs", GIB, 2**63 - 1)
    await desk.read()
    trends, past = watched(desk)
    await trends.fill()
    assert (trends.of("home-new"), trends.of("efs"), trends.of("none")) == (None, None, None)
    assert trends.windows("home-new") == ()
    assert past.ranges == []


async def test_what_there_is_no_more_is_forgotten() -> None:
    desk = Desk()
    name = user(desk, "alice")
    await desk.read()
    trends, past = watched(desk)
    kubelet(past, name, days(lambda d: 4 + d))
    await trends.fill()
    assert trends.of(name) is not None
    desk.storage.claims.remove(f"{HUB}/{name}")
    await trends.fill()
    desk.put(claim(name, "alice"))
    desk.storage.update()
    assert trends.of(name) is None


async def test_it_reads_while_somebody_looks_and_not_afterwards() -> None:
    desk = Desk()
    homes(desk, "home-nfs")
    await desk.read()
    trends, past = watched(desk)
    kubelet(past, "home-nfs", days(lambda d: 80 + 5 * d))
    trends.start("pane")
    trends.start("details")
    trends.pause("pane")
    await asyncio.sleep(0)
    await trends.fill()
    assert trends.of("home-nfs") is not None
    trends.pause("details")
    desk.seconds = EVERY.total_seconds()
    trends.retry()
    await asyncio.sleep(0)
    assert len(past.ranges) == len(CLOSELY)
    await trends.close()
    await desk.disks.close()
