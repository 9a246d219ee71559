"""The nodes pane and a node's details: who is where, how full it is, and what is not known."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import convert

from hubtui.errors import DeniedError
from hubtui.model.kube import Pod
from hubtui.model.scale_down import Blocker, Hold, Stays
from hubtui.services.session import Session
from hubtui.views.cells import Cell, Tone, plain
from hubtui.views.document import Hung
from hubtui.views.node_cells import shortened, stays_cell
from hubtui.views.node_details import Around, node_details
from hubtui.views.nodes import ALL, COLUMNS, NodesView
from hubtui.views.table import fit
from tests.tui import prepared, world
from tests.tui.world import NOW, World

TITLES = [column.id for column in COLUMNS]
Change = Callable[[World], object]


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared.freeze(monkeypatch)


async def opened(folder: Path, change: Change | None = None) -> Session:
    """A session that has read nodes, users and seats once."""
    known = world.hub()
    if change is not None:
        change(known)
    session = prepared.session(prepared.settings(folder), known)
    await session.scale_down.fill()
    await session.seats.fill()
    return session


async def shown(folder: Path, change: Change | None = None) -> NodesView:
    return view_of(await opened(folder, change))


def view_of(session: Session) -> NodesView:
    view = NodesView(session.nodes, session.users, session.seats, session.scale_down)
    view.drain()
    return view


def node(known: World, name: str) -> dict[str, Any]:
    return next(each for each in known.objects["nodes"] if each["metadata"]["name"] == name)


def not_ready(known: World) -> None:
    node(known, "user-1")["status"]["conditions"][0]["status"] = "False"


def names(view: NodesView) -> list[str]:
    return [str(key) for key in view.keys()]  # noqa: SIM118


def column(view: NodesView, key: str, title: str) -> str:
    return plain(view.cells(key, NOW)[TITLES.index(title)])


def bars(view: NodesView, key: str, title: str) -> set[Tone]:
    return {tone for _, tone in view.cells(key, NOW)[TITLES.index(title)]}


async def test_a_pool_with_users_is_unfolded_and_the_others_are_a_line(tmp_path: Path) -> None:
    view = await shown(tmp_path)
    users = ["pool:users", "node:user-0", "node:user-1", "node:user-2"]
    assert names(view) == [*users, "pool:core", ALL]
    view.toggle("node:user-1")
    view.toggle("pool:core")
    assert view.drain().order
    assert names(view) == ["pool:users", "pool:core", "node:core-1", ALL]


async def test_a_line_of_what_is_known(tmp_path: Path) -> None:
    view = await shown(tmp_path)
    found = {title: column(view, "node:user-1", title) for title in TITLES}
    bar = found.pop("memory")
    assert (bar.count("━"), bar.count("│"), bar.split()[-1]) == (2, 1, "25%")
    assert found.pop("cpu").endswith("0%")
    assert found == {
        "node": "└ user-1", "state": "ready", "users": "2", "held": "", "pods": "3/110",
        "seats": "107", "stays": "stays: 3", "age": "1 d", "type": "n2-highmem-4",
        "zone": "europe-west1-b",
    }  # fmt: skip


async def test_a_pool_tells_the_sums_of_its_nodes(tmp_path: Path) -> None:
    view = await shown(tmp_path)
    sums = [column(view, "pool:users", title) for title in ("node", "users", "pods", "seats")]
    assert sums == ["● users ×3", "5", "8/330", "322"]
    assert column(view, "pool:core", "held") == "3"
    assert view.headline.startswith("4 · 421 seats, ")
    assert (view.strip_words(), view.totals()) == ("421 seats", (4, 0))


async def test_the_last_line_is_the_sum_of_all_pools_and_unfolds_them(tmp_path: Path) -> None:
    view = await shown(tmp_path)
    sums = [column(view, ALL, title) for title in ("node", "users", "held", "pods", "seats")]
    parts = [[column(view, f"pool:{n}", t) for n in ("users", "core")] for t in ("users", "seats")]
    assert sums == ["all nodes ×4", "5", "3", "16/440", "421"]
    assert [sum(map(int, each)) for each in parts] == [int(sums[1]), int(sums[4])]
    view.toggle(ALL)
    view.drain()
    assert "node:core-1" in names(view)
    view.toggle(ALL)
    view.drain()
    assert names(view) == ["pool:users", "pool:core", ALL]
    view.set_filter("user-1")
    view.drain()
    assert ALL not in names(view)


async def test_servers_of_other_hubs_are_counted_behind_and_keep_the_node(tmp_path: Path) -> None:
    session = await opened(tmp_path)
    labels = {"app": "jupyterhub", "component": "singleuser-server"}
    meta = {"name": "jupyter-zoe", "namespace": "hub-b", "uid": "zoe", "labels": labels}
    session.nodes.elsewhere.put(convert({"metadata": meta, "spec": {"nodeName": "core-1"}}, Pod))
    view = view_of(session)
    view.unfold_all()
    view.resize(156)
    view.drain()
    assert column(view, "node:core-1", "users") == "0+1"
    assert column(view, "node:core-1", "stays")
    assert column(view, ALL, "users") == "5+1"


async def test_users_core_and_placeholders_are_told_apart(tmp_path: Path) -> None:
    def asking(known: World) -> None:
        for pod, memory in (("hub-6d9c7f0", "4Gi"), ("user-placeholder-0", "4Gi")):
            each = next(p for p in known.objects["pods"] if p["metadata"]["name"] == pod)
            each["spec"]["containers"][0]["resources"] = {"requests": {"memory": memory}}

    view = await shown(tmp_path, asking)
    view.resize(76)
    assert bars(view, "pool:core", "memory") >= {Tone.TOOL, Tone.WAITING}
    assert Tone.FINE in bars(view, "pool:users", "memory")
    legend, _, doubts = plain(view.note()).partition(" · ")
    assert legend == "━ users ═ core ╍ placeholders │ in use"
    assert doubts.startswith("the newest server's pod jupyter-ana asks for nothing, ")


async def test_what_is_wrong_comes_first_and_stays_when_its_pool_is_folded(
    tmp_path: Path,
) -> None:
    view = await shown(tmp_path, not_ready)
    view.toggle("pool:users")
    view.drain()
    assert names(view)[:2] == ["pool:users", "node:user-1"]
    assert column(view, "node:user-1", "node") == "✗ user-1"
    assert column(view, "node:user-1", "state") == "NotReady"
    assert column(view, "pool:users", "state") == "1 not ready"
    assert view.totals() == (4, 1)


async def test_a_large_pool_is_one_line_until_it_is_unfolded(tmp_path: Path) -> None:
    def many(known: World) -> None:
        known.add("nodes", *(world.node(f"user-{n}", "users", 9) for n in range(3, 40)))

    view = await shown(tmp_path, many)
    assert names(view) == ["pool:users", "pool:core", ALL]
    view.toggle("pool:users")
    view.drain()
    assert names(view)[9:12] == ["node:user-8", "node:user-9", "node:user-10"]
    assert column(view, "pool:users", "pods") == "8/4400"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("user-2", ["user-2"]),
        ("pool:core", ["core-1"]),
        ("state:notready", ["user-1"]),
        ("state:ready -state:notready pool:users", ["user-0", "user-2"]),
        ("user:carla", ["user-1"]),
        ("zone:europe-west1-b type:highmem -pool:users", ["core-1"]),
        ("nothing", []),
    ],
)
async def test_a_filter_looks_at_nodes_and_at_the_users_on_them(
    tmp_path: Path, text: str, found: list[str]
) -> None:
    view = await shown(tmp_path, not_ready)
    view.set_filter(text)
    view.drain()
    assert [key[5:] for key in names(view) if key.startswith("node:")] == found
    assert view.headline.endswith(f" · {text}")
    assert found or view.empty() == "No node matches nothing."


@pytest.mark.parametrize(
    ("sort", "first"), [("node", "user-0"), ("users", "user-1"), ("memory", "user-1"),
                        ("seats", "user-0"), ("state", "user-0")],
)  # fmt: skip
async def test_nodes_are_sorted_within_their_pool(tmp_path: Path, sort: str, first: str) -> None:
    view = await shown(tmp_path)
    view.set_sort(sort, reverse=False)
    view.drain()
    assert names(view)[:2] == ["pool:users", f"node:{first}"]


async def test_without_the_right_to_nodes_their_pods_tell_who_is_where(tmp_path: Path) -> None:
    session = await opened(tmp_path, lambda known: known.objects["nodes"].clear())
    denied = DeniedError("no right to list nodes", status=403)
    session.nodes.store.failed(denied, 30)
    view = view_of(session)
    assert names(view)[:2] == ["pool:", "node:core-1"]
    assert column(view, "pool:", "node") == "● no pool ×4"
    found = [column(view, "node:user-1", title) for title in ("state", "users", "pods", "memory")]
    assert found == ["?", "2", "3/?", "4G/?"]
    assert column(view, "node:user-1", "seats") == "?"
    fresh = view.freshness(NOW)
    assert (fresh.words, fresh.tone, fresh.stale) == ("no right to list nodes", Tone.SOON, False)
    assert "nodes: no right to list nodes" in plain(view.note())


async def test_pods_that_are_not_seen_make_sums_lower_bounds(tmp_path: Path) -> None:
    session = await opened(tmp_path)
    session.nodes.elsewhere.failed(DeniedError("no right to list pods", status=403), 30)
    view = view_of(session)
    assert column(view, "node:user-1", "pods") == "≥3/110"
    assert column(view, "node:user-1", "memory").endswith("≥25%")
    assert column(view, "node:user-1", "seats") == "≤107"


@pytest.mark.parametrize(
    ("width", "dropped"),
    [
        (156, []),
        (96, ["zone", "type"]),
        (76, ["zone", "type", "age", "stays"]),
        (36, ["zone", "type", "age", "stays", "held", "cpu", "pods", "state", "seats"]),
    ],
)
async def test_every_cell_fits_its_column_and_the_least_needed_go_first(
    tmp_path: Path, width: int, dropped: list[str]
) -> None:
    view = await shown(tmp_path, not_ready)
    view.resize(width)
    fitted = fit(COLUMNS, width)
    assert {TITLES[index] for index, _ in fitted} == set(TITLES) - set(dropped)
    for key in names(view):
        cells = view.cells(key, NOW)
        narrow = {TITLES.index("state")} if key.startswith("pool:") else set()  # cut with …
        for index, size in fitted:
            if index in narrow:
                continue
            assert len(plain(cells[index])) <= size, (key, TITLES[index])


@pytest.mark.parametrize(
    ("name", "width", "found"),
    [
        ("user-1", 13, "user-1"),
        ("ip-10-0-12-34.eu-west-1.compute.internal", 14, "ip-10-0-12-34…"),
        ("gke-eu-prod-user-pool-1a2b3c4d-xyz9", 13, "gke-e…4d-xyz9"),
        ("worker-0123456789.example.org", 9, "wor…56789"),
        ("ノード-一二三四五六", 9, "ノード-…"),
        ("user-10", 4, "use…"),
    ],
)
def test_a_long_name_keeps_what_tells_it_apart(name: str, width: int, found: str) -> None:
    assert shortened(name, width) == found


@pytest.mark.parametrize(
    ("blockers", "last", "found"),
    [
        ([], None, "may go"),
        ([Blocker(Hold.USED, None, "full", may=True)], None, "may go"),
        ([Blocker(Hold.USER, None, "ana")], NOW + timedelta(hours=2), "frees in 2 h"),
        ([Blocker(Hold.USER, None, "ana")], None, "stays: 1"),
        (
            [Blocker(Hold.USER, None, "ana"), Blocker(Hold.SYSTEM, None, "dns")],
            NOW + timedelta(hours=2),
            "stays: 2",
        ),
    ],
)
def test_when_a_node_is_free_of_what_keeps_it(
    blockers: list[Blocker], last: datetime | None, found: str
) -> None:
    assert plain(stays_cell(Stays(tuple(blockers), last, ""), NOW)) == found
    late = plain(stays_cell(Stays(tuple(blockers), last, "", at_least=True), NOW))
    assert late == found.replace("in 2 h", "in ≥2 h")


# -- details


async def details(folder: Path, name: str, change: Change | None = None) -> list[str]:
    session = await opened(folder, change)
    session.users.update()
    session.seats.update()
    row = session.nodes.row(name)
    assert row is not None
    around = Around(
        pods=session.nodes.pods_on(name),
        servers={each.pod.key: each for each in session.users.rows() if each.pod is not None},
        release=session.release,
        seats=session.seats.answer,
        stays=session.scale_down.of(name),
        events=(),
    )
    return list(texts(node_details(row, around, NOW)))


def texts(lines: Iterable[Cell | Hung]) -> Iterable[str]:
    return (plain(line.cell if isinstance(line, Hung) else line) for line in lines)


async def test_the_details_name_the_users_with_their_idle_time(tmp_path: Path) -> None:
    found = await details(tmp_path, "user-1")
    text = "\n".join(found)
    at = found.index("Users 2")
    assert [line.split()[:3] for line in found[at + 2 : at + 4]] == [
        ["farid@uni.example", "66", "m"], ["carla@uni.example", "0", "s"],
    ]  # fmt: skip
    for words in (
        "pool             users", "107 · pod slots bind", "It stays for 2 servers",
        "continuous-image-puller ● hub/continuous-image-puller-1", "Images 6 · 18G",
        "3G     quay.io/uni/ds-image:2026.11", "none in the last hour",
    ):  # fmt: skip
        assert words in text


async def test_a_full_list_of_images_says_that_there_may_be_others(tmp_path: Path) -> None:
    def full(known: World) -> None:
        images = [{"names": None, "sizeBytes": 2**30}] * 50
        node(known, "user-1")["status"]["images"] = images

    found = await details(tmp_path, "user-1", full)
    at = found.index("Images ≥50 · ≥50G")
    assert "others may be there" in found[at + 1]
    assert found[at + 2].split() == ["1G", "without", "a", "name"]


async def test_a_node_that_is_gone_is_told_by_its_pods(tmp_path: Path) -> None:
    found = await details(tmp_path, "user-1", lambda known: known.objects["nodes"].clear())
    assert found[0] == "▲ The node is gone. What its pods tell:"
    assert "Conditions" not in found
    assert any(line.split()[:2] == ["memory", "4G"] and "?" in line for line in found)


async def test_text_from_outside_stays_harmless(tmp_path: Path) -> None:
    evil = "a\x1b]52;c;aGk=\x07\u202eb\n[red]"

    def hostile(known: World) -> None:
        each = node(known, "user-1")
        each["metadata"]["labels"]["cloud.google.com/gke-nodepool"] = evil
        each["metadata"]["labels"]["topology.kubernetes.io/zone"] = evil
        each["spec"]["taints"] = [{"key": evil, "value": evil, "effect": evil}]
        each["status"]["conditions"].append({"type": evil, "status": evil, "message": evil})
        each["status"]["images"] = [{"names": [evil], "sizeBytes": 1}]
        each["status"]["nodeInfo"] = {"kubeletVersion": evil, "osImage": evil}

    view = await shown(tmp_path, hostile)
    view.unfold_all()
    view.drain()
    view.resize(300)
    shown_ = [plain(each) for key in names(view) for each in view.cells(key, NOW)]
    shown_ += await details(tmp_path, "user-1", hostile)
    assert not {c for text in shown_ for c in text if unicodedata.category(c) in ("Cc", "Cf")}
