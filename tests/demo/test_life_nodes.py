"""Nodes that come, fall silent, come back or are removed, and what becomes of their pods."""

from __future__ import annotations

from hubtui.demo.life.reading import is_terminating, name_of, node_of
from hubtui.demo.resources import CSI_NODES, DAEMONSETS, NODES, PODS
from hubtui.demo.storage import Json
from tests.demo.life_world import NAMESPACE, Cluster, condition, container


def ready(cluster: Cluster, name: str) -> Json:
    return condition(cluster.objects.get(NODES, "", name)["status"], "Ready")


def test_a_node_reports_itself(cluster: Cluster) -> None:
    assert ready(cluster, "node-0")["status"] == "True"
    node = cluster.objects.get(NODES, "", "node-0")
    assert node["metadata"]["labels"]["kubernetes.io/hostname"] == "node-0"
    assert node["status"]["allocatable"] == {"cpu": "4", "memory": "8Gi", "pods": "110"}
    assert cluster.told("node-0", "NodeReady") == ["Node node-0 status is now: NodeReady"]
    (driver,) = cluster.objects.get(CSI_NODES, "", "node-0")["spec"]["drivers"]
    assert driver["allocatable"] == {"count": 127}


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
    assert cluster.objects.find(CSI_NODES, "", "node-0") is None


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


def test_a_taint_that_evicts_ends_what_does_not_tolerate_it(cluster: Cluster) -> None:
    taint = {"key": "maintenance", "effect": "NoExecute"}
    cluster.pod("jupyter-ana")
    cluster.pod("jupyter-bob", tolerations=[{"key": "maintenance", "operator": "Exists"}])
    cluster.daemon_set("puller")
    cluster.run(30)
    cluster.objects.change(NODES, "", "node-0", lambda node: node["spec"].update(taints=[taint]))
    cluster.run(10)
    assert [name_of(pod) for pod in cluster.pods()] == ["jupyter-bob"]
    assert cluster.told("jupyter-ana", "TaintManagerEviction") == [
        "Marking for deletion Pod hub/jupyter-ana"
    ]
    assert cluster.status(DAEMONSETS, "puller")["desiredNumberScheduled"] == 0


def counts(cluster: Cluster) -> tuple[int, int, int]:
    status = cluster.status(DAEMONSETS, "puller")
    wanted, current = status["desiredNumberScheduled"], status["currentNumberScheduled"]
    return wanted, current, status["numberMisscheduled"]


def test_a_cordon_is_nothing_to_daemon_pods(cluster: Cluster) -> None:
    cluster.daemon_set("puller")
    cluster.run(30)
    cluster.objects.change(
        NODES, "", "node-0", lambda node: node["spec"].update(unschedulable=True)
    )
    cluster.run(10)
    assert (cluster.ready("puller"), counts(cluster)) == (1, (1, 1, 0))
    (pod,) = cluster.pods("puller")
    cluster.objects.delete(PODS, NAMESPACE, name_of(pod))
    cluster.run(40)
    assert (cluster.ready("puller"), counts(cluster)) == (1, (1, 1, 0))


def test_a_daemon_pod_stays_where_no_new_one_would_start_and_counts_until_a_pod_changes(
    cluster: Cluster,
) -> None:
    taint = {"key": "gpu", "effect": "NoSchedule"}
    cluster.node("node-1")
    cluster.daemon_set("puller")
    cluster.run(30)
    cluster.objects.change(NODES, "", "node-0", lambda node: node["spec"].update(taints=[taint]))
    cluster.run(10)
    assert (cluster.ready("puller"), counts(cluster)) == (2, (2, 2, 0))
    other = next(pod for pod in cluster.pods("puller") if node_of(pod) == "node-1")
    cluster.objects.delete(PODS, NAMESPACE, name_of(other))
    cluster.run(40)
    assert (cluster.ready("puller"), counts(cluster)) == (2, (1, 1, 1))
    here = next(pod for pod in cluster.pods("puller") if node_of(pod) == "node-0")
    cluster.objects.delete(PODS, NAMESPACE, name_of(here))
    cluster.run(40)
    assert (cluster.ready("puller"), counts(cluster)) == (1, (1, 1, 0))


def test_a_node_lists_its_fifty_largest_images(cluster: Cluster) -> None:
    for number in range(55):
        cluster.pod(f"pod-{number}", containers=[container(f"registry.k8s.io/pause:{number}")])
    cluster.run(600)
    images = cluster.objects.get(NODES, "", "node-0")["status"]["images"]
    sizes = [each["sizeBytes"] for each in images]
    assert cluster.ready() == 55
    assert len(sizes) == 50
    assert sizes == sorted(sizes, reverse=True)
