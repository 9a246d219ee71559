"""Which node a pod gets, what is said when it gets none, and who has to leave for it."""

from __future__ import annotations

from typing import Any

import pytest

from hubtui.demo.life.amounts import asks
from hubtui.demo.life.reading import condition_of, node_of
from hubtui.demo.resources import EVENTS, NAMESPACES, NODES, PODS, PRIORITIES, QUOTAS, STATEFULSETS
from hubtui.demo.storage import Json
from hubtui.model.why_scheduling import verdict
from tests.demo.life_world import (
    NAMESPACE,
    USER_TAINT,
    USER_TOLERATION,
    Cluster,
    container,
    requests,
)

OURS = "hub-user-scheduler"


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def user(cluster: Cluster, name: str, memory: str = "1Gi", **spec: Any) -> None:
    """A user's pod."""
    asked = [container(resources=requests(memory=memory))]
    cluster.pod(name, component="singleuser-server", containers=asked, **spec)


def where(cluster: Cluster, name: str) -> str:
    return node_of(cluster.get(PODS, name))


def unscheduled(cluster: Cluster, name: str) -> str:
    """What the condition of a pod says about why it has no node."""
    told = condition_of(cluster.get(PODS, name), "PodScheduled")
    assert told is not None
    assert (told["status"], told["reason"]) == ("False", "Unschedulable")
    return str(told["message"])


def with_scheduler(cluster: Cluster) -> None:
    """The hub's own scheduler, up."""
    cluster.deployment("user-scheduler", 2)
    cluster.run(30)


def test_a_pod_that_fits_nowhere_is_told_in_the_schedulers_words(cluster: Cluster) -> None:
    cluster.node("user-0", memory="32Gi", taints=(USER_TAINT,))
    for number in range(3):
        cluster.node(f"core-{number}", memory="2Gi")
    cluster.run(5)
    user(cluster, "jupyter-ana", "4Gi")
    cluster.run(5)
    words = (
        "0/4 nodes are available: 1 node(s) had untolerated taint "
        "{hub.jupyter.org/dedicated: user}, 3 Insufficient memory. preemption: 0/4 nodes are "
        "available: 1 Preemption is not helpful for scheduling, 3 No preemption victims found for "
        "incoming pod."
    )
    assert unscheduled(cluster, "jupyter-ana") == words
    assert cluster.told("jupyter-ana", "FailedScheduling") == [words]
    assert verdict(words).short == ("memory",)
    user(cluster, "jupyter-bob", "4Gi", tolerations=[USER_TOLERATION])
    cluster.run(20)
    assert where(cluster, "jupyter-bob") == "user-0"
    assert cluster.told("jupyter-bob", "Scheduled") == [
        "Successfully assigned hub/jupyter-bob to user-0"
    ]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"nodeSelector": {"zone": "b"}}, "1 node(s) didn't match Pod's node affinity/selector"),
        (
            {"containers": [container(resources={"requests": {"nvidia.com/gpu": "1"}})]},
            "1 Insufficient nvidia.com/gpu",
        ),
        ({"containers": [container(resources=requests(cpu="64"))]}, "1 Insufficient cpu"),
    ],
)
def test_each_reason_has_its_words(cluster: Cluster, spec: Json, words: str) -> None:
    cluster.node("node-0")
    cluster.run(5)
    cluster.pod("some", **spec)
    cluster.run(5)
    assert unscheduled(cluster, "some").startswith(f"0/1 nodes are available: {words}.")


def test_a_cordoned_node_takes_no_pod_until_it_is_uncordoned(cluster: Cluster) -> None:
    cluster.node("node-0")
    cluster.run(5)
    cluster.objects.change(
        NODES, "", "node-0", lambda node: node["spec"].update(unschedulable=True)
    )
    cluster.run(1)
    taints = cluster.objects.get(NODES, "", "node-0")["spec"]["taints"]
    assert [each["key"] for each in taints] == ["node.kubernetes.io/unschedulable"]
    user(cluster, "jupyter-ana")
    cluster.run(5)
    assert "1 node(s) were unschedulable" in unscheduled(cluster, "jupyter-ana")
    cluster.objects.change(
        NODES, "", "node-0", lambda node: node["spec"].update(unschedulable=False)
    )
    cluster.run(20)
    assert where(cluster, "jupyter-ana") == "node-0"
    assert "taints" not in cluster.objects.get(NODES, "", "node-0")["spec"]


def test_a_claim_that_is_missing_is_named(cluster: Cluster) -> None:
    cluster.node("node-0")
    cluster.run(5)
    volume = {"name": "home", "persistentVolumeClaim": {"claimName": "claim-ana"}}
    user(cluster, "jupyter-ana", volumes=[volume])
    cluster.run(5)
    told = unscheduled(cluster, "jupyter-ana")
    assert 'persistentvolumeclaim "claim-ana" not found.' in told
    assert verdict(told).nodes == 1


def test_a_waiting_pod_starts_when_another_one_leaves(cluster: Cluster) -> None:
    cluster.node("node-0", memory="2Gi")
    cluster.run(5)
    user(cluster, "jupyter-ana", "2Gi")
    cluster.run(5)
    user(cluster, "jupyter-bob", "2Gi")
    cluster.run(60)
    assert not where(cluster, "jupyter-bob")
    series = [
        event["series"]["count"]
        for event in cluster.objects.all(EVENTS)
        if event["reason"] == "FailedScheduling" and "series" in event
    ]
    assert series == []
    cluster.objects.delete(PODS, NAMESPACE, "jupyter-ana")
    cluster.run(20)
    assert where(cluster, "jupyter-bob") == "node-0"


def test_the_users_scheduler_packs_and_the_default_one_spreads(cluster: Cluster) -> None:
    for number in range(3):
        cluster.node(f"node-{number}", memory="8Gi")
    with_scheduler(cluster)
    for number in range(4):
        user(cluster, f"jupyter-{number}", schedulerName=OURS)
        cluster.run(2)
    assert len({where(cluster, f"jupyter-{number}") for number in range(4)}) == 1
    cluster.deployment("web", 3)
    cluster.run(10)
    assert len({node_of(pod) for pod in cluster.pods("web")}) == 3


def test_users_go_to_the_nodes_that_are_meant_for_them(cluster: Cluster) -> None:
    for purpose in ("core", "user"):
        cluster.node(f"{purpose}-0", labels={"hub.jupyter.org/node-purpose": purpose})
    with_scheduler(cluster)
    wish = {"key": "hub.jupyter.org/node-purpose", "operator": "In", "values": ["user"]}
    preferred = [{"weight": 100, "preference": {"matchExpressions": [wish]}}]
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
    user(cluster, "jupyter-ana", schedulerName=OURS, affinity=affinity)
    cluster.run(5)
    assert where(cluster, "jupyter-ana") == "user-0"


def test_without_its_scheduler_a_users_pod_waits_and_nothing_is_said(cluster: Cluster) -> None:
    cluster.node("node-0")
    cluster.run(5)
    user(cluster, "jupyter-ana", schedulerName=OURS)
    cluster.run(120)
    pod = cluster.get(PODS, "jupyter-ana")
    assert condition_of(pod, "PodScheduled") is None
    assert cluster.objects.all(EVENTS, NAMESPACE) == []
    with_scheduler(cluster)
    assert where(cluster, "jupyter-ana") == "node-0"
    cluster.world.faults.no_scheduler = True
    user(cluster, "jupyter-bob", schedulerName=OURS)
    cluster.run(60)
    assert not where(cluster, "jupyter-bob")
    cluster.world.faults.no_scheduler = False
    cluster.run(10)
    assert where(cluster, "jupyter-bob") == "node-0"


def test_a_user_takes_the_place_of_a_placeholder_which_then_waits(cluster: Cluster) -> None:
    for name, value in (("hub-default-priority", 0), ("hub-user-placeholder-priority", -10)):
        cluster.objects.create(PRIORITIES, {"metadata": {"name": name}, "value": value})
    cluster.node("node-0", memory="4Gi")
    with_scheduler(cluster)
    seat = [container(resources=requests(memory="1Gi"))]
    cluster.stateful_set(
        "user-placeholder",
        4,
        podManagementPolicy="Parallel",
        spec={
            "containers": seat,
            "priorityClassName": "hub-user-placeholder-priority",
            "schedulerName": OURS,
            "terminationGracePeriodSeconds": 0,
        },
    )
    cluster.run(30)
    assert cluster.ready("user-placeholder") == 4
    user(cluster, "jupyter-ana", schedulerName=OURS, priorityClassName="hub-default-priority")
    ana = cluster.get(PODS, "jupyter-ana")["metadata"]["uid"]
    cluster.run(30)
    assert where(cluster, "jupyter-ana") == "node-0"
    assert cluster.ready("user-placeholder") == 3
    victims = [e for e in cluster.objects.all(EVENTS) if e["reason"] == "Preempted"]
    assert [each["message"] for each in victims] == [f"Preempted by pod {ana} on node node-0"]
    name = victims[0]["involvedObject"]["name"]
    assert "Insufficient memory" in unscheduled(cluster, name)
    assert cluster.status(STATEFULSETS, "user-placeholder")["readyReplicas"] == 3


def test_init_containers_and_sidecars_are_counted_as_kubernetes_does() -> None:
    spec = {
        "initContainers": [
            container(restartPolicy="Always", resources=requests(cpu="100m")),
            container(resources=requests(cpu="2", memory="1Gi")),
        ],
        "containers": [container(resources=requests(cpu="500m", memory="2Gi"))],
        "overhead": {"memory": "100Mi"},
    }
    found = asks({"spec": spec})
    assert found == {"cpu": 2100, "memory": 2 * 2**30 + 100 * 2**20}


def test_a_quota_that_is_used_up_refuses_pods_in_the_apiservers_words(cluster: Cluster) -> None:
    cluster.node("node-0")
    cluster.make(QUOTAS, "small", {"hard": {"pods": "2", "requests.memory": "8Gi"}})
    cluster.deployment("web", 3)
    cluster.run(30)
    assert cluster.ready("web") == 2
    (told,) = set(_failed(cluster))
    assert told.startswith('Error creating: pods "web-')
    assert told.endswith("exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2")
    assert cluster.status(QUOTAS, "small")["used"] == {"pods": "2", "requests.memory": "0"}
    cluster.change(QUOTAS, "small", hard={"pods": "3"})
    cluster.run(40)
    assert cluster.ready("web") == 3


def _failed(cluster: Cluster) -> list[str]:
    events = cluster.objects.all(EVENTS, NAMESPACE)
    return [str(each["message"]) for each in events if each["reason"] == "FailedCreate"]


def test_the_users_scheduler_binds_pods_of_other_namespaces_too(cluster: Cluster) -> None:
    cluster.node("node-0")
    with_scheduler(cluster)
    cluster.objects.create(NAMESPACES, {"metadata": {"name": "other"}})
    cluster.objects.create(
        PODS,
        {
            "metadata": {"name": "jupyter-eve", "namespace": "other"},
            "spec": {"containers": [container()], "schedulerName": OURS},
        },
    )
    cluster.run(30)
    assert node_of(cluster.objects.get(PODS, "other", "jupyter-eve")) == "node-0"


def test_a_node_takes_no_more_pods_than_it_has_slots(cluster: Cluster) -> None:
    cluster.node("node-0", pods=3)
    cluster.run(5)
    for number in range(4):
        user(cluster, f"jupyter-{number}", "1Mi")
    cluster.run(20)
    assert cluster.ready() == 3
    assert "1 Too many pods." in unscheduled(cluster, "jupyter-3")


def test_the_start_of_a_users_pod_costs_few_writes(cluster: Cluster) -> None:
    cluster.node("node-0", cpu="64", memory="512Gi", pods=500)
    with_scheduler(cluster)
    cluster.daemon_set("continuous-image-puller")
    for number in range(60):
        user(cluster, f"jupyter-{number}", schedulerName=OURS)
    cluster.run(60)
    before = cluster.world.storage.version
    for number in range(60, 360):
        user(cluster, f"jupyter-{number}", schedulerName=OURS)
        cluster.run(1)
    cluster.run(60)
    assert cluster.ready("singleuser-server") == 360
    assert (cluster.world.storage.version - before) / 300 < 15
