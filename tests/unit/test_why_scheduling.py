"""A pod that no node takes: the scheduler's words taken apart, and what lies behind them."""

from __future__ import annotations

import msgspec
import pytest

from hubtui.model import kube
from hubtui.model.kube_needs import Claim
from hubtui.model.roles import Role
from hubtui.model.why import explain
from hubtui.model.why_facts import Cause, Missing
from hubtui.model.why_scheduling import verdict
from tests.explained import FULL, MOUNTS, Json, ago, event, facts, node, pod, unschedulable

USER_TAINT = {"key": "hub.jupyter.org/dedicated", "value": "user", "effect": "NoSchedule"}

VERDICTS = [
    (
        "0/4 nodes are available: 3 Insufficient memory, 1 node(s) had untolerated taint "
        "{hub.jupyter.org/dedicated: core}. preemption: 0/4 nodes are available: 4 Preemption is "
        "not helpful for scheduling.",
        4,
        [(3, "have too little free memory"), (1, "are kept for core pods")],
    ),
    (
        "0/9 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu, "
        "3 Insufficient nvidia.com/gpu, 3 Too many pods. no new claims to deallocate, "
        "preemption: 0/9 nodes are available: 9 Preemption is not helpful for scheduling.",
        9,
        [
            (1, "are cordoned"),
            (2, "have too little free cpu"),
            (3, "have too little free nvidia.com/gpu"),
            (3, "have no free pod slot"),
        ],
    ),
    (
        "0/3 nodes are available: 1 node(s) had taint {a: b}, that the pod didn't tolerate, "
        "2 node(s) had volume node affinity conflict.",
        3,
        [
            (1, "have a taint that it does not tolerate (a=b)"),
            (2, "are in another zone than its volume"),
        ],
    ),
    (
        "0/2 nodes are available: 1 node(s) had untolerated taint "
        "{node.kubernetes.io/unreachable: }, 1 node(s) didn't match Pod's node affinity/selector.",
        2,
        [(1, "are unreachable"), (1, "have not the labels that it asks for")],
    ),
    ("0/1 nodes are available: 1 node(s) were cursed.", 1, [(1, "were cursed")]),
]


@pytest.mark.parametrize(("message", "nodes", "constraints"), VERDICTS)
def test_the_schedulers_words_are_taken_apart(
    message: str, nodes: int, constraints: list[tuple[int, str]]
) -> None:
    found = verdict(message)
    assert found.nodes == nodes
    assert [(c.count, c.words) for c in found.constraints] == constraints


def test_words_of_the_pod_itself_are_kept() -> None:
    found = verdict('0/4 nodes are available: persistentvolumeclaim "claim-ana" not found. ')
    assert (found.constraints, found.rest) == ((), 'persistentvolumeclaim "claim-ana" not found')
    assert verdict("no nodes available to schedule pods").nodes is None
    assert verdict("").rest == ""


def test_a_pod_that_fits_nowhere_need_not_wait() -> None:
    words = "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient memory."
    nodes = (
        node("core-1", "999Gi", taints=[{**USER_TAINT, "value": "core"}]),
        node("user-1", taints=[USER_TAINT]),
        node("user-2", "32Gi", taints=[USER_TAINT]),
    )
    tolerations = [{"key": USER_TAINT["key"], "value": "user", "effect": "NoSchedule"}]
    found = explain(
        facts(
            pod(
                unschedulable(words),
                node="",
                tolerations=tolerations,
                resources={"requests": {"memory": "128Gi"}},
            ),
            nodes=nodes,
        )
    )
    assert found.cause is Cause.TOO_LARGE
    assert found.happened == (
        "No node takes it: of 3 nodes 1 is kept for core pods, 2 have too little free memory."
    )
    assert "asks for 128G of memory" in found.means
    assert "user-1, has 64G in all: waiting does not help" in found.means


SCALING = [
    ((), "No autoscaler has answered.", "Add a node"),
    (
        (
            event(
                "TriggeredScaleUp", "pod triggered scale-up: [{user 3->4 (max: 10)}]", 30, "Normal"
            ),
        ),
        "The autoscaler is adding a node (pod triggered scale-up: [{user 3->4 (max: 10)}]).",
        "Wait a few minutes.",
    ),
    (
        (event("NotTriggerScaleUp", "pod didn't trigger scale-up: 1 max node group size reached"),),
        "The autoscaler adds no node: pod didn't trigger scale-up: 1 max node group size reached.",
        "Raise the node group's maximum",
    ),
]


@pytest.mark.parametrize(("events", "means", "todo"), SCALING)
def test_a_pod_that_waits_for_room_hears_what_the_autoscaler_said(
    events: tuple[kube.Event, ...], means: str, todo: str
) -> None:
    asked = {"requests": {"memory": "2Gi"}}
    found = explain(
        facts(
            pod(unschedulable(FULL), node="", resources=asked),
            nodes=(node("a"), node("b")),
            events=events,
        )
    )
    assert found.cause is Cause.FULL
    assert found.happened == "No node takes it: all 2 have too little free memory."
    assert means in found.means
    assert found.todo.startswith(todo)


def test_a_placeholder_waits_as_meant() -> None:
    found = explain(facts(pod(unschedulable(FULL), node=""), role=Role.USER_PLACEHOLDER))
    assert found.cause is Cause.PLACEHOLDER
    assert found.todo == ""


def test_taints_that_the_scheduler_only_counts_are_named_from_the_nodes() -> None:
    words = "0/2 nodes are available: 2 node(s) had untolerated taint(s)."
    taints = [{"key": "gpu", "value": "only", "effect": "NoSchedule"}]
    found = explain(
        facts(pod(unschedulable(words), node=""), nodes=(node("a", taints=taints), node("b")))
    )
    assert found.cause is Cause.NO_NODE
    assert found.happened == (
        "No node takes it: all 2 have a taint that it does not tolerate (gpu=only)."
    )
    unread = explain(facts(pod(unschedulable(words), node=""), nodes=()))
    assert unread.happened == "No node takes it: all 2 have a taint that it does not tolerate."


CLAIMS = [
    ((), Cause.CLAIM, "Its claim claim-ana does not exist."),
    (
        ({"metadata": {"name": "claim-ana"}, "spec": {"storageClassName": "fast"},
          "status": {"phase": "Pending"}},),
        Cause.CLAIM,
        "Its claim claim-ana (fast) is Pending: no volume was made for it.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("claims", "cause", "means"), CLAIMS)
def test_a_claim_that_is_not_bound(claims: tuple[Json, ...], cause: Cause, means: str) -> None:
    words = "0/4 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    found = explain(
        facts(
            pod(unschedulable(words), node="", volumes=MOUNTS),
            claims=tuple(msgspec.convert(each, Claim) for each in claims),
        )
    )
    assert (found.cause, found.means) == (cause, means)


def scheduler(ready: str) -> kube.Pod:
    conditions = [{"type": "Ready", "status": ready}]
    return msgspec.convert({"status": {"phase": "Running", "conditions": conditions}}, kube.Pod)


UNSEEN = [
    ((), (), Cause.SCHEDULER, "asks for hub-user-scheduler, and it has no pod."),
    ((scheduler("False"),), (), Cause.SCHEDULER, "and none of its 1 pods is ready."),
    ((scheduler("True"),), (), Cause.SCHEDULER, "whose pods are ready: it may be busy or stuck."),
    (
        (),
        (Missing("user-scheduler", "no right to list pods"),),
        Cause.SCHEDULER,
        "it asks for hub-user-scheduler.",
    ),
]


@pytest.mark.parametrize(("schedulers", "missing", "cause", "words"), UNSEEN)
def test_pending_without_a_word_of_a_scheduler(
    schedulers: tuple[kube.Pod, ...], missing: tuple[Missing, ...], cause: Cause, words: str
) -> None:
    found = explain(facts(pod(node=""), schedulers=schedulers, missing=missing))
    assert found.cause is cause
    assert found.happened.startswith("No scheduler has looked at it in 4 m")
    assert found.happened.endswith(words)


def test_a_pod_of_this_moment_is_no_trouble() -> None:
    young = pod(node="", meta={"creationTimestamp": ago(3)})
    assert explain(facts(young, schedulers=(scheduler("True"),))).cause is Cause.STARTING


def test_a_gate_is_named() -> None:
    found = explain(facts(pod(node="", schedulingGates=[{"name": "kueue.x-k8s.io/admission"}])))
    assert found.cause is Cause.GATED
    assert "kueue.x-k8s.io/admission" in found.happened
