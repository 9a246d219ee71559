"""The official Python client against the demo's apiserver."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException

from hubtui.demo.resources import CONFIGMAPS, DEPLOYMENTS, PODS
from tests.demo.conftest import Server, until

WEB: dict[str, Any] = {
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "nginx:1"}]},
        },
    },
}


@pytest.fixture
def api(server: Server) -> Iterator[Any]:
    """A client from the server's kubeconfig."""
    found = config.new_client_from_config(str(server.kubeconfig))
    yield found
    found.close()


async def test_objects_are_made_read_changed_and_deleted(api: Any, server: Server) -> None:
    core = client.CoreV1Api(api)
    body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="a"), data={"x": "1"})
    made = await asyncio.to_thread(core.create_namespaced_config_map, "hub", body)
    assert made.metadata.uid
    patch = {"data": {"x": None, "y": "2"}}
    later = await asyncio.to_thread(core.patch_namespaced_config_map, "a", "hub", patch)
    assert later.data == {"y": "2"}
    later.data = {"z": "3"}
    await asyncio.to_thread(core.replace_namespaced_config_map, "a", "hub", later)
    found = await asyncio.to_thread(core.list_namespaced_config_map, "hub", limit=1)
    assert [each.data for each in found.items] == [{"z": "3"}]
    with pytest.raises(ApiException) as refused:
        await asyncio.to_thread(core.replace_namespaced_config_map, "a", "hub", made)
    assert refused.value.status == 409
    await asyncio.to_thread(core.delete_namespaced_config_map, "a", "hub")
    assert server.world.objects.all(CONFIGMAPS, "hub") == []


async def test_a_watch_follows_pods_until_one_runs(api: Any) -> None:
    core, apps = client.CoreV1Api(api), client.AppsV1Api(api)
    listed = await asyncio.to_thread(core.list_namespaced_pod, "hub")
    version = listed.metadata.resource_version
    await asyncio.to_thread(apps.create_namespaced_deployment, "hub", WEB)

    def follow() -> list[str]:
        seen = []
        for event in watch.Watch().stream(
            core.list_namespaced_pod, "hub", resource_version=version, timeout_seconds=30
        ):
            seen.append(f"{event['type']} {event['object'].status.phase}")
            if event["object"].status.phase == "Running":
                break
        return seen

    seen = await asyncio.to_thread(follow)
    assert seen[0] == "ADDED Pending"
    assert seen[-1] == "MODIFIED Running"


async def test_a_watch_that_is_too_late_is_told_so(api: Any, server: Server) -> None:
    core = client.CoreV1Api(api)
    server.world.storage.forget()

    def follow() -> None:
        for _ in watch.Watch().stream(
            core.list_namespaced_pod, "hub", resource_version="1", timeout_seconds=5
        ):
            pass

    await asyncio.to_thread(core.create_namespaced_config_map, "hub", {"metadata": {"name": "a"}})
    server.world.storage.forget()
    with pytest.raises(ApiException) as refused:
        await asyncio.to_thread(follow)
    assert refused.value.status == 410


async def test_a_pod_is_evicted_and_replaced(api: Any, server: Server) -> None:
    core, apps = client.CoreV1Api(api), client.AppsV1Api(api)
    await asyncio.to_thread(apps.create_namespaced_deployment, "hub", WEB)

    def names() -> list[str]:
        return [each["metadata"]["name"] for each in server.world.objects.all(PODS, "hub")]

    await until(server.world, lambda: bool(names()))
    name = names()[0]
    body = client.V1Eviction(metadata=client.V1ObjectMeta(name=name))
    await asyncio.to_thread(core.create_namespaced_pod_eviction, name, "hub", body)
    await until(server.world, lambda: bool(names()) and name not in names())
    assert len(names()) == 1


async def test_a_workload_is_scaled(api: Any, server: Server) -> None:
    apps = client.AppsV1Api(api)
    await asyncio.to_thread(apps.create_namespaced_deployment, "hub", WEB)
    patch = {"spec": {"replicas": 0}}
    scale = await asyncio.to_thread(apps.patch_namespaced_deployment_scale, "web", "hub", patch)
    assert scale.spec.replicas == 0
    assert server.world.objects.get(DEPLOYMENTS, "hub", "web")["spec"]["replicas"] == 0


async def test_access_is_reviewed(api: Any) -> None:
    reviews = client.AuthorizationV1Api(api)
    body = {"spec": {"resourceAttributes": {"verb": "delete", "resource": "pods"}}}
    found = await asyncio.to_thread(reviews.create_self_subject_access_review, body)
    assert found.status.allowed is True
