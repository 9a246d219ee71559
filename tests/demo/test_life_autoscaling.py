"""An autoscaler that adds nodes for pods that fit on none, and removes those that nobody needs."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from hubtui.demo.life.groups import GOES, MAY_GO
from hubtui.demo.life.reading import is_true, name_of, node_of
from hubtui.demo.resources import (
    BUDGETS,
    CONFIGMAPS,
    DEPLOYMENTS,
    NODES,
    PODS,
    PRIORITIES,
)
from hubtui.demo.scenarios.story import Pool
from hubtui.demo.storage import Json
from tests.demo.life_world import NAMESPACE, USER_TOLERATION, Cluster, container, requests

POOL = Pool("users", 1, 4, 8, zones="ab", least=1, most=3)


@pytest.fixture
def cluster() -> Cluster:
    """One node of a pool that may have three, with 8 GiB each."""
    cluster = Cluster(pools=(POOL,))
    cluster.run(60)
    return cluster


def user(cluster: Cluster, name: str, memory: str = "5Gi", **spec: Any) -> None:
    """A user's pod: two do not fit on a node."""
    asked = [container(resources=requests(memory=memory))]
    spec = {"tolerations": [USER_TOLERATION], **spec}
    cluster.pod(name, component="singleuser-server", containers=asked, **spec)


def nodes(cluster: Cluster) -> list[Json]:
    return cluster.objects.all(NODES)


def taints(node: Json) -> set[str]:
    return {each["key"] for each in node["spec"].get("taints") or ()}


def test_a_node_comes_for_a_pod_that_fits_on_none_and_is_ready_a_while_later(
    cluster: Cluster,
) -> None:
    cluster.daemon_set("puller", spec={"tolerations": [USER_TOLERATION]})
    user(cluster, "jupyter-ana")
    user(cluster, "jupyter-bob")
    cluster.run(20)
    assert cluster.told("jupyter-bob", "TriggeredScaleUp") == [
        "pod triggered scale-up: [{gke-hubtui-demo-users-grp 1->2 (max: 3)}]"
    ]
    assert len(nodes(cluster)) == 1
    states = set()
    for _ in range(90):
        cluster.run(1)
        states |= {(len(nodes(cluster)), is_true(each, "Ready")) for each in nodes(cluster)}
    assert states == {(1, True), (2, True), (2, False)}
    assert node_of(cluster.get(PODS, "jupyter-bob")) == name_of(new(cluster))
    assert new(cluster)["metadata"]["labels"]["topology.kubernetes.io/zone"] == "europe-west6-b"
    assert cluster.ready("puller") == 2


def new(cluster: Cluster) -> Json:
    return max(nodes(cluster), key=lambda node: node["metadata"]["creationTimestamp"])


def test_as_many_nodes_come_as_are_needed_and_no_more_than_the_group_may_have(
    cluster: Cluster,
) -> None:
    for number in range(5):
        user(cluster, f"jupyter-{number}")
    cluster.run(300)
    assert len(nodes(cluster)) == 3
    waiting = [pod for pod in cluster.pods() if not node_of(pod)]
    assert len(waiting) == 2
    for pod in waiting:
        assert set(cluster.told(name_of(pod), "NotTriggerScaleUp")) == {
            "pod didn't trigger scale-up: 1 max node group size reached"
        }


def test_no_node_comes_for_a_pod_that_none_of_the_group_would_take(cluster: Cluster) -> None:
    user(cluster, "jupyter-ana", memory="64Gi")
    user(cluster, "jupyter-bob", tolerations=[])
    cluster.run(900)
    assert len(nodes(cluster)) == 1
    assert cluster.told("jupyter-ana", "NotTriggerScaleUp") == [
        "pod didn't trigger scale-up: 1 Insufficient memory"
    ]
    assert cluster.told("jupyter-bob", "NotTriggerScaleUp") == [
        "pod didn't trigger scale-up: 1 node(s) had untolerated taint "
        "{hub.jupyter.org/dedicated: user}"
    ]


def test_placeholders_that_had_to_leave_bring_a_node_for_the_next_user(cluster: Cluster) -> None:
    for name, value in (("default", 0), ("placeholder", -10)):
        cluster.objects.create(PRIORITIES, {"metadata": {"name": name}, "value": value})
    holder = {
        "priorityClassName": "placeholder",
        "tolerations": [USER_TOLERATION],
        "terminationGracePeriodSeconds": 0,
        "containers": [container(resources=requests(memory="5Gi"))],
    }
    cluster.stateful_set("user-placeholder", spec=holder)
    cluster.run(30)
    user(cluster, "jupyter-ana", priorityClassName="default")
    cluster.run(10)
    assert node_of(cluster.get(PODS, "jupyter-ana"))
    cluster.run(120)
    assert cluster.told("jupyter-ana", "TriggeredScaleUp") == []
    assert cluster.told("user-placeholder-0", "TriggeredScaleUp")
    assert cluster.ready("user-placeholder") == 1
    assert len(nodes(cluster)) == 2


def told_of_itself(cluster: Cluster) -> Json:
    """What the autoscaler says of its only group."""
    found = cluster.objects.get(CONFIGMAPS, "kube-system", "cluster-autoscaler-status")
    (group,) = yaml.safe_load(found["data"]["status"])["nodeGroups"]
    return dict(group)


def test_the_autoscaler_tells_how_large_a_group_is_and_may_become(cluster: Cluster) -> None:
    def sizes() -> tuple[int, ...]:
        health = told_of_itself(cluster)["health"]
        return tuple(health[name] for name in ("cloudProviderTarget", "minSize", "maxSize"))

    assert sizes() == (1, 1, 3)
    user(cluster, "jupyter-ana")
    user(cluster, "jupyter-bob")
    cluster.run(30)
    assert sizes() == (2, 1, 3)
    assert told_of_itself(cluster)["scaleUp"] == {"status": "InProgress"}
    cluster.run(120)
    assert told_of_itself(cluster)["scaleUp"] == {"status": "NoActivity"}
    cluster.objects.delete(PODS, NAMESPACE, "jupyter-bob")
    cluster.run(60)
    assert told_of_itself(cluster)["scaleDown"] == {"status": "CandidatesPresent"}


def two_nodes(cluster: Cluster) -> Json:
    """The second node, empty: its user has just left."""
    user(cluster, "jupyter-ana")
    user(cluster, "jupyter-bob")
    cluster.run(120)
    cluster.objects.delete(PODS, NAMESPACE, "jupyter-bob")
    cluster.run(30)
    return new(cluster)


def test_a_node_that_nobody_needs_is_marked_and_goes(cluster: Cluster) -> None:
    node = two_nodes(cluster)
    assert MAY_GO in taints(node)
    cluster.run(560)
    assert GOES not in taints(new(cluster))
    cluster.run(30)
    last = new(cluster)
    assert taints(last) >= {GOES}
    assert MAY_GO not in taints(last)
    assert not is_true(last, "Ready")
    cluster.run(60)
    assert [node_of(pod) for pod in cluster.pods()] == [name_of(each) for each in nodes(cluster)]
    assert cluster.told(name_of(node), "ScaleDown") == [
        "marked the node as toBeDeleted/unschedulable"
    ]
    cluster.run(1800)
    assert len(nodes(cluster)) == POOL.least


def test_a_node_is_needed_again_when_somebody_comes(cluster: Cluster) -> None:
    two_nodes(cluster)
    cluster.run(300)
    user(cluster, "jupyter-cem")
    cluster.run(1200)
    assert len(nodes(cluster)) == 2
    assert MAY_GO not in taints(new(cluster))


EVICTABLE = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "true"}
KEPT = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}
LOCAL = {"volumes": [{"name": "scratch", "emptyDir": {}}]}
IN_MEMORY = {"volumes": [{"name": "scratch", "emptyDir": {"medium": "Memory"}}]}


@pytest.mark.parametrize(
    ("owned", "notes", "spec", "namespace", "goes"),
    [
        (False, {}, {}, NAMESPACE, False),
        (False, EVICTABLE, {}, NAMESPACE, True),
        (True, {}, {}, NAMESPACE, True),
        (True, KEPT, {}, NAMESPACE, False),
        (True, {}, LOCAL, NAMESPACE, False),
        (True, EVICTABLE, LOCAL, NAMESPACE, True),
        (True, {}, IN_MEMORY, NAMESPACE, True),
        (True, {}, {}, "kube-system", False),
        (True, {}, {"tolerations": [], "priority": 7}, NAMESPACE, False),
    ],
)
def test_what_keeps_a_node(
    cluster: Cluster, owned: bool, notes: Json, spec: Json, namespace: str, goes: bool
) -> None:
    node = name_of(two_nodes(cluster))
    pod = {"containers": [container()], "tolerations": [USER_TOLERATION], **spec}
    head: Json = {"name": "stray", "namespace": namespace, "annotations": notes}
    if owned:
        owner = {"apiVersion": "v1", "kind": "ReplicationController", "name": "rc", "uid": "1"}
        head["ownerReferences"] = [{**owner, "controller": True}]
    cluster.objects.create(PODS, {"metadata": head, "spec": {**pod, "nodeName": node}})
    cluster.run(900)
    assert (len(nodes(cluster)) == 1) is goes


def test_a_budget_keeps_a_node_until_it_lets_a_pod_go(cluster: Cluster) -> None:
    node = two_nodes(cluster)
    where = {"kubernetes.io/hostname": name_of(node)}
    here = {"tolerations": [USER_TOLERATION], "nodeSelector": where}
    cluster.deployment("web", spec=here)
    selector = {"matchLabels": {"component": "web"}}
    head = {"name": "web", "namespace": NAMESPACE}
    cluster.objects.create(
        BUDGETS, {"metadata": head, "spec": {"minAvailable": 1, "selector": selector}}
    )
    cluster.run(900)
    assert len(nodes(cluster)) == 2
    cluster.objects.delete(BUDGETS, NAMESPACE, "web")
    cluster.change(DEPLOYMENTS, "web", replicas=0)
    cluster.run(900)
    assert len(nodes(cluster)) == 1
