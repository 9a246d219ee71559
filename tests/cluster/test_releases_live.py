"""What somebody else's helm does appears in the releases; what is broken costs its own row."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from hubtui.model.age import rfc3339
from hubtui.model.release import Status
from hubtui.services import releases as releases_module
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.views.cells import Tone, plain
from hubtui.views.releases import ReleasesView
from tests.cluster.clusters import Cluster
from tests.cluster.either_helm import either_helm as either_helm
from tests.cluster.opened import PATIENCE, live, session_of, until
from tests.cluster.small_release import NAME, SmallRelease
from tests.releases import packed, release
from tests.testbed.api import Api
from tests.testbed.faults import FaultProxy, Match

HELMS_UPDATES = Match(r"/secrets/sh\.helm\.release", method="PUT")
"""How helm ends an operation: the new status of its storage object."""
GZIP = base64.b64decode(base64.b64decode(packed(release(9, others=1))))


@pytest.fixture
def stored(api: Api) -> Iterator[str]:
    """A namespace for storage objects that no helm made."""
    name = "stored-by-hand"
    api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    api.request("DELETE", f"/api/v1/namespaces/{name}/secrets")


@pytest.fixture
async def session(cluster: Cluster, stored: str) -> AsyncIterator[Session]:
    """A session on that namespace, whose release is `hub`."""
    async with session_of(cluster.kubeconfig, namespace=stored, release="hub") as session:
        await live(session.releases.store)
        yield session


def store(api: Api, namespace: str, revision: int, data: object, **more: str) -> None:
    """A revision's Secret with whatever payload; what was there is replaced."""
    name = more.pop("name", f"sh.helm.release.v1.hub.v{revision}")
    labels = {"owner": "helm", "name": "hub", "version": str(revision), "status": "superseded"}
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, "labels": {**labels, **more}},
        "type": "helm.sh/release.v1",
        "data": {} if data is None else {"release": base64.b64encode(_bytes(data)).decode()},
    }
    api.apply(body)


def _bytes(data: object) -> bytes:
    return data if isinstance(data, bytes) else base64.b64decode(str(data))


def statuses(session: Session, name: str = NAME) -> list[str]:
    return [f"{head.revision} {head.status}" for head in session.releases.heads(name)]


def word(view: ReleasesView, key: str, column: str) -> str:
    """What a column of a row says."""
    titles = [one.id for one in view.columns]
    return plain(view.cells(key, utc_now())[titles.index(column)])


async def test_an_upgrade_and_a_rollback_typed_elsewhere_appear(small: SmallRelease) -> None:
    """With every state that the release goes through, pending ones too."""
    cluster = small.cluster
    async with (
        session_of(cluster.kubeconfig, namespace=small.namespace, release=NAME) as session,
        FaultProxy(cluster.server, ca_file=cluster.ca_file) as proxy,
    ):
        through = ("--kubeconfig", str(proxy.kubeconfig_from(cluster.kubeconfig)))
        await live(session.releases.store)
        assert statuses(session) == ["3 deployed", "2 superseded", "1 superseded"]
        held = proxy.delay(HELMS_UPDATES, PATIENCE)
        upgrade = asyncio.create_task(asyncio.to_thread(small.upgrade, "four", *through))
        await until(lambda: statuses(session)[:2] == ["4 pending-upgrade", "3 deployed"])
        held.clear()
        await upgrade
        await until(lambda: statuses(session)[:2] == ["4 deployed", "3 superseded"])
        held = proxy.delay(HELMS_UPDATES, PATIENCE)
        rollback = ("rollback", NAME, "1", *through)
        back = asyncio.create_task(asyncio.to_thread(small.run, *rollback))
        await until(lambda: statuses(session)[:2] == ["5 pending-rollback", "4 deployed"])
        held.clear()
        await back
        await until(lambda: statuses(session)[:2] == ["5 deployed", "4 superseded"])
        (summary,) = await session.releases.summaries(session.releases.heads(NAME)[:1])
        assert summary.description == "Rollback to 1"


async def test_what_is_told_is_what_helm_tells(cluster: Cluster, reader: Path) -> None:
    answer = cluster.run_helm("history", "hub", "--output", "json")
    async with session_of(reader) as session:
        await live(session.releases.store)
        heads = session.releases.heads("hub")[::-1]
        summaries = await session.releases.summaries(heads)
    told = [
        (
            head.revision,
            str(head.status),
            f"{summary.chart}-{summary.chart_version}",
            summary.app,
            summary.description,
            rfc3339(summary.updated),
        )
        for head, summary in zip(heads, summaries, strict=True)
    ]
    assert told == [
        (
            row["revision"],
            row["status"],
            row["chart"],
            row["app_version"],
            row["description"],
            rfc3339(_time(row["updated"])),
        )
        for row in json.loads(answer.stdout)
    ]


def _time(written: str) -> Any:
    import msgspec

    return msgspec.convert(written, type=type(utc_now()))


@pytest.mark.parametrize(
    "status", ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"]
)
async def test_a_secret_that_somebody_writes_is_a_row_at_once(
    session: Session, api: Api, stored: str, status: str
) -> None:
    view = ReleasesView(session.releases, "hub")
    view.drain()
    await asyncio.to_thread(store, api, stored, 7, packed(release(7)), status=status)
    await until(view.drain, "the new row")
    (key,) = view.keys()
    shown = view.cells(key, utc_now())
    assert word(view, key, "status").endswith(status)
    assert Tone.SOON in {tone for _, tone in shown[1]}
    assert view.ticking(key) == ("second" if status != "uninstalling" else "minute")
    # The payload comes by itself, because the row was looked at.
    await until(lambda: "Upgrade complete" in word(view, key, "description"))
    await asyncio.to_thread(store, api, stored, 7, packed(release(7)), status="deployed")
    await until(lambda: view.drain() and "deployed" in word(view, key, "status"))
    await asyncio.to_thread(
        api.request, "DELETE", f"/api/v1/namespaces/{stored}/secrets/sh.helm.release.v1.hub.v7"
    )
    await until(lambda: view.drain() and not view.keys())


BROKEN: dict[str, tuple[object, str]] = {
    "no data": (None, "is empty"),
    "empty": (b"", "is empty"),
    "no base64": (b"!! not base64 !!", "not whole base64"),
    "cut base64": (packed(release(9)).encode()[:2001], "not whole base64"),
    "cut gzip": (base64.b64encode(GZIP[: len(GZIP) // 2]), "cut off in its gzip part"),
    "damaged gzip": (base64.b64encode(GZIP[:60] + b"\0" * 20 + GZIP[80:]), "not whole gzip"),
    "no json": (base64.b64encode(gzip.compress(b"{not json")), "not readable JSON"),
    "no utf-8": (base64.b64encode(gzip.compress(b'{"name":"\xff"}')), "not readable JSON"),
    "no release": (base64.b64encode(gzip.compress(b'{"name":"hub"}')), "not of a Helm release"),
    "a list": (base64.b64encode(gzip.compress(b"[1]")), "not of a Helm release"),
    "not gzip": (base64.b64encode(b"PK\x03\x04 a zip file"), "neither gzip nor JSON"),
    "deep": (
        base64.b64encode(gzip.compress(b'{"config":{"a":' + b"[" * 9000)),
        "not readable JSON",
    ),
    "another's": (packed({**release(9, others=1), "version": 3}), "holds revision 3 of 'hub'"),
}


def _as_stored(data: object) -> object:
    return data.encode() if isinstance(data, str) else data


@pytest.mark.parametrize("case", BROKEN)
async def test_a_broken_payload_costs_its_own_row(
    session: Session, api: Api, stored: str, case: str
) -> None:
    data, words = BROKEN[case]
    if case == "another's":
        data = base64.b64decode(str(data))
    await asyncio.to_thread(store, api, stored, 8, packed(release(8, others=1)))
    await asyncio.to_thread(store, api, stored, 9, _as_stored(data), status="deployed")
    view = ReleasesView(session.releases, "hub")
    await until(lambda: view.drain() and len(view.keys()) == 2)

    def shown() -> list[str]:
        return [word(view, key, "description") for key in view.keys()]  # noqa: SIM118

    await until(lambda: "…" not in shown(), f"{shown()}")
    broken, whole = shown()
    assert words in broken
    assert "Upgrade complete" in whole


async def test_odd_values_and_manifests_break_no_row(
    session: Session, api: Api, stored: str
) -> None:
    """What is a release, and yet not what any chart would make."""
    odd = [
        release(1, config={"jupyterhub": [1], "hub": "x", "singleuser": None}, manifest=""),
        release(2, manifest="---\n: : :\n\t- }{"),
        release(3, manifest="- a\n- list\n---\n7\n---\nkind: 3\nmetadata: []\n"),
        release(4, manifest="", chart="4.4.0\x1b[31m", config=None),
        release(5, manifest="# Source: x/charts/jupyterhub/templates/hub/deployment.yaml\n!!x y"),
    ]
    for document in odd:
        await asyncio.to_thread(store, api, stored, document["version"], packed(document))
    await until(lambda: len(session.releases.heads("hub")) == len(odd))
    summaries = await session.releases.summaries(session.releases.heads("hub"))
    assert [summary.description for summary in summaries] == ["Upgrade complete"] * len(odd)


async def test_a_copy_of_a_revision_under_another_name_breaks_nothing(
    session: Session, api: Api, stored: str
) -> None:
    """`kubectl get secret -o yaml`, another name, `kubectl apply`: a backup, with its labels."""
    for name in ("sh.helm.release.v1.hub.v7", "backup"):
        await asyncio.to_thread(store, api, stored, 7, packed(release(7)), name=name)
    await until(lambda: statuses(session, "hub") == ["7 superseded"] * 2)
    secrets = f"/api/v1/namespaces/{stored}/secrets"
    await asyncio.to_thread(api.request, "DELETE", f"{secrets}/backup")
    await until(lambda: statuses(session, "hub") == ["7 superseded"])
    assert session.releases.heads("hub")[0].object_name == "sh.helm.release.v1.hub.v7"
    await asyncio.to_thread(api.request, "DELETE", f"{secrets}/sh.helm.release.v1.hub.v7")
    await until(lambda: session.releases.names() == [])


async def test_labels_that_are_none_are_told_from_the_name_or_left_out(
    session: Session, api: Api, stored: str
) -> None:
    await asyncio.to_thread(store, api, stored, 7, packed(release(7)), status="not-known-to-us")
    await asyncio.to_thread(store, api, stored, 8, None, name="nonsense", version="eight")
    await until(lambda: statuses(session, "hub") == ["7 unknown"])
    assert session.releases.heads("hub")[0].status is Status.UNKNOWN


async def test_a_payload_that_could_not_be_fetched_is_asked_for_again(
    cluster: Cluster, reader: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases_module, "AGAIN", 0.01)
    async with FaultProxy(cluster.server, ca_file=cluster.ca_file) as proxy:
        broken = proxy.drop(Match(r"/secrets/sh\.helm"), times=6)
        async with session_of(proxy.kubeconfig_from(reader)) as session:
            await live(session.releases.store)
            view = ReleasesView(session.releases, "hub")

            def complete() -> bool:
                """Draws what is dirty, as the screen does."""
                dirty = view.drain()
                for key in view.keys() if dirty else ():
                    view.cells(key, utc_now())
                head = view.current()
                return head is not None and view.summary(head) is not None

            await until(complete)
            assert len(broken.hits) == 6


async def test_what_is_under_way_when_a_session_closes_is_dropped(
    cluster: Cluster, reader: Path
) -> None:
    async with FaultProxy(cluster.server, ca_file=cluster.ca_file) as proxy:
        async with session_of(proxy.kubeconfig_from(reader)) as session:
            await live(session.releases.store)
            late = proxy.hang(Match(r"/secrets/sh\.helm"))
            (head, *_) = session.releases.heads("hub")
            assert session.releases.summary(head) is None
            await proxy.wait_for_request(Match(r"/secrets/sh\.helm"))
        late.clear()
        assert session.releases.summary(head) is None
        asked = len(proxy.requests)
        await session.releases.close()
        assert len(proxy.requests) == asked
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "payloads"]
