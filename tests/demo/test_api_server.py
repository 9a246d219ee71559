"""The apiserver over plain HTTP: who may ask, how errors look, lists, watches, deletes, logs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubtui.demo.api import watching
from hubtui.demo.objects import owner_of
from hubtui.demo.resources import BUDGETS, CONFIGMAPS, DEPLOYMENTS, NODES, PODS, REPLICASETS
from hubtui.demo.storage import Json
from hubtui.demo.world import World
from tests.demo.conftest import Server, until

MAPS = "/api/v1/namespaces/hub/configmaps"
POD = "/api/v1/namespaces/hub/pods/idle"
WEB = {
    "metadata": {"name": "web"},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "nginx:1"}]},
        },
    },
}


def _map(world: World, name: str, **labels: str) -> Json:
    metadata = {"name": name, "namespace": "hub", "labels": labels}
    return world.objects.create(CONFIGMAPS, {"metadata": metadata, "data": {"a": "1"}})


def _pod(world: World, *containers: str, **status: Any) -> Json:
    """A pod that nobody looks after: it is on no node that there is."""
    return world.objects.create(
        PODS,
        {
            "metadata": {"name": "idle", "namespace": "hub", "labels": {"component": "hub"}},
            "spec": {
                "nodeName": "nowhere",
                "containers": [{"name": name, "image": "x:1"} for name in containers or ("main",)],
            },
            "status": {"phase": "Running", **status},
        },
    )


async def _status(response: Awaitable[aiohttp.ClientResponse]) -> tuple[int, Json]:
    found = await response
    body: Json = await found.json()
    assert body["kind"] == "Status"
    assert body["code"] == found.status
    return found.status, body


async def test_without_the_token_nobody_is_answered(server: Server) -> None:
    async with aiohttp.ClientSession(server.url) as session:
        for path in ("/version", "/api/v1/pods", "/readyz", "/wrong/version"):
            code, body = await _status(session.get(path))
            assert (code, body["message"]) == (401, "Unauthorized")
        found = await session.get("/version", headers={"Authorization": "Bearer wrong"})
        assert found.status == 401


async def test_the_token_may_be_the_first_step_of_the_path(server: Server) -> None:
    async with aiohttp.ClientSession() as session:
        found = await session.get(f"{server.url}/{server.token}/version")
        assert (await found.json())["gitVersion"].startswith("v1.")


@pytest.mark.parametrize(
    "path", ["/", "/foo", "/apis/foo", "/apis/foo/v1", "/api/v1/foos", "/api/v2"]
)
async def test_a_path_that_is_none(http: aiohttp.ClientSession, path: str) -> None:
    code, body = await _status(http.get(path))
    assert code == 404
    assert body["message"] == "the server could not find the requested resource"


@pytest.mark.parametrize(
    ("method", "path", "code", "reason"),
    [
        ("GET", f"{MAPS}/none", 404, "NotFound"),
        ("DELETE", f"{MAPS}/none", 404, "NotFound"),
        ("POST", f"{MAPS}/none", 405, "MethodNotAllowed"),
        ("GET", f"{MAPS}?limit=many", 400, "BadRequest"),
        ("GET", f"{MAPS}?continue=x", 400, "BadRequest"),
        ("GET", f"{MAPS}?labelSelector=a%20b", 400, "BadRequest"),
        ("POST", MAPS, 400, "BadRequest"),
        ("PATCH", f"{MAPS}/none", 404, "NotFound"),
        ("POST", "/api/v1/namespaces/none/configmaps", 400, "BadRequest"),
        ("GET", "/api/v1/namespaces/hub/pods/none/log", 404, "NotFound"),
        ("GET", "/apis/metrics.k8s.io/v1beta1/foos", 404, "NotFound"),
        ("GET", "/apis/metrics.k8s.io/v1beta1/nodes/none", 404, "NotFound"),
    ],
)
async def test_what_is_refused_is_a_status(
    http: aiohttp.ClientSession, method: str, path: str, code: int, reason: str
) -> None:
    found, body = await _status(http.request(method, path))
    assert (found, body["reason"]) == (code, reason)


async def test_a_fault_of_the_server_is_a_status_too(
    http: aiohttp.ClientSession, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_resource: Any, _namespace: str = "") -> list[Json]:
        raise ZeroDivisionError

    monkeypatch.setattr(server.world.storage, "all", broken)
    code, body = await _status(http.get(MAPS))
    assert (code, body["reason"]) == (500, "InternalError")


async def test_a_body_that_is_too_large(http: aiohttp.ClientSession) -> None:
    code, body = await _status(http.post(MAPS, data=BytesIO(b" " * (4 << 20))))
    assert (code, body["reason"]) == (413, "RequestEntityTooLarge")


async def test_only_protobuf_is_not_to_be_had(http: aiohttp.ClientSession) -> None:
    headers = {"Accept": "application/vnd.kubernetes.protobuf"}
    code, _ = await _status(http.get(MAPS, headers=headers))
    assert code == 406


async def test_pages_show_the_state_of_the_first(http: aiohttp.ClientSession, world: World) -> None:
    for name in "abcde":
        _map(world, name)
    found = await (await http.get(f"{MAPS}?limit=2")).json()
    version = found["metadata"]["resourceVersion"]
    assert found["metadata"]["remainingItemCount"] == 3
    world.objects.delete(CONFIGMAPS, "hub", "c")
    _map(world, "cc")
    names = [each["metadata"]["name"] for each in found["items"]]
    while token := found["metadata"].get("continue"):
        found = await (await http.get(f"{MAPS}?limit=2&continue={token}")).json()
        assert found["metadata"]["resourceVersion"] == version
        names += [each["metadata"]["name"] for each in found["items"]]
    assert names == ["a", "b", "c", "d", "e"]


async def test_a_page_of_a_state_that_is_forgotten(
    http: aiohttp.ClientSession, world: World
) -> None:
    for name in "abc":
        _map(world, name)
    found = await (await http.get(f"{MAPS}?limit=1")).json()
    _map(world, "d")
    world.storage.forget()
    code, body = await _status(http.get(f"{MAPS}?limit=1&continue={found['metadata']['continue']}"))
    assert (code, body["reason"]) == (410, "Expired")


async def test_only_metadata(http: aiohttp.ClientSession, world: World) -> None:
    _map(world, "a")
    kind = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
    found = await (await http.get(MAPS, headers={"Accept": kind})).json()
    assert found["kind"] == "PartialObjectMetadataList"
    assert [each.keys() for each in found["items"]] == [{"metadata"}]


Next = Callable[[], Awaitable[Json]]


@asynccontextmanager
async def _watch(http: aiohttp.ClientSession, query: str) -> AsyncIterator[Next]:
    async with http.get(f"{MAPS}?watch=true&{query}") as response:
        assert response.status == 200

        async def following() -> Json:
            found: Json = json.loads(await response.content.readline())
            return found

        yield following


def _said(event: Json) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"].get("name", "")


async def test_a_watch_tells_what_comes_to_match_and_what_does_no_longer(
    http: aiohttp.ClientSession, world: World
) -> None:
    def label(value: str) -> Callable[[Json], None]:
        return lambda thing: thing["metadata"]["labels"].update(x=value)

    version = world.storage.version
    _map(world, "other")
    _map(world, "a", x="0")
    async with _watch(http, f"resourceVersion={version}&labelSelector=x%3D1") as following:
        for value in ("1", "1", "2"):
            world.objects.change(CONFIGMAPS, "hub", "a", label(value))
        world.objects.change(CONFIGMAPS, "hub", "a", label("1"))
        world.objects.delete(CONFIGMAPS, "hub", "a")
        told = [await following() for _ in range(4)]
        assert [_said(event) for event in told] == [
            *(("ADDED", "a"), ("DELETED", "a"), ("ADDED", "a"), ("DELETED", "a")),
        ]
        versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in told]
        assert versions == sorted(versions)


async def test_a_watch_begins_with_what_is_there(http: aiohttp.ClientSession, world: World) -> None:
    _map(world, "a")
    query = "sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    async with _watch(http, query) as following:
        assert _said(await following()) == ("ADDED", "a")
        bookmark = await following()
        assert bookmark["type"] == "BOOKMARK"
        annotations = bookmark["object"]["metadata"]["annotations"]
        assert annotations == {"k8s.io/initial-events-end": "true"}
        _map(world, "b")
        assert _said(await following()) == ("ADDED", "b")


async def test_a_watch_from_a_version_that_is_forgotten(
    http: aiohttp.ClientSession, world: World
) -> None:
    world.storage.forget()
    _map(world, "a")
    world.storage.forget()
    async with _watch(http, "resourceVersion=1") as following:
        told = await following()
    assert told["type"] == "ERROR"
    assert (told["object"]["code"], told["object"]["reason"]) == (410, "Expired")


async def test_a_watch_ends_after_its_time(http: aiohttp.ClientSession) -> None:
    async with http.get(f"{MAPS}?watch=true&timeoutSeconds=1&resourceVersion=0") as response:
        assert await response.read() == b""


async def test_a_quiet_watch_tells_how_far_it_is(
    http: aiohttp.ClientSession, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "BOOKMARK_SECONDS", 0.01)
    query = f"allowWatchBookmarks=true&resourceVersion={world.storage.version}"
    async with _watch(http, query) as following:
        told = await following()
    assert told["type"] == "BOOKMARK"
    assert int(told["object"]["metadata"]["resourceVersion"]) >= 1


async def test_a_watch_that_nobody_reads_ends_and_leaves_nothing(
    http: aiohttp.ClientSession, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "WAITING", 10)
    async with _watch(http, f"resourceVersion={world.storage.version}") as following:
        for number in range(50):  # in one turn of the loop: no reader can keep up
            _map(world, f"a{number}")
        with pytest.raises(json.JSONDecodeError):  # the end is an empty line
            await following()


async def test_a_watch_whose_reader_has_gone_ends(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = asyncio.Event()
    close = watching.Watch.close

    def closing(self: watching.Watch) -> None:
        close(self)
        closed.set()

    monkeypatch.setattr(watching.Watch, "close", closing)
    async with http.get(f"{MAPS}?watch=true") as response:
        response.close()
    async with asyncio.timeout(30):
        await closed.wait()


async def test_create_update_and_conflicts(http: aiohttp.ClientSession) -> None:
    made = await (
        await http.post(MAPS, json={"metadata": {"name": "a"}, "data": {"x": "1"}})
    ).json()
    code, body = await _status(http.post(MAPS, json={"metadata": {"name": "a"}}))
    assert (code, body["reason"]) == (409, "AlreadyExists")
    made["data"]["x"] = "2"
    later = await (await http.put(f"{MAPS}/a", json=made)).json()
    assert later["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"]
    made["data"]["x"] = "3"
    code, body = await _status(http.put(f"{MAPS}/a", json=made))
    assert (code, body["reason"]) == (409, "Conflict")
    assert "the object has been modified" in body["message"]
    code, body = await _status(http.put(f"{MAPS}/b", json=made))
    assert code == 404
    later["metadata"]["uid"] = "another"
    code, body = await _status(http.put(f"{MAPS}/a", json=later))
    assert "Precondition failed: UID" in body["message"]


async def test_a_dry_run_writes_nothing(http: aiohttp.ClientSession, world: World) -> None:
    version = world.storage.version
    found = await http.post(f"{MAPS}?dryRun=All", json={"metadata": {"generateName": "a-"}})
    assert found.status == 201
    assert (await found.json())["metadata"]["name"].startswith("a-")
    assert world.objects.find(CONFIGMAPS, "hub", "a") is None
    assert [c for c in world.storage.since(version) if c.resource == CONFIGMAPS] == []
    code, _ = await _status(http.post(f"{MAPS}?dryRun=Some", json={"metadata": {"name": "a"}}))
    assert code == 400


async def test_deletes_with_preconditions_and_selectors(
    http: aiohttp.ClientSession, world: World
) -> None:
    for name, x in (("a", "1"), ("b", "1"), ("c", "2")):
        _map(world, name, x=x)
    wrong = {"preconditions": {"uid": "another"}}
    code, _ = await _status(http.delete(f"{MAPS}/a", json=wrong))
    assert code == 409
    code, _ = await _status(http.delete(f"{MAPS}/a", json={"propagationPolicy": "Fly"}))
    assert code == 400
    await http.delete(f"{MAPS}?labelSelector=x%3D1")
    left = [each["metadata"]["name"] for each in world.objects.all(CONFIGMAPS, "hub")]
    assert left == ["c"]


@pytest.mark.parametrize(("policy", "stays"), [("Orphan", True), ("Background", False)])
async def test_what_is_owned_goes_with_its_owner_unless_it_is_orphaned(
    http: aiohttp.ClientSession, world: World, policy: str, stays: bool
) -> None:
    owner = _map(world, "owner")
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
    code, body = await _status(http.patch(f"{MAPS}/a", data=text, headers=headers))
    assert code == 422
    assert "fieldManager: Required value: is required for apply patch" in body["message"]
    made = await http.patch(f"{MAPS}/a?fieldManager=me", data=text, headers=headers)
    assert made.status == 201
    again = await http.patch(f"{MAPS}/a?fieldManager=me", data=text, headers=headers)
    assert again.status == 200
    assert (await again.json())["metadata"] == (await made.json())["metadata"]
    headers = {"Content-Type": "application/merge-patch+json"}
    code, body = await _status(http.patch(f"{MAPS}/a?force=true", json={}, headers=headers))
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
    code, body = await _status(http.patch(f"{url}/web", json={"spec": patch}, headers=headers))
    assert (code, body["message"]) == (422, words)


async def test_a_name_that_is_none(http: aiohttp.ClientSession) -> None:
    code, body = await _status(http.post(MAPS, json={"metadata": {"name": "Not_A_Name"}}))
    assert code == 422
    assert "RFC 1123 subdomain" in body["message"]
    code, body = await _status(http.post(MAPS, json={"metadata": {}}))
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
    code, _ = await _status(http.patch(f"{url}/web/scale", json=patch, headers=headers))
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


async def test_a_budget_that_allows_nothing_keeps_the_pod(
    http: aiohttp.ClientSession, world: World
) -> None:
    _pod(world)
    world.objects.create(
        BUDGETS,
        {
            "metadata": {"name": "b", "namespace": "hub"},
            "spec": {"minAvailable": 5, "selector": {"matchLabels": {"component": "hub"}}},
            "status": {"disruptionsAllowed": 0, "desiredHealthy": 5, "currentHealthy": 1},
        },
    )
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "idle"}}
    code, body = await _status(http.post(f"{POD}/eviction", json=eviction))
    assert (code, body["reason"]) == (429, "TooManyRequests")
    assert body["message"] == ("Cannot evict pod as it would violate the pod's disruption budget.")


async def test_logs_with_their_options(http: aiohttp.ClientSession, world: World) -> None:
    _pod(world)
    world.logs.write("hub", "idle", "main", "one", "two", "three")
    assert await (await http.get(f"{POD}/log")).text() == "one\ntwo\nthree\n"
    assert await (await http.get(f"{POD}/log?tailLines=1")).text() == "three\n"
    assert await (await http.get(f"{POD}/log?tailLines=0")).text() == ""
    stamped = await (await http.get(f"{POD}/log?timestamps=true&tailLines=1")).text()
    assert stamped.endswith("Z three\n")
    code, body = await _status(http.get(f"{POD}/log?previous=true"))
    assert code == 400
    assert body["message"] == 'previous terminated container "main" in pod "idle" not found'
    code, body = await _status(http.get(f"{POD}/log?container=no"))
    assert body["message"] == "container no is not valid for pod idle"
    world.logs.restart("hub", "idle", "main")
    assert await (await http.get(f"{POD}/log?previous=true")).text() == "one\ntwo\nthree\n"


async def test_of_more_containers_one_must_be_chosen(
    http: aiohttp.ClientSession, world: World
) -> None:
    _pod(world, "a", "b")
    code, body = await _status(http.get(f"{POD}/log"))
    assert code == 400
    assert body["message"] == (
        "a container name must be specified for pod idle, choose one of: [a b]"
    )


async def test_a_container_that_waits_has_no_log(http: aiohttp.ClientSession, world: World) -> None:
    waiting = {"waiting": {"reason": "ImagePullBackOff"}}
    _pod(world, phase="Pending", containerStatuses=[{"name": "main", "state": waiting}])
    code, body = await _status(http.get(f"{POD}/log"))
    assert code == 400
    assert body["message"] == (
        'container "main" in pod "idle" is waiting to start: trying and failing to pull image'
    )


async def test_a_log_is_followed_until_the_pod_is_gone(
    http: aiohttp.ClientSession, world: World
) -> None:
    _pod(world)
    world.logs.write("hub", "idle", "main", "one")
    async with http.get(f"{POD}/log?follow=true") as response:
        assert await response.content.readline() == b"one\n"
        world.logs.write("hub", "idle", "main", "two")
        assert await response.content.readline() == b"two\n"
        world.objects.finish(PODS, "hub", "idle")
        assert await response.content.readline() == b""
    assert world.logs.of("hub", "idle", "main").listeners == []


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"heard " + await reader.read(100))
    await writer.drain()
    writer.close()


async def test_a_forward_to_the_hub_leads_to_its_socket(
    http: aiohttp.ClientSession, world: World, hub_socket: Path
) -> None:
    _pod(world, containerStatuses=[{"name": "main", "state": {"running": {}}}])
    hub = await asyncio.start_unix_server(_echo, hub_socket)
    protocols = ("v4.channel.k8s.io",)
    async with hub, http.ws_connect(f"{POD}/portforward?ports=8081", protocols=protocols) as ws:
        port = (8081).to_bytes(2, "little")
        assert [await ws.receive_bytes() for _ in range(2)] == [b"\0" + port, b"\1" + port]
        await ws.send_bytes(b"\0hello")
        assert await ws.receive_bytes() == b"\0heard hello"


async def test_a_forward_to_another_port_is_refused_on_the_error_channel(
    http: aiohttp.ClientSession, world: World
) -> None:
    _pod(world)
    protocols = ("v4.channel.k8s.io",)
    async with http.ws_connect(f"{POD}/portforward?ports=80", protocols=protocols) as ws:
        told = [await ws.receive_bytes() for _ in range(3)]
    assert told[2][:1] == b"\1"
    assert b"connection refused" in told[2]


async def test_reviews_say_yes(http: aiohttp.ClientSession) -> None:
    ask = {"spec": {"resourceAttributes": {"verb": "delete", "resource": "pods"}}}
    url = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    found = await (await http.post(url, json=ask)).json()
    assert found["status"]["allowed"] is True


async def test_nodes_use_something(http: aiohttp.ClientSession) -> None:
    found = await (await http.get("/apis/metrics.k8s.io/v1beta1/nodes")).json()
    assert [each["metadata"]["name"] for each in found["items"]] == ["core-1", "user-1"]
    assert all(each["usage"]["cpu"].endswith("n") for each in found["items"])


async def test_discovery_says_what_there_is(http: aiohttp.ClientSession) -> None:
    groups = await (await http.get("/apis")).json()
    for group in groups["groups"]:
        for version in group["versions"]:
            found = await (await http.get(f"/apis/{version['groupVersion']}")).json()
            assert found["resources"], version
            assert (await http.get(f"/apis/{group['name']}")).status == 200
    core = await (await http.get("/api/v1")).json()
    names = {each["name"] for each in core["resources"]}
    assert {"pods", "pods/log", "pods/eviction", "nodes/status"} <= names
