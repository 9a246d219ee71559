"""Nodes that come, fall silent, come back or are removed, and what becomes of their pods."""

from __future__ import annotations

import pytest

from hubtui.demo.life.reading import is_terminating, name_of, node_of
from hubtui.demo.resources import NODES, PODS
from hubtui.demo.storage import Json
from tests.demo.life_world import NAMESPACE, Cluster, condition


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    made.node("node-0")
    made.run(5)
    return made


def ready(cluster: Cluster, name: str) -> Json:
    return condition(cluster.objects.get(NODES, "", name)["status"], "Ready")


def test_a_node_reports_itself(cluster: Cluster) -> None:
    assert ready(cluster, "node-0")["status"] == "True"
    node = cluster.objects.get(NODES, "", "node-0")
    assert node["metadata"]["labels"]["kubernetes.io/hostname"] == "node-0"
    assert node["status"]["allocatable"] == {"cpu": "4", "memory": "8Gi", "pods": "110"}
    assert cluster.told("node-0", "NodeReady") == ["Node node-0 status is now: NodeReady"]


def test_a_lost_node_is_unknown_and_its_pods_hang_until_it_is_back(cluster: Cluster) -> None:
    cluster.deployment("proxy")
    cluster.daemon_set("puller")
    cluster.pod("jupyter-ana", component="singleuser-server")
    cluster.run(30)
    (first,) = cluster.pods("proxy")
    cluster.world.faults.lost_nodes.add("node-0")
    cluster.run(30)
    assert ready(cluster, "node-0")["status"] == "True"
    cluster.run(30)
    told = ready(cluster, "node-0")
    assert (told["status"], told["reason"]) == ("Unknown", "NodeStatusUnknown")
    assert told["message"] == "Kubelet stopped posting node status."
    taints = cluster.objects.get(NODES, "", "node-0")["spec"]["taints"]
    assert [(each["key"], each["effect"]) for each in taints] == [
        ("node.kubernetes.io/unreachable", "NoSchedule"),
        ("node.kubernetes.io/unreachable", "NoExecute"),
    ]
    assert cluster.ready() == 0
    cluster.node("node-1")
    cluster.run(320)
    old = cluster.get(PODS, name_of(first))
    assert is_terminating(old)
    assert is_terminating(cluster.get(PODS, "jupyter-ana"))
    assert cluster.ready("proxy") == 1
    assert [node_of(pod) for pod in cluster.pods("puller") if not is_terminating(pod)] == [
        "node-0",
        "node-1",
    ]
    cluster.run(600)
    assert cluster.objects.find(PODS, NAMESPACE, name_of(first)) is not None
    cluster.world.faults.lost_nodes.clear()
    cluster.run(30)
    assert ready(cluster, "node-0")["status"] == "True"
    assert "taints" not in cluster.objects.get(NODES, "", "node-0")["spec"]
    assert cluster.objects.find(PODS, NAMESPACE, name_of(first)) is None
    assert cluster.ready("puller") == 2


def test_a_short_silence_has_no_consequence(cluster: Cluster) -> None:
    cluster.deployment("proxy")
    cluster.run(30)
    (before,) = cluster.pods("proxy")
    cluster.world.faults.lost_nodes.add("node-0")
    cluster.run(25)
    cluster.world.faults.lost_nodes.clear()
    cluster.run(120)
    assert cluster.pods("proxy") == [before]
    assert ready(cluster, "node-0")["status"] == "True"


def test_the_pods_of_a_node_that_is_removed_are_made_elsewhere(cluster: Cluster) -> None:
    cluster.deployment("proxy")
    cluster.run(30)
    cluster.objects.delete(NODES, "", "node-0")
    cluster.node("node-1")
    cluster.run(60)
    assert [node_of(pod) for pod in cluster.pods("proxy")] == ["node-1"]
    assert cluster.ready("proxy") == 1


def test_a_pod_can_be_deleted_by_force_on_a_lost_node(cluster: Cluster) -> None:
    cluster.pod("jupyter-ana")
    cluster.run(30)
    cluster.world.faults.lost_nodes.add("node-0")
    cluster.run(60)
    cluster.objects.delete(PODS, NAMESPACE, "jupyter-ana")
    cluster.run(120)
    assert is_terminating(cluster.get(PODS, "jupyter-ana"))
    assert cluster.told("jupyter-ana", "Killing") == []
    cluster.objects.delete(PODS, NAMESPACE, "jupyter-ana", grace=0)
    assert cluster.objects.find(PODS, NAMESPACE, "jupyter-ana") is None
