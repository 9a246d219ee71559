"""The releases pane: the hub's revisions on top, the other releases folded below."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from hubtui.errors import DeniedError
from hubtui.model.kube import Object
from hubtui.services.session import Session
from hubtui.views.cells import Cell, Tone, plain
from hubtui.views.releases import OTHERS, ReleasesView
from tests.releases import packed, release
from tests.tui import prepared, world
from tests.tui.world import NOW, World

NEWEST = "rev:hub/sh.helm.release.v1.hub.v12"


@pytest.fixture
def known() -> World:
    return world.hub()


@pytest.fixture
async def session(tmp_path: Path, known: World) -> AsyncIterator[Session]:
    session = prepared.session(prepared.settings(tmp_path), known)
    yield session
    await session.close()


@pytest.fixture
async def view(session: Session) -> ReleasesView:
    view = ReleasesView(session.releases, "hub")
    view.drain()
    return view


def cells(view: ReleasesView, key: str) -> dict[str, Cell]:
    """The cells of a row by column."""
    titles = [column.id for column in view.columns]
    return dict(zip(titles, view.cells(key, NOW), strict=True))


def words(view: ReleasesView, key: str) -> dict[str, str]:
    return {title: plain(one) for title, one in cells(view, key).items()}


async def shown(view: ReleasesView, key: str) -> dict[str, str]:
    """The words of a row, once its payload is in: looking at it is what has it fetched."""
    async with asyncio.timeout(20):
        while words(view, key)["description"].endswith("…"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return words(view, key)


def put(session: Session, revision: int, status: str) -> None:
    """Somebody's helm wrote a revision's Secret."""
    labels = {"owner": "helm", "name": "hub", "version": str(revision), "status": status}
    meta = {
        "name": f"sh.helm.release.v1.hub.v{revision}",
        "namespace": "hub",
        "uid": f"uid-{revision}",
        "resourceVersion": f"{revision}-{status}",
        "creationTimestamp": "2026-11-23T14:02:00Z",
        "labels": labels,
    }
    session.releases.store.put(msgspec.convert({"metadata": meta}, Object))


async def test_the_hubs_revisions_are_on_top_newest_first(view: ReleasesView) -> None:
    keys = [key.rpartition(".")[2] for key in view.keys()]  # noqa: SIM118
    assert keys == ["v12", "v11", "v10", "v9", "v8", "v7", OTHERS]
    assert view.headline.startswith("hub · 6 revisions")
    row = await shown(view, NEWEST)
    assert (row["revision"], row["status"]) == ("12", "● deployed")
    assert (row["updated"], row["chart"], row["app"]) == ("3 d", "4.4.0", "5.5.0")
    assert "bump image 2026.11" in row["description"]


async def test_a_failed_revision_is_in_its_own_tone(view: ReleasesView) -> None:
    key = NEWEST.replace("v12", "v10")
    assert (await shown(view, key))["status"] == "✗ failed"
    row = cells(view, key)
    assert {tone for _, tone in row["status"]} == {Tone.NOW}
    assert ("pre-upgrade hooks failed: timed out", Tone.NOW) in row["description"]


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback"])
async def test_a_pending_revision_appears_and_ticks(
    view: ReleasesView, session: Session, status: str
) -> None:
    put(session, 13, status)
    dirty = view.drain()
    key = NEWEST.replace("v12", "v13")
    assert dirty.order
    assert key in dirty.keys
    assert view.keys()[0] == key
    shown = cells(view, key)["status"]
    assert plain(shown) == f"◌ {status}"
    assert {tone for _, tone in shown} == {Tone.SOON}
    assert (view.ticking(key), view.ticking(NEWEST)) == ("second", "minute")
    put(session, 13, "deployed")
    assert not view.drain().order
    assert words(view, key)["status"] == "● deployed"


async def test_the_other_releases_unfold(view: ReleasesView) -> None:
    said = plain(view.cells(OTHERS, NOW)[0])
    assert said == "▸ also here: home-nfs ● prometheus ●"
    assert view.foldable(OTHERS)
    view.toggle(OTHERS)
    assert view.drain().order
    others = [key for key in view.keys() if key.startswith("release:")]  # noqa: SIM118
    assert len(others) == 2
    row = await shown(view, others[1])
    assert row["description"] == "▸ prometheus Install complete"


async def test_a_filter_finds_by_status_and_looks_into_the_others(view: ReleasesView) -> None:
    view.set_filter("status:failed")
    view.drain()
    assert [key for key in view.keys() if key != OTHERS] == [  # noqa: SIM118
        NEWEST.replace("v12", "v10")
    ]
    view.set_filter("prometheus")
    view.drain()
    assert view.keys()[-1].startswith("release:hub/sh.helm.release.v1.prometheus")


async def test_a_broken_payload_is_said_in_its_row(
    view: ReleasesView, session: Session, known: World
) -> None:
    secret = next(s for s in known.objects["secrets"] if s["metadata"]["name"].endswith("hub.v12"))
    secret["data"]["release"] = packed(release(12))[:1001]
    broken = await shown(view, NEWEST)
    assert "not whole base64" in broken["description"]
    assert broken["status"] == "● deployed"
    assert "Upgrade complete" in (await shown(view, NEWEST.replace("v12", "v9")))["description"]


async def test_until_the_payload_is_in_the_object_says_when(
    view: ReleasesView, session: Session
) -> None:
    put(session, 13, "pending-upgrade")
    view.drain()
    row = words(view, NEWEST.replace("v12", "v13"))
    assert (row["updated"], row["description"]) == ("1 m", "…")


async def test_without_the_right_the_sentence_names_it(
    view: ReleasesView, session: Session
) -> None:
    store = session.releases.store
    for thing in list(store):
        store.remove(thing.key)
    store.failed(DeniedError("no right to list secrets in namespace hub"), 30)
    view.drain()
    assert view.empty() == "no right to list secrets in namespace hub. Pods work without it."
    assert view.headline == ""
    now = store.health.since + timedelta(seconds=3)
    assert view.freshness(now).words == "no right to list secrets in namespace hub"


async def test_a_revision_that_is_removed_leaves_no_row(
    view: ReleasesView, session: Session
) -> None:
    session.releases.store.remove("hub/sh.helm.release.v1.hub.v7")
    assert view.drain().order
    assert all("v7" not in key for key in view.keys())  # noqa: SIM118
    assert set(words(view, "rev:hub/gone").values()) == {""}
