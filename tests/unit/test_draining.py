"""What becomes of the pods of a node that is drained, and whether they fit elsewhere together."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from hubtui.model.draining import Berth, Fit, Kind, Mover, fit, kind_of, scratch_of
from hubtui.model.kube import Pod
from hubtui.model.kube_needs import Node
from hubtui.model.placing import Wanting
from hubtui.model.volumes import Volume

GI = 2**30
ZONE = "topology.kubernetes.io/zone"


def a_berth(name: str, memory: int = 8, pods: int = 10, zone: str = "a", used: int = 0) -> Berth:
    """A node with so many Gi of memory."""
    allocatable = {"memory": f"{memory}Gi", "pods": str(pods), "cpu": "8"}
    labels = {ZONE: zone, "kubernetes.io/hostname": name}
    written = {
        "metadata": {"name": name, "labels": labels},
        "status": {"allocatable": allocatable},
    }
    return Berth(msgspec.convert(written, Node), {"memory": used * GI}, 0)


def a_mover(name: str, memory: int, **more: Any) -> Mover:
    """A pod that asks for so many Gi of memory."""
    return Mover(name, Wanting({"memory": memory * GI}, more.pop("selector", {})), **more)


def a_volume(**labels: str) -> Volume:
    """One that is where a node has these labels."""
    wanted = [{"key": k, "operator": "In", "values": [v]} for k, v in labels.items()]
    required = {"nodeSelectorTerms": [{"matchExpressions": wanted}]}
    return msgspec.convert({"spec": {"nodeAffinity": {"required": required}}}, Volume)


def a_pod(component: str = "", owner: str = "", namespace: str = "hub", **status: Any) -> Pod:
    owners = [{"kind": owner, "name": "x", "controller": True}] if owner else []
    labels = {"component": component, "app": "jupyterhub", "release": "hub"}
    meta = {"name": "p", "namespace": namespace, "labels": labels, "ownerReferences": owners}
    return msgspec.convert({"metadata": meta, "status": status}, Pod)


@pytest.mark.parametrize(
    ("pod", "kind"),
    [
        (a_pod("singleuser-server"), Kind.SERVER),
        (a_pod("singleuser-server", phase="Failed"), Kind.ENDED),
        (a_pod("singleuser-server", namespace="other"), Kind.OTHER),
        (a_pod("hub", "ReplicaSet"), Kind.CORE),
        (a_pod("hub", "ReplicaSet", namespace="other"), Kind.OTHER),
        (a_pod("user-placeholder", "StatefulSet"), Kind.PLACEHOLDER),
        (a_pod("continuous-image-puller", "DaemonSet"), Kind.STAYS),
        (a_pod("", "DaemonSet", namespace="kube-system"), Kind.STAYS),
        (a_pod(), Kind.OTHER),
    ],
)
def test_what_a_pod_is_to_a_drain(pod: Pod, kind: Kind) -> None:
    assert kind_of(pod, "hub", "hub") is kind


def test_a_static_pod_stays_and_scratch_space_is_lost() -> None:
    meta = {"name": "p", "annotations": {"kubernetes.io/config.mirror": "1"}}
    spec = {"volumes": [{"name": "tmp", "emptyDir": {}}, {"name": "sock", "hostPath": {}}]}
    pod = msgspec.convert({"metadata": meta, "spec": spec}, Pod)
    assert kind_of(pod, "hub", "hub") is Kind.STAYS
    assert scratch_of(pod) == ("tmp",)


def test_each_alone_fits_and_both_together_do_not() -> None:
    movers = [a_mover("one", 5), a_mover("two", 5)]
    found = fit(movers, [a_berth("n1", 8)])
    assert (found.places, found.crowded, found.nowhere) == ({"one": "n1"}, ("two",), {})
    assert not found.all_fit
    assert found.without_place("two").startswith("there is no room for it together")
    assert fit(movers, [a_berth("n1", 8), a_berth("n2", 8)]).all_fit


def test_those_with_the_least_choice_are_placed_first() -> None:
    bound = a_mover("bound", 2, volumes=(a_volume(**{ZONE: "b"}),))
    free = a_mover("free", 6)
    found = fit([free, bound], [a_berth("n2", 8, zone="b"), a_berth("n1", 8)])
    assert found.all_fit
    assert found.places["bound"] == "n2"
    tight = fit([free, bound], [a_berth("n2", 7, zone="b"), a_berth("n1", 7)])
    assert tight.places == {"bound": "n2", "free": "n1"}


def test_why_no_node_takes_a_pod_is_told() -> None:
    berths = [a_berth("n1", 4), a_berth("n2", 4), a_berth("n3", 64)]
    mover = a_mover("m", 8, volumes=(a_volume(**{ZONE: "z"}),))
    (words,) = fit([mover], berths).nowhere.values()
    assert words == (
        "n1 has too little free memory and 1 more like it; n3 does not reach its volume (z)"
    )
    assert fit([mover], []).nowhere == {"m": "no other node takes new pods"}


def test_where_a_volume_is() -> None:
    node = a_berth("n1", zone="a").node
    assert a_volume(**{ZONE: "a"}).is_within_reach_of(node)
    assert not a_volume(**{ZONE: "b"}).is_within_reach_of(node)
    assert Volume().is_within_reach_of(node)
    assert a_volume(**{"kubernetes.io/hostname": "n7"}).where == "node n7"
    assert (Volume().where, a_volume(**{ZONE: "b"}).where) == ("", "b")


def test_of_some_only_what_is_said_of_them_is_told() -> None:
    found = Fit({"a": "n1", "b": "n1"}, ("c",), {"d": "no"})
    assert found.asked == 4
    assert found.only(["a"]).all_fit
    assert found.only(["c", "d"]) == Fit({}, ("c",), {"d": "no"})


sizes = some.lists(some.integers(1, 9), max_size=12)


@given(asked=sizes, rooms=some.lists(some.integers(1, 16), max_size=5))
def test_no_node_gets_more_than_it_has_and_everybody_is_told_of(
    asked: list[int], rooms: list[int]
) -> None:
    movers = [a_mover(f"m{i}", size) for i, size in enumerate(asked)]
    berths = [a_berth(f"n{i}", size, pods=3) for i, size in enumerate(rooms)]
    found = fit(movers, berths)
    assert {*found.places, *found.crowded, *found.nowhere} == {m.name for m in movers}
    assert found.asked == len(movers)
    for i, size in enumerate(rooms):
        here = [m for m in movers if found.places.get(m.name) == f"n{i}"]
        assert sum(m.wanting.requests["memory"] for m in here) <= size * GI
        assert len(here) <= 3
    for name in found.nowhere:
        size = asked[int(name[1:])]
        assert all(size > room for room in rooms)
