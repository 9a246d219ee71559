"""The pods pane says what kubectl says, for every state that a pod can be brought into."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubtui.model.podstate import Severity
from hubtui.model.roles import Role
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.views.cells import plain
from hubtui.views.pods import PodsView
from tests.cluster.clusters import Cluster
from tests.cluster.opened import PATIENCE, live, names, session_of, until
from tests.testbed import Testbed, stages
from tests.testbed.api import Api, is_ready
from tests.testbed.processes import wait_for
from tests.testbed.users import NAMESPACE

_PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
LABEL = "test=pods-live"

ENDS = {
    "image-pull-backoff": "ImagePullBackOff",
    "crash-loop": "CrashLoopBackOff",
    "oom-loop": "CrashLoopBackOff",
    "oom-killed": "Running",
    "never-ready": "Running",
    "evicted": "Evicted",
    "init-stuck": "Init:0/1",
    "none": "Running",
}
"""Where each stage of the testbed leads, in kubectl's words."""


@pytest.fixture
def api(cluster: Cluster) -> Iterator[Api]:
    with cleaned(cluster) as api:
        yield api


@pytest.fixture
def real_api(testbed: Testbed) -> Iterator[Api]:
    with cleaned(testbed) as api:
        yield api


@contextlib.contextmanager
def cleaned(cluster: Cluster) -> Iterator[Api]:
    """A client; the pods that were made by it are gone afterwards."""
    with cluster.api() as api:
        yield api
        for pod in api.items(_PODS, labelSelector=LABEL):
            with contextlib.suppress(httpx.HTTPStatusError):  # gone with its Job
                delete(api, pod["metadata"]["name"])


def make(api: Api, name: str, stage: str = "none", **spec: Any) -> None:
    """A pod with which something goes wrong."""
    meta = {
        "name": name,
        "namespace": NAMESPACE,
        "labels": dict([LABEL.split("=")]),
        "annotations": {stages.STAGE: stage, stages.RESTART_DELAY: "1h", **spec.pop("notes", {})},
    }
    containers = [{"name": "main", "image": "example/main:1"}]
    if stage == "init-stuck":
        spec["initContainers"] = [{"name": "first", "image": "example/first:1"}]
    spec = {"nodeName": "core-1", "terminationGracePeriodSeconds": 0, **spec}
    body = {"metadata": meta, "spec": {"containers": containers, **spec}}
    api.request("POST", _PODS, body)


def delete(api: Api, name: str, grace: int = 0) -> None:
    api.request("DELETE", f"{_PODS}/{name}", {"gracePeriodSeconds": grace})


def kubectl(cluster: Cluster, *arguments: str) -> dict[str, tuple[str, str, str]]:
    """READY, STATUS and RESTARTS of each pod of the hub, from kubectl itself."""
    return kubectl_in(cluster, NAMESPACE, *arguments)


def kubectl_in(
    cluster: Cluster, namespace: str, *arguments: str
) -> dict[str, tuple[str, str, str]]:
    """The same of another namespace."""
    command = [str(cluster.kubectl), "--kubeconfig", str(cluster.kubeconfig), "-n", namespace]
    command += ["get", "pods", "--no-headers", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [line.split() for line in answer.stdout.splitlines()]
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def ours(session: Session, label: str = "") -> dict[str, tuple[str, str, str]]:
    """The same from our own store."""
    session.pods.update()
    key, _, value = label.partition("=")
    found = {}
    for pod in session.pods.stores.pods:
        row = session.pods.row(pod.key)
        if row is not None and (not key or pod.metadata.labels.get(key) == value):
            state = row.state
            ready = f"{state.ready}/{state.containers}"
            found[pod.metadata.name] = (ready, state.status, str(state.restarts))
    return found


async def test_the_hubs_own_pods_are_as_kubectl_says(cluster: Cluster, reader: Path) -> None:
    async with session_of(reader) as session:
        await live(session.pods.stores.pods)
        told: dict[str, tuple[str, str, str]] = {}

        def same() -> bool:
            told.update(kubectl(cluster))
            return ours(session) == told

        assert same() or await _again(same), (ours(session), told)
        assert len(told) > 10


async def _again(same: Any) -> bool:
    """Once more a moment later: pods of other tests may be on their way, and controllers too."""
    for _ in range(150):
        await asyncio.sleep(0.2)
        if await asyncio.to_thread(same):
            return True
    return False


@pytest.mark.parametrize("stage", ENDS)
async def test_every_stage_is_in_kubectls_words(
    cluster: Cluster, reader: Path, api: Api, stage: str
) -> None:
    name = f"stage-{stage}"
    async with session_of(reader) as session:
        await live(session.pods.stores.pods)
        await asyncio.to_thread(make, api, name, stage)
        await until(
            lambda: ours(session).get(name, ("",) * 3)[1] == ENDS[stage], str(ours(session, LABEL))
        )
        if stage == "oom-killed":
            await until(lambda: ours(session)[name][2] == "1", "the restart")
        told: dict[str, tuple[str, str, str]] = {}

        def same() -> bool:
            told.clear()
            told.update(kubectl(cluster, name))
            return told[name] == ours(session)[name] and told[name][1] == ENDS[stage]

        assert same() or await _again(same), (ours(session)[name], told)
        row = session.pods.row(f"{NAMESPACE}/{name}")
        assert row is not None
        good = stage in ("none", "oom-killed")
        assert (row.state.severity is Severity.FINE) is good
        assert row.role is Role.OTHER


async def test_a_pod_that_cannot_be_scheduled_says_why(
    cluster: Cluster, reader: Path, api: Api
) -> None:
    unfit: dict[str, Any] = {"nodeName": "", "nodeSelector": {"gpu": "none-has-it"}}
    await asyncio.to_thread(make, api, "unfit", **unfit)
    async with session_of(reader) as session:
        await live(session.pods.stores.pods)

        def message() -> str:
            session.pods.update()
            row = session.pods.row(f"{NAMESPACE}/unfit")
            return row.state.message if row else ""

        await until(lambda: "nodes are available" in message(), message())
        assert ours(session)["unfit"] == kubectl(cluster, "unfit")["unfit"]
        row = session.pods.row(f"{NAMESPACE}/unfit")
        assert row is not None
        assert row.state.severity is Severity.SOON


async def test_a_pod_that_does_not_go_is_terminating(
    cluster: Cluster, reader: Path, api: Api
) -> None:
    async with session_of(reader) as session:
        await live(session.pods.stores.pods)
        await asyncio.to_thread(make, api, "stuck", "stuck-terminating")
        await until(lambda: ours(session).get("stuck", ("",) * 3)[1] == "Running")
        await asyncio.to_thread(delete, api, "stuck", 3600)
        await until(lambda: ours(session)["stuck"][1] == "Terminating")
        assert kubectl(cluster, "stuck")["stuck"] == ours(session)["stuck"]
        await asyncio.to_thread(delete, api, "stuck")
        await until(lambda: "stuck" not in names(session.pods.stores.pods))
        assert "stuck" not in ours(session)


async def test_a_pod_whose_work_is_done_is_completed(
    cluster: Cluster, reader: Path, api: Api
) -> None:
    """Of a Job: its pods end by themselves."""
    jobs = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
    labels = dict([LABEL.split("=")])
    pod: dict[str, Any] = {"restartPolicy": "Never", "nodeName": "core-1"}
    pod |= {"containers": [{"name": "main", "image": "example/main:1"}]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    body = {"metadata": {"name": "done"}, "spec": {"template": template}}
    await asyncio.to_thread(api.request, "POST", jobs, body)
    try:
        async with session_of(reader) as session:
            await live(session.pods.stores.pods)
            await until(lambda: [row[1] for row in ours(session, LABEL).values()] == ["Completed"])
            assert ours(session, LABEL) == kubectl(cluster, "-l", LABEL)
            ((name, row),) = ours(session, LABEL).items()
            assert row == ("0/1", "Completed", "0")
            found = session.pods.row(f"{NAMESPACE}/{name}")
            assert found is not None
            assert found.state.severity is Severity.PAST
    finally:
        orphans = {"propagationPolicy": "Background"}
        await asyncio.to_thread(api.request, "DELETE", f"{jobs}/done", orphans)


async def test_on_a_lost_node_a_deleted_pod_is_terminating_as_kubectl_says(
    cluster: Cluster, reader: Path, api: Api
) -> None:
    nodes = await asyncio.to_thread(api.items, "/api/v1/nodes")
    lost = max(n["metadata"]["name"] for n in nodes if "user" in n["metadata"]["name"])
    await asyncio.to_thread(make, api, "lost", nodeName=lost, terminationGracePeriodSeconds=30)
    async with session_of(reader) as session:
        await live(session.pods.stores.pods)
        await until(lambda: ours(session).get("lost", ("",) * 3)[1] == "Running")
        await asyncio.to_thread(cluster.lose_node, lost)
        try:
            for path in (f"/api/v1/nodes/{lost}", f"{_PODS}/lost"):
                await _calls_not_ready(api, path)
            await until(lambda: not _is_ready(session, "lost"), "our own row is not ready, too")
            assert ours(session)["lost"] == kubectl(cluster, "lost")["lost"]
            await asyncio.to_thread(delete, api, "lost", 30)
            await until(lambda: ours(session)["lost"][1] == "Terminating")
            assert kubectl(cluster, "lost")["lost"] == ours(session)["lost"]
        finally:
            await asyncio.to_thread(cluster.find_node, lost)


async def _calls_not_ready(api: Api, path: str) -> None:
    """Waits until the control plane calls a node or a pod not ready."""
    begun = await asyncio.to_thread(api.get, path)

    def lost() -> bool:
        return not is_ready(api.get(path))

    if not await asyncio.to_thread(wait_for, lost, PATIENCE, every=0.1):
        now = await asyncio.to_thread(api.get, path)
        pytest.fail(f"{path} stays ready: {begun['status']} and then {now['status']}")


def _is_ready(session: Session, name: str) -> bool:
    pod = session.pods.stores.pods.get(f"{NAMESPACE}/{name}")
    conditions = pod.status.conditions if pod is not None else ()
    return any(each.type == "Ready" and each.status == "True" for each in conditions)


async def test_images_are_pulled_step_by_step(cluster: Cluster, reader: Path, api: Api) -> None:
    """An operator watches a new image come: each step in kubectl's words, in their order."""
    seen: list[str] = []
    steps: dict[str, Any] = {
        "initContainers": [{"name": "pull", "image": "example/large:1"}],
        "notes": {stages.PULL_DELAY: "300ms"},
    }
    async with session_of(reader) as session:
        await live(session.pods.stores.pods)
        await asyncio.to_thread(make, api, "pulling", **steps)

        def up() -> bool:
            status = ours(session).get("pulling", ("",) * 3)[1]
            if status and status not in seen:
                seen.append(status)
            return status == "Running"

        await until(up, str(seen))
    order = ["Pending", "Init:0/1", "PodInitializing", "Running"]
    assert [status for status in order if status in seen] == seen
    assert "Init:0/1" in seen


async def test_roles_count_what_is_ready_of_what_is_meant(cluster: Cluster, reader: Path) -> None:
    async with session_of(reader) as session:
        stores = session.pods.stores
        await live(stores.pods, stores.deployments, stores.statefulsets, stores.daemonsets)
        told: dict[Role, tuple[int, int | None]] = {}
        real: dict[Role, tuple[int, int | None]] = {}

        def same() -> bool:
            session.pods.update()
            with cluster.api() as api:
                real.update(_counted(api))
            told.update({role.role: (role.ready, role.expected) for role in session.pods.roles()})
            return all(told[role] == counts for role, counts in real.items())

        assert same() or await _again(same), (told, real)
        assert real[Role.CONTINUOUS_PULLER] == (4, 4)


def _counted(api: Api) -> dict[Role, tuple[int, int | None]]:
    """Ready and meant, from what the controllers and the pods say."""
    apps = f"/apis/apps/v1/namespaces/{NAMESPACE}"
    hub = api.get(f"{apps}/deployments/hub")
    puller = api.get(f"{apps}/daemonsets/continuous-image-puller")["status"]
    servers = api.items(_PODS, labelSelector="component=singleuser-server")
    return {
        Role.HUB: (hub["status"].get("readyReplicas", 0), hub["spec"]["replicas"]),
        Role.CONTINUOUS_PULLER: (puller["numberReady"], puller["desiredNumberScheduled"]),
        Role.USERS: (sum(map(is_ready, servers)), len(servers)),
    }


async def test_users_are_called_by_their_real_names(reader: Path) -> None:
    async with session_of(reader) as session:
        await live(session.pods.stores.pods)
        view = PodsView(session.pods)
        view.drain()
        view.toggle("role:users")
        view.drain()
        shown = [
            plain(view.cells(key, utc_now())[0])
            for key in view.keys()  # noqa: SIM118
            if key.startswith("pod:")
        ]
        assert any("Carol.Nguyen@Example.edu" in name for name in shown), shown
        view.set_filter("user:carol.nguyen@")
        view.drain()
        assert [key.partition(":")[0] for key in view.keys()] == ["role", "pod"]  # noqa: SIM118


# On the real control plane only: what the demo's containers write is the demo's own text.
async def test_a_log_from_outside_is_harmless_and_complete(
    testbed: Testbed, viewer: Path, real_api: Api
) -> None:
    name = "loud"
    containers = [{"name": "loud", "image": "a/loud:1"}]
    await asyncio.to_thread(make, real_api, name, containers=containers)
    await asyncio.to_thread(testbed.wait_for_pods, LABEL)
    log = testbed.log_file("loud")
    nasty = [
        b"\x1b[2J\x1b[31mred\x1b[0m",
        b"\x1b]52;c;cm0gLXJmIC8=\x07 the clipboard",
        b"\xff\xfe\xc3 no utf-8",
        b"\xe2\x80\xae right to left",
        b"[red]markup[/] [/]",
        b"progress 1%\rprogress 2%",
        b"x" * 60_000,  # KWOK cuts longer ones
        b"",
        b"the end",
    ]
    lines = b"".join(b"2026-11-23T10:00:00.000000000Z stdout F " + one + b"\n" for one in nasty)
    await asyncio.to_thread(log.write_bytes, lines)
    try:
        async with session_of(viewer) as session:
            read = [line async for line in session.pods.logs(NAMESPACE, name, container="loud")]
    finally:
        await asyncio.to_thread(log.unlink)
    assert read == [
        r"\x1b[2J\x1b[31mred\x1b[0m",
        r"\x1b]52;c;cm0gLXJmIC8=\x07 the clipboard",
        r"\xff\xfe\xc3 no utf-8",
        r"\u202e right to left",
        "[red]markup[/] [/]",
        r"progress 1%\x0dprogress 2%",
        "x" * 60_000,
        "",
        "the end",
    ]
