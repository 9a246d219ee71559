"""When a workload has come, and what is said while it has not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hubtui.errors import DeniedError
from hubtui.model import kube
from hubtui.model.kinds import DEPLOYMENTS
from hubtui.model.plan import StepState
from hubtui.services.actions.release_outcome import failed_objects
from hubtui.services.rollouts import Rollouts, Target, step_of

HUB = Target("Deployment", "hub", "hub", "hub")
META = {"name": "hub", "namespace": "hub", "generation": 3}
SPEC = {"replicas": 1, "selector": {"matchLabels": {"component": "hub"}}}
CAME = {
    "observedGeneration": 3,
    "replicas": 1,
    "updatedReplicas": 1,
    "readyReplicas": 1,
    "availableReplicas": 1,
}


def deployment(**status: Any) -> kube.Deployment:
    body = {"metadata": META, "spec": SPEC, "status": {**CAME, **status}}
    return msgspec.convert(body, kube.Deployment)


def pod(waiting: str = "", message: str = "", **meta: Any) -> kube.Pod:
    state = {"waiting": {"reason": waiting, "message": message}} if waiting else {"running": {}}
    body = {
        "metadata": {
            "name": "hub-1",
            "namespace": "hub",
            "labels": {"component": "hub"},
            **meta,
        },
        "spec": {"containers": [{"name": "hub"}]},
        "status": {
            "phase": "Pending" if waiting else "Running",
            "containerStatuses": [{"name": "hub", "ready": not waiting, "state": state}],
        },
    }
    return msgspec.convert(body, kube.Pod)


BACKOFF = pod("ImagePullBackOff", "Back-off pulling image quay.io/x:1")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({}, StepState.DONE),
        ({"observedGeneration": 2}, StepState.MOVING),
        ({"updatedReplicas": 0}, StepState.WAITING),
        ({"replicas": 2}, StepState.MOVING),
        ({"availableReplicas": 0}, StepState.MOVING),
    ],
)
def test_a_deployment(status: dict[str, Any], state: StepState) -> None:
    assert step_of(HUB, deployment(**status), [pod()]).state is state


def test_a_pod_that_cannot_start_is_the_reason() -> None:
    step = step_of(HUB, deployment(availableReplicas=0, readyReplicas=0), [BACKOFF])
    assert step.state is StepState.STUCK
    assert step.reason == "hub-1: ImagePullBackOff: Back-off pulling image quay.io/x:1"


@pytest.mark.parametrize(
    "other",
    [
        pod("CrashLoopBackOff", labels={"component": "proxy"}),
        pod("CrashLoopBackOff", namespace="other"),
        pod("CrashLoopBackOff", deletionTimestamp="2026-11-23T14:00:00Z"),
    ],
    ids=["another workload's", "another namespace's", "on its way out"],
)
def test_pods_that_do_not_count(other: kube.Pod) -> None:
    step = step_of(HUB, deployment(availableReplicas=0), [other])
    assert (step.state, step.reason) == (StepState.MOVING, "")


def test_what_the_controller_says_comes_first() -> None:
    condition = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
    conditions = [{**condition, "message": "exceeded quota\nof all"}]
    step = step_of(HUB, deployment(availableReplicas=0, conditions=conditions), [BACKOFF])
    assert (step.state, step.reason) == (StepState.STUCK, "FailedCreate: exceeded quota of all")


def test_a_workload_that_is_not_there() -> None:
    step = step_of(HUB, None, [])
    assert (step.state, step.reason) == (StepState.WAITING, "is not there yet")


@pytest.mark.parametrize(
    ("component", "state"),
    [
        ("continuous-image-puller", StepState.EXCUSED),
        ("user-placeholder", StepState.EXCUSED),
        ("agent", StepState.STUCK),
    ],
)
def test_pullers_and_placeholders_are_excused(component: str, state: StepState) -> None:
    body = {
        "metadata": META,
        "spec": {"selector": {"matchLabels": {"component": "hub"}}},
        "status": {
            "observedGeneration": 3,
            "desiredNumberScheduled": 4,
            "updatedNumberScheduled": 4,
            "numberReady": 3,
            "numberAvailable": 3,
        },
    }
    target = Target("DaemonSet", "hub", "hub", component)
    step = step_of(target, msgspec.convert(body, kube.DaemonSet), [BACKOFF])
    assert (step.state, step.ready, step.desired) == (state, 3, 4)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"readyReplicas": 2, "updatedReplicas": 2}, StepState.DONE),
        ({"readyReplicas": 2, "updatedReplicas": 1}, StepState.MOVING),
        ({"readyReplicas": 1, "updatedReplicas": 2}, StepState.MOVING),
        ({"readyReplicas": 2, "currentRevision": "b"}, StepState.DONE),
    ],
)
def test_a_stateful_set(status: dict[str, Any], state: StepState) -> None:
    body = {
        "metadata": META,
        "spec": {"replicas": 2, "selector": {"matchLabels": {"component": "hub"}}},
        "status": {
            "observedGeneration": 3,
            "currentRevision": "a",
            "updateRevision": "b",
            **status,
        },
    }
    target = Target("StatefulSet", "hub", "hub", "hub")
    assert step_of(target, msgspec.convert(body, kube.StatefulSet), []).state is state


@pytest.mark.parametrize(
    ("words", "kind", "name", "reason"),
    [
        (
            'Error: cannot patch "web" with kind Deployment: Deployment.apps "web" is invalid: no',
            "Deployment",
            "web",
            'Deployment.apps "web" is invalid: no',
        ),
        (
            'Error: configmaps "settings" is forbidden: User "x" cannot patch',
            "configmaps",
            "settings",
            'is forbidden: User "x" cannot patch',
        ),
        (
            'level=WARN msg="Rollback \\"x\\" failed: object hub/y v1, Kind=Secret: Apply failed"\n'
            "Error: conflict occurred while applying object hub/hub apps/v1, Kind=Deployment: "
            "Apply failed with 1 conflict",
            "Deployment",
            "hub",
            "Apply failed with 1 conflict",
        ),
    ],
)
def test_the_object_that_helm_names(words: str, kind: str, name: str, reason: str) -> None:
    (found,) = failed_objects(words)
    assert (found.kind, found.name, found.reason) == (kind, name, reason)


def test_words_without_an_object() -> None:
    assert failed_objects("Error: Kubernetes cluster unreachable") == ()


# What may not be read


class Cluster:
    """A cluster that gives or refuses whole kinds; a fake of the client's `list`."""

    def __init__(self, refused: dict[str, int]) -> None:
        self.refused = refused

    async def list(self, kind: Any, namespace: str = "", **_: str) -> list[Any]:
        if kind.resource in self.refused:
            words = f"no right to list {kind.resource}"
            raise DeniedError(words, status=self.refused[kind.resource])
        return [deployment()] if kind is DEPLOYMENTS else []


def looking(refused: dict[str, int], *targets: Target) -> Rollouts:
    cluster: Any = Cluster(refused)
    return Rollouts(cluster, targets)


DATABASE = Target("StatefulSet", "hub", "db", "db")
PULLER = Target("DaemonSet", "hub", "puller", "continuous-image-puller")


async def test_a_kind_that_may_not_be_read_is_unknown_and_the_others_are_followed() -> None:
    look = await looking({"statefulsets.apps": 403}, HUB, DATABASE).look()
    assert [step.state for step in look.steps] == [StepState.DONE, StepState.UNKNOWN]
    assert look.unseen == "no right to list statefulsets.apps"
    assert (look.settled, look.complete) == (True, False)
    assert look.steps[1].counts == ("?", "?")
    assert look.steps[1].to_json()["ready"] is None


async def test_what_is_excused_may_stay_unseen() -> None:
    look = await looking({"daemonsets.apps": 403, "pods": 403}, HUB, PULLER).look()
    assert look.complete
    assert look.steps[1].counts == ("?", "?")


@pytest.mark.parametrize("resource", ["deployments.apps", "pods"])
async def test_credentials_that_have_run_out_are_no_missing_right(resource: str) -> None:
    with pytest.raises(DeniedError):
        await looking({resource: 401}, HUB).look()
