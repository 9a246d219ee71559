"""How full volumes are: who is asked in which order, what it costs, and what is not believed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hubtui.clients.summary import TIMEOUT
from hubtui.errors import ApiError, DeniedError, UnreachableError
from hubtui.model.disk import Figures, Source
from hubtui.model.disk_doubts import Told, checked, repeated
from hubtui.services.disks import PAST_AGAIN
from hubtui.services.kubelets import AGAIN, AT_ONCE, DENIED, LEAST, SILENT_FOR, WITHIN
from tests.storage_desk import GIB, START, Desk, claim, nfs, pod, storage_class, volume

MANY = ("ReadWriteMany",)


def a_user(desk: Desk, user: str, on: str = "node-1") -> str:
    """A user whose server mounts a claim of its own; its name."""
    name = f"claim-{user}"
    desk.put(claim(name, user), volume(f"pv-{name}"), pod(f"jupyter-{user}", name, on=on))
    return name


def on_nfs(desk: Desk, name: str, *, path: str = "/export/home") -> str:
    """A claim on an NFS server that every server mounts; its name."""
    desk.put(claim(name, modes=MANY), volume(f"pv-{name}", nfs("10.0.0.2", path)))
    return name


def tell_server(desk: Desk, **labels: str) -> None:
    """A node exporter tells of a file system of 100 GiB, a quarter of it free."""
    held = desk.prometheus.held
    assert isinstance(held, dict)
    told = {"size_bytes": 100, "free_bytes": 25, "avail_bytes": 20}
    for name, share in told.items():
        held.setdefault(f"node_filesystem_{name}", []).append((labels, share * GIB))


async def test_prometheus_is_believed_first_and_no_kubelet_is_asked() -> None:
    desk = Desk()
    name = a_user(desk, "alice")
    desk.prometheus.tell(name, 4 * GIB, 10 * GIB)
    desk.kubelets.tell("node-1", name, 5 * GIB, 10 * GIB)
    figures = (await desk.read()).row(name).figures
    assert figures is not None
    assert (figures.source, figures.used, figures.share) == (Source.PROMETHEUS, 4 * GIB, 0.4)
    assert (figures.as_of, figures.by) == (START, "node-1")
    assert (desk.kubelets.asked, desk.kubelets.reviews, desk.disks.missing) == ([], 0, "")


async def test_one_volume_in_many_series_is_one_and_nothing_is_added_up() -> None:
    desk = Desk()
    name = on_nfs(desk, "home-nfs")
    for node in ("node-1", "node-2"):
        for scraper in ("a", "b"):
            used = 41 if (node, scraper) == ("node-2", "b") else 40
            desk.prometheus.tell(name, used * GIB, 100 * GIB, node=node, prometheus=scraper)
    figures = (await desk.read()).row(name).figures
    assert figures is not None
    assert (figures.used, figures.available, figures.capacity) == (41 * GIB, 59 * GIB, 100 * GIB)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
async def test_a_number_that_is_none_is_not_told(value: float) -> None:
    desk = Desk()
    name = a_user(desk, "alice")
    desk.prometheus.tell(name, value, 10 * GIB)
    figures = (await desk.read()).row(name).figures
    assert figures is not None
    assert (figures.used, figures.share, figures.capacity) == (None, None, 10 * GIB)


async def test_a_query_that_fails_costs_its_own_numbers() -> None:
    desk = Desk()
    name = a_user(desk, "alice")
    desk.prometheus.tell(name, 4 * GIB, 10 * GIB)
    for number in ("used", "available"):
        metric = f"kubelet_volume_stats_{number}_bytes"
        desk.prometheus.broken[metric] = ApiError("too many samples", status=422)
    figures = (await desk.read()).row(name).figures
    assert figures is not None
    assert (figures.used, figures.capacity) == (None, 10 * GIB)


@pytest.mark.parametrize("failed", ["used", "available"])
async def test_how_full_a_volume_is_follows_from_the_size_and_what_is_used_or_free(
    failed: str,
) -> None:
    desk = Desk()
    name = a_user(desk, "alice")
    desk.prometheus.tell(name, 4 * GIB, 10 * GIB)
    metric = f"kubelet_volume_stats_{failed}_bytes"
    desk.prometheus.broken[metric] = ApiError("too many samples", status=422)
    figures = (await desk.read()).row(name).figures
    assert figures is not None
    assert (figures.used, figures.available) == (4 * GIB, 6 * GIB)


async def test_where_prometheus_does_not_tell_how_full_it_is_the_kubelet_does() -> None:
    desk = Desk()
    name = a_user(desk, "alice")
    desk.prometheus.tell(name, 4 * GIB, 10 * GIB)
    for number in ("used", "available"):
        metric = f"kubelet_volume_stats_{number}_bytes"
        desk.prometheus.broken[metric] = ApiError("too many samples", status=422)
    desk.kubelets.tell("node-1", name, 5 * GIB, 10 * GIB)
    figures = (await desk.read()).row(name).figures
    assert figures is not None
    assert (figures.source, figures.used) == (Source.KUBELET, 5 * GIB)
    desk.seconds = AGAIN / 2
    assert (await desk.read()).row(name).figures == figures


async def test_the_kubelets_tell_what_prometheus_does_not() -> None:
    desk = Desk()
    known, unknown = a_user(desk, "alice", "node-1"), a_user(desk, "bob", "node-2")
    desk.prometheus.tell(known, 4 * GIB, 10 * GIB)
    desk.kubelets.tell("node-2", unknown, 9 * GIB, 10 * GIB)
    desk.kubelets.tell("node-2", known, 1, 2, namespace="elsewhere")
    figures = (await desk.read()).row(unknown).figures
    assert figures is not None
    assert (figures.source, figures.used, figures.by) == (Source.KUBELET, 9 * GIB, "node node-2")
    assert desk.kubelets.asked == ["node-2"]
    told = desk.row(known).figures
    assert told is not None
    assert told.source is Source.PROMETHEUS


async def test_a_node_is_not_asked_again_before_its_time() -> None:
    desk = Desk()
    name = a_user(desk, "alice")
    desk.kubelets.tell("node-1", name, GIB, 10 * GIB)
    for seconds in (0, AGAIN - 1, AGAIN):
        desk.seconds = seconds
        await desk.read()
    assert desk.kubelets.asked == ["node-1"] * 2
    assert desk.kubelets.reviews == 1


async def test_no_more_nodes_are_asked_than_it_takes_and_not_all_at_once() -> None:
    desk = Desk()
    shared = on_nfs(desk, "home-nfs")
    for number in range(3 * AT_ONCE):
        desk.put(pod(f"jupyter-{number}", shared, on=f"node-{number}"))
    own = [a_user(desk, f"user-{number}", f"node-{number}") for number in range(2 * AT_ONCE)]
    for number, name in enumerate(own):
        desk.kubelets.tell(f"node-{number}", name, GIB, 10 * GIB)
        desk.kubelets.tell(f"node-{number}", shared, 5 * GIB, 10 * GIB)
    await desk.read()
    assert sorted(desk.kubelets.asked) == sorted(f"node-{n}" for n in range(2 * AT_ONCE))
    assert 1 <= desk.kubelets.most_at_once <= AT_ONCE
    assert all(desk.row(name).figures is not None for name in (*own, shared))


async def test_a_shared_home_is_asked_of_another_node_where_one_is_dead() -> None:
    desk = Desk()
    shared = on_nfs(desk, "home-nfs")
    for node in ("node-1", "node-2"):
        desk.put(pod(f"jupyter-{node}", shared, on=node))
        desk.kubelets.tell(node, shared, 5 * GIB, 10 * GIB)
    desk.kubelets.broken["node-1"] = UnreachableError("no answer in time")
    assert (await desk.read()).row(shared).figures is not None
    assert desk.kubelets.asked == ["node-1", "node-2"]


async def test_a_dead_node_costs_its_own_cells() -> None:
    desk = Desk()
    alive, dead = a_user(desk, "alice", "node-1"), a_user(desk, "bob", "node-2")
    desk.kubelets.tell("node-1", alive, GIB, 10 * GIB)
    desk.kubelets.broken["node-2"] = UnreachableError("no answer in time")
    await desk.read()
    assert desk.row(alive).figures is not None
    why = desk.row(dead).why_not
    assert why == "No Prometheus found; node node-2: no answer in time"
    assert desk.disks.missing == why


async def test_nodes_that_seem_dead_come_last_and_do_not_take_all_the_time() -> None:
    desk = Desk()
    dead = [f"dead-{number}" for number in range(2 * AT_ONCE)]
    for node in dead:
        name = a_user(desk, node, node)
        desk.put(pod(f"jupyter-{node}", name, on=node, ready=False))
        desk.kubelets.broken[node] = UnreachableError("no answer in time")
    alive = a_user(desk, "zoe", "alive-1")
    desk.kubelets.tell("alive-1", alive, GIB, 10 * GIB)

    def hold_up(node: str) -> None:
        desk.seconds += WITHIN / AT_ONCE if node in dead else 0

    desk.kubelets.hold_up = hold_up
    await desk.read()
    assert desk.row(alive).figures is not None
    assert desk.kubelets.asked[0] == "alive-1"
    # None is asked that could not answer before the time of all is over.
    first = len(desk.kubelets.asked)
    assert first == 1 + int((WITHIN - LEAST) * AT_ONCE / WITHIN) + 1
    assert all(LEAST <= seconds <= TIMEOUT for seconds in desk.kubelets.patience)
    assert desk.kubelets.patience[-1] < 2 * LEAST
    left = desk.row(f"claim-{dead[-1]}").why_not
    assert left == "No Prometheus found; its kubelet was not asked yet"
    desk.seconds += AGAIN
    await desk.read()
    assert desk.kubelets.asked[first] == "alive-1"
    assert desk.kubelets.asked[first + 1] == dead[first - 1]
    assert not set(desk.kubelets.asked[first + 1 :]) & set(desk.kubelets.asked[:first])


async def test_without_the_right_no_kubelet_is_asked_and_the_reason_is_told() -> None:
    desk = Desk()
    name = a_user(desk, "alice")
    desk.kubelets.may = False
    row = (await desk.read()).row(name)
    assert (row.figures, desk.kubelets.asked) == (None, [])
    assert row.why_not == f"No Prometheus found; {DENIED}"


async def test_a_kubelet_that_refuses_is_a_right_that_is_missing() -> None:
    desk = Desk()
    name = a_user(desk, "alice")
    desk.kubelets.broken["node-1"] = DeniedError("no right to get nodes/proxy node-1")
    assert (await desk.read()).row(name).why_not == f"No Prometheus found; {DENIED}"


async def test_a_volume_that_kubelets_do_not_measure_is_not_asked_for_each_minute() -> None:
    desk = Desk()
    name = a_user(desk, "alice")
    for seconds in (0.0, AGAIN, 2 * AGAIN, SILENT_FOR):
        desk.seconds = seconds
        await desk.read()
    assert desk.kubelets.asked == ["node-1"] * 2
    assert "measures nothing of this kind" in desk.row(name).why_not


async def test_a_volume_whose_pod_starts_is_asked_for_again_at_the_next_turn() -> None:
    desk = Desk().put(claim("claim-bob", "bob"), volume("pv-claim-bob"))
    desk.put(pod("jupyter-bob", "claim-bob", phase="Pending"))
    row = (await desk.read()).row("claim-bob")
    assert row.why_not == "No Prometheus found; not measured yet: its pod starts"
    desk.put(pod("jupyter-bob", "claim-bob"))
    desk.kubelets.tell("node-1", "claim-bob", GIB, 10 * GIB)
    desk.seconds = AGAIN
    assert (await desk.read()).row("claim-bob").figures is not None


async def test_a_shared_home_is_asked_of_another_node_where_its_pod_starts() -> None:
    desk = Desk()
    shared = on_nfs(desk, "home-nfs")
    desk.put(pod("jupyter-1", shared, on="node-1", phase="Pending"))
    desk.put(pod("jupyter-2", shared, on="node-2"))
    desk.kubelets.tell("node-2", shared, 5 * GIB, 10 * GIB)
    assert (await desk.read()).row(shared).figures is not None
    assert desk.kubelets.asked == ["node-1", "node-2"]


async def test_what_nobody_mounts_keeps_its_last_figures_with_their_age() -> None:
    desk = Desk()
    name = a_user(desk, "alice")
    desk.kubelets.tell("node-1", name, GIB, 10 * GIB)
    await desk.read()
    desk.pods.remove("hub/jupyter-alice")
    desk.seconds = 3600
    figures = (await desk.read()).row(name).figures
    assert figures is not None
    assert desk.now() - figures.as_of == timedelta(hours=1)
    assert desk.kubelets.asked == ["node-1"]


async def test_the_past_tells_of_what_nobody_mounts_now_and_is_asked_once() -> None:
    desk = Desk().put(claim("claim-bob", "bob"), volume("pv-claim-bob"))
    name = a_user(desk, "alice")
    desk.prometheus.tell(name, 4 * GIB, 10 * GIB)
    yesterday = START - timedelta(days=1)
    desk.prometheus.past = {"claim-bob": (yesterday, GIB), name: (START, 3 * GIB)}
    for seconds in (0, 60):
        desk.seconds = seconds
        await desk.read()
    row = desk.row("claim-bob")
    assert row.figures is not None
    assert (row.figures.used, row.figures.as_of) == (GIB, yesterday)
    assert (row.last_used, row.last_used_words) == (yesterday, "Prometheus saw it mounted last")
    now = desk.row(name).figures
    assert now is not None
    assert now.used == 4 * GIB
    assert len(desk.prometheus.ranges) == 3


async def test_the_past_is_not_asked_where_all_is_known() -> None:
    desk = Desk().put(claim("unbound", phase="Pending"))
    desk.prometheus.tell(a_user(desk, "alice"), 4 * GIB, 10 * GIB)
    await desk.read()
    assert desk.prometheus.ranges == []


async def test_a_past_that_cannot_be_had_is_asked_again_later_and_costs_nothing_else() -> None:
    desk = Desk().put(claim("claim-bob", "bob"), volume("pv-claim-bob"))
    name = a_user(desk, "alice")
    desk.prometheus.tell(name, 4 * GIB, 10 * GIB)
    desk.prometheus.past = ApiError("query timed out", status=503)
    for seconds in (0, 60, PAST_AGAIN):
        desk.seconds = seconds
        assert (await desk.read()).row(name).figures is not None
    assert len(desk.prometheus.ranges) == 6


async def test_a_past_that_nobody_waited_for_is_asked_again() -> None:
    desk = Desk().put(claim("claim-bob", "bob"), volume("pv-claim-bob"))
    desk.prometheus.tell(a_user(desk, "alice"), 4 * GIB, 10 * GIB)
    desk.prometheus.past = {"claim-bob": (START - timedelta(days=1), GIB)}
    desk.prometheus.hold = asyncio.Event()
    reading = asyncio.create_task(desk.disks.fill())
    for _ in range(50):
        await asyncio.sleep(0)
    assert desk.prometheus.ranges
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    desk.prometheus.hold = None
    assert (await desk.read()).row("claim-bob").figures is not None


async def test_what_nobody_ever_mounted_is_unknown_with_the_reason() -> None:
    desk = Desk().put(claim("data"), volume("pv-data"))
    assert desk.row("data").why_not == "not read yet"
    why = (await desk.read()).row("data").why_not
    assert why == "no pod mounts it, and only what is mounted is measured"


async def test_the_servers_own_node_exporter_tells_of_an_nfs_that_no_kubelet_tells_of() -> None:
    desk = Desk()
    homes, course = on_nfs(desk, "home-nfs"), on_nfs(desk, "course-nfs")
    desk.prometheus.held = {}
    tell_server(desk, namespace="hub", mountpoint="/shared-volume", instance="10.1.1.1:9100")
    tell_server(desk, namespace="other", mountpoint="/shared-volume", instance="10.1.1.2:9100")
    await desk.read()
    for name in (homes, course):
        figures = desk.row(name).figures
        assert figures is not None
        assert (figures.source, figures.by) == (Source.NODE_EXPORTER, "10.1.1.1:9100")
        assert (figures.used, figures.available) == (75 * GIB, 20 * GIB)
        assert figures.share == pytest.approx(75 / 95)
    (disk,) = desk.storage.disks()
    assert disk.figures == desk.row(homes).figures


async def test_of_several_exports_the_exporter_of_the_namespace_tells_of_the_one_served_there() -> (
    None
):
    desk = Desk()
    data = on_nfs(desk, "data-nfs")
    service = "home-nfs.hub.svc.cluster.local"
    desk.put(claim("home-nfs", modes=MANY), volume("pv-home-nfs", nfs(service, "/export")))
    desk.prometheus.held = {}
    tell_server(desk, namespace="hub", mountpoint="/shared-volume", instance="10.1.1.1:9100")
    await desk.read()
    assert desk.row("home-nfs").figures is not None
    assert desk.row(data).figures is None


async def test_an_exporter_may_tell_of_a_server_that_is_told_of_already() -> None:
    desk = Desk()
    homes, data = on_nfs(desk, "home-nfs"), on_nfs(desk, "data-nfs", path="/export/data")
    desk.prometheus.tell(homes, 40 * GIB, 100 * GIB)
    tell_server(desk, namespace="hub", mountpoint="/shared-volume", instance="10.1.1.1:9100")
    await desk.read()
    assert desk.row(data).figures is None
    told = desk.row(homes).figures
    assert told is not None
    assert told.source is Source.PROMETHEUS


async def test_of_two_exports_each_is_told_by_the_exporter_on_its_own_server() -> None:
    desk = Desk()
    homes, data = on_nfs(desk, "home-nfs"), on_nfs(desk, "data-nfs", path="/export/data")
    desk.prometheus.held = {}
    tell_server(desk, mountpoint="/export/data", instance="10.0.0.2:9100")
    tell_server(desk, mountpoint="/export/home", instance="10.0.0.3:9100")
    await desk.read()
    assert desk.row(data).figures is not None
    assert desk.row(homes).figures is None


async def test_a_server_that_pods_mount_without_a_claim_is_told_of_too() -> None:
    desk = Desk().put(pod("jupyter-alice", export="/export/home"))
    desk.prometheus.held = {}
    await desk.read()
    (disk,) = desk.storage.disks()
    assert (disk.figures, disk.why_not[:16]) == (None, "no node exporter")
    tell_server(desk, namespace="hub", mountpoint="/shared-volume", instance="10.1.1.1:9100")
    await desk.read()
    (disk,) = desk.storage.disks()
    assert disk.figures is not None
    assert (disk.figures.used, disk.figures.doubt) == (75 * GIB, "")
    assert desk.kubelets.asked == []


async def test_what_a_kubelet_tells_of_one_claim_holds_for_all_on_its_disk() -> None:
    desk = Desk()
    told, silent = on_nfs(desk, "home-nfs"), on_nfs(desk, "course-nfs")
    desk.put(pod("jupyter-alice", told))
    desk.kubelets.tell("node-1", told, 5 * GIB, 10 * GIB)
    await desk.read()
    assert desk.row(silent).figures == desk.row(told).figures is not None


async def test_what_one_claim_tells_of_a_shared_disk_holds_for_all_on_it() -> None:
    desk = Desk()
    told, silent = on_nfs(desk, "home-nfs"), on_nfs(desk, "course-nfs")
    desk.prometheus.tell(told, 40 * GIB, 100 * GIB)
    await desk.read()
    assert desk.row(silent).figures == desk.row(told).figures


async def test_a_reader_is_told_when_figures_or_reasons_change() -> None:
    desk = Desk()
    name, other = a_user(desk, "alice"), a_user(desk, "bob", "node-2")
    desk.storage.update()
    desk.prometheus.tell(name, 4 * GIB, 10 * GIB)
    await desk.disks.fill()
    assert desk.storage.update() == {name, other}
    desk.prometheus.held = UnreachableError("Prometheus does not answer")
    await desk.disks.fill()
    assert desk.storage.update() == {other}
    assert desk.row(other).why_not.startswith("Prometheus does not answer; ")
    assert desk.row(name).figures is not None


async def test_it_asks_while_somebody_looks_and_not_afterwards() -> None:
    desk = Desk()
    name = a_user(desk, "alice")
    desk.prometheus.tell(name, 4 * GIB, 10 * GIB)
    desk.listed()
    desk.disks.start("pane")
    desk.disks.start("details")
    await desk.disks.fill()
    assert desk.disks.of(name) is not None
    desk.disks.pause("pane")
    desk.prometheus.asked.clear()
    desk.disks.retry()
    await desk.prometheus.asked.wait()
    desk.disks.pause("details")
    desk.prometheus.asked.clear()
    await desk.disks.close()
    assert not desk.prometheus.asked.is_set()


# -- what is not believed


def figures(used: int | None, capacity: int | None, *, inodes: int | None = 1000) -> Figures:
    free = max(capacity - used, 0) if capacity is not None and used is not None else None
    return Figures(Source.KUBELET, START, capacity, used, free, inodes, 10, 990)


@pytest.mark.parametrize(
    ("used", "capacity", "words"),
    [
        (4 * GIB, 10 * GIB, ""),
        (0, 10 * GIB, ""),
        (10 * GIB, 10 * GIB, ""),
        (3 * GIB, 2**63, "grows as needed"),
        (0, 0, "a size of 0"),
        (11 * GIB, 10 * GIB, "11G used of 10G cannot be"),
        (-1, 10 * GIB, "below 0"),
        (None, 10 * GIB, ""),
        (GIB, None, ""),
    ],
)
def test_impossible_figures_are_recognised(
    used: int | None, capacity: int | None, words: str
) -> None:
    found = checked(figures(used, capacity))
    assert (words in found.doubt) if words else not found.doubt
    if words:
        assert found.share is None


@pytest.mark.parametrize("inodes", [0, None])
def test_a_file_system_without_inodes_has_none_to_count(inodes: int | None) -> None:
    found = checked(figures(GIB, 10 * GIB, inodes=inodes))
    assert (found.inodes, found.inodes_used, found.inode_share) == (None, None, None)
    assert found.share == 0.1


def told(driver: str, capacity: int, *, asked: int = 10 * GIB, shared: bool = False) -> Told:
    return Told(figures(GIB, capacity), driver, "", "standard", asked, shared)


def test_claims_that_are_folders_of_a_nodes_disk_are_not_disks() -> None:
    found = repeated({name: told("hostPath", 900 * GIB) for name in ("a", "b", "c")})
    assert found["a"].doubt == "the disk of its node (900G), which 2 other claims report, too"
    assert found["a"].share is None
    alone = repeated({"a": told("local", 900 * GIB)})
    assert alone["a"].doubt == "the disk of its node (900G), not a disk of its own"


def test_one_file_system_for_all_claims_of_a_class_is_no_disk_of_theirs() -> None:
    found = repeated({name: told("some.csi.example", 2000 * GIB) for name in ("a", "b")})
    assert found["b"].doubt == "one file system of 2T, which 1 other claim reports, too"


@pytest.mark.parametrize(
    "each",
    [
        told("pd.csi.storage.gke.io", 10 * GIB),
        told("pd.csi.storage.gke.io", 9 * GIB),
        told("local", 11 * GIB),
        told("nfs", 2000 * GIB, shared=True),
    ],
)
def test_disks_of_the_size_that_was_asked_for_and_shares_are_believed(each: Told) -> None:
    assert [found.doubt for found in repeated({"a": each, "b": each}).values()] == ["", ""]


async def test_a_doubt_stays_while_the_next_figures_come() -> None:
    desk = Desk().put(storage_class(made_by="rancher.io/local-path"))
    names = [a_user(desk, "alice", "node-1"), a_user(desk, "bob", "node-2")]
    for node, name in zip(("node-1", "node-2"), names, strict=True):
        desk.kubelets.tell(node, name, 4 * GIB, 900 * GIB)
    await desk.read()
    doubts: list[str] = []

    def look(_node: str) -> None:
        figures = desk.disks.of(names[0])
        doubts.append(figures.doubt if figures is not None else "")

    desk.kubelets.hold_up = look
    desk.seconds = AGAIN
    await desk.read()
    assert len(doubts) == 2
    assert all("the disk of its node" in doubt for doubt in doubts)


async def test_doubts_come_with_what_is_behind_the_claim() -> None:
    desk = Desk().put(storage_class(made_by="rancher.io/local-path"))
    names = [a_user(desk, user) for user in ("alice", "bob")]
    for name in names:
        desk.prometheus.tell(name, 4 * GIB, 900 * GIB)
    await desk.read()
    rows = [desk.row(name).figures for name in names]
    assert all(row is not None and "the disk of its node" in row.doubt for row in rows)
