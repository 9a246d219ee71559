"""Whether a node takes a pod, rule by rule, and how often it fits."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from hubtui.model.kube_needs import Node, Taint, Toleration, WholePod
from hubtui.model.placing import Refusal, Room, Wanting, affinity_of, refusal, room

GI = 2**30


def a_node(**spec: Any) -> Node:
    """A node of 4 cores, 16 Gi and 10 pods, in zone a, for users."""
    labels = {"topology.kubernetes.io/zone": "a", "hub.jupyter.org/node-purpose": "user"}
    allocatable = {"cpu": "4", "memory": "16Gi", "pods": "10", "nvidia.com/gpu": "1"}
    written = {
        "metadata": {"name": "n1", "labels": labels},
        "spec": spec,
        "status": {"allocatable": allocatable},
    }
    return msgspec.convert(written, Node)


def a_pod(requests: dict[str, str] | None = None, **spec: Any) -> Wanting:
    """What a pod of one container wants."""
    containers = [{"name": "main", "resources": {"requests": requests or {}}}]
    return Wanting.of(msgspec.convert({"spec": {"containers": containers, **spec}}, WholePod))


def required(*expressions: dict[str, Any]) -> dict[str, Any]:
    terms = [{"matchExpressions": list(expressions)}]
    node = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    return {"nodeAffinity": node}


CORDON = {"unschedulable": True}
DEDICATED = {
    "taints": [{"key": "hub.jupyter.org_dedicated", "value": "user", "effect": "NoSchedule"}]
}
NOT_READY = {"taints": [{"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}]}
TOLERATES = [{"key": "hub.jupyter.org_dedicated", "value": "user", "effect": "NoSchedule"}]
CORE = required({"key": "hub.jupyter.org/node-purpose", "operator": "In", "values": ["core"]})


@pytest.mark.parametrize(
    ("node", "pod", "words"),
    [
        (a_node(), a_pod(), None),
        (a_node(**CORDON), a_pod(), "is cordoned"),
        (
            a_node(**CORDON),
            a_pod(tolerations=[{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]),
            None,
        ),
        (a_node(**DEDICATED), a_pod(), "is kept for user pods"),
        (a_node(**DEDICATED), a_pod(tolerations=TOLERATES), None),
        (a_node(**DEDICATED), a_pod(tolerations=[{"operator": "Exists"}]), None),
        (a_node(**NOT_READY), a_pod(), "is not ready"),
        (a_node(taints=[{"key": "x", "effect": "PreferNoSchedule"}]), a_pod(), None),
        (
            a_node(taints=[{"key": "x", "value": "y", "effect": "NoExecute"}]),
            a_pod(),
            "has a taint that it does not tolerate (x=y)",
        ),
        (
            a_node(taints=[{"key": "level", "value": "5", "effect": "NoSchedule"}]),
            a_pod(tolerations=[{"key": "level", "operator": "Gt", "value": "3"}]),
            "has a taint that it does not tolerate (level=5)",
        ),
        (a_node(), a_pod(nodeSelector={"pool": "x"}), "has not the labels that it asks for"),
        (a_node(), a_pod(affinity=CORE), "has not the labels that it asks for"),
    ],
)  # fmt: skip
def test_what_keeps_a_pod_off_a_node(node: Node, pod: Wanting, words: str | None) -> None:
    found = refusal(pod, node, {}, 0)

    assert (found.words if found else None) == words
    assert found is None or not found.resource


@pytest.mark.parametrize(
    ("requests", "used", "pods", "volumes", "short"),
    [
        ({"memory": "4Gi"}, {"memory": 12 * GI}, 3, None, None),
        ({"memory": "4Gi"}, {"memory": 12 * GI + 1}, 3, None, "memory"),
        ({"cpu": "500m"}, {"cpu": 3501}, 3, None, "cpu"),
        ({"cpu": "500m"}, {"cpu": 3500, "memory": 99 * GI}, 3, None, None),
        ({}, {}, 10, None, "pods"),
        ({"nvidia.com/gpu": "1"}, {"nvidia.com/gpu": 1}, 1, None, "nvidia.com/gpu"),
        ({"example.org/licence": "1"}, {}, 1, None, "example.org/licence"),
        ({"example.org/licence": "0"}, {}, 1, None, None),
        ({}, {}, 1, 1, None),
        ({}, {}, 1, 0, "volumes"),
    ],
)
def test_of_what_a_node_has_too_little(
    requests: dict[str, str],
    used: dict[str, int],
    pods: int,
    volumes: int | None,
    short: str | None,
) -> None:
    volume = {"name": "home", "persistentVolumeClaim": {"claimName": "claim-ada"}}
    pod = a_pod(requests, volumes=[volume])

    found = refusal(pod, a_node(), used, pods, volumes)

    assert (found.resource if found else None) == short


def test_a_volume_keeps_its_pod_in_its_zone() -> None:
    bound = msgspec.structs.replace(WholePod())
    here, there = (Wanting.of(bound, zones=frozenset(zone)) for zone in ("a", "b"))
    nowhere = msgspec.convert({"status": {"allocatable": {"pods": "1"}}}, Node)

    assert refusal(here, a_node(), {}, 0) is None
    assert refusal(there, a_node(), {}, 0) == Refusal("is in another zone than its volume")
    assert refusal(here, nowhere, {}, 0) == Refusal("tells no zone, and its volume is in one")
    assert (room(there, a_node(), {}, 0).number, room(here, a_node(), {}, 0).number) == (0, 10)


def test_an_affinity_that_is_none_is_told() -> None:
    with pytest.raises(ValueError, match="no affinity"):
        affinity_of({"nodeAffinity": ["user"]})


def test_pods_that_want_the_same_are_one_key() -> None:
    one, other = a_pod({"memory": "1Gi", "cpu": "1"}), a_pod({"cpu": "1000m", "memory": "1024Mi"})

    assert {one: 1} == {other: 1}
    assert a_pod({"cpu": "2"}) not in {one: 1}


keys = some.sampled_from(["", "a", "b"])
values = some.sampled_from(["", "1", "2"])
effects = some.sampled_from(["NoSchedule", "NoExecute", "PreferNoSchedule"])
taints = some.builds(Taint, key=some.sampled_from(["a", "b"]), value=values, effect=effects)
tolerations = some.builds(
    Toleration,
    key=keys,
    operator=some.sampled_from(["", "Equal", "Exists"]),
    value=values,
    effect=some.one_of(some.just(""), effects),
).filter(lambda each: each.operator == "Exists" or bool(each.key))


@given(some.lists(taints, max_size=4), some.lists(tolerations, max_size=4))
def test_a_node_takes_a_pod_that_tolerates_each_of_its_taints(
    on_it: list[Taint], tolerated: list[Toleration]
) -> None:
    """The API's rule, field by field: an empty key or effect matches all."""

    def covers(each: Toleration, taint: Taint) -> bool:
        same_key = each.key == "" or each.key == taint.key
        same_effect = each.effect == "" or each.effect == taint.effect
        return same_key and same_effect and (each.operator == "Exists" or each.value == taint.value)

    node = msgspec.structs.replace(
        a_node(), spec=msgspec.structs.replace(a_node().spec, taints=tuple(on_it))
    )
    pod = Wanting({}, {}, tolerations=tuple(tolerated))

    open_for_it = all(
        taint.effect == "PreferNoSchedule" or any(covers(each, taint) for each in tolerated)
        for taint in on_it
    )
    assert (refusal(pod, node, {}, 0) is None) == open_for_it


amount = some.integers(0, 20)


@given(amount, amount, amount, some.integers(0, 12), some.one_of(some.none(), some.integers(0, 5)))
def test_a_node_has_room_for_as_many_as_it_takes_one_after_the_other(
    cpu: int, memory: int, used: int, pods: int, volumes: int | None
) -> None:
    pod = Wanting({"cpu": cpu * 100, "memory": memory * GI}, {}, claims=1)
    taken = {"cpu": used * 200, "memory": used * GI}
    found, count = room(pod, a_node(), taken, pods, volumes), 0
    while True:
        left = None if volumes is None else volumes - count
        beside = {
            "cpu": taken["cpu"] + count * cpu * 100,
            "memory": taken["memory"] + count * memory * GI,
        }
        refused = refusal(pod, a_node(), beside, pods + count, left)
        if refused is not None:
            break
        count += 1

    assert found.number == count
    assert refused.resource
    assert isinstance(found, Room)
