"""What is read of disks and volumes while nobody looks at them: when, how much, and what of it
becomes a disk that is worth a word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from hubtui.errors import DeniedError
from hubtui.model.disk import Source
from hubtui.model.homes import Home
from hubtui.model.hub_db import DbTrouble
from hubtui.model.roles import Role
from hubtui.model.trend import Confidence, Trend
from hubtui.services.pods import PodRow
from hubtui.services.problems import home_full
from hubtui.services.problems import storage_reading as reading
from hubtui.services.problems.storage_reading import StorageReading
from tests import situations
from tests.storage_desk import GIB, START, Desk, claim, nfs, pod, storage_class, volume

DB, HOMES = "hub-db-dir", "home-nfs"
MANY = ("ReadWriteMany",)


def grows(days: float, confidence: Confidence = Confidence.HIGH) -> Trend:
    """A disk that is full in so many days."""
    full = START + timedelta(days=days)
    return Trend(float(GIB), full, confidence, timedelta(days=1), f"in {days:g} d")


class Looked:
    """A hub at which nobody looks, and what is read of it. Trends, homes and the log are what a
    test says."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.missing: dict[str, str] = {}
        self.trends: dict[str, Trend] = {}
        self.growers: list[Home] = []
        self.servers: list[Any] = []
        self.log: list[str] = []
        self.read_logs = self.read_homes = 0
        self.filled: list[str] = []
        self.reading = StorageReading(
            cast(Any, self._session()), lambda: self.desk.seconds, self.missing
        )
        self.desk.put(storage_class())
        self.desk.listed()

    def _session(self) -> SimpleNamespace:
        async def fill(store: Any) -> None:
            self.filled.append(store.name)

        async def trends(*, close: bool) -> None:
            assert close

        async def homes() -> None:
            self.read_homes += 1

        async def served() -> None:
            assert self.read_homes

        desk = self.desk
        return SimpleNamespace(
            namespace="hub",
            storage=desk.storage,
            disks=desk.disks,
            feeds=SimpleNamespace(fill=fill),
            pods=SimpleNamespace(stores=SimpleNamespace(pods=desk.pods), logs=self._logs),
            trends=SimpleNamespace(
                fill=trends, of=self.trends.get, basis=lambda _: "Prometheus", missing=""
            ),
            nfs_servers=SimpleNamespace(fill=served, servers=lambda: self.servers),
            homes=SimpleNamespace(fill=homes, growers=lambda n: self.growers[:n], missing=""),
        )

    async def _logs(self, *_: object, **__: object) -> AsyncIterator[str]:
        self.read_logs += 1
        for line in self.log:
            yield line

    def core(self) -> list[PodRow]:
        """The hub, which is up and mounts its claim."""
        hub = situations.mounting(situations.pod("hub-1", "hub"), DB)
        return [PodRow(hub, Role.HUB, situations.situation(hub).core[0].state)]

    async def beat(self, seconds: float = 1.0, *waiting: PodRow) -> int:
        """So much later; how many reads were due."""
        self.desk.seconds += seconds
        self.reading.update()
        due = self.reading.wanted(self.core(), waiting)
        for read in due:
            await read()
        if self.reading._task is not None:
            await self.reading._task
        self.reading.update()
        return len(due)

    async def once(self) -> Looked:
        """All that is read at the start."""
        self.reading.at_once()
        await self.beat()
        await self.beat()
        return self

    def has(self, name: str, used: float, *, of: float = 100, **more: Any) -> Looked:
        """A claim of so many GiB, so full."""
        user = more.pop("user", "")
        source, made_by = more.pop("source", None), more.pop("made_by", "standard")
        self.desk.put(
            claim(name, user, size=f"{of:g}Gi", made_by=made_by, **more),
            volume(f"pv-{name}", source, made_by=made_by),
        )
        self.desk.prometheus.tell(name, used * GIB, of * GIB)
        return self


@pytest.fixture
def looked() -> Looked:
    return Looked()


async def test_nothing_is_read_at_the_start_and_little_while_nothing_happens(
    looked: Looked,
) -> None:
    looked.has(DB, 10)
    for _ in range(int(reading.FIRST)):
        assert await looked.beat() == 0
    for _ in range(8):
        await looked.beat()
    first = len(looked.desk.prometheus.queries)
    assert (first > 0, looked.read_logs, len(looked.filled)) == (True, 1, 4)
    for _ in range(100):
        await looked.beat()
    assert (len(looked.desk.prometheus.queries), looked.read_logs) == (first, 2)
    await looked.beat(reading.FIGURES_EVERY)
    assert len(looked.desk.prometheus.queries) == 2 * first
    assert (looked.read_homes, len(looked.filled)) == (0, 4)


async def test_a_pod_that_waits_for_its_volume_has_claims_and_attachments_read_at_once(
    looked: Looked,
) -> None:
    waits = situations.mounting(situations.waiting("hub-2", "hub", "ContainerCreating", 5), DB)
    row = PodRow(waits, Role.HUB, situations.situation(waits).troubled[0].state)
    looked.desk.put(claim(DB), waits)
    await looked.beat(1, row)
    assert len(looked.filled) == 4
    seen = looked.reading.volumes([row])
    assert [each.metadata.name for each in seen.claims or ()] == [DB]
    assert [each.metadata.name for each in seen.pods] == ["hub-2"]
    assert seen.attachments is None  # of them no list is complete here


async def test_kubelets_are_asked_for_the_database_and_shared_homes_alone(looked: Looked) -> None:
    desk = looked.desk
    for n, (name, user) in enumerate(((DB, ""), (HOMES, ""), ("claim-ana", "ana"))):
        desk.put(claim(name, user), volume(f"pv-{name}"), pod(f"p{n}", name, on=f"node-{n}"))
        desk.kubelets.tell(f"node-{n}", name, 9 * GIB, 10 * GIB)
    await looked.once()
    assert sorted(desk.kubelets.asked) == ["node-0", "node-1"]
    assert [disk.name for disk in looked.reading.disks] == [HOMES]


async def test_one_export_of_many_claims_is_one_disk_with_who_makes_it_grow(
    looked: Looked,
) -> None:
    grown = 2.0 * GIB
    home = Home("ana", "ana", 30 * GIB, None, None, None, grown, Source.DIRSIZE, START)
    looked.growers = [home]
    for n in range(3):
        source = nfs(path="/export/home")
        looked.has(f"home-nfs-{n}", 90, source=source, made_by="", modes=MANY)
    looked.trends["home-nfs-0"] = grows(2)
    await looked.once()
    (disk,) = looked.reading.disks
    assert (disk.name, disk.shared, len(disk.claims)) == ("10.0.0.2:/export/home", True, 3)
    assert disk.expandable is False
    assert disk.full_at == START + timedelta(days=2)
    assert disk.trend.startswith("grows by 1G a day, full in 2 d")
    assert [each.name for each in disk.growers] == ["ana"]
    assert looked.read_homes == 1


async def test_a_disk_that_servers_mount_without_a_claim_is_one_of_homes(looked: Looked) -> None:
    looked.desk.put(pod("jupyter-ana", export="/export/home"))
    held = looked.desk.prometheus.held = {}
    own = {"namespace": "hub", "mountpoint": "/shared-volume", "instance": "nfs:9100"}
    for metric, value in (("size", 100), ("free", 2), ("avail", 2)):
        held[f"node_filesystem_{metric}_bytes"] = [(own, value * GIB)]
    looked.trends["nfs:10.0.0.2:/export/home"] = grows(2)
    await looked.once()
    (disk,) = looked.reading.disks
    assert (disk.name, disk.claims, disk.shared) == ("10.0.0.2:/export/home", (), True)
    assert (disk.full_at, disk.expandable) == (START + timedelta(days=2), False)
    (found,) = home_full.find(replace(situations.situation(), disks=(disk,), now=looked.desk.now()))
    assert found.title.startswith("The homes' disk 10.0.0.2:/export/home is 98 % full")
    assert found.todo.startswith("Enlarge the disk of 10.0.0.2; ")
    assert found.targets == ()


async def test_a_shared_disk_and_the_claim_that_its_server_keeps_it_on_are_one(
    looked: Looked,
) -> None:
    source = nfs("10.96.0.9", "/")
    looked.has("shared-home", 90, source=source, made_by="", modes=MANY).has(HOMES, 90)
    server = pod("home-nfs-1", HOMES, labels={"app": "nfs-server"})
    looked.servers = [SimpleNamespace(pod=server, disks=("nfs:10.96.0.9:/",))]
    await looked.once()
    (disk,) = looked.reading.disks
    assert (disk.name, disk.claims) == ("home-nfs (10.96.0.9:/)", (HOMES, "shared-home"))
    assert disk.expandable is True


async def test_a_users_claim_is_worth_a_word_when_it_is_nearly_full(looked: Looked) -> None:
    looked.has("claim-ana", 9.8, of=10, user="ana").has("claim-bo", 9, of=10, user="bo")
    await looked.once()
    (disk,) = looked.reading.disks
    assert (disk.user, disk.claims, disk.expandable) == ("ana", ("claim-ana",), True)
    looked.desk.prometheus.held = {}
    looked.desk.prometheus.tell("claim-ana", 2 * GIB, 10 * GIB)
    await looked.beat(reading.FIGURES_EVERY)
    assert looked.reading.disks == ()


async def test_a_trend_that_is_not_to_be_believed_is_no_alarm(looked: Looked) -> None:
    looked.trends[DB] = grows(1, Confidence.LOW)
    await looked.has(DB, 60).once()
    found = looked.reading.database(looked.core())
    assert found is not None
    assert (found.full_at, found.trend, found.expandable) == (None, "", True)


async def test_the_database_is_told_with_its_claim_and_its_pod(looked: Looked) -> None:
    looked.log = [
        "2026-11-23T12:00:01.5Z [I] Backing up jupyterhub.sqlite => jupyterhub.sqlite.2026-11-23",
        "2026-11-23T12:00:02Z sqlite3.OperationalError: database is locked token=abcdefgh12345678",
    ]
    await looked.has(DB, 0.5, of=1).once()
    found = looked.reading.database(looked.core())
    assert found is not None
    assert (found.claim, found.pod, found.phase, found.size) == (DB, "hub-1", "Bound", GIB)
    assert found.figures is not None
    assert found.backups == ("jupyterhub.sqlite.2026-11-23",)
    (said,) = found.said
    assert (said.trouble, said.at) == (DbTrouble.LOCKED, START + timedelta(seconds=2))
    assert "abcdefgh12345678" not in said.line


@pytest.mark.parametrize(
    ("change", "phase"),
    [("gone", "absent"), ("lost", "Lost"), ("deleted", "Terminating")],
)
async def test_what_became_of_its_claim_is_seen(looked: Looked, change: str, phase: str) -> None:
    await looked.has(DB, 0.5, of=1).once()
    now = claim(DB, phase="Lost" if change == "lost" else "Bound")
    if change == "deleted":
        meta = msgspec.structs.replace(now.metadata, deletion_timestamp=START)
        now = msgspec.structs.replace(now, metadata=meta)
    if change == "gone":
        looked.desk.storage.claims.remove(f"hub/{DB}")
    else:
        looked.desk.put(now)
    assert looked.reading.update()
    found = looked.reading.database(looked.core())
    assert found is not None
    assert found.phase == phase


async def test_a_disk_that_fills_up_is_looked_at_more_often(looked: Looked) -> None:
    await looked.has(HOMES, 90).once()
    first = len(looked.desk.prometheus.queries)
    await looked.beat(reading.FIGURES_SOON)
    assert len(looked.desk.prometheus.queries) > first
    assert looked.read_homes == 1


async def test_what_may_not_be_read_is_named(looked: Looked) -> None:
    looked.desk.put(claim(DB))
    looked.desk.storage.claims.failed(DeniedError("no right to list claims", status=403), 30)
    await looked.once()
    assert looked.missing["claims"] == "no right to list claims"
    assert looked.missing["disk figures"] == "No Prometheus found"


async def test_a_prometheus_that_is_silent_keeps_nothing_else_waiting(
    looked: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()

    async def silent() -> None:
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(looked.desk.prometheus, "open", silent)
    looked.reading.wanted(looked.core(), ())
    looked.desk.seconds += reading.FIRST
    for _ in range(2):
        for read in looked.reading.wanted(looked.core(), ()):
            await read()
    assert looked.read_logs == 1
    await asked.wait()
    assert looked.reading.disks == ()
    await looked.reading.close()
