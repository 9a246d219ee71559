"""Writes over plain HTTP: create, update, patch, delete, and what is refused of them."""

from __future__ import annotations

import aiohttp
import pytest

from hubtui.demo.objects import owner_of
from hubtui.demo.resources import CONFIGMAPS, DEPLOYMENTS, NODES, PODS, REPLICASETS
from hubtui.demo.storage import Json
from hubtui.demo.world import World
from tests.demo.api_requests import MAPS, WEB, make_map, refused
from tests.demo.conftest import until


async def test_create_update_and_conflicts(http: aiohttp.ClientSession) -> None:
    made = await (
        await http.post(MAPS, json={"metadata": {"name": "a"}, "data": {"x": "1"}})
    ).json()
    code, body = await refused(http.post(MAPS, json={"metadata": {"name": "a"}}))
    assert (code, body["reason"]) == (409, "AlreadyExists")
    made["data"]["x"] = "2"
    later = await (await http.put(f"{MAPS}/a", json=made)).json()
    assert later["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"]
    made["data"]["x"] = "3"
    code, body = await refused(http.put(f"{MAPS}/a", json=made))
    assert (code, body["reason"]) == (409, "Conflict")
    assert "the object has been modified" in body["message"]
    code, body = await refused(http.put(f"{MAPS}/b", json=made))
    assert code == 404
    later["metadata"]["uid"] = "another"
    code, body = await refused(http.put(f"{MAPS}/a", json=later))
    assert "Precondition failed: UID" in body["message"]


async def test_a_dry_run_writes_nothing(http: aiohttp.ClientSession, world: World) -> None:
    version = world.storage.version
    found = await http.post(f"{MAPS}?dryRun=All", json={"metadata": {"generateName": "a-"}})
    assert found.status == 201
    assert (await found.json())["metadata"]["name"].startswith("a-")
    assert world.objects.find(CONFIGMAPS, "hub", "a") is None
    assert [c for c in world.storage.since(version) if c.resource == CONFIGMAPS] == []
    code, _ = await refused(http.post(f"{MAPS}?dryRun=Some", json={"metadata": {"name": "a"}}))
    assert code == 400


async def test_deletes_with_preconditions_and_selectors(
    http: aiohttp.ClientSession, world: World
) -> None:
    for name, x in (("a", "1"), ("b", "1"), ("c", "2")):
        make_map(world, name, x=x)
    wrong = {"preconditions": {"uid": "another"}}
    code, _ = await refused(http.delete(f"{MAPS}/a", json=wrong))
    assert code == 409
    code, _ = await refused(http.delete(f"{MAPS}/a", json={"propagationPolicy": "Fly"}))
    assert code == 400
    await http.delete(f"{MAPS}?labelSelector=x%3D1")
    left = [each["metadata"]["name"] for each in world.objects.all(CONFIGMAPS, "hub")]
    assert left == ["c"]


@pytest.mark.parametrize(("policy", "stays"), [("Orphan", True), ("Background", False)])
async def test_what_is_owned_goes_with_its_owner_unless_it_is_orphaned(
    http: aiohttp.ClientSession, world: World, policy: str, stays: bool
) -> None:
    owner = make_map(world, "owner")
    metadata = {"name": "owned", "namespace": "hub", "ownerReferences": [owner_of(owner)]}
    world.objects.create(CONFIGMAPS, {"metadata": metadata})
    await http.delete(f"{MAPS}/owner", json={"propagationPolicy": policy})
    world.timeline.run_due()
    assert (world.objects.find(CONFIGMAPS, "hub", "owned") is not None) is stays


async def test_in_the_foreground_the_owner_goes_last(
    http: aiohttp.ClientSession, world: World
) -> None:
    url = "/apis/apps/v1/namespaces/hub/deployments"
    assert (await http.post(url, json=WEB)).status == 201
    await until(world, lambda: bool(world.objects.all(PODS, "hub")))
    gone: list[str] = []
    kinds = (DEPLOYMENTS, REPLICASETS, PODS)
    world.storage.listen(
        lambda c: (
            gone.append(c.resource.kind) if c.type == "DELETED" and c.resource in kinds else None
        )
    )
    found = await (await http.delete(f"{url}/web", json={"propagationPolicy": "Foreground"})).json()
    assert found["metadata"]["finalizers"] == ["foregroundDeletion"]
    await until(world, lambda: len(gone) == len(kinds))
    assert gone == ["Pod", "ReplicaSet", "Deployment"]


async def test_an_apply_in_yaml_needs_a_name_for_its_manager(http: aiohttp.ClientSession) -> None:
    headers = {"Content-Type": "application/apply-patch+yaml"}
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: '1'}\n"
    code, body = await refused(http.patch(f"{MAPS}/a", data=text, headers=headers))
    assert code == 422
    assert "fieldManager: Required value: is required for apply patch" in body["message"]
    made = await http.patch(f"{MAPS}/a?fieldManager=me", data=text, headers=headers)
    assert made.status == 201
    again = await http.patch(f"{MAPS}/a?fieldManager=me", data=text, headers=headers)
    assert again.status == 200
    assert (await again.json())["metadata"] == (await made.json())["metadata"]
    headers = {"Content-Type": "application/merge-patch+json"}
    code, body = await refused(http.patch(f"{MAPS}/a?force=true", json={}, headers=headers))
    assert "may not be specified for non-apply patch" in body["message"]


async def test_defaults_are_filled_in(http: aiohttp.ClientSession) -> None:
    made = await (await http.post("/apis/apps/v1/namespaces/hub/deployments", json=WEB)).json()
    assert made["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
    }
    container = made["spec"]["template"]["spec"]["containers"][0]
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert made["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 30
    service = {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}}
    made = await (await http.post("/api/v1/namespaces/hub/services", json=service)).json()
    assert made["spec"]["clusterIP"].startswith("10.43.")
    assert made["spec"]["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    secret = {"metadata": {"name": "s"}, "stringData": {"a": "b"}}
    made = await (await http.post("/api/v1/namespaces/hub/secrets", json=secret)).json()
    assert (made["data"], made["type"]) == ({"a": "Yg=="}, "Opaque")


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        (
            {
                "selector": {"matchLabels": {"app": "x"}},
                "template": {"metadata": {"labels": {"app": "x"}}},
            },
            'Deployment.apps "web" is invalid: spec.selector: Invalid value: v1.LabelSelector'
            '{MatchLabels:map[string]string{"app":"x"}, MatchExpressions:[]'
            "v1.LabelSelectorRequirement(nil)}: field is immutable",
        ),
        (
            {"template": {"metadata": {"labels": {"app": "x"}}}},
            'Deployment.apps "web" is invalid: spec.template.metadata.labels: Invalid value: '
            'map[string]string{"app":"x"}: `selector` does not match template `labels`',
        ),
    ],
)
async def test_what_cannot_change_is_refused_in_the_servers_words(
    http: aiohttp.ClientSession, patch: Json, words: str
) -> None:
    url = "/apis/apps/v1/namespaces/hub/deployments"
    await http.post(url, json=WEB)
    headers = {"Content-Type": "application/merge-patch+json"}
    code, body = await refused(http.patch(f"{url}/web", json={"spec": patch}, headers=headers))
    assert (code, body["message"]) == (422, words)


async def test_a_name_that_is_none(http: aiohttp.ClientSession) -> None:
    code, body = await refused(http.post(MAPS, json={"metadata": {"name": "Not_A_Name"}}))
    assert code == 422
    assert "RFC 1123 subdomain" in body["message"]
    code, body = await refused(http.post(MAPS, json={"metadata": {}}))
    assert body["message"].endswith(
        "metadata.name: Required value: name or generateName is required"
    )


async def test_the_scale_of_a_workload(http: aiohttp.ClientSession, world: World) -> None:
    url = "/apis/apps/v1/namespaces/hub/deployments"
    await http.post(url, json=WEB)
    scale = await (await http.get(f"{url}/web/scale")).json()
    assert (scale["kind"], scale["spec"]["replicas"]) == ("Scale", 1)
    scale["spec"]["replicas"] = 2
    assert (await http.put(f"{url}/web/scale", json=scale)).status == 200
    assert world.objects.get(DEPLOYMENTS, "hub", "web")["spec"]["replicas"] == 2
    headers = {"Content-Type": "application/merge-patch+json"}
    patch = {"spec": {"replicas": -1}}
    code, _ = await refused(http.patch(f"{url}/web/scale", json=patch, headers=headers))
    assert code == 422


async def test_a_status_is_written_by_itself(http: aiohttp.ClientSession, world: World) -> None:
    headers = {"Content-Type": "application/merge-patch+json"}
    patch = {"status": {"phase": "Odd"}, "metadata": {"labels": {"a": "b"}}}
    found = await http.patch("/api/v1/nodes/core-1/status", json=patch, headers=headers)
    assert found.status == 200
    node = world.objects.get(NODES, "", "core-1")
    assert node["status"]["phase"] == "Odd"
    assert "a" not in node["metadata"]["labels"]
    owners = [each.get("subresource") for each in node["metadata"]["managedFields"]]
    assert owners == ["status"]
    await http.patch("/api/v1/nodes/core-1", json={"status": {"phase": "New"}}, headers=headers)
    assert world.objects.get(NODES, "", "core-1")["status"]["phase"] == "Odd"
