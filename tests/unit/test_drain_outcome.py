"""What is told when a drain is over: above all whether the node may be taken away."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hubtui.model.draining import kind_of
from hubtui.model.kube_needs import Node, WholePod
from hubtui.model.plan import Result
from hubtui.services.actions.drain_choice import DrainRequest, Way
from hubtui.services.actions.drain_facts import berths
from hubtui.services.actions.drain_outcome import Run, Why, outcome_of
from hubtui.services.actions.drain_watch import Seen


def pod(
    name: str, component: str, owner: str = "", namespace: str = "hub", **spec: Any
) -> WholePod:
    owners = [{"kind": owner, "name": "x", "controller": True}] if owner else []
    labels = {"component": component, "app": "jupyterhub", "release": "hub"}
    meta = {
        "name": name, "namespace": namespace, "uid": name, "labels": labels,
        "ownerReferences": owners,
    }  # fmt: skip
    return msgspec.convert({"metadata": meta, "spec": spec}, WholePod)


FOREIGN = pod("jupyter-zoe", "singleuser-server", namespace="hub-b")
OWN_HUB = pod("hub-1", "hub", "ReplicaSet")
HOLDER = pod("user-placeholder-0", "user-placeholder", "StatefulSet")


def done(way: Way, *there: WholePod, hidden: bool = False) -> tuple[str, str]:
    """The first next step and the notes of a drain that ended with these pods on the node."""
    kinds = {each.metadata.uid: kind_of(each, "hub", "hub") for each in there}
    seen = Seen({each.metadata.uid: each for each in there}, kinds, hidden=hidden)
    outcome = outcome_of(Run(DrainRequest("n1", way), Why.DONE, seen))
    assert outcome.result is Result.OK
    return outcome.next_steps[0], "; ".join(outcome.notes)


@pytest.mark.parametrize("way", list(Way))
def test_a_node_that_holds_nothing_can_be_removed(way: Way) -> None:
    assert done(way)[0].startswith("The node can be removed or mended now; ")
    assert done(way, HOLDER)[0].startswith("The node can be removed or mended now; ")


@pytest.mark.parametrize(
    ("there", "named"), [(FOREIGN, "hub-b/jupyter-zoe"), (OWN_HUB, "leaves: hub;")]
)
def test_with_another_hubs_server_or_the_hub_itself_on_it_nobody_is_told_to_remove_it(
    there: WholePod, named: str
) -> None:
    step, notes = done(Way.WAIT, there)
    assert step.startswith("Others are still on it: see who, before it is removed; ")
    assert named in notes
    assert "hubtui drain n1 --way evict moves it" in notes


@pytest.mark.parametrize("way", list(Way))
def test_what_may_not_be_seen_may_be_on_it(way: Way) -> None:
    step, notes = done(way, hidden=True)
    assert "can be removed" not in step
    assert "pods of other namespaces may not be read" in notes


@pytest.mark.parametrize(("priority", "left"), [(-10, 0), (0, 8 << 30), (None, 8 << 30)])
def test_a_placeholder_makes_room_for_those_of_more_priority(
    priority: int | None, left: int
) -> None:
    asks = [{"name": "c", "resources": {"requests": {"memory": "8Gi"}}}]
    spec: dict[str, Any] = {"nodeName": "b", "containers": asks}
    spec |= {"priority": priority} if priority is not None else {}
    held = pod("user-placeholder-0", "user-placeholder", "StatefulSet", **spec)
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    nodes = [
        msgspec.convert({"metadata": {"name": name}, "status": ready}, Node) for name in ("a", "b")
    ]
    (berth,) = berths(nodes, nodes[0], [held], priority=0)
    assert berth.used.get("memory", 0) == left
