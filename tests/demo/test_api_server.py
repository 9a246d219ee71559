"""The apiserver over plain HTTP: who may ask, what there is, how refusals look."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import aiohttp
import pytest

from hubtui.demo.storage import Json
from tests.demo.api_requests import MAPS, refused
from tests.demo.conftest import Server


async def test_without_the_token_nobody_is_answered(server: Server) -> None:
    async with aiohttp.ClientSession(server.url) as session:
        for path in ("/version", "/api/v1/pods", "/readyz", "/wrong/version"):
            code, body = await refused(session.get(path))
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
    code, body = await refused(http.get(path))
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
    found, body = await refused(http.request(method, path))
    assert (found, body["reason"]) == (code, reason)


async def test_a_fault_of_the_server_is_a_status_too(
    http: aiohttp.ClientSession, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_resource: Any, _namespace: str = "") -> list[Json]:
        raise ZeroDivisionError

    monkeypatch.setattr(server.world.storage, "all", broken)
    code, body = await refused(http.get(MAPS))
    assert (code, body["reason"]) == (500, "InternalError")


async def test_a_body_that_is_too_large(http: aiohttp.ClientSession) -> None:
    code, body = await refused(http.post(MAPS, data=BytesIO(b" " * (4 << 20))))
    assert (code, body["reason"]) == (413, "RequestEntityTooLarge")


async def test_only_protobuf_is_not_to_be_had(http: aiohttp.ClientSession) -> None:
    headers = {"Accept": "application/vnd.kubernetes.protobuf"}
    code, _ = await refused(http.get(MAPS, headers=headers))
    assert code == 406


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
