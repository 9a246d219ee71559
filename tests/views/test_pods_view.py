"""The pods pane: roles, what is not up below them, and what a filter or a fold makes of that."""

from __future__ import annotations

import asyncio
import unicodedata
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.errors import DeniedError, UnreachableError
from hubtui.model import kube
from hubtui.services.pods import Pods, Stores
from hubtui.services.session import Session
from hubtui.services.store import Store
from hubtui.views.cells import Tone, plain
from hubtui.views.pods import COLUMNS, PodsView, words_of
from tests.tui import prepared, world
from tests.tui.world import NOW, World

TITLES = [column.id for column in COLUMNS]


@pytest.fixture
def known() -> World:
    return world.hub()


@pytest.fixture
def session(tmp_path: Path, known: World) -> Session:
    return asyncio.run(_open(tmp_path, known))


async def _open(folder: Path, known: World) -> Session:
    return prepared.session(prepared.settings(folder), known)


@pytest.fixture
def view(session: Session) -> PodsView:
    view = PodsView(session.pods)
    view.drain()
    return view


def rows(view: PodsView) -> list[str]:
    return [plain(view.cells(key, NOW)[0]) for key in view.keys()]  # noqa: SIM118


def column(view: PodsView, key: str, title: str) -> str:
    return plain(view.cells(key, NOW)[TITLES.index(title)])


def put(session: Session, body: dict[str, Any]) -> None:
    session.pods.stores.pods.put(msgspec.convert(body, kube.Pod))


def test_roles_come_in_their_order_with_what_is_not_up_below_them(view: PodsView) -> None:
    assert rows(view) == [
        "● hub",
        "● proxy",
        "● autohttps",
        "● user-scheduler",
        "◌ user-placeholder",
        "● continuous-image-puller",
        "✗ users",
        "└ ana@uni.example /gpu",
        "└ bo@uni.example",
    ]
    assert column(view, "role:users", "ready") == "4/6"
    assert column(view, "role:users", "status") == "1 ImagePullBackOff 1 Pending"
    assert column(view, "role:user-placeholder", "status") == "2 waiting for a node, as meant"
    assert column(view, "role:autohttps", "status") == "OOMKilled 2 d ago"


def test_a_pod_that_is_not_up_says_since_when_and_why(view: PodsView) -> None:
    said = column(view, "pod:hub/jupyter-ana", "status")
    assert said == 'ImagePullBackOff 4 m Back-off pulling image "ds-image:2026.11"'
    said = column(view, "pod:hub/jupyter-bo", "status")
    assert said == "Pending 6 m 0/9 nodes are available: 9 Insufficient memory."


def test_a_role_unfolds_to_all_of_its_pods_and_folds_again(view: PodsView) -> None:
    before = rows(view)
    view.toggle("pod:hub/jupyter-ana")  # a pod's row folds its role
    assert view.drain().order
    assert rows(view)[-6:-2] == [
        "└ ana@uni.example /gpu",
        "└ bo@uni.example",
        "└ carla@uni.example",
        "└ dmitri@uni.example",
    ]
    view.toggle("role:users")
    view.drain()
    assert rows(view) == before


def test_a_filter_looks_into_folded_roles_and_hides_the_others(view: PodsView) -> None:
    view.set_filter("user:carla")
    view.drain()
    assert rows(view) == ["✗ users", "└ carla@uni.example"]
    assert view.headline.endswith("· user:carla")
    view.set_filter("nothing-like-it")
    view.drain()
    assert rows(view) == []
    assert view.empty() == "No pod matches nothing-like-it."
    view.set_filter("")
    view.drain()
    assert len(rows(view)) == 9


def test_pods_are_sorted_below_their_role_only(view: PodsView) -> None:
    view.toggle("role:users")
    view.set_sort("role", reverse=True)
    view.drain()
    users = [row for row in rows(view) if row.startswith("└")]
    assert users == sorted(users, reverse=True)
    assert rows(view)[0] == "● hub"


def test_one_change_dirties_one_pod_and_its_role(view: PodsView, session: Session) -> None:
    view.toggle("role:users")
    view.drain()
    body = world.pod(
        "jupyter-bo",
        "singleuser-server",
        "hub",
        6,
        annotations={"hub.jupyter.org/username": "bo@uni.example"},
    )
    put(session, body)
    dirty = view.drain()
    assert dirty.keys == {"pod:hub/jupyter-bo", "role:users"}
    assert column(view, "pod:hub/jupyter-bo", "ready") == "1/1"
    put(session, body)
    assert not view.drain()


def test_many_that_are_not_up_are_counted_and_not_all_shown(
    view: PodsView, session: Session
) -> None:
    for number in range(60):
        put(session, world.pending(f"jupyter-{number:02}", "singleuser-server", "hub", 5))
    view.drain()
    assert len([row for row in rows(view) if row.startswith("└")]) == 20
    assert "42 not shown" in column(view, "role:users", "status")
    view.toggle("role:users")
    view.drain()
    assert len([row for row in rows(view) if row.startswith("└")]) == 66


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("[red]x[/red]", "[red]x[/red]"),
        ("[/]", "[/]"),
        ("a\u202eb", r"a\u202eb"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("zoë 王", "zoë 王"),
        ("two\nlines", "two lines"),
    ],
)
def test_a_users_name_is_text(view: PodsView, session: Session, name: str, shown: str) -> None:
    notes = {"hub.jupyter.org/username": name}
    put(session, world.pod("jupyter-odd", "singleuser-server", "hub", 5, annotations=notes))
    view.toggle("role:users")
    view.drain()
    assert f"└ {shown}" in rows(view)


@given(st.text(), st.text(max_size=20))
def test_no_control_character_reaches_a_cell(text: str, name: str) -> None:
    store: Store[kube.Pod] = Store("pods")
    others: list[Store[Any]] = [Store("others") for _ in range(3)]
    body = world.pending(
        "odd", "singleuser-server", "hub", 5, annotations={"hub.jupyter.org/username": name}
    )
    body["spec"]["nodeName"] = text
    body["status"]["conditions"][0]["message"] = text
    body["status"]["reason"] = text
    store.put(msgspec.convert(body, kube.Pod))
    store.live()
    view = PodsView(Pods(None, Stores(store, *others), "hub", "hub"))  # type: ignore[arg-type]
    view.drain()
    for key in view.keys():  # noqa: SIM118
        for shown in view.cells(key, NOW):
            kinds = {unicodedata.category(sign) for sign in plain(shown)}
            assert not kinds & {"Cc", "Zl", "Zp"}, ascii(plain(shown))
            assert not set(plain(shown)) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u200f")


def test_freshness_is_told_and_rows_stay(view: PodsView, session: Session) -> None:
    store = session.pods.stores.pods
    assert view.freshness(NOW).words == "live"
    store.failed(UnreachableError("https://x does not answer: refused"), 4)
    now = store.health.since + timedelta(seconds=42)
    assert view.freshness(now).words.startswith("stale 42 s")
    assert view.freshness(now).stale
    assert len(rows(view)) == 9
    store.failed(DeniedError("no right to list pods in namespace hub"), 30)
    assert view.freshness(now).words == "no right to list pods in namespace hub"
    assert view.freshness(now).tone is Tone.SOON


def test_before_the_first_list_nothing_is_said_to_be_none() -> None:
    stores: list[Store[Any]] = [Store("s") for _ in range(4)]
    view = PodsView(Pods(None, Stores(*stores), "hub", "hub"))  # type: ignore[arg-type]
    assert (view.empty(), view.headline) == ("Connecting …", "")
    stores[0].failed(UnreachableError("no route to host"), 3)
    assert view.empty() == "no route to host."
    stores[0].live()
    assert view.empty() == "No pod in this namespace."


def test_what_a_pod_can_be_found_by(session: Session) -> None:
    session.pods.update()
    row = session.pods.row("hub/jupyter-ana")
    assert row is not None
    assert words_of(row)["user"] == "ana@uni.example"
    assert words_of(row)["status"] == "ImagePullBackOff"


# The chart of a running server


@pytest.mark.parametrize(
    ("chart", "shown"),
    [
        ("jupyterhub-4.3.3", "chart 4.3.3"),
        ("jupyterhub-4.4.0-0.dev.git.1.habc", "chart 4.4.0-0.dev.git.1.habc"),
        ("jupyterhub-4.4.0", ""),
        ("jupyterhub-4.4.1", ""),
        ("jupyterhub-4.10.0", ""),
        ("jupyterhub-next", ""),
        ("", ""),
    ],
)
def test_a_server_of_an_older_chart_is_told_by_it(
    session: Session, view: PodsView, chart: str, shown: str
) -> None:
    body = world.pod("jupyter-old", "singleuser-server", "hub", 60)
    body["metadata"]["labels"]["helm.sh/chart"] = chart
    put(session, body)
    view.set_release_chart("jupyterhub-4.4.0")
    view.toggle("role:users")
    view.drain()
    status = column(view, "pod:hub/jupyter-old", "status")
    assert ("chart" in status, shown in status) == (bool(shown), True)
