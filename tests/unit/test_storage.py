"""Claims with what is behind them and who mounts them, whatever becomes of claims and pods."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubtui.errors import DeniedError
from hubtui.model import kube
from hubtui.model.claims import ClaimKind
from hubtui.model.hub import HubServer, HubUser
from hubtui.model.kube_needs import Claim
from hubtui.model.volumes import StorageClass, Volume
from hubtui.services.storage import MOUNTED_NOW, ClaimRow, DiskRow, Storage
from tests.storage_desk import (
    GIB,
    HUB,
    SERVER_LABELS,
    START,
    Desk,
    claim,
    nfs,
    pod,
    storage_class,
    volume,
)

MANY = ("ReadWriteMany",)


def test_a_claim_is_joined_with_all_that_is_known_of_it() -> None:
    desk = Desk().put(
        claim("claim-alice--gpu", "alice", "gpu"),
        volume("pv-claim-alice--gpu"),
        storage_class(),
        pod("jupyter-alice--gpu", "claim-alice--gpu"),
    )
    row = desk.row("claim-alice--gpu")
    assert (row.kind, row.user, row.server) == (ClaimKind.USER, "alice", "gpu")
    assert (row.size, row.asked, row.phase) == (10 * GIB, 10 * GIB, "Bound")
    assert row.mounted_by == ("jupyter-alice--gpu",)
    assert (row.last_used, row.last_used_words) == (None, MOUNTED_NOW)
    assert row.backing is not None
    assert (row.backing.driver, row.backing.reclaim) == ("pd.csi.storage.gke.io", "Delete")
    assert (row.backing.expandable, row.backing.shared) == (True, False)
    assert desk.storage.disks() == ()
    assert desk.storage.claims_of("alice") == (row,)


def test_a_claim_that_is_not_bound_has_no_size_and_no_volume() -> None:
    row = Desk().put(claim("home-new", phase="Pending", size="1.5e9")).row("home-new")
    assert (row.phase, row.size, row.asked) == ("Pending", None, 1_500_000_000)
    assert (row.backing, row.disk, row.why_not) == (None, "", "it has no volume yet")


def test_a_claim_whose_volume_is_gone_is_lost() -> None:
    row = Desk().put(claim("data", phase="Lost", volume="pv-gone")).row("data")
    assert (row.phase, row.backing, row.disk) == ("Lost", None, "")


def test_two_exports_of_one_server_are_two_disks_and_two_volumes_of_one_export_are_one() -> None:
    desk = Desk().put(
        claim("home-nfs", modes=MANY),
        claim("course-nfs", modes=MANY),
        claim("data-nfs", modes=MANY),
        volume("pv-home-nfs", nfs()),
        volume("pv-course-nfs", nfs(path="/export/home/")),
        volume("pv-data-nfs", nfs(path="/export/data")),
        pod("jupyter-alice", "home-nfs", "course-nfs"),
        pod("jupyter-bob", "home-nfs"),
    )
    desk.storage.update()
    data, home = desk.storage.disks()
    assert (data.claims, data.pods, data.path) == (("data-nfs",), (), "/export/data")
    assert (home.server, home.path) == ("10.0.0.2", "/export/home")
    assert home.claims == ("course-nfs", "home-nfs")
    assert home.pods == ("jupyter-alice", "jupyter-bob")


def test_pods_that_mount_a_server_without_a_claim_are_below_its_disk() -> None:
    desk = Desk().put(
        claim("home-nfs", modes=MANY),
        volume("pv-home-nfs", nfs()),
        pod("jupyter-alice", "home-nfs"),
        pod("jupyter-bob", export="/export/home/"),
        pod("jupyter-eve", export="/export/data"),
    )
    desk.storage.update()
    data, home = desk.storage.disks()
    assert (home.claims, home.pods) == (("home-nfs",), ("jupyter-alice", "jupyter-bob"))
    assert (data.disk, data.server, data.path) == (
        "nfs:10.0.0.2:/export/data",
        "10.0.0.2",
        "/export/data",
    )
    assert (data.claims, data.pods, data.driver) == ((), ("jupyter-eve",), "nfs")
    desk.pods.remove(f"{HUB}/jupyter-eve")
    desk.storage.claims.remove(f"{HUB}/home-nfs")
    assert desk.storage.update() == {"home-nfs", "nfs:10.0.0.2:/export/data"}
    (home,) = desk.storage.disks()
    assert (home.claims, home.pods) == ((), ("jupyter-bob",))


def test_a_claim_that_users_share_is_a_home_once_a_user_was_seen_with_it() -> None:
    desk = Desk().put(claim("shared", modes=MANY), claim("grafana", modes=MANY))
    assert desk.row("shared").kind is ClaimKind.OTHER
    desk.put(pod("jupyter-alice", "shared"), pod("grafana-0", "grafana", labels={}))
    assert desk.row("shared").kind is ClaimKind.HOME_SHARED
    assert desk.row("grafana").kind is ClaimKind.OTHER
    desk.pods.remove(f"{HUB}/jupyter-alice")
    assert desk.row("shared").kind is ClaimKind.HOME_SHARED


def test_the_last_pod_tells_when_a_claim_was_used_last() -> None:
    desk = Desk().put(claim("claim-alice", "alice"), pod("jupyter-alice", "claim-alice"))
    desk.row("claim-alice")
    desk.seconds = 90
    desk.pods.remove(f"{HUB}/jupyter-alice")
    row = desk.row("claim-alice")
    assert row.last_used == desk.now()
    assert row.last_used_words == "pod jupyter-alice mounted it last"


def test_a_pod_that_is_over_mounts_nothing_and_tells_since_when() -> None:
    over = pod("run-1", "scratch", phase="Succeeded", ended_at="2026-11-23T11:00:00Z")
    row = Desk().put(claim("scratch"), over).row("scratch")
    assert row.mounted_by == ()
    assert row.last_used == START.replace(hour=11)


def test_the_hub_tells_what_no_pod_does_and_nobody_invents_it() -> None:
    desk = Desk().put(claim("claim-alice", "alice"), claim("claim-bob", "bob"), claim("data"))
    assert desk.row("claim-alice").last_used is None
    assert "the hub has not told of alice" in desk.row("claim-alice").last_used_words
    assert desk.row("data").last_used_words.startswith("not known: no pod was seen with it")
    desk.users.tell(
        HubUser("alice", last_activity=START, servers={"": HubServer(last_activity=START)})
    )
    assert desk.storage.update() == {"claim-alice"}
    assert desk.row("claim-alice").last_used == START
    assert desk.row("claim-bob").last_used is None


def test_without_the_right_to_volumes_the_rest_is_there_and_says_so() -> None:
    desk = Desk().put(claim("claim-alice", "alice"), pod("jupyter-alice", "claim-alice"))
    desk.storage.volumes.failed(DeniedError("no right to list persistentvolumes"), 0)
    row = desk.row("claim-alice")
    assert (row.backing, row.size, row.mounted_by) == (None, 10 * GIB, ("jupyter-alice",))
    assert {note.source for note in desk.storage.notes()} >= {"volumes"}


def test_what_changed_is_what_a_reader_is_told() -> None:
    desk = Desk().put(*(claim(f"claim-{user}", user) for user in ("alice", "bob")))
    seen = desk.storage.subscribe()
    assert desk.storage.update() == {"claim-alice", "claim-bob"}
    seen.drain()
    desk.put(pod("jupyter-bob", "claim-bob"))
    assert desk.storage.update() == {"claim-bob"}
    desk.put(pod("jupyter-bob", "claim-bob", on="node-2"))
    assert desk.storage.update() == set()
    desk.storage.claims.remove(f"{HUB}/claim-alice")
    assert desk.storage.update() == {"claim-alice"}
    assert seen.drain() == (False, {"claim-alice", "claim-bob"})
    assert desk.storage.row("claim-alice") is None


# -- an update is a join anew

_NAMES = st.sampled_from(["claim-a", "claim-b", "home", "data"])
_PODS = st.sampled_from(["p1", "p2", "p3"])
_CLAIMS = st.builds(
    claim,
    _NAMES,
    st.sampled_from(["", "alice", "bob"]),
    size=st.sampled_from(["0", "10Gi", "1500M", "2e9", "much"]),
    volume=st.sampled_from(["", "pv-1", "pv-2"]),
    made_by=st.sampled_from(["", "standard", "nfs"]),
    phase=st.sampled_from(["Bound", "Pending", "Lost"]),
)
_VOLUMES = st.builds(
    volume,
    st.sampled_from(["pv-1", "pv-2"]),
    st.sampled_from([None, nfs(), nfs(path="/export/data")]),
    made_by=st.sampled_from(["standard", "nfs"]),
)
_CLASSES = st.builds(storage_class, st.sampled_from(["standard", "nfs"]), expands=st.booleans())
_MOUNTING = st.builds(
    lambda name, claims, labels, phase, export: pod(
        name, *claims, labels=labels, phase=phase, export=export
    ),
    _PODS,
    st.lists(_NAMES, max_size=3),
    st.just(SERVER_LABELS),
    st.sampled_from(["Running", "Pending", "Succeeded"]),
    st.sampled_from(["", "/export/home", "/export/data"]),
)
_GONE = st.one_of(
    st.tuples(st.just(Claim), _NAMES.map(lambda name: f"{HUB}/{name}")),
    st.tuples(st.just(kube.Pod), _PODS.map(lambda name: f"{HUB}/{name}")),
    st.tuples(st.just(Volume), st.sampled_from(["/pv-1", "/pv-2"])),
)
_Change = Claim | Volume | StorageClass | kube.Pod | tuple[type, str]


@settings(max_examples=100)
@given(
    st.lists(
        st.lists(st.one_of(_CLAIMS, _VOLUMES, _CLASSES, _MOUNTING, _GONE), max_size=4), max_size=5
    )
)
def test_an_update_is_what_a_join_anew_would_be(turns: list[list[_Change]]) -> None:
    desk = Desk()
    for turn in turns:
        for change in turn:
            if isinstance(change, tuple):
                _removed(desk, *change)
            else:
                desk.put(change)
        desk.storage.update()
        desk.storage.disks()
        anew = desk.another()
        anew.update()
        assert _facts(desk.storage) == _facts(anew)


def _removed(desk: Desk, kind: type, key: str) -> None:
    if kind is Claim:
        desk.storage.claims.remove(key)
    elif kind is Volume:
        desk.storage.volumes.remove(key)
    else:
        desk.pods.remove(key)


def _facts(storage: Storage) -> tuple[dict[str, ClaimRow], tuple[DiskRow, ...]]:
    """All but what only who has looked for a while knows."""
    rows = {
        row.name: replace(row, kind=ClaimKind.OTHER, last_used=None, last_used_words="")
        for row in storage.rows()
    }
    return rows, storage.disks()


@pytest.mark.parametrize("size", ["1Gi", "1024Mi", "1048576Ki", "1073741824", "1073741824000m"])
def test_a_size_is_one_number_in_every_unit(size: str) -> None:
    row = Desk().put(claim("data", size=size)).row("data")
    assert (row.size, row.asked) == (GIB, GIB)


def test_a_size_that_is_none_is_not_zero() -> None:
    assert Desk().put(claim("data", size="much")).row("data").size is None
    assert Desk().put(claim("data", size="0")).row("data").size == 0
