"""Claims, budgets and Services: what is bound, grows, may be disturbed, and has an address."""

from __future__ import annotations

import pytest

from hubtui.demo.resources import (
    ATTACHMENTS,
    BUDGETS,
    CLAIMS,
    CLASSES,
    PODS,
    SERVICES,
    VOLUMES,
)
from hubtui.demo.storage import Json
from tests.demo.life_world import NAMESPACE, Cluster, condition


def claim(cluster: Cluster, name: str = "claim-ana", size: str = "10Gi") -> Json:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return cluster.make(CLAIMS, name, spec)


def mounting(cluster: Cluster, pod: str, name: str = "claim-ana", on: str = "") -> None:
    where = {"nodeName": on} if on else {}
    volumes = [{"name": "home", "persistentVolumeClaim": {"claimName": name}}]
    cluster.pod(pod, volumes=volumes, **where)


def grow(cluster: Cluster) -> None:
    cluster.change(CLAIMS, "claim-ana", resources={"requests": {"storage": "20Gi"}})


def now(cluster: Cluster) -> float:
    return cluster.world.timeline.now.timestamp()


def test_a_claim_is_bound_to_a_volume_made_for_it(cluster: Cluster) -> None:
    claim(cluster)
    mounting(cluster, "jupyter-ana")
    cluster.run(30)
    found = cluster.get(CLAIMS, "claim-ana")
    assert found["status"]["phase"] == "Bound"
    assert found["status"]["capacity"] == {"storage": "10Gi"}
    assert found["spec"]["storageClassName"] == "standard"
    volume = cluster.objects.get(VOLUMES, "", found["spec"]["volumeName"])
    assert volume["spec"]["claimRef"]["uid"] == found["metadata"]["uid"]
    assert cluster.ready() == 1
    assert cluster.told("jupyter-ana", "FailedScheduling") == []


def test_a_claim_grows_some_seconds_after_it_was_asked_to(cluster: Cluster) -> None:
    assert cluster.objects.get(CLASSES, "", "standard")["allowVolumeExpansion"] is True
    claim(cluster)
    mounting(cluster, "jupyter-ana")
    cluster.run(30)
    before = cluster.world.disks.at((NAMESPACE, "claim-ana"), now(cluster)).capacity
    grow(cluster)
    cluster.run(1)
    status = cluster.status(CLAIMS, "claim-ana")
    assert status["capacity"] == {"storage": "10Gi"}
    assert status["allocatedResourceStatuses"] == {"storage": "ControllerResizeInProgress"}
    assert condition(status, "Resizing")["status"] == "True"
    cluster.run(15)
    status = cluster.status(CLAIMS, "claim-ana")
    assert status["capacity"] == {"storage": "20Gi"}
    assert not {"conditions", "allocatedResourceStatuses"} & status.keys()
    grown = cluster.world.disks.at((NAMESPACE, "claim-ana"), now(cluster)).capacity
    assert grown == pytest.approx(2 * before, abs=1)
    name = cluster.get(CLAIMS, "claim-ana")["spec"]["volumeName"]
    assert cluster.objects.get(VOLUMES, "", name)["spec"]["capacity"] == {"storage": "20Gi"}


def test_a_claim_of_an_offline_class_grows_when_its_pod_is_started_anew(cluster: Cluster) -> None:
    driver = {"provisioner": "disk.csi.hubtui.demo", "allowVolumeExpansion": True}
    head = {"metadata": {"name": "offline"}, "parameters": {"expansion": "offline"}}
    cluster.objects.create(CLASSES, {**head, **driver})
    claim(cluster)
    cluster.change(CLAIMS, "claim-ana", storageClassName="offline")
    mounting(cluster, "jupyter-ana")
    cluster.run(30)
    grow(cluster)
    cluster.run(60)
    status = cluster.status(CLAIMS, "claim-ana")
    assert status["capacity"] == {"storage": "10Gi"}
    assert "(re-)start a pod" in condition(status, "FileSystemResizePending")["message"]
    cluster.objects.delete(PODS, NAMESPACE, "jupyter-ana")
    cluster.run(30)
    mounting(cluster, "jupyter-ana")
    cluster.run(30)
    assert cluster.status(CLAIMS, "claim-ana")["capacity"] == {"storage": "20Gi"}


def test_a_disk_goes_from_node_to_node_with_its_pods(cluster: Cluster) -> None:
    cluster.node("node-1")
    claim(cluster)
    mounting(cluster, "jupyter-ana", on="node-0")
    cluster.run(30)
    (held,) = cluster.objects.all(ATTACHMENTS)
    assert (held["spec"]["nodeName"], held["status"]["attached"]) == ("node-0", True)
    cluster.objects.delete(PODS, NAMESPACE, "jupyter-ana")
    cluster.run(30)
    assert cluster.objects.all(ATTACHMENTS) == []
    mounting(cluster, "jupyter-ana", on="node-1")
    cluster.run(30)
    assert [each["spec"]["nodeName"] for each in cluster.objects.all(ATTACHMENTS)] == ["node-1"]
    assert cluster.ready() == 1


def test_a_home_grows_while_somebody_works_and_not_while_nobody_does(cluster: Cluster) -> None:
    def used() -> int:
        return cluster.world.disks.at((NAMESPACE, "claim-ana"), now(cluster)).used

    claim(cluster)
    mounting(cluster, "jupyter-ana")
    cluster.run(60)
    cluster.world.disks.fill((NAMESPACE, "claim-ana"), 0.5, per_day=0.2)
    before = used()
    cluster.run(3600)
    grown = used()
    assert grown > before
    cluster.objects.delete(PODS, NAMESPACE, "jupyter-ana")
    cluster.run(60)
    left = used()
    cluster.run(3600)
    assert used() == left


def test_a_disk_that_a_lost_node_holds_comes_free_six_minutes_after_its_pod(
    cluster: Cluster,
) -> None:
    cluster.node("node-1")
    claim(cluster)
    mounting(cluster, "old", on="node-0")
    cluster.run(30)
    cluster.world.faults.lost_nodes.add("node-0")
    cluster.run(60)
    cluster.objects.delete(PODS, NAMESPACE, "old")
    mounting(cluster, "new", on="node-1")
    cluster.run(400)
    volume = cluster.get(CLAIMS, "claim-ana")["spec"]["volumeName"]
    assert cluster.told("new", "FailedAttachVolume") == [
        f'Multi-Attach error for volume "{volume}" Volume is already used by pod(s) old'
    ]
    (told, *_) = cluster.told("new", "FailedMount")
    assert told.startswith("Unable to attach or mount volumes: unmounted volumes=[home],")
    cluster.objects.delete(PODS, NAMESPACE, "old", grace=0)
    cluster.run(300)
    assert cluster.ready() == 0
    cluster.run(100)
    assert cluster.ready() == 1
    assert cluster.told("new", "SuccessfulAttachVolume")


def test_a_claim_whose_volume_was_taken_away_is_lost(cluster: Cluster) -> None:
    claim(cluster)
    cluster.run(5)
    cluster.objects.finish(VOLUMES, "", cluster.get(CLAIMS, "claim-ana")["spec"]["volumeName"])
    cluster.run(5)
    assert cluster.status(CLAIMS, "claim-ana")["phase"] == "Lost"
    (told,) = cluster.told("claim-ana", "ClaimLost")
    assert "Data on the volume is lost" in told


def test_a_claim_is_bound_to_the_volume_that_it_names_once_that_is_there(cluster: Cluster) -> None:
    spec = {"storageClassName": "", "volumeName": "share", "accessModes": ["ReadWriteMany"]}
    cluster.make(CLAIMS, "homes", spec | {"resources": {"requests": {"storage": "1Mi"}}})
    cluster.run(5)
    assert not (cluster.get(CLAIMS, "homes").get("status") or {}).get("phase")
    nfs = {"nfs": {"server": "10.96.0.9", "path": "/"}, "capacity": {"storage": "2Mi"}}
    cluster.objects.create(VOLUMES, {"metadata": {"name": "share"}, "spec": nfs})
    mounting(cluster, "jupyter-ana", "homes")
    cluster.run(30)
    assert cluster.status(CLAIMS, "homes")["capacity"] == {"storage": "2Mi"}
    assert cluster.objects.get(VOLUMES, "", "share")["status"] == {"phase": "Bound"}
    assert cluster.ready() == 1
    assert cluster.objects.all(ATTACHMENTS) == []


def test_a_claim_that_is_in_use_goes_with_its_last_pod(cluster: Cluster) -> None:
    claim(cluster)
    mounting(cluster, "jupyter-ana")
    cluster.run(30)
    cluster.objects.delete(CLAIMS, NAMESPACE, "claim-ana")
    cluster.run(30)
    assert cluster.objects.find(CLAIMS, NAMESPACE, "claim-ana") is not None
    cluster.objects.delete(PODS, NAMESPACE, "jupyter-ana")
    cluster.run(3)
    assert cluster.objects.find(CLAIMS, NAMESPACE, "claim-ana") is None
    cluster.run(3)
    assert cluster.objects.all(VOLUMES) == []


def test_a_claim_of_a_class_that_is_not_there_waits_and_says_so(cluster: Cluster) -> None:
    spec = {"storageClassName": "fast", "resources": {"requests": {"storage": "1Gi"}}}
    cluster.make(CLAIMS, "claim-bob", spec)
    mounting(cluster, "jupyter-bob", "claim-bob")
    cluster.run(30)
    assert cluster.told("claim-bob", "ProvisioningFailed") == [
        'storageclass.storage.k8s.io "fast" not found'
    ]
    (told,) = cluster.told("jupyter-bob", "FailedScheduling")
    assert "pod has unbound immediate PersistentVolumeClaims" in told


@pytest.mark.parametrize(
    ("spec", "numbers"),
    [({"maxUnavailable": 1}, (2, 1, 1, 2)), ({"minAvailable": 2}, (2, 2, 0, 2)),
     ({"minAvailable": 0}, (2, 0, 2, 2)), ({"minAvailable": "50%"}, (2, 1, 1, 2))],
)  # fmt: skip
def test_a_budget_tells_how_many_pods_may_be_evicted(
    cluster: Cluster, spec: Json, numbers: tuple[int, ...]
) -> None:
    selector = {"matchLabels": {"component": "user-scheduler"}}
    cluster.make(BUDGETS, "user-scheduler", {**spec, "selector": selector})
    cluster.deployment("user-scheduler", 2)
    cluster.run(30)
    status = cluster.status(BUDGETS, "user-scheduler")
    fields = ("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods")
    assert tuple(status[each] for each in fields) == numbers
    reason = condition(status, "DisruptionAllowed")["reason"]
    assert reason == ("SufficientPods" if numbers[2] else "InsufficientPods")


def test_a_load_balancer_gets_an_address_after_a_while(cluster: Cluster) -> None:
    cluster.make(SERVICES, "proxy-public", {"type": "LoadBalancer", "ports": [{"port": 80}]})
    cluster.run(1)
    assert cluster.get(SERVICES, "proxy-public")["spec"]["clusterIP"].startswith("10.96.")
    assert cluster.status(SERVICES, "proxy-public") == {"loadBalancer": {}}
    cluster.run(10)
    (found,) = cluster.status(SERVICES, "proxy-public")["loadBalancer"]["ingress"]
    assert found["ip"].startswith("203.0.113.")


def test_a_volume_that_is_to_be_retained_is_released(cluster: Cluster) -> None:
    make = {"reclaimPolicy": "Retain", "provisioner": "nfs"}
    cluster.objects.create(CLASSES, {"metadata": {"name": "kept"}, **make})
    cluster.make(CLAIMS, "claim-bob", {"storageClassName": "kept"})
    cluster.run(5)
    cluster.objects.delete(CLAIMS, NAMESPACE, "claim-bob")
    cluster.run(30)
    (volume,) = cluster.objects.all(VOLUMES)
    assert volume["status"]["phase"] == "Released"
