"""READY, STATUS and RESTARTS are kubectl's for every state that a pod's status can be in.

The pods are given their status by hand and belong to no scheduler, so that each stands still while
both are asked.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from hubtui.model import kube
from hubtui.model.podstate import state_of
from tests.cluster.clusters import Cluster
from tests.cluster.test_pods_live import kubectl_in

Json = dict[str, Any]
WHEN = "2026-11-23T10:00:00Z"


def waits(reason: str) -> Json:
    return {"waiting": {"reason": reason}}


def ended(code: int, reason: str = "", signal: int = 0) -> Json:
    found: Json = {"exitCode": code, "startedAt": WHEN, "finishedAt": WHEN}
    found |= {"reason": reason} if reason else {}
    return {"terminated": {**found, **({"signal": signal} if signal else {})}}


RUNS: Json = {"running": {"startedAt": WHEN}}


def of(name: str, state: Json, restarts: int = 0, *, ready: bool = False, **more: Any) -> Json:
    return {
        "name": name,
        "image": "i:1",
        "imageID": "",
        "ready": ready,
        "started": ready,
        "restartCount": restarts,
        "state": state,
        **more,
    }


def main(*states: Json, phase: str = "Pending", **more: Any) -> Json:
    return {"phase": phase, "containerStatuses": list(states), **more}


def init(*states: Json, **more: Any) -> Json:
    waiting = of("a", waits("PodInitializing"))
    return {"phase": "Pending", "initContainerStatuses": list(states),
            "containerStatuses": [waiting], **more}  # fmt: skip


def condition(kind: str, status: str, reason: str = "") -> Json:
    return {"type": kind, "status": status, "reason": reason}


ONE, TWO = [{"name": "a", "image": "i:1"}], [{"name": n, "image": "i:1"} for n in "ab"]
STEPS = [{"name": n, "image": "i:1"} for n in "xy"]
SIDECAR = [{"name": "x", "image": "i:1", "restartPolicy": "Always"}]
DONE = of("x", ended(0, "Completed"))

CASES: dict[str, tuple[Json, Json]] = {
    "pending": ({}, {"phase": "Pending"}),
    "creating": ({}, main(of("a", waits("ContainerCreating")))),
    "pulling-fails": ({}, main(of("a", waits("ErrImagePull")))),
    "pull-backoff": ({}, main(of("a", waits("ImagePullBackOff")))),
    "bad-name": ({}, main(of("a", waits("InvalidImageName")))),
    "config-error": ({}, main(of("a", waits("CreateContainerConfigError")))),
    "run-error": ({}, main(of("a", waits("RunContainerError"), 3), phase="Running")),
    "crash-loop": (
        {},
        main(of("a", waits("CrashLoopBackOff"), 7, lastState=ended(1, "Error")), phase="Running"),
    ),
    "init-0": ({"initContainers": STEPS}, init(of("x", waits("PodInitializing")))),
    "init-0-runs": ({"initContainers": STEPS}, init(of("x", RUNS), of("y", waits("")))),
    "init-1": ({"initContainers": STEPS}, init(DONE, of("y", RUNS))),
    "init-pull": ({"initContainers": STEPS}, init(of("x", waits("ImagePullBackOff")))),
    "init-crash": ({"initContainers": STEPS}, init(of("x", waits("CrashLoopBackOff"), 4))),
    "init-error": ({"initContainers": STEPS}, init(of("x", ended(1, "Error"), 2))),
    "init-code": ({"initContainers": STEPS}, init(of("x", ended(3)))),
    "init-signal": ({"initContainers": STEPS}, init(DONE, of("y", ended(0, "", 9)))),
    "initialized": (
        {"initContainers": STEPS},
        init(DONE, of("y", ended(0, "Completed")), conditions=[condition("Initialized", "True")]),
    ),
    "sidecar": (
        {"initContainers": SIDECAR},
        {
            **main(of("a", RUNS, ready=True), phase="Running"),
            "initContainerStatuses": [of("x", RUNS, 1, ready=True)],
            "conditions": [condition("Ready", "True"), condition("Initialized", "True")],
        },
    ),
    "running": (
        {},
        main(of("a", RUNS, ready=True), phase="Running", conditions=[condition("Ready", "True")]),
    ),
    "unready": (
        {},
        main(of("a", RUNS, 2), phase="Running", conditions=[condition("Ready", "False")]),
    ),
    "half-done": (
        {"containers": TWO},
        main(
            of("a", RUNS, ready=True),
            of("b", ended(0, "Completed")),
            phase="Running",
            conditions=[condition("Ready", "True")],
        ),
    ),
    "half-done-unready": (
        {"containers": TWO},
        main(
            of("a", RUNS, ready=True),
            of("b", ended(0, "Completed")),
            phase="Running",
            conditions=[condition("Ready", "False")],
        ),
    ),
    "completed": ({}, main(of("a", ended(0, "Completed")), phase="Succeeded")),
    "error": ({}, main(of("a", ended(1, "Error")), phase="Failed")),
    "oom": ({}, main(of("a", ended(137, "OOMKilled")), phase="Failed")),
    "exit-code": ({}, main(of("a", ended(3)), phase="Failed")),
    "signal": ({}, main(of("a", ended(0, "", 15)), phase="Failed")),
    "evicted": ({}, {"phase": "Failed", "reason": "Evicted"}),
    "node-lost": ({}, main(of("a", RUNS, ready=True), phase="Running", reason="NodeLost")),
    "unknown": ({}, {"phase": "Unknown"}),
    "going": ({}, main(of("a", RUNS, ready=True), phase="Running")),
    "going-node-lost": ({}, main(of("a", RUNS, ready=True), phase="Running", reason="NodeLost")),
    "going-ended": ({}, main(of("a", ended(0, "Completed")), phase="Succeeded")),
    "gated": (
        {"schedulingGates": [{"name": "example.org/wait"}]},
        {"phase": "Pending", "conditions": [condition("PodScheduled", "False", "SchedulingGated")]},
    ),
}
HELD = "example.org/hold"


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    name = f"columns-{uuid.uuid4().hex[:6]}"
    with cluster.api() as api:
        api.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        try:
            yield name
        finally:
            for pod in api.items(f"/api/v1/namespaces/{name}/pods"):
                path = f"/api/v1/namespaces/{name}/pods/{pod['metadata']['name']}"
                with contextlib.suppress(httpx.HTTPStatusError):
                    api.patch(path, {"metadata": {"finalizers": None}})
            api.request("DELETE", f"/api/v1/namespaces/{name}")


def test_the_columns_are_kubectls_in_every_state(cluster: Cluster, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods"
    with cluster.api() as api:
        for name, (spec, status) in CASES.items():
            meta = {"name": name, "finalizers": [HELD] if name.startswith("going") else []}
            body = {"containers": ONE, "schedulerName": "nobody", **spec}
            api.request("POST", path, {"metadata": meta, "spec": body})
            api.patch(f"{path}/{name}/status", {"status": status})
            if name.startswith("going"):
                api.request("DELETE", f"{path}/{name}", {"gracePeriodSeconds": 60})
        pods = api.items(path)
    told = kubectl_in(cluster, namespace)
    ours = {}
    for each in pods:
        state = state_of(msgspec.convert(each, kube.Pod))
        ready = f"{state.ready}/{state.containers}"
        ours[each["metadata"]["name"]] = (ready, state.status, str(state.restarts))
    assert set(told) == set(CASES)
    assert ours == told
