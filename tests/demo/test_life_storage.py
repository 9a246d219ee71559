"""Claims, budgets and Services: what is bound, grows, may be disturbed, and has an address."""

from __future__ import annotations

import pytest

from hubtui.demo.resources import BUDGETS, CLAIMS, CLASSES, PODS, SERVICES, VOLUMES
from hubtui.demo.storage import Json
from tests.demo.life_world import NAMESPACE, Cluster, condition


def claim(cluster: Cluster, name: str = "claim-ana", size: str = "10Gi") -> Json:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return cluster.make(CLAIMS, name, spec)


def mounting(cluster: Cluster, pod: str, name: str = "claim-ana") -> None:
    cluster.pod(pod, volumes=[{"name": "home", "persistentVolumeClaim": {"claimName": name}}])


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
    cluster.run(5)
    cluster.change(CLAIMS, "claim-ana", resources={"requests": {"storage": "20Gi"}})
    cluster.run(1)
    assert cluster.status(CLAIMS, "claim-ana")["capacity"] == {"storage": "10Gi"}
    cluster.run(15)
    assert cluster.status(CLAIMS, "claim-ana")["capacity"] == {"storage": "20Gi"}
    name = cluster.get(CLAIMS, "claim-ana")["spec"]["volumeName"]
    assert cluster.objects.get(VOLUMES, "", name)["spec"]["capacity"] == {"storage": "20Gi"}


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
