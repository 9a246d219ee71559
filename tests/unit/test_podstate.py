"""A pod's state in kubectl's words; tests/cluster compares with kubectl itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from hubtui.model.kube import Pod
from hubtui.model.podstate import Severity, state_of

RUNNING: dict[str, Any] = {"running": {"startedAt": "2026-11-23T10:00:00Z"}}
OOM: dict[str, Any] = {
    "terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-11-23T09:00:00Z"}
}


def pod(
    phase: str,
    *containers: dict[str, Any],
    init: tuple[dict[str, Any], ...] = (),
    sidecar: bool = False,
    **status: Any,
) -> Pod:
    """A pod with one spec container for each status; init steps are sidecars if asked."""
    body = {
        "metadata": {"name": "p", "namespace": "hub", **status.pop("metadata", {})},
        "spec": {
            "containers": [{"name": c["name"]} for c in containers],
            "initContainers": [
                {"name": c["name"], **({"restartPolicy": "Always"} if sidecar else {})}
                for c in init
            ],
        },
        "status": {
            "phase": phase,
            "containerStatuses": list(containers),
            "initContainerStatuses": list(init),
            **status,
        },
    }
    return msgspec.convert(body, Pod)


def status(
    state: dict[str, Any], *, ready: bool = False, restarts: int = 0, **more: Any
) -> dict[str, Any]:
    return {
        "name": more.pop("name", "notebook"),
        "ready": ready,
        "restartCount": restarts,
        "state": state,
        **more,
    }


DONE: dict[str, Any] = {"terminated": {"exitCode": 0, "reason": "Completed"}}

CASES = [
    (pod("Running", status(RUNNING, ready=True)), "Running", "1/1", Severity.FINE),
    (pod("Running", status(RUNNING)), "Running", "0/1", Severity.SOON),
    (
        pod("Pending", status({"waiting": {"reason": "ImagePullBackOff", "message": "no such"}})),
        "ImagePullBackOff",
        "0/1",
        Severity.NOW,
    ),
    (
        pod("Pending", status({"waiting": {"reason": "ContainerCreating"}})),
        "ContainerCreating",
        "0/1",
        Severity.WAITING,
    ),
    (
        pod(
            "Pending",
            conditions=[
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "reason": "Unschedulable",
                    "message": "0/4 nodes are available",
                }
            ],
        ),
        "Pending",
        "0/0",
        Severity.SOON,
    ),
    (
        pod(
            "Pending",
            status({"waiting": {"reason": "PodInitializing"}}),
            init=(status(RUNNING, name="pull"),),
        ),
        "Init:0/1",
        "0/1",
        Severity.WAITING,
    ),
    (
        pod(
            "Pending",
            status({"waiting": {"reason": "PodInitializing"}}),
            init=(status({"waiting": {"reason": "ErrImagePull"}}, name="pull"),),
        ),
        "Init:ErrImagePull",
        "0/1",
        Severity.NOW,
    ),
    (
        pod(
            "Pending",
            status({"waiting": {"reason": "PodInitializing"}}),
            init=(status({"terminated": {"exitCode": 3}}, name="pull"),),
        ),
        "Init:ExitCode:3",
        "0/1",
        Severity.NOW,
    ),
    (
        pod(
            "Running",
            status(RUNNING, ready=True),
            init=(status(RUNNING, ready=True, name="side", started=True),),
            sidecar=True,
        ),
        "Running",
        "2/2",
        Severity.FINE,
    ),
    (
        pod("Running", status({"waiting": {"reason": "CrashLoopBackOff"}}, restarts=4,
                              lastState=OOM)),
        "CrashLoopBackOff",
        "0/1",
        Severity.NOW,
    ),
    (pod("Succeeded", status(DONE)), "Completed", "0/1", Severity.PAST),
    (pod("Failed", status({"terminated": {"exitCode": 1, "reason": "Error"}})), "Error", "0/1",
     Severity.NOW),
    (pod("Failed", reason="Evicted", message="The node was low on memory"), "Evicted", "0/0",
     Severity.NOW),
    (
        pod(
            "Running",
            status(RUNNING, ready=True),
            metadata={"deletionTimestamp": "2026-11-23T10:00:00Z"},
        ),
        "Terminating",
        "1/1",
        Severity.WAITING,
    ),
    (
        pod(
            "Running",
            status(RUNNING, ready=True),
            reason="NodeLost",
            metadata={"deletionTimestamp": "2026-11-23T10:00:00Z"},
        ),
        "Unknown",
        "1/1",
        Severity.NOW,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("given_pod", "words", "ready", "severity"), CASES)
def test_a_pod_reads_as_kubectl_reads_it(
    given_pod: Pod, words: str, ready: str, severity: Severity
) -> None:
    state = state_of(given_pod)
    assert (state.status, f"{state.ready}/{state.containers}") == (words, ready)
    assert state.severity is severity


def test_restarts_tell_the_reason_and_time_of_the_last_one() -> None:
    state = state_of(pod("Running", status(RUNNING, ready=True, restarts=2, lastState=OOM)))
    assert (state.restarts, state.restart_reason) == (2, "OOMKilled")
    assert state.restarted_at == datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_a_status_nobody_knows_yet_is_shown_and_asks_for_attention() -> None:
    state = state_of(pod("Pending", status({"waiting": {"reason": "SomethingNew"}})))
    assert (state.status, state.severity) == ("SomethingNew", Severity.NOW)
