"""Sizes that can be asked for, how far an expansion is, what is checked of it, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from hubtui.errors import NotFoundError, UnreachableError, UsageError
from hubtui.model.expansion import (
    Stage,
    Standing,
    Way,
    ability_of,
    exact,
    proposals,
    size_in,
    standing_of,
)
from hubtui.model.kube import Event, Pod
from hubtui.model.kube_needs import Claim, Quota
from hubtui.model.plan import Basis, Level, Outcome, Result
from hubtui.model.volumes import StorageClass, Volume
from hubtui.model.why_facts import Missing
from hubtui.services.actions import expand_checks as checks
from hubtui.services.actions import expand_follow, following
from hubtui.services.actions.expand_facts import Charted, Facts
from hubtui.services.actions.expand_follow import Follower
from hubtui.services.store import Store
from tests.situations import at, pod

GIB = 2**30
Json = dict[str, Any]


def claim(has: str = "10Gi", asks: str = "10Gi", **more: Any) -> Claim:
    """A bound claim; `more` are its `phase`, `of` (class), `conditions`, `state`, `tried`,
    `deleted`."""
    meta: Json = {"name": "hub-db-dir", "namespace": "hub", "uid": "u1"}
    if more.get("deleted"):
        meta["deletionTimestamp"] = at(5)
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": more.get("of", "fast"),
        "resources": {"requests": {"storage": asks}},
        "volumeName": "pv-1",
    }
    conditions = [
        {"type": kind, "status": "True", "message": said}
        for kind, said in more.get("conditions", {}).items()
    ]
    status: Json = {"phase": more.get("phase", "Bound"), "conditions": conditions}
    if has:
        status["capacity"] = {"storage": has}
    if more.get("tried"):
        status["allocatedResources"] = {"storage": more["tried"]}
    if more.get("state"):
        status["allocatedResourceStatuses"] = {"storage": more["state"]}
    return msgspec.convert({"metadata": meta, "spec": spec, "status": status}, Claim)


def event(reason: str, message: str) -> Event:
    body = {
        "metadata": {"name": reason, "uid": f"{reason}-{message}"},
        "involvedObject": {"kind": "PersistentVolumeClaim", "name": "hub-db-dir"},
        "reason": reason,
        "message": message,
        "lastTimestamp": at(1),
    }
    return msgspec.convert(body, Event)


def volume(**source: Json) -> Volume:
    return msgspec.convert({"metadata": {"name": "pv-1"}, "spec": source}, Volume)


PD = volume(csi={"driver": "pd.csi.storage.gke.io"})
LINODE = volume(csi={"driver": "linodebs.csi.linode.com"})


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("20Gi", 20 * GIB),
        (" 1.5Ti ", 3 * 2**39),
        ("20G", 20 * 10**9),
        ("512Mi", 2**29),
        ("2000M", 2 * 10**9),
        ("2097152k", 2097152000),
        ("2097152Ki", 2**31),
        ("1Pi", 2**50),
        ("1P", 10**15),
        ("1Ei", 2**60),
        ("1E", 10**18),
        ("2T", 2 * 10**12),
        ("5e9", 5 * 10**9),
        ("21474836480", 20 * GIB),
    ],
)
def test_a_size_in_every_unit_of_the_api_is_taken_as_it_was_typed(text: str, size: int) -> None:
    found = size_in(text)
    assert (found.bytes, found.written) == (size, text.strip())


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("", "20Gi"), ("20gb", "20Gi"), ("20 GB", "20Gi"), ("20g", "20Gi"), ("twenty", "20Gi"),
        ("20", "20Gi"), ("-5Gi", "20Gi"), ("5e99", ""), ("1500m", ""), ("0.3Ki", ""), ("99Ei", ""),
        ("9" * 41, "20Gi"), (f"{'9' * 41}gb", "20Gi"), (f"1.{'5' * 41}Gi", "20Gi"),
        (f"{'9' * 41}e2", "20Gi"),
    ],
)  # fmt: skip
def test_what_is_no_size_is_said_with_what_may_be_meant(text: str, remedy: str) -> None:
    with pytest.raises(UsageError) as refused:
        size_in(text)
    assert remedy in str(refused.value)


def test_sizes_are_proposed_that_are_larger_and_that_last() -> None:
    assert [each.written for each in proposals(10 * GIB)] == ["15Gi", "20Gi"]
    assert [each.written for each in proposals(GIB)] == ["2Gi"]
    growing = proposals(10 * GIB, used=9 * GIB, per_day=float(GIB))
    assert [each.written for each in growing] == ["15Gi", "20Gi", "40Gi"]
    slowly = proposals(10 * GIB, used=9 * GIB, per_day=GIB / 10)
    assert [each.written for each in slowly] == ["15Gi", "20Gi", "23Gi"]


def test_bytes_are_written_as_the_api_would() -> None:
    assert [exact(n) for n in (10 * GIB, 2**41, 10**10, 0)] == [
        "10Gi", "2Ti", "9765625Ki", "0 bytes",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "way"),
    [
        (PD, Way.ONLINE),
        (volume(csi={"driver": "rook-ceph.rbd.csi.ceph.com"}), Way.ONLINE),
        (LINODE, Way.OFFLINE),
        (volume(csi={"driver": "of.our.own"}), Way.UNKNOWN),
        (volume(csi={"driver": "efs.csi.aws.com"}), Way.NEVER),
        (volume(nfs={"server": "s", "path": "/"}), Way.NEVER),
        (volume(hostPath={"path": "/data"}), Way.NEVER),
        (volume(local={"path": "/data"}), Way.NEVER),
    ],
)
def test_what_is_behind_a_claim_says_whether_it_can_grow(seen: Volume, way: Way) -> None:
    assert ability_of(seen).way is way


@pytest.mark.parametrize(
    ("seen", "events", "standing"),
    [
        (claim(), [], Standing(Stage.ASKED)),
        (claim(has="20Gi"), [event("VolumeResizeFailed", "no")], Standing(Stage.DONE)),
        (claim(conditions={"Resizing": ""}), [], Standing(Stage.CONTROLLER)),
        (claim(state="ControllerResizeInProgress"), [], Standing(Stage.CONTROLLER)),
        (claim(conditions={"FileSystemResizePending": "waits"}), [], Standing(Stage.NODE_PENDING)),
        (claim(state="NodeResizeInProgress"), [], Standing(Stage.NODE)),
        (
            claim(state="NodeResizePending", conditions={"FileSystemResizePending": ""}),
            [],
            Standing(Stage.NODE_PENDING),
        ),
        (
            claim(conditions={"ControllerResizeError": "quota of the cloud", "Resizing": ""}),
            [],
            Standing(Stage.FAILING, "quota of the cloud"),
        ),
        (
            claim(state="ControllerResizeInfeasible"),
            [event("VolumeResizeFailed", "more than the tier has")],
            Standing(Stage.INFEASIBLE, "more than the tier has"),
        ),
        (claim(state="ControllerResizeInfeasible", tried="9Ti"), [], Standing(Stage.ASKED)),
        (claim(), [event("VolumeResizeFailed", "busy")], Standing(Stage.FAILING, "busy")),
        (
            claim(conditions={"Resizing": ""}),
            [event("Resizing", ""), event("VolumeResizeFailed", "busy")],
            Standing(Stage.CONTROLLER),
        ),
    ],
)
def test_conditions_and_events_say_how_far_it_is(
    seen: Claim, events: Sequence[Event], standing: Standing
) -> None:
    assert standing_of(seen, 20 * GIB, events) == standing


# -- what is checked


def facts(seen: Claim | None = None, **more: Any) -> Facts:
    seen = seen or claim()
    body = {"provisioner": "pd.csi.storage.gke.io", "allowVolumeExpansion": True}
    known: Json = {
        "claim": seen,
        "volume": PD,
        "made_by": msgspec.convert(body, StorageClass),
        "quotas": (),
        "pods": (),
        "standing": Standing(Stage.DONE),
        "charted": None,
        "unread": "",
        "release": "hub",
        "missing": (),
        "basis": Basis(),
        **more,
    }
    return Facts(**known)


def quota(key: str, hard: str, used: str) -> Quota:
    status = {"hard": {key: hard}, "used": {key: used}}
    return msgspec.convert({"metadata": {"name": "storage"}, "status": status}, Quota)


NO = StorageClass(allow_volume_expansion=False)
HUB = pod("hub-1", "hub")

STOPPED: Mapping[str, tuple[Facts, str]] = {
    "not bound": (facts(claim(has="", phase="Pending")), "is Pending"),
    "lost": (facts(claim(phase="Lost")), "is Lost"),
    "to be deleted": (facts(claim(deleted=True)), "is to be deleted"),
    "a class without expansion": (facts(made_by=NO), "allows no expansion"),
    "no class": (facts(claim(of=""), made_by=None), "it has no class"),
    "a folder of a node": (facts(volume=volume(hostPath={"path": "/d"})), "folder of a node"),
    "an NFS": (facts(volume=volume(nfs={"server": "s", "path": "/"})), "enlarge the server's disk"),
    "as large already": (facts(claim(has="20Gi", asks="20Gi")), "never shrinks"),
    "asked for already": (facts(claim(asks="30Gi")), "30Gi is asked for already"),
    "a full quota": (
        facts(quotas=(quota("requests.storage", "100Gi", "95Gi"),)),
        "5G left, 10G more",
    ),
    "a full quota of its class": (
        facts(quotas=(quota("fast.storageclass.storage.k8s.io/requests.storage", "1Ti", "1Ti"),)),
        "0 left",
    ),
}


@pytest.mark.parametrize(("seen", "words"), STOPPED.values(), ids=STOPPED)
def test_what_cannot_be_expanded_is_stopped_with_the_reason(seen: Facts, words: str) -> None:
    wanted = size_in("20Gi")
    found = (
        checks.bound(seen), checks.allowed(seen), checks.driver(seen), checks.size(seen, wanted),
        checks.quota(seen, wanted),
    )  # fmt: skip
    stops = [each for each in found if each.level is Level.STOP]
    assert words in " ".join(each.evidence for each in stops)
    assert not any(each.overridable for each in stops)


WARNED: Mapping[str, tuple[Facts, str, str]] = {
    "a driver that nobody knows": (
        facts(volume=volume(csi={"driver": "of.our.own"})), "driver", "is not known",
    ),
    "a driver that needs it unmounted": (
        facts(volume=LINODE, pods=(HUB,)), "driver", "only while no pod mounts it: hub-1",
    ),
    "a class that may not be read": (
        facts(made_by=None, missing=(Missing("storage class", "no right"),)), "class", "no right",
    ),
    "quotas that may not be read": (
        facts(missing=(Missing("resource quotas", "no right"),)), "quota", "no right",
    ),
    "the chart's own size": (
        facts(charted=Charted("10Gi", "10Gi", ("jupyterhub",))),
        "values",
        "put 20Gi into jupyterhub.hub.db.pvc.storage before the next helm upgrade, which fails",
    ),
    "values that cannot be read": (facts(unread="no right"), "values", "no right"),
    "what the driver could not give": (
        facts(claim(asks="30Gi"), standing=Standing(Stage.INFEASIBLE, "too much")),
        "under way",
        "too much",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("seen", "name", "words"), WARNED.values(), ids=WARNED)
def test_what_is_doubtful_is_said_and_stops_nothing(seen: Facts, name: str, words: str) -> None:
    wanted = size_in("20Gi")
    found = (
        checks.bound(seen), checks.allowed(seen), checks.driver(seen), checks.size(seen, wanted),
        checks.quota(seen, wanted), checks.under_way(seen), checks.values(seen, wanted),
    )  # fmt: skip
    known = [each for each in found if each is not None]
    (warned,) = [each for each in known if each.level is Level.WARN]
    assert warned.name == name
    assert words in warned.evidence
    assert not any(each.level is Level.STOP for each in known)


def test_an_expansion_under_way_is_a_stop_that_may_be_passed() -> None:
    seen = facts(claim(asks="15Gi"), standing=Standing(Stage.CONTROLLER))
    found = checks.under_way(seen)
    assert found is not None
    assert (found.level, found.overridable) == (Level.STOP, True)
    assert checks.size(seen, size_in("20Gi")).level is Level.OK


def test_the_plan_has_the_values_to_write() -> None:
    seen = facts(charted=Charted("10Gi", "10Gi", ("hub",)))
    (text,) = checks.lasting(seen, size_in("20Gi"))
    assert checks.setting(seen, size_in("20Gi")) == "hub.hub.db.pvc.storage: 20Gi"
    assert checks.setting(seen, size_in("10240Mi")) == ""
    assert text.lines == ("hub:", "  hub:", "    db:", "      pvc:", "        storage: 20Gi")


# -- how it ends


class Cluster:
    """Stands for the apiserver: the claim as it is at each look, its events, and who mounts it."""

    def __init__(self, *looks: Claim | Exception, pods: Sequence[Pod] = ()) -> None:
        self.looks = list(looks)
        self.events: list[Event] = []
        self.pods = pods

    async def get(self, kind: object, namespace: str, name: str) -> Claim:
        del kind, namespace, name
        seen = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(seen, Exception):
            raise seen
        return seen

    async def list(self, kind: Any, namespace: str, **_: object) -> Sequence[Any]:
        del namespace
        return self.events if kind.plural == "events" else self.pods


def mounting() -> Pod:
    source = {"name": "pvc", "persistentVolumeClaim": {"claimName": "hub-db-dir"}}
    spec = {"nodeName": "n1", "volumes": [source]}
    meta = {
        "name": "hub-1",
        "namespace": "hub",
        "labels": {"component": "hub", "app": "jupyterhub"},
    }
    return msgspec.convert({"metadata": meta, "spec": spec, "status": {"phase": "Running"}}, Pod)


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """No look waits."""
    monkeypatch.setattr(following, "CADENCE", 0.0)


@pytest.fixture
def impatient(hurry: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does anybody's patience last."""
    del hurry
    for name in ("TAKEN_UP", "FAILS_FOR", "ON_NODE"):
        monkeypatch.setattr(expand_follow, name, 0.001)


async def followed(cluster: Cluster, way: Way = Way.ONLINE) -> tuple[Outcome, list[str]]:
    """How an expansion to 20Gi ended, and what was journalled."""
    said: list[str] = []

    async def step(words: str, done: object = ()) -> None:
        del done
        said.append(words)

    stores = SimpleNamespace(stores=SimpleNamespace(pods=Store("pods")))
    session = SimpleNamespace(client=cluster, namespace="hub", release="hub", pods=stores)
    report = SimpleNamespace(step=step, progress=lambda _: None, interrupted=asyncio.Event())
    follower = Follower(cast(Any, session), "hub-db-dir", 20 * GIB, way, cast(Any, report))
    async with asyncio.timeout(10):
        return await follower.to_the_end(frozenset()), said


async def test_it_is_followed_through_the_driver_and_the_node(hurry: None) -> None:
    del hurry
    cluster = Cluster(
        claim(),
        claim(conditions={"Resizing": ""}),
        UnreachableError("the apiserver is away"),
        claim(state="NodeResizeInProgress"),
        claim(has="20Gi"),
        pods=[mounting()],
    )
    outcome, said = await followed(cluster)
    assert (outcome.result, outcome.summary) == (Result.OK, "hub-db-dir has 20Gi")
    assert said[0] == "hub-db-dir: the driver enlarges the volume"
    assert said[-1] == "hub-db-dir: done"


ENDS: Mapping[str, tuple[Cluster, Way, Result, str]] = {
    "nobody takes it up": (
        Cluster(claim()), Way.UNKNOWN, Result.UNVERIFIED, "nobody has taken it up",
    ),
    "the driver cannot": (
        Cluster(claim(state="ControllerResizeInfeasible")),
        Way.ONLINE, Result.FAILED, "cannot give",
    ),
    "the driver fails again and again": (
        Cluster(claim(conditions={"ControllerResizeError": "busy"})),
        Way.ONLINE, Result.FAILED, "it keeps trying",
    ),
    "a pod has to restart": (
        Cluster(claim(conditions={"FileSystemResizePending": ""}), pods=[mounting()]),
        Way.OFFLINE, Result.UNVERIFIED, "grows only when these restart: hub-1",
    ),
    "no pod mounts it": (
        Cluster(claim(conditions={"FileSystemResizePending": ""})),
        Way.ONLINE, Result.OK, "grows when the next pod mounts it",
    ),
    "it is gone": (
        Cluster(NotFoundError("no claim", status=404)), Way.ONLINE, Result.FAILED, "is gone",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("cluster", "way", "result", "words"), ENDS.values(), ids=ENDS)
async def test_each_end_is_told_with_what_to_do(
    impatient: None, cluster: Cluster, way: Way, result: Result, words: str
) -> None:
    del impatient
    outcome, _ = await followed(cluster, way)
    assert outcome.result is result
    assert words in outcome.summary
    if "restart" in words:
        assert outcome.next_steps == ("hubtui restart hub",)
