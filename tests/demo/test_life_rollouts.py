"""Deployments, StatefulSets and DaemonSets that are made, changed, scaled and rolled back."""

from __future__ import annotations

from itertools import pairwise

import pytest

from hubtui.demo.life.reading import is_ready, is_terminating, labels_of, name_of, node_of
from hubtui.demo.resources import DAEMONSETS, DEPLOYMENTS, NODES, PODS, REPLICASETS, STATEFULSETS
from hubtui.demo.storage import Change
from tests.demo.life_world import (
    NAMESPACE,
    USER_TAINT,
    USER_TOLERATION,
    Cluster,
    condition,
    container,
    requests,
)

NEW = "quay.io/jupyterhub/k8s-hub:5"


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    for number in range(3):
        made.node(f"node-{number}")
    made.run(5)
    return made


def ready_over_time(cluster: Cluster, component: str) -> list[int]:
    """How many pods of a component are up, after each change of one from here on."""
    seen: list[int] = []

    def note(change: Change) -> None:
        if change.resource is PODS and labels_of(change.object).get("component") == component:
            seen.append(cluster.ready(component))

    cluster.world.storage.listen(note)
    return seen


def revisions(cluster: Cluster, name: str) -> dict[str, int]:
    """Pods that are asked for, by the revision of the ReplicaSet."""
    return {
        each["metadata"]["annotations"]["deployment.kubernetes.io/revision"]: each["spec"][
            "replicas"
        ]
        for each in cluster.objects.all(REPLICASETS, NAMESPACE)
        if name_of(each).startswith(f"{name}-")
    }


def test_a_deployment_comes_up_with_names_owners_and_numbers(cluster: Cluster) -> None:
    cluster.deployment("proxy", 2)
    cluster.run(60)
    (replica_set,) = cluster.objects.all(REPLICASETS, NAMESPACE)
    digest = replica_set["metadata"]["labels"]["pod-template-hash"]
    assert name_of(replica_set) == f"proxy-{digest}"
    assert set(digest) <= set("bcdf456789")
    for pod in cluster.pods("proxy"):
        assert name_of(pod).startswith(f"proxy-{digest}-")
        assert pod["metadata"]["ownerReferences"][0]["uid"] == replica_set["metadata"]["uid"]
        assert labels_of(pod)["pod-template-hash"] == digest
    status = cluster.status(DEPLOYMENTS, "proxy")
    numbers = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    assert [status[each] for each in numbers] == [2, 2, 2, 2]
    assert "unavailableReplicas" not in status
    assert status["observedGeneration"] == 1
    assert condition(status, "Available")["reason"] == "MinimumReplicasAvailable"
    assert condition(status, "Progressing")["reason"] == "NewReplicaSetAvailable"
    assert cluster.told("proxy", "ScalingReplicaSet") == [
        f"Scaled up replica set proxy-{digest} from 0 to 2"
    ]


def test_recreate_ends_the_old_hub_before_it_makes_the_new(cluster: Cluster) -> None:
    cluster.deployment("hub", strategy={"type": "Recreate"})
    cluster.run(60)
    seen: list[int] = []
    cluster.world.storage.listen(lambda _: seen.append(len(cluster.pods("hub"))))
    cluster.new_image(DEPLOYMENTS, "hub", NEW)
    cluster.run(120)
    assert min(seen) == 0
    assert max(seen) == 1
    assert cluster.ready("hub") == 1
    assert revisions(cluster, "hub") == {"1": 0, "2": 1}
    annotations = cluster.get(DEPLOYMENTS, "hub")["metadata"]["annotations"]
    assert annotations["deployment.kubernetes.io/revision"] == "2"


def test_a_rolling_update_keeps_enough_pods_up(cluster: Cluster) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}
    cluster.deployment("user-scheduler", 4, strategy=strategy)
    cluster.run(60)
    up = ready_over_time(cluster, "user-scheduler")
    cluster.new_image(DEPLOYMENTS, "user-scheduler", NEW)
    cluster.run(300)
    assert min(up) >= 3
    assert max(up) <= 5
    assert revisions(cluster, "user-scheduler") == {"1": 0, "2": 4}


def test_going_back_to_a_former_template_gives_its_replica_set_a_new_revision(
    cluster: Cluster,
) -> None:
    cluster.deployment("proxy")
    cluster.run(30)
    first = name_of(cluster.objects.all(REPLICASETS, NAMESPACE)[0])
    cluster.new_image(DEPLOYMENTS, "proxy", NEW)
    cluster.run(60)
    cluster.new_image(DEPLOYMENTS, "proxy", "registry.k8s.io/pause:3.10")
    cluster.run(60)
    assert revisions(cluster, "proxy") == {"2": 0, "3": 1}
    assert name_of(cluster.pods("proxy")[0]).startswith(first)


def test_the_annotation_of_rollout_restart_makes_new_pods(cluster: Cluster) -> None:
    cluster.deployment("hub", strategy={"type": "Recreate"})
    cluster.run(30)
    before = name_of(cluster.pods("hub")[0])
    template = cluster.get(DEPLOYMENTS, "hub")["spec"]["template"]
    stamped = {"kubectl.kubernetes.io/restartedAt": "2026-11-23T08:00:30Z"}
    metadata = {**template["metadata"], "annotations": stamped}
    cluster.change(DEPLOYMENTS, "hub", template={**template, "metadata": metadata})
    cluster.run(60)
    (pod,) = cluster.pods("hub")
    assert name_of(pod) != before
    assert pod["metadata"]["annotations"] == stamped


def test_a_rollout_that_gets_nowhere_is_called_stuck_after_its_deadline(cluster: Cluster) -> None:
    cluster.deployment("proxy", progressDeadlineSeconds=60)
    cluster.run(30)
    cluster.world.faults.missing_images.add("k8s-hub:5")
    cluster.new_image(DEPLOYMENTS, "proxy", NEW)
    cluster.run(50)
    assert condition(cluster.status(DEPLOYMENTS, "proxy"), "Progressing")["status"] == "True"
    cluster.run(30)
    told = condition(cluster.status(DEPLOYMENTS, "proxy"), "Progressing")
    assert (told["status"], told["reason"]) == ("False", "ProgressDeadlineExceeded")
    assert told["message"].endswith("has timed out progressing.")
    assert cluster.ready("proxy") == 1


def test_a_pod_that_vanishes_is_made_again(cluster: Cluster) -> None:
    cluster.deployment("proxy", 2)
    cluster.run(30)
    gone = name_of(cluster.pods("proxy")[0])
    cluster.objects.delete(PODS, NAMESPACE, gone)
    assert condition(cluster.status(DEPLOYMENTS, "proxy"), "Available")["status"] == "True"
    cluster.run(30)
    assert cluster.ready("proxy") == 2
    assert gone not in [name_of(pod) for pod in cluster.pods("proxy")]
    told = condition(cluster.status(DEPLOYMENTS, "proxy"), "Progressing")
    assert told["reason"] == "NewReplicaSetAvailable"


def test_scaling_changes_the_number_of_pods_and_old_sets_are_kept_up_to_the_limit(
    cluster: Cluster,
) -> None:
    cluster.deployment("proxy", revisionHistoryLimit=2)
    for number in range(5):
        cluster.new_image(DEPLOYMENTS, "proxy", f"quay.io/jupyterhub/k8s-hub:{number}")
        cluster.run(60)
    assert len(cluster.objects.all(REPLICASETS, NAMESPACE)) == 3
    cluster.change(DEPLOYMENTS, "proxy", replicas=0)
    cluster.run(30)
    assert cluster.pods("proxy") == []
    status = cluster.status(DEPLOYMENTS, "proxy")
    assert condition(status, "Available")["status"] == "True"


def test_a_deleted_deployment_takes_its_pods_along(cluster: Cluster) -> None:
    cluster.deployment("proxy", 2)
    cluster.run(30)
    cluster.objects.delete(DEPLOYMENTS, NAMESPACE, "proxy")
    cluster.run(30)
    assert cluster.pods() == []
    assert cluster.objects.all(REPLICASETS, NAMESPACE) == []


def test_placeholders_come_at_once_and_go_from_the_end(cluster: Cluster) -> None:
    cluster.stateful_set("user-placeholder", 3, podManagementPolicy="Parallel")
    cluster.run(1)
    names = [name_of(pod) for pod in cluster.pods("user-placeholder")]
    assert names == ["user-placeholder-0", "user-placeholder-1", "user-placeholder-2"]
    cluster.run(30)
    cluster.change(STATEFULSETS, "user-placeholder", replicas=1)
    cluster.run(30)
    assert [name_of(pod) for pod in cluster.pods("user-placeholder")] == ["user-placeholder-0"]
    status = cluster.status(STATEFULSETS, "user-placeholder")
    assert (status["replicas"], status["readyReplicas"], status["availableReplicas"]) == (1, 1, 1)


def test_pods_in_order_wait_for_the_one_before(cluster: Cluster) -> None:
    cluster.stateful_set("db", 3)
    order: list[str] = []

    def note(change: Change) -> None:
        if change.resource is PODS and change.type == "ADDED":
            order.append(f"made {name_of(change.object)}")
        elif change.resource is PODS and change.before is not None:
            became = is_ready(change.object) and not is_ready(change.before)
            order.extend([name_of(change.object)] if became else [])

    cluster.world.storage.listen(note)
    cluster.run(60)
    assert order == ["made db-0", "db-0", "made db-1", "db-1", "made db-2", "db-2"]


def test_a_new_template_of_a_stateful_set_goes_from_the_highest_down(cluster: Cluster) -> None:
    cluster.stateful_set("user-placeholder", 3, podManagementPolicy="Parallel")
    cluster.run(60)
    before = cluster.status(STATEFULSETS, "user-placeholder")["currentRevision"]
    up = ready_over_time(cluster, "user-placeholder")
    cluster.new_image(STATEFULSETS, "user-placeholder", NEW)
    cluster.run(5)
    middle = cluster.status(STATEFULSETS, "user-placeholder")
    assert middle["currentRevision"] == before != middle["updateRevision"]
    cluster.run(120)
    status = cluster.status(STATEFULSETS, "user-placeholder")
    assert min(up) >= 2
    assert status["currentRevision"] == status["updateRevision"] != before
    assert status["updatedReplicas"] == 3
    revision = {labels_of(pod)["controller-revision-hash"] for pod in cluster.pods()}
    assert revision == {status["updateRevision"]}


def test_a_daemon_set_has_a_pod_on_each_node_that_its_pods_may_be_on(cluster: Cluster) -> None:
    cluster.node("gpu-0", taints=({"key": "nvidia.com/gpu", "effect": "NoSchedule"},))
    cluster.node("user-0", taints=(USER_TAINT,))
    cluster.objects.change(
        NODES, "", "node-1", lambda node: node["spec"].update(unschedulable=True)
    )
    cluster.daemon_set("continuous-image-puller", spec={"tolerations": [USER_TOLERATION]})
    cluster.run(60)
    nodes = sorted(node_of(pod) for pod in cluster.pods("continuous-image-puller"))
    assert nodes == ["node-0", "node-1", "node-2", "user-0"]
    status = cluster.status(DAEMONSETS, "continuous-image-puller")
    numbers = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady")
    assert [status[each] for each in numbers] == [4, 4, 4]
    assert (status["updatedNumberScheduled"], status["numberAvailable"]) == (4, 4)
    cluster.node("user-1", taints=(USER_TAINT,))
    cluster.run(30)
    assert cluster.ready("continuous-image-puller") == 5
    cluster.objects.delete(NODES, "", "user-0")
    cluster.run(60)
    assert cluster.status(DAEMONSETS, "continuous-image-puller")["desiredNumberScheduled"] == 4


def test_a_daemon_set_is_updated_no_faster_than_it_may(cluster: Cluster) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}
    cluster.daemon_set("puller", updateStrategy=strategy)
    cluster.run(30)
    up = ready_over_time(cluster, "puller")
    cluster.new_image(DAEMONSETS, "puller", NEW)
    cluster.run(200)
    assert min(up) == 2
    assert cluster.status(DAEMONSETS, "puller")["updatedNumberScheduled"] == 3
    cluster.change(
        DAEMONSETS, "puller", updateStrategy={"rollingUpdate": {"maxUnavailable": "100%"}}
    )
    cluster.new_image(DAEMONSETS, "puller", "registry.k8s.io/pause:3.11")
    cluster.run(1)
    assert all(is_terminating(pod) or not is_ready(pod) for pod in cluster.pods("puller"))


def test_the_conditions_of_a_pod_move_once_each(cluster: Cluster) -> None:
    states: list[str] = []

    def note(change: Change) -> None:
        if change.resource is PODS and change.type != "DELETED":
            states.append(change.object["status"]["phase"])

    cluster.world.storage.listen(note)
    cluster.deployment("proxy", spec={"containers": [container(resources=requests(cpu="1"))]})
    cluster.run(60)
    changes = [after for before, after in pairwise(states) if before != after]
    assert changes == ["Running"]
