"""What is known of the hub's database: by its values, its pod, its log; as lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from hubtui.headless.text import fitted
from hubtui.model.disk import Figures, Source
from hubtui.model.holding import Holder, Holding
from hubtui.model.hub_db import (
    DbKind,
    DbSetting,
    DbTrouble,
    HubDb,
    backup_words,
    backups_in,
    claim_of,
    said_of,
    setting_of,
)
from hubtui.model.kube import Event, Pod
from hubtui.model.why_facts import Missing
from hubtui.services.hub_db import HubDatabase
from hubtui.services.store import Store
from hubtui.views.cells import plain
from hubtui.views.hub_db import database_lines
from tests import situations
from tests.situations import NOW, ago, mounting
from tests.storage_desk import Desk, claim, volume

URL = "postgresql+psycopg2://jupyterhub:s3cr3t-p4ss@db.example.org:5432/hub"


@pytest.mark.parametrize(
    ("db", "setting"),
    [
        ({}, DbSetting(DbKind.SQLITE)),
        ({"pvc": {"storage": "5Gi"}}, DbSetting(DbKind.SQLITE, size="5Gi")),
        ({"type": "sqlite-memory", "pvc": {"storage": "5Gi"}}, DbSetting(DbKind.MEMORY)),
        ({"type": "mysql", "url": "mysql://db/hub"}, DbSetting(DbKind.MYSQL, "mysql://db/hub")),
        ({"type": "other"}, DbSetting(DbKind.OTHER)),
    ],
)
def test_the_values_say_what_kind_it_is(db: dict[str, Any], setting: DbSetting) -> None:
    assert setting_of({"hub": {"db": db}}) == setting


def test_the_password_of_a_database_outside_is_not_shown() -> None:
    found = setting_of({"hub": {"db": {"type": "postgres", "url": URL}}})
    assert found.kind is DbKind.POSTGRES
    assert "s3cr3t-p4ss" not in found.url
    assert "db.example.org:5432/hub" in found.url


def pod(*volumes: tuple[str, str]) -> Pod:
    mounted = [{"name": n, "persistentVolumeClaim": {"claimName": c}} for n, c in volumes]
    return msgspec.convert({"spec": {"volumes": [{"name": "config"}, *mounted]}}, Pod)


@pytest.mark.parametrize(
    ("volumes", "name"),
    [
        ((("pvc", "hub-db-dir"),), "hub-db-dir"),
        ((("shared", "data"), ("pvc", "my-own")), "my-own"),
        ((("db", "alpha-hub-db-dir"),), "alpha-hub-db-dir"),
        ((("shared", "data"),), ""),
        ((), ""),
    ],
)
def test_its_claim_is_the_one_that_the_hub_mounts(
    volumes: Iterable[tuple[str, str]], name: str
) -> None:
    assert claim_of(pod(*volumes)) == name


def test_the_log_tells_of_copies_and_complaints() -> None:
    lines = [
        "[I] Backing up jupyterhub.sqlite => jupyterhub.sqlite.2026-11-23-101500",
        "sqlite3.OperationalError: database or disk is full",
        "[I] 200 GET /hub/api/ (database of locked doors)",
        "sqlite3.OperationalError: attempt to write a readonly database",
    ]
    assert backups_in(lines) == ("jupyterhub.sqlite.2026-11-23-101500",)
    said = said_of((ago(n), line) for n, line in enumerate(lines))
    assert [each.trouble for each in said] == [DbTrouble.FULL, DbTrouble.READONLY]
    assert backup_words(None) == "not seen: the hub's log was not read"
    assert backup_words(()).startswith("not seen")


def lines_of(known: HubDb | None) -> str:
    return "\n".join(plain(each) for each in fitted(list(database_lines(known, NOW)), 200))


def test_it_is_told_with_its_claim_who_holds_it_and_what_stands_in_its_way() -> None:
    holder = Holder("hub-1", "core-1", ending=True, lost=True)
    known = HubDb(
        setting=DbSetting(DbKind.SQLITE, size="1Gi"),
        claim="hub-db-dir",
        phase="Bound",
        size=2**30,
        figures=Figures(Source.PROMETHEUS, NOW),
        expandable=True,
        pod="hub-2",
        node="core-2",
        backups=("jupyterhub.sqlite.2026-11-23",),
        said=said_of([(ago(60), "sqlite3.OperationalError: database is locked")]),
        holding=Holding("hub-db-dir", "pv-1", "core-2", ("core-1",), (holder,)),
    )
    told = lines_of(known)
    for words in (
        "SQLite on a claim", "hub-db-dir, Bound, 1G", "hub.db.pvc.storage: 1Gi", "hub-2 on core-2",
        "held by pod hub-1 (on core-1, which does not answer, being deleted)",
        "jupyterhub.sqlite.2026-11-23", "database is locked 1 m ago", "yes, its class allows it",
    ):  # fmt: skip
        assert words in told


def test_what_is_not_known_of_it_is_a_question_mark_with_the_reason() -> None:
    told = lines_of(HubDb(missing=(Missing("values", "no right to list secrets"),)))
    assert "? the release's values cannot be read" in told
    assert "? no right to list secrets" in told
    assert "Looking at" in lines_of(None)


class Asked:
    """A hub's session of which only the database is asked; values, log and events are what a test
    says."""

    def __init__(self, *pods: Pod, values: dict[str, Any] | None = None) -> None:
        self.desk = Desk()
        self.desk.put(claim("hub-db-dir", size="1Gi"), volume("pv-hub-db-dir"), *pods)
        self.desk.listed()
        self.values_, self.told = values or {}, list[Event]()

    async def values(self) -> dict[str, Any]:
        return self.values_

    async def events(self, _: Pod) -> list[Event]:
        return self.told

    async def logs(self, *_: object, **__: object) -> AsyncIterator[str]:
        yield "2026-11-23T12:00:01Z [I] Backing up a.sqlite => a.sqlite.2026-11-23-120000"

    async def look(self) -> HubDb:
        desk = self.desk
        desk.storage.update()
        pods = SimpleNamespace(
            stores=SimpleNamespace(pods=desk.pods), logs=self.logs, events=self.events
        )
        session = SimpleNamespace(
            namespace="hub", release="hub", storage=desk.storage, pods=pods, hub_link=self,
            trends=SimpleNamespace(of=lambda _: None), nodes=SimpleNamespace(store=Store("nodes")),
        )  # fmt: skip
        return await HubDatabase(cast(Any, session)).look()


async def test_a_hub_that_runs_has_its_claim_and_tells_of_copies() -> None:
    found = await Asked(mounting(situations.pod("hub-1", "hub"), "hub-db-dir")).look()
    assert (found.claim, found.pod, found.node) == ("hub-db-dir", "hub-1", "node-1")
    assert (found.phase, found.expandable, found.holding) == ("Bound", None, None)
    assert found.backups == ("a.sqlite.2026-11-23-120000",)


async def test_a_hub_that_waits_for_its_volume_names_who_has_it() -> None:
    waits = situations.waiting("hub-2", "hub", "ContainerCreating", node="n2")
    old = situations.pod("hub-1", "hub", 9000, node="n1", deleted=60)
    asked = Asked(mounting(waits, "hub-db-dir"), mounting(old, "hub-db-dir"))
    words = 'Multi-Attach error for volume "pv-hub-db-dir" Volume is already used by pod(s) hub-1'
    asked.told = [situations.event("hub-2", "FailedAttachVolume", words)]
    found = await asked.look()
    assert found.holding is not None
    assert "held by pod hub-1 (on n1, being deleted); it is needed on n2" in found.holding.words
    assert found.backups is None


async def test_a_database_outside_has_no_claim() -> None:
    values = {"hub": {"db": {"type": "postgres", "url": URL}}}
    found = await Asked(situations.pod("hub-1", "hub"), values=values).look()
    assert found.setting is not None
    assert (found.setting.kind, found.claim, found.phase) == (DbKind.POSTGRES, "", "")
