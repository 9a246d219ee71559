"""What a node is told apart by, and how it stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from hubtui.model.kube_needs import Node
from hubtui.model.node_facts import STARTING, instance_type_of, pool_of, standing, zone_of
from hubtui.model.podstate import Severity

Json = dict[str, Any]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=3)


def node(
    *taints: str,
    ready: str | None = "True",
    since: datetime | None = OLD,
    cordoned: bool = False,
    labels: Json | None = None,
    **conditions: str,
) -> Node:
    told = conditions | ({"Ready": ready} if ready is not None else {})
    return msgspec.convert(
        {
            "metadata": {"name": "n", "creationTimestamp": since, "labels": labels or {}},
            "spec": {"unschedulable": cordoned, "taints": [{"key": key} for key in taints]},
            "status": {
                "conditions": [{"type": name, "status": value} for name, value in told.items()]
            },
        },
        Node,
    )


PURPOSE = {"hub.jupyter.org/node-purpose": "user"}


@pytest.mark.parametrize(
    ("labels", "pool"),
    [
        ({}, ""),
        (PURPOSE, "user"),
        (PURPOSE | {"cloud.google.com/gke-nodepool": "highmem"}, "highmem"),
        (PURPOSE | {"eks.amazonaws.com/nodegroup": "eks"}, "eks"),
        (PURPOSE | {"alpha.eksctl.io/nodegroup-name": "nb-r5"}, "nb-r5"),
        (PURPOSE | {"karpenter.sh/nodepool": "spot"}, "spot"),
        (PURPOSE | {"kubernetes.azure.com/agentpool": "users", "agentpool": "users"}, "users"),
        (PURPOSE | {"cloud.google.com/gke-nodepool": ""}, "user"),
    ],
)
def test_the_pool_is_the_clouds_else_the_charts_purpose(labels: Json, pool: str) -> None:
    assert pool_of(node(labels=labels)) == pool


def test_the_label_of_choice_comes_first_where_a_node_has_it() -> None:
    cloud = {"cloud.google.com/gke-nodepool": "highmem"}
    assert pool_of(node(labels=cloud | {"2i2c/hub-name": "staging"}), "2i2c/hub-name") == "staging"
    assert pool_of(node(labels=cloud), "2i2c/hub-name") == "highmem"


def test_zone_and_instance_type_in_the_labels_of_today_and_of_old() -> None:
    old = {
        "failure-domain.beta.kubernetes.io/zone": "b",
        "beta.kubernetes.io/instance-type": "m5",
    }
    new = {"topology.kubernetes.io/zone": "c", "node.kubernetes.io/instance-type": "m6"}
    assert (zone_of(node()), instance_type_of(node())) == ("", "")
    assert (zone_of(node(labels=old)), instance_type_of(node(labels=old))) == ("b", "m5")
    both = node(labels=old | new)
    assert (zone_of(both), instance_type_of(both)) == ("c", "m6")


@pytest.mark.parametrize(
    ("found", "words", "severity"),
    [
        (node(), "ready", Severity.FINE),
        (node(cordoned=True), "cordoned", Severity.WAITING),
        (node(ready="False"), "NotReady", Severity.NOW),
        (node(ready="Unknown"), "NotReady", Severity.NOW),
        (node(ready=None), "NotReady", Severity.NOW),
        (node(ready="False", cordoned=True), "NotReady, cordoned", Severity.NOW),
        (node(MemoryPressure="True", DiskPressure="False"), "short of memory", Severity.SOON),
        (node("hub.jupyter.org/dedicated"), "ready", Severity.FINE),
        (
            node("ToBeDeletedByClusterAutoscaler", ready="Unknown"),
            "NotReady, about to be removed",
            Severity.WAITING,
        ),
        (node("karpenter.sh/disrupted"), "about to be removed", Severity.WAITING),
        (
            node("DeletionCandidateOfClusterAutoscaler", "ToBeDeletedByClusterAutoscaler"),
            "about to be removed",
            Severity.WAITING,
        ),
        (
            node("DeletionCandidateOfClusterAutoscaler", cordoned=True),
            "may be removed soon, cordoned",
            Severity.WAITING,
        ),
        (
            node("node.cloudprovider.kubernetes.io/shutdown", ready="False"),
            "NotReady, shut down",
            Severity.WAITING,
        ),
        (
            node("cloud.google.com/impending-node-termination", ready="False"),
            "NotReady, about to be shut down",
            Severity.WAITING,
        ),
    ],
)
def test_not_ready_is_expected_where_something_marked_the_node_for_its_end(
    found: Node, words: str, severity: Severity
) -> None:
    stands = standing(found, NOW)
    assert (stands.words, stands.severity) == (words, severity)


def test_a_node_that_is_being_deleted_is_about_to_be_removed() -> None:
    meta = msgspec.structs.replace(node().metadata, deletion_timestamp=NOW)
    stands = standing(msgspec.structs.replace(node(ready="False"), metadata=meta), NOW)
    assert (stands.leaving, stands.severity) == (True, Severity.WAITING)


def test_a_new_node_may_be_not_ready_for_a_while() -> None:
    new = node(ready="False", since=NOW)
    stands = standing(new, NOW)
    assert (stands.words, stands.severity) == ("starting", Severity.WAITING)
    assert stands.until == NOW + STARTING
    assert standing(new, stands.until).words == "NotReady"
