"""What the load is made of, and how it is sent."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from tests.testbed import load
from tests.testbed.load_api import CONCURRENCY, for_each
from tests.testbed.load_claims import mounted
from tests.testbed.load_objects import LOAD, Pods, node, user_name
from tests.testbed.load_releases import Releases

Body = dict[str, Any]


def decoded(secret: Body) -> Body:
    stored = base64.b64decode(secret["data"]["release"])
    release: Body = json.loads(gzip.decompress(base64.b64decode(stored)))
    return release


@pytest.mark.parametrize(("number", "revision"), [(0, 1), (7, 9), (99, 10)])
def test_a_payload_decodes_to_its_own_release_and_revision(number: int, revision: int) -> None:
    secret = Releases(10).secret(number, revision)
    release = decoded(secret)
    labels = secret["metadata"]["labels"]
    name = f"class-{number:03d}"
    assert (release["name"], release["version"]) == (name, revision)
    assert secret["metadata"]["name"] == f"sh.helm.release.v1.{name}.v{revision}"
    assert (labels["name"], labels["version"], labels["owner"]) == (name, str(revision), "helm")
    assert labels["status"] == release["info"]["status"]
    assert f"{name}:2026.{revision:02d}" in release["manifest"]
    assert release["chart"]["metadata"]["version"] == f"1.{revision}.0"
    assert release["chart"]["templates"]


def test_a_pod_with_a_home_of_its_own_mounts_the_claim_of_its_user() -> None:
    pod = Pods(own_homes=True).pod(3, "load-user-003")
    (use,) = mounted(count=4, nodes=4)["load-user-003"].pods
    (volume,) = pod["spec"]["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == use.volumes[0].claim
    assert "subPath" not in pod["spec"]["containers"][0]["volumeMounts"][0]


def test_only_the_last_revision_is_deployed() -> None:
    made = Releases(3)
    said = [made.secret(0, revision)["metadata"]["labels"]["status"] for revision in (1, 2, 3)]
    assert said == ["superseded", "superseded", "deployed"]


def test_a_payload_is_one_gzip_member_as_large_as_a_z2jh_release() -> None:
    stored = base64.b64decode(Releases(10).secret(3, 4)["data"]["release"])
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    unpacker.decompress(base64.b64decode(stored))
    assert unpacker.eof
    assert unpacker.unused_data == b""
    assert 110_000 < len(stored) < 130_000


def test_user_pods_are_as_kubespawner_makes_them() -> None:
    pod = Pods().pod(3, "load-user-003")
    labels, annotations = pod["metadata"]["labels"], pod["metadata"]["annotations"]
    assert annotations["hub.jupyter.org/username"] == "ada.0003@example.org"
    assert pod["metadata"]["name"].startswith("jupyter-ada-0003-example-org---")
    assert labels["component"] == "singleuser-server"
    assert labels["app.kubernetes.io/managed-by"] == "kubespawner"
    assert "heritage" not in labels
    (container,) = pod["spec"]["containers"]
    assert container["name"] == "notebook"
    assert container["resources"]["requests"]["memory"] == 1 << 30
    assert {"name": "JUPYTERHUB_USER", "value": "ada.0003@example.org"} in container["env"]
    assert pod["spec"]["nodeName"] == "load-user-003"
    assert pod["spec"]["restartPolicy"] == "OnFailure"


def test_names_are_unique_and_no_pod_shares_state_with_another() -> None:
    made = Pods()
    pods = [made.pod(number, "n") for number in range(200)]
    assert len({pod["metadata"]["name"] for pod in pods}) == 200
    assert pods[0]["metadata"]["annotations"]["hub.jupyter.org/username"] == user_name(0)


def test_nodes_take_the_user_pods() -> None:
    made = node(7)
    assert made["metadata"]["labels"]["hub.jupyter.org/node-purpose"] == "user"
    assert {taint["key"] for taint in made["spec"]["taints"]} == {
        "hub.jupyter.org/dedicated",
        "hub.jupyter.org_dedicated",
    }
    assert int(made["status"]["allocatable"]["memory"].removesuffix("Gi")) >= 20


async def test_items_are_worked_on_so_many_at_a_time() -> None:
    running, most, done = 0, 0, 0

    async def work(_: int) -> None:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        done += 1

    await for_each(range(500), work)
    assert done == 500
    assert most == CONCURRENCY


@dataclass
class Apiserver:
    """Keeps what is created, by collection; says "wait" to the first request of each path."""

    url: str = ""
    objects: dict[str, dict[str, Body]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    patches: list[tuple[str, Any]] = field(default_factory=list)

    async def create(self, request: web.Request) -> web.Response:
        self.refused[request.path] += 1
        if self.refused[request.path] == 1:
            return web.Response(status=429, headers={"Retry-After": "0"})
        body = await request.json()
        self.objects.setdefault(request.path, {})[body["metadata"]["name"]] = body
        return web.json_response(body, status=201)

    async def read(self, request: web.Request) -> web.Response:
        items = list(self.objects.get(request.path, {}).values())
        if "fieldSelector" in request.query:
            items = []
        return web.json_response({"items": items[: int(request.query["limit"])]})

    async def delete(self, request: web.Request) -> web.Response:
        path, _, name = request.path.rpartition("/")
        assert self.objects[path].pop(name)["metadata"]["labels"][LOAD] == "true"
        return web.json_response({})

    async def patch(self, request: web.Request) -> web.Response:
        self.patches.append((request.path, await request.json()))
        return web.json_response({})


@pytest.fixture
async def apiserver() -> AsyncIterator[Apiserver]:
    server = Apiserver()
    app = web.Application()
    app.router.add_post("/{path:.*}", server.create)
    app.router.add_get("/{path:.*}", server.read)
    app.router.add_delete("/{path:.*}", server.delete)
    app.router.add_patch("/{path:.*}", server.patch)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


async def fill(server: Apiserver, said: list[str] | None = None) -> None:
    await load.fill(
        server.url,
        "token",
        None,
        nodes=3,
        pods=9,
        releases=2,
        revisions=2,
        progress=(said if said is not None else []).append,
    )


async def test_a_fill_sends_everything_and_a_clear_takes_it_away(apiserver: Apiserver) -> None:
    said: list[str] = []
    await fill(apiserver, said)
    counts = {path.rpartition("/")[2]: len(found) for path, found in apiserver.objects.items()}
    assert counts == {"nodes": 3, "persistentvolumeclaims": 1, "pods": 9, "secrets": 4}
    on = Counter(
        pod["spec"]["nodeName"] for pod in apiserver.objects["/api/v1/namespaces/hub/pods"].values()
    )
    assert set(on.values()) == {3}, "evenly"
    assert said[-1].startswith("all user pods are Running")
    await load.clear(apiserver.url, "token", None)
    assert not any(apiserver.objects.values())


async def test_churn_tells_which_pod_changed_and_when(apiserver: Apiserver) -> None:
    await fill(apiserver)
    heard: list[load.Change] = []
    changes = await load.churn(
        apiserver.url, "token", None, per_second=200, seconds=0.1, on_change=heard.append
    )
    assert heard == changes
    assert len(changes) == len(apiserver.patches) == 20
    assert len({change.pod for change in changes}) == 9
    assert all(change.sent < change.done for change in changes)
    path, patch = apiserver.patches[0]
    assert path == f"/api/v1/namespaces/hub/pods/{changes[0].pod}/status"
    assert patch[0]["value"] == changes[0].restarts


async def test_pods_without_nodes_are_refused(apiserver: Apiserver) -> None:
    with pytest.raises(load.LoadError, match="need nodes"):
        await load.fill(apiserver.url, "token", None, nodes=0, pods=1, releases=0)
