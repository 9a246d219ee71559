"""All that is known of a claim or a disk, line by line, and what is not known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from hubtui.model.disk import Figures, Source
from hubtui.model.homes import Home
from hubtui.model.nfs import Client, Restarts
from hubtui.model.past import past_of
from hubtui.model.podstate import Severity
from hubtui.model.trend import Confidence, Trend
from hubtui.services.nfs_servers import NfsServer
from hubtui.services.storage import DiskRow
from hubtui.views.cells import Cell, plain
from hubtui.views.document import Hung
from hubtui.views.nfs import server_lines
from hubtui.views.storage_books import Disk
from hubtui.views.storage_details import Around, claim_details, disk_details
from tests.storage_desk import GIB, START, Desk, claim, pod, storage_class, volume

DAY = timedelta(days=1)


def words(lines: Iterable[Cell | Hung]) -> str:
    """The lines as one text, blanks aside."""
    found = (plain(line.cell if isinstance(line, Hung) else line) for line in lines)
    return "\n".join(" ".join(line.split()) for line in found)


async def told(*things: Any, name: str = "claim-ana", around: Around | None = None) -> str:
    desk = Desk()
    desk.prometheus.tell("claim-ana", 9.2 * GIB, 10 * GIB)
    desk.prometheus.tell("home-efs", 5 * GIB, 8 * 2**60)
    await desk.put(*things).read()
    return words(claim_details(desk.row(name), around or Around(), START))


async def test_what_is_behind_a_claim_and_who_mounts_it() -> None:
    server = pod("jupyter-ana", "claim-ana")
    around = Around(pods={"jupyter-ana": server}, events=())
    things = (claim("claim-ana", "ana"), volume("pv-claim-ana"), storage_class(), server)
    text = await told(*things, around=around)
    for line in (
        "✗ Bound 92% full", "user ana", "for user", "size 10G",
        "volume pv-claim-ana Bound", "driver pd.csi.storage.gke.io", "handle disks/pv-claim-ana",
        "reclaim policy Delete: it goes when the claim is deleted",
        "expandable yes, its class allows it", "used 9.2G", "inodes it counts none",
        "jupyter-ana node-1 ● Running", "last used mounted now",
    ):  # fmt: skip
        assert line in text


async def test_what_is_not_known_is_said_with_the_reason() -> None:
    text = await told(claim("claim-bo", "bo", phase="Pending"), name="claim-bo")
    for line in (
        "◌ Pending how full it is, is not known", "It has none yet.", "? it has no volume yet",
        "No pod mounts it.", "size ? asked for 10G", "Looking for events …",
    ):  # fmt: skip
        assert line in text
    assert "How it fills" not in text


async def test_figures_that_cannot_be_are_doubted_in_words() -> None:
    efs = {"csi": {"driver": "efs.csi.aws.com", "volumeHandle": "fs-1"}}
    things = (claim("home-efs"), volume("pv-home-efs", efs), pod("jupyter-ana", "home-efs"))
    text = await told(*things, name="home-efs")
    assert "? Doubtful: it grows as needed: 8192P is no size that could fill up." in text
    assert "% full" not in text


async def test_how_it_fills_is_told_over_each_window_with_its_confidence() -> None:
    trends = (
        Trend(None, None, Confidence.NONE, DAY / 4, "too little seen (5 m)"),
        Trend(2.0 * GIB, START + 2 * DAY, Confidence.HIGH, 7 * DAY, ""),
    )
    stamp = START.timestamp()
    past = past_of((stamp - hour * 3600, (100 - hour) * GIB) for hour in range(90))
    around = Around(trends=trends, told=trends[1], basis="Prometheus", past=past)
    things = (claim("claim-ana", "ana"), volume("pv-claim-ana"), pod("jupyter-ana", "claim-ana"))
    text = await told(*things, around=around)
    assert "92% full · full in 2 d" in text
    assert "6 h ? ? none too little seen (5 m)" in text
    assert "7 d +2G/d 2 d high" in text
    assert "▁▁" in text
    assert "to 100G in 3 d" in text
    assert "from Prometheus" in text


@pytest.mark.parametrize(
    ("around", "used", "told"),
    [
        (Around(), GIB, "Its past is being read."),
        (Around(no_trends="No Prometheus found"), GIB, "Not known: No Prometheus found."),
        (Around(), None, "Not known: how much of it is used is not told."),
    ],
)
def test_why_there_is_no_trend_is_told_unless_it_is_being_read(
    around: Around, used: int | None, told: str
) -> None:
    figures = Figures(Source.NODE_EXPORTER, START, 2 * GIB, used, GIB)
    row = DiskRow("nfs:a:/b", "a", "/b", "nfs", (), ("jupyter-ana",), figures, "")
    disk = Disk(row, "a:/b", (), (), figures, None, Severity.FINE)
    assert told in words(disk_details(disk, around, START))


def test_a_shared_disk_with_who_makes_it_grow_and_its_server() -> None:
    row = DiskRow(
        "nfs:10.0.0.4:/export", "10.0.0.4", "/export", "nfs", ("home-nfs",), ("a", "b"), None,
        "no pod mounts it",
    )  # fmt: skip
    home = Home("ana", "ana", 90, 3, START, 100, 2.0 * GIB, Source.DIRSIZE, START)
    serving = pod("home-nfs-1", "home-nfs")
    server = NfsServer(
        "jupyterhub-home-nfs", "10.0.0.4", False, (row.disk,), row.claims, serving, "",
        Restarts(3, START - DAY, "OOMKilled"), None, "",
    )  # fmt: skip
    client = Client("user-1", 1000, 200, 0, timedelta(minutes=5))
    lines = list(server_lines(server, (client,), "", START))
    disk = Disk(row, "home-nfs", ("home-nfs",), ("data",), None, None, Severity.FINE)
    text = words(disk_details(disk, Around(homes=(home,), server=lines), START))
    for line in (
        "disk nfs 10.0.0.4", "path /export", "kept on data by its server", "? no pod mounts it",
        "ana +2G/d 90 100 90% 0 s", "kind jupyterhub-home-nfs", "restarts 3 last 1 d ago OOMKilled",
        "clients ▲ user-1 200 of 1,000 calls sent again in 5 m 20%", "home-nfs for shared homes",
    ):  # fmt: skip
        assert line in text


def test_a_server_without_a_pod_says_why() -> None:
    managed = NfsServer("Amazon EFS", "fs-1", True, (), (), None, "it is no pod", None, None, "")
    text = words(server_lines(managed, (), "no Prometheus", START))
    assert "pod it is no pod" in text
    assert "clients ? no Prometheus" in text
