"""The testbed is what the other tests take it for."""

import json
import os
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.testbed import Testbed, hub, release, stages
from tests.testbed.api import Api
from tests.testbed.processes import wait_for
from tests.testbed.users import NAMESPACE

_PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


@pytest.mark.parametrize("major", [3, 4])
def test_helm_tells_the_three_revisions(testbed: Testbed, major: int) -> None:
    answer = testbed.run_helm("history", "hub", "--output", "json", major=major)
    told = [(row["chart"], row["app_version"]) for row in json.loads(answer.stdout)][:3]
    assert told == [(f"jupyterhub-{r.chart}", r.app) for r in release.REVISIONS]


def test_eight_users_five_servers_and_their_pods(testbed: Testbed) -> None:
    with testbed.hub_client() as client, testbed.api() as api:
        users = client.get("/users", params={"limit": "200"}).json()
        servers = hub.ready_servers(client)
        pods = api.items(_PODS, labelSelector="component=singleuser-server")
    assert {user["name"] for user in users} == {person.name for person in hub.PEOPLE}
    assert sorted(servers) == sorted(
        f"{person.name}/{person.server}" for person in hub.PEOPLE if person.server is not None
    )
    told = [pod["metadata"]["annotations"]["hub.jupyter.org/username"] for pod in pods]
    assert sorted(told) == sorted(name.partition("/")[0] for name in servers)
    assert all(pod["spec"]["nodeName"].startswith("user-") for pod in pods)


def test_a_port_forward_to_the_hub_pod_reaches_the_real_hub(testbed: Testbed) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(testbed.kubectl), "port-forward", "-n", NAMESPACE, "svc/hub", f"{port}:8081"]
    with testbed.api() as api:
        (pod,) = api.items(_PODS, labelSelector="component=hub")
    command[4] = f"pod/{pod['metadata']['name']}"
    env = {**os.environ, "KUBECONFIG": str(testbed.kubeconfig)}
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as process:
        try:
            assert wait_for(lambda: hub.answers(f"http://127.0.0.1:{port}/hub/health"), 10)
            headers = {"Authorization": f"token {testbed.hub_token}"}
            answer = httpx.get(f"http://127.0.0.1:{port}/hub/api/user", headers=headers)
            assert answer.json()["name"] == "hubtui"
        finally:
            process.terminate()


def test_the_awaiter_waits_for_the_pullers(testbed: Testbed) -> None:
    """A puller that cannot pull holds the hook, and with it helm."""
    image = '{"image": {"name": "quay.example.org/missing", "tag": "1"}}'
    command = [str(testbed.helm()), "upgrade", "hub", str(testbed.chart()), "--namespace"]
    command += [NAMESPACE, "--reuse-values", "--set-json", f"singleuser={image}"]
    environment = testbed.helm_environment()
    with (
        testbed.api() as api,
        subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as helm,
    ):
        try:
            assert wait_for(lambda: _stuck_pullers(api) == 4, 30, every=0.2)
            assert wait_for(lambda: _awaiters(api) == ["Running"], 10, every=0.2)
            assert helm.poll() is None
        finally:
            helm.terminate()
            helm.communicate()
            testbed.reset()


def _awaiters(api: Api) -> list[str]:
    pods = api.items(_PODS, labelSelector="job-name=hook-image-awaiter")
    return [pod["status"]["phase"] for pod in pods]


def _stuck_pullers(api: Api) -> int:
    pods = api.items(_PODS, labelSelector="component=hook-image-puller")
    return sum("ImagePullBackOff" in json.dumps(pod["status"]) for pod in pods)


def test_reset_brings_release_and_servers_back(testbed: Testbed) -> None:
    testbed.run_helm("rollback", "hub", "1")
    with testbed.hub_client() as client:
        client.delete("/users/alice/server").raise_for_status()
        client.delete("/users/grace.h").raise_for_status()
    testbed.reset()
    answer = testbed.run_helm("history", "hub", "--output", "json")
    told = [(row["revision"], row["status"]) for row in json.loads(answer.stdout)]
    assert told == [(1, "superseded"), (2, "superseded"), (3, "deployed")]
    with testbed.hub_client() as client, testbed.api() as api:
        assert len(hub.ready_servers(client)) == hub.SERVERS
        deployment = api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/hub")
    assert deployment["metadata"]["labels"]["chart"] == "jupyterhub-4.4.0"


def test_the_audit_log_holds_what_a_user_wrote(testbed: Testbed) -> None:
    with testbed.api("admin") as api:
        api.patch("/api/v1/nodes/user-1", {"metadata": {"annotations": {"looked": "at"}}})
    written = {
        (entry["verb"], entry["objectRef"]["resource"], entry["objectRef"].get("name"))
        for entry in testbed.audit_entries("admin")
        if "objectRef" in entry
    }
    assert ("patch", "nodes", "user-1") in written
    assert testbed.audit_entries("testbed-setup") == []


def test_rights_are_as_the_names_say(testbed: Testbed) -> None:
    expected = {
        "admin": (200, 200, 200),
        "readonly-admin": (200, 200, 200),
        "viewer": (200, 200, 403),
        "nosecrets": (200, 403, 403),
        "operator": (200, 200, 403),
        "nobody": (403, 403, 403),
    }
    paths = (_PODS, f"/api/v1/namespaces/{NAMESPACE}/secrets", "/api/v1/nodes")
    found = {user: tuple(_status(testbed, user, p) for p in paths) for user in expected}
    assert found == expected


def _status(testbed: Testbed, user: str, path: str) -> int:
    with testbed.api(user) as api:
        try:
            api.get(path, limit="1")
        except httpx.HTTPStatusError as error:
            return error.response.status_code
        return 200


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        ("image-pull-backoff", "ImagePullBackOff"),
        ("no-volume", "ContainerCreating"),
        ("crash-loop", "CrashLoopBackOff"),
        ("oom-killed", "OOMKilled"),
        ("never-ready", "running"),
    ],
)
def test_a_pod_goes_wrong_as_its_annotation_says(
    testbed: Testbed, failure: str, reason: str
) -> None:
    name = f"wrong-{failure}"
    meta = {"name": name, "namespace": NAMESPACE, "annotations": {stages.STAGE: failure}}
    spec = {"nodeName": "core-1", "containers": [{"name": "main", "image": "example/main:1"}]}
    with testbed.api() as api:
        api.apply({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})
        try:
            assert wait_for(lambda: reason in _told(api, name), 10), _told(api, name)
        finally:
            api.request("DELETE", f"{_PODS}/{name}")


def _told(api: Api, name: str) -> str:
    return json.dumps(api.get(f"{_PODS}/{name}")["status"].get("containerStatuses", []))


def test_down_leaves_no_process_and_no_folder(testbed: Testbed) -> None:
    """A second testbed runs beside the first, and goes without harm to it."""
    other = Testbed.up(f"{testbed.name}-other", with_hub=False)
    assert len(_processes(other.name)) == len(other.parts.all())
    other.down()
    assert _processes(other.name) == []
    assert not other.directory.exists()
    with testbed.api() as api:
        assert api.ready()


def _processes(name: str) -> list[str]:
    """The processes that carry the testbed's name in their environment, dead ones left out."""
    marker = f"HUBTUI_TESTBED={name}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "comm").read_text().strip())
        except OSError:
            continue
    return found
