"""What the nodes' screens and actions rest on: the API of nodes, images, evictions and scale, the
same words on the demo and on the real control plane."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.testbed.api import Api, Enough, is_ready
from tests.testbed.extra_nodes import extra_node, pin
from tests.testbed.processes import wait_for

Json = dict[str, Any]

HUB = "/api/v1/namespaces/hub"
APPS = "/apis/apps/v1/namespaces/hub"
BUDGETS = "/apis/policy/v1/namespaces/hub/poddisruptionbudgets"
METRICS = "/apis/metrics.k8s.io/v1beta1/nodes"
PAUSE = "registry.k8s.io/pause:3.10"
GOOD, BAD = "quay.io/example/course:2026.11", "quay.io/example/course:missing"
VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."


def workload(kind: str, name: str, **spec: Any) -> Json:
    labels = {"nodes-api": name}
    pod = {"containers": [{"name": "main", "image": PAUSE}], "terminationGracePeriodSeconds": 0}
    template = {"metadata": {"labels": labels}, "spec": pod | spec.pop("pod", {})}
    head = {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": "hub"}}
    return {**head, "spec": {"selector": {"matchLabels": labels}, "template": template, **spec}}


@contextmanager
def made(api: Api, path: str, thing: Json) -> Iterator[Json]:
    """An object while the context lasts; what it owns goes with it."""
    found = api.request("POST", path, thing)
    try:
        yield found
    finally:
        name = thing["metadata"]["name"]
        api.request("DELETE", f"{path}/{name}", {"propagationPolicy": "Background"})


def budget(name: str, app: str, **spec: Any) -> Json:
    head = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}}
    selector = {"matchExpressions": [{"key": "nodes-api", "operator": "In", "values": [app]}]}
    return {**head, "spec": {"selector": selector, **spec}}


def pods(api: Api, name: str) -> list[Json]:
    return api.items(f"{HUB}/pods", labelSelector=f"nodes-api={name}")


def running(api: Api, name: str, count: int = 1) -> list[Json]:
    enough = Enough(count, ready=True)
    return api.wait_items(f"{HUB}/pods", enough, labelSelector=f"nodes-api={name}")


def allows(api: Api, name: str, count: int) -> None:
    """Waits until a budget lets so many go."""

    def look() -> bool:
        status = api.get(f"{BUDGETS}/{name}").get("status") or {}
        healthy = status.get("currentHealthy", 0) >= status.get("desiredHealthy", 1)
        return healthy and status.get("disruptionsAllowed") == count

    assert wait_for(look, 30, every=0.1), name


def evict(api: Api, pod: str) -> Json:
    head = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
    return api.request("POST", f"{HUB}/pods/{pod}/eviction", head)


def refused(api: Api, pod: str) -> Json:
    with pytest.raises(httpx.HTTPStatusError) as refusal:
        evict(api, pod)
    return dict(refusal.value.response.json())


def test_a_budget_refuses_an_eviction_until_there_are_pods_enough(api: Api) -> None:
    with (
        made(api, f"{APPS}/deployments", workload("Deployment", "n-web", replicas=1)),
        made(api, BUDGETS, budget("n-web", "n-web", minAvailable=1)),
    ):
        (pod,) = running(api, "n-web")
        name = pod["metadata"]["name"]
        allows(api, "n-web", 0)
        assert refused(api, name) == {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": VIOLATES,
            "reason": "TooManyRequests",
            "details": {
                "causes": [
                    {
                        "reason": "DisruptionBudget",
                        "message": "The disruption budget n-web needs 1 healthy pods and has 1 "
                        "currently",
                    }
                ]
            },
            "code": 429,
        }
        assert "deletionTimestamp" not in api.get(f"{HUB}/pods/{name}")["metadata"]
        api.patch(f"{APPS}/deployments/n-web/scale", {"spec": {"replicas": 2}})
        running(api, "n-web", 2)
        allows(api, "n-web", 1)
        done = evict(api, name)
        assert {key: done[key] for key in ("kind", "status", "code")} == {
            "kind": "Status",
            "status": "Success",
            "code": 201,
        }
        assert wait_for(lambda: name not in names(pods(api, "n-web")), 30, every=0.1)


def names(things: list[Json]) -> set[str]:
    return {each["metadata"]["name"] for each in things}


def test_two_budgets_over_a_pod_refuse_every_eviction(api: Api) -> None:
    with (
        made(api, f"{APPS}/deployments", workload("Deployment", "n-two", replicas=1)),
        made(api, BUDGETS, budget("n-two-a", "n-two", maxUnavailable=1)),
        made(api, BUDGETS, budget("n-two-b", "n-two", maxUnavailable=1)),
    ):
        (pod,) = running(api, "n-two")
        allows(api, "n-two-a", 1)
        told = refused(api, pod["metadata"]["name"])
    assert (told["code"], told["message"]) == (
        500,
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not "
        "support.",
    )


def test_a_pod_that_has_not_started_can_be_evicted_whatever_its_budget_says(api: Api) -> None:
    waits = {"nodeSelector": {"nodes-api": "nowhere"}}
    with (
        made(api, f"{APPS}/deployments", workload("Deployment", "n-wait", replicas=1, pod=waits)),
        made(api, BUDGETS, budget("n-wait", "n-wait", minAvailable=1)),
    ):
        (pod,) = api.wait_items(f"{HUB}/pods", Enough(1), labelSelector="nodes-api=n-wait")
        assert evict(api, pod["metadata"]["name"])["status"] == "Success"


def test_a_stateful_set_is_scaled_by_its_subresource(api: Api) -> None:
    path = f"{APPS}/statefulsets/n-holder/scale"
    thing = workload("StatefulSet", "n-holder", replicas=1, podManagementPolicy="Parallel")
    with made(api, f"{APPS}/statefulsets", thing | {"spec": thing["spec"] | {"serviceName": "n"}}):
        running(api, "n-holder")
        scale = api.get(path)
        assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
        assert scale["spec"] == {"replicas": 1}
        assert scale["status"] == {"replicas": 1, "selector": "nodes-api=n-holder"}
        assert api.patch(path, {"spec": {"replicas": 3}})["spec"] == {"replicas": 3}
        assert names(running(api, "n-holder", 3)) == {f"n-holder-{n}" for n in range(3)}
        whole = api.get(f"{APPS}/statefulsets/n-holder")
        version = {"resourceVersion": str(scale["metadata"]["resourceVersion"])}
        with pytest.raises(httpx.HTTPStatusError) as refusal:
            api.patch(path, {"metadata": version, "spec": {"replicas": 0}})
        assert refusal.value.response.status_code == httpx.codes.CONFLICT
        assert whole["spec"]["replicas"] == 3


def test_nodes_have_metrics_one_by_one_and_together(api: Api) -> None:
    assert names(api.items(METRICS)) >= {"core-1", "user-1", "user-2", "user-3"}
    one = api.get(f"{METRICS}/core-1")
    assert (one["kind"], one["apiVersion"]) == ("NodeMetrics", "metrics.k8s.io/v1beta1")
    assert one["metadata"]["name"] == "core-1"
    assert {"timestamp", "window", "usage"} <= one.keys()
    assert one["usage"]["cpu"].endswith("n")
    assert one["usage"]["memory"].endswith("Ki")
    with pytest.raises(httpx.HTTPStatusError) as refusal:
        api.get(f"{METRICS}/nobody")
    assert refusal.value.response.status_code == httpx.codes.NOT_FOUND


def puller(name: str, *images: str) -> Json:
    """A DaemonSet that brings images to user nodes, as a prepull makes one."""
    steps = [
        {"name": f"pull-{number}", "image": image, "command": ["/bin/true"]}
        for number, image in enumerate(images)
    ]
    here = {"kubernetes.io/hostname": "n-puller"}
    pod = {"initContainers": steps, "nodeSelector": here, "tolerations": [{"operator": "Exists"}]}
    return workload("DaemonSet", name, pod=pod)


def state_of(pod: Json, step: int) -> Json:
    """The state of an init step, {} before there is one."""
    statuses = pod["status"].get("initContainerStatuses") or ()
    return dict(statuses[step]["state"]) if len(statuses) > step else {}


def test_a_daemon_set_brings_images_to_a_node_which_then_lists_them(api: Api) -> None:
    with (
        extra_node(api, "n-puller"),
        made(api, f"{APPS}/daemonsets", puller("n-pull", GOOD)),
    ):
        running(api, "n-pull")

        def listed() -> list[Json]:
            images = api.get("/api/v1/nodes/n-puller")["status"].get("images") or ()
            return [each for each in images if GOOD in each["names"]]

        assert wait_for(lambda: bool(listed()), 30, every=0.1)
        (image,) = listed()
        assert image["names"][0].startswith("quay.io/example/course@sha256:")
        assert image["sizeBytes"] > 10_000_000
    assert wait_for(lambda: not pods(api, "n-pull"), 30, every=0.1)


def test_an_image_that_nobody_has_fails_in_the_registrys_words(api: Api) -> None:
    with (
        extra_node(api, "n-puller"),
        made(api, f"{APPS}/daemonsets", puller("n-fails", GOOD, BAD, PAUSE)),
    ):

        def backs_off(found: Any) -> bool:
            waits = [(state_of(pod, 1).get("waiting") or {}).get("reason") for pod in found]
            return waits == ["ImagePullBackOff"]

        (pod,) = api.wait_items(f"{HUB}/pods", backs_off, labelSelector="nodes-api=n-fails")
    assert state_of(pod, 0)["terminated"]["reason"] == "Completed"
    assert state_of(pod, 1)["waiting"]["message"] == (
        f'Back-off pulling image "{BAD}": ErrImagePull: rpc error: code = NotFound desc = failed '
        f'to pull and unpack image "{BAD}": failed to resolve reference "{BAD}": {BAD}: not found'
    )
    assert state_of(pod, 2)["waiting"]["reason"] == "PodInitializing"


def test_pods_elsewhere_are_listed_by_fields(api: Api) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "n-elsewhere", "namespace": "default"},
        "spec": {"nodeName": "core-1", "containers": [{"name": "main", "image": PAUSE}]},
    }
    here = "metadata.namespace!=hub,spec.nodeName=core-1"
    with made(api, "/api/v1/namespaces/default/pods", pod):
        found = api.items("/api/v1/pods", fieldSelector=here)
    assert "n-elsewhere" in names(found)
    assert {each["spec"]["nodeName"] for each in found} == {"core-1"}
    assert "hub" not in {each["metadata"]["namespace"] for each in found}


def test_a_new_node_gets_its_daemon_pods_and_takes_them_with_it(api: Api) -> None:
    def here() -> list[Json]:
        found = api.items(f"{HUB}/pods", fieldSelector="spec.nodeName=n-new")
        return [each for each in found if "continuous-image-puller" in each["metadata"]["name"]]

    with extra_node(api, "n-new", zone="zone-b", cpu=4, memory=8, pods=20):
        assert wait_for(lambda: any(map(is_ready, here())), 60, every=0.1)
        status = api.get("/api/v1/nodes/n-new")["status"]
    assert (status["allocatable"]["memory"], status["capacity"]["memory"]) == ("8Gi", "10Gi")
    assert wait_for(lambda: not here(), 30, every=0.1)
    assert "n-new" not in names(api.items("/api/v1/nodes"))


def test_a_pod_stays_in_the_zone_of_its_volume(api: Api) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "n-home", "namespace": "hub"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    mounts = {"volumes": [{"name": "home", "persistentVolumeClaim": {"claimName": "n-home"}}]}
    elsewhere = {"kubernetes.io/hostname": "n-far"}
    pod = mounts | {"nodeSelector": elsewhere, "tolerations": [{"operator": "Exists"}]}
    with (
        extra_node(api, "n-far", zone="zone-b"),
        made(api, f"{HUB}/persistentvolumeclaims", claim),
        made(api, f"{APPS}/deployments", workload("Deployment", "n-zone", replicas=0, pod=pod)),
    ):
        pin(api, "hub", "n-home", "zone-a")
        api.patch(f"{APPS}/deployments/n-zone/scale", {"spec": {"replicas": 1}})

        def told(found: Any) -> bool:
            return any("PodScheduled" in str(each["status"].get("conditions")) for each in found)

        (waits,) = api.wait_items(f"{HUB}/pods", told, labelSelector="nodes-api=n-zone")
        (condition,) = [c for c in waits["status"]["conditions"] if c["type"] == "PodScheduled"]
    assert "1 node(s) didn't match PersistentVolume's node affinity" in condition["message"]
